//! Releases: written down, started, stopped, brought back. Running them is the engine's.

use std::sync::Arc;

use async_trait::async_trait;
use launchway_app::ports::{Answer, Releases};
use launchway_domain::{
    Actor, Changes, Environment, EnvironmentId, EnvironmentKind, Fault, Form, GitRef, HookPoint, HookTemplateForm,
    ListQuery, Listed, LogPage, NodeKey, Page, Permission, Project, Release, ReleaseFilter, ReleaseForm, ReleaseId,
    ReleaseKind, ReleaseSnapshot, ReleaseStatus, StartForm, Text, Timestamp, Visible, text,
};
use launchway_engine::store::{NewRelease, Start, StoreError};

use super::fault::{no_such, noun, of_store, unseen};
use super::permission::{permit, permit_in};
use super::projects;
use super::start::{Coming, ahead};
use super::{Core, lists};

/// The most of a log that one call answers, in bytes.
const LOG_PAGE: usize = 256 * 1024;
/// The largest page of a list.
const MAX_LIMIT: u32 = 200;

pub(super) struct ReleaseService(pub(super) Arc<Core>);

fn thing(id: ReleaseId) -> Text {
    noun("release", "发布", id)
}

#[async_trait]
impl Releases for ReleaseService {
    async fn list(&self, actor: &Actor, filter: ReleaseFilter) -> Answer<Page<Release>> {
        permit(actor, Permission::ViewReleases)?;
        if filter.limit.is_some_and(|limit| !(1..=MAX_LIMIT).contains(&limit)) {
            let message = text!("A number from 1 to {MAX_LIMIT}.", "应为 1 到 {MAX_LIMIT} 的数字。");
            return Err(Fault::field("limit", "out_of_range", message));
        }
        if filter.cursor.as_deref().is_some_and(|cursor| cursor.parse::<i64>().is_err()) {
            let message = Text::new("Take `next` of the page before.", "请使用上一页返回的 next。");
            return Err(Fault::field("cursor", "invalid", message));
        }
        self.0.store.releases(&filter, &actor.visible()).await.map_err(|e| of_store(e, &Text::new("releases", "发布")))
    }

    async fn search(&self, actor: &Actor, query: ListQuery) -> Answer<Listed<Release>> {
        permit(actor, Permission::ViewReleases)?;
        let query = lists::checked(
            query,
            &["number", "status", "where", "who", "when"],
            &["status", "project", "environment", "kind"],
        )?;
        self.0
            .store
            .releases_list(&query, &actor.visible())
            .await
            .map_err(|e| of_store(e, &Text::new("releases", "发布")))
    }

    async fn get(&self, actor: &Actor, id: ReleaseId) -> Answer<ReleaseSnapshot> {
        permit(actor, Permission::ViewReleases)?;
        let snapshot = self.0.store.release_snapshot(id).await.map_err(|e| of_store(e, &thing(id)))?;
        self.0.permit_release(actor, Permission::ViewReleases, &snapshot.release)?;
        Ok(snapshot)
    }

    async fn log(
        &self,
        actor: &Actor,
        id: ReleaseId,
        node: NodeKey,
        attempt: Option<u32>,
        offset: u64,
    ) -> Answer<LogPage> {
        self.0.release_with_log(actor, id).await?;
        let step = noun("step", "步骤", format_args!("{node} ({id})"));
        self.0.store.log_page(id, &node, attempt, offset, LOG_PAGE).await.map_err(|e| of_store(e, &step))
    }

    async fn create(&self, actor: &Actor, form: ReleaseForm) -> Answer<Release> {
        permit(actor, Permission::CreateReleases)?;
        let hooks = form.hooks.tidy();
        let form = ReleaseForm { hooks, ..form };
        form.check()?;
        let templates = templates(&form);
        if !templates.is_empty() {
            permit(actor, Permission::ManageTemplates)?;
            self.0.room_for_templates(templates.len()).await?;
        }
        let (project, environment) = self.place(actor, &form).await?;
        if let Some(start) = &form.start {
            permit_in(actor, running_in(environment.kind), project.id)?;
            if let Some(at) = start.at {
                ahead("start.at", at, Timestamp::now())?;
            }
        }
        let commit = self.0.resolve(&project, &form.git_ref).await?;
        let settled = match &form.start {
            None => None,
            Some(StartForm { exception, at }) => {
                let coming = Coming { kind: ReleaseKind::Release, commit: &commit, again: false, at: *at };
                let settled = self.0.may_start(actor, &environment, &coming, exception.as_deref()).await?;
                Some(Start { start_at: *at, ..settled })
            }
        };
        let new = NewRelease {
            kind: ReleaseKind::Release,
            project_id: project.id,
            environment_id: environment.id,
            git_ref: form.git_ref,
            commit: commit.clone(),
            hooks: form.hooks,
            note: form.note.filter(|note| !note.trim().is_empty()),
            created_by: actor.user_id(),
            created_by_name: actor.name().to_owned(),
            rollback_of: None,
            promoted_from: None,
            exception: None,
        };
        let release = self
            .0
            .store
            .by(actor)
            .release_create_with(&new, &templates, settled.as_ref())
            .await
            .map_err(|e| of_store(e, &Text::new("release", "发布")))?;
        self.0.pin_later(project, commit, release.id);
        Ok(release)
    }

    async fn changes(&self, actor: &Actor, id: ReleaseId) -> Answer<Changes> {
        let release = self.0.release_for(actor, Permission::ViewReleases, id).await?;
        self.0.changes(release).await
    }

    async fn changes_of_ref(&self, actor: &Actor, id: EnvironmentId, git_ref: GitRef) -> Answer<Changes> {
        let environment = self.0.environment_for(actor, Permission::PickRefs, id).await?;
        self.0.changes_of_ref(environment, &git_ref).await
    }

    async fn live(&self, actor: &Actor, id: EnvironmentId) -> Answer<Option<Release>> {
        self.0.environment_for(actor, Permission::ViewReleases, id).await?;
        self.0.store.latest_succeeded(id, None).await.map_err(|e| of_store(e, &noun("environment", "环境", id)))
    }

    async fn start(&self, actor: &Actor, id: ReleaseId, form: StartForm) -> Answer<Release> {
        let release = self.0.release_to_run(actor, id).await?;
        form.check()?;
        let settled = match release.status {
            ReleaseStatus::Pending => self.0.may_start_release(actor, &release, &form).await?,
            // The store says why not.
            _ => Start::default(),
        };
        self.0.store.by(actor).release_start_with(id, &settled).await.map_err(|error| match error {
            StoreError::State(status) => refused(id, status, Text::new("not started yet", "尚未开始")),
            error => of_store(error, &thing(id)),
        })
    }

    async fn cancel(&self, actor: &Actor, id: ReleaseId) -> Answer<Release> {
        self.0.release_to_run(actor, id).await?;
        self.0.store.by(actor).release_cancel(id).await.map_err(|error| match error {
            StoreError::State(ReleaseStatus::Running) => Fault::conflict(launchway_domain::text!(
                "Release {id} is being canceled already. It ends as soon as its steps have stopped.",
                "发布 {id} 已在取消中，待其步骤停止后即结束。"
            )),
            StoreError::State(status) => refused(id, status, Text::new("not finished yet", "尚未结束")),
            error => of_store(error, &thing(id)),
        })
    }

    async fn proceed(&self, actor: &Actor, id: ReleaseId) -> Answer<Release> {
        self.0.release_to_run(actor, id).await?;
        self.0.store.by(actor).release_continue(id).await.map_err(|error| match error {
            StoreError::State(ReleaseStatus::Running) => Fault::conflict(text!(
                "Release {id} does not wait: it is on its way, or is being canceled. There is nothing to continue.",
                "发布 {id} 没有在等待：它正在进行或正在取消，无需继续。"
            )),
            StoreError::State(status) => {
                refused(id, status, Text::new("waiting between two batches", "在两批之间等待"))
            }
            error => of_store(error, &thing(id)),
        })
    }

    async fn retry(&self, actor: &Actor, id: ReleaseId, form: StartForm) -> Answer<Release> {
        let release = self.0.release_to_run(actor, id).await?;
        form.check()?;
        let settled = match release.status {
            ReleaseStatus::Failed | ReleaseStatus::Canceled => {
                self.0.has_what_it_built(&release).await?;
                self.0.may_start_release(actor, &release, &form).await?
            }
            _ => Start::default(),
        };
        self.0.store.by(actor).release_retry_with(id, &settled).await.map_err(|error| match error {
            StoreError::State(status) => refused(id, status, Text::new("failed or canceled", "失败或已取消")),
            StoreError::Overtaken(by) => Fault::conflict(text!(
                "Release {by} went live since, so a retry would leave two releases live. Make a new release of the same ref, or roll back.",
                "此后发布 {by} 已上线，重试会导致两个发布同时在线。请用同一引用创建新发布，或回滚。"
            )),
            error => of_store(error, &thing(id)),
        })
    }

    async fn rollback(&self, actor: &Actor, id: ReleaseId, form: StartForm) -> Answer<Release> {
        let target = self.0.release_to_run(actor, id).await?;
        form.check()?;
        let environment = self.0.store.environment(target.environment_id).await.map_err(|e| of_store(e, &thing(id)))?;
        self.0.roll_back(actor, target, &environment, form.exception.as_deref()).await
    }
}

impl Core {
    /// A release in whose project the actor may do it.
    pub(super) async fn release_for(&self, actor: &Actor, permission: Permission, id: ReleaseId) -> Answer<Release> {
        permit(actor, permission)?;
        let release = self.store.release(id).await.map_err(|e| of_store(e, &thing(id)))?;
        self.permit_release(actor, permission, &release)?;
        Ok(release)
    }

    /// A release that the actor may start, cancel, retry or bring back.
    pub(super) async fn release_to_run(&self, actor: &Actor, id: ReleaseId) -> Answer<Release> {
        // The lesser of the two: whoever may not even run those for test is told so, whatever the release.
        let release = self.release_for(actor, Permission::RunTest, id).await?;
        self.permit_release(actor, running_in(release.environment_kind), &release)?;
        Ok(release)
    }

    fn permit_release(&self, actor: &Actor, permission: Permission, release: &Release) -> Answer<()> {
        permit_in(actor, permission, release.project_id).map_err(|fault| unseen(fault, &thing(release.id)))
    }
}

/// What it takes to run a release in an environment.
pub(super) fn running_in(kind: EnvironmentKind) -> Permission {
    match kind {
        EnvironmentKind::Test => Permission::RunTest,
        EnvironmentKind::Prod => Permission::RunProd,
    }
}

impl ReleaseService {
    /// The project and environment of a form; both must be there and belong together, and the actor may release there.
    async fn place(&self, actor: &Actor, form: &ReleaseForm) -> Answer<(Project, Environment)> {
        let project = match self.0.store.project(form.project_id).await {
            Ok(project) => project,
            Err(StoreError::NotFound) => return Err(no_such("project_id")),
            Err(error) => return Err(of_store(error, &projects::thing(form.project_id))),
        };
        permit_in(actor, Permission::CreateReleases, project.id).map_err(|fault| match fault {
            Fault::NotFound { .. } => no_such("project_id"),
            fault => fault,
        })?;
        match self.0.store.environment(form.environment_id).await {
            Ok(environment) if environment.project_id == project.id => Ok((project, environment)),
            // Of a project that the actor does not see, not even that it is there.
            Ok(environment) if permit_in(actor, Permission::ViewReleases, environment.project_id).is_ok() => {
                Err(Fault::field(
                    "environment_id",
                    "other_project",
                    Text::new(
                        "This environment belongs to another project. Choose one of this project's.",
                        "此环境属于其他项目，请选择本项目的环境。",
                    ),
                ))
            }
            Ok(_) | Err(StoreError::NotFound) => Err(no_such("environment_id")),
            Err(error) => Err(of_store(error, &noun("environment", "环境", form.environment_id))),
        }
    }
}

/// The hooks that are also kept as templates, each under its name.
fn templates(form: &ReleaseForm) -> Vec<(HookPoint, HookTemplateForm)> {
    HookPoint::ALL
        .into_iter()
        .filter_map(|point| {
            let (name, body) = (form.save_as.at(point)?, form.hooks.at(point)?);
            let form = HookTemplateForm {
                name: name.to_owned(),
                description: None,
                point: Some(point),
                body: body.to_owned(),
            };
            Some((point, form))
        })
        .collect()
}

fn refused(id: ReleaseId, status: ReleaseStatus, needed: Text) -> Fault {
    let Text { en, zh } = status.label();
    let Text { en: needed_en, zh: needed_zh } = needed;
    Fault::conflict(text!(
        "Release {id} is “{en}”. This takes one that is {needed_en}.",
        "发布 {id} 的状态为“{zh}”，此操作只适用于{needed_zh}的发布。"
    ))
}

/// Fetches what releases that were not started need: the program may have stopped before it had.
pub(super) fn resume(core: &Arc<Core>) {
    let this = Arc::clone(core);
    core.background.spawn(async move {
        let filter =
            ReleaseFilter { status: Some(ReleaseStatus::Pending), limit: Some(MAX_LIMIT), ..Default::default() };
        let outcome: Result<(), StoreError> = async {
            for release in this.store.releases(&filter, &Visible::All).await?.items {
                let project = this.store.project(release.project_id).await?;
                this.pin_later(project, release.commit, release.id);
            }
            Ok(())
        }
        .await;
        if let Err(error) = outcome {
            tracing::warn!("looking for releases that were not started: {error}");
        }
    });
}
