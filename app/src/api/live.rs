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
    let page = answer(releases.log(&actor, id, node.clone(), Some(attempt), from).await)?;
    Ok(LogStretch { node, attempt, from, page })
}
