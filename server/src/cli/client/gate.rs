//! `launchway lock`, `launchway unlock`, `launchway queue`: what stands between releases and their runs.

use clap::Args;
use launchway_domain::{
    Environment, Hold, Lock, LockForm, Project, Queue, QueuePlace, ReleaseId, Text, Timestamp, Wait, WaitFor, text,
};
use serde_json::json;

use super::api::read;
use super::trouble::Outcome;
use super::wire::bilingual;
use super::{Client, On, names, print};
use crate::cli::say;

/// Which environment.
#[derive(Args)]
pub(in crate::cli) struct Door {
    #[command(flatten)]
    pub(super) on: On,
    /// Its project's title or id
    #[arg(long)]
    project: String,
    /// Its name or id
    environment: String,
}

#[derive(Args)]
pub(in crate::cli) struct LockArgs {
    #[command(flatten)]
    pub(super) door: Door,
    /// Why; others read it while they wait
    #[arg(long)]
    reason: String,
    /// When the lock ends by itself: a time such as 2026-12-24T18:00:00+01:00, or +2h
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
    /// Keeps the environment free for this release: it alone may start, and the lock ends with it
    #[arg(long, value_name = "NUMBER", value_parser = names::id)]
    release: Option<i64>,
}

/// Reads a time: RFC 3339, or how far ahead, as `+90s`, `+30m`, `+2h` or `+1d`.
pub(super) fn time(typed: &str) -> Result<Timestamp, String> {
    let wrong = || "a time such as 2026-12-24T18:00:00+01:00, or how far ahead, such as +30m, +2h or +1d".to_owned();
    let Some(ahead) = typed.strip_prefix('+') else { return Timestamp::parse(typed).ok_or_else(wrong) };
    let unit = match ahead.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 24 * 3600,
        _ => return Err(wrong()),
    };
    let count: i64 = ahead[..ahead.len() - 1].parse().ok().filter(|count| *count > 0).ok_or_else(wrong)?;
    Ok(Timestamp::now().plus_millis(count.saturating_mul(unit * 1000)))
}

async fn find(client: &Client, door: &Door) -> Outcome<(Project, Environment)> {
    let project = client.project(&door.project).await?;
    let environment = client.environment(&project, &door.environment).await?;
    Ok((project, environment))
}

pub(super) async fn lock(client: &Client, args: &LockArgs) -> Outcome<()> {
    let (project, environment) = find(client, &args.door).await?;
    let form = LockForm { reason: args.reason.clone(), until: args.until, release_id: args.release.map(ReleaseId) };
    let made = client.api.post(&format!("/environments/{}/lock", environment.id), Some(&json!(form))).await?;
    let lock: Lock = read(made.clone())?;
    let (title, name) = (project.title, environment.name);
    let until = lock.until.map(|until| format!(" → {}", print::time(until))).unwrap_or_default();
    client.answer(
        &made,
        &text!(
            "Locked {name} of {title}{until}. To lift the lock: launchway unlock --project '{title}' '{name}'",
            "已锁定 {title} 的 {name}{until}。解锁：launchway unlock --project '{title}' '{name}'"
        ),
    );
    Ok(())
}

pub(super) async fn unlock(client: &Client, door: &Door) -> Outcome<()> {
    let (project, environment) = find(client, door).await?;
    client.api.delete(&format!("/environments/{}/lock", environment.id)).await?;
    let (title, name) = (project.title, environment.name);
    client.answer(
        &json!({"unlocked": environment.id}),
        &text!("Unlocked {name} of {title}.", "已解锁 {title} 的 {name}。"),
    );
    Ok(())
}

pub(super) async fn queue(client: &Client, door: &Door) -> Outcome<()> {
    let environment = find(client, door).await?.1;
    let found = client.api.get(&format!("/environments/{}/queue", environment.id), &[]).await?;
    if client.json {
        print::json(&found);
        return Ok(());
    }
    let queue: Queue = read(bilingual(found))?;
    let lang = say::lang();
    let until = |at: Option<Timestamp>| at.map(|at| format!(" → {}", print::time(at))).unwrap_or_default();
    let lock = queue.lock.as_ref().map(|lock| format!("{}: {}{}", lock.locked_by_name, lock.reason, until(lock.until)));
    let frozen =
        queue.calendar.now.as_ref().map(|f| format!("{}{}", f.label.as_deref().unwrap_or("✓"), until(f.until)));
    let next = queue.calendar.next.as_ref().map(|f| format!("{}{}", print::time(f.from), until(f.until)));
    let held = queue.hold.as_ref().map(|hold| {
        let Hold { batch, of, .. } = hold;
        text!(" (waits after batch {batch} of {of}: continue it)", "（第 {batch}/{of} 批已完成，等待继续）")
            .get(lang)
            .to_owned()
    });
    let running = queue.running.map(|id| format!("#{id}{}", held.unwrap_or_default()));
    print::details(&[
        (Text::new("Running", "正在执行"), running.unwrap_or_default()),
        (Text::new("Locked", "锁定"), lock.unwrap_or_default()),
        (Text::new("Frozen", "封网"), frozen.unwrap_or_default()),
        (Text::new("Next freeze", "下次封网"), next.unwrap_or_default()),
    ]);
    let headers = [
        Text::new("PLACE", "位次"),
        Text::new("RELEASE", "发布"),
        Text::new("REF", "引用"),
        Text::new("BY", "创建者"),
        Text::new("WAITS FOR", "等待"),
    ];
    let rows: Vec<_> = queue
        .items
        .iter()
        .map(|item| {
            let waits = waits(&item.waits).get(lang).to_owned();
            let (place, id) = (item.place.to_string(), format!("#{}", item.release_id));
            vec![place, id, item.ref_name.clone(), item.created_by_name.clone(), waits]
        })
        .collect();
    print::table(&headers, &rows, &Text::new("Nothing waits in the queue.", "队列中没有等待的发布。"));
    Ok(())
}

/// What somebody waits for, in one line.
fn waits(waits: &[Wait]) -> Text {
    let each: Vec<Text> = waits
        .iter()
        .map(|wait| match wait.until {
            Some(until) => text!("{} (until {})", "{}（直到 {}）"; wait.text(), Text::verbatim(print::time(until))),
            None => wait.text(),
        })
        .collect();
    let join = |lang: fn(&Text) -> &str, with: &str| each.iter().map(lang).collect::<Vec<_>>().join(with);
    Text { en: join(|text| &text.en, ", ").into(), zh: join(|text| &text.zh, "、").into() }
}

/// A release's place in a line: `2nd of 3; waits for …`. None where nothing keeps it.
pub(super) async fn place(client: &Client, id: i64) -> Outcome<Option<Text>> {
    let found = client.api.get(&format!("/releases/{id}/queue"), &[]).await?;
    let place: QueuePlace = read(bilingual(found))?;
    Ok(said(&place))
}

fn said(place: &QueuePlace) -> Option<Text> {
    let of = place.of;
    // A freeze is not waited for by what is not in the queue yet: it keeps it from being started.
    let is_freeze = |wait: &&Wait| place.place.is_none() && wait.what == WaitFor::Freeze;
    let frozen = place.waits.iter().find(is_freeze);
    let others: Vec<Wait> = place.waits.iter().filter(|wait| !is_freeze(wait)).cloned().collect();
    let waits = waits(&others);
    if let Some(freeze) = frozen {
        let until = freeze.until.map(print::time);
        let until = until.map_or(Text::new("", ""), |until| text!(" until {until}", "，直到 {until}"));
        let frozen = text!("frozen{}: it cannot be started now", "封网中{}，目前不能开始"; until);
        return Some(match others.is_empty() {
            true => frozen,
            false => text!("{}; would then wait for {}", "{}；之后将等待：{}"; frozen, waits),
        });
    }
    match place.place {
        Some(number) if place.waits.is_empty() => {
            Some(text!("{number} of {of}; starts any moment", "第 {number} 位，共 {of} 个；即将开始"))
        }
        Some(number) => Some(text!("{number} of {of}; waits for {}", "第 {number} 位，共 {of} 个；等待：{}"; waits)),
        None if others.is_empty() => None,
        None => Some(text!("would wait for {}", "将等待：{}"; waits)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_a_point_or_as_a_distance() {
        assert_eq!(time("2026-12-24T18:00:00+01:00"), Ok(Timestamp::parse("2026-12-24T17:00:00Z").unwrap()));
        let ahead = time("+2h").unwrap().millis() - Timestamp::now().millis();
        assert!((2 * 3600 * 1000 - 5000..=2 * 3600 * 1000).contains(&ahead), "{ahead}");
        for wrong in ["", "+", "+2", "+h", "+-2h", "+0m", "2026-12-24 18:00", "tomorrow", "+二h"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_place_is_said_in_one_line() {
        let ahead = Wait { what: WaitFor::Ahead, release_id: Some(ReleaseId(41)), ..Wait::default() };
        let mut place = QueuePlace { place: Some(2), of: 3, waits: vec![ahead], ..QueuePlace::default() };
        let text = said(&place).unwrap();
        assert_eq!(text.en, "2 of 3; waits for #41, which is before it");
        assert_eq!(text.zh, "第 2 位，共 3 个；等待：排在前面的 #41");
        place.waits.clear();
        assert_eq!(said(&place).unwrap().en, "2 of 3; starts any moment");
        place.place = None;
        assert_eq!(said(&place), None);
        let freeze = Wait { what: WaitFor::Freeze, reason: Some("Holidays".into()), ..Wait::default() };
        place.waits = vec![freeze.clone()];
        assert_eq!(said(&place).unwrap().en, "frozen: it cannot be started now");
        place.place = Some(1);
        assert_eq!(said(&place).unwrap().en, "1 of 3; waits for the end of the freeze “Holidays”");
    }
}
