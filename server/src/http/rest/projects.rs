//! `/projects`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use launchway_domain::{Check, Permission, Project, ProjectForm, ProjectId, RefItem, RefKind};
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
        .routes(permitted(Permission::ViewProjects, routes!(list)))
        .routes(permitted(Permission::CreateProjects, routes!(create)))
        .routes(permitted(Permission::ViewProjects, routes!(one)))
        .routes(permitted(Permission::ManageProjects, routes!(update, delete)))
        .routes(permitted(Permission::ManageProjects, routes!(check)))
        .routes(permitted(Permission::ManageProjects, routes!(pin)))
        .routes(permitted(Permission::PickRefs, routes!(refs)))
}

/// All projects, by title; or a page of what is looked for, where anything is. Where nothing is asked for, the first 1000.
#[utoipa::path(
    get, path = "/projects", tag = "projects",
    params(
        ("q" = Option<String>, Query, description = "Words that must all be found"),
        ("sort" = Option<String>, Query, description = "A column; with a minus before it, the greatest first"),
        ("has" = Option<String>, Query, description = "`prod`, `test`: an environment of that kind; `none`: no environment"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 where absent and anything else is given")
    ),
    responses((status = 200, body = List<Project>), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn list(State(state): State<AppState>, Who(actor): Who, mut query: Query) -> Result<Reply<List<Project>>> {
    let asked = list_query(&mut query, &["has"]);
    query.done()?;
    Ok(List::found(state.ports.projects.search(&actor, asked).await?))
}

/// Adds a project.
#[utoipa::path(
    post, path = "/projects", tag = "projects", request_body = ProjectForm,
    responses((status = 201, body = Project), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn create(State(state): State<AppState>, Who(actor): Who, json: Json) -> Result<Response> {
    let form = json.form::<ProjectForm>()?;
    let made = state.ports.projects.create(&actor, form).await?;
    Ok(tagged(created("projects", made.id, &made), made.version))
}

/// One project.
#[utoipa::path(
    get, path = "/projects/{id}", tag = "projects", params(("id" = i64, Path)),
    responses((status = 200, body = Project), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn one(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ProjectId>,
    known: IfNoneMatch,
) -> Result<Response> {
    Ok(known.answer(state.ports.projects.get(&actor, id).await?))
}

/// Changes a project by a merge patch (RFC 7396); a new address takes its pinned host key away.
#[utoipa::path(
    patch, path = "/projects/{id}", tag = "projects", params(("id" = i64, Path)), request_body = ProjectForm,
    responses((status = 200, body = Project), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn update(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ProjectId>,
    when: IfMatch,
    json: Json,
) -> Result<Response> {
    let mut patch = when.patch();
    loop {
        let was = state.ports.projects.get(&actor, id).await?;
        let only = patch.only(was.version);
        let form = json.patch(&ProjectForm {
            title: was.title,
            repo_url: was.repo_url,
            credential_id: was.credential_id,
            hooks: was.hooks.unwrap_or_default(),
        })?;
        match state.ports.projects.update(&actor, id, form, &only).await {
            Err(fault) if patch.again(&fault) => {}
            changed => return Ok(whole(changed?)),
        }
    }
}

/// Deletes a project with its environments, as long as it has no releases.
#[utoipa::path(
    delete, path = "/projects/{id}", tag = "projects", params(("id" = i64, Path)),
    responses((status = 204), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn delete(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ProjectId>,
    when: IfMatch,
    _: Nothing,
) -> Result<StatusCode> {
    state.ports.projects.delete(&actor, id, &when.only()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks the repository for its refs and says how that went: 200 also when not well.
#[utoipa::path(
    post, path = "/projects/{id}/check", tag = "projects", params(("id" = i64, Path)),
    responses((status = 200, body = Check), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn check(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ProjectId>,
    _: Nothing,
) -> Result<Reply<Check>> {
    Ok(Reply::ok(state.ports.projects.check(&actor, id).await?))
}

/// Trusts the host key of a repository over SSH from now on.
#[utoipa::path(
    post, path = "/projects/{id}/host-key", tag = "projects", params(("id" = i64, Path)), request_body = Fingerprint,
    responses((status = 200, body = Project), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn pin(State(state): State<AppState>, Who(actor): Who, Id(id): Id<ProjectId>, json: Json) -> Result<Response> {
    let fingerprint = json.only_text("fingerprint")?;
    Ok(whole(state.ports.projects.pin_host_key(&actor, id, fingerprint).await?))
}

/// Fetches, then lists tags, branches, or the last 50 commits of a branch, newest first.
#[utoipa::path(
    get, path = "/projects/{id}/refs", tag = "projects",
    params(
        ("id" = i64, Path),
        ("kind" = RefKind, Query, description = "Tags where absent"),
        ("branch" = Option<String>, Query, description = "Whose commits; needed for those")
    ),
    responses((status = 200, body = List<RefItem>), (status = 502, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn refs(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ProjectId>,
    mut query: Query,
) -> Result<Reply<List<RefItem>>> {
    let kind = match query.text("kind") {
        Some(_) => query.read("kind", RefKind::parse),
        None => Some(RefKind::default()),
    };
    let branch = query.text("branch");
    if kind == Some(RefKind::Commit) && branch.is_none() {
        query.missing("branch");
    }
    query.done()?;
    let kind = kind.unwrap_or_default();
    Ok(List::whole(state.ports.projects.refs(&actor, id, kind, branch).await?))
}
