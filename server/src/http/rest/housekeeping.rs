//! `/housekeeping`, and `/environments/{id}/cache`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use launchway_domain::{
    BuildCache, DiskUse, EnvironmentId, Housekeeping, HousekeepingForm, Permission, TidyPlan, Tidying,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::needs::permitted;
use super::versions::{IfMatch, IfNoneMatch, whole};
use crate::AppState;
use crate::http::auth::Who;
use crate::http::body::{Json, Nothing};
use crate::http::params::{Id, Query};
use crate::http::problem::{ProblemBody, Reply, Result};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::ManageSystem, routes!(settings, change)))
        .routes(permitted(Permission::ManageSystem, routes!(disk)))
        .routes(permitted(Permission::ManageSystem, routes!(plan)))
        .routes(permitted(Permission::ManageSystem, routes!(run)))
        .routes(permitted(Permission::ViewProjects, routes!(cache)))
        .routes(permitted(Permission::ManageProjects, routes!(clear_cache)))
}

/// How long events, logs, artifacts and build caches are kept. For administrators.
#[utoipa::path(
    get, path = "/housekeeping", tag = "system",
    responses(
        (status = 200, body = Housekeeping),
        (status = 403, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn settings(State(state): State<AppState>, Who(actor): Who, known: IfNoneMatch) -> Result<Response> {
    Ok(known.answer(state.ports.housekeeping.settings(&actor).await?))
}

/// Changes how long things are kept, by a merge patch (RFC 7396): null means for ever. It counts from the next time
/// that Launchway tidies up, once a day or by `POST /housekeeping/run`.
#[utoipa::path(
    patch, path = "/housekeeping", tag = "system",
    request_body = HousekeepingForm,
    responses(
        (status = 200, body = Housekeeping),
        (status = 422, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn change(State(state): State<AppState>, Who(actor): Who, when: IfMatch, json: Json) -> Result<Response> {
    let mut patch = when.patch();
    loop {
        let was = state.ports.housekeeping.settings(&actor).await?;
        let only = patch.only(was.version);
        let form = json.patch(&HousekeepingForm::from(was))?;
        match state.ports.housekeeping.change(&actor, form, &only).await {
            Err(fault) if patch.again(&fault) => {}
            changed => return Ok(whole(changed?)),
        }
    }
}

/// What Launchway takes up on the disk of its host, by what it is for and by project, in bytes. Not older than five
/// minutes; `fresh` measures now.
#[utoipa::path(
    get, path = "/housekeeping/disk", tag = "system",
    params(("fresh" = Option<bool>, Query, description = "Whether it is measured now")),
    responses(
        (status = 200, body = DiskUse),
        (status = 403, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn disk(State(state): State<AppState>, Who(actor): Who, mut query: Query) -> Result<Reply<DiskUse>> {
    let fresh = query.parse("fresh").unwrap_or(false);
    query.done()?;
    Ok(Reply::ok(state.ports.housekeeping.disk(&actor, fresh).await?))
}

/// What tidying up would remove now, and what it removed last. Changes nothing.
#[utoipa::path(
    get, path = "/housekeeping/plan", tag = "system",
    responses(
        (status = 200, body = TidyPlan),
        (status = 403, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn plan(State(state): State<AppState>, Who(actor): Who) -> Result<Reply<TidyPlan>> {
    Ok(Reply::ok(state.ports.housekeeping.plan(&actor).await?))
}

/// Tidies up now: removes what is old enough and needed by nothing, and answers what that was. What a rollback, a
/// promotion, or a release that has not ended needs, and what is live on any server, stays however old it is.
#[utoipa::path(
    post, path = "/housekeeping/run", tag = "system",
    responses(
        (status = 200, body = Tidying),
        (status = 403, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn run(State(state): State<AppState>, Who(actor): Who, _: Nothing) -> Result<Reply<Tidying>> {
    Ok(Reply::ok(state.ports.housekeeping.tidy(&actor).await?))
}

/// The build cache of an environment: what its local hooks keep from one release to the next.
#[utoipa::path(
    get, path = "/environments/{id}/cache", tag = "environments", params(("id" = i64, Path)),
    responses(
        (status = 200, body = BuildCache),
        (status = 404, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn cache(State(state): State<AppState>, Who(actor): Who, Id(id): Id<EnvironmentId>) -> Result<Reply<BuildCache>> {
    Ok(Reply::ok(state.ports.housekeeping.cache(&actor, id).await?))
}

/// Empties the build cache of an environment. 409 while a release runs there.
#[utoipa::path(
    delete, path = "/environments/{id}/cache", tag = "environments", params(("id" = i64, Path)),
    responses((status = 204), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn clear_cache(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    _: Nothing,
) -> Result<StatusCode> {
    state.ports.housekeeping.clear_cache(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
