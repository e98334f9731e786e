//! `launchway release show` and `list`.

use clap::Args;
use launchway_domain::{LiveChange, Node, NodeLive, NodeStatus, ReleaseStatus, Text, Timestamp, text};
use serde_json::Value;

use super::super::follow::{Picture, clean, seconds, short, step, title};
use super::super::trouble::Outcome;
use super::super::{Client, gate, print};
use super::read_release;
use crate::cli::say;

#[derive(Args)]
pub(in crate::cli) struct List {
    /// Of one project, by title or id
    #[arg(long)]
    project: Option<String>,
    /// Of one environment of it, by name or id
    #[arg(long, value_name = "ENVIRONMENT", requires = "project")]
    env: Option<String>,
    /// With one status
    #[arg(long, value_parser = ReleaseStatus::ALL.map(ReleaseStatus::as_str))]
    status: Option<String>,
    /// How many
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
}

pub(super) async fn list(client: &Client, list: List) -> Outcome<u8> {
    let mut query = vec![("limit", list.limit.to_string())];
    if let Some(typed) = &list.project {
        let project = client.project(typed).await?;
        if let Some(typed) = &list.env {
            query.push(("environment_id", client.environment(&project, typed).await?.id.to_string()));
        }
        query.push(("project_id", project.id.to_string()));
    }
    query.extend(list.status.map(|status| ("status", status)));
    let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut page = client.api.get("/releases", &query).await?;
    let items = page.get_mut("items").map(Value::take).unwrap_or_default();
    if client.json {
        print::json(&items);
        return Ok(0);
    }
    let headers = [
        Text::verbatim("#"),
        Text::new("STATUS", "状态"),
        Text::new("PROJECT", "项目"),
        Text::new("ENVIRONMENT", "环境"),
        Text::new("REF", "版本"),
        Text::new("COMMIT", "提交"),
        Text::new("BY", "创建者"),
        Text::new("CREATED", "创建时间"),
    ];
    let mut rows = Vec::new();
    for item in items.as_array().into_iter().flatten() {
        let release = read_release(item)?;
        rows.push(vec![
            release.id.to_string(),
            release.status.label().get(say::lang()).to_owned(),
            release.project_title,
            release.environment_name,
            release.git_ref.name,
            short(&release.commit).to_owned(),
            release.created_by_name,
            print::time(release.created_at),
        ]);
    }
    print::table(&headers, &rows, &Text::new("There are no such releases.", "没有符合条件的发布。"));
    Ok(0)
}

/// Prints a release with its nodes as one document.
pub(super) async fn document(client: &Client, id: i64) -> Outcome<()> {
    let mut release = client.api.get(&format!("/releases/{id}"), &[]).await?;
    let mut nodes = client.api.get(&format!("/releases/{id}/nodes"), &[]).await?;
    release["nodes"] = nodes.get_mut("items").map(Value::take).unwrap_or_default();
    print::json(&release);
    Ok(())
}

pub(super) async fn show(client: &Client, id: i64) -> Outcome<u8> {
    if client.json {
        document(client, id).await?;
        return Ok(0);
    }
    let picture = Picture::load(&client.api, id).await?;
    let (release, lang) = (&picture.release, say::lang());
    let time = |at: Option<_>| at.map(print::time).unwrap_or_default();
    let place = match release.status {
        ReleaseStatus::Pending | ReleaseStatus::Queued => gate::place(client, id).await?,
        _ => None,
    };
    print::details(&[
        (Text::new("Release", "发布"), title(release).get(lang).to_owned()),
        (Text::new("Status", "状态"), release.status.label().get(lang).to_owned()),
        (Text::new("Queue", "队列"), place.map(|place| place.get(lang).to_owned()).unwrap_or_default()),
        (Text::new("Starts at", "预定开始"), time(release.start_at)),
        (Text::new("Error", "错误"), release.error.as_ref().map(|e| e.get(lang).to_owned()).unwrap_or_default()),
        (Text::new("Commit", "提交"), release.commit.clone()),
        (Text::new("Exception", "破例理由"), release.exception.clone().unwrap_or_default()),
        (Text::new("Note", "备注"), release.note.clone().unwrap_or_default()),
        (Text::new("Created", "创建"), format!("{}, {}", print::time(release.created_at), release.created_by_name)),
        (Text::new("Started", "开始"), time(release.started_at)),
        (Text::new("Ended", "结束"), time(release.finished_at)),
        (Text::new("Page", "页面"), client.api.page(&format!("/releases/{id}"))),
    ]);
    if picture.nodes.is_empty() {
        return Ok(0);
    }
    let mut columns: Vec<Column> = vec![
        (Text::new("STEP", "步骤"), Box::new(|node| step(&picture, node, lang))),
        (Text::new("STATUS", "状态"), Box::new(|node| node.status.label().get(lang).to_owned())),
        (Text::new("TIME", "用时"), Box::new(took)),
    ];
    if picture.nodes.iter().any(|node| node.batch.is_some()) {
        let of = picture.nodes.iter().filter_map(|node| node.batch).max().unwrap_or_default();
        let batch = move |node: &Node| node.batch.map(|batch| format!("{batch}/{of}")).unwrap_or_default();
        columns.push((Text::new("BATCH", "批次"), Box::new(batch)));
    }
    if picture.nodes.iter().any(|node| node.live.is_some()) {
        let live = move |node: &Node| node.live.as_ref().map(|live| named(live).get(lang).to_owned());
        columns.push((Text::new("LIVE", "生效版本"), Box::new(move |node| live(node).unwrap_or_default())));
    }
    let message = |node: &Node| node.message.as_ref().map(|text| clean(text.get(lang))).unwrap_or_default();
    columns.push((Text::new("MESSAGE", "信息"), Box::new(message)));
    columns.push((Text::new("NODE", "节点"), Box::new(|node| node.key.to_string())));
    let rows: Vec<Vec<String>> =
        picture.nodes.iter().map(|node| columns.iter().map(|(_, cell)| cell(node)).collect()).collect();
    let headers: Vec<Text> = columns.iter().map(|(header, _)| header.clone()).collect();
    say::out("");
    print::table(&headers, &rows, &Text::verbatim(""));
    Ok(0)
}

/// A column of the steps: its head, and what stands in it.
type Column<'a> = (Text, Box<dyn Fn(&Node) -> String + 'a>);

/// How long a step took, where it has begun.
fn took(node: &Node) -> String {
    let took = Picture::took(node.started_at, node.finished_at, Timestamp::now());
    took.filter(|_| node.status != NodeStatus::Pending).map(seconds).unwrap_or_default()
}

/// What is live on a server: a release's number, and how that came to be where it was not simply switched.
fn named(live: &NodeLive) -> Text {
    let how = live.change.label();
    match (live.release_id, live.change) {
        (_, LiveChange::Unknown) => Text::new("not known", "未知"),
        (Some(id), LiveChange::Switched) => Text::verbatim(format!("#{id}")),
        (Some(id), _) => text!("#{id} ({})", "#{id}（{}）"; how),
        (None, _) => text!("– ({})", "–（{}）"; how),
    }
}

#[cfg(test)]
mod tests {
    use launchway_domain::ReleaseId;

    use super::*;

    #[test]
    fn what_is_live_is_named_in_few_words() {
        let live = |release_id, change| named(&NodeLive { release_id, change, error: None });
        assert_eq!(live(Some(ReleaseId(7)), LiveChange::Switched).en, "#7");
        assert_eq!(live(Some(ReleaseId(6)), LiveChange::SwitchedBack).en, "#6 (switched back)");
        assert_eq!(live(None, LiveChange::Unchanged).zh, "–（未变）");
        assert_eq!(live(Some(ReleaseId(7)), LiveChange::Unknown).en, "not known");
    }
}
