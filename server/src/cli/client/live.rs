//! `launchway live`: what is live where.

use clap::Args;
use launchway_domain::{EnvironmentLive, LiveState, LiveVersion, Text, text};
use serde_json::Value;

use super::api::read;
use super::trouble::{FAILED, Outcome, Trouble};
use super::wire::bilingual;
use super::{Client, On, print};
use crate::cli::say;

#[derive(Args)]
pub(in crate::cli) struct Live {
    /// Of one project: its title or id
    #[arg(long)]
    project: Option<String>,
    /// Of one environment: its name or id
    #[arg(long, visible_alias = "environment")]
    env: Option<String>,
    /// Looks on the servers now, at every file, instead of saying what was found last; needs --env
    #[arg(long, requires = "env")]
    check: bool,
    #[command(flatten)]
    pub(super) on: On,
}

/// The exit status is 1 where something drifted or is out of reach.
pub(super) async fn run(client: &Client, live: &Live) -> Outcome<()> {
    let found = match &live.env {
        Some(env) => {
            let environment = client.place(live.project.as_deref(), env).await?;
            let path = format!("/environments/{}/live", environment.id);
            let one = if live.check {
                client.api.post(&format!("{path}/check"), None).await?
            } else {
                client.api.get(&path, &[]).await?
            };
            vec![one]
        }
        None => {
            let project = match &live.project {
                Some(typed) => Some(client.project(typed).await?.id.to_string()),
                None => None,
            };
            let query: Vec<_> = project.as_deref().map(|id| ("project", id)).into_iter().collect();
            client.api.list("/live", &query).await?
        }
    };
    let places: Vec<EnvironmentLive> = read(bilingual(Value::Array(found.clone())))?;
    if client.json {
        print::json(&Value::Array(found));
    } else {
        show(&places);
    }
    let trouble = places.iter().any(|place| place.state.is_trouble());
    if trouble { Err(Trouble::Ended(FAILED)) } else { Ok(()) }
}

fn show(places: &[EnvironmentLive]) {
    let headers = [
        Text::new("ENVIRONMENT", "环境"),
        Text::new("SERVER", "服务器"),
        Text::new("STATE", "状态"),
        Text::new("RELEASE", "发布"),
        Text::new("REF", "版本"),
        Text::new("COMMIT", "提交"),
        Text::new("LIVE SINCE", "上线时间"),
        Text::new("LOOKED", "检查时间"),
    ];
    let mut rows = Vec::new();
    for place in places {
        for server in &place.servers {
            let release = server.release.as_ref();
            let text = |get: &dyn Fn(&launchway_domain::LiveRelease) -> String| release.map(get).unwrap_or_default();
            rows.push(vec![
                format!("{} / {}", place.project_title, place.name),
                server.hostname.clone(),
                server.state.label().get(say::lang()).to_owned(),
                text(&|release| format!("#{}", release.id)),
                text(&|release| release.git_ref.name.clone()),
                text(&|release| super::follow::short(&release.commit).to_owned()),
                server.live_since.map(print::time).unwrap_or_default(),
                server.checked_at.map(print::time).unwrap_or_default(),
            ]);
        }
    }
    print::table(&headers, &rows, &Text::new("There are no servers in any environment yet.", "还没有环境包含服务器。"));
    for place in places.iter().filter(|place| place.versions.len() > 1) {
        let (project, name) = (&place.project_title, &place.name);
        let (state, live) = (LiveState::Mixed.label(), LiveVersion::summary(&place.versions));
        say::line(&text!("{project} / {name}: {} ({})", "{project} / {name}：{}（{}）"; state, live));
    }
    let servers = places.iter().flat_map(|place| &place.servers);
    for detail in servers.filter(|server| server.state != LiveState::Ok).filter_map(|server| server.detail.as_ref()) {
        say::line(detail);
    }
}
