//! `launchway release outputs`.

use clap::Args;
use launchway_domain::log::groups::Outputs as Found;
use launchway_domain::{Text, text};

use super::super::api::read;
use super::super::trouble::Outcome;
use super::super::{Client, names, print};
use crate::cli::say;

/// How many names of servers stand in a line.
const NAMED: usize = 12;

#[derive(Args)]
pub(in crate::cli) struct Outputs {
    /// The release's number
    #[arg(value_parser = names::id)]
    release: i64,
    /// Which hook
    #[arg(long, default_value = "after_deploy", value_parser = ["before_deploy", "after_deploy"])]
    kind: String,
}

pub(super) async fn run(client: &Client, outputs: &Outputs) -> Outcome<()> {
    let path = format!("/releases/{}/outputs", outputs.release);
    let json = client.api.get(&path, &[("kind", outputs.kind.as_str())]).await?;
    if client.json {
        print::json(&json);
        return Ok(());
    }
    let found: Found = read(json)?;
    if found.groups.is_empty() {
        say::out(Text::new("No server has ended this step.", "还没有服务器完成此步骤。").get(say::lang()));
    }
    for group in &found.groups {
        let (count, mut hosts) =
            (group.hosts.len(), group.hosts.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", "));
        if count > NAMED {
            hosts.push_str(", …");
        }
        let status = group.exit_status.map_or_else(|| "?".to_owned(), |status| status.to_string());
        let head = text!(
            "== {count} servers, exit status {status}: {hosts}",
            "== {count} 台服务器，退出状态 {status}：{hosts}"
        );
        say::out(head.get(say::lang()));
        // What a hook printed may hold anything; a terminal is shown no more than text.
        let printed = Some(&group.output).filter(|_| group.diff.is_none() || group.exit_status != Some(0));
        for body in printed.into_iter().chain(&group.diff) {
            say::out(super::super::follow::clean(body).trim_end_matches('\n'));
        }
    }
    Ok(())
}
