//! `/live` and `/environments/{id}/live`

use axum::extract::State;
use launchway_domain::{EnvironmentId, EnvironmentLive, Permission, ProjectId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::needs::permitted;
use super::{List, page_of};
use crate::AppState;
use crate::http::auth::Who;
use crate::http::body::Nothing;
use crate::http::params::{Id, Query};
use crate::http::problem::{ProblemBody, Reply, Result};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::ViewReleases, routes!(list)))
        .routes(permitted(Permission::ViewReleases, routes!(one)))
        .routes(permitted(Permission::CreateReleases, routes!(check)))
}

/// What is live where, as it was last read from the servers: every environment, by project and name, with its servers.
#[utoipa::path(
    get, path = "/live", tag = "live",
    params(
        ("project" = Option<i64>, Query, description = "Of one project alone"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 1000 where absent")
    ),
    responses((status = 200, body = List<EnvironmentLive>), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn list(
    State(state): State<AppState>,
    Who(actor): Who,
    mut query: Query,
) -> Result<Reply<List<EnvironmentLive>>> {
    let project = query.parse("project").map(ProjectId);
    let page = page_of(&mut query);
    query.done()?;
    let all = state.ports.live.list(&actor, project).await?;
    Ok(page.cut(all, |one| (format!("{}\0{}", one.project_title, one.name).to_lowercase(), one.environment_id.0)))
}

/// What is live in one environment, as it was last read from its servers.
#[utoipa::path(
    get, path = "/environments/{id}/live", tag = "live", params(("id" = i64, Path)),
    responses((status = 200, body = EnvironmentLive), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn one(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
) -> Result<Reply<EnvironmentLive>> {
    Ok(Reply::ok(state.ports.live.get(&actor, id).await?))
}

/// Looks now: reads the link and every file on every server, and says what it found. 409 while a release runs there.
#[utoipa::path(
    post, path = "/environments/{id}/live/check", tag = "live", params(("id" = i64, Path)),
    responses((status = 200, body = EnvironmentLive), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn check(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    _: Nothing,
) -> Result<Reply<EnvironmentLive>> {
    Ok(Reply::ok(state.ports.live.check(&actor, id).await?))
}
