//! What a release changes: two commits of a project's mirror held against each other.

use std::time::Duration;

use launchway_domain::form::message;
use launchway_domain::{
    Changes, Comparison, Environment, Fault, GitRef, LiveCommit, Project, Release, ReleaseId, ReleaseKind, RuleState,
    Text, Upload,
};
use launchway_engine::artifact::Artifact;
use launchway_engine::git::{Bounds, GitError, GitErrorKind, Mirror};

use super::Core;
use super::fault::{noun, of_store};
use super::refs::{FETCH, stopped, upstream};
use super::start::Coming;

/// The comparison itself, once the commits are here.
const COMPARE: Duration = Duration::from_secs(20);

impl Core {
    /// What a release changes, or changed: against what was live when it ended, or is live now where it has not.
    pub(super) async fn changes(&self, release: Release) -> Result<Changes, Fault> {
        let id = release.id;
        let to_fault = |e| of_store(e, &noun("release", "发布", id));
        let project = self.store.project(release.project_id).await.map_err(to_fault)?;
        let environment = self.store.environment(release.environment_id).await.map_err(to_fault)?;
        let before = self.store.latest_succeeded(environment.id, Some(id)).await.map_err(to_fault)?;
        let rules = self.rules_of(&release).await?;
        let tree = self.store.release_tree_of(id).await.map_err(to_fault)?;
        self.against(&project, &environment, before, release.commit, Some(tree), rules).await
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
        let coming = Coming { kind: ReleaseKind::Release, commit: &commit, again: false, at: None };
        let rules = self.rules(&environment, &coming).await?;
        self.against(&project, &environment, live, commit, None, rules).await
    }

    /// What taking a release of a test environment to another one would change there; `same` where its artifact is taken
    /// over. The rules are told by the promotion itself.
    pub(super) async fn changes_of_promotion(
        &self,
        environment: &Environment,
        source: Release,
        same: bool,
    ) -> Result<Changes, Fault> {
        let to_fault = |e| of_store(e, &noun("environment", "环境", environment.id));
        let project = self.store.project(environment.project_id).await.map_err(to_fault)?;
        let live = self.store.latest_succeeded(environment.id, None).await.map_err(to_fault)?;
        let tree = match same {
            true => Some(self.store.release_tree_of(source.id).await.map_err(to_fault)?),
            false => None,
        };
        self.against(&project, environment, live, source.commit, tree, Vec::new()).await
    }

    /// `tree` is the release whose artifact would go over the wire, if it is there.
    async fn against(
        &self,
        project: &Project,
        environment: &Environment,
        live: Option<Release>,
        commit: String,
        tree: Option<ReleaseId>,
        rules: Vec<RuleState>,
    ) -> Result<Changes, Fault> {
        let from = live.as_ref().map(|live| live.commit.clone());
        let comparison = self.compare(project, from, commit.clone()).await?;
        let against = live.map(|live| LiveCommit { release_id: live.id, git_ref: live.git_ref, commit: live.commit });
        let upload = self.upload(project, environment, &commit, tree).await?;
        Ok(Changes { commit, against, comparison, upload, rules })
    }

    /// What has to go over the wire: of the artifact where it is packed, else of the commit.
    async fn upload(
        &self,
        project: &Project,
        environment: &Environment,
        commit: &str,
        tree: Option<ReleaseId>,
    ) -> Result<Option<Upload>, Fault> {
        let servers = u32::try_from(environment.server_ids.len()).unwrap_or(u32::MAX);
        let artifact = tree.map(|tree| self.data.artifact(tree));
        let (mirror, root, commit) =
            (self.data.mirror(project.id), environment.package_root.clone(), commit.to_owned());
        let bounds = Bounds { deadline: COMPARE, cancel: self.stopping.child_token() };
        self.outward(move || {
            if let Some(artifact) = artifact.and_then(|dir| Artifact::open(&dir).ok()) {
                let files = artifact.manifest.files() as u64;
                return Some(Upload { bytes: artifact.archive_bytes, files, exact: true, servers });
            }
            // The mirror has it: it was compared a moment ago.
            let size = Mirror::here(&mirror)?.size(&commit, root.as_deref(), &bounds);
            let (files, bytes) = size.inspect_err(|error| tracing::debug!(%error, "measuring a commit")).ok()??;
            Some(Upload { bytes, files, exact: false, servers })
        })
        .await
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
