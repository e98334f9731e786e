//! A disk that is soon full.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::host::Fixture;

/// A file system of one megabyte.
pub struct SmallDisk {
    /// Where it is mounted.
    pub path: PathBuf,
}

impl SmallDisk {
    /// Mounts one; none where whoever runs the test may not.
    pub fn mount(fixture: &Fixture) -> Option<Self> {
        let path = fixture.dir.path().join("disk");
        fs::create_dir_all(&path).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(&path).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self { path })
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.path).status();
    }
}
