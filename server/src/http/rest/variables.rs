//! `/environments/{id}/variables`

use axum::extract::State;
use axum::http::StatusCode;
use launchway_domain::{EnvironmentId, Permission, Variable, VariableForm};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::List;
use super::needs::permitted;
use crate::AppState;
use crate::http::auth::Who;
use crate::http::body::{Json, Nothing};
use crate::http::params::{Id, Named};
use crate::http::problem::{ProblemBody, Reply, Result};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::ViewProjects, routes!(list)))
        .routes(permitted(Permission::ManageProjects, routes!(put, delete)))
}

/// What the hooks of an environment are given, by name: all at once, since there are at most 100. Secret variables are listed without their values, which are
/// shown to nobody.
#[utoipa::path(
    get, path = "/environments/{id}/variables", tag = "environments", params(("id" = i64, Path)),
    responses((status = 200, body = List<Variable>), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn list(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
) -> Result<Reply<List<Variable>>> {
    Ok(List::whole(state.ports.variables.list(&actor, id).await?))
}

/// Gives a variable a value, or another one. Hooks that start from now on get it, on a retry too. At most 100 variables
/// of 64 KiB each, and of 512 KiB together.
#[utoipa::path(
    put, path = "/environments/{id}/variables/{name}", tag = "environments",
    params(("id" = i64, Path), ("name" = String, Path, description = "Letters, digits and underscores")),
    request_body = VariableForm,
    responses((status = 200, body = Variable), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn put(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    Named(name): Named,
    json: Json,
) -> Result<Reply<Variable>> {
    let form = json.form::<VariableForm>()?;
    Ok(Reply::ok(state.ports.variables.set(&actor, id, name, form).await?))
}

/// Takes a variable away.
#[utoipa::path(
    delete, path = "/environments/{id}/variables/{name}", tag = "environments",
    params(("id" = i64, Path), ("name" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn delete(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    Named(name): Named,
    _: Nothing,
) -> Result<StatusCode> {
    state.ports.variables.remove(&actor, id, name).await?;
    Ok(StatusCode::NO_CONTENT)
}
