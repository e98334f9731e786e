//! Work folders that hooks write into, looked after by somebody with more rights than the hooks have.
//!
//! A process that a hook left behind may swap a folder for a link at any moment. What is done here follows no link:
//! it goes by open folders, one name at a time.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};

use cap_fs_ext::DirExt;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use nix::unistd::{Gid, Uid};

use super::clean::remove;

/// Whether a folder belongs to a user.
pub(super) fn belongs(folder: &Path, user: Uid) -> io::Result<bool> {
    Ok(fs::symlink_metadata(folder)?.uid() == user.as_raw())
}

/// Makes a folder with all that is in it a user's, unless it is already. The folder itself comes last: until then the
/// user has no way into it, so that nothing in it changes under our hands; and what a crash interrupted is done again.
pub(super) fn hand_over(folder: &Path, user: Uid, group: Gid) -> io::Result<()> {
    if belongs(folder, user)? {
        return Ok(());
    }
    if !belongs(folder, Uid::effective())? {
        // Another user of hooks from before could still change it under our hands.
        return Err(io::Error::other("it belongs to another user than hooks run as; create a new release"));
    }
    let open = fs::symlink_metadata(folder)?.permissions();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    let (user_id, group_id) = (Some(user.as_raw()), Some(group.as_raw()));
    let mut folders = vec![folder.to_owned()];
    while let Some(place) = folders.pop() {
        for entry in fs::read_dir(&place)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            }
            let mode = entry.metadata()?.permissions();
            lchown(entry.path(), user_id, group_id)?;
            // A change of owner takes the set-user-ID bit away, which nobody wants kept; the others stay.
            if !entry.file_type()?.is_symlink() {
                fs::set_permissions(entry.path(), fs::Permissions::from_mode(mode.mode() & 0o777))?;
            }
        }
    }
    fs::set_permissions(folder, open)?;
    lchown(folder, user_id, group_id)
}

/// Moves everything in `from` over what is in `to`: folders are merged, anything else replaces what had its name. Run
/// again after a crash, it moves the rest. Never leaves `to`, whatever happens in it meanwhile.
pub(crate) fn merge(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    let open = |path: &Path| Dir::open_ambient_dir(path, ambient_authority());
    merge_into(&open(from)?, &open(to)?)
}

fn merge_into(from: &Dir, to: &Dir) -> io::Result<()> {
    for entry in from.entries()? {
        let entry = entry?;
        let name = entry.file_name();
        let is_dir = entry.file_type()?.is_dir();
        match to.symlink_metadata(&name) {
            Ok(there) if there.is_dir() && is_dir => {
                merge_into(&from.open_dir_nofollow(&name)?, &to.open_dir_nofollow(&name)?)?;
                continue;
            }
            Ok(there) if there.is_dir() => remove(to, Path::new(&name))?,
            Ok(_) if is_dir => to.remove_file(&name)?,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        from.rename(&name, to, &name)?;
    }
    Ok(())
}

/// How much the files in a folder hold, in bytes; of what is closed, goes away meanwhile or lies deeper than a path can
/// say, nothing. Leaves the folder by no link.
pub fn size_of(folder: &Path) -> u64 {
    let Ok(root) = Dir::open_ambient_dir(folder, ambient_authority()) else { return 0 };
    let mut bytes = 0;
    // By name and not open: a folder may hold more folders than a program may have open.
    let mut waiting = vec![PathBuf::new()];
    while let Some(place) = waiting.pop() {
        let opened = if place.as_os_str().is_empty() { root.try_clone() } else { root.open_dir_nofollow(&place) };
        let Ok(opened) = opened else { continue };
        for entry in opened.entries().into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => waiting.push(place.join(entry.file_name())),
                Ok(meta) => bytes += meta.len(),
                Err(_) => {}
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_a_hook_left_stays_beside_the_tree() {
        let folder = tempfile::tempdir().unwrap();
        let (side, tree) = (folder.path().join("side"), folder.path().join("tree"));
        fs::create_dir_all(side.join("src/new")).unwrap();
        fs::write(side.join("src/new/a"), "tree").unwrap();
        fs::write(side.join("file"), "tree").unwrap();
        fs::create_dir_all(tree.join("src")).unwrap();
        fs::write(tree.join("src/cache"), "hook").unwrap();
        fs::create_dir_all(tree.join("file")).unwrap();
        merge(&side, &tree).unwrap();
        assert_eq!(fs::read_to_string(tree.join("src/cache")).unwrap(), "hook");
        assert_eq!(fs::read_to_string(tree.join("src/new/a")).unwrap(), "tree");
        assert_eq!(fs::read_to_string(tree.join("file")).unwrap(), "tree");
    }

    #[test]
    fn a_link_that_a_hook_left_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let [side, tree, outside] = ["side", "tree", "outside"].map(|name| folder.path().join(name));
        fs::create_dir_all(side.join("src")).unwrap();
        fs::write(side.join("src/a"), "tree").unwrap();
        fs::create_dir_all(&tree).unwrap();
        fs::create_dir_all(&outside).unwrap();
        symlink(&outside, tree.join("src")).unwrap();
        merge(&side, &tree).unwrap();
        assert!(!outside.join("a").exists());
        assert_eq!(fs::read_to_string(tree.join("src/a")).unwrap(), "tree");
    }

    #[test]
    fn many_folders_beside_each_other_count_whole() {
        let folder = tempfile::tempdir().unwrap();
        for index in 0..3000 {
            let inner = folder.path().join(format!("{index}/in"));
            fs::create_dir_all(&inner).unwrap();
            fs::write(inner.join("file"), "ten bytes.").unwrap();
        }
        symlink("..", folder.path().join("0/up")).unwrap();
        assert_eq!(size_of(folder.path()), 3000 * 10 + 2);
    }

    #[test]
    fn only_root_hands_over_and_links_stay_links() {
        if !Uid::effective().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join("src")).unwrap();
        fs::write(tree.join("src/run"), "").unwrap();
        fs::set_permissions(tree.join("src/run"), fs::Permissions::from_mode(0o751)).unwrap();
        let other = folder.path().join("other");
        fs::write(&other, "").unwrap();
        symlink(&other, tree.join("link")).unwrap();
        let (user, group) = (Uid::from_raw(65_534), Gid::from_raw(65_534));
        hand_over(&tree, user, group).unwrap();
        for path in ["", "src", "src/run", "link"] {
            assert!(belongs(&tree.join(path), user).unwrap(), "{path}");
        }
        assert_eq!(fs::metadata(tree.join("src/run")).unwrap().mode() & 0o7777, 0o751);
        assert!(!belongs(&other, user).unwrap());
    }
}
