//! `/releases/{id}/log/…`: logs as lines. The bytes of one node's log are in `releases`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use launchway_app::ports::{Logs, MAX_LOG_LINES, Ports};
use launchway_domain::log::screen::visible;
use launchway_domain::{
    Actor, Fault, LogFound, LogLines, LogRuns, LogScope, LogSource, NodeKey, NodeKind, Permission, ReleaseId, ServerId,
};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::needs::permitted;
use super::releases::LogText;
use crate::AppState;
use crate::http::auth::Who;
use crate::http::params::{Id, Query};
use crate::http::problem::{ProblemBody, Reply, Result};

/// How many lines are answered where no `limit` is named.
const DEFAULT_LIMIT: u32 = 200;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::ViewReleases, routes!(lines)))
        .routes(permitted(Permission::ViewReleases, routes!(search)))
        .routes(permitted(Permission::ViewReleases, routes!(first_error)))
        .routes(permitted(Permission::ViewReleases, routes!(text)))
}

/// Which line to look at first.
#[derive(Serialize, ToSchema)]
struct FirstError {
    /// Its number; null where nothing looks like an error.
    line: Option<u64>,
}

/// The parameters of [`scope`], for the API's description.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // Only its names and types are read.
struct OfLog {
    /// A node's key. Or `server`, or `scope`
    node: Option<String>,
    /// With `node`: a number, or `all`; the latest where absent
    attempt: Option<String>,
    /// All nodes of one server
    server: Option<i64>,
    /// `all`: the whole release
    scope: Option<String>,
}

/// Which log: `node` (with `attempt`), `server`, or `scope=all`. Exactly one of them; [`Query::done`] refuses others.
fn scope(query: &mut Query) -> LogScope {
    let node = query.text("node").map(NodeKey);
    let runs = query.parse::<LogRuns>("attempt").unwrap_or_default();
    let server = query.parse::<ServerId>("server").map(LogScope::Server);
    let all = query.read("scope", |word| (word == "all").then_some(LogScope::All));
    let named = ["node", "server", "scope"].into_iter().filter(|name| query.text(name).is_some()).collect::<Vec<_>>();
    match named[..] {
        [] => query.missing("node"),
        [_] => {}
        // Nobody can tell which of them is meant.
        [_, second, ..] => drop(query.read::<()>(second, |_| None)),
    }
    node.map(|node| LogScope::Node(node, runs)).or(server).or(all).unwrap_or(LogScope::All)
}

/// Lines of a log by their numbers: of one run of a node, of all its runs (`attempt=all`), of all nodes of a server,
/// or of the whole release, in the order in which they were written down. A line keeps its number for ever.
#[utoipa::path(
    get, path = "/releases/{id}/log/lines", tag = "releases",
    params(
        ("id" = i64, Path),
        OfLog,
        ("from_line" = Option<u64>, Query, description = "The first line is 1; the last `limit` lines where absent"),
        ("limit" = Option<u32>, Query, description = "1 to 1000; 200 where absent")
    ),
    responses(
        (status = 200, body = LogLines),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "Housekeeping removed it.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn lines(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ReleaseId>,
    mut query: Query,
) -> Result<Reply<LogLines>> {
    let scope = scope(&mut query);
    let from = query.parse("from_line");
    let limit = query.parse("limit").unwrap_or(DEFAULT_LIMIT);
    query.done()?;
    Ok(Reply::ok(state.ports.logs.lines(&actor, id, scope, from, limit).await?))
}

/// Looks for a text in a log: in what a terminal would show of it, whatever the case. One call looks through about
/// 64 MiB and names the first 20,000 lines that it found there, while it counts all; `next` says where to go on.
#[utoipa::path(
    get, path = "/releases/{id}/log/search", tag = "releases",
    params(
        ("id" = i64, Path),
        ("q" = String, Query, description = "At most 200 bytes"),
        OfLog,
        ("from_line" = Option<u64>, Query, description = "1 where absent")
    ),
    responses(
        (status = 200, body = LogFound),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "Housekeeping removed it.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn search(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ReleaseId>,
    mut query: Query,
) -> Result<Reply<LogFound>> {
    let scope = scope(&mut query);
    let from = query.parse("from_line").unwrap_or(1);
    let text = query.text("q");
    if text.is_none() {
        query.missing("q");
    }
    query.done()?;
    Ok(Reply::ok(state.ports.logs.search(&actor, id, scope, text.unwrap_or_default(), from).await?))
}

/// The line to look at first where something failed: of a failed step the first that looks like an error, else its
/// last; where no step has failed, the first such line at all.
#[utoipa::path(
    get, path = "/releases/{id}/log/first-error", tag = "releases",
    params(
        ("id" = i64, Path),
        OfLog
    ),
    responses(
        (status = 200, body = FirstError),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "Housekeeping removed it.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn first_error(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ReleaseId>,
    mut query: Query,
) -> Result<Reply<FirstError>> {
    let scope = scope(&mut query);
    query.done()?;
    Ok(Reply::ok(FirstError { line: state.ports.logs.first_error(&actor, id, scope).await? }))
}

/// The whole of a log as plain text, streamed. Where several nodes speak, each line names its server and step.
#[utoipa::path(
    get, path = "/releases/{id}/log/text", tag = "releases",
    params(
        ("id" = i64, Path),
        OfLog,
        ("times" = Option<bool>, Query, description = "Whether each line begins with its time"),
        ("plain" = Option<bool>, Query, description = "Whether escape sequences are left out, as a terminal would"),
        ("download" = Option<bool>, Query, description = "Whether a browser saves it")
    ),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "Housekeeping removed it.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn text(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ReleaseId>,
    mut query: Query,
) -> Result<Response> {
    let scope = scope(&mut query);
    let times = query.parse("times").unwrap_or(false);
    let plain = query.parse("plain").unwrap_or(false);
    let download = query.parse("download").unwrap_or(false);
    query.done()?;
    let name;
    let mut response = match (&scope, times || plain) {
        (LogScope::Node(node, runs @ (LogRuns::Latest | LogRuns::One(_))), false) => {
            name = file_name(id, &scope, &HashMap::new());
            let attempt = if let LogRuns::One(attempt) = runs { Some(*attempt) } else { None };
            // Byte for byte.
            LogText::answer(state.ports.releases, actor, id, node.clone(), attempt, 0).await?
        }
        _ => {
            let Ports { logs, releases, .. } = state.ports;
            // What is not there is said before the answer begins.
            let first = logs.lines(&actor, id, scope.clone(), Some(1), MAX_LOG_LINES).await?;
            let hosts = if scope.is_mixed() { hosts(&releases.get(&actor, id).await?.nodes) } else { HashMap::new() };
            name = file_name(id, &scope, &hosts);
            let whole = WholeText { logs, actor, id, scope, times, plain, hosts };
            let body = futures::stream::try_unfold((whole, Some(first)), WholeText::step);
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], Body::from_stream(body.into_stream()))
                .into_response()
        }
    };
    if download && let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// The servers' names.
fn hosts(nodes: &[launchway_domain::Node]) -> HashMap<ServerId, String> {
    let servers = nodes.iter().filter(|node| node.kind == NodeKind::Server);
    servers.filter_map(|node| Some((node.server_id?, node.text.clone()))).collect()
}

/// What the file is called that a browser saves: letters, digits, dots and hyphens only.
fn file_name(id: ReleaseId, scope: &LogScope, hosts: &HashMap<ServerId, String>) -> String {
    let of = match scope {
        LogScope::Node(node, LogRuns::One(attempt)) => format!("-{node}-{attempt}"),
        LogScope::Node(node, _) => format!("-{node}"),
        LogScope::Server(server) => format!("-{}", hosts.get(server).cloned().unwrap_or_else(|| server.to_string())),
        LogScope::All => String::new(),
    };
    let tidy = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c } else { '-' };
    format!("release-{id}{}.log", of.chars().map(tidy).collect::<String>())
}

/// Reads a log page by page while it is sent, so that a long one never stands in memory whole.
struct WholeText {
    logs: Arc<dyn Logs>,
    actor: Actor,
    id: ReleaseId,
    scope: LogScope,
    times: bool,
    plain: bool,
    hosts: HashMap<ServerId, String>,
}

type TextStep = (WholeText, Option<LogLines>);

impl WholeText {
    async fn step((this, page): TextStep) -> std::result::Result<Option<(String, TextStep)>, Fault> {
        let Some(page) = page.filter(|page| !page.items.is_empty()) else { return Ok(None) };
        let text = this.write(&page);
        let next = page.from_line + page.items.len() as u64;
        let next = if next > page.total {
            None
        } else {
            Some(this.logs.lines(&this.actor, this.id, this.scope.clone(), Some(next), MAX_LOG_LINES).await?)
        };
        Ok(Some((text, (this, next))))
    }

    fn write(&self, page: &LogLines) -> String {
        let labels: Vec<String> = page.sources.iter().map(|source| self.label(source)).collect();
        let mut text = String::with_capacity(page.items.iter().map(|row| row.text.len() + 48).sum());
        for row in &page.items {
            if self.times {
                text.push_str(&row.at.rfc3339());
                text.push(' ');
            }
            if let Some(label) = labels.get(row.source as usize) {
                text.push_str(label);
            }
            if self.plain {
                text.push_str(&visible(&row.text));
            } else {
                text.push_str(&row.text);
            }
            text.push('\n');
        }
        text
    }

    /// Who speaks, where several do.
    fn label(&self, source: &LogSource) -> String {
        if !self.scope.is_mixed() {
            return String::new();
        }
        match source.server_id {
            None => format!("[{}] ", source.node),
            Some(server) => {
                let host = self.hosts.get(&server).cloned().unwrap_or_else(|| format!("server {server}"));
                let step = source.node.as_str().split_once('/').map_or("server", |(_, step)| step);
                format!("[{host} {step}] ")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_what_it_holds() {
        let hosts = HashMap::from([(ServerId(3), "web-1.example".to_owned())]);
        let name = |scope: &str| file_name(ReleaseId(7), &scope.parse().unwrap(), &hosts);
        assert_eq!(name("node=server:3/upload&attempt=2"), "release-7-server-3-upload-2.log");
        assert_eq!(name("node=a\"\r\nb/../c"), "release-7-a---b-..-c.log");
        assert_eq!(name("server=3"), "release-7-web-1.example.log");
        assert_eq!(name("scope=all"), "release-7.log");
    }
}
