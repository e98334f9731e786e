//! `/hook-templates`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use launchway_domain::{HookTemplate, HookTemplateForm, HookTemplateId, Permission};
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
        .routes(permitted(Permission::ViewTemplates, routes!(list)))
        .routes(permitted(Permission::ManageTemplates, routes!(create)))
        .routes(permitted(Permission::ViewTemplates, routes!(one)))
        .routes(permitted(Permission::ManageTemplates, routes!(update, delete)))
}

/// All hook templates, by name; or a page of what is looked for, where anything is. Where nothing is asked for, the first 1000.
#[utoipa::path(
    get, path = "/hook-templates", tag = "hook templates",
    params(
        ("q" = Option<String>, Query, description = "Words that must all be found, in the scripts too"),
        ("sort" = Option<String>, Query, description = "A column; with a minus before it, the greatest first"),
        ("point" = Option<String>, Query, description = "The point that it is written for, or `any`"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 where absent and anything else is given")
    ),
    responses((status = 200, body = List<HookTemplate>), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn list(State(state): State<AppState>, Who(actor): Who, mut query: Query) -> Result<Reply<List<HookTemplate>>> {
    let asked = list_query(&mut query, &["point"]);
    query.done()?;
    Ok(List::found(state.ports.templates.search(&actor, asked).await?))
}

/// Adds a hook template.
#[utoipa::path(
    post, path = "/hook-templates", tag = "hook templates", request_body = HookTemplateForm,
    responses((status = 201, body = HookTemplate), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn create(State(state): State<AppState>, Who(actor): Who, json: Json) -> Result<Response> {
    let form = json.form::<HookTemplateForm>()?;
    let made = state.ports.templates.create(&actor, form).await?;
    Ok(tagged(created("hook-templates", made.id, &made), made.version))
}

/// One hook template.
#[utoipa::path(
    get, path = "/hook-templates/{id}", tag = "hook templates", params(("id" = i64, Path)),
    responses((status = 200, body = HookTemplate), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn one(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<HookTemplateId>,
    known: IfNoneMatch,
) -> Result<Response> {
    Ok(known.answer(state.ports.templates.get(&actor, id).await?))
}

/// Changes a hook template by a merge patch (RFC 7396). Hooks that were filled from it stay as they are.
#[utoipa::path(
    patch, path = "/hook-templates/{id}", tag = "hook templates", params(("id" = i64, Path)),
    request_body = HookTemplateForm,
    responses((status = 200, body = HookTemplate), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn update(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<HookTemplateId>,
    when: IfMatch,
    json: Json,
) -> Result<Response> {
    let mut patch = when.patch();
    loop {
        let was = state.ports.templates.get(&actor, id).await?;
        let only = patch.only(was.version);
        let form = json.patch(&HookTemplateForm {
            name: was.name,
            description: was.description,
            point: was.point,
            body: was.body,
        })?;
        match state.ports.templates.update(&actor, id, form, &only).await {
            Err(fault) if patch.again(&fault) => {}
            changed => return Ok(whole(changed?)),
        }
    }
}

/// Deletes a hook template.
#[utoipa::path(
    delete, path = "/hook-templates/{id}", tag = "hook templates", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn delete(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<HookTemplateId>,
    when: IfMatch,
    _: Nothing,
) -> Result<StatusCode> {
    state.ports.templates.delete(&actor, id, &when.only()).await?;
    Ok(StatusCode::NO_CONTENT)
}
