//! A tree on this host that others may be changing: read by an open folder, so that nothing in it leads out of it.
//!
//! A process that a hook left behind may put a link in a folder's place at any moment, while whoever packs may read
//! more of this host than the hook. So no name is looked up from the root of the file system here.

use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata, MetadataExt, OpenOptions, OpenOptionsExt, Permissions, PermissionsExt};
use nix::fcntl::OFlag;

use super::PackError;
use super::pack::at;

/// An open folder, and what it is called in messages.
#[derive(Debug)]
pub struct Tree {
    path: PathBuf,
    dir: Dir,
    /// The user whom it belongs to.
    owner: u32,
}

impl Tree {
    /// Opens a folder that is where it is said to be.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, PackError> {
        Dir::open_ambient_dir(path, ambient_authority()).and_then(|dir| Self::new(path.into(), dir)).map_err(at(path))
    }

    fn new(path: PathBuf, dir: Dir) -> io::Result<Self> {
        let owner = dir.dir_metadata()?.uid();
        Ok(Self { path, dir, owner })
    }

    /// A folder within this one; links on the way are followed as long as they stay in it.
    ///
    /// # Errors
    /// Where there is no such folder, or it is somewhere else.
    pub fn within(&self, inside: &str) -> io::Result<Self> {
        Self::new(self.path.join(inside), self.dir.open_dir(inside)?)
    }

    /// A path in it, for messages.
    pub(super) fn place(&self, path: &[u8]) -> PathBuf {
        self.path.join(name(path))
    }

    /// The names in a folder, in bytewise order.
    pub(super) fn list(&self, folder: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        let place = if folder.is_empty() { Path::new(".") } else { name(folder) };
        let listing = self.patiently(place, 0o700, || self.dir.read_dir(place))?;
        let names: io::Result<Vec<_>> = listing.map(|entry| Ok(entry?.file_name().into_vec())).collect();
        let mut names = names?;
        names.sort_unstable();
        Ok(names)
    }

    /// What stands there, a link itself and not what it names.
    pub(super) fn look(&self, path: &[u8]) -> io::Result<Metadata> {
        self.dir.symlink_metadata(name(path))
    }

    /// Where a link points.
    pub(super) fn link(&self, path: &[u8]) -> io::Result<Vec<u8>> {
        Ok(self.dir.read_link_contents(name(path))?.into_os_string().into_vec())
    }

    /// Opens a file to read it; never waits for one that is no file.
    pub(super) fn file(&self, path: &[u8]) -> Result<fs::File, PackError> {
        let mut options = OpenOptions::new();
        options.read(true).follow(FollowSymlinks::No).custom_flags(OFlag::O_NONBLOCK.bits());
        let open = || self.dir.open_with(name(path), &options);
        let failed = |error| at(&self.place(path))(error);
        let file = self.patiently(name(path), 0o400, open).map_err(failed)?.into_std();
        let meta = file.metadata().map_err(failed)?;
        // A second name for a file of somebody who gave it to nobody.
        if meta.nlink() > 1 && meta.uid() != self.owner {
            return Err(PackError::Foreign { path: path.to_vec() });
        }
        Ok(file)
    }

    /// Does something once more where the owner has closed a file or folder to himself, and opens it to him before.
    fn patiently<T>(&self, path: &Path, bits: u32, mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        match work() {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let mode = self.dir.symlink_metadata(path)?.permissions().mode() & 0o777 | bits;
                self.dir.set_permissions(path, Permissions::from_std(fs::Permissions::from_mode(mode)))?;
                work()
            }
            outcome => outcome,
        }
    }
}

fn name(path: &[u8]) -> &Path {
    Path::new(std::ffi::OsStr::from_bytes(path))
}
