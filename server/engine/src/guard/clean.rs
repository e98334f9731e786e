//! Removing folders that hooks wrote into, however deep they are.
//!
//! A hook can make folders in folders by the ten thousand. To go down into them takes a stack frame, an open file or a
//! longer name for each, and all three run out; a stack that runs out ends the program. So what lies within a folder is
//! moved up beside it until nothing is deeper than two levels.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use cap_fs_ext::DirExt;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, Permissions};

/// How long one folder may take. A process that a hook left behind may fill it as fast as it is emptied.
const PATIENCE: Duration = Duration::from_secs(600);

/// Removes a folder with all that is in it, where there is one; folders that their owner has closed to himself too. A
/// link is removed and not followed.
///
/// # Errors
/// Where something in it is somebody else's, or somebody goes on filling it.
pub fn clean(folder: &Path) -> io::Result<()> {
    let (Some(parent), Some(name)) = (folder.parent(), folder.file_name()) else {
        return Err(ErrorKind::InvalidInput.into());
    };
    match Dir::open_ambient_dir(parent, ambient_authority()) {
        Ok(parent) => remove(&parent, Path::new(name)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The same for a name in an open folder, whatever it names.
pub(super) fn remove(parent: &Dir, name: &Path) -> io::Result<()> {
    match parent.symlink_metadata(name) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return parent.remove_file(name),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    let root = open(parent, name)?;
    Flat { root: &root, mark: rand::random(), moved: 0, until: Instant::now() + PATIENCE }.empty()?;
    parent.remove_dir(name)
}

/// Opens a folder, to its owner first.
fn open(parent: &Dir, name: &Path) -> io::Result<Dir> {
    // Where that is not ours to do, what comes next says so.
    let _ = parent.set_permissions(name, Permissions::from_std(fs::Permissions::from_mode(0o700)));
    parent.open_dir_nofollow(name)
}

/// A folder whose folders are made flat and removed.
struct Flat<'a> {
    root: &'a Dir,
    /// Begins the names of what was moved up: nobody else's begin like that.
    mark: u64,
    moved: u64,
    until: Instant,
}

impl Flat<'_> {
    fn empty(&mut self) -> io::Result<()> {
        loop {
            let mut is_empty = true;
            for entry in self.root.entries()? {
                let entry = entry?;
                is_empty = false;
                if Instant::now() > self.until {
                    return Err(io::Error::new(ErrorKind::TimedOut, "somebody goes on filling it"));
                }
                let name = entry.file_name();
                match entry.file_type()?.is_dir() {
                    true => self.level(Path::new(&name))?,
                    false => self.root.remove_file(&name)?,
                }
            }
            if is_empty {
                return Ok(());
            }
        }
    }

    /// Removes a folder of the root's, after its own folders have moved up beside it.
    fn level(&mut self, name: &Path) -> io::Result<()> {
        let folder = open(self.root, name)?;
        for entry in folder.entries()? {
            let entry = entry?;
            let inner = entry.file_name();
            if !entry.file_type()?.is_dir() {
                folder.remove_file(&inner)?;
                continue;
            }
            self.moved += 1;
            let up = format!("{:016x}-{}", self.mark, self.moved);
            if folder.rename(&inner, self.root, &up).is_err() {
                // To move a folder is to write into it.
                let open = Permissions::from_std(fs::Permissions::from_mode(0o700));
                folder.set_permissions(&inner, open)?;
                folder.rename(&inner, self.root, &up)?;
            }
        }
        match self.root.remove_dir(name) {
            // What came in meanwhile has its turn in the next round.
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => Ok(()),
            outcome => outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn closed_folders_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().join("work");
        fs::create_dir_all(work.join("a/b/c")).unwrap();
        fs::write(work.join("a/b/file"), "").unwrap();
        for inner in ["a/b", "a"] {
            fs::set_permissions(work.join(inner), fs::Permissions::from_mode(0o000)).unwrap();
        }
        clean(&work).unwrap();
        assert!(!work.exists());
        clean(&work).unwrap();
        clean(&work.join("not/there")).unwrap();
    }

    #[test]
    fn links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let [work, outside] = ["work", "outside"].map(|name| folder.path().join(name));
        fs::create_dir_all(work.join("a")).unwrap();
        fs::create_dir_all(outside.join("b")).unwrap();
        symlink(&outside, work.join("a/link")).unwrap();
        symlink(&outside, work.join("link")).unwrap();
        clean(&work).unwrap();
        assert!(outside.join("b").exists() && !work.exists());
        symlink(&outside, &work).unwrap();
        clean(&work).unwrap();
        assert!(outside.join("b").exists() && work.symlink_metadata().is_err());
    }

    #[test]
    fn the_deepest_folders_are_removed() {
        const DEPTH: usize = 20_000;
        let folder = tempfile::tempdir().unwrap();
        let mut place = Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap();
        place.create_dir("work").unwrap();
        place = place.open_dir("work").unwrap();
        for _ in 0..DEPTH {
            place.create_dir("d").unwrap();
            place.write("f", "").unwrap();
            place = place.open_dir("d").unwrap();
        }
        drop(place);
        clean(&folder.path().join("work")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
