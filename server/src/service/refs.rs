//! A project's repository: its mirror on this host, and what there is to release in it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use launchway_domain::form::message;
use launchway_domain::{Fault, GitRef, Project, ProjectId, RefChoices, RefItem, RefKind, ReleaseId, Text};
use launchway_engine::git::{self, Bounds, GitError, GitErrorKind, Mirror, Named};
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

use super::Core;

/// Asking a remote for its refs.
const ASK: Duration = Duration::from_secs(30);
/// Fetching: the first one of a large repository takes its time.
pub(super) const FETCH: Duration = Duration::from_secs(15 * 60);
/// How many of each kind are offered after a fetch: more than anybody looks through, and any other can be typed.
const CHOICES: usize = 1_000;
/// How many of each kind are offered at once, with the page.
const KNOWN: usize = 40;
/// How many commits of a branch are offered.
const COMMITS: usize = 50;

/// One fetch at a time for each mirror of this program; the mirror has a lock file of its own for
/// other programs, but waiting for that takes a thread.
#[derive(Default)]
pub(super) struct MirrorLocks(Mutex<HashMap<ProjectId, Arc<tokio::sync::Mutex<()>>>>);

impl MirrorLocks {
    pub(super) async fn lock(&self, project: ProjectId) -> OwnedMutexGuard<()> {
        let mutex = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|id, mutex| *id == project || Arc::strong_count(mutex) > 1);
            all.entry(project).or_default().clone()
        };
        mutex.lock_owned().await
    }
}

/// For a question to a remote.
pub(super) fn short_bounds(stopping: &CancellationToken) -> Bounds {
    Bounds { deadline: ASK, cancel: stopping.child_token() }
}

impl Core {
    /// Fetches, then lists tags, branches, or the last commits of a branch.
    pub(super) async fn refs(
        &self,
        project: &Project,
        kind: RefKind,
        branch: Option<String>,
    ) -> Result<Vec<RefItem>, Fault> {
        let branch = branch.filter(|branch| !branch.is_empty());
        if kind == RefKind::Commit && branch.is_none() {
            return Err(Fault::field("branch", "required", message("required")));
        }
        let remote = self.remote(project).await?;
        let path = self.data.mirror(project.id);
        let bounds = Bounds { deadline: FETCH, cancel: self.stopping.child_token() };
        let lock = self.mirrors.lock(project.id).await;
        self.outward(move || {
            let _lock = lock;
            let mirror = Mirror::open(&path, &remote)?;
            mirror.fetch(&remote, &bounds, &mut |_| {})?;
            match (kind, branch) {
                (RefKind::Tag, _) => mirror.tags(),
                (RefKind::Branch, _) => mirror.branches(),
                (RefKind::Commit, branch) => mirror.commits(&branch.unwrap_or_default(), COMMITS),
            }
        })
        .await?
        .map_err(|error| match error.kind {
            GitErrorKind::UnknownRef => Fault::field("branch", "not_found", error.text),
            GitErrorKind::Canceled => stopped(),
            _ => upstream(error),
        })
    }

    /// Everything that can be picked: after a fetch, or as of the last one (nothing where there was none).
    pub(super) async fn choices(&self, project: &Project, fetch: bool) -> Result<RefChoices, Fault> {
        let path = self.data.mirror(project.id);
        if !fetch {
            let known = move || Mirror::here(&path).map_or(Ok(RefChoices::default()), |mirror| mirror.choices(KNOWN));
            return self.outward(known).await?.map_err(upstream);
        }
        let remote = self.remote(project).await?;
        let bounds = Bounds { deadline: FETCH, cancel: self.stopping.child_token() };
        let lock = self.mirrors.lock(project.id).await;
        self.outward(move || {
            let mirror = Mirror::open(&path, &remote)?;
            {
                let _lock = lock;
                mirror.fetch(&remote, &bounds, &mut |_| {})?;
            }
            mirror.choices(CHOICES)
        })
        .await?
        .map_err(|error| if error.kind == GitErrorKind::Canceled { stopped() } else { upstream(error) })
    }

    /// The commit that a ref names at the remote right now.
    pub(super) async fn resolve(&self, project: &Project, git_ref: &GitRef) -> Result<String, Fault> {
        self.named(project, git_ref).await.map(|named| named.commit)
    }

    /// The same, with the object of an annotated tag.
    pub(super) async fn named(&self, project: &Project, git_ref: &GitRef) -> Result<Named, Fault> {
        let remote = self.remote(project).await?;
        let (path, git_ref) = (self.data.mirror(project.id), git_ref.clone());
        let bounds = short_bounds(&self.stopping);
        self.outward(move || {
            let mirror = path.exists().then_some(path.as_path());
            git::named(&remote, &git_ref, mirror, &bounds)
        })
        .await?
        .map_err(|error| match error.kind {
            GitErrorKind::UnknownRef | GitErrorKind::Empty | GitErrorKind::Unreachable => {
                Fault::field("ref.name", "unknown_ref", error.text)
            }
            GitErrorKind::Canceled => stopped(),
            _ => upstream(error),
        })
    }

    /// Brings a release's commit into the mirror and keeps it there, in the background. The release
    /// itself does the same when it runs; this is early, while the commit is surely there.
    pub(super) fn pin_later(self: &Arc<Self>, project: Project, commit: String, release: ReleaseId) {
        let core = Arc::clone(self);
        self.background.spawn(async move {
            let outcome = tokio::select! {
                () = core.stopping.cancelled() => return,
                outcome = core.pin(&project, commit, release) => outcome,
            };
            if let Err(error) = outcome {
                tracing::warn!(%release, project = %project.id, "the commit could not be fetched ahead: {error}");
            }
        });
    }

    async fn pin(&self, project: &Project, commit: String, release: ReleaseId) -> Result<(), Fault> {
        let remote = self.remote(project).await?;
        let path = self.data.mirror(project.id);
        let bounds = Bounds { deadline: FETCH, cancel: self.stopping.child_token() };
        let lock = self.mirrors.lock(project.id).await;
        self.outward(move || {
            let _lock = lock;
            let mirror = Mirror::open(&path, &remote)?;
            if !mirror.has(&commit) {
                mirror.fetch(&remote, &bounds, &mut |_| {})?;
            }
            if !mirror.has(&commit) {
                // The ref moved on since it was resolved: ask for the object itself.
                mirror.fetch_commit(&remote, &commit, &bounds, &mut |_| {})?;
            }
            mirror.pin(&commit, release)
        })
        .await?
        .map_err(upstream)
    }

    /// Removes a deleted project's mirror, in the background.
    pub(super) fn forget_mirror(self: &Arc<Self>, project: ProjectId) {
        let core = Arc::clone(self);
        self.background.spawn(async move {
            let lock = core.mirrors.lock(project).await;
            let path = core.data.mirror(project);
            let removed = tokio::task::spawn_blocking(move || {
                let _lock = lock;
                launchway_engine::guard::clean(&path)
            });
            if let Ok(Err(error)) = removed.await {
                tracing::warn!(%project, "the mirror of a deleted project stays: {error}");
            }
        });
    }
}

/// A Git host did not do its part.
pub(super) fn upstream(error: GitError) -> Fault {
    Fault::Upstream { detail: error.text }
}

/// The program is being stopped.
pub(super) fn stopped() -> Fault {
    Fault::Upstream {
        detail: Text::new(
            "Launchway is being stopped. Try again when it is back.",
            "Launchway 正在停止，请在其恢复后重试。",
        ),
    }
}
