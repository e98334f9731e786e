//! `/credentials`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use launchway_domain::{Credential, CredentialForm, CredentialId, Permission};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::needs::permitted;
use super::versions::{IfMatch, IfNoneMatch, tagged, whole};
use super::{List, created, list_query};
use crate::AppState;
use crate::http::auth::Who;
use crate::http::body::{Json, Nothing};
use crate::http::params::{Id, Query};
use crate::http::problem::{ProblemBody, Reply, Result};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::ViewCredentials, routes!(list)))
        .routes(permitted(Permission::ManageCredentials, routes!(create)))
        .routes(permitted(Permission::ViewCredentials, routes!(one)))
        .routes(permitted(Permission::ManageCredentials, routes!(update, delete)))
}

/// All credentials, by name; never their secrets; or a page of what is looked for, where anything is. Where nothing is asked for, the first 1000.
#[utoipa::path(
    get, path = "/credentials", tag = "credentials",
    params(
        ("q" = Option<String>, Query, description = "Words that must all be found"),
        ("sort" = Option<String>, Query, description = "A column; with a minus before it, the greatest first"),
        ("kind" = Option<String>, Query, description = "What it is for"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 where absent and anything else is given")
    ),
    responses((status = 200, body = List<Credential>), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn list(State(state): State<AppState>, Who(actor): Who, mut query: Query) -> Result<Reply<List<Credential>>> {
    let asked = list_query(&mut query, &["kind"]);
    query.done()?;
    Ok(List::found(state.ports.credentials.search(&actor, asked).await?))
}

/// Seals a new credential.
#[utoipa::path(
    post, path = "/credentials", tag = "credentials", request_body = CredentialForm,
    responses((status = 201, body = Credential), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn create(State(state): State<AppState>, Who(actor): Who, json: Json) -> Result<Response> {
    let form = json.form_by(CredentialForm::errors_for_new)?;
    let made = state.ports.credentials.create(&actor, form).await?;
    Ok(tagged(created("credentials", made.id, &made), made.version))
}

/// One credential, without its secret.
#[utoipa::path(
    get, path = "/credentials/{id}", tag = "credentials", params(("id" = i64, Path)),
    responses((status = 200, body = Credential), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn one(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<CredentialId>,
    known: IfNoneMatch,
) -> Result<Response> {
    Ok(known.answer(state.ports.credentials.get(&actor, id).await?))
}

/// Changes a credential by a merge patch (RFC 7396); an absent secret stays as it was.
#[utoipa::path(
    patch, path = "/credentials/{id}", tag = "credentials", params(("id" = i64, Path)), request_body = CredentialForm,
    responses((status = 200, body = Credential), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn update(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<CredentialId>,
    when: IfMatch,
    json: Json,
) -> Result<Response> {
    let mut patch = when.patch();
    loop {
        let was = state.ports.credentials.get(&actor, id).await?;
        let only = patch.only(was.version);
        let form = json.patch(&CredentialForm {
            name: was.name,
            kind: was.kind,
            username: was.username,
            secret: None,
            passphrase: None,
            project_id: was.project_id,
        })?;
        match state.ports.credentials.update(&actor, id, form, &only).await {
            Err(fault) if patch.again(&fault) => {}
            changed => return Ok(whole(changed?)),
        }
    }
}

/// Deletes a credential that nothing uses.
#[utoipa::path(
    delete, path = "/credentials/{id}", tag = "credentials", params(("id" = i64, Path)),
    responses((status = 204), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn delete(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<CredentialId>,
    when: IfMatch,
    _: Nothing,
) -> Result<StatusCode> {
    state.ports.credentials.delete(&actor, id, &when.only()).await?;
    Ok(StatusCode::NO_CONTENT)
}
