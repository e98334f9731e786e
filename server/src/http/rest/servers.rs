//! `/servers`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use launchway_domain::{Check, Permission, Server, ServerForm, ServerId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::needs::permitted;
use super::versions::{IfMatch, IfNoneMatch, tagged, whole};
use super::{Fingerprint, List, created, list_query};
use crate::AppState;
use crate::http::auth::Who;
use crate::http::body::{Json, Nothing};
use crate::http::params::{Id, Query};
use crate::http::problem::{ProblemBody, Reply, Result};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::ViewServers, routes!(list)))
        .routes(permitted(Permission::ManageServers, routes!(create)))
        .routes(permitted(Permission::ViewServers, routes!(one)))
        .routes(permitted(Permission::ManageServers, routes!(update, delete)))
        .routes(permitted(Permission::ManageServers, routes!(check)))
        .routes(permitted(Permission::ManageServers, routes!(pin)))
}

/// All servers, by hostname; or a page of what is looked for, where anything is. Where nothing is asked for, the first 1000.
#[utoipa::path(
    get, path = "/servers", tag = "servers",
    params(
        ("q" = Option<String>, Query, description = "Words that must all be found"),
        ("sort" = Option<String>, Query, description = "A column; with a minus before it, the greatest first"),
        ("tag" = Option<String>, Query, description = "One of the server's tags"),
        ("key" = Option<String>, Query, description = "`pinned` or `missing`"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 where absent and anything else is given")
    ),
    responses((status = 200, body = List<Server>), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn list(State(state): State<AppState>, Who(actor): Who, mut query: Query) -> Result<Reply<List<Server>>> {
    let asked = list_query(&mut query, &["tag", "key"]);
    query.done()?;
    Ok(List::found(state.ports.servers.search(&actor, asked).await?))
}

/// Adds a server.
#[utoipa::path(
    post, path = "/servers", tag = "servers", request_body = ServerForm,
    responses((status = 201, body = Server), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn create(State(state): State<AppState>, Who(actor): Who, json: Json) -> Result<Response> {
    let form = json.form::<ServerForm>()?;
    let made = state.ports.servers.create(&actor, form).await?;
    Ok(tagged(created("servers", made.id, &made), made.version))
}

/// One server.
#[utoipa::path(
    get, path = "/servers/{id}", tag = "servers", params(("id" = i64, Path)),
    responses((status = 200, body = Server), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn one(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ServerId>,
    known: IfNoneMatch,
) -> Result<Response> {
    Ok(known.answer(state.ports.servers.get(&actor, id).await?))
}

/// Changes a server by a merge patch (RFC 7396); a new address or port takes its pinned host key away.
#[utoipa::path(
    patch, path = "/servers/{id}", tag = "servers", params(("id" = i64, Path)), request_body = ServerForm,
    responses((status = 200, body = Server), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn update(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ServerId>,
    when: IfMatch,
    json: Json,
) -> Result<Response> {
    let mut patch = when.patch();
    loop {
        let was = state.ports.servers.get(&actor, id).await?;
        let only = patch.only(was.version);
        let form = json.patch(&ServerForm {
            hostname: was.hostname,
            address: was.address,
            port: was.port,
            credential_id: was.credential_id,
            tags: was.tags,
            project_id: was.project_id,
        })?;
        match state.ports.servers.update(&actor, id, form, &only).await {
            Err(fault) if patch.again(&fault) => {}
            changed => return Ok(whole(changed?)),
        }
    }
}

/// Deletes a server that no environment uses.
#[utoipa::path(
    delete, path = "/servers/{id}", tag = "servers", params(("id" = i64, Path)),
    responses((status = 204), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn delete(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ServerId>,
    when: IfMatch,
    _: Nothing,
) -> Result<StatusCode> {
    state.ports.servers.delete(&actor, id, &when.only()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Connects and says what a release would meet: 200 also when that is nothing good. Shows the host
/// key; sends no credential before one is pinned.
#[utoipa::path(
    post, path = "/servers/{id}/check", tag = "servers", params(("id" = i64, Path)),
    responses((status = 200, body = Check), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn check(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ServerId>,
    _: Nothing,
) -> Result<Reply<Check>> {
    Ok(Reply::ok(state.ports.servers.check(&actor, id).await?))
}

/// Trusts a host key from now on.
#[utoipa::path(
    post, path = "/servers/{id}/host-key", tag = "servers", params(("id" = i64, Path)), request_body = Fingerprint,
    responses((status = 200, body = Server), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn pin(State(state): State<AppState>, Who(actor): Who, Id(id): Id<ServerId>, json: Json) -> Result<Response> {
    let fingerprint = json.only_text("fingerprint")?;
    Ok(whole(state.ports.servers.pin_host_key(&actor, id, fingerprint).await?))
}
