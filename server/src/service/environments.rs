//! Where a project runs.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use launchway_app::ports::Answer;
use launchway_domain::{
    Actor, Check, Environment, EnvironmentForm, EnvironmentId, Fault, Form, IfVersion, Permission, ProjectId,
    ReleaseId, Server, ServerCheck, Text, Visible, text,
};
use launchway_engine::artifact::Packing;
use launchway_engine::shell::{Limits, ShellError};
use launchway_engine::ssh::{Endpoint, Session, SshError, SshErrorKind};
use launchway_engine::target::{self, Refusal, Site, TargetError};

use super::Core;
use super::fault::{noun, of_store, of_update, unseen};
use super::permission::{permit, permit_in, permit_of};
use super::{projects, queue};

/// How long one server's probe may take.
const PROBE: Duration = Duration::from_secs(30);
/// How many servers are probed at once for one check.
const PARALLEL: usize = 16;

pub(super) fn thing(id: EnvironmentId) -> Text {
    noun("environment", "环境", id)
}

fn tidy(mut form: EnvironmentForm) -> EnvironmentForm {
    form.name = form.name.trim().to_owned();
    form.package_root = form.package_root.filter(|root| !root.trim().is_empty());
    if let Some(policy) = &mut form.policy {
        policy.takes = std::mem::take(&mut policy.takes).tidy();
    }
    form
}

/// Whether a form may be sent: what it says alone, and the patterns in it, which browsers do not read.
fn check(form: &EnvironmentForm) -> Answer<()> {
    form.check()?;
    let Some(policy) = &form.policy else { return Ok(()) };
    Packing::new(&policy.takes).map(drop).map_err(|(_, why)| Fault::field("policy.takes.exclude", "pattern", why))
}

impl Core {
    pub(super) async fn environments(&self, id: ProjectId) -> Answer<Vec<Environment>> {
        self.store.project(id).await.map_err(|e| of_store(e, &projects::thing(id)))?;
        self.store.environments(id).await.map_err(|e| of_store(e, &projects::thing(id)))
    }

    /// An environment in whose project the actor may do it.
    pub(super) async fn environment_for(
        &self,
        actor: &Actor,
        permission: Permission,
        id: EnvironmentId,
    ) -> Answer<Environment> {
        permit(actor, permission)?;
        let environment = self.store.environment(id).await.map_err(|e| of_store(e, &thing(id)))?;
        permit_in(actor, permission, environment.project_id).map_err(|fault| unseen(fault, &thing(id)))?;
        Ok(environment)
    }

    pub(super) async fn create_environment(
        &self,
        actor: &Actor,
        id: ProjectId,
        form: EnvironmentForm,
    ) -> Answer<Environment> {
        let form = tidy(form);
        check(&form)?;
        queue::check_zone(&form)?;
        self.check_servers(actor, id, &form, None).await?;
        self.store.by(actor).environment_create(id, &form).await.map_err(|e| of_store(e, &projects::thing(id)))
    }

    pub(super) async fn update_environment(
        &self,
        actor: &Actor,
        before: Environment,
        form: EnvironmentForm,
        only: &IfVersion,
    ) -> Answer<Environment> {
        let form = tidy(form);
        check(&form)?;
        queue::check_zone(&form)?;
        let id = before.id;
        self.check_servers(actor, before.project_id, &form, Some(&before)).await?;
        let changed = self.store.by(actor).only(only).environment_update(id, &form).await;
        of_update(changed, &thing(id), &form, self.store.environment(id)).await
    }

    pub(super) async fn delete_environment(&self, actor: &Actor, id: EnvironmentId, only: &IfVersion) -> Answer<()> {
        self.store.by(actor).only(only).environment_delete(id).await.map_err(|e| of_store(e, &thing(id)))?;
        self.forget_cache(id).await;
        Ok(())
    }

    /// Every server of the form must be there, and one that the actor may release to: of this project, or everybody's
    /// where they manage those. What an environment has already stays, as long as its path does: on servers that other
    /// projects use too, the path is what keeps them apart.
    async fn check_servers(
        &self,
        actor: &Actor,
        project: ProjectId,
        form: &EnvironmentForm,
        before: Option<&Environment>,
    ) -> Answer<()> {
        if form.server_ids.is_empty() {
            return Ok(());
        }
        let known = self.servers_by_id().await?;
        let kept: HashSet<i64> = before
            .filter(|before| before.path == form.path)
            .map(|before| before.server_ids.iter().map(|id| id.0).collect())
            .unwrap_or_default();
        let may = |server: &Server| {
            kept.contains(&server.id.0)
                || server.project_id == Some(project)
                || permit_of(actor, Permission::ManageServers, None).is_ok()
        };
        let missing: Vec<String> = form
            .server_ids
            .iter()
            .filter(|id| !known.get(&id.0).is_some_and(may))
            .take(5)
            .map(ToString::to_string)
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let ids = missing.join(", ");
        let message = text!("There is no server with the id {ids}.", "没有编号为 {ids} 的服务器。");
        Err(Fault::field("server_ids", "not_found", message))
    }

    pub(super) async fn servers_by_id(&self) -> Answer<HashMap<i64, Server>> {
        let servers =
            self.store.servers(&Visible::All).await.map_err(|e| of_store(e, &Text::new("servers", "服务器")))?;
        Ok(servers.into_iter().map(|server| (server.id.0, server)).collect())
    }

    /// Probes the path on every server.
    pub(super) async fn check_environment(&self, environment: Environment) -> Answer<Check> {
        let mut known = self.servers_by_id().await?;
        let servers: Vec<Server> = environment.server_ids.iter().filter_map(|id| known.remove(&id.0)).collect();
        if servers.is_empty() {
            let error = Text::new(
                "This environment has no servers yet. Add one, then check again.",
                "此环境还没有服务器，请先添加再检查。",
            );
            return Ok(Check { error: Some(error), code: Some("no_servers".to_owned()), ..Check::default() });
        }
        let started = Instant::now();
        let mut probed: Vec<(ServerCheck, Option<String>)> = stream::iter(servers)
            .map(|server| self.probe_server(&environment, server))
            .buffered(PARALLEL)
            .collect::<Vec<_>>()
            .await
            .into_iter()
            .collect::<Answer<_>>()?;
        mark_twins(&mut probed);
        let servers: Vec<ServerCheck> = probed.into_iter().map(|(check, _)| check).collect();
        let bad: Vec<&ServerCheck> = servers.iter().filter(|server| !server.check.ok).collect();
        let error = bad.first().and_then(|first| summary(first, bad.len()));
        Ok(Check {
            ok: bad.is_empty(),
            latency_ms: millis(started),
            error,
            code: bad.first().and_then(|first| first.check.code.clone()),
            servers,
            ..Check::default()
        })
    }

    /// One server's outcome, and what tells it from the others where it could be reached.
    async fn probe_server(&self, environment: &Environment, server: Server) -> Answer<(ServerCheck, Option<String>)> {
        let done = |check| ServerCheck { server_id: server.id, hostname: server.hostname.clone(), check };
        let endpoint = match self.endpoint(&server).await {
            Ok(endpoint) => endpoint,
            // A credential that does not open is this server's trouble, not the whole check's.
            Err(fault @ (Fault::Conflict { .. } | Fault::Invalid { .. })) => {
                let check = Check { error: Some(fault.detail()), code: Some("auth".to_owned()), ..Check::default() };
                return Ok((done(check), None));
            }
            Err(fault) => return Err(fault),
        };
        let base = Environment::path_on(&environment.path, &server.hostname).into_bytes();
        let site = Site { base, release: ReleaseId(0), hostname: server.hostname.clone() };
        let cancel = self.stopping.child_token();
        let (check, identity) = self.outward(move || probe(&endpoint, &site, &Limits::within(PROBE, &cancel))).await?;
        Ok((done(check), identity))
    }
}

fn millis(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Connects and probes. Blocks.
fn probe(endpoint: &Endpoint, site: &Site, limits: &Limits) -> (Check, Option<String>) {
    let started = Instant::now();
    let failed = |host_key: Option<String>, pinned, code: &str, error: Text| {
        let latency_ms = millis(started);
        let code = Some(code.to_owned());
        (Check { ok: false, latency_ms, host_key, pinned, error: Some(error), code, servers: Vec::new() }, None)
    };
    let mut session = match Session::connect(endpoint, limits.deadline, &limits.cancel) {
        Ok(session) => session,
        Err(SshError { kind, text }) => {
            let code = ssh_code(&kind);
            return match kind {
                SshErrorKind::Unpinned { fingerprint } | SshErrorKind::KeyChanged { fingerprint } => {
                    failed(Some(fingerprint), false, code, text)
                }
                _ => failed(None, false, code, text),
            };
        }
    };
    // A session is only there where the key was the pinned one.
    let host_key = endpoint.host_key.clone();
    match target::probe(&mut session, site, limits) {
        Ok(probe) => {
            let check = Check { ok: true, latency_ms: millis(started), host_key, pinned: true, ..Check::default() };
            (check, Some(probe.identity))
        }
        Err(TargetError::Refused { kind, text }) => failed(host_key, true, target_code(kind), text),
        Err(TargetError::Shell(ShellError::Deadline(limit))) => {
            let seconds = limit.as_secs();
            let error =
                text!("The server did not answer within {seconds} seconds.", "服务器在 {seconds} 秒内没有响应。");
            failed(host_key, true, "timeout", error)
        }
        Err(TargetError::Shell(error)) => {
            let error = match error {
                ShellError::Lost(text) => text,
                other => Text::verbatim(other.to_string()),
            };
            failed(host_key, true, "unreachable", error)
        }
    }
}

fn ssh_code(kind: &SshErrorKind) -> &'static str {
    match kind {
        SshErrorKind::Refused => "refused",
        SshErrorKind::Timeout => "timeout",
        SshErrorKind::Unpinned { .. } => "unpinned",
        SshErrorKind::KeyChanged { .. } => "key_changed",
        SshErrorKind::Auth => "auth",
        SshErrorKind::Passphrase => "passphrase",
        _ => "unreachable",
    }
}

fn target_code(kind: Refusal) -> &'static str {
    match kind {
        Refusal::Tool => "tool",
        Refusal::Path | Refusal::CurrentIsDirectory | Refusal::DiskFull | Refusal::Mismatch | Refusal::Other => "path",
    }
}

/// Two servers that are one host and path would overwrite each other.
fn mark_twins(probed: &mut [(ServerCheck, Option<String>)]) {
    let mut first: HashMap<String, String> = HashMap::new();
    for (server, identity) in probed.iter_mut() {
        let Some(identity) = identity.clone() else { continue };
        match first.get(&identity) {
            None => {
                first.insert(identity, server.hostname.clone());
            }
            Some(twin) => {
                server.check.ok = false;
                server.check.code = Some("path".to_owned());
                server.check.error = Some(text!(
                    "This is the same host and path as {twin}. Put {{hostname}} into the path, or take one of the two out.",
                    "与 {twin} 是同一台主机上的同一路径。请在路径中加入 {{hostname}}，或移除其中一台。"
                ));
            }
        }
    }
}

/// The first that went wrong, and how many more did.
fn summary(first: &ServerCheck, bad: usize) -> Option<Text> {
    let Text { en, zh } = first.check.error.as_ref()?;
    let hostname = &first.hostname;
    Some(match bad - 1 {
        0 => text!("{hostname}: {en}", "{hostname}：{zh}"),
        more => text!("{hostname}: {en} (and {more} more)", "{hostname}：{zh}（另有 {more} 台）"),
    })
}
