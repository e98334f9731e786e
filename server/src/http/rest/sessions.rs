//! `/me/sessions` and `/users/{id}/sessions`

use axum::extract::State;
use axum::http::StatusCode;
use launchway_domain::{Permission, Session, SessionId, UserId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::needs::permitted;
use super::{List, page_of};
use crate::AppState;
use crate::http::auth::Who;
use crate::http::body::Nothing;
use crate::http::params::{Id, Query, SessionOf};
use crate::http::problem::{ProblemBody, Reply, Result};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::ManageSelf, routes!(own, end_others)))
        .routes(permitted(Permission::ManageSelf, routes!(end)))
        .routes(permitted(Permission::ManageUsers, routes!(of_user, end_all_of_user)))
        .routes(permitted(Permission::ManageUsers, routes!(end_of_user)))
}

/// The browsers that you are signed in with, the newest sign-in first.
#[utoipa::path(
    get, path = "/me/sessions", tag = "account",
    params(
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 1000 where absent")
    ),
    responses((status = 200, body = List<Session>), (status = 403, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn own(State(state): State<AppState>, Who(actor): Who, query: Query) -> Result<Reply<List<Session>>> {
    list(&state, &actor, None, query).await
}

/// Signs you out of one browser: what listens there hears nothing more.
#[utoipa::path(
    delete, path = "/me/sessions/{id}", tag = "account", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn end(State(state): State<AppState>, Who(actor): Who, Id(id): Id<SessionId>, _: Nothing) -> Result<StatusCode> {
    state.ports.sessions.end(&actor, None, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs you out of every browser but the one that asks; by a token, of every browser. Tokens stay.
#[utoipa::path(
    delete, path = "/me/sessions", tag = "account",
    responses((status = 204), (status = 403, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn end_others(State(state): State<AppState>, Who(actor): Who, _: Nothing) -> Result<StatusCode> {
    state.ports.sessions.end_others(&actor, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The browsers that somebody is signed in with, the newest sign-in first.
#[utoipa::path(
    get, path = "/users/{id}/sessions", tag = "users",
    params(
        ("id" = i64, Path),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 1000 where absent")
    ),
    responses((status = 200, body = List<Session>), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn of_user(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(user): Id<UserId>,
    query: Query,
) -> Result<Reply<List<Session>>> {
    list(&state, &actor, Some(user), query).await
}

/// Signs somebody out of one browser.
#[utoipa::path(
    delete, path = "/users/{id}/sessions/{session_id}", tag = "users",
    params(("id" = i64, Path), ("session_id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn end_of_user(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(user): Id<UserId>,
    SessionOf(id): SessionOf<SessionId>,
    _: Nothing,
) -> Result<StatusCode> {
    state.ports.sessions.end(&actor, Some(user), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs somebody out of every browser. Their password and tokens stay: to shut them out, deactivate them.
#[utoipa::path(
    delete, path = "/users/{id}/sessions", tag = "users", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn end_all_of_user(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(user): Id<UserId>,
    _: Nothing,
) -> Result<StatusCode> {
    state.ports.sessions.end_others(&actor, Some(user)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list(
    state: &AppState,
    actor: &launchway_domain::Actor,
    of: Option<UserId>,
    mut query: Query,
) -> Result<Reply<List<Session>>> {
    let page = page_of(&mut query);
    query.done()?;
    let all = state.ports.sessions.list(actor, of).await?;
    // Later ones have greater ids.
    Ok(page.cut(all, |session| (String::new(), -session.id.0)))
}
