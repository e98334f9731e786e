//! `launchway run` and `launchway files`: on the servers of an environment.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use futures::StreamExt;
use launchway_domain::{Environment, Text, text};
use reqwest::Method;
use serde_json::{Value, json};

use super::follow::clean;
use super::trouble::{FAILED, Outcome, Trouble};
use super::{Client, On, print};
use crate::cli::say;

/// How often a command that runs long is asked after.
const ASK: Duration = Duration::from_secs(1);

#[derive(Args)]
pub(in crate::cli) struct Run {
    /// The environment's name or id
    #[arg(long, visible_alias = "environment")]
    env: String,
    /// Its project's title or id; needed where several have such an environment
    #[arg(long)]
    project: Option<String>,
    /// Only on this server, by hostname or id; may be given more than once
    #[arg(long = "server", value_name = "SERVER")]
    servers: Vec<String>,
    /// How long it may take on each server, in seconds [default: 60]
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u32>,
    #[command(flatten)]
    pub(super) on: On,
    /// The command; several words are put together with spaces, for sh
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    command: Vec<String>,
}

#[derive(Subcommand)]
pub(in crate::cli) enum Files {
    /// Says how many files and bytes there are, server by server
    Size(Wanted),
    /// Fetches a file or folder from every server, as one archive
    Fetch(Fetch),
}

impl Files {
    pub(super) fn on(&self) -> &On {
        match self {
            Files::Size(wanted) => &wanted.on,
            Files::Fetch(fetch) => &fetch.wanted.on,
        }
    }
}

#[derive(Args)]
pub(in crate::cli) struct Wanted {
    /// The environment's name or id
    #[arg(long, visible_alias = "environment")]
    env: String,
    /// Its project's title or id; needed where several have such an environment
    #[arg(long)]
    project: Option<String>,
    /// The file or folder, below the environment's folder: current/logs/app.log
    #[arg(long)]
    path: String,
    /// Only of this server, by hostname or id; may be given more than once
    #[arg(long = "server", value_name = "SERVER")]
    servers: Vec<String>,
    #[command(flatten)]
    on: On,
}

#[derive(Args)]
pub(in crate::cli) struct Fetch {
    #[command(flatten)]
    wanted: Wanted,
    /// Where to write the archive; `-` for standard output
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The most bytes from one server [default: 268435456]
    #[arg(long, value_name = "BYTES")]
    max_bytes: Option<u64>,
}

/// The exit status is 1 where it failed on any server.
pub(super) async fn run(client: &Client, run: &Run) -> Outcome<()> {
    let environment = client.place(run.project.as_deref(), &run.env).await?;
    let mut body = json!({"command": run.command.join(" "), "server_ids": servers(client, &run.servers).await?});
    if let Some(timeout) = run.timeout {
        body["timeout_s"] = timeout.into();
    }
    let mut done = client.api.post(&format!("/environments/{}/commands", environment.id), Some(&body)).await?;
    while done["status"] == "running" {
        tokio::time::sleep(ASK).await;
        done = client.api.get(&format!("/commands/{}", done["id"]), &[]).await?;
    }
    if client.json {
        print::json(&done);
    } else {
        show(&done);
    }
    let groups = done["groups"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_well = done["unfinished"].as_array().is_none_or(Vec::is_empty)
        && !groups.is_empty()
        && groups.iter().all(|group| group["exit_status"] == 0);
    if is_well { Ok(()) } else { Err(Trouble::Ended(FAILED)) }
}

fn show(done: &Value) {
    let text = |value: &Value| clean(value.as_str().unwrap_or_default());
    for group in done["groups"].as_array().into_iter().flatten() {
        let hosts: Vec<String> = group["hosts"].as_array().into_iter().flatten().map(text).collect();
        let (count, hosts, status) = (hosts.len(), hosts.join(" "), &group["exit_status"]);
        say::line(&match status.as_i64() {
            Some(0) => text!("== {count}: {hosts}", "== {count} 台：{hosts}"),
            Some(status) => {
                text!("== {count}: {hosts} (exit status {status})", "== {count} 台：{hosts}（退出状态 {status}）")
            }
            None => text!("== {count}: {hosts} (did not end)", "== {count} 台：{hosts}（未结束）"),
        });
        for line in group["output"].as_str().unwrap_or_default().lines() {
            say::out(&clean(line));
        }
    }
    for one in done["unfinished"].as_array().into_iter().flatten() {
        let (host, error) = (text(&one["host"]), text(&one["error"]));
        say::line(&text!("== {host}: {error}", "== {host}：{error}"));
    }
    say::out(&text(&done["summary"]));
}

/// The exit status is 1 where a server failed.
pub(super) async fn files(client: &Client, command: &Files) -> Outcome<()> {
    match command {
        Files::Size(wanted) => size(client, wanted).await,
        Files::Fetch(fetch) => fetch_to(client, fetch).await,
    }
}

async fn size(client: &Client, wanted: &Wanted) -> Outcome<()> {
    let environment = client.place(wanted.project.as_deref(), &wanted.env).await?;
    let ids = servers(client, &wanted.servers).await?;
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    let mut query = vec![("path", wanted.path.as_str())];
    query.extend(ids.iter().map(|id| ("server_id", id.as_str())));
    let found = client.api.get(&format!("/environments/{}/files", environment.id), &query).await?;
    let rows: Vec<Vec<String>> = found["servers"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|server| {
            let text = |name: &str| server[name].as_str().unwrap_or_default().to_owned();
            vec![text("hostname"), server["files"].to_string(), server["bytes"].to_string(), text("error")]
        })
        .collect();
    if client.json {
        print::json(&found);
    } else {
        let headers =
            [("SERVER", "服务器"), ("FILES", "文件"), ("BYTES", "字节"), ("", "")].map(|(en, zh)| Text::new(en, zh));
        print::table(&headers, &rows, &Text::new("There are no servers.", "没有服务器。"));
    }
    if rows.iter().all(|row| row[3].is_empty()) { Ok(()) } else { Err(Trouble::Ended(FAILED)) }
}

async fn fetch_to(client: &Client, fetch: &Fetch) -> Outcome<()> {
    let wanted = &fetch.wanted;
    let environment = client.place(wanted.project.as_deref(), &wanted.env).await?;
    let mut body = json!({"path": wanted.path, "server_ids": servers(client, &wanted.servers).await?});
    if let Some(most) = fetch.max_bytes {
        body["max_bytes"] = most.into();
    }
    let path = format!("/environments/{}/files", environment.id);
    let answer = client.api.stream(client.api.request(Method::POST, &path).json(&body)).await?;
    let failed = answer.headers().get("launchway-failed-servers").and_then(|names| names.to_str().ok());
    let failed = failed.map(clean);
    let shown = fetch.out.display().to_string();
    let doing = text!("writing {shown}", "写入 {shown}");
    let trouble = |error: std::io::Error| Trouble::new(&doing, error);
    let mut out: Box<dyn std::io::Write + Send> = if fetch.out == Path::new("-") {
        Box::new(std::io::stdout())
    } else {
        Box::new(std::fs::File::create(&fetch.out).map_err(trouble)?)
    };
    let mut stream = answer.bytes_stream();
    let mut bytes = 0;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| client.api.unreached(&error))?;
        bytes += chunk.len();
        out.write_all(&chunk).map_err(trouble)?;
    }
    out.flush().map_err(trouble)?;
    if fetch.out != Path::new("-") {
        let json = json!({"file": shown, "bytes": bytes, "failed": failed});
        client.answer(&json, &text!("{bytes} bytes in {shown}.", "已写入 {shown}，共 {bytes} 字节。"));
    }
    match failed {
        None => Ok(()),
        Some(names) => {
            eprintln!(
                "{}",
                text!("Failed: {names}. _errors.txt in it says why.", "失败：{names}。原因见其中的 _errors.txt。")
                    .get(say::lang())
            );
            Err(Trouble::Ended(FAILED))
        }
    }
}

/// The ids of the servers that are meant.
async fn servers(client: &Client, typed: &[String]) -> Outcome<Vec<i64>> {
    let mut ids = Vec::with_capacity(typed.len());
    for typed in typed {
        ids.push(client.server(typed).await?.id.0);
    }
    Ok(ids)
}

impl Client {
    /// The environment that is meant: of a project, or the only one of that name.
    pub(super) async fn place(&self, project: Option<&str>, typed: &str) -> Outcome<Environment> {
        if let Some(project) = project {
            let project = self.project(project).await?;
            return self.environment(&project, typed).await;
        }
        let mut all = Vec::new();
        for project in self.all::<launchway_domain::Project>("/projects").await?.1 {
            all.extend(self.all::<Environment>(&format!("/projects/{}/environments", project.id)).await?.1);
        }
        super::names::choose(all, typed)
    }
}
