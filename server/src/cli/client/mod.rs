//! The client: releases from a shell, over the public API of a Launchway elsewhere.

mod api;
mod completions;
mod credentials;
mod environments;
mod follow;
mod gate;
mod history;
mod housekeeping;
mod live;
mod login;
mod logins;
mod names;
mod print;
mod projects;
mod refs;
mod release;
mod remote;
mod servers;
mod sessions;
mod templates;
mod trouble;
mod variables;
mod ways;
mod wire;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Command, Subcommand};
use launchway_domain::{Environment, Project, Server, Text, text};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use self::api::{Api, read};
use self::logins::Logins;
use self::names::Named;
use self::trouble::{Outcome, STATUSES, Trouble};
use super::say;
use crate::config;

/// The variable that holds the token, where nobody signs in. An option would show in the list of processes.
const TOKEN: &str = "LAUNCHWAY_TOKEN";

#[derive(Subcommand)]
pub(super) enum ClientCommand {
    /// Signs in to a Launchway elsewhere and keeps the token for the commands below
    #[command(after_help = login::AFTER)]
    Login(login::Login),
    /// Forgets the token of a login
    Logout(login::Logout),
    /// Says who is signed in, and where
    #[command(visible_alias = "status")]
    Whoami(On),
    /// Lists projects, or works on one
    #[command(visible_alias = "project")]
    Projects(Of<projects::Projects>),
    /// Lists servers, or works on one
    #[command(visible_alias = "server")]
    Servers(Of<servers::Servers>),
    /// Lists environments, or works on one
    #[command(visible_aliases = ["environment", "envs"])]
    Environments(Of<environments::Environments>),
    /// Lists credentials, or works on one; never shows a secret
    #[command(visible_alias = "credential")]
    Credentials(Of<credentials::Credentials>),
    /// Lists hook templates, or works on one
    #[command(visible_alias = "template")]
    Templates(Of<templates::Templates>),
    /// Lists, sets and removes what the hooks of an environment are given
    #[command(visible_alias = "variable")]
    Variables(OfOne<variables::Variables>),
    /// Lists the browsers that somebody is signed in with, and signs out of them
    #[command(visible_alias = "session")]
    Sessions(Of<sessions::Sessions>),
    /// Reads the audit: who changed what, the newest first
    History(history::History),
    /// Lists what can be released of a project: tags, branches, or the commits of a branch
    Refs(refs::Refs),
    /// Creates, starts and follows releases
    #[command(visible_alias = "releases", after_help = STATUSES)]
    Release(release::ReleaseArgs),
    /// Takes an environment back to an earlier release, or lists those that there are
    Rollback(ways::Rollback),
    /// Takes what is live in a test environment to another one
    Promote(ways::Promote),
    /// Locks an environment: nothing new starts there until the lock is lifted or ends
    Lock(gate::LockArgs),
    /// Lifts the lock of an environment; its queue goes on at once
    Unlock(gate::Door),
    /// Shows who waits for what in an environment, its lock and its freezes
    Queue(gate::Door),
    /// Says what is live where, as the servers themselves say
    Live(live::Live),
    /// Runs a command on the servers of an environment, and says identical outputs once
    Run(remote::Run),
    /// Fetches files from the servers of an environment
    Files {
        #[command(subcommand)]
        command: remote::Files,
    },
    /// Shows and sets how long things are kept, shows what they take up, and tidies up
    Housekeeping(Of<housekeeping::HousekeepingCommand>),
    /// Writes what a shell needs to complete this command line
    #[command(after_help = completions::AFTER)]
    Completions(completions::Completions),
}

/// Which server, and how it answers.
#[derive(Args)]
pub(super) struct On {
    /// The Launchway to talk to [default: that of the last login]
    #[arg(long, global = true, value_name = "URL", env = "LAUNCHWAY_URL", value_parser = config::public_url,
          help_heading = HEADING)]
    url: Option<Url>,
    /// Trusts the authorities in this PEM file too, beside those of the system
    #[arg(long, global = true, value_name = "FILE", env = "LAUNCHWAY_CA_FILE", help_heading = HEADING)]
    ca_file: Option<PathBuf>,
    /// Answers in JSON
    #[arg(long, global = true, help_heading = HEADING)]
    json: bool,
}

const HEADING: &str = "Client options";

/// A noun whose plain form lists.
#[derive(Args)]
pub(super) struct Of<C: Subcommand> {
    #[command(flatten)]
    on: On,
    #[command(subcommand)]
    command: Option<C>,
}

/// A noun that says what is to be done.
#[derive(Args)]
pub(super) struct OfOne<C: Subcommand> {
    #[command(flatten)]
    on: On,
    #[command(subcommand)]
    command: C,
}

/// Who asks which server, and how the answer is shown.
pub(super) struct Client {
    api: Api,
    json: bool,
}

/// Does what a command says; the exit status tells how that went.
pub(super) async fn run(command: ClientCommand, whole: Command) -> ExitCode {
    let json = command.on().is_some_and(|on| on.json);
    match dispatch(command, whole).await {
        Ok(status) => ExitCode::from(status),
        Err(trouble) => {
            trouble.tell(json);
            ExitCode::from(trouble.status())
        }
    }
}

impl ClientCommand {
    fn on(&self) -> Option<&On> {
        Some(match self {
            ClientCommand::Login(login) => &login.on,
            ClientCommand::Logout(_) | ClientCommand::Completions(_) => return None,
            ClientCommand::Whoami(on) => on,
            ClientCommand::Projects(of) => &of.on,
            ClientCommand::Servers(of) => &of.on,
            ClientCommand::Environments(of) => &of.on,
            ClientCommand::Credentials(of) => &of.on,
            ClientCommand::Templates(of) => &of.on,
            ClientCommand::Variables(of) => &of.on,
            ClientCommand::Sessions(of) => &of.on,
            ClientCommand::History(history) => &history.on,
            ClientCommand::Refs(refs) => &refs.on,
            ClientCommand::Release(release) => &release.on,
            ClientCommand::Rollback(rollback) => &rollback.on,
            ClientCommand::Promote(promote) => &promote.on,
            ClientCommand::Lock(lock) => &lock.door.on,
            ClientCommand::Unlock(door) | ClientCommand::Queue(door) => &door.on,
            ClientCommand::Live(live) => &live.on,
            ClientCommand::Run(run) => &run.on,
            ClientCommand::Files { command } => command.on(),
            ClientCommand::Housekeeping(of) => &of.on,
        })
    }
}

async fn dispatch(command: ClientCommand, whole: Command) -> Outcome<u8> {
    match command {
        ClientCommand::Login(login) => login::login(login).await?,
        ClientCommand::Logout(logout) => login::logout(logout)?,
        ClientCommand::Whoami(on) => login::whoami(&Client::of(&on)?).await?,
        ClientCommand::Projects(of) => projects::run(&Client::of(&of.on)?, of.command.unwrap_or_default()).await?,
        ClientCommand::Servers(of) => servers::run(&Client::of(&of.on)?, of.command.unwrap_or_default()).await?,
        ClientCommand::Environments(of) => {
            environments::run(&Client::of(&of.on)?, of.command.unwrap_or_default()).await?;
        }
        ClientCommand::Credentials(of) => {
            credentials::run(&Client::of(&of.on)?, of.command.unwrap_or_default()).await?
        }
        ClientCommand::Templates(of) => templates::run(&Client::of(&of.on)?, of.command.unwrap_or_default()).await?,
        ClientCommand::Variables(of) => variables::run(&Client::of(&of.on)?, of.command).await?,
        ClientCommand::Sessions(of) => sessions::run(&Client::of(&of.on)?, of.command.unwrap_or_default()).await?,
        ClientCommand::History(history) => history::run(&Client::of(&history.on)?, &history).await?,
        ClientCommand::Refs(refs) => refs::run(&Client::of(&refs.on)?, &refs).await?,
        ClientCommand::Release(release) => return release::run(&Client::of(&release.on)?, release.command).await,
        ClientCommand::Rollback(rollback) => return ways::rollback(&Client::of(&rollback.on)?, rollback).await,
        ClientCommand::Promote(promote) => return ways::promote(&Client::of(&promote.on)?, promote).await,
        ClientCommand::Lock(lock) => gate::lock(&Client::of(&lock.door.on)?, &lock).await?,
        ClientCommand::Unlock(door) => gate::unlock(&Client::of(&door.on)?, &door).await?,
        ClientCommand::Queue(door) => gate::queue(&Client::of(&door.on)?, &door).await?,
        ClientCommand::Housekeeping(of) => {
            housekeeping::run(&Client::of(&of.on)?, of.command.unwrap_or_default()).await?;
        }
        ClientCommand::Live(live) => live::run(&Client::of(&live.on)?, &live).await?,
        ClientCommand::Run(run) => remote::run(&Client::of(&run.on)?, &run).await?,
        ClientCommand::Files { command } => remote::files(&Client::of(command.on())?, &command).await?,
        ClientCommand::Completions(completions) => completions::run(&completions, whole)?,
    }
    Ok(0)
}

impl Client {
    /// The client of the server that is meant: by option or variable, else that of the last login.
    fn of(on: &On) -> Outcome<Self> {
        let given = std::env::var(TOKEN).ok().filter(|token| !token.trim().is_empty()).map(SecretString::from);
        let (url, token, kept) = match (&on.url, given) {
            (Some(url), Some(token)) => (url.clone(), token, None),
            (None, Some(_)) => {
                // A token goes to the server that it is for, and to no other.
                return Err(Trouble::SignedOut(text!(
                    "{TOKEN} is set, but not which server it is for. Set LAUNCHWAY_URL too, or use --url.",
                    "已设置 {TOKEN}，但没有指定对应的服务器，请同时设置 LAUNCHWAY_URL 或使用 --url。"
                )));
            }
            (asked, None) => {
                let logins = Logins::load()?;
                let url = asked.clone().or_else(|| logins.default.clone()).ok_or_else(signed_out)?;
                let (token, kept) = logins.of(&url).ok_or_else(|| signed_out_of(&url, logins.servers()))?;
                (url, token, kept)
            }
        };
        let authority = on.ca_file.clone().or(kept);
        Ok(Self { api: Api::new(&url, &token, authority.as_deref())?, json: on.json })
    }

    /// Everything at an address, as it came and as what it is.
    async fn all<T: DeserializeOwned>(&self, path: &str) -> Outcome<(Value, Vec<T>)> {
        let items = Value::Array(self.api.list(path, &[]).await?);
        Ok((items.clone(), read(items)?))
    }

    /// The one that is meant by a name or an id.
    async fn find<T: Named + DeserializeOwned>(&self, path: &str, typed: &str) -> Outcome<T> {
        names::choose(self.all(path).await?.1, typed)
    }

    /// The project that is meant.
    async fn project(&self, typed: &str) -> Outcome<Project> {
        self.find("/projects", typed).await
    }

    /// The server that is meant.
    async fn server(&self, typed: &str) -> Outcome<Server> {
        self.find("/servers", typed).await
    }

    /// The environment of a project that is meant.
    async fn environment(&self, project: &Project, typed: &str) -> Outcome<Environment> {
        self.find(&format!("/projects/{}/environments", project.id), typed).await
    }

    /// Answers with what was made or done: the document, or a line about it.
    fn answer(&self, json: &Value, line: &Text) {
        if self.json {
            print::json(json);
        } else {
            say::line(line);
        }
    }
}

fn signed_out() -> Trouble {
    Trouble::SignedOut(Text::new(
        "Which Launchway? Sign in first: launchway login https://launchway.example. Or set LAUNCHWAY_URL and \
         LAUNCHWAY_TOKEN.",
        "请先登录：launchway login https://launchway.example。或设置 LAUNCHWAY_URL 和 LAUNCHWAY_TOKEN。",
    ))
}

fn signed_out_of<'a>(url: &Url, known: impl Iterator<Item = &'a str>) -> Trouble {
    let known = known.collect::<Vec<_>>().join(", ");
    Trouble::SignedOut(if known.is_empty() {
        text!("Not signed in to {url}. First: launchway login {url}", "尚未登录 {url}。登录命令：launchway login {url}")
    } else {
        text!(
            "Not signed in to {url}, only to {known}. First: launchway login {url}",
            "尚未登录 {url}，已登录的有 {known}。登录命令：launchway login {url}"
        )
    })
}
