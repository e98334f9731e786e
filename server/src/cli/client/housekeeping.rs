//! `launchway housekeeping`.

use clap::{Args, Subcommand};
use launchway_domain::{DiskUse, Housekeeping, Pile, Text, TidyPlan, Tidying, text};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::api::read;
use super::trouble::Outcome;
use super::{Client, print};
use crate::cli::say;

#[derive(Default, Subcommand)]
pub(in crate::cli) enum HousekeepingCommand {
    /// Shows how long things are kept, what they take up, and what goes next
    #[default]
    Show,
    /// Changes how long things are kept
    Set(Set),
    /// Tidies up now: removes what is old enough and needed by nothing
    Run,
}

#[derive(Args)]
#[group(required = true, multiple = true)]
pub(in crate::cli) struct Set {
    /// How long events are kept, 1 to 365
    #[arg(long, value_name = "DAYS")]
    event_days: Option<u32>,
    /// How long calls of webhooks and sent notifications are kept
    #[arg(long, value_name = "DAYS")]
    delivery_days: Option<u32>,
    /// How long logs of releases are kept, or 'forever'
    #[arg(long, value_name = "DAYS", value_parser = days)]
    log_days: Option<Days>,
    /// How long artifacts are kept that nothing needs, or 'forever'
    #[arg(long, value_name = "DAYS", value_parser = days)]
    artifact_days: Option<Days>,
    /// How many artifacts of each environment stay whatever their age
    #[arg(long, value_name = "NUMBER")]
    keep_artifacts: Option<u32>,
    /// How long build caches are kept that no release uses, or 'forever'
    #[arg(long, value_name = "DAYS", value_parser = days)]
    cache_days: Option<Days>,
}

/// A number of days; none is for ever.
#[derive(Clone, Copy)]
struct Days(Option<u32>);

fn days(typed: &str) -> Result<Days, String> {
    match typed {
        "forever" => Ok(Days(None)),
        number => number.parse().map(|days| Days(Some(days))).map_err(|_| "a number of days, or 'forever'".to_owned()),
    }
}

pub(super) async fn run(client: &Client, command: HousekeepingCommand) -> Outcome<()> {
    match command {
        HousekeepingCommand::Show => show(client).await,
        HousekeepingCommand::Set(set) => {
            let request = client.api.request(Method::PATCH, "/housekeeping").json(&patch(&set));
            let changed = client.api.json(request).await?;
            if client.json {
                print::json(&changed);
            } else {
                settings(&read(changed)?);
            }
            Ok(())
        }
        HousekeepingCommand::Run => {
            let removed = client.api.post("/housekeeping/run", None).await?;
            if client.json {
                print::json(&removed);
            } else {
                piles(&read(removed)?, &Text::new("There was nothing to remove.", "没有可清理的内容。"));
            }
            Ok(())
        }
    }
}

fn patch(set: &Set) -> Value {
    let mut patch = Map::new();
    let numbers =
        [("event_days", set.event_days), ("delivery_days", set.delivery_days), ("keep_artifacts", set.keep_artifacts)];
    let times = [("log_days", set.log_days), ("artifact_days", set.artifact_days), ("cache_days", set.cache_days)];
    for (name, value) in numbers {
        patch.extend(value.map(|value| (name.to_owned(), json!(value))));
    }
    for (name, value) in times {
        patch.extend(value.map(|Days(days)| (name.to_owned(), json!(days))));
    }
    Value::Object(patch)
}

async fn show(client: &Client) -> Outcome<()> {
    let kept = client.api.get("/housekeeping", &[]).await?;
    let disk = client.api.get("/housekeeping/disk", &[]).await?;
    let plan = client.api.get("/housekeeping/plan", &[]).await?;
    if client.json {
        print::json(&json!({"settings": kept, "disk": disk, "plan": plan}));
        return Ok(());
    }
    settings(&read(kept)?);
    say::out("");
    taken_up(&read(disk)?);
    say::out("");
    let plan: TidyPlan = read(plan)?;
    say::line(&Text::new("Goes next:", "下次清理："));
    piles(&plan.next, &Text::new("Nothing is old enough.", "没有到期的内容。"));
    if let Some(last) = plan.last {
        let at = print::time(last.at);
        say::line(&text!("Something was last removed at {at}.", "上次清理：{at}。"));
    }
    Ok(())
}

fn settings(kept: &Housekeeping) {
    let lang = say::lang();
    let days = |days: u32| text!("{days} days", "{days} 天").get(lang).to_owned();
    let or_ever = |kept: Option<u32>| kept.map_or_else(|| Text::new("for ever", "永久").get(lang).to_owned(), days);
    print::details(&[
        (Text::new("Events", "事件"), days(kept.event_days)),
        (Text::new("Deliveries", "投递记录"), days(kept.delivery_days)),
        (Text::new("Logs", "日志"), or_ever(kept.log_days)),
        (Text::new("Artifacts", "制品"), or_ever(kept.artifact_days)),
        (Text::new("At least, of each environment", "每个环境至少保留"), kept.keep_artifacts.to_string()),
        (Text::new("Build caches", "构建缓存"), or_ever(kept.cache_days)),
    ]);
}

fn taken_up(disk: &DiskUse) {
    let mut rows = vec![vec![
        Text::new("(all)", "（全部）").get(say::lang()).to_owned(),
        size(disk.used.artifacts),
        size(disk.used.logs),
        size(disk.used.mirrors),
        size(disk.used.work),
        size(disk.used.caches),
    ]];
    rows.extend(disk.projects.iter().map(|project| {
        let used = project.used;
        let mut row = vec![project.title.clone()];
        row.extend([used.artifacts, used.logs, used.mirrors, used.work, used.caches].map(size));
        row
    }));
    let headers = [
        Text::new("PROJECT", "项目"),
        Text::new("ARTIFACTS", "制品"),
        Text::new("LOGS", "日志"),
        Text::new("MIRRORS", "仓库镜像"),
        Text::new("WORK", "工作目录"),
        Text::new("CACHES", "构建缓存"),
    ];
    print::table(&headers, &rows, &Text::verbatim(""));
    let (database, free, total) = (size(disk.database), size(disk.free), size(disk.total));
    say::line(&text!(
        "The database holds {database}. {free} of {total} are free.",
        "数据库 {database}。磁盘剩余 {free}，共 {total}。"
    ));
}

/// What goes or went.
fn piles(all: &Tidying, none: &Text) {
    let line = |name: Text, pile: Pile| {
        (pile.count > 0).then(|| vec![name.get(say::lang()).to_owned(), pile.count.to_string(), size(pile.bytes)])
    };
    let rows = |name: Text, count: u64| {
        (count > 0).then(|| vec![name.get(say::lang()).to_owned(), count.to_string(), String::new()])
    };
    let found: Vec<Vec<String>> = [
        line(Text::new("artifacts", "制品"), all.artifacts),
        line(Text::new("work folders", "工作目录"), all.work),
        line(Text::new("logs", "日志"), all.logs),
        line(Text::new("build caches", "构建缓存"), all.caches),
        rows(Text::new("events", "事件"), all.events),
        rows(Text::new("deliveries", "投递记录"), all.deliveries),
    ]
    .into_iter()
    .flatten()
    .collect();
    let headers = [Text::new("WHAT", "内容"), Text::new("COUNT", "数量"), Text::new("SIZE", "大小")];
    print::table(&headers, &found, none);
}

/// Bytes for people.
pub(super) fn size(bytes: u64) -> String {
    launchway_app::text::remote::size(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_named_is_changed() {
        let none = Set {
            event_days: None,
            delivery_days: None,
            log_days: Some(Days(None)),
            artifact_days: Some(Days(Some(30))),
            keep_artifacts: None,
            cache_days: None,
        };
        assert_eq!(patch(&none), json!({"log_days": null, "artifact_days": 30}));
        assert!(days("forever").is_ok_and(|days| days.0.is_none()));
        assert!(days("-1").is_err() && days("ever").is_err());
    }
}
