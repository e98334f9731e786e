//! Real repositories, made by the `git` command.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use launchway_domain::{GitRef, RefKind};
use launchway_engine::git::{Bounds, Remote};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// A repository with a work tree, and a place for everything that a test makes.
pub struct Repo {
    pub temp: TempDir,
    pub path: PathBuf,
}

impl Repo {
    /// An empty one.
    pub fn empty() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("repo");
        git(temp.path(), ["init", "-q", "-b", "main", "repo"]);
        Self { temp, path }
    }

    /// One with a commit of `file` on `main`, tagged `v1` (light) and `v1.0` (annotated).
    pub fn small() -> Self {
        let repo = Self::empty();
        repo.write("file", "one\n");
        repo.commit("first");
        repo.git(["tag", "v1"]);
        repo.git(["tag", "-a", "v1.0", "-m", "version one"]);
        repo
    }

    pub fn git<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> String {
        git(&self.path, args)
    }

    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Commits everything; returns the commit.
    pub fn commit(&self, message: &str) -> String {
        self.git(["add", "-A"]);
        self.git(["commit", "-q", "--allow-empty", "-m", message]);
        self.head()
    }

    pub fn head(&self) -> String {
        self.git(["rev-parse", "HEAD"])
    }

    pub fn remote(&self) -> Remote {
        remote(self.path.to_str().unwrap())
    }

    /// A path that nothing uses yet.
    pub fn aside(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }
}

pub fn git<A: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = A>) -> String {
    // A minute later with every commit, so that their order is certain.
    let count = Command::new("git").args(["rev-list", "--all", "--count"]).current_dir(dir).output().unwrap();
    let count: i64 = String::from_utf8_lossy(&count.stdout).trim().parse().unwrap_or(0);
    let date = format!("{} +0200", 1_700_000_000 + count * 60);
    let output = Command::new("git")
        .args(["-c", "protocol.file.allow=always", "-c", "core.quotePath=false"])
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs([("GIT_AUTHOR_NAME", "Ada Ä."), ("GIT_AUTHOR_EMAIL", "ada@example.com"), ("GIT_AUTHOR_DATE", &date)])
        .envs([("GIT_COMMITTER_NAME", "Com"), ("GIT_COMMITTER_EMAIL", "c@example.com"), ("GIT_COMMITTER_DATE", &date)])
        .output()
        .unwrap();
    assert!(output.status.success(), "git: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

pub fn remote(url: &str) -> Remote {
    Remote { url: url.to_owned(), auth: None, host_key: None }
}

pub fn bounds() -> Bounds {
    within(Duration::from_secs(60))
}

pub fn within(deadline: Duration) -> Bounds {
    Bounds { deadline, cancel: CancellationToken::new() }
}

pub fn tag(name: &str) -> GitRef {
    GitRef { kind: RefKind::Tag, name: name.into() }
}

pub fn branch(name: &str) -> GitRef {
    GitRef { kind: RefKind::Branch, name: name.into() }
}

pub fn commit(name: &str) -> GitRef {
    GitRef { kind: RefKind::Commit, name: name.into() }
}
