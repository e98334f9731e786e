//! Packing: whole or not at all, exactly what was there.
#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use launchway_engine::artifact::{Artifact, EntryKind, Manifest, PackError, Packing, Tree, pack};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(place.tree()).unwrap();
        place
    }

    fn tree(&self) -> PathBuf {
        self.dir.path().join("tree")
    }

    fn artifacts(&self) -> PathBuf {
        self.dir.path().join("artifacts")
    }

    fn pack(&self) -> Result<Artifact, PackError> {
        pack(
            &Tree::open(&self.tree())?,
            &self.artifacts().join("7"),
            &Packing::default(),
            &CancellationToken::new(),
            &mut |_, _| {},
        )
    }
}

fn names(dir: &Path) -> Vec<String> {
    let Ok(items) = fs::read_dir(dir) else { return Vec::new() };
    let mut names: Vec<_> = items.map(|i| i.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_manifest_is_the_tree() {
    let place = Place::new();
    let tree = place.tree();
    fs::create_dir_all(tree.join("a/.git")).unwrap();
    fs::create_dir(tree.join(".git")).unwrap();
    fs::write(tree.join(".git/config"), "left out").unwrap();
    fs::write(tree.join("a/x"), "12345").unwrap();
    fs::write(tree.join("a-b"), "").unwrap();
    fs::write(tree.join(OsStr::from_bytes(b"\xff\n")), "odd").unwrap();
    fs::set_permissions(tree.join("a-b"), fs::Permissions::from_mode(0o6755)).unwrap();
    fs::set_permissions(tree.join("a"), fs::Permissions::from_mode(0o555)).unwrap();
    symlink(OsStr::from_bytes(b"../\xfe"), tree.join("link")).unwrap();

    let mut last = (0, 0);
    let dir = place.artifacts().join("7");
    let artifact =
        pack(&Tree::open(&tree).unwrap(), &dir, &Packing::default(), &CancellationToken::new(), &mut |done, total| {
            last = (done, total)
        })
        .unwrap();
    assert_eq!(last, (8, 8));

    let paths: Vec<&[u8]> = artifact.manifest.entries.iter().map(|e| e.path.as_slice()).collect();
    assert_eq!(paths, [b"a".as_slice(), b"a-b", b"a/.git", b"a/x", b"link", b"\xff\n"]);
    let find = |path: &[u8]| artifact.manifest.entries.iter().find(|e| e.path == path).unwrap();
    // Set-id bits go; a folder stays its owner's to enter and change.
    assert_eq!((find(b"a-b").mode, find(b"a").mode), (0o755, 0o755));
    assert_eq!(find(b"a/x").sha256.unwrap(), <[u8; 32]>::from(Sha256::digest("12345")));
    assert_eq!((find(b"link").kind, find(b"link").target.as_deref()), (EntryKind::Link, Some(b"../\xfe".as_slice())));
    assert_eq!((artifact.manifest.files(), artifact.manifest.bytes()), (3, 8));

    let bytes = fs::read(&artifact.archive).unwrap();
    assert_eq!(
        (bytes.len() as u64, hex::encode(Sha256::digest(&bytes))),
        (artifact.archive_bytes, artifact.sha256.clone())
    );
    let reopened = Artifact::open(&dir).unwrap();
    assert_eq!(reopened.manifest, artifact.manifest);
    assert_eq!(names(&place.artifacts()), ["7"]);
}

#[test]
fn the_archive_holds_what_the_manifest_says() {
    let place = Place::new();
    let long = "n".repeat(200);
    fs::create_dir_all(place.tree().join(&long).join(&long)).unwrap();
    fs::write(place.tree().join(&long).join(&long).join("leaf"), vec![7; 100_000]).unwrap();
    symlink("t".repeat(400), place.tree().join("long link")).unwrap();
    let artifact = place.pack().unwrap();
    let mut archive = tar::Archive::new(GzDecoder::new(fs::File::open(&artifact.archive).unwrap()));
    let mut seen = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path_bytes().strip_suffix(b"/").map_or(entry.path_bytes().to_vec(), <[u8]>::to_vec);
        let target = entry.link_name_bytes().map(|name| name.to_vec());
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        seen.push((path, entry.header().mode().unwrap(), content.len() as u64, target));
    }
    seen.sort();
    let expected = artifact.manifest.entries.iter().map(|e| (e.path.clone(), e.mode, e.size, e.target.clone()));
    assert_eq!(seen, expected.collect::<Vec<_>>());
}

#[test]
fn a_fifo_or_socket_is_refused_by_name() {
    let place = Place::new();
    fs::create_dir(place.tree().join("sub")).unwrap();
    let fifo = place.tree().join("sub/a pipe\n");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let error = place.pack().unwrap_err();
    assert!(matches!(&error, PackError::Special { path, kind: "FIFO" } if path == b"sub/a pipe\n"), "{error}");
    assert!(error.text().en.contains(r#""sub/a pipe\n" is a FIFO"#), "{}", error.text());
    assert_eq!(names(&place.artifacts()), [""; 0]);

    fs::remove_file(&fifo).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(place.tree().join("sock")).unwrap();
    assert!(matches!(place.pack().unwrap_err(), PackError::Special { kind: "socket", .. }));
}

#[test]
fn a_canceled_pack_leaves_nothing() {
    let place = Place::new();
    for index in 0..5 {
        fs::write(place.tree().join(format!("f{index}")), vec![1; 300_000]).unwrap();
    }
    let cancel = CancellationToken::new();
    let result = pack(
        &Tree::open(&place.tree()).unwrap(),
        &place.artifacts().join("7"),
        &Packing::default(),
        &cancel,
        &mut |_, _| cancel.cancel(),
    );
    assert!(matches!(result, Err(PackError::Canceled)));
    assert_eq!(names(&place.artifacts()), [""; 0]);
}

#[test]
fn a_file_that_changes_while_it_is_packed_is_named() {
    for (first, then) in [("12345", "1234567"), ("12345", "123"), ("", "grown")] {
        let place = Place::new();
        fs::write(place.tree().join("a"), "first").unwrap();
        fs::write(place.tree().join("b"), first).unwrap();
        let changed = Cell::new(false);
        let victim = place.tree().join("b");
        let result = pack(
            &Tree::open(&place.tree()).unwrap(),
            &place.artifacts().join("7"),
            &Packing::default(),
            &CancellationToken::new(),
            &mut |_, _| {
                if !changed.replace(true) {
                    fs::write(&victim, then).unwrap();
                }
            },
        );
        assert!(matches!(&result, Err(PackError::Changed { path }) if path == b"b"), "{result:?}");
        assert_eq!(names(&place.artifacts()), [""; 0]);
    }
}

#[test]
fn packing_again_replaces_and_heals_what_a_crash_left() {
    let place = Place::new();
    fs::write(place.tree().join("a"), "one").unwrap();
    for leftover in [".7.new", ".7.old"] {
        fs::create_dir_all(place.artifacts().join(leftover)).unwrap();
        fs::write(place.artifacts().join(leftover).join("tree.tar.gz"), "half").unwrap();
    }
    let one = place.pack().unwrap();
    fs::write(place.tree().join("a"), "two").unwrap();
    let two = place.pack().unwrap();
    assert_ne!(one.manifest, two.manifest);
    assert_eq!(names(&place.artifacts()), ["7"]);
    assert_eq!(names(&place.artifacts().join("7")), ["manifest.jsonl", "meta.json", "tree.tar.gz"]);
}

#[test]
fn an_empty_tree_can_be_packed() {
    let place = Place::new();
    let artifact = place.pack().unwrap();
    assert_eq!((artifact.manifest.entries.len(), artifact.manifest.bytes()), (0, 0));
}

#[test]
fn a_damaged_artifact_is_not_opened() {
    let place = Place::new();
    fs::write(place.tree().join("a"), "content").unwrap();
    let dir = place.artifacts().join("7");
    for file in ["manifest.jsonl", "tree.tar.gz", "meta.json"] {
        place.pack().unwrap();
        let bytes = fs::read(dir.join(file)).unwrap();
        fs::write(dir.join(file), &bytes[..bytes.len() - 2]).unwrap();
        let error = Artifact::open(&dir).unwrap_err();
        assert!(matches!(error, PackError::Corrupt { .. }), "{file}: {error}");
    }
    fs::remove_dir_all(&dir).unwrap();
    assert!(
        matches!(Artifact::open(&dir), Err(PackError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound)
    );
}

#[test]
fn a_manifest_is_read_back_as_written() {
    let place = Place::new();
    fs::write(place.tree().join(OsStr::from_bytes(b"\x80")), "x").unwrap();
    symlink("中文\n", place.tree().join("l")).unwrap();
    let manifest = place.pack().unwrap().manifest;
    let file = place.dir.path().join("m.jsonl");
    manifest.write(&file).unwrap();
    assert_eq!(Manifest::read(&file).unwrap(), manifest);
    fs::write(&file, "{\"path\":\"x\",\"kind\":\"file\",\"mode\":\"644\"}\n").unwrap();
    assert_eq!(Manifest::read(&file).unwrap_err().kind(), std::io::ErrorKind::InvalidData);
}
