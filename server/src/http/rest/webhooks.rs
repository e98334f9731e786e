//! `/projects/{id}/webhooks`, `/webhooks` and `/deliveries`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use launchway_domain::{Delivery, DeliveryId, NewWebhook, Permission, ProjectId, Webhook, WebhookForm, WebhookId};
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
use crate::service::webhooks::form_of;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::ViewProjects, routes!(list)))
        .routes(permitted(Permission::ManageIntegrations, routes!(create)))
        .routes(permitted(Permission::ViewProjects, routes!(one)))
        .routes(permitted(Permission::ManageIntegrations, routes!(update, delete)))
        .routes(permitted(Permission::ManageIntegrations, routes!(rotate)))
        .routes(permitted(Permission::ViewProjects, routes!(deliveries)))
        .routes(permitted(Permission::ViewProjects, routes!(delivery)))
        .routes(permitted(Permission::ManageIntegrations, routes!(redeliver)))
}

/// A project's webhooks, by name; never their secrets.
#[utoipa::path(
    get, path = "/projects/{id}/webhooks", tag = "webhooks",
    params(
        ("id" = i64, Path),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; all of them, at most 50, where absent")
    ),
    responses((status = 200, body = List<Webhook>), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn list(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ProjectId>,
    mut query: Query,
) -> Result<Reply<List<Webhook>>> {
    let page = page_of(&mut query);
    query.done()?;
    let all = state.ports.webhooks.list(&actor, id).await?;
    Ok(page.cut(all, |one| (one.name.to_lowercase(), one.id.0)))
}

/// Adds a webhook to a project. Its address and its secret are what to enter at the service; the secret is in this answer
/// and nowhere else.
#[utoipa::path(
    post, path = "/projects/{id}/webhooks", tag = "webhooks", params(("id" = i64, Path)),
    request_body = WebhookForm,
    responses((status = 201, body = NewWebhook), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn create(State(state): State<AppState>, Who(actor): Who, Id(id): Id<ProjectId>, json: Json) -> Result<Response> {
    let form = json.form::<WebhookForm>()?;
    let made = state.ports.webhooks.create(&actor, id, form).await?;
    let (id, version) = (made.webhook.id, made.webhook.version);
    Ok(tagged(created("webhooks", id, made), version))
}

/// One webhook.
#[utoipa::path(
    get, path = "/webhooks/{id}", tag = "webhooks", params(("id" = i64, Path)),
    responses((status = 200, body = Webhook), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn one(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<WebhookId>,
    known: IfNoneMatch,
) -> Result<Response> {
    Ok(known.answer(state.ports.webhooks.get(&actor, id).await?))
}

/// Changes a webhook by a merge patch (RFC 7396). Its secret stays unless there is another one.
#[utoipa::path(
    patch, path = "/webhooks/{id}", tag = "webhooks", params(("id" = i64, Path)), request_body = WebhookForm,
    responses((status = 200, body = Webhook), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn update(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<WebhookId>,
    when: IfMatch,
    json: Json,
) -> Result<Response> {
    let mut patch = when.patch();
    loop {
        let was = state.ports.webhooks.get(&actor, id).await?;
        let only = patch.only(was.version);
        let form = json.patch(&form_of(&was))?;
        match state.ports.webhooks.update(&actor, id, form, &only).await {
            Err(fault) if patch.again(&fault) => {}
            changed => return Ok(whole(changed?)),
        }
    }
}

/// Deletes a webhook with its deliveries.
#[utoipa::path(
    delete, path = "/webhooks/{id}", tag = "webhooks", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn delete(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<WebhookId>,
    when: IfMatch,
    _: Nothing,
) -> Result<StatusCode> {
    state.ports.webhooks.delete(&actor, id, &when.only()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a new secret; it is in this answer and nowhere else. The one before opens nothing any more.
#[utoipa::path(
    post, path = "/webhooks/{id}/rotate", tag = "webhooks", params(("id" = i64, Path)),
    responses((status = 200, body = NewWebhook), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn rotate(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<WebhookId>,
    _: Nothing,
) -> Result<Reply<NewWebhook>> {
    Ok(Reply::ok(state.ports.webhooks.rotate(&actor, id).await?))
}

/// What was delivered, newest first, each with its outcome and the reason. Kept for 90 days, and the last 1,000.
#[utoipa::path(
    get, path = "/webhooks/{id}/deliveries", tag = "webhooks",
    params(
        ("id" = i64, Path),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 where absent")
    ),
    responses((status = 200, body = List<Delivery>), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn deliveries(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<WebhookId>,
    mut query: Query,
) -> Result<Reply<List<Delivery>>> {
    let (cursor, limit) = (query.text("cursor"), query.parse("limit"));
    query.done()?;
    Ok(List::page(state.ports.webhooks.deliveries(&actor, id, cursor, limit).await?))
}

/// One delivery.
#[utoipa::path(
    get, path = "/deliveries/{id}", tag = "webhooks", params(("id" = i64, Path)),
    responses((status = 200, body = Delivery), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn delivery(State(state): State<AppState>, Who(actor): Who, Id(id): Id<DeliveryId>) -> Result<Reply<Delivery>> {
    Ok(Reply::ok(state.ports.webhooks.delivery(&actor, id).await?))
}

/// Works a delivery off again, as a new one: after a mistake was mended, say.
#[utoipa::path(
    post, path = "/deliveries/{id}/redeliver", tag = "webhooks", params(("id" = i64, Path)),
    responses((status = 202, body = Delivery), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn redeliver(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<DeliveryId>,
    _: Nothing,
) -> Result<Reply<Delivery>> {
    Ok(Reply::accepted(state.ports.webhooks.redeliver(&actor, id).await?))
}
