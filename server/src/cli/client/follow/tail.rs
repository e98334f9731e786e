//! Logs beside the picture: the end of what failed, or everything as it comes.

use std::collections::HashMap;
use std::fmt::Write;

use launchway_domain::{Event, EventData, LogLines, LogPage, Node, NodeKey, NodeKind};

use super::super::api::Api;
use super::super::trouble::Outcome;
use super::lines::{clean, step};
use super::picture::Picture;
use crate::cli::say;

/// How many lines of a failed step are shown.
const LINES: &str = "20";
/// The longest line that is held back until its end comes, in bytes.
const LONGEST: usize = 16 * 1024;

/// The last lines that a step logged.
pub(super) async fn failed_log(api: &Api, picture: &Picture, node: &Node) -> Outcome<Vec<String>> {
    // What the whole server says is what its steps say.
    if node.kind == NodeKind::Server {
        return Ok(Vec::new());
    }
    let (path, attempt) = (format!("/releases/{}/log/lines", picture.release.id), node.attempt.to_string());
    let query = [("node", node.key.as_str()), ("attempt", attempt.as_str()), ("limit", LINES)];
    let log: LogLines = api.read(&path, &query).await?;
    let who = step(picture, node, say::lang());
    Ok(log.items.iter().map(|row| format!("  {who} | {}", clean(&row.text))).collect())
}

/// Lines as they come, of several steps at once.
#[derive(Default)]
pub(super) struct Tail {
    /// What a step has said since its last line's end, by step and run; with who said it.
    open: HashMap<(NodeKey, u32), (String, String)>,
}

impl Tail {
    /// The lines that an event ends.
    pub(super) async fn read(&mut self, api: &Api, picture: &Picture, event: &Event) -> Outcome<Vec<String>> {
        let EventData::LogAppended { node: key, attempt, from, to, text, .. } = &event.data else {
            return Ok(Vec::new());
        };
        let text = match text {
            Some(text) => text.clone(),
            None => stretch(api, picture, key, *attempt, *from, *to).await?,
        };
        let who = picture.nodes.iter().find(|node| node.key == *key);
        let who = who.map_or_else(|| key.to_string(), |node| step(picture, node, say::lang()));
        Ok(self.take(key, *attempt, who, &text))
    }

    fn take(&mut self, key: &NodeKey, attempt: u32, who: String, text: &str) -> Vec<String> {
        let (_, open) = self.open.entry((key.clone(), attempt)).or_insert_with(|| (who.clone(), String::new()));
        open.push_str(text);
        let end = if open.len() > LONGEST { open.len() } else { open.rfind('\n').map_or(0, |at| at + 1) };
        let ended: String = open.drain(..end).collect();
        ended.lines().map(|line| format!("{who} | {}", clean(line))).collect()
    }

    /// What has no end yet.
    pub(super) fn rest(&mut self) -> Vec<String> {
        let open = self.open.drain().map(|(_, open)| open).filter(|(_, text)| !text.is_empty());
        open.map(|(who, text)| format!("{who} | {}", clean(&text))).collect()
    }
}

/// A stretch of a log that was too long for its event.
async fn stretch(api: &Api, picture: &Picture, key: &NodeKey, attempt: u32, from: u64, to: u64) -> Outcome<String> {
    let (path, attempt) = (format!("/releases/{}/log", picture.release.id), attempt.to_string());
    let (mut offset, mut found) = (from, String::new());
    while offset < to {
        let query = [("node", key.as_str()), ("attempt", &attempt), ("offset", &offset.to_string())];
        let page: LogPage = api.read(&path, &query).await?;
        for line in &page.items {
            let _ = write!(found, "{}", line.text);
        }
        if page.next <= offset {
            break;
        }
        offset = page.next;
    }
    // A page may reach beyond: that is told by the next event.
    let wanted = usize::try_from(to - from).unwrap_or(usize::MAX);
    found.truncate(found.floor_char_boundary(wanted.min(found.len())));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_when_they_end() {
        let (mut tail, key) = (Tail::default(), NodeKey("package".into()));
        let mut take = |text: &str| tail.take(&key, 1, "package".into(), text);
        assert!(take("one").is_empty());
        assert_eq!(take(" two\nthree\nfo"), ["package | one two", "package | three"]);
        assert_eq!(tail.rest(), ["package | fo"]);
    }
}
