//! Back to an earlier release, and on to another environment.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use launchway_domain::{
    EnvironmentId, Permission, PromoteForm, Promotion, Release, ReleaseId, RollbackForm, RuleState, WaysBack,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::List;
use super::needs::permitted;
use crate::AppState;
use crate::http::auth::Who;
use crate::http::body::Json;
use crate::http::params::{Id, Query};
use crate::http::problem::{ProblemBody, Reply, Result};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::ViewReleases, routes!(rules)))
        .routes(permitted(Permission::ViewReleases, routes!(back)))
        .routes(permitted(Permission::ViewReleases, routes!(promotion)))
        // In an environment for prod they take `releases.run_prod`, which the service asks for.
        .routes(permitted(Permission::RunTest, routes!(roll_back)))
        .routes(permitted(Permission::RunTest, routes!(promote)))
}

/// How a release stands to the policy of its environment before it starts, is retried, or is gone back to: each rule that
/// applies to it, a handful at once.
#[utoipa::path(
    get, path = "/releases/{id}/rules", tag = "releases", params(("id" = i64, Path)),
    responses((status = 200, body = List<RuleState>), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn rules(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ReleaseId>,
) -> Result<Reply<List<RuleState>>> {
    Ok(List::whole(state.ports.ways.rules(&actor, id).await?))
}

/// The earlier releases that an environment can go back to, the latest first. With `held=true` each of its servers is
/// asked which of them it holds.
#[utoipa::path(
    get, path = "/environments/{id}/rollbacks", tag = "environments",
    params(
        ("id" = i64, Path),
        ("held" = Option<bool>, Query, description = "Ask the servers what they hold; takes what it takes to release there"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 100; 20 where absent")
    ),
    responses((status = 200, body = WaysBack), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn back(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    mut query: Query,
) -> Result<Reply<WaysBack>> {
    let held = query.parse("held").unwrap_or(false);
    let cursor = query.text("cursor");
    let limit = query.parse("limit");
    query.done()?;
    Ok(Reply::ok(state.ports.ways.back(&actor, id, cursor, limit, held).await?))
}

/// Goes back to an earlier release, as a new one that is started at once. Servers that still hold it verify it, and
/// nothing is sent to them; the others get it from the stored artifact, or it is built again from the commit.
#[utoipa::path(
    post, path = "/environments/{id}/rollbacks", tag = "environments", params(("id" = i64, Path)),
    request_body = Option<RollbackForm>,
    responses(
        (status = 202, body = Release),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn roll_back(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    json: Json,
) -> Result<Response> {
    let form = json.form::<RollbackForm>()?;
    Ok(started(state.ports.ways.roll_back(&actor, id, form).await?))
}

/// What promoting to an environment would do: which release comes, whether as the same artifact, and what the policy
/// says.
#[utoipa::path(
    get, path = "/environments/{id}/promotion", tag = "environments",
    params(
        ("id" = i64, Path, description = "The environment that it goes to"),
        ("from" = Option<i64>, Query, description = "The test environment that it comes from; the only one with something live where absent")
    ),
    responses(
        (status = 200, body = Promotion),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn promotion(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    mut query: Query,
) -> Result<Reply<Promotion>> {
    let from = query.parse("from").map(EnvironmentId);
    query.done()?;
    Ok(Reply::ok(state.ports.ways.promotion(&actor, id, from).await?))
}

/// Takes what is live in a test environment to another one, as a new release that is started at once: the same
/// artifact, byte for byte, unless something about its build depends on the environment.
#[utoipa::path(
    post, path = "/environments/{id}/promote", tag = "environments",
    params(("id" = i64, Path, description = "The environment that it goes to")),
    request_body = Option<PromoteForm>,
    responses(
        (status = 202, body = Release),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn promote(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    json: Json,
) -> Result<Response> {
    let form = json.form::<PromoteForm>()?;
    Ok(started(state.ports.ways.promote(&actor, id, form).await?))
}

/// 202 with a release that is new, and its address.
pub(super) fn started(made: Release) -> Response {
    let location = format!("{}/releases/{}", super::BASE, made.id);
    ([(header::LOCATION, location)], Reply::accepted(made)).into_response()
}
