//! What a release changes: two commits of a project's mirror held against each other.

use std::time::Duration;

use launchway_domain::form::message;
use launchway_domain::{Changes, Comparison, Environment, Fault, GitRef, LiveCommit, Project, Release, Text};
use launchway_engine::git::{Bounds, GitError, GitErrorKind, Mirror};

use super::Core;
use super::fault::{noun, of_store};
use super::refs::{FETCH, stopped, upstream};

/// The comparison itself, once the commits are here.
const COMPARE: Duration = Duration::from_secs(20);

impl Core {
    /// What a release changes, or changed: against what was live when it ended, or is live now where it has not.
    pub(super) async fn changes(&self, release: Release) -> Result<Changes, Fault> {
        let id = release.id;
        let thing = noun("release", "发布", id);
        let project = self.store.project(release.project_id).await.map_err(|e| of_store(e, &thing))?;
        let before = self.store.latest_succeeded(release.environment_id, Some(id));
        let before = before.await.map_err(|e| of_store(e, &thing))?;
        self.against(&project, before, release.commit).await
    }

    /// What a ref would change in an environment, if it were released now.
    pub(super) async fn changes_of_ref(&self, environment: Environment, git_ref: &GitRef) -> Result<Changes, Fault> {
        let id = environment.id;
        let thing = noun("environment", "环境", id);
        let project = self.store.project(environment.project_id).await.map_err(|e| of_store(e, &thing))?;
        if git_ref.name.trim().is_empty() {
            return Err(Fault::field("ref.name", "required", message("required")));
        }
        let live = self.store.latest_succeeded(id, None).await.map_err(|e| of_store(e, &thing))?;
        let commit = self.resolve(&project, git_ref).await?;
        self.against(&project, live, commit).await
    }

    async fn against(&self, project: &Project, live: Option<Release>, commit: String) -> Result<Changes, Fault> {
        let from = live.as_ref().map(|live| live.commit.clone());
        let comparison = self.compare(project, from, commit.clone()).await?;
        let against = live.map(|live| LiveCommit { release_id: live.id, git_ref: live.git_ref, commit: live.commit });
        Ok(Changes { commit, against, comparison })
    }

    async fn compare(&self, project: &Project, from: Option<String>, to: String) -> Result<Comparison, Fault> {
        let path = self.data.mirror(project.id);
        let bounds = Bounds { deadline: COMPARE, cancel: self.stopping.child_token() };
        // As a rule the commit is here, and nobody has to be asked for it or waited for.
        {
            let (path, from, to, bounds) = (path.clone(), from.clone(), to.clone(), bounds.clone());
            let here = move || match Mirror::here(&path) {
                Some(mirror) if mirror.has(&to) => Some(mirror.compare(from.as_deref(), &to, &bounds)),
                _ => None,
            };
            if let Some(found) = self.outward(here).await? {
                return found.map_err(fault);
            }
        }
        let remote = self.remote(project).await?;
        let fetch = Bounds { deadline: FETCH, cancel: self.stopping.child_token() };
        let lock = self.mirrors.lock(project.id).await;
        self.outward(move || {
            let mirror = Mirror::open(&path, &remote)?;
            {
                let _lock = lock;
                mirror.fetch_commit(&remote, &to, &fetch, &mut |_| {})?;
            }
            mirror.compare(from.as_deref(), &to, &bounds)
        })
        .await?
        .map_err(fault)
    }
}

fn fault(error: GitError) -> Fault {
    match error.kind {
        GitErrorKind::Canceled => stopped(),
        GitErrorKind::Unreachable => Fault::conflict(error.text),
        GitErrorKind::Timeout => Fault::Upstream {
            detail: Text::new(
                "To compare the commits took too long. Try again, or look into the repository itself.",
                "比较提交耗时过长，请重试，或直接查看仓库。",
            ),
        },
        _ => upstream(error),
    }
}
