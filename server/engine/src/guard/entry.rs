//! The hidden subcommand that becomes the hook.

use std::convert::Infallible;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use nix::sys::prctl::set_no_new_privs;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Gid, Uid, close, geteuid, setgroups, setresgid, setresuid};
use serde::{Deserialize, Serialize};

use super::{cover, fence};

/// The subcommand's name. It is no part of the command line that people are shown.
pub const SUBCOMMAND: &str = "__hook";

/// What a hook's log says where the hook was not run.
pub(super) const REFUSED: &str =
    "launchway: this hook was not run, since it could not be kept from the rest of this host";

/// Everything that a hook's start has to know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    /// What has to be out of reach.
    pub(super) data: PathBuf,
    /// The release's folder in it.
    pub(super) work: PathBuf,
    /// The folder in that in which the hook itself lies.
    pub(super) run: PathBuf,
    /// The folder that it keeps from one release to the next, where it has one; elsewhere in what is out of reach.
    #[serde(default)]
    pub(super) cache: Option<PathBuf>,
    /// Who the hook is to be, by number; otherwise it stays who we are.
    pub(super) user: Option<(u32, u32)>,
    /// Whether an empty folder is to lie over the data folder.
    pub(super) cover: bool,
    /// Whether to print the version of Landlock that was had.
    pub(super) tell: bool,
}

impl Entry {
    pub(super) fn new(data: &Path, work: &Path, run: &Path, tell: bool) -> Self {
        Self { data: data.into(), work: work.into(), run: run.into(), cache: None, user: None, cover: false, tell }
    }

    /// As one word of a command line.
    pub(super) fn to_word(&self) -> String {
        // Fails for paths that are not UTF-8 only; the start then says that it cannot read its order.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The folders that are the hook's own.
    pub(super) fn own(&self) -> Vec<PathBuf> {
        ["tree", "home", "tmp"].map(|name| self.work.join(name)).into_iter().chain(self.cache.clone()).collect()
    }
}

/// Gives up everything that a hook must not have, then becomes the program that is named after the order. Only for
/// `main`, before anything else: it closes every file that is open. Returns only where that failed; the hook has not
/// been run then.
pub fn enter(mut args: impl Iterator<Item = OsString>) -> ExitCode {
    let order = args.next().unwrap_or_default();
    let Err(error) = begin(&order.to_string_lossy(), args);
    eprintln!("{REFUSED}: {error}");
    ExitCode::from(126)
}

fn begin(order: &str, mut args: impl Iterator<Item = OsString>) -> Result<Infallible, String> {
    let entry: Entry = serde_json::from_str(order).map_err(|error| format!("reading the order: {error}"))?;
    let program = args.next().ok_or("no program is named")?;
    close_files();
    umask(Mode::from_bits_truncate(0o022));
    if let Some((uid, gid)) = entry.user {
        if entry.cover {
            cover::spread(&entry, uid, gid).map_err(|error| format!("covering the data folder: {error}"))?;
        }
        become_user(uid, gid).map_err(|error| format!("becoming the user {uid}: {error}"))?;
    }
    set_no_new_privs().map_err(|error| format!("no_new_privs: {error}"))?;
    let abi = match fence::enforce(&entry) {
        Ok(abi) => abi,
        // The user is the barrier then; Landlock would only have been a second one.
        Err(_) if entry.user.is_some() => 0,
        Err(error) => return Err(format!("Landlock: {error}")),
    };
    let tree = entry.work.join("tree");
    std::env::set_current_dir(&tree).map_err(|error| format!("{}: {error}", tree.display()))?;
    if entry.tell {
        println!("{abi}");
    }
    let error = Command::new(&program).args(args).exec();
    Err(format!("{}: {error}", program.to_string_lossy()))
}

/// Closes whatever somebody forgot to: databases, locks and sockets are no hook's.
fn close_files() {
    let Ok(listing) = fs::read_dir("/proc/self/fd") else { return };
    let open: Vec<i32> = listing.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for fd in open.into_iter().filter(|fd| *fd > 2) {
        // The listing's own is among them, and closed by now.
        let _ = close(fd);
    }
}

fn become_user(uid: u32, gid: u32) -> Result<(), String> {
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    let said = |error: nix::Error| error.desc().to_owned();
    setgroups(&[]).map_err(said)?;
    setresgid(gid, gid, gid).map_err(said)?;
    setresuid(uid, uid, uid).map_err(said)?;
    // What cannot be is looked at nevertheless: everything else stands on it.
    if geteuid() != uid || setresuid(Uid::from_raw(0), Uid::from_raw(0), Uid::from_raw(0)).is_ok() {
        return Err("the way back stayed open".to_owned());
    }
    Ok(())
}
