//! What an open log asks for.

use launchway_domain::log::groups::Outputs;
use launchway_domain::{LogFound, LogLines, LogScope, NodeKind, ReleaseId};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use super::codec::Json;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
use super::{ApiError, needs};

/// How many lines the browser asks for and keeps together.
pub const PAGE_LINES: u64 = 200;

/// How much of one output, or of one difference, a page is sent, in bytes: the log has all of it.
#[cfg(feature = "ssr")]
const SHOWN: usize = 16 << 10;

/// Lines from a number on, at most two pages; where none is named, the last ones: the last page, whole pages counted
/// from the first line, and the one before it.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_log_lines(id: ReleaseId, scope: LogScope, from: Option<u64>) -> Result<LogLines, ApiError> {
    let (actor, logs) = (actor()?, ports()?.logs);
    let limit = 2 * PAGE_LINES as u32;
    if let Some(from) = from {
        return answer(logs.lines(&actor, id, scope, Some(from.max(1)), limit).await);
    }
    let total = answer(logs.lines(&actor, id, scope.clone(), None, 1).await)?.total;
    let last = total.saturating_sub(1) / PAGE_LINES;
    let from = last.saturating_sub(1) * PAGE_LINES + 1;
    // What came in between fits as well, or is asked for later.
    answer(logs.lines(&actor, id, scope, Some(from), limit).await)
}
needs!(GetLogLines, ViewReleases);

/// Where a text stands from a line on.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn search_log(id: ReleaseId, scope: LogScope, text: String, from: u64) -> Result<LogFound, ApiError> {
    answer(ports()?.logs.search(&actor()?, id, scope, text, from).await)
}
needs!(SearchLog, ViewReleases);

/// The line to look at first where something failed.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_first_error(id: ReleaseId, scope: LogScope) -> Result<Option<u64>, ApiError> {
    answer(ports()?.logs.first_error(&actor()?, id, scope).await)
}
needs!(GetFirstError, ViewReleases);

/// What a hook printed on all servers, identical outputs together. Of an output that differs only its difference is sent,
/// of one that failed both.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_outputs(id: ReleaseId, kind: NodeKind) -> Result<Outputs, ApiError> {
    let mut outputs = answer(ports()?.logs.outputs(&actor()?, id, kind).await)?;
    for group in &mut outputs.groups {
        if group.exit_status == Some(0) && group.diff.as_ref().is_some_and(|diff| !diff.is_empty()) {
            group.output.clear();
        }
        for text in std::iter::once(&mut group.output).chain(&mut group.diff) {
            if text.len() > SHOWN {
                text.truncate(text.floor_char_boundary(SHOWN));
                text.push_str("\n…\n");
            }
        }
    }
    Ok(outputs)
}
needs!(GetOutputs, ViewReleases);
