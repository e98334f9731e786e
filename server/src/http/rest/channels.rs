//! `/projects/{id}/channels`, `/channels` and `/notifications`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use launchway_domain::{Channel, ChannelForm, ChannelId, Notification, NotificationId, Permission, ProjectId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::needs::permitted;
use super::versions::{IfMatch, IfNoneMatch, tagged, whole};
use super::{List, created, page_of};
use crate::AppState;
use crate::http::auth::Who;
use crate::http::body::{Json, Nothing};
use crate::http::params::{Id, Query};
use crate::http::problem::{ProblemBody, Reply, Result};
use crate::service::channels::form_of;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::ViewProjects, routes!(list)))
        .routes(permitted(Permission::ManageIntegrations, routes!(create)))
        .routes(permitted(Permission::ViewProjects, routes!(one)))
        .routes(permitted(Permission::ManageIntegrations, routes!(update, delete)))
        .routes(permitted(Permission::ManageIntegrations, routes!(test)))
        .routes(permitted(Permission::ViewProjects, routes!(notifications)))
        .routes(permitted(Permission::ManageIntegrations, routes!(retry)))
}

/// Where a project tells what happens, by name; never addresses and secrets.
#[utoipa::path(
    get, path = "/projects/{id}/channels", tag = "notifications",
    params(
        ("id" = i64, Path),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; all of them, at most 50, where absent")
    ),
    responses((status = 200, body = List<Channel>), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn list(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ProjectId>,
    mut query: Query,
) -> Result<Reply<List<Channel>>> {
    let page = page_of(&mut query);
    query.done()?;
    let all = state.ports.channels.list(&actor, id).await?;
    Ok(page.cut(all, |one| (one.name.to_lowercase(), one.id.0)))
}

/// Adds a channel to a project. Address and secret are sealed and never shown again.
#[utoipa::path(
    post, path = "/projects/{id}/channels", tag = "notifications", params(("id" = i64, Path)),
    request_body = ChannelForm,
    responses((status = 201, body = Channel), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn create(State(state): State<AppState>, Who(actor): Who, Id(id): Id<ProjectId>, json: Json) -> Result<Response> {
    let form = json.form_by(ChannelForm::errors_for_new)?;
    let made = state.ports.channels.create(&actor, id, form).await?;
    Ok(tagged(created("channels", made.id, &made), made.version))
}

/// One channel.
#[utoipa::path(
    get, path = "/channels/{id}", tag = "notifications", params(("id" = i64, Path)),
    responses((status = 200, body = Channel), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn one(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ChannelId>,
    known: IfNoneMatch,
) -> Result<Response> {
    Ok(known.answer(state.ports.channels.get(&actor, id).await?))
}

/// Changes a channel by a merge patch (RFC 7396). Address and secret stay unless there are others; a new address does not
/// inherit the secret of the one before.
#[utoipa::path(
    patch, path = "/channels/{id}", tag = "notifications", params(("id" = i64, Path)), request_body = ChannelForm,
    responses((status = 200, body = Channel), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn update(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ChannelId>,
    when: IfMatch,
    json: Json,
) -> Result<Response> {
    let mut patch = when.patch();
    loop {
        let was = state.ports.channels.get(&actor, id).await?;
        let only = patch.only(was.version);
        let form = json.patch(&form_of(&was))?;
        match state.ports.channels.update(&actor, id, form, &only).await {
            Err(fault) if patch.again(&fault) => {}
            changed => return Ok(whole(changed?)),
        }
    }
}

/// Deletes a channel with its messages.
#[utoipa::path(
    delete, path = "/channels/{id}", tag = "notifications", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn delete(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ChannelId>,
    when: IfMatch,
    _: Nothing,
) -> Result<StatusCode> {
    state.ports.channels.delete(&actor, id, &when.only()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a test message now, once, and says what became of it: `sent`, or `dead` with the reason in `error`.
#[utoipa::path(
    post, path = "/channels/{id}/test", tag = "notifications", params(("id" = i64, Path)),
    responses((status = 200, body = Notification), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn test(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ChannelId>,
    _: Nothing,
) -> Result<Reply<Notification>> {
    Ok(Reply::ok(state.ports.channels.test(&actor, id).await?))
}

/// A channel's messages, newest first, each with its tries and the reason of the last failure. Kept for 90 days.
#[utoipa::path(
    get, path = "/channels/{id}/notifications", tag = "notifications",
    params(
        ("id" = i64, Path),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 where absent")
    ),
    responses((status = 200, body = List<Notification>), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn notifications(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ChannelId>,
    mut query: Query,
) -> Result<Reply<List<Notification>>> {
    let (cursor, limit) = (query.text("cursor"), query.parse("limit"));
    query.done()?;
    Ok(List::page(state.ports.channels.notifications(&actor, id, cursor, limit).await?))
}

/// Has a message that was given up sent again, from its first try on.
#[utoipa::path(
    post, path = "/notifications/{id}/retry", tag = "notifications", params(("id" = i64, Path)),
    responses((status = 202, body = Notification), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn retry(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<NotificationId>,
    _: Nothing,
) -> Result<Reply<Notification>> {
    Ok(Reply::accepted(state.ports.channels.retry(&actor, id).await?))
}
