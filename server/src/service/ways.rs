//! Back to an earlier release, and on from a test environment to another one.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt, stream};
use launchway_app::ports::{Answer, Ways};
use launchway_domain::{
    Actor, Changes, Environment, EnvironmentId, EnvironmentKind, Fault, Form, Hooks, Permission, PromoteForm,
    Promotion, Release, ReleaseId, ReleaseKind, ReleaseStatus, RollbackForm, RuleState, Server, Standing, Text,
    Unasked, WayBack, WaysBack, text,
};
use launchway_engine::lineage;
use launchway_engine::shell::{Limits, ShellError};
use launchway_engine::ssh::Session;
use launchway_engine::store::NewRelease;
use launchway_engine::target::{self, Site, TargetError};

use super::Core;
use super::fault::{no_such, noun, of_store};
use super::releases::running_in;
use super::start::Coming;

/// Earlier releases on a page where nothing else is asked for, and at most.
const PAGE: (u32, u32) = (20, 100);
/// How long one server may take to say what it holds.
const ASK: Duration = Duration::from_secs(15);
/// How many servers are asked at once.
const PARALLEL: usize = 16;

pub(super) struct WayService(pub(super) Arc<Core>);

fn thing(id: EnvironmentId) -> Text {
    noun("environment", "环境", id)
}

#[async_trait]
impl Ways for WayService {
    async fn back(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        cursor: Option<String>,
        limit: Option<u32>,
        look: bool,
    ) -> Answer<WaysBack> {
        let environment = self.0.environment_for(actor, Permission::ViewReleases, id).await?;
        let limit = limit.unwrap_or(PAGE.0);
        if !(1..=PAGE.1).contains(&limit) {
            let most = PAGE.1;
            let message = text!("A number from 1 to {most}.", "应为 1 到 {most} 的数字。");
            return Err(Fault::field("limit", "out_of_range", message));
        }
        let before = match cursor.as_deref().map(str::parse::<i64>) {
            None => None,
            Some(Ok(before)) => Some(before),
            Some(Err(_)) => {
                let message = Text::new("Take `next` of the page before.", "请使用上一页返回的 next。");
                return Err(Fault::field("cursor", "invalid", message));
            }
        };
        if look {
            // Whoever asks servers has to be one who may release to them.
            super::permission::permit_in(actor, running_in(environment.kind), environment.project_id)?;
        }
        self.0.ways_back(&environment, before, limit, look).await
    }

    async fn roll_back(&self, actor: &Actor, id: EnvironmentId, form: RollbackForm) -> Answer<Release> {
        let environment = self.0.environment_to_run(actor, id).await?;
        form.check()?;
        let target = match form.release_id {
            Some(wanted) => {
                let found = self.0.store.release(wanted).await;
                let found = found.ok().filter(|release| release.project_id == environment.project_id);
                let found = found.ok_or_else(|| no_such("release_id"))?;
                if found.environment_id != id {
                    let Environment { name, .. } = &environment;
                    let went = &found.environment_name;
                    return Err(Fault::field(
                        "release_id",
                        "other_environment",
                        text!(
                            "Release {wanted} went to {went} and not to {name}. Choose one of {name}, or promote it.",
                            "发布 {wanted} 属于环境 {went} 而非 {name}。请选择 {name} 的发布，或使用提升。"
                        ),
                    ));
                }
                found
            }
            None => self.0.live_before(&environment).await?,
        };
        self.0.roll_back(actor, target, &environment, form.exception.as_deref()).await
    }

    async fn promotion(&self, actor: &Actor, id: EnvironmentId, from: Option<EnvironmentId>) -> Answer<Promotion> {
        let environment = self.0.environment_for(actor, Permission::ViewReleases, id).await?;
        self.0.promotion(&environment, from).await
    }

    async fn promotion_changes(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        from: Option<EnvironmentId>,
    ) -> Answer<Changes> {
        let environment = self.0.environment_for(actor, Permission::ViewReleases, id).await?;
        let Promotion { release, same_artifact, .. } = self.0.promotion(&environment, from).await?;
        self.0.changes_of_promotion(&environment, release, same_artifact).await
    }

    async fn promote(&self, actor: &Actor, id: EnvironmentId, form: PromoteForm) -> Answer<Release> {
        let environment = self.0.environment_to_run(actor, id).await?;
        form.check()?;
        let Promotion { release: source, .. } = self.0.promotion(&environment, form.from).await?;
        let coming = Coming { kind: ReleaseKind::Release, commit: &source.commit, again: false, at: None };
        let settled = self.0.may_start(actor, &environment, &coming, form.exception.as_deref()).await?;
        let to_fault = |e| of_store(e, &thing(id));
        let project = self.0.store.project(environment.project_id).await.map_err(to_fault)?;
        let commit = source.commit.clone();
        let new = NewRelease {
            kind: ReleaseKind::Release,
            project_id: environment.project_id,
            environment_id: environment.id,
            git_ref: source.git_ref,
            commit: source.commit,
            hooks: self.0.hooks_of_tree(source.id, source.hooks).await?,
            note: None,
            created_by: actor.user_id(),
            created_by_name: actor.name().to_owned(),
            rollback_of: None,
            promoted_from: Some(source.id),
            exception: None,
        };
        let made = self.0.store.by(actor).release_create_started(&new, &settled).await.map_err(to_fault)?;
        self.0.pin_later(project, commit, made.id);
        Ok(made)
    }

    async fn rules(&self, actor: &Actor, id: ReleaseId) -> Answer<Vec<RuleState>> {
        let release = self.0.release_for(actor, Permission::ViewReleases, id).await?;
        self.0.rules_and_back(&release).await
    }

    async fn standing(&self, actor: &Actor, id: ReleaseId) -> Answer<Standing> {
        let release = self.0.release_for(actor, Permission::ViewReleases, id).await?;
        let rules = self.0.rules_and_back(&release).await?;
        self.0.standing(release, rules).await
    }
}

impl Core {
    /// How a release stands to the policy of its environment; nothing where it cannot be started or retried.
    pub(super) async fn rules_of(&self, release: &Release) -> Answer<Vec<RuleState>> {
        if !matches!(release.status, ReleaseStatus::Pending | ReleaseStatus::Failed | ReleaseStatus::Canceled) {
            return Ok(Vec::new());
        }
        let environment = self.store.environment(release.environment_id).await;
        let environment = environment.map_err(|e| of_store(e, &thing(release.environment_id)))?;
        self.rules(&environment, &release.into()).await
    }

    /// The same, and of what has succeeded how going back to it stands to the policy.
    async fn rules_and_back(&self, release: &Release) -> Answer<Vec<RuleState>> {
        if release.status != ReleaseStatus::Succeeded {
            return self.rules_of(release).await;
        }
        let environment = self.store.environment(release.environment_id).await;
        let environment = environment.map_err(|e| of_store(e, &thing(release.environment_id)))?;
        let coming = Coming { kind: ReleaseKind::Rollback, commit: &release.commit, again: false, at: None };
        self.rules(&environment, &coming).await
    }

    /// Brings an earlier release of an environment back.
    pub(super) async fn roll_back(
        &self,
        actor: &Actor,
        target: Release,
        environment: &Environment,
        exception: Option<&str>,
    ) -> Answer<Release> {
        let id = target.id;
        let to_fault = |e| of_store(e, &noun("release", "发布", id));
        if target.status != ReleaseStatus::Succeeded {
            let Text { en, zh } = target.status.label();
            return Err(Fault::conflict(text!(
                "Release {id} is “{en}”: no server ever had all of it live. Go back to one that succeeded, or start or retry this one.",
                "发布 {id} 的状态为“{zh}”，从未完整上线。请回滚到成功的发布，或开始、重试此发布。"
            )));
        }
        let coming = Coming { kind: ReleaseKind::Rollback, commit: &target.commit, again: false, at: None };
        let settled = self.may_start(actor, environment, &coming, exception).await?;
        // A rollback has no artifact of its own: going back to it is going back to what it brought back.
        let origin = self.store.release_tree_of(id).await.map_err(to_fault)?;
        let new = NewRelease {
            kind: ReleaseKind::Rollback,
            project_id: target.project_id,
            environment_id: target.environment_id,
            git_ref: target.git_ref,
            commit: target.commit.clone(),
            hooks: Hooks { before_download: None, after_download: None, ..target.hooks },
            note: None,
            created_by: actor.user_id(),
            created_by_name: actor.name().to_owned(),
            rollback_of: Some(origin),
            promoted_from: None,
            exception: None,
        };
        self.store.by(actor).release_create_started(&new, &settled).await.map_err(to_fault)
    }

    /// An environment to whose servers the actor may release.
    async fn environment_to_run(&self, actor: &Actor, id: EnvironmentId) -> Answer<Environment> {
        let environment = self.environment_for(actor, Permission::RunTest, id).await?;
        super::permission::permit_in(actor, running_in(environment.kind), environment.project_id)?;
        Ok(environment)
    }

    /// What was live before what is live now: what a release that did not succeed has replaced on some servers, else the
    /// last that succeeded with another tree.
    async fn live_before(&self, environment: &Environment) -> Answer<Release> {
        let to_fault = |e| of_store(e, &thing(environment.id));
        if let Some(replaced) = self.left_half(environment).await? {
            return Ok(replaced);
        }
        let nothing = || {
            let name = &environment.name;
            Fault::conflict(text!(
                "Nothing was live in {name} before what is live now, so there is nothing to go back to.",
                "{name} 在当前版本之前没有上线过其他发布，无法回滚。"
            ))
        };
        let live = self.store.latest_succeeded(environment.id, None).await.map_err(to_fault)?.ok_or_else(nothing)?;
        let tree = self.store.release_tree_of(live.id).await.map_err(to_fault)?;
        let mut last = live.id;
        while let Some(earlier) = self.store.latest_succeeded(environment.id, Some(last)).await.map_err(to_fault)? {
            if self.store.release_tree_of(earlier.id).await.map_err(to_fault)? != tree {
                return Ok(earlier);
            }
            last = earlier.id;
        }
        Err(nothing())
    }

    async fn ways_back(
        &self,
        environment: &Environment,
        before: Option<i64>,
        limit: u32,
        look: bool,
    ) -> Answer<WaysBack> {
        let id = environment.id;
        let to_fault = |e| of_store(e, &thing(id));
        let mut found = self.store.releases_earlier(id, before, limit + 1).await.map_err(to_fault)?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| more).map(|last| last.id.to_string());
        let now = self.live_now(environment).await?;
        let (held, unasked) = if look { self.held(environment).await? } else { (None, Vec::new()) };
        let mut items = Vec::with_capacity(found.len());
        for release in found {
            let held = held.as_ref().map(|all| all.iter().filter(|ids| ids.contains(&release.id.0)).count());
            items.push(WayBack {
                live: now.has(release.id),
                live_on: now.live_on(release.id),
                stored: lineage::is_stored(&self.data, release.id).await,
                held: held.map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
                release,
            });
        }
        Ok(WaysBack { items, next, servers: now.servers(), parts: now.parts(), unasked })
    }

    /// What each server of an environment holds, and which could not be asked.
    async fn held(&self, environment: &Environment) -> Answer<(Option<Vec<Vec<i64>>>, Vec<Unasked>)> {
        let mut servers = Vec::with_capacity(environment.server_ids.len());
        for id in &environment.server_ids {
            servers.push(self.store.server(*id).await.map_err(|e| of_store(e, &noun("server", "服务器", *id)))?);
        }
        let answers: Vec<_> = stream::iter(servers)
            .map(|server| async move {
                let answer = self.held_by(environment, &server).await;
                (server, answer)
            })
            .buffered(PARALLEL)
            .collect()
            .await;
        let (mut held, mut unasked) = (Vec::new(), Vec::new());
        for (server, answer) in answers {
            match answer {
                Ok(ids) => held.push(ids),
                Err(error) => unasked.push(Unasked { server_id: server.id, hostname: server.hostname, error }),
            }
        }
        Ok((Some(held), unasked))
    }

    async fn held_by(&self, environment: &Environment, server: &Server) -> Result<Vec<i64>, Text> {
        let endpoint = self.endpoint(server).await.map_err(|fault| fault.detail())?;
        let base = Environment::path_on(environment.path.trim_end_matches('/'), &server.hostname).into_bytes();
        let site = Site { base, release: ReleaseId(0), hostname: server.hostname.clone() };
        let limits = Limits::within(ASK, &self.stopping.child_token());
        let asked = self.outward(move || {
            let mut session =
                Session::connect(&endpoint, limits.deadline, &limits.cancel).map_err(|error| error.text)?;
            target::held(&mut session, &site, &limits).map_err(|error| match error {
                TargetError::Refused { text, .. } | TargetError::Shell(ShellError::Lost(text)) => text,
                TargetError::Shell(other) => Text::verbatim(other.to_string()),
            })
        });
        asked.await.map_err(|fault| fault.detail())?
    }

    /// What promoting to an environment would do.
    async fn promotion(&self, to: &Environment, from: Option<EnvironmentId>) -> Answer<Promotion> {
        let to_fault = |e| of_store(e, &thing(to.id));
        let (from, release) = self.source(to, from).await?;
        self.is_everywhere(&from, &release).await?;
        let rebuilt = lineage::apart(&self.store, &self.data, release.id, to).await.map_err(to_fault)?;
        let coming = Coming { kind: ReleaseKind::Release, commit: &release.commit, again: false, at: None };
        let rules = self.rules(to, &coming).await?;
        Ok(Promotion { from: from.id, from_name: from.name, release, same_artifact: rebuilt.is_none(), rebuilt, rules })
    }

    /// What is promoted has to be what the servers of the environment run: a release that failed half-way since, or a link
    /// that was moved by hand, leaves nobody who has tried it.
    async fn is_everywhere(&self, from: &Environment, release: &Release) -> Answer<()> {
        let tree = self.store.release_tree_of(release.id).await.map_err(|e| of_store(e, &thing(from.id)))?;
        // A server of which nothing is known, one that is new there for instance, says nothing against it.
        let parts = self.live_now(from).await?.parts();
        let other = parts.iter().find_map(|part| Some((part.release_id.filter(|there| *there != tree)?, part)));
        let Some((there, part)) = other else { return Ok(()) };
        let (name, id, hosts) = (&from.name, release.id, part.hostnames.join(", "));
        Err(Fault::conflict(text!(
            "Release {id} succeeded last in {name}, but {hosts} has release {there} by now. Roll {name} back or release to it again, then promote.",
            "{name} 最近成功的是发布 {id}，但 {hosts} 当前为发布 {there}。请先回滚或重新发布 {name}，再提升。"
        )))
    }

    /// The test environment that is promoted from, and what is live there.
    async fn source(&self, to: &Environment, from: Option<EnvironmentId>) -> Answer<(Environment, Release)> {
        let to_fault = |e| of_store(e, &thing(to.id));
        let all = self.store.environments(to.project_id).await.map_err(to_fault)?;
        let tests = all.into_iter().filter(|one| one.kind == EnvironmentKind::Test && one.id != to.id);
        let mut live = Vec::new();
        for environment in tests {
            if from.is_some_and(|from| from != environment.id) {
                continue;
            }
            let name = environment.name.clone();
            match self.store.latest_succeeded(environment.id, None).await.map_err(to_fault)? {
                Some(release) => live.push((environment, release)),
                None if from.is_some() => {
                    return Err(Fault::conflict(text!(
                        "Nothing is live in {name}, so there is nothing to promote. Release something there first.",
                        "{name} 中没有已上线的发布，无法提升。请先在该环境发布。"
                    )));
                }
                None => {}
            }
        }
        let names = live.iter().map(|(environment, _)| environment.name.as_str()).collect::<Vec<_>>().join(", ");
        match (live.pop(), live.len(), from) {
            (Some(found), 0, _) => Ok(found),
            (None, _, Some(_)) => Err(Fault::field(
                "from",
                "not_a_test",
                Text::new(
                    "Choose another environment of this project, one for test: that is where releases are promoted from.",
                    "请选择本项目的另一个测试环境，只能从测试环境提升。",
                ),
            )),
            (None, _, None) => Err(Fault::conflict(Text::new(
                "Nothing is live in any test environment of the project, so there is nothing to promote. Release something to one first.",
                "本项目的测试环境中没有已上线的发布，无法提升。请先发布到测试环境。",
            ))),
            (Some(_), ..) => Err(Fault::field(
                "from",
                "required",
                text!(
                    "Several test environments have something live: {names}. Say which one to promote from.",
                    "多个测试环境都有已上线的发布：{names}。请指明从哪一个提升。"
                ),
            )),
        }
    }

    /// The scripts with which the tree of a release was built and goes live: a rollback itself has none that build.
    async fn hooks_of_tree(&self, id: ReleaseId, own: Hooks) -> Answer<Hooks> {
        let to_fault = |e| of_store(e, &noun("release", "发布", id));
        let tree = self.store.release_tree_of(id).await.map_err(to_fault)?;
        if tree == id {
            return Ok(own);
        }
        let Hooks { before_download, after_download, .. } = self.store.release(tree).await.map_err(to_fault)?.hooks;
        Ok(Hooks { before_download, after_download, ..own })
    }
}
