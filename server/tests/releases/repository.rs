//! A real repository, and trees to compare.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A repository with a work tree, made by the git command.
pub struct Repository {
    dir: TempDir,
}

impl Repository {
    /// One commit, tagged `v1`.
    pub fn new() -> Self {
        let repository = Self { dir: tempfile::tempdir().unwrap() };
        repository.git(&["init", "-q", "-b", "main"]);
        repository.write("index.html", b"one\n");
        repository.write("bin/run", b"#!/bin/sh\necho run\n");
        fs::set_permissions(repository.path().join("bin/run"), fs::Permissions::from_mode(0o755)).unwrap();
        repository.commit("First");
        repository.tag("v1");
        repository
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn url(&self) -> String {
        self.path().to_str().unwrap().to_owned()
    }

    pub fn git(&self, args: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"])
            .args(args)
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub fn write(&self, path: impl AsRef<OsStr>, content: &[u8]) {
        let path = self.path().join(PathBuf::from(path.as_ref()));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub fn tag(&self, name: &str) {
        self.git(&["tag", "--", name]);
    }

    /// What `git archive` makes of a ref.
    pub fn archive(&self, reference: &str) -> Tree {
        let out = tempfile::tempdir().unwrap();
        let status = Command::new("sh")
            .args(["-c", "git archive --format=tar \"$1\" | tar -xf - -C \"$2\"", "sh", reference])
            .arg(out.path())
            .current_dir(self.path())
            .status()
            .unwrap();
        assert!(status.success());
        tree(out.path())
    }
}

/// Path to kind, permissions and content, by bytes.
pub type Tree = BTreeMap<Vec<u8>, (char, u32, Vec<u8>)>;

/// Everything below a folder. Folders' permissions are left out: Git knows none.
pub fn tree(root: &Path) -> Tree {
    fn walk(root: &Path, dir: &Path, found: &mut Tree) {
        for entry in fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display())) {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec();
            let meta = fs::symlink_metadata(&path).unwrap();
            if meta.is_dir() {
                found.insert(name, ('d', 0, Vec::new()));
                walk(root, &path, found);
            } else if meta.is_symlink() {
                found.insert(name, ('l', 0, fs::read_link(&path).unwrap().into_os_string().into_vec()));
            } else {
                // Git keeps one bit of a file's mode; the umask of `git archive` is not ours.
                let executable = meta.permissions().mode() & 0o100;
                found.insert(name, ('f', executable, fs::read(&path).unwrap()));
            }
        }
    }
    let mut found = Tree::new();
    walk(root, root, &mut found);
    found
}
