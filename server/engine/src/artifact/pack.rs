//! Packs a tree: once per release, in memory that does not grow with what the files hold.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use cap_std::fs::{FileTypeExt, Metadata, MetadataExt, PermissionsExt};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::tarball::Tarball;
use super::tree::Tree;
use super::{ARCHIVE, Artifact, Entry, EntryKind, MANIFEST, Manifest, PackError, Packing};

/// Packs a tree into `dir`: archive, manifest and a note of their digests, written to a
/// side folder and renamed, so that `dir` holds a whole artifact or none. What `dir` held is replaced.
///
/// A `.git` at the root is left out, and what `packing` leaves out. Files and folders keep their nine permission bits, but their
/// owner can always read them (and enter and change folders): otherwise nobody could verify or prune
/// the release. Links are kept as they are, wherever they point. `progress` gets bytes read so far
/// and in all.
///
/// # Errors
/// [`PackError::Special`] names a FIFO, socket or device before anything is written; [`PackError::Foreign`] a file
/// that is not the tree's owner's.
pub fn pack(
    root: &Tree,
    dir: &Path,
    packing: &Packing,
    cancel: &CancellationToken,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Artifact, PackError> {
    let found = scan(root, packing, cancel)?;
    let total = found.iter().map(|item| item.entry.size).sum();

    let (side, old) = sides(dir)?;
    remove(&side)?;
    remove(&old)?;
    fs::create_dir_all(&side).map_err(at(&side))?;

    let written = write(root, found, &side, cancel, &mut |done| progress(done, total));
    if let Err(error) = written {
        // The first error is the one to tell; a leftover is replaced by the next try anyway.
        let _ = fs::remove_dir_all(&side);
        return Err(error);
    }
    settle(&side, &old, dir)?;
    Artifact::open(dir)
}

/// Where an artifact is made that is to be `dir`, and where the one goes that is there. One fixed name each: what a
/// crash left behind is found and replaced, and never piles up.
pub(super) fn sides(dir: &Path) -> Result<(PathBuf, PathBuf), PackError> {
    let (Some(parent), Some(name)) = (dir.parent(), dir.file_name()) else {
        return Err(at(dir)(io::ErrorKind::InvalidInput.into()));
    };
    let beside = |end: &str| parent.join([b".".as_slice(), name.as_bytes(), end.as_bytes()].concat().into_os());
    Ok((beside(".new"), beside(".old")))
}

/// Puts what was made into its place.
pub(super) fn settle(side: &Path, old: &Path, dir: &Path) -> Result<(), PackError> {
    if dir.exists() {
        fs::rename(dir, old).map_err(at(dir))?;
    }
    fs::rename(side, dir).map_err(at(dir))?;
    if let Some(parent) = dir.parent() {
        File::open(parent).and_then(|folder| folder.sync_all()).map_err(at(parent))?;
    }
    remove(old)
}

/// The longest path within a release, in bytes: Linux takes no longer ones (`PATH_MAX`).
pub(super) const MAX_PATH: usize = 4096;

/// What was found in the tree, before it is read.
struct Found {
    entry: Entry,
    mtime: u64,
}

/// Lists the tree, parents before their children, names in bytewise order.
fn scan(root: &Tree, packing: &Packing, cancel: &CancellationToken) -> Result<Vec<Found>, PackError> {
    let mut found = Vec::new();
    let mut left_out = 0_usize;
    let mut folders = vec![Vec::new()];
    while let Some(folder) = folders.pop() {
        if cancel.is_cancelled() {
            return Err(PackError::Canceled);
        }
        for name in root.list(&folder).map_err(|error| at(&root.place(&folder))(error))? {
            if folder.is_empty() && name == b".git" {
                continue;
            }
            let path = if folder.is_empty() { name } else { [&folder, b"/".as_slice(), &name].concat() };
            if path.len() > MAX_PATH {
                return Err(PackError::TooLong { path: path[..100].to_vec() });
            }
            let place = root.place(&path);
            let meta = root.look(&path).map_err(at(&place))?;
            if packing.leaves_out(&path, meta.is_dir()) {
                left_out += 1;
                continue;
            }
            let mut entry = describe(path, root, &meta)?;
            packing.settle(&mut entry);
            if entry.kind == EntryKind::Dir {
                folders.push(entry.path.clone());
            }
            found.push(Found { entry, mtime: u64::try_from(meta.mtime()).unwrap_or_default() });
        }
    }
    if left_out > 0 && !found.iter().any(|item| item.entry.kind != EntryKind::Dir) {
        return Err(PackError::NothingLeft);
    }
    Ok(found)
}

fn describe(path: Vec<u8>, root: &Tree, meta: &Metadata) -> Result<Entry, PackError> {
    let kind = meta.file_type();
    let bits = meta.permissions().mode() & 0o777;
    let mut entry = Entry { path, kind: EntryKind::Link, mode: 0o777, size: 0, sha256: None, target: None };
    if kind.is_symlink() {
        entry.target = Some(root.link(&entry.path).map_err(|error| at(&root.place(&entry.path))(error))?);
    } else if kind.is_dir() {
        (entry.kind, entry.mode) = (EntryKind::Dir, bits | 0o700);
    } else if kind.is_file() {
        (entry.kind, entry.mode, entry.size) = (EntryKind::File, bits | 0o400, meta.len());
    } else {
        let kind = match () {
            () if kind.is_fifo() => "FIFO",
            () if kind.is_socket() => "socket",
            () => "device",
        };
        return Err(PackError::Special { path: entry.path, kind });
    }
    Ok(entry)
}

fn write(
    root: &Tree,
    found: Vec<Found>,
    side: &Path,
    cancel: &CancellationToken,
    progress: &mut dyn FnMut(u64),
) -> Result<(), PackError> {
    let archive = side.join(ARCHIVE);
    let file = File::create_new(&archive).map_err(at(&archive))?;
    let sink = Hashed { inner: BufWriter::with_capacity(1 << 18, file), hash: Sha256::new(), count: 0 };
    let mut tarball = Tarball::new(GzEncoder::new(sink, Compression::default()));
    let mut entries = Vec::with_capacity(found.len());
    let mut done = 0;
    for Found { mut entry, mtime } in found {
        if cancel.is_cancelled() {
            return Err(PackError::Canceled);
        }
        match entry.kind {
            EntryKind::Dir => tarball.dir(&entry.path, entry.mode, mtime),
            EntryKind::Link => tarball.link(&entry.path, entry.target.as_deref().unwrap_or_default(), mtime),
            EntryKind::File => {
                let digest = add_file(&mut tarball, root, &entry, mtime, &archive, cancel, &mut done, progress)?;
                entry.sha256 = Some(digest);
                Ok(())
            }
        }
        .map_err(at(&archive))?;
        entries.push(entry);
    }
    let sink = tarball.finish().and_then(GzEncoder::finish).map_err(at(&archive))?;
    let (sha256, bytes) = (hex::encode(sink.hash.finalize()), sink.count);
    let file = sink.inner.into_inner().map_err(|e| at(&archive)(e.into_error()))?;
    file.sync_all().map_err(at(&archive))?;

    let manifest = side.join(MANIFEST);
    Manifest::new(entries).write(&manifest).map_err(at(&manifest))?;
    super::Meta { sha256, bytes, manifest_sha256: super::digest_of(&manifest)? }.write(side)?;
    File::open(side).and_then(|folder| folder.sync_all()).map_err(at(side))
}

#[allow(clippy::too_many_arguments)] // One call site; a struct would only rename the arguments.
fn add_file<W: Write>(
    tarball: &mut Tarball<W>,
    root: &Tree,
    entry: &Entry,
    mtime: u64,
    archive: &Path,
    cancel: &CancellationToken,
    done: &mut u64,
    progress: &mut dyn FnMut(u64),
) -> Result<[u8; 32], PackError> {
    let place = root.place(&entry.path);
    let changed = || PackError::Changed { path: entry.path.clone() };
    let file = root.file(&entry.path)?;
    let meta = file.metadata().map_err(at(&place))?;
    if !meta.is_file() || meta.len() != entry.size {
        return Err(changed());
    }
    let mut reader = Reading { file, hash: Sha256::new(), done, progress, cancel, failed: None };
    let copied = tarball.file(&entry.path, entry.mode, mtime, entry.size, &mut reader);
    if let Some(error) = reader.failed.take() {
        return Err(if cancel.is_cancelled() { PackError::Canceled } else { at(&place)(error) });
    }
    // `take(size)` never asks for more, so a file that grew shows only by another read.
    let more = reader.file.read(&mut [0]).map_err(at(&place))?;
    if copied.map_err(at(archive))? != entry.size || more != 0 {
        return Err(changed());
    }
    Ok(reader.hash.finalize().into())
}

/// A file being read: hashed and counted on the way; its own errors are kept apart from the writer's.
struct Reading<'a> {
    file: File,
    hash: Sha256,
    done: &'a mut u64,
    progress: &'a mut dyn FnMut(u64),
    cancel: &'a CancellationToken,
    failed: Option<io::Error>,
}

impl Read for Reading<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let result = if self.cancel.is_cancelled() { Err(io::ErrorKind::Other.into()) } else { self.file.read(buf) };
        match result {
            Ok(count) => {
                self.hash.update(&buf[..count]);
                *self.done += count as u64;
                (self.progress)(*self.done);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                self.failed = Some(error);
                Err(kind.into())
            }
        }
    }
}

struct Hashed<W: Write> {
    inner: W,
    hash: Sha256,
    count: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(buf)?;
        self.hash.update(&buf[..count]);
        self.count += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

trait IntoOs {
    fn into_os(self) -> std::ffi::OsString;
}

impl IntoOs for Vec<u8> {
    fn into_os(self) -> std::ffi::OsString {
        std::ffi::OsString::from_vec(self)
    }
}

pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> PackError + use<> {
    let path: PathBuf = path.to_owned();
    move |source| PackError::Io { path, source }
}

pub(super) fn remove(dir: &Path) -> Result<(), PackError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(dir)(error)),
        _ => Ok(()),
    }
}
