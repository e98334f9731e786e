//! What an open page asks for besides the feed.

use launchway_domain::{LogPage, NodeKey, ReleaseId};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};

use super::ApiError;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};

/// How much of a log a page begins with, in bytes, counted from its end.
pub const TAIL_BYTES: u64 = 96 * 1024;

/// How many lines a page holds that begins at a named offset.
#[cfg(any(feature = "ssr", test))]
const PAGE_LINES: usize = 2000;

/// A stretch of a log, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogStretch {
    /// Of which node.
    pub node: NodeKey,
    /// Of which run; 0 where it never ran.
    pub attempt: u32,
    /// The byte offset at which it begins.
    pub from: u64,
    /// What stands there.
    pub page: LogPage,
}

/// A stretch of a node's log: of its latest run where no `attempt` is named, and the end of it where no
/// `offset` is.
#[server(prefix = "/api/fn", input = GetUrl)]
pub async fn get_log_stretch(
    id: ReleaseId,
    node: NodeKey,
    attempt: Option<u32>,
    offset: Option<u64>,
) -> Result<LogStretch, ApiError> {
    let (actor, releases) = (actor()?, ports()?.releases);
    let attempt = match attempt {
        Some(attempt) => attempt,
        None => {
            let snapshot = answer(releases.get(&actor, id).await)?;
            snapshot.nodes.iter().find(|known| known.key == node).map_or(0, |node| node.attempt)
        }
    };
    if attempt == 0 {
        let page = LogPage { items: Vec::new(), next: 0, done: false };
        return Ok(LogStretch { node, attempt, from: 0, page });
    }
    let from = match offset {
        Some(offset) => offset,
        None => {
            // An offset after the end gives nothing, and says where the end is.
            let end = answer(releases.log(&actor, id, node.clone(), Some(attempt), i64::MAX as u64).await)?.next;
            end.saturating_sub(TAIL_BYTES)
        }
    };
    let mut page = answer(releases.log(&actor, id, node.clone(), Some(attempt), from).await)?;
    if offset.is_some() {
        cut(&mut page, PAGE_LINES);
    }
    Ok(LogStretch { node, attempt, from, page })
}

/// Cuts a page after so many lines: what is read on from there must all fit the reader's page.
#[cfg(any(feature = "ssr", test))]
fn cut(page: &mut LogPage, lines: usize) {
    let mut left = lines;
    for index in 0..page.items.len() {
        let text = &page.items[index].text;
        let Some((end, _)) = text.match_indices('\n').nth(left.saturating_sub(1)) else {
            left -= text.matches('\n').count();
            continue;
        };
        let kept = end + 1;
        let after: usize = page.items[index + 1..].iter().map(|line| line.text.len()).sum();
        let dropped = text.len() - kept + after;
        if dropped > 0 {
            page.next -= dropped as u64;
            page.done = false;
            page.items[index].text.truncate(kept);
            page.items.truncate(index + 1);
        }
        return;
    }
}

#[cfg(test)]
mod tests {
    use launchway_domain::{LogLine, LogStream, Timestamp};

    use super::*;

    fn page(texts: &[&str]) -> LogPage {
        let line = |text: &&str| LogLine { at: Timestamp(0), stream: LogStream::Output, text: (*text).to_owned() };
        let items: Vec<_> = texts.iter().map(line).collect();
        LogPage { next: 100 + texts.concat().len() as u64, items, done: true }
    }

    #[test]
    fn a_page_is_cut_after_whole_lines_and_says_where() {
        let mut cut_page = page(&["a\nb\n", "c\nd", "\ne\n"]);
        cut(&mut cut_page, 3);
        let texts: Vec<_> = cut_page.items.iter().map(|line| line.text.as_str()).collect();
        assert_eq!((texts, cut_page.next, cut_page.done), (vec!["a\nb\n", "c\n"], 106, false));
    }

    #[test]
    fn a_page_that_fits_stays_whole() {
        for lines in [3, 4, 100] {
            let mut whole = page(&["a\nb\n", "c\n"]);
            cut(&mut whole, lines);
            assert_eq!(whole, page(&["a\nb\n", "c\n"]));
        }
    }
}
