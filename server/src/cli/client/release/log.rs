//! `launchway release log`.

use clap::Args;
use launchway_domain::{LogLines, LogSource, Text, text};
use serde_json::json;

use super::super::Client;
use super::super::follow::{Feed, Heard, Picture, clean, clock, step};
use super::super::names::{self, did_you_mean, near};
use super::super::trouble::{INTERRUPTED, Outcome, Trouble};
use crate::cli::say;

/// How many lines are asked for at once: the most that the server answers.
const PAGE: u32 = 1000;

#[derive(Args)]
pub(in crate::cli) struct Log {
    /// The release's number
    #[arg(value_parser = names::id)]
    release: i64,
    /// Of one step: download, or web-1/before_deploy [default: the whole release]
    #[arg(long, value_name = "NODE", conflicts_with = "server")]
    node: Option<String>,
    /// Of one server's steps
    #[arg(long)]
    server: Option<String>,
    /// Which run of the step: a number, or all [default: the latest]
    #[arg(long, requires = "node")]
    attempt: Option<String>,
    /// The last so many lines
    #[arg(long, value_name = "LINES", value_parser = clap::value_parser!(u32).range(1..=i64::from(PAGE)))]
    tail: Option<u32>,
    /// Goes on until nothing more will come
    #[arg(long, short)]
    follow: bool,
    /// Puts the time before each line
    #[arg(long)]
    times: bool,
    /// Leaves escape sequences in: colours, and whatever else the step printed
    #[arg(long)]
    raw: bool,
}

pub(super) async fn run(client: &Client, log: Log) -> Outcome<u8> {
    let mut reader = Reader {
        client,
        picture: Picture::load(&client.api, log.release).await?,
        scope: Vec::new(),
        log: &log,
        next: None,
    };
    reader.scope = reader.scope()?;
    if log.tail.is_none() {
        reader.next = Some(1);
    }
    if !log.follow {
        reader.print().await?;
        return Ok(0);
    }
    let topic = format!("release:{}", log.release);
    // Listen first and read then, or the lines between are missed.
    let mut feed = Feed::listen(client.api.clone(), topic, reader.picture.seq);
    let interrupt = tokio::signal::ctrl_c();
    tokio::pin!(interrupt);
    while !reader.print().await? {
        tokio::select! {
            heard = feed.next() => if let Heard::Ended(trouble) = heard { return Err(trouble) },
            _ = &mut interrupt => return Err(Trouble::Ended(INTERRUPTED)),
        }
    }
    Ok(0)
}

struct Reader<'a> {
    client: &'a Client,
    picture: Picture,
    scope: Vec<(&'static str, String)>,
    log: &'a Log,
    /// The number of the line to go on with; none for the last ones.
    next: Option<u64>,
}

impl Reader<'_> {
    /// What is asked of the server.
    fn scope(&self) -> Outcome<Vec<(&'static str, String)>> {
        if let Some(typed) = &self.log.server {
            let servers = self.picture.nodes.iter().filter(|n| n.server_id.is_some());
            let found = servers.clone().find(|n| self.picture.server_of(n) == Some(typed.as_str()));
            let id = found.and_then(|n| n.server_id).map(|id| id.to_string());
            let id = id.or_else(|| typed.trim_start_matches('#').parse::<i64>().ok().map(|id| id.to_string()));
            let names: Vec<&str> = servers.filter_map(|n| self.picture.server_of(n)).collect();
            return match id {
                Some(id) => Ok(vec![("server", id)]),
                None => Err(unknown(typed, &names)),
            };
        }
        let Some(typed) = &self.log.node else { return Ok(vec![("scope", "all".to_owned())]) };
        let called = |node: &launchway_domain::Node| match self.picture.server_of(node) {
            Some(server) => format!("{server}/{}", node.kind.as_str()),
            None => node.key.to_string(),
        };
        let wanted = typed.replace(' ', "/").replace('-', "_");
        let found = self.picture.nodes.iter().find(|node| {
            node.key.as_str() == typed || called(node) == *typed || called(node).replace('-', "_") == wanted
        });
        let Some(node) = found else {
            let names: Vec<String> = self.picture.nodes.iter().map(called).collect();
            return Err(unknown(typed, &names.iter().map(String::as_str).collect::<Vec<_>>()));
        };
        let mut scope = vec![("node", node.key.to_string())];
        scope.extend(self.log.attempt.clone().map(|attempt| ("attempt", attempt)));
        Ok(scope)
    }

    /// Prints what there is; whether nothing more will come.
    async fn print(&mut self) -> Outcome<bool> {
        loop {
            let mut query: Vec<(&str, String)> = self.scope.clone();
            query.push(("limit", self.next.map_or(self.log.tail.unwrap_or(PAGE), |_| PAGE).to_string()));
            query.extend(self.next.map(|next| ("from_line", next.to_string())));
            let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let path = format!("/releases/{}/log/lines", self.log.release);
            let page: LogLines = self.client.api.read(&path, &query).await?;
            // A line whose end has not come is printed once it has.
            let ended = page.items.iter().take_while(|row| page.done || !row.open || !self.log.follow).count();
            if ended > 0 && self.picture_lacks(&page.sources) {
                self.picture = Picture::load(&self.client.api, self.log.release).await?;
            }
            for row in &page.items[..ended] {
                say::out(&self.line(row, page.sources.get(row.source as usize)));
            }
            let next = page.from_line + ended as u64;
            self.next = Some(next);
            if ended < page.items.len() || next > page.total || ended == 0 {
                return Ok(page.done);
            }
        }
    }

    /// Whether a step speaks that was not planned when the picture was taken.
    fn picture_lacks(&self, sources: &[LogSource]) -> bool {
        sources.iter().any(|source| !self.picture.nodes.iter().any(|node| node.key == source.node))
    }

    fn line(&self, row: &launchway_domain::LogRow, source: Option<&LogSource>) -> String {
        if self.client.json {
            return json!({
                "at": row.at, "stream": row.stream, "node": source.map(|s| &s.node),
                "attempt": source.map(|s| s.attempt), "server_id": source.and_then(|s| s.server_id), "text": row.text
            })
            .to_string();
        }
        let mut line = String::new();
        if self.log.times {
            line.push_str(&clock(row.at));
            line.push(' ');
        }
        let node = source.and_then(|source| self.picture.nodes.iter().find(|node| node.key == source.node));
        if let (None, Some(node)) = (&self.log.node, node) {
            line.push_str(&format!("{} | ", step(&self.picture, node, say::lang())));
        }
        if self.log.raw {
            line.push_str(&row.text);
        } else {
            line.push_str(&clean(&row.text));
        }
        line
    }
}

fn unknown(typed: &str, names: &[&str]) -> Trouble {
    let near = near(typed, names.iter().copied());
    let next = match near.is_empty() {
        false => did_you_mean(&near),
        true if names.is_empty() => Text::new("The release has not run yet.", "该发布尚未运行。"),
        true => Text::new("'launchway release show' lists its steps.", "'launchway release show' 可列出步骤。"),
    };
    Trouble::Said(text!("The release has no “{typed}”. {}", "该发布中没有“{typed}”。{}"; next))
}
