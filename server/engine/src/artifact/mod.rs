//! The artifact: a tree packed once per release, with its manifest. The same bytes go to every server
//! and stay for retry and rollback.
//!
//! On disk: `tree.tar.gz`, `manifest.jsonl` and `meta.json` (their digests) in one folder, which is
//! whole or absent.

mod error;
mod manifest;
mod pack;
mod packing;
mod sample;
mod tarball;
mod tree;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use error::PackError;
pub use manifest::{Entry, EntryKind, Manifest, shown};
pub use pack::pack;
pub use packing::Packing;
pub(crate) use sample::sample;
pub use tree::Tree;

use pack::{at, remove, settle, sides};

const ARCHIVE: &str = "tree.tar.gz";
const MANIFEST: &str = "manifest.jsonl";
const META: &str = "meta.json";

/// A packed tree on this host.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// Its folder.
    pub dir: PathBuf,
    /// What it holds.
    pub manifest: Manifest,
    /// The gzip-compressed tar file.
    pub archive: PathBuf,
    /// The archive's length in bytes.
    pub archive_bytes: u64,
    /// The archive's SHA-256, hexadecimal.
    pub sha256: String,
}

impl Artifact {
    /// Opens what [`pack`] wrote. The manifest's digest and the archive's length are checked; the
    /// archive's own bytes are judged where they arrive, file by file.
    ///
    /// # Errors
    /// [`PackError::Io`] (`NotFound` where there is none), or [`PackError::Corrupt`].
    pub fn open(dir: &Path) -> Result<Self, PackError> {
        let corrupt = |reason: String| PackError::Corrupt { path: dir.to_owned(), reason };
        let meta = Meta::read(dir)?;
        let archive = dir.join(ARCHIVE);
        let bytes = fs::metadata(&archive).map_err(at(&archive))?.len();
        if bytes != meta.bytes {
            return Err(corrupt(format!("{ARCHIVE} has {bytes} bytes instead of {}", meta.bytes)));
        }
        let manifest = dir.join(MANIFEST);
        if digest_of(&manifest)? != meta.manifest_sha256 {
            return Err(corrupt(format!("{MANIFEST} is not what was written")));
        }
        let manifest = Manifest::read(&manifest).map_err(|e| corrupt(format!("{MANIFEST}: {e}")))?;
        Ok(Self { dir: dir.to_owned(), manifest, archive, archive_bytes: bytes, sha256: meta.sha256 })
    }

    /// Whether there is one that [`Artifact::open`] would open.
    pub fn is_whole(dir: &Path) -> bool {
        Self::open(dir).is_ok()
    }

    /// Takes the artifact over as that of another release: the same bytes under another name, so that each may go its
    /// own way. Where that one has an artifact already, it stays.
    ///
    /// # Errors
    /// As [`Artifact::open`], or where the copy cannot be made.
    pub fn take_over(&self, dir: &Path) -> Result<Self, PackError> {
        if !Self::is_whole(dir) {
            let (side, old) = sides(dir)?;
            for folder in [&side, &old] {
                remove(folder)?;
            }
            fs::create_dir_all(&side).map_err(at(&side))?;
            // The note last: it says that the others are whole.
            for name in [ARCHIVE, MANIFEST, META] {
                let (from, to) = (self.dir.join(name), side.join(name));
                // A link where the file system has them: the bytes are never written to again.
                fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(drop)).map_err(at(&to))?;
            }
            settle(&side, &old, dir)?;
        }
        Self::open(dir)
    }
}

/// The note beside archive and manifest; written last, so that its presence says they are whole.
#[derive(Serialize, Deserialize)]
struct Meta {
    /// The archive's SHA-256, hexadecimal.
    sha256: String,
    /// The archive's length in bytes.
    bytes: u64,
    /// The manifest's SHA-256, hexadecimal.
    manifest_sha256: String,
}

impl Meta {
    fn write(&self, dir: &Path) -> Result<(), PackError> {
        let path = dir.join(META);
        let mut file = File::create_new(&path).map_err(at(&path))?;
        serde_json::to_writer(&mut file, self).map_err(|e| at(&path)(e.into()))?;
        file.sync_all().map_err(at(&path))
    }

    fn read(dir: &Path) -> Result<Self, PackError> {
        let path = dir.join(META);
        let text = fs::read(&path).map_err(at(&path))?;
        serde_json::from_slice(&text)
            .map_err(|e| PackError::Corrupt { path: dir.to_owned(), reason: format!("{META}: {e}") })
    }
}

fn digest_of(path: &Path) -> Result<String, PackError> {
    let mut hash = Sha256::new();
    let mut file = File::open(path).map_err(at(path))?;
    io::copy(&mut file, &mut hash).map_err(at(path))?;
    Ok(hex::encode(hash.finalize()))
}
