//! A tree of a few entries that has a bit of everything, for trying a server's tools.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::tarball::Tarball;
use super::{Entry, EntryKind, Manifest};

/// The sample as a tar stream, compressed where `gzip`, and its manifest.
pub(crate) fn sample(gzip: bool) -> (Vec<u8>, Manifest) {
    let entry = |path: &[u8], kind, mode| Entry { path: path.into(), kind, mode, size: 0, sha256: None, target: None };
    let file = |path: &[u8], mode, content: &[u8]| Entry {
        size: content.len() as u64,
        sha256: Some(Sha256::digest(content).into()),
        ..entry(path, EntryKind::File, mode)
    };
    let long = [b"d/".as_slice(), &[b'n'; 120]].concat();
    let mut stream = Vec::new();
    let write = |out: &mut dyn Write| -> io::Result<()> {
        let mut tarball = Tarball::new(out);
        tarball.dir(b"d", 0o750, 0)?;
        tarball.file(b"d/plain", 0o644, 0, 5, &mut b"plain".as_slice())?;
        tarball.file(&long, 0o600, 0, 0, &mut io::empty())?;
        tarball.file(b"-o dd'\n\\", 0o755, 0, 3, &mut b"odd".as_slice())?;
        tarball.link(b"link", b"no such\nthing\n", 0)?;
        tarball.finish().map(drop)
    };
    // Writing to memory does not fail.
    let _ = if gzip {
        let mut encoder = GzEncoder::new(&mut stream, Compression::fast());
        write(&mut encoder).and_then(|()| encoder.finish().map(drop))
    } else {
        write(&mut stream)
    };
    let manifest = Manifest::new(vec![
        entry(b"d", EntryKind::Dir, 0o750),
        file(b"d/plain", 0o644, b"plain"),
        file(&long, 0o600, b""),
        file(b"-o dd'\n\\", 0o755, b"odd"),
        Entry { target: Some(b"no such\nthing\n".to_vec()), ..entry(b"link", EntryKind::Link, 0o777) },
    ]);
    (stream, manifest)
}
