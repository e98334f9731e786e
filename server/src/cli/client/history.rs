//! `launchway history`.

use clap::Args;
use launchway_domain::{AuditFacts, Text};
use serde_json::Value;

use super::api::read;
use super::trouble::Outcome;
use super::{Client, On, print};

/// As many entries as one call of the API answers at most.
const MOST: u32 = 200;

#[derive(Args)]
pub(in crate::cli) struct History {
    #[command(flatten)]
    pub(super) on: On,
    /// Of one project, by title or id
    #[arg(long, value_name = "TITLE|ID")]
    project: Option<String>,
    /// What one user did, by name or id
    #[arg(long, value_name = "NAME|ID")]
    who: Option<String>,
    /// What was done: server.update, or a noun alone
    #[arg(long, value_name = "NOUN[.VERB]")]
    what: Option<String>,
    /// From this day or time on: 2026-05-01, 2026-05-01T08:30:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// To the end of this day, or before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Words that must all be found in an entry
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
    /// So many entries, the newest
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST)))]
    limit: u32,
}

pub(super) async fn run(client: &Client, history: &History) -> Outcome<()> {
    let project = match &history.project {
        Some(typed) => Some(client.project(typed).await?.id.to_string()),
        None => None,
    };
    let limit = history.limit.to_string();
    let asked = [
        ("q", &history.search),
        ("who", &history.who),
        ("what", &history.what),
        ("project", &project),
        ("since", &history.since),
        ("until", &history.until),
    ];
    let mut query = vec![("limit", limit.as_str())];
    query.extend(asked.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))));
    let mut page = client.api.get("/audit", &query).await?;
    let items = page.get_mut("items").map(Value::take).unwrap_or_default();
    if client.json {
        print::json(&items);
        return Ok(());
    }
    let rows = read::<Vec<AuditFacts>>(items)?.into_iter().map(row).collect::<Vec<_>>();
    let headers = [
        Text::verbatim("#"),
        Text::new("WHEN", "时间"),
        Text::new("WHO", "操作者"),
        Text::new("WHAT", "操作"),
        Text::new("THING", "对象"),
        Text::new("OUTCOME", "结果"),
    ];
    print::table(&headers, &rows, &Text::new("There is no such entry.", "没有符合条件的记录。"));
    Ok(())
}

fn row(facts: AuditFacts) -> Vec<String> {
    let who = match facts.who.token {
        Some(token) => format!("{} ({token})", facts.who.name),
        None => facts.who.name,
    };
    let thing = match facts.thing.id {
        Some(id) => format!("{} #{id}", facts.thing.name),
        None => facts.thing.name,
    };
    vec![facts.seq.to_string(), print::time(facts.at), who, facts.what, thing, facts.outcome.as_str().to_owned()]
}
