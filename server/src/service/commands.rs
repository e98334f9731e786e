//! Single commands on servers, and the port for what people do there besides releasing.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt, stream};
use launchway_app::ports::{Answer, FilesArchive, Remote};
use launchway_domain::{
    Actor, CommandForm, CommandId, CommandRun, CommandStatus, CredentialId, Environment, EnvironmentId, Fault,
    FilesForm, FilesPreview, Form, OutputGroup, Page, Permission, Project, Server, Text, Unfinished,
};
use launchway_engine::alike;
use launchway_engine::once::{Ended, Once, once};
use launchway_engine::redact::{Masker, Redactor};
use launchway_engine::ssh::Redial;
use launchway_engine::store::{CommandResult, StoreError};
use launchway_engine::variable;
use tokio_util::sync::CancellationToken;

use super::Core;
use super::environments::thing as environment_thing;
use super::fault::{no_such_page, noun, of_store, unseen};
use super::permission::{permit, permit_in};

/// How long connecting to one server may take.
const CONNECT: Duration = Duration::from_secs(20);
/// How many servers run a command at once.
const PARALLEL: usize = 32;
/// The most that is kept of one server's output, in bytes.
const MAX_OUTPUT: usize = 256 * 1024;
/// The most that is kept of all different outputs together, in bytes.
const MAX_KEPT: usize = 4 << 20;
/// For how long whoever looks after a command is believed to be there, in milliseconds, and how often that is renewed (and
/// looked whether somebody asked it to stop).
const LEASE: i64 = 60_000;
const RENEW: Duration = Duration::from_secs(1);
/// How often it is looked for commands whose lease ran out.
const LOOK: Duration = Duration::from_secs(5);
/// How many commands a page has.
const PAGE: u32 = 50;
const MAX_PAGE: u32 = 200;

fn thing(id: CommandId) -> Text {
    noun("command", "命令", id)
}

pub(super) struct RemoteService(pub(super) Arc<Core>);

#[async_trait]
impl Remote for RemoteService {
    async fn run(&self, actor: &Actor, id: EnvironmentId, form: CommandForm, wait: Duration) -> Answer<CommandRun> {
        let core = &self.0;
        let environment = core.environment_for(actor, Permission::RunCommands, id).await?;
        form.check()?;
        let servers = core.chosen(&environment, &form.server_ids).await?;
        let project =
            core.store.project(environment.project_id).await.map_err(|e| of_store(e, &environment_thing(id)))?;
        let redactor = core.secrets_around(&project, &environment, &servers).await?;
        let who = (actor.user_id(), actor.name());
        // What is kept of it, and read by others.
        let shown = CommandForm { command: redactor.mask(&form.command), ..form.clone() };
        let begun =
            core.store.by(actor).command_create(&environment, &shown, &servers, who, (core.instance(), LEASE)).await;
        let run = begun.map_err(|e| of_store(e, &environment_thing(id)))?;
        let errand = Errand { id: run.id, environment, project: project.title, form, servers, redactor };
        let runner = Arc::clone(core);
        let ended = core.background.spawn(async move { runner.carry_out(errand).await });
        // Whoever asked may go; the command runs on.
        if let Ok(Err(panic)) = tokio::time::timeout(wait, ended).await {
            tracing::error!(%panic, "a command ended in a panic");
        }
        core.store.command(run.id).await.map_err(|e| of_store(e, &thing(run.id)))
    }

    async fn commands(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Answer<Page<CommandRun>> {
        self.0.environment_for(actor, Permission::RunCommands, id).await?;
        let before = cursor.map(|cursor| cursor.parse::<i64>().map_err(|_| no_such_page())).transpose()?;
        let limit = limit.unwrap_or(PAGE).clamp(1, MAX_PAGE);
        self.0.store.commands(id, before, limit).await.map_err(|e| of_store(e, &environment_thing(id)))
    }

    async fn command(&self, actor: &Actor, id: CommandId) -> Answer<CommandRun> {
        permit(actor, Permission::RunCommands)?;
        let run = self.0.store.command(id).await.map_err(|e| of_store(e, &thing(id)))?;
        permit_in(actor, Permission::RunCommands, run.project_id).map_err(|fault| unseen(fault, &thing(id)))?;
        Ok(run)
    }

    async fn cancel(&self, actor: &Actor, id: CommandId) -> Answer<CommandRun> {
        let run = self.command(actor, id).await?;
        let environment = self.0.environment_for(actor, Permission::RunCommands, run.environment_id).await?;
        if run.status != CommandStatus::Running {
            return Err(Fault::conflict(Text::new("This command has ended already.", "该命令已经结束。")));
        }
        let asked = self.0.store.by(actor).command_cancel(&environment, id).await;
        asked.map_err(|e| of_store(e, &thing(id)))?;
        self.0.store.command(id).await.map_err(|e| of_store(e, &thing(id)))
    }

    async fn preview(&self, actor: &Actor, id: EnvironmentId, form: FilesForm) -> Answer<FilesPreview> {
        self.0.preview(actor, id, form).await
    }

    async fn fetch(&self, actor: &Actor, id: EnvironmentId, form: FilesForm) -> Answer<FilesArchive> {
        self.0.fetch(actor, id, form).await
    }
}

/// Settles what this instance ran when it ended. Nothing of it may run yet.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn settle(core: &Core) -> Result<(), StoreError> {
    core.store.commands_lose(core.instance()).await.map(drop)
}

/// Settles commands that nobody looks after any more, until the program stops.
pub(super) fn start(core: &Arc<Core>) {
    let this = Arc::clone(core);
    core.background.spawn(async move {
        loop {
            if let Err(error) = this.store.commands_lose(None).await {
                tracing::warn!(%error, "settling commands that nobody looks after");
            }
            tokio::select! {
                () = this.stopping.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    });
}

/// One command for some servers.
struct Errand {
    id: CommandId,
    environment: Environment,
    /// The project's title.
    project: String,
    form: CommandForm,
    servers: Vec<Server>,
    redactor: Redactor,
}

impl Core {
    /// What knows every secret that may be seen on these servers.
    async fn secrets_around(
        &self,
        project: &Project,
        environment: &Environment,
        servers: &[Server],
    ) -> Answer<Redactor> {
        let ids: HashSet<CredentialId> =
            servers.iter().map(|server| server.credential_id).chain(project.credential_id).collect();
        let mut opened = Vec::new();
        for id in ids {
            // One that does not open has no secret that could be printed; its servers say so themselves.
            if let Ok(credential) = self.open(id).await {
                opened.push(credential);
            }
        }
        // One that does not open is given to no hook, and so is nowhere on the servers either.
        let given = variable::given(&self.store, &self.vault, environment.id).await;
        let given = given.map_err(|e| of_store(e, &environment_thing(environment.id)))?.unwrap_or_default();
        let variables = given.iter().filter(|one| one.secret).map(|one| &one.value);
        Ok(Redactor::new(opened.iter().flat_map(|credential| credential.secrets()).chain(variables)))
    }

    /// Runs a command on its servers and writes down what came of it.
    async fn carry_out(self: Arc<Self>, errand: Errand) {
        let cancel = self.stopping.child_token();
        let asked = CancellationToken::new();
        let watch = async {
            loop {
                tokio::time::sleep(RENEW).await;
                match self.store.command_renew(errand.id, LEASE).await {
                    Ok(false) => {}
                    Ok(true) => {
                        asked.cancel();
                        cancel.cancel();
                    }
                    Err(error) => tracing::debug!(%error, command = %errand.id, "holding a command"),
                }
            }
        };
        let jobs: Vec<_> = errand.servers.iter().map(|server| self.on_one(&errand, server, &cancel)).collect();
        let work = stream::iter(jobs).buffered(PARALLEL).collect::<Vec<_>>();
        let ended = tokio::select! {
            ended = work => ended,
            () = watch => return,
        };
        let mut result = CommandResult::default();
        let mut outcomes = Vec::new();
        let mut kept = 0;
        for (server, ended) in errand.servers.iter().zip(ended) {
            let host = server.hostname.clone();
            match ended {
                Err(error) => result.unfinished.push(Unfinished { host, error: masked(&errand.redactor, &error) }),
                Ok(Ended { status, error, output, cut }) => {
                    if let Some(error) = error {
                        result.unfinished.push(Unfinished { host: host.clone(), error });
                        if output.is_empty() {
                            continue;
                        }
                    }
                    let mut masker = Masker::new(errand.redactor.clone());
                    let mut text = masker.push(&output);
                    if cut {
                        // What is held back may be the beginning of a secret whose end was cut off.
                        text.push_str("\n… (cut off)\n");
                    } else {
                        text.push_str(&masker.finish());
                    }
                    outcomes.push((host, status, text));
                }
            }
        }
        result.groups = OutputGroup::of(outcomes);
        for group in &mut result.groups {
            kept += group.output.len();
            if kept > MAX_KEPT {
                group.output = "… (cut off)\n".to_owned();
            }
        }
        let result = tokio::task::spawn_blocking(move || {
            alike::compare(&mut result.groups);
            result
        });
        let Ok(result) = result.await else { return };
        let status = if asked.is_cancelled() || self.stopping.is_cancelled() {
            CommandStatus::Canceled
        } else {
            CommandStatus::Done
        };
        if let Err(error) = self.store.command_finish(errand.id, status, &result).await {
            tracing::warn!(%error, command = %errand.id, "writing down what came of a command");
        }
    }

    async fn on_one(&self, errand: &Errand, server: &Server, cancel: &CancellationToken) -> Result<Ended, Text> {
        let endpoint = self.endpoint(server).await.map_err(|fault| fault.detail())?;
        let base = Environment::path_on(errand.environment.path.trim_end_matches('/'), &server.hostname);
        let env = given(errand, server, &base);
        let base = base.into_bytes();
        let (body, within) = (errand.form.command.clone(), Duration::from_secs(errand.form.seconds().into()));
        let (name, cancel) = (format!("{}-{:08x}", errand.id, rand::random::<u32>()), cancel.clone());
        let done = self.outward(move || {
            let mut reach = Redial::new(&endpoint, CONNECT);
            let what = Once {
                base: &base,
                cwd: &base,
                env: &env,
                name: &name,
                body: &body,
                within,
                max_output: MAX_OUTPUT,
                cancel,
            };
            once(&mut reach, &what)
        });
        done.await.map_err(|fault| fault.detail())?
    }
}

/// What a command is told, under the names that hooks know.
fn given(errand: &Errand, server: &Server, base: &str) -> Vec<(String, String)> {
    [
        ("PROJECT", errand.project.clone()),
        ("ENVIRONMENT", errand.environment.name.clone()),
        ("CURRENT_PATH", format!("{base}/current")),
        ("SERVER", server.hostname.clone()),
    ]
    .into_iter()
    .map(|(name, value)| (format!("LAUNCHWAY_{name}"), value))
    .collect()
}

fn masked(redactor: &Redactor, text: &Text) -> Text {
    Text { en: redactor.mask(&text.en).into(), zh: redactor.mask(&text.zh).into() }
}
