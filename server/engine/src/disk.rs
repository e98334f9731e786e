//! What the data folder takes up, and taking things away from it.
//!
//! What goes is first renamed: what is there is whole, and what is on its way out is nobody's. Whoever is killed before
//! the end leaves a folder under such a name, which the next one to tidy up removes.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use launchway_domain::Timestamp;

use crate::guard;

/// The end of the name of what is on its way out.
const GONE: &str = ".gone";

/// The folders in a folder that are named by a number, by that number. None where there is no such folder.
///
/// # Errors
/// Where it cannot be read.
pub fn numbered(folder: &Path) -> io::Result<Vec<(i64, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        // `07` parses too, but is no name that we gave.
        if let Some(id) = name.parse::<i64>().ok().filter(|id| id.to_string() == name && *id > 0) {
            found.push((id, entry.path()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// What some folders take up together. Files that are one (hard links) count once.
#[derive(Debug, Default)]
pub struct Measured {
    /// By device and number: length, how many names it has, and how many of them were met.
    files: HashMap<(u64, u64), (u64, u64, u64)>,
}

impl Measured {
    /// Adds the files that lie right in a folder, as an artifact's do. Gives their length, each name counted.
    pub fn add(&mut self, folder: &Path) -> u64 {
        let mut bytes = 0;
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(meta) = entry.metadata() else { continue };
            if meta.is_file() {
                bytes += meta.len();
                self.files.entry((meta.dev(), meta.ino())).or_insert((meta.len(), meta.nlink(), 0)).2 += 1;
            }
        }
        bytes
    }

    /// What they take up, in bytes.
    pub fn bytes(&self) -> u64 {
        self.files.values().map(|(bytes, ..)| bytes).sum()
    }

    /// What is free once they are gone, in bytes: a file goes with the last of its names.
    pub fn freed(&self) -> u64 {
        self.files.values().filter(|(_, names, met)| met >= names).map(|(bytes, ..)| bytes).sum()
    }
}

/// When a folder was last changed: its own entries, not what lies deeper.
pub fn changed(folder: &Path) -> Option<Timestamp> {
    let since = fs::symlink_metadata(folder).ok()?.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(Timestamp(i64::try_from(since.as_millis()).ok()?))
}

/// Puts a folder out of the way: from now on it is not there. [`sweep`] removes what is in it.
///
/// # Errors
/// Where the disk refuses.
pub fn retire(folder: &Path) -> io::Result<()> {
    let Some(name) = folder.file_name().and_then(|name| name.to_str()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    for number in 0_u32.. {
        let aside = folder.with_file_name(format!("{name}.{number}{GONE}"));
        // A folder that an earlier one left there is not empty, so nothing is renamed over it.
        match fs::rename(folder, aside) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty && number < 100 => {}
            outcome => return outcome,
        }
    }
    Ok(())
}

/// Removes what was put out of the way in a folder, also by a program that was killed since.
///
/// # Errors
/// The first thing that could not be removed; the others are.
pub fn sweep(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let mut outcome = Ok(());
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|name| name.ends_with(GONE)) {
            outcome = outcome.and(guard::clean(&entry.path()));
        }
    }
    outcome
}

/// How many bytes are free for Launchway on the volume of a folder, and how many it has.
///
/// # Errors
/// Where the system does not say.
pub fn space(folder: &Path) -> io::Result<(u64, u64)> {
    let volume = nix::sys::statvfs::statvfs(folder)?;
    let block = volume.fragment_size();
    Ok((volume.blocks_available() * block, volume.blocks() * block))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_we_gave_are_things() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["7", "07", "12", "-3", "x", "7.0.gone", ".8.new"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let ids: Vec<i64> = numbered(folder.path()).unwrap().into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, [7, 12]);
        assert!(numbered(&folder.path().join("nothing")).unwrap().is_empty());
    }

    #[test]
    fn shared_bytes_count_once_and_go_with_the_last_name() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["1", "2"].map(|name| folder.path().join(name));
        fs::create_dir(&one).unwrap();
        fs::create_dir(&two).unwrap();
        fs::write(one.join("shared"), [0; 100]).unwrap();
        fs::hard_link(one.join("shared"), two.join("shared")).unwrap();
        fs::write(two.join("own"), [0; 10]).unwrap();
        let mut second = Measured::default();
        assert_eq!(second.add(&two), 110);
        assert_eq!((second.bytes(), second.freed()), (110, 10));
        second.add(&one);
        assert_eq!((second.bytes(), second.freed()), (110, 110));
    }

    #[test]
    fn what_was_put_out_of_the_way_goes_with_the_next_sweep() {
        let folder = tempfile::tempdir().unwrap();
        let thing = folder.path().join("7");
        for _ in 0..2 {
            fs::create_dir(&thing).unwrap();
            fs::write(thing.join("a"), "a").unwrap();
            retire(&thing).unwrap();
            assert!(!thing.exists());
        }
        retire(&thing).unwrap();
        fs::create_dir(folder.path().join("8")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
        sweep(folder.path()).unwrap();
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["8"]);
    }

    #[test]
    fn a_volume_says_how_full_it_is() {
        let (free, total) = space(Path::new("/")).unwrap();
        assert!(total > 0 && free <= total);
    }
}
