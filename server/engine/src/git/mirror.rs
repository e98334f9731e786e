//! The bare mirror of a repository: what releases are made from.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use git2::{Oid, Repository, RepositoryInitOptions};
use launchway_domain::{ReleaseId, text};

use super::error::{GitError, GitErrorKind};
use super::guard::{self, Guard, Reporter};
use super::location::{Location, shown};
use super::remote::{self, Heads, Want};
use super::{Bounds, Progress, Remote, local, packed};

/// From how many new refs on they are packed into one file.
const MANY_REFS: usize = 200;

/// A bare mirror: all branches and tags of one remote, and every commit that a release pinned.
#[derive(Clone, Debug)]
pub struct Mirror {
    path: PathBuf,
}

impl Mirror {
    /// Opens the mirror at `path`, creating it where there is none: beside it first, then renamed, so
    /// that nobody meets half of one. What a process that was killed left behind is cleared away.
    ///
    /// # Errors
    /// Where the remote's address makes no sense, or the folder cannot be written.
    pub fn open(path: &Path, remote: &Remote) -> Result<Self, GitError> {
        Location::parse(&remote.url)?;
        let mirror = Self { path: path.to_owned() };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| mirror.io(&error))?;
        }
        if !path.exists() {
            mirror.create()?;
        }
        if let Some(_lock) = mirror.try_lock()? {
            mirror.heal()?;
        }
        mirror.repo()?;
        Ok(mirror)
    }

    /// The mirror at `path` where there is one: to read what is there already.
    pub fn here(path: &Path) -> Option<Self> {
        path.join("HEAD").exists().then(|| Self { path: path.to_owned() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Brings all branches and tags up to date, also those that were moved by force, and forgets those
    /// that are gone. One process at a time: others wait, within their bounds.
    ///
    /// # Errors
    /// As the remote answers; `Empty` where it has no commits.
    pub fn fetch(&self, remote: &Remote, bounds: &Bounds, progress: &mut dyn FnMut(Progress)) -> Result<(), GitError> {
        let place = shown(&remote.url);
        let location = Location::parse(&remote.url)?;
        let (mirror, remote) = (self.clone(), remote.clone());
        guard::run(&Guard::new(bounds, &place), progress, move |guard, reporter| {
            let _lock = mirror.lock(guard)?;
            let repo = mirror.repo()?;
            let heads = mirror.bring(&repo, &remote, &location, &Want::All, guard, reporter)?;
            mirror.update_refs(&repo, &heads)
        })
    }

    /// Makes sure that one commit is here, with its history: already, by a fetch of everything, or by
    /// asking for it by name. From then on it is kept.
    ///
    /// # Errors
    /// `Unreachable` where neither this mirror nor the remote has it any more.
    pub fn fetch_commit(
        &self,
        remote: &Remote,
        commit: &str,
        bounds: &Bounds,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), GitError> {
        let id = self.id(commit)?;
        if self.has(commit) {
            return Ok(());
        }
        let place = shown(&remote.url);
        let guard = Guard::new(bounds, &place);
        self.fetch(remote, &guard.bounds(), progress)?;
        if self.has(commit) {
            return Ok(());
        }
        let location = Location::parse(&remote.url)?;
        let (mirror, theirs) = (self.clone(), remote.clone());
        let result = guard::run(&guard, progress, move |guard, reporter| {
            let _lock = mirror.lock(guard)?;
            let repo = mirror.repo()?;
            let want = Want::Object { id, shallow: false };
            mirror.bring(&repo, &theirs, &location, &want, guard, reporter)?;
            mirror.keep(&repo, id)
        });
        match result {
            Ok(()) if self.has(commit) => Ok(()),
            Err(error) if matches!(error.kind, GitErrorKind::Timeout | GitErrorKind::Canceled) => Err(error),
            _ => Err(self.unreachable(commit)),
        }
    }

    /// Whether a commit (40 digits) is here.
    pub fn has(&self, commit: &str) -> bool {
        let Ok(id) = Oid::from_str(commit) else { return false };
        self.repo().is_ok_and(|repo| repo.find_commit(id).is_ok_and(|commit| commit.tree().is_ok()))
    }

    /// Keeps a commit for a release, whatever becomes of the branches and tags that named it.
    ///
    /// # Errors
    /// `Unreachable` where the commit is not here.
    pub fn pin(&self, commit: &str, release: ReleaseId) -> Result<(), GitError> {
        let repo = self.repo()?;
        let id = self.id(commit)?;
        if repo.find_commit(id).is_err() {
            return Err(self.unreachable(commit));
        }
        self.write_ref(&repo, &format!("refs/launchway/releases/{release}"), id)
    }

    /// Keeps a commit that no release names itself: a submodule's.
    pub(super) fn keep(&self, repo: &Repository, id: Oid) -> Result<(), GitError> {
        self.write_ref(repo, &format!("refs/launchway/keep/{id}"), id)
    }

    /// Writes one of our own refs. Whoever creates a release pins its commit, and so does whoever runs
    /// it, perhaps in the same moment: Git refuses the second of two that write one ref at once, so they
    /// take turns. A ref's lock file that is there during one's turn is left from a program that was
    /// killed.
    fn write_ref(&self, repo: &Repository, name: &str, id: Oid) -> Result<(), GitError> {
        let path = self.beside(".pins");
        let turn = OpenOptions::new().create(true).write(true).truncate(false).open(path);
        let _turn = turn.and_then(|file| file.lock().map(|()| file)).map_err(|error| self.io(&error))?;
        let _ = fs::remove_file(self.path.join(format!("{name}.lock")));
        repo.reference(name, id, true, "pin").map(drop).map_err(|error| self.failed(&error))
    }

    pub(super) fn repo(&self) -> Result<Repository, GitError> {
        Repository::open_bare(&self.path).map_err(|error| self.failed(&error))
    }

    pub(super) fn id(&self, commit: &str) -> Result<Oid, GitError> {
        Oid::from_str(commit).ok().filter(|_| commit.len() == 40).ok_or_else(|| self.unreachable(commit))
    }

    pub(super) fn failed(&self, error: &git2::Error) -> GitError {
        GitError::from_git(error, &self.path.display().to_string())
    }

    pub(super) fn unreachable(&self, commit: &str) -> GitError {
        let short = commit.get(..12).unwrap_or(commit);
        GitError::new(
            GitErrorKind::Unreachable,
            text!(
                "Commit {short} is gone: the remote no longer has it. Make a release from a ref that exists.",
                "提交 {short} 已不存在：远程仓库不再包含它。请用现有的引用创建发布。"
            ),
        )
    }

    fn io(&self, error: &std::io::Error) -> GitError {
        GitError::io(&self.path.display().to_string(), error)
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    }

    fn create(&self) -> Result<(), GitError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let side = tempfile::Builder::new().prefix(".new-mirror-").tempdir_in(folder).map_err(|e| self.io(&e))?;
        let mut options = RepositoryInitOptions::new();
        options.bare(true).external_template(false);
        Repository::init_opts(side.path(), &options).map_err(|error| self.failed(&error))?;
        match fs::rename(side.path(), &self.path) {
            Ok(()) => {
                // Renamed away: nothing is left for the guard to remove.
                let _ = side.keep();
                Ok(())
            }
            // Somebody else was faster.
            Err(_) if self.path.join("HEAD").exists() => Ok(()),
            Err(error) => Err(self.io(&error)),
        }
    }

    fn lock_file(&self) -> Result<File, GitError> {
        let path = self.beside(".lock");
        OpenOptions::new().create(true).write(true).truncate(false).open(path).map_err(|error| self.io(&error))
    }

    /// The lock, where nobody holds it. It ends with the file, so with the process at the latest.
    fn try_lock(&self) -> Result<Option<File>, GitError> {
        let file = self.lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(self.io(&error)),
        }
    }

    fn lock(&self, guard: &Guard) -> Result<File, GitError> {
        loop {
            if let Some(file) = self.try_lock()? {
                return Ok(file);
            }
            guard.pause()?;
        }
    }

    /// Under the lock: takes away the lock files, half packs and empty refs of a process that was
    /// killed, and puts back what a repository needs to be one.
    fn heal(&self) -> Result<(), GitError> {
        for name in ["HEAD.lock", "config.lock", "packed-refs.lock", "shallow.lock"] {
            let _ = fs::remove_file(self.path.join(name));
        }
        clear_refs(&self.path.join("refs"));
        for folder in [self.path.clone(), self.path.join("objects/pack")] {
            for file in fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = file.file_name();
                let name = name.to_string_lossy();
                if name.starts_with("tmp_") || name.starts_with("pack_git2_") {
                    let _ = fs::remove_file(file.path());
                }
            }
        }
        if self.repo().is_err() {
            let mut options = RepositoryInitOptions::new();
            options.bare(true).external_template(false);
            Repository::init_opts(&self.path, &options).map_err(|error| self.failed(&error))?;
        }
        Ok(())
    }

    fn bring<T>(
        &self,
        repo: &Repository,
        remote: &Remote,
        location: &Location,
        want: &Want,
        guard: &Guard,
        reporter: &Reporter<T>,
    ) -> Result<Heads, GitError> {
        let Location::Local(path) = location else {
            return remote::download(repo, remote, location, want, guard, reporter);
        };
        let place = shown(&remote.url);
        let source = local::open(path)?;
        let heads = local::heads(&source, &place)?;
        if heads.refs.is_empty() {
            return Err(GitError::empty(&place));
        }
        let extra = match want {
            Want::All => None,
            Want::Object { id, .. } => Some(*id),
        };
        local::transfer(&source, repo, &heads, extra, &place, guard, reporter)?;
        Ok(heads)
    }

    /// Makes branches and tags equal to the remote's. What is gone goes first: a branch `a` that
    /// became `a/b` could not be written otherwise. Pins stand elsewhere and stay.
    fn update_refs(&self, repo: &Repository, heads: &Heads) -> Result<(), GitError> {
        let failed = |error: git2::Error| self.failed(&error);
        let mut current = BTreeMap::new();
        for reference in repo.references().map_err(failed)? {
            let mut reference = reference.map_err(failed)?;
            let name = reference.name().map(str::to_owned);
            match name {
                Ok(name) if !Heads::wants(&name) => {}
                Ok(name) if heads.refs.contains_key(&name) => {
                    current.insert(name, reference.target());
                }
                _ if reference.name_bytes().starts_with(b"refs/launchway/") => {}
                _ => reference.delete().map_err(failed)?,
            }
        }
        let odb = repo.odb().map_err(failed)?;
        let mut fresh = Vec::new();
        for (name, id) in &heads.refs {
            if current.get(name) == Some(&Some(*id)) {
                continue;
            }
            if !odb.exists(*id) {
                tracing::warn!(%name, %id, mirror = %self.path.display(), "a ref names an object that the remote lacks");
                continue;
            }
            if current.contains_key(name) {
                repo.reference(name, *id, true, "fetch").map_err(failed)?;
            } else {
                fresh.push((name.as_str(), *id));
            }
        }
        let are_many = fresh.len() > MANY_REFS;
        if are_many {
            packed::add(&self.path, &fresh).map_err(|error| self.io(&error))?;
        } else {
            for (name, id) in fresh {
                repo.reference(name, id, true, "fetch").map_err(failed)?;
            }
        }
        if let Some(branch) = heads.default_branch.as_deref().filter(|name| heads.refs.contains_key(*name)) {
            repo.set_head(branch).map_err(failed)?;
        }
        if are_many {
            repo.refdb_compress().map_err(failed)?;
        }
        Ok(())
    }
}

fn clear_refs(folder: &Path) {
    let Ok(files) = fs::read_dir(folder) else { return };
    for file in files.flatten() {
        let Ok(kind) = file.file_type() else { continue };
        if kind.is_dir() {
            clear_refs(&file.path());
        } else if file.file_name().as_encoded_bytes().ends_with(b".lock")
            || file.metadata().is_ok_and(|metadata| metadata.len() == 0)
        {
            // No ref's name may end in `.lock` (git-check-ref-format).
            let _ = fs::remove_file(file.path());
        }
    }
}
