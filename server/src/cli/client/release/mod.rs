//! `launchway release`.

mod create;
mod log;
mod outputs;
mod show;

use std::time::Duration;

use clap::{Args, Subcommand};
use launchway_domain::{Release, ReleaseStatus, StartForm, Text, Timestamp, text};
use serde_json::{Value, json};

pub(super) use self::create::script;
use super::api::read;
use super::follow::{self, How, follow, title};
use super::trouble::Outcome;
use super::wire::bilingual;
use super::{Client, On, gate, names, print};
use crate::cli::say;

#[derive(Args)]
pub(in crate::cli) struct ReleaseArgs {
    #[command(flatten)]
    pub(super) on: On,
    #[command(subcommand)]
    pub(super) command: ReleaseCommand,
}

#[derive(Subcommand)]
pub(in crate::cli) enum ReleaseCommand {
    /// Creates a release; with --start it runs at once, with --wait this command ends with it
    #[command(after_help = create::AFTER)]
    Create(create::Create),
    /// Starts a release that waits to be started
    Start(Begin),
    /// Changes when a queued release starts
    Schedule(Schedule),
    /// Asks a release to stop
    Cancel(Act),
    /// Lets a release go on that waits between two batches
    Continue(Act),
    /// Goes on with a failed or canceled release; what succeeded is not repeated
    Retry(Begin),
    /// Brings an earlier, succeeded release back, as a new release
    Rollback(Begin),
    /// Shows a release and its steps
    Show {
        /// Its number
        #[arg(value_parser = names::id)]
        release: i64,
    },
    /// Lists releases, the newest first
    List(show::List),
    /// Prints what a release logged
    Log(log::Log),
    /// Says what a hook printed on the servers, identical outputs once
    Outputs(outputs::Outputs),
    /// Waits until a release has ended; the exit status is its result
    Wait {
        /// Its number
        #[arg(value_parser = names::id)]
        release: i64,
        /// Stops waiting after so many seconds, with exit status 5; the release goes on
        #[arg(long, value_name = "SECONDS")]
        timeout: Option<u64>,
    },
    /// Shows everything that happens in a release, its logs included, until it has ended
    Watch {
        /// Its number
        #[arg(value_parser = names::id)]
        release: i64,
    },
}

/// Something to do with a release.
#[derive(Args)]
pub(in crate::cli) struct Act {
    /// Its number
    #[arg(value_parser = names::id)]
    release: i64,
    #[command(flatten)]
    wait: Wait,
}

/// A release that is to go into the queue.
#[derive(Args)]
pub(in crate::cli) struct Begin {
    #[command(flatten)]
    act: Act,
    #[command(flatten)]
    settled: Settled,
}

/// A release whose time is changed.
#[derive(Args)]
pub(in crate::cli) struct Schedule {
    #[command(flatten)]
    act: Act,
    /// When it starts: a time such as 2026-12-24T18:00:00+01:00, or +2h [default: as soon as it can]
    #[arg(long, value_name = "TIME", value_parser = gate::time)]
    at: Option<Timestamp>,
}

/// What is settled when a release goes into the queue.
#[derive(Args)]
pub(in crate::cli) struct Settled {
    /// Why it starts although the environment's policy does not let it; for administrators. Stays with the release
    #[arg(long, value_name = "REASON")]
    pub(super) exception: Option<String>,
    /// When it starts: a time such as 2026-12-24T18:00:00+01:00, or +2h [default: as soon as it can]
    #[arg(long, value_name = "TIME", value_parser = gate::time)]
    at: Option<Timestamp>,
}

impl Settled {
    fn form(&self) -> StartForm {
        StartForm { exception: self.exception.clone(), at: self.at }
    }
}

/// Whether to wait for the end.
#[derive(Args)]
pub(in crate::cli) struct Wait {
    /// Waits until it has ended; the exit status is its result
    #[arg(long)]
    wait: bool,
    /// Stops waiting after so many seconds, with exit status 5; the release goes on
    #[arg(long, value_name = "SECONDS", requires = "wait")]
    timeout: Option<u64>,
}

pub(super) async fn run(client: &Client, command: ReleaseCommand) -> Outcome<u8> {
    match command {
        ReleaseCommand::Create(create) => create::run(client, create).await,
        ReleaseCommand::Start(begin) => self::begin(client, "start", begin).await,
        ReleaseCommand::Schedule(Schedule { act, at }) => {
            let body = json!({"at": at});
            let json = client.api.post(&format!("/releases/{}/schedule", act.release), Some(&body)).await?;
            done(client, &json, &read_release(&json)?, &act.wait).await
        }
        ReleaseCommand::Outputs(outputs) => outputs::run(client, &outputs).await.map(|()| 0),
        ReleaseCommand::Cancel(act) => self::act(client, "cancel", act).await,
        ReleaseCommand::Continue(act) => self::act(client, "continue", act).await,
        ReleaseCommand::Retry(begin) => self::begin(client, "retry", begin).await,
        ReleaseCommand::Rollback(begin) => self::begin(client, "rollback", begin).await,
        ReleaseCommand::Show { release } => show::show(client, release).await,
        ReleaseCommand::List(list) => show::list(client, list).await,
        ReleaseCommand::Log(log) => log::run(client, log).await,
        ReleaseCommand::Wait { release, timeout } => {
            wait(client, release, How { timeout: timeout.map(Duration::from_secs), ..How::default() }).await
        }
        ReleaseCommand::Watch { release } => {
            let how = How { logs: true, events: client.json, ..How::default() };
            if client.json {
                return follow(client, release, how).await.map(|picture| follow::status(&picture));
            }
            wait(client, release, how).await
        }
    }
}

async fn act(client: &Client, verb: &str, act: Act) -> Outcome<u8> {
    let json = client.api.post(&format!("/releases/{}/{verb}", act.release), None).await?;
    let release = read_release(&json)?;
    done(client, &json, &release, &act.wait).await
}

async fn begin(client: &Client, verb: &str, begin: Begin) -> Outcome<u8> {
    let Begin { act, settled } = begin;
    let json = start(client, verb, act.release, &settled).await?;
    let release = read_release(&json)?;
    done(client, &json, &release, &act.wait).await
}

/// Puts a release into the queue: `start`, `retry` or `rollback`.
async fn start(client: &Client, verb: &str, release: i64, settled: &Settled) -> Outcome<Value> {
    client.api.post(&format!("/releases/{release}/{verb}"), Some(&json!(settled.form()))).await
}

/// Says what became of a release, or waits for what becomes of it.
pub(super) async fn done(client: &Client, json: &Value, release: &Release, how: &Wait) -> Outcome<u8> {
    let id = release.id;
    if how.wait {
        return wait(client, id.0, How { timeout: how.timeout.map(Duration::from_secs), ..How::default() }).await;
    }
    if client.json {
        print::json(json);
        return Ok(0);
    }
    let status = release.status.label();
    let what = title(release);
    let mut line = text!("{}: {}", "{}：{}"; what, status);
    let next = match release.status {
        ReleaseStatus::Pending => text!(
            ". To start it: launchway release start {id} --wait",
            "。启动发布：launchway release start {id} --wait"
        ),
        status if status.is_final() => Text::new(".", "。"),
        _ if release.hold.is_some() => text!(
            "; waits between two batches. To let it go on: launchway release continue {id}",
            "；在两批之间等待。继续：launchway release continue {id}"
        ),
        _ if release.cancel_requested => Text::new("; asked to stop.", "；已请求停止。"),
        _ => text!(
            ". To follow it: launchway release wait {id}, or {}",
            "。跟踪进度：launchway release wait {id}，或打开 {}",
            client.api.page(&format!("/releases/{id}"))
        ),
    };
    if release.status == ReleaseStatus::Queued
        && let Some(place) = gate::place(client, id.0).await?
    {
        line = text!("{}: {}", "{}：{}"; line, place);
    }
    line.en.to_mut().push_str(&next.en);
    line.zh.to_mut().push_str(&next.zh);
    say::line(&line);
    Ok(0)
}

/// Waits for the end; as JSON the answer is the release as it is then, with its nodes.
async fn wait(client: &Client, id: i64, how: How) -> Outcome<u8> {
    let picture = follow(client, id, how).await?;
    if client.json {
        show::document(client, id).await?;
    }
    Ok(follow::status(&picture))
}

/// A release as the API shows it.
pub(super) fn read_release(json: &Value) -> Outcome<Release> {
    read(bilingual(json.clone()))
}
