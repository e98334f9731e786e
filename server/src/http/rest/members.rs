//! `/projects/{id}/members`

use axum::extract::State;
use axum::http::StatusCode;
use launchway_domain::{Member, MemberForm, Permission, ProjectId, UserId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::needs::permitted;
use super::{List, page_of};
use crate::AppState;
use crate::http::auth::Who;
use crate::http::body::{Json, Nothing};
use crate::http::params::{Id, OfId, Query};
use crate::http::problem::{ProblemBody, Reply, Result};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::ViewUsers, routes!(list)))
        .routes(permitted(Permission::ManageMembers, routes!(put, delete)))
}

/// Who has a role in the project, by name. People with a role everywhere have at least that here too.
#[utoipa::path(
    get, path = "/projects/{id}/members", tag = "members",
    params(
        ("id" = i64, Path),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 1000 where absent")
    ),
    responses((status = 200, body = List<Member>), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn list(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ProjectId>,
    mut query: Query,
) -> Result<Reply<List<Member>>> {
    let page = page_of(&mut query);
    query.done()?;
    let all = state.ports.members.list(&actor, id).await?;
    Ok(page.cut(all, |member| (member.name.to_lowercase(), member.user_id.0)))
}

/// Gives somebody a role in the project, or another one: `manager`, `developer` or `viewer`.
#[utoipa::path(
    put, path = "/projects/{id}/members/{user_id}", tag = "members",
    params(("id" = i64, Path), ("user_id" = i64, Path)), request_body = MemberForm,
    responses((status = 200, body = Member), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn put(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ProjectId>,
    OfId(user): OfId<UserId>,
    json: Json,
) -> Result<Reply<Member>> {
    let form = json.form::<MemberForm>()?;
    Ok(Reply::ok(state.ports.members.set(&actor, id, user, form).await?))
}

/// Takes somebody's role in the project; what they are trusted with everywhere stays.
#[utoipa::path(
    delete, path = "/projects/{id}/members/{user_id}", tag = "members",
    params(("id" = i64, Path), ("user_id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn delete(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ProjectId>,
    OfId(user): OfId<UserId>,
    _: Nothing,
) -> Result<StatusCode> {
    state.ports.members.remove(&actor, id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
