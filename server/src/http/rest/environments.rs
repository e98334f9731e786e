//! `/projects/{id}/environments` and `/environments`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use launchway_domain::{
    Changes, Check, Environment, EnvironmentForm, EnvironmentId, Fault, GitRef, Permission, ProjectId, RefKind,
};
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

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::ViewProjects, routes!(list)))
        .routes(permitted(Permission::ManageProjects, routes!(create)))
        .routes(permitted(Permission::ViewProjects, routes!(one)))
        .routes(permitted(Permission::ManageProjects, routes!(update, delete)))
        .routes(permitted(Permission::ManageProjects, routes!(check)))
        .routes(permitted(Permission::PickRefs, routes!(changes)))
}

/// A project's environments, by name.
#[utoipa::path(
    get, path = "/projects/{id}/environments", tag = "environments", 
    params(
        ("id" = i64, Path),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 1000 where absent")
    ),
    responses((status = 200, body = List<Environment>), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn list(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ProjectId>,
    mut query: Query,
) -> Result<Reply<List<Environment>>> {
    let page = page_of(&mut query);
    query.done()?;
    let all = state.ports.projects.environments(&actor, id).await?;
    Ok(page.cut(all, |environment| (environment.name.clone(), environment.id.0)))
}

/// Adds an environment to a project.
#[utoipa::path(
    post, path = "/projects/{id}/environments", tag = "environments", params(("id" = i64, Path)),
    request_body = EnvironmentForm,
    responses((status = 201, body = Environment), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn create(State(state): State<AppState>, Who(actor): Who, Id(id): Id<ProjectId>, json: Json) -> Result<Response> {
    let form = json.form::<EnvironmentForm>()?;
    let made = state.ports.projects.create_environment(&actor, id, form).await?;
    Ok(tagged(created("environments", made.id, &made), made.version))
}

/// One environment.
#[utoipa::path(
    get, path = "/environments/{id}", tag = "environments", params(("id" = i64, Path)),
    responses((status = 200, body = Environment), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn one(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    known: IfNoneMatch,
) -> Result<Response> {
    Ok(known.answer(state.ports.projects.environment(&actor, id).await?))
}

/// Changes an environment by a merge patch (RFC 7396).
#[utoipa::path(
    patch, path = "/environments/{id}", tag = "environments", params(("id" = i64, Path)),
    request_body = EnvironmentForm,
    responses((status = 200, body = Environment), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn update(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    when: IfMatch,
    json: Json,
) -> Result<Response> {
    let mut patch = when.patch();
    loop {
        let was = state.ports.projects.environment(&actor, id).await?;
        // Another kind of environment has another default.
        let same_kind = json.0.get("kind").is_none_or(|kind| kind == was.kind.as_str());
        let only = patch.only(was.version);
        let auto_start = same_kind.then_some(was.auto_start);
        let form = json.patch(&EnvironmentForm { auto_start, ..was.into() })?;
        match state.ports.projects.update_environment(&actor, id, form, &only).await {
            Err(fault) if patch.again(&fault) => {}
            changed => return Ok(whole(changed?)),
        }
    }
}

/// Deletes an environment that has no releases.
#[utoipa::path(
    delete, path = "/environments/{id}", tag = "environments", params(("id" = i64, Path)),
    responses((status = 204), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn delete(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    when: IfMatch,
    _: Nothing,
) -> Result<StatusCode> {
    state.ports.projects.delete_environment(&actor, id, &when.only()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Probes the path on every server of the environment: 200 also when something is wrong.
#[utoipa::path(
    post, path = "/environments/{id}/check", tag = "environments", params(("id" = i64, Path)),
    responses((status = 200, body = Check), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn check(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    _: Nothing,
) -> Result<Reply<Check>> {
    Ok(Reply::ok(state.ports.projects.check_environment(&actor, id).await?))
}

/// What a ref would change here, if it were released now: commits and files against what is live.
#[utoipa::path(
    get, path = "/environments/{id}/changes", tag = "environments",
    params(
        ("id" = i64, Path),
        ("ref_kind" = Option<RefKind>, Query, description = "A tag where absent"),
        ("ref" = String, Query, description = "The name of the tag or branch, or the commit")
    ),
    responses((status = 200, body = Changes), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn changes(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    mut query: Query,
) -> Result<Reply<Changes>> {
    let kind = query.read("ref_kind", RefKind::parse).unwrap_or_default();
    let name = query.text("ref");
    if name.is_none() {
        query.missing("ref");
    }
    query.done()?;
    let git_ref = GitRef { kind, name: name.unwrap_or_default() };
    Ok(Reply::ok(state.ports.releases.changes_of_ref(&actor, id, git_ref).await.map_err(at_ref)?))
}

/// In the query the ref's name is called `ref`.
fn at_ref(fault: Fault) -> Fault {
    match fault {
        Fault::Invalid { mut errors } => {
            for error in errors.iter_mut().filter(|error| error.field == "ref.name") {
                error.field = "ref".to_owned();
            }
            Fault::Invalid { errors }
        }
        fault => fault,
    }
}
