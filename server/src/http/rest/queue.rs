//! What stands between releases and their runs: `/environments/{id}/queue`, `/lock`, `/calendar`, and the same of one release.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use launchway_domain::{
    CalendarNow, EnvironmentId, Fault, Lock, LockForm, Permission, Queue, QueuePlace, Release, ReleaseId, ScheduleForm,
    Text,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::created_at;
use super::needs::permitted;
use crate::AppState;
use crate::http::auth::Who;
use crate::http::body::{Json, Nothing};
use crate::http::params::Id;
use crate::http::problem::{ProblemBody, Reply, Result};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::ViewReleases, routes!(place)))
        // In an environment for prod it takes `releases.run_prod`, which the service asks for.
        .routes(permitted(Permission::RunTest, routes!(schedule)))
        .routes(permitted(Permission::ViewReleases, routes!(queue)))
        .routes(permitted(Permission::ViewProjects, routes!(calendar)))
        .routes(permitted(Permission::ViewProjects, routes!(lock_of)))
        .routes(permitted(Permission::LockEnvironments, routes!(lock, unlock)))
}

/// Its place in the queue of its environment, and what it waits for: as of now.
#[utoipa::path(
    get, path = "/releases/{id}/queue", tag = "releases", params(("id" = i64, Path)),
    responses((status = 200, body = QueuePlace), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn place(State(state): State<AppState>, Who(actor): Who, Id(id): Id<ReleaseId>) -> Result<Reply<QueuePlace>> {
    Ok(Reply::ok(state.ports.queues.place(&actor, id).await?))
}

/// Changes when a queued release starts: at a time, or as soon as it can.
#[utoipa::path(
    post, path = "/releases/{id}/schedule", tag = "releases", params(("id" = i64, Path)), request_body = ScheduleForm,
    responses((status = 202, body = Release), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn schedule(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ReleaseId>,
    json: Json,
) -> Result<Reply<Release>> {
    let form = json.form_by::<ScheduleForm>(|_| Vec::new())?;
    Ok(Reply::accepted(state.ports.queues.schedule(&actor, id, form).await?))
}

/// What goes on at its door: what runs, the lock, the calendar, and who waits for what.
#[utoipa::path(
    get, path = "/environments/{id}/queue", tag = "environments", params(("id" = i64, Path)),
    responses((status = 200, body = Queue), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn queue(State(state): State<AppState>, Who(actor): Who, Id(id): Id<EnvironmentId>) -> Result<Reply<Queue>> {
    Ok(Reply::ok(state.ports.queues.queue(&actor, id).await?))
}

/// Whether it is frozen now, until when, and when it will be next.
#[utoipa::path(
    get, path = "/environments/{id}/calendar", tag = "environments", params(("id" = i64, Path)),
    responses((status = 200, body = CalendarNow), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn calendar(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
) -> Result<Reply<CalendarNow>> {
    Ok(Reply::ok(state.ports.queues.calendar(&actor, id).await?))
}

/// Its lock: who, why, since when and until when. 404 where it is not locked.
#[utoipa::path(
    get, path = "/environments/{id}/lock", tag = "environments", params(("id" = i64, Path)),
    responses((status = 200, body = Lock), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn lock_of(State(state): State<AppState>, Who(actor): Who, Id(id): Id<EnvironmentId>) -> Result<Reply<Lock>> {
    let lock = state.ports.queues.lock_of(&actor, id).await?;
    let none = || Fault::not_found(Text::new("This environment is not locked.", "此环境没有被锁定。"));
    Ok(Reply::ok(lock.ok_or_else(none)?))
}

/// Locks it: nothing is taken from its queue until the lock is lifted or ends. What runs goes on. 409 where it is locked.
#[utoipa::path(
    post, path = "/environments/{id}/lock", tag = "environments", params(("id" = i64, Path)), request_body = LockForm,
    responses((status = 201, body = Lock), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn lock(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    json: Json,
) -> Result<Response> {
    let lock = state.ports.queues.lock(&actor, id, json.form()?).await?;
    Ok(created_at(&format!("environments/{id}/lock"), lock))
}

/// Lifts its lock: the queue goes on at once. 404 where it is not locked.
#[utoipa::path(
    delete, path = "/environments/{id}/lock", tag = "environments", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn unlock(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    _: Nothing,
) -> Result<StatusCode> {
    state.ports.queues.unlock(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
