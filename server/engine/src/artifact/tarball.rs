//! Writes tar entries byte for byte as given.
//!
//! Headers are built here and not by the `tar` crate's path functions, because those normalise paths
//! and link targets. Long names use GNU's `L` and `K` entries: BusyBox skips the pax ones.

use std::io::{self, Read, Write};

use tar::{EntryType, Header};

const BLOCK: u64 = 512;

/// A tar stream on its way to a writer.
pub(super) struct Tarball<W: Write> {
    out: W,
}

impl<W: Write> Tarball<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }

    /// One folder.
    pub(super) fn dir(&mut self, path: &[u8], mode: u32, mtime: u64) -> io::Result<()> {
        // The slash at the end is what tells very old tars that it is a folder.
        let path = [path, b"/"].concat();
        self.header(EntryType::Directory, &path, b"", mode, mtime, 0)
    }

    /// One symbolic link.
    pub(super) fn link(&mut self, path: &[u8], target: &[u8], mtime: u64) -> io::Result<()> {
        self.header(EntryType::Symlink, path, target, 0o777, mtime, 0)
    }

    /// One file of exactly `size` bytes; returns how many `content` had, at most `size`. Where that
    /// is fewer, the stream is spoiled and must be thrown away.
    pub(super) fn file(
        &mut self,
        path: &[u8],
        mode: u32,
        mtime: u64,
        size: u64,
        content: &mut dyn Read,
    ) -> io::Result<u64> {
        self.header(EntryType::Regular, path, b"", mode, mtime, size)?;
        let copied = io::copy(&mut content.take(size), &mut self.out)?;
        self.pad(copied)?;
        Ok(copied)
    }

    /// Writes the end mark and gives the writer back.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&[0; 2 * BLOCK as usize])?;
        Ok(self.out)
    }

    fn header(
        &mut self,
        kind: EntryType,
        path: &[u8],
        target: &[u8],
        mode: u32,
        mtime: u64,
        size: u64,
    ) -> io::Result<()> {
        if target.len() > 100 {
            self.long(EntryType::GNULongLink, target)?;
        }
        if path.len() > 100 {
            self.long(EntryType::GNULongName, path)?;
        }
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        // Whose it is on the server is decided there: it is extracted with `-o`.
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(mtime);
        header.set_size(size);
        let fields = header.as_old_mut();
        put(&mut fields.name, path);
        put(&mut fields.linkname, target);
        header.set_cksum();
        self.out.write_all(header.as_bytes())
    }

    fn long(&mut self, kind: EntryType, name: &[u8]) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        let size = name.len() as u64 + 1;
        header.set_size(size);
        put(&mut header.as_old_mut().name, b"././@LongLink");
        header.set_cksum();
        self.out.write_all(header.as_bytes())?;
        self.out.write_all(name)?;
        self.out.write_all(&[0])?;
        self.pad(size)
    }

    fn pad(&mut self, written: u64) -> io::Result<()> {
        let rest = written.next_multiple_of(BLOCK) - written;
        self.out.write_all(&[0; BLOCK as usize][..rest as usize])
    }
}

/// Copies what fits; a field that is full needs no NUL (POSIX.1-2024, ustar).
fn put(field: &mut [u8], bytes: &[u8]) {
    let len = bytes.len().min(field.len());
    field[..len].copy_from_slice(&bytes[..len]);
}
