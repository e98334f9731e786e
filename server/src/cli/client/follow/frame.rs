//! One frame of the live picture: the release, its chain on Launchway's host, and a line for each server. Pure.

use console::{StyledObject, measure_text_width, style};
use launchway_domain::{Lang, Node, NodeKind, NodeStatus, ReleaseStatus, Text, Timestamp, text};

use super::lines::{clean, seconds, title};
use super::picture::Picture;

/// How a running step turns.
const TURNS: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/// How long one turn is, in milliseconds.
const TURN: i64 = 100;
/// The widest name of a server that lines are aligned by.
const NAME: usize = 24;
/// How wide a bar is.
const BAR: u64 = 12;

/// How large a frame may be: lines, and columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Lines, at most.
    pub(crate) height: usize,
    /// Columns: what does not fit is said shorter.
    pub(crate) width: usize,
}

/// The lines of a frame, as many as there is room for.
pub(crate) fn frame(picture: &Picture, now: Timestamp, room: Room, lang: Lang) -> Vec<String> {
    let release = &picture.release;
    let name = style(title(release).get(lang)).bold().to_string();
    let mut state = status(release.status, lang).to_string();
    if let (Some(percent), false) = (picture.percent(), release.status.is_final()) {
        state.push_str(&format!(" {percent}%"));
    }
    if let Some(took) = Picture::took(release.started_at, release.finished_at, now) {
        state.push_str(&format!("  {}", style(seconds(took)).dim()));
    }
    let mut lines = match measure_text_width(&name) + 2 + measure_text_width(&state) <= room.width {
        true => vec![format!("{name}  {state}")],
        false => vec![name, format!("  {state}")],
    };
    if release.cancel_requested && !release.status.is_final() {
        lines.push(style(Text::new("  asked to stop …", "  已请求停止……").get(lang)).yellow().to_string());
    } else if let Some(waits) = waits(release.status) {
        lines.push(format!("  {}", waits.get(lang)));
    }
    let here: Vec<&Node> = picture.nodes.iter().filter(|node| node.server_id.is_none()).collect();
    if !here.is_empty() {
        lines.push(chain(picture, "  ".to_owned(), &here, now, room.width, lang));
    }
    let left = Room { height: room.height.saturating_sub(lines.len() + 1), ..room };
    lines.extend(servers(picture, now, left, lang));
    lines
}

/// Steps in a line behind what it begins with. Where they do not fit, only those are named that run or failed.
fn chain(picture: &Picture, begin: String, steps: &[&Node], now: Timestamp, width: usize, lang: Lang) -> String {
    let join = |named: fn(NodeStatus) -> bool, between: &str| {
        let steps: Vec<String> = steps.iter().map(|node| step(picture, node, now, named(node.status), lang)).collect();
        format!("{begin}{}", steps.join(between))
    };
    let whole = join(|_| true, "  ");
    if measure_text_width(&whole) <= width {
        return whole;
    }
    join(|status| matches!(status, NodeStatus::Running | NodeStatus::Failed), " ")
}

fn waits(status: ReleaseStatus) -> Option<Text> {
    match status {
        ReleaseStatus::Pending => Some(Text::new("waits until somebody starts it", "等待启动")),
        ReleaseStatus::AwaitingApproval => Some(Text::new("waits for approval", "等待审批")),
        ReleaseStatus::Queued => Some(Text::new("waits for its turn in its environment", "等待所在环境空闲")),
        _ => None,
    }
}

/// A line for each server, as many as there is room for: those where something fails or runs come first.
fn servers(picture: &Picture, now: Timestamp, room: Room, lang: Lang) -> Vec<String> {
    let servers: Vec<&Node> = picture.nodes.iter().filter(|node| node.kind == NodeKind::Server).collect();
    let name = |node: &Node| clean(&node.text);
    // In a narrow terminal the steps matter more than the end of a name.
    let most = NAME.min(room.width / 3);
    let wide = servers.iter().map(|node| measure_text_width(&name(node))).max().unwrap_or(0).min(most);
    let mut shown: Vec<(usize, &Node)> = servers.iter().copied().enumerate().collect();
    if servers.len() > room.height {
        let first = |node: &Node| match state(picture, node) {
            NodeStatus::Failed => 0,
            NodeStatus::Running => 1,
            NodeStatus::Pending | NodeStatus::Waiting => 2,
            _ => 3,
        };
        shown.sort_by_key(|(_, node)| first(node));
        shown.truncate(room.height.saturating_sub(1));
        shown.sort_by_key(|(at, _)| *at);
    }
    let rest = servers.len() - shown.len();
    let mut lines: Vec<String> = shown
        .into_iter()
        .map(|(_, server)| {
            let name = console::pad_str(&name(server), wide, console::Alignment::Left, Some("…")).into_owned();
            let steps: Vec<&Node> = steps(picture, server).collect();
            chain(picture, format!("  {name}  "), &steps, now, room.width, lang)
        })
        .collect();
    if rest > 0 {
        lines.push(style(text!("  … and {rest} more", "  ……另有 {rest} 台").get(lang)).dim().to_string());
    }
    lines
}

fn steps<'a>(picture: &'a Picture, server: &'a Node) -> impl Iterator<Item = &'a Node> {
    picture.nodes.iter().filter(|node| node.server_id == server.server_id && node.kind != NodeKind::Server)
}

/// How a server is on the whole.
fn state(picture: &Picture, server: &Node) -> NodeStatus {
    let mut found = server.status;
    for node in steps(picture, server) {
        match node.status {
            NodeStatus::Failed => return NodeStatus::Failed,
            NodeStatus::Running => found = NodeStatus::Running,
            _ => {}
        }
    }
    found
}

/// One step with its sign, and its name where that is wanted; while it runs, how far it is and for how long it has been
/// at it.
fn step(picture: &Picture, node: &Node, now: Timestamp, named: bool, lang: Lang) -> String {
    let name = node.kind.label();
    let name = if named { format!(" {}", name.get(lang)) } else { String::new() };
    match node.status {
        NodeStatus::Pending | NodeStatus::Waiting => style(format!("○{name}")).dim().to_string(),
        NodeStatus::Succeeded => format!("{}{name}", style("✓").green()),
        NodeStatus::Failed => style(format!("✗{name}")).red().bold().to_string(),
        NodeStatus::Skipped => style(format!("–{name}")).dim().to_string(),
        NodeStatus::Canceled => style(format!("■{name}")).yellow().to_string(),
        NodeStatus::Running => {
            let turn = TURNS[(now.millis() / TURN).rem_euclid(TURNS.len() as i64) as usize];
            let how = match picture.progress(node) {
                Some((done, total)) => {
                    let full = done.min(total).saturating_mul(BAR) / total;
                    let percent = done.min(total).saturating_mul(100) / total;
                    let bar = "━".repeat(full as usize);
                    let rest = "─".repeat((BAR - full) as usize);
                    format!(" {}{} {percent}%", style(bar).cyan(), style(rest).dim())
                }
                None => {
                    Picture::took(node.started_at, None, now).map(|t| format!(" {}", seconds(t))).unwrap_or_default()
                }
            };
            format!("{}{name}{how}", style(turn).cyan())
        }
    }
}

fn status(status: ReleaseStatus, lang: Lang) -> StyledObject<String> {
    let words = style(status.label().get(lang).to_owned());
    match status {
        ReleaseStatus::Succeeded => words.green().bold(),
        ReleaseStatus::Failed => words.red().bold(),
        ReleaseStatus::Canceled | ReleaseStatus::AwaitingApproval => words.yellow(),
        ReleaseStatus::Running => words.cyan(),
        ReleaseStatus::Pending | ReleaseStatus::Queued => words.dim(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::picture::tests::{node, picture};
    use super::*;

    /// Ten seconds after the release began.
    fn now() -> Timestamp {
        Timestamp(1_777_629_610_000)
    }

    fn plain(lines: &[String]) -> Vec<String> {
        lines.iter().map(|line| console::strip_ansi_codes(line).trim_end().to_owned()).collect()
    }

    fn many(count: i64) -> Picture {
        let mut nodes = vec![node("download", "download", None, "download", "succeeded")];
        for id in 1..=count {
            nodes.push(node(&format!("server:{id}"), "server", Some(id), &format!("web-{id}"), "pending"));
            let status = if id == count { "running" } else { "pending" };
            nodes.push(node(&format!("server:{id}/upload"), "upload", Some(id), "upload", status));
        }
        picture("running", nodes)
    }

    #[test]
    fn every_server_has_a_line() {
        let lines = plain(&frame(&many(2), now(), Room { height: 20, width: 79 }, Lang::En));
        assert_eq!(
            lines,
            [
                "#7 shop → test, tag v1.2 (0123456)  running 33%  10 s",
                "  ✓ download",
                "  web-1  ○ upload",
                "  web-2  ⠋ upload 10 s"
            ]
        );
    }

    #[test]
    fn where_there_is_no_room_those_that_run_are_seen() {
        let lines = plain(&frame(&many(100), now(), Room { height: 8, width: 79 }, Lang::En));
        assert_eq!(lines.len(), 7);
        assert!(lines.iter().any(|line| line.contains("web-100")), "{lines:#?}");
        assert_eq!(lines.last().unwrap(), "  … and 96 more");
    }

    #[test]
    fn in_a_narrow_terminal_what_runs_is_still_named() {
        let mut nodes = vec![node("download", "download", None, "download", "succeeded")];
        nodes.push(node("server:1", "server", Some(1), "web-1.eu-central.example.com", "running"));
        for (kind, status) in [
            ("upload", "succeeded"),
            ("before_deploy", "succeeded"),
            ("deploy", "running"),
            ("after_deploy", "pending"),
            ("health", "pending"),
        ] {
            nodes.push(node(&format!("server:1/{kind}"), kind, Some(1), kind, status));
        }
        let lines = plain(&frame(&picture("running", nodes), now(), Room { height: 20, width: 39 }, Lang::En));
        assert_eq!(
            lines,
            [
                "#7 shop → test, tag v1.2 (0123456)",
                "  running 50%  10 s",
                "  ✓ download",
                "  web-1.eu-cen…  ✓ ✓ ⠋ deploy 10 s ○ ○",
            ]
        );
        assert!(lines.iter().all(|line| measure_text_width(line) <= 39), "{lines:#?}");
    }
}
