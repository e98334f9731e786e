//! What a release says in plain lines: one for each change, and a few at its end. Pure.

use launchway_domain::log::screen::visible;
use launchway_domain::{Lang, Node, NodeKind, NodeStatus, Release, ReleaseStatus, Text, Timestamp, text};

use super::picture::{Change, Picture};

/// What is released to where: `#7 shop → test, tag v1.2 (0123456)`.
pub(crate) fn title(release: &Release) -> Text {
    let (id, project, environment) = (release.id, clean(&release.project_title), clean(&release.environment_name));
    let (name, commit) = (clean(&release.git_ref.name), short(&release.commit));
    let kind = release.git_ref.kind.label();
    text!("#{id} {project} → {environment}, {} {name} ({commit})", "#{id} {project} → {environment}，{} {name}（{commit}）"; kind)
}

/// The first letters of a commit.
pub(crate) fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

/// A step in words: `download`, or `web-1 upload`.
pub(crate) fn step(picture: &Picture, node: &Node, lang: Lang) -> String {
    match (node.kind, picture.server_of(node)) {
        (NodeKind::Server, _) => clean(&node.text),
        (kind, Some(server)) => format!("{} {}", clean(server), kind.label().get(lang)),
        (kind, None) => kind.label().get(lang).to_owned(),
    }
}

/// One change as a line; none for what is only a plan.
pub(crate) fn change(picture: &Picture, change: &Change, at: Timestamp, lang: Lang) -> Option<String> {
    let said = match change {
        Change::Progress => return None,
        Change::Release => {
            let release = &picture.release;
            if release.cancel_requested && !release.status.is_final() {
                Text::new("asked to stop", "已请求停止").get(lang).to_owned()
            } else if let Some(hold) = &release.hold {
                let (batch, of, id) = (hold.batch, hold.of, release.id);
                let until = match hold.until {
                    Some(until) => {
                        let until = until.rfc3339();
                        text!(", until {until} at the latest", "，最迟至 {until}")
                    }
                    None => Text::new("", ""),
                };
                text!(
                    "waits after batch {batch} of {of}{}. To let it go on: launchway release continue {id}",
                    "在第 {batch}/{of} 批之后等待{}。继续：launchway release continue {id}";
                    until
                )
                .get(lang)
                .to_owned()
            } else {
                release.status.label().get(lang).to_owned()
            }
        }
        Change::Node(at) => {
            let node = &picture.nodes[*at];
            if matches!(node.status, NodeStatus::Pending | NodeStatus::Waiting) {
                return None;
            }
            let mut said = format!("{}: {}", step(picture, node, lang), node.status.label().get(lang));
            if let (Some(status), NodeStatus::Failed) = (node.exit_status, node.status) {
                said.push_str(text!(", exit status {status}", "，退出状态 {status}").get(lang));
            }
            let took = Picture::took(node.started_at, node.finished_at, at_end(node));
            if let Some(took) = took.filter(|_| node.status.is_final()) {
                said.push_str(&format!(" ({})", seconds(took)));
            }
            if let (Some(message), NodeStatus::Failed) = (&node.message, node.status) {
                said.push_str(&format!(": {}", clean(message.get(lang))));
            }
            said
        }
    };
    Some(format!("{} {said}", clock(at)))
}

fn at_end(node: &Node) -> Timestamp {
    node.finished_at.or(node.started_at).unwrap_or_default()
}

/// The time of day in UTC.
pub(crate) fn clock(at: Timestamp) -> String {
    at.rfc3339().get(11..19).unwrap_or_default().to_owned()
}

/// A stretch of time: `0.4 s`, `12 s`, `3 min 05 s`.
pub(crate) fn seconds(millis: i64) -> String {
    match millis {
        ..10_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        10_000..60_000 => format!("{} s", millis / 1000),
        _ => format!("{} min {:02} s", millis / 60_000, millis / 1000 % 60),
    }
}

/// How a release ended, why, and what to do next.
pub(crate) fn end(picture: &Picture, lang: Lang) -> Vec<String> {
    let release = &picture.release;
    let id = release.id;
    let took = Picture::took(release.started_at, release.finished_at, release.finished_at.unwrap_or_default());
    let took = took.map(|millis| format!(" ({})", seconds(millis))).unwrap_or_default();
    let status = release.status.label();
    let mut lines = vec![text!("Release #{id} {}{took}.", "发布 #{id} {}{took}。"; status).get(lang).to_owned()];
    if let Some(error) = &release.error {
        lines.push(clean(error.get(lang)));
    }
    let next = match release.status {
        ReleaseStatus::Failed => text!(
            "Its whole log: launchway release log {id}. Once it is mended: launchway release retry {id} --wait",
            "完整日志：launchway release log {id}。修复后重试：launchway release retry {id} --wait"
        ),
        ReleaseStatus::Canceled => {
            text!(
                "To go on with it: launchway release retry {id} --wait",
                "继续发布：launchway release retry {id} --wait"
            )
        }
        _ => return lines,
    };
    lines.push(next.get(lang).to_owned());
    lines
}

/// A text from elsewhere as one line without anything that a terminal would act upon.
pub(crate) fn clean(text: &str) -> String {
    let line: String = text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }).collect();
    visible(&line).chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::picture::tests::{node, picture};
    use super::*;

    #[test]
    fn a_change_is_one_line() {
        let mut failed = node("server:3/before_deploy", "before_deploy", Some(3), "before deploy", "failed");
        failed["exit_status"] = json!(7);
        failed["message"] = json!("The hook ended with\n\u{1b}[31mexit status 7.");
        let mut picture = picture("running", vec![node("server:3", "server", Some(3), "web-1", "running"), failed]);
        let at = Timestamp(1_777_624_200_250);
        assert_eq!(
            change(&picture, &Change::Node(1), at, Lang::En).unwrap(),
            "08:30:00 web-1 before deploy: failed, exit status 7 (1.5 s): The hook ended with exit status 7."
        );
        assert_eq!(change(&picture, &Change::Node(0), at, Lang::Zh).unwrap(), "08:30:00 web-1: 进行中");
        assert_eq!(change(&picture, &Change::Release, at, Lang::En).unwrap(), "08:30:00 running");
        picture.nodes[0].status = NodeStatus::Pending;
        assert_eq!(change(&picture, &Change::Node(0), at, Lang::En), None, "a plan is no change");
    }

    #[test]
    fn the_end_says_what_to_do_next() {
        let failed = end(&picture("failed", vec![]), Lang::En);
        assert!(failed[0].starts_with("Release #7 failed") && failed[1].contains("release retry 7"), "{failed:?}");
        assert_eq!(end(&picture("succeeded", vec![]), Lang::Zh).len(), 1);
        assert_eq!(title(&picture("failed", vec![]).release).en, "#7 shop → test, tag v1.2 (0123456)");
    }

    #[test]
    fn times_are_short() {
        assert_eq!([0, 1_540, 59_999, 185_000].map(seconds), ["0.0 s", "1.5 s", "59 s", "3 min 05 s"]);
    }
}
