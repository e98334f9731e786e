//! `launchway rollback` and `launchway promote`: by environment, where `launchway release` goes by number.

use clap::Args;
use launchway_domain::{Environment, PromoteForm, Promotion, ReleaseId, RollbackForm, Text, WaysBack, text};
use serde_json::json;

use super::api::read;
use super::follow::short;
use super::release::{Settled, Wait, done, read_release};
use super::trouble::Outcome;
use super::wire::bilingual;
use super::{Client, On, names, print};
use crate::cli::say;

/// Which environment.
#[derive(Args)]
struct Place {
    /// The project's title or id
    #[arg(long)]
    project: String,
    /// The environment's name or id
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
}

impl Place {
    async fn find(&self, client: &Client) -> Outcome<Environment> {
        let project = client.project(&self.project).await?;
        client.environment(&project, &self.env).await
    }
}

#[derive(Args)]
pub(in crate::cli) struct Rollback {
    #[command(flatten)]
    place: Place,
    /// The release to go back to [default: what was live before]
    #[arg(long, value_name = "RELEASE", value_parser = names::id)]
    to: Option<i64>,
    /// Lists the releases that one can go back to, and goes back to none
    #[arg(long, conflicts_with = "to")]
    list: bool,
    /// Asks the servers which of them they hold
    #[arg(long, requires = "list")]
    held: bool,
    #[command(flatten)]
    settled: Settled,
    #[command(flatten)]
    wait: Wait,
    #[command(flatten)]
    pub(super) on: On,
}

#[derive(Args)]
pub(in crate::cli) struct Promote {
    #[command(flatten)]
    place: Place,
    /// The test environment that it comes from [default: the only one with something live]
    #[arg(long, value_name = "ENVIRONMENT")]
    from: Option<String>,
    /// Says what would happen, and does nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    settled: Settled,
    #[command(flatten)]
    wait: Wait,
    #[command(flatten)]
    pub(super) on: On,
}

pub(super) async fn rollback(client: &Client, rollback: Rollback) -> Outcome<u8> {
    let environment = rollback.place.find(client).await?;
    let path = format!("/environments/{}/rollbacks", environment.id);
    if rollback.list {
        let query: &[_] = if rollback.held { &[("held", "true")] } else { &[] };
        list(client, &path, query).await?;
        return Ok(0);
    }
    let form = RollbackForm { release_id: rollback.to.map(ReleaseId), exception: rollback.settled.exception };
    let json = client.api.post(&path, Some(&json!(form))).await?;
    done(client, &json, &read_release(&json)?, &rollback.wait).await
}

async fn list(client: &Client, path: &str, query: &[(&str, &str)]) -> Outcome<()> {
    let json = client.api.get(path, query).await?;
    if client.json {
        print::json(&json);
        return Ok(());
    }
    let found: WaysBack = read(bilingual(json))?;
    let lang = say::lang();
    let headers = [
        Text::verbatim("#"),
        Text::new("REF", "版本"),
        Text::new("COMMIT", "提交"),
        Text::new("BY", "创建者"),
        Text::new("ENDED", "结束时间"),
        Text::new("HELD", "服务器保留"),
        Text::new("WAY", "方式"),
    ];
    let servers = found.servers;
    let rows: Vec<_> = found
        .items
        .into_iter()
        .map(|item| {
            let way = match (item.live, item.stored) {
                (true, _) => Text::new("live now", "当前线上"),
                _ if item.live_on > 0 => {
                    let on = item.live_on;
                    text!("live on {on} of {servers}", "{servers} 台中 {on} 台线上")
                }
                (_, true) => Text::new("stored", "已存制品"),
                (_, false) => Text::new("built again", "重新构建"),
            };
            let release = item.release;
            vec![
                release.id.to_string(),
                release.git_ref.name,
                short(&release.commit).to_owned(),
                release.created_by_name,
                release.finished_at.map(print::time).unwrap_or_default(),
                item.held.map(|held| format!("{held}/{servers}")).unwrap_or_default(),
                way.get(lang).to_owned(),
            ]
        })
        .collect();
    print::table(&headers, &rows, &Text::new("Nothing has succeeded here yet.", "此环境尚无成功的发布。"));
    for one in found.unasked {
        say::error(&format!("{}: {}", one.hostname, one.error.get(lang)));
    }
    Ok(())
}

pub(super) async fn promote(client: &Client, promote: Promote) -> Outcome<u8> {
    let environment = promote.place.find(client).await?;
    let from = match &promote.from {
        None => None,
        Some(typed) => {
            let project = client.project(&promote.place.project).await?;
            Some(client.environment(&project, typed).await?.id)
        }
    };
    if promote.dry_run {
        let from = from.map(|id| id.to_string());
        let query: Vec<(&str, &str)> = from.iter().map(|id| ("from", id.as_str())).collect();
        let json = client.api.get(&format!("/environments/{}/promotion", environment.id), &query).await?;
        if client.json {
            print::json(&json);
            return Ok(0);
        }
        say::line(&would(&read(bilingual(json))?, &environment));
        return Ok(0);
    }
    let form = PromoteForm { from, exception: promote.settled.exception };
    let json = client.api.post(&format!("/environments/{}/promote", environment.id), Some(&json!(form))).await?;
    done(client, &json, &read_release(&json)?, &promote.wait).await
}

fn would(promotion: &Promotion, to: &Environment) -> Text {
    let release = &promotion.release;
    let (id, name, from, to) = (release.id, &release.git_ref.name, &promotion.from_name, &to.name);
    let how = match &promotion.rebuilt {
        None => Text::new("It is the same artifact.", "使用同一制品。"),
        Some(why) => why.clone(),
    };
    let mut line = text!("Would take {name} (#{id}) from {from} to {to}. {}", "将把 {name}（#{id}）从 {from} 提升到 {to}。{}"; how);
    for rule in promotion.rules.iter().filter(|rule| !rule.ok) {
        line.en.to_mut().push_str(&format!(" {}", rule.text.en));
        line.zh.to_mut().push_str(&rule.text.zh);
    }
    line
}
