//! A view of the file system in which the data folder is empty but for one work folder.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use super::entry::Entry;

/// Leaves the common view of the file system, and puts an empty folder over the data folder, or over the folder above
/// it that the user cannot pass through; the release's folder, and its cache, are then mounted at their old places within. Only root with
/// `CAP_SYS_ADMIN` may.
pub(super) fn spread(entry: &Entry, uid: u32, gid: u32) -> io::Result<()> {
    let own = [Some(&entry.work), entry.cache.as_ref()].into_iter().flatten();
    let own: Vec<_> = own.map(|folder| Ok((folder, fs::File::open(folder)?))).collect::<io::Result<_>>()?;
    unshare(CloneFlags::CLONE_NEWNS)?;
    // What is mounted here stays here; what the host mounts later is still seen.
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_SLAVE, None::<&str>)?;
    let over = closed(&entry.data, uid, gid)?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("launchway"), over, Some("tmpfs"), flags, Some("mode=0755,size=64k"))?;
    for (folder, open) in &own {
        fs::create_dir_all(folder)?;
        let open = format!("/proc/self/fd/{}", open.as_raw_fd());
        mount(Some(open.as_str()), folder.as_path(), None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
    }
    Ok(())
}

/// The first folder on the way to the data folder, from the root, that the user cannot pass through; the data folder
/// itself where the user can.
fn closed(data: &Path, uid: u32, gid: u32) -> io::Result<&Path> {
    let mut ancestors: Vec<&Path> = data.ancestors().collect();
    ancestors.reverse();
    for folder in ancestors {
        let meta = fs::metadata(folder)?;
        let bit = if meta.uid() == uid {
            0o100
        } else if meta.gid() == gid {
            0o010
        } else {
            0o001
        };
        if meta.mode() & bit == 0 && folder != Path::new("/") {
            return Ok(folder);
        }
    }
    Ok(data)
}
