//! `launchway release show` and `list`.

use clap::Args;
use launchway_domain::{NodeStatus, ReleaseStatus, Text};
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
    let headers = [
        Text::new("STEP", "步骤"),
        Text::new("STATUS", "状态"),
        Text::new("TIME", "用时"),
        Text::new("MESSAGE", "信息"),
        Text::new("NODE", "节点"),
    ];
    let rows: Vec<_> = picture
        .nodes
        .iter()
        .map(|node| {
            let took = Picture::took(node.started_at, node.finished_at, launchway_domain::Timestamp::now());
            let took = took.filter(|_| node.status != NodeStatus::Pending).map(seconds).unwrap_or_default();
            let message = node.message.as_ref().map(|text| clean(text.get(lang))).unwrap_or_default();
            let status = node.status.label().get(lang).to_owned();
            vec![step(&picture, node, lang), status, took, message, node.key.to_string()]
        })
        .collect();
    say::out("");
    print::table(&headers, &rows, &Text::verbatim(""));
    Ok(0)
}
