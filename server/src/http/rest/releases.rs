//! `/releases`

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use launchway_app::ports::Releases;
use launchway_domain::{
    Actor, Changes, LogLine, LogPage, Node, NodeKey, Permission, Release, ReleaseFilter, ReleaseForm, ReleaseId,
    ReleaseStatus, StartForm,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::needs::permitted;
use super::ways::started;
use super::{List, created, list_query};
use crate::AppState;
use crate::http::auth::Who;
use crate::http::body::{Json, Nothing};
use crate::http::params::{Id, Query};
use crate::http::problem::{ProblemBody, Reply, Result};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::ViewReleases, routes!(list)))
        .routes(permitted(Permission::CreateReleases, routes!(create)))
        .routes(permitted(Permission::ViewReleases, routes!(one)))
        .routes(permitted(Permission::ViewReleases, routes!(nodes)))
        .routes(permitted(Permission::ViewReleases, routes!(changes)))
        .routes(permitted(Permission::ViewReleases, routes!(log)))
        // In an environment for prod they take `releases.run_prod`, which the service asks for.
        .routes(permitted(Permission::RunTest, routes!(start)))
        .routes(permitted(Permission::RunTest, routes!(cancel)))
        .routes(permitted(Permission::RunTest, routes!(proceed)))
        .routes(permitted(Permission::RunTest, routes!(retry)))
        .routes(permitted(Permission::RunTest, routes!(rollback)))
}

/// A release, and the last event that it includes.
#[derive(Serialize, ToSchema)]
struct ReleaseNow {
    #[serde(flatten)]
    release: Release,
    /// Listen to the feed after this one.
    seq: i64,
}

/// The nodes of a release, whole, in the order of the plan: a flat list that a tree widget can take.
#[derive(Serialize, ToSchema)]
struct NodesNow {
    /// Empty before the release first ran.
    items: Vec<Node>,
    /// Always null: the list comes whole.
    next: Option<String>,
    /// The last event that they include.
    seq: i64,
}

/// A stretch of a node's log.
#[derive(Serialize, ToSchema)]
struct LogNow {
    /// What was said, oldest first.
    items: Vec<LogLine>,
    /// The byte offset at which the next stretch begins.
    next: u64,
    /// Whether the node has ended and nothing comes after `next`.
    done: bool,
}

/// Releases, newest first; with `q`, `kind` or `sort`, a page of what is looked for, without the hooks.
#[utoipa::path(
    get, path = "/releases", tag = "releases",
    params(
        ("project_id" = Option<i64>, Query),
        ("environment_id" = Option<i64>, Query),
        ("status" = Option<ReleaseStatus>, Query),
        ("q" = Option<String>, Query, description = "Words that must all be found; `#12` finds a number"),
        ("kind" = Option<String>, Query, description = "`release` or `rollback`"),
        ("sort" = Option<String>, Query, description = "`number`, `status`, `where`, `who` or `when`; with a minus before it, the greatest first"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 where absent")
    ),
    responses((status = 200, body = List<Release>), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn list(State(state): State<AppState>, Who(actor): Who, mut query: Query) -> Result<Reply<List<Release>>> {
    let filter = ReleaseFilter {
        project_id: query.parse("project_id"),
        environment_id: query.parse("environment_id"),
        status: query.read("status", ReleaseStatus::parse),
        cursor: query.text("cursor"),
        limit: query.read("limit", |text| text.parse().ok().filter(|limit| (1..=200).contains(limit))),
    };
    let is_search = ["q", "kind", "sort"].iter().any(|name| query.text(name).is_some());
    let asked = is_search.then(|| list_query(&mut query, &["status", "kind"]));
    query.done()?;
    if let Some(mut asked) = asked {
        for (name, id) in
            [("project", filter.project_id.map(|id| id.0)), ("environment", filter.environment_id.map(|id| id.0))]
        {
            asked.filters.extend(id.map(|id| (name.to_owned(), id.to_string())));
        }
        return Ok(List::found(state.ports.releases.search(&actor, asked).await?));
    }
    let page = state.ports.releases.list(&actor, filter).await?;
    Ok(Reply::ok(List { items: page.items, next: page.next }))
}

/// Resolves the ref at the remote and writes the release down. It waits until somebody starts it; with `start` it is
/// also put into the queue, or, where that is refused, not written down either.
#[utoipa::path(
    post, path = "/releases", tag = "releases", request_body = ReleaseForm,
    responses(
        (status = 201, body = Release),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn create(State(state): State<AppState>, Who(actor): Who, json: Json) -> Result<Response> {
    let form = json.form::<ReleaseForm>()?;
    let made = state.ports.releases.create(&actor, form).await?;
    Ok(created("releases", made.id, made))
}

/// One release, with the last event that it includes.
#[utoipa::path(
    get, path = "/releases/{id}", tag = "releases", params(("id" = i64, Path)),
    responses((status = 200, body = ReleaseNow), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn one(State(state): State<AppState>, Who(actor): Who, Id(id): Id<ReleaseId>) -> Result<Reply<ReleaseNow>> {
    let snapshot = state.ports.releases.get(&actor, id).await?;
    Ok(Reply::ok(ReleaseNow { release: snapshot.release, seq: snapshot.seq }))
}

/// Its nodes, with the last event that they include.
#[utoipa::path(
    get, path = "/releases/{id}/nodes", tag = "releases", params(("id" = i64, Path)),
    responses((status = 200, body = NodesNow), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn nodes(State(state): State<AppState>, Who(actor): Who, Id(id): Id<ReleaseId>) -> Result<Reply<NodesNow>> {
    let snapshot = state.ports.releases.get(&actor, id).await?;
    Ok(Reply::ok(NodesNow { items: snapshot.nodes, next: None, seq: snapshot.seq }))
}

/// What it changes, or changed: commits and files against what was live in its environment before it.
#[utoipa::path(
    get, path = "/releases/{id}/changes", tag = "releases", params(("id" = i64, Path)),
    responses((status = 200, body = Changes), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn changes(State(state): State<AppState>, Who(actor): Who, Id(id): Id<ReleaseId>) -> Result<Reply<Changes>> {
    Ok(Reply::ok(state.ports.releases.changes(&actor, id).await?))
}

/// A node's log from a byte offset on: a stretch as JSON, or all there is so far as bare text.
#[utoipa::path(
    get, path = "/releases/{id}/log", tag = "releases",
    params(
        ("id" = i64, Path),
        ("node" = String, Query, description = "The node's key"),
        ("attempt" = Option<u32>, Query, description = "The latest where absent"),
        ("offset" = Option<u64>, Query, description = "In bytes; 0 where absent")
    ),
    responses(
        (status = 200, content((LogNow = "application/json"), (String = "text/plain"))),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "Housekeeping removed it.", body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn log(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ReleaseId>,
    headers: HeaderMap,
    mut query: Query,
) -> Result<Response> {
    let node = query.text("node");
    if node.is_none() {
        query.missing("node");
    }
    let attempt = query.parse("attempt");
    let offset = query.parse("offset").unwrap_or(0);
    query.done()?;
    let node = NodeKey(node.unwrap_or_default());
    if prefers_text(&headers) {
        return LogText::answer(state.ports.releases, actor, id, node, attempt, offset).await;
    }
    let page = state.ports.releases.log(&actor, id, node, attempt, offset).await?;
    Ok(Reply::ok(LogNow { items: page.items, next: page.next, done: page.done }).into_response())
}

/// Reads a log page by page while it is sent, so that a long one never stands in memory whole.
pub(super) struct LogText {
    releases: Arc<dyn Releases>,
    actor: Actor,
    id: ReleaseId,
    node: NodeKey,
    attempt: Option<u32>,
}

type LogStep = (LogText, Option<(u64, LogPage)>);

impl LogText {
    /// A node's log from a byte offset on, as it is so far. What is not there is said before the answer begins.
    pub(super) async fn answer(
        releases: Arc<dyn Releases>,
        actor: Actor,
        id: ReleaseId,
        node: NodeKey,
        attempt: Option<u32>,
        offset: u64,
    ) -> Result<Response> {
        let page = releases.log(&actor, id, node.clone(), attempt, offset).await?;
        let rest = LogText { releases, actor, id, node, attempt };
        let text = futures::stream::try_unfold((rest, Some((offset, page))), LogText::step);
        let body = Body::from_stream(text.into_stream());
        Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response())
    }

    async fn step((this, held): LogStep) -> std::result::Result<Option<(String, LogStep)>, launchway_domain::Fault> {
        let Some((from, page)) = held else { return Ok(None) };
        let text: String = page.items.iter().map(|line| line.text.as_str()).collect();
        let next = if page.done || page.next <= from {
            None
        } else {
            let next = this.releases.log(&this.actor, this.id, this.node.clone(), this.attempt, page.next).await?;
            Some((page.next, next))
        };
        Ok(Some((text, (this, next))))
    }
}

/// Whether `Accept` asks for plain text rather than JSON.
fn prefers_text(headers: &HeaderMap) -> bool {
    let weight = |wanted: &str| {
        headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|part| {
                let mut pieces = part.split(';').map(str::trim);
                let essence = pieces.next()?;
                let q = pieces.find_map(|p| p.strip_prefix("q=")).and_then(|q| q.parse::<f32>().ok()).unwrap_or(1.0);
                essence.eq_ignore_ascii_case(wanted).then_some(q)
            })
            .fold(0.0_f32, f32::max)
    };
    weight("text/plain") > weight("application/json")
}

/// Puts it into the queue of its environment. 409 where the environment's policy does not let it start; an administrator
/// gives a written `exception` then, which stays with the release. The body may be empty.
#[utoipa::path(
    post, path = "/releases/{id}/start", tag = "releases", params(("id" = i64, Path)),
    request_body = Option<StartForm>,
    responses((status = 202, body = Release), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn start(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ReleaseId>,
    json: Json,
) -> Result<Reply<Release>> {
    Ok(Reply::accepted(state.ports.releases.start(&actor, id, json.form()?).await?))
}

/// Asks it to stop.
#[utoipa::path(
    post, path = "/releases/{id}/cancel", tag = "releases", params(("id" = i64, Path)),
    responses((status = 202, body = Release), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn cancel(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ReleaseId>,
    _: Nothing,
) -> Result<Reply<Release>> {
    Ok(Reply::accepted(state.ports.releases.cancel(&actor, id).await?))
}

/// Lets it go on where it waits between two batches (`hold`).
#[utoipa::path(
    post, path = "/releases/{id}/continue", operation_id = "continue", tag = "releases", params(("id" = i64, Path)),
    responses((status = 202, body = Release), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn proceed(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ReleaseId>,
    _: Nothing,
) -> Result<Reply<Release>> {
    Ok(Reply::accepted(state.ports.releases.proceed(&actor, id).await?))
}

/// Puts a failed or canceled one into the queue again; what succeeded is not repeated.
#[utoipa::path(
    post, path = "/releases/{id}/retry", tag = "releases", params(("id" = i64, Path)),
    request_body = Option<StartForm>,
    responses((status = 202, body = Release), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn retry(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ReleaseId>,
    json: Json,
) -> Result<Reply<Release>> {
    Ok(Reply::accepted(state.ports.releases.retry(&actor, id, json.form()?).await?))
}

/// Makes a new release that brings this earlier, succeeded one back.
#[utoipa::path(
    post, path = "/releases/{id}/rollback", tag = "releases", params(("id" = i64, Path)),
    request_body = Option<StartForm>,
    responses((status = 202, body = Release), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn rollback(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ReleaseId>,
    json: Json,
) -> Result<Response> {
    Ok(started(state.ports.releases.rollback(&actor, id, json.form()?).await?))
}
