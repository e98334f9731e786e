//! Landlock: what a hook may do with files and processes, whoever it is.
//!
//! Landlock knows permissions and no prohibitions. To allow everything but a folder is to allow whatever stands beside
//! it, and beside each of the folders above it. So in those folders themselves a hook can make nothing new, and what
//! appears there later is not seen; `/tmp` is such a folder where the data folder lies in it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, BitFlags, LandlockStatus, PathBeneath, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetStatus, Scope,
};
use nix::libc;
use nix::unistd::{Uid, User};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use super::entry::Entry;

/// The newest version that this was tried with. Older kernels do what they can.
const TRIED: ABI = ABI::V7;
/// Secrets of our own user that are no part of its home: a container's, a service's, a session's.
const PRIVATE: [&str; 3] = ["/run/secrets", "/run/credentials", "/run/user"];
/// Where programs expect to be able to write.
const SHARED: [&str; 3] = ["/tmp", "/var/tmp", "/dev"];

type Outcome<T> = Result<T, String>;

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Restricts this process and all that come from it. The version of Landlock that does.
pub(super) fn enforce(entry: &Entry) -> Outcome<i32> {
    let (all, read) = (AccessFs::from_all(TRIED), AccessFs::from_read(TRIED));
    let mut rules = Ruleset::default()
        .handle_access(all)
        .and_then(|rules| rules.scope(Scope::from_all(TRIED)))
        .and_then(Ruleset::create)
        .map_err(said)?;
    match (entry.user, entry.cover) {
        // The data folder is not to be seen at all: what is left is to keep processes apart.
        (Some(_), true) => rules = allow(rules, [PathBuf::from("/")], all)?,
        // Files are kept by their permissions, but for what other hooks of the same user have.
        (Some(_), false) => rules = allow(rules, around(Path::new("/"), &real([&entry.data])), all)?,
        (None, _) => {
            let home = User::from_uid(Uid::current()).ok().flatten().map(|user| user.dir);
            let home = home.filter(|home| is_a_home(home));
            let hidden = real(PRIVATE.map(PathBuf::from).iter().chain([&entry.data]).chain(&home));
            rules = allow(rules, around(Path::new("/"), &hidden), read)?;
            for shared in real(SHARED.map(PathBuf::from).iter()) {
                rules = allow(rules, around(&shared, &hidden), all)?;
            }
        }
    }
    rules = allow(rules, entry.own(), all)?;
    rules = allow(rules, [entry.run.clone()], read)?;
    let status = rules.restrict_self().map_err(said)?;
    let LandlockStatus::Available { effective_abi, .. } = status.landlock else {
        return Err("this kernel does not have it, or it is switched off".to_owned());
    };
    if status.ruleset == RulesetStatus::NotEnforced {
        return Err("this kernel does not enforce it".to_owned());
    }
    if entry.user.is_none() {
        no_unix_sockets()?;
    }
    Ok(effective_abi as i32)
}

/// Whether a folder is somebody's home and not a part of the system that some users have in its place.
fn is_a_home(folder: &Path) -> bool {
    const SYSTEM: [&str; 9] = ["/bin", "/dev", "/etc", "/lib", "/proc", "/sbin", "/tmp", "/usr", "/run/sshd"];
    folder.is_absolute() && folder != Path::new("/") && !SYSTEM.iter().any(|system| folder.starts_with(system))
}

/// Those folders that there are, by their real names.
fn real<'a>(folders: impl IntoIterator<Item = &'a PathBuf>) -> Vec<PathBuf> {
    folders.into_iter().filter_map(|folder| folder.canonicalize().ok()).collect()
}

/// Everything below a folder that neither is hidden nor has anything hidden below it, in as few words as possible.
fn around(folder: &Path, hidden: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(place) = open.pop() {
        if hidden.iter().any(|hidden| place.starts_with(hidden)) {
            continue;
        }
        if !hidden.iter().any(|hidden| hidden.starts_with(&place)) {
            found.insert(place);
            continue;
        }
        let Ok(listing) = fs::read_dir(&place) else { continue };
        open.extend(listing.flatten().map(|entry| entry.path()));
    }
    found
}

/// Allows something below each of the places that there are.
fn allow(
    mut rules: RulesetCreated,
    places: impl IntoIterator<Item = PathBuf>,
    access: BitFlags<AccessFs>,
) -> Outcome<RulesetCreated> {
    for place in places {
        // Never through a link: it could name what is hidden, and be put there after we have looked.
        let file = fs::File::options().read(true).custom_flags(libc::O_PATH | libc::O_NOFOLLOW).open(&place);
        let Ok(file) = file else { continue };
        let Ok(meta) = file.metadata() else { continue };
        if meta.is_symlink() {
            continue;
        }
        let access = if meta.is_dir() { access } else { access & AccessFs::from_file(TRIED) };
        rules = rules.add_rule(PathBeneath::new(file, access)).map_err(said)?;
    }
    Ok(rules)
}

/// Landlock (before version 9) does not see who connects to a socket in the file system, and behind such sockets sit
/// those who start programs for our user, or take us at its word: a database, a session's bus, a container's
/// daemon. So a hook that is our user opens none; pairs of sockets between its own processes stay possible.
fn no_unix_sockets() -> Outcome<()> {
    let unix = || -> Result<SeccompRule, seccompiler::BackendError> {
        let family = libc::AF_UNIX as u64;
        SeccompRule::new(vec![SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, family)?])
    };
    let mut calls = vec![(libc::SYS_socket, vec![unix().map_err(said)?])];
    // It would make sockets where no filter sees it.
    calls.push((libc::SYS_io_uring_setup, Vec::new()));
    if cfg!(target_arch = "x86_64") {
        // The same calls by the numbers of the x32 ABI.
        const X32: i64 = 0x4000_0000;
        calls.push((X32 | libc::SYS_socket, vec![unix().map_err(said)?]));
        calls.push((X32 | libc::SYS_io_uring_setup, Vec::new()));
    }
    let arch = std::env::consts::ARCH.try_into().map_err(said)?;
    let refuse = SeccompAction::Errno(libc::EACCES as u32);
    let filter = SeccompFilter::new(calls.into_iter().collect(), SeccompAction::Allow, refuse, arch).map_err(said)?;
    let program: BpfProgram = filter.try_into().map_err(said)?;
    seccompiler::apply_filter(&program).map_err(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_what_is_hidden() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for folder in ["a/data/work", "a/beside", "b/deep"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        fs::write(root.join("file"), "").unwrap();
        let found = around(&root, &[root.join("a/data")]);
        assert_eq!(found, ["a/beside", "b", "file"].map(|name| root.join(name)).into());
        assert_eq!(around(&root, &[]), [root.clone()].into());
        assert_eq!(around(&root, &[root.join("a"), root.join("b"), root.join("file")]), BTreeSet::new());
        assert_eq!(around(&root.join("a/data/work"), &[root.join("a/data")]), BTreeSet::new());
    }

    #[test]
    fn a_part_of_the_system_is_no_home() {
        for no in ["/", "/bin", "/usr/sbin", "/tmp", "relative"] {
            assert!(!is_a_home(Path::new(no)), "{no}");
        }
        for yes in ["/home/kim", "/root", "/var/lib/launchway"] {
            assert!(is_a_home(Path::new(yes)), "{yes}");
        }
    }
}
