//! `/tokens`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use launchway_domain::{ApiToken, NewApiToken, Permission, TokenForm, TokenId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::needs::permitted;
use super::{List, created, page_of};
use crate::AppState;
use crate::http::auth::Who;
use crate::http::body::{Json, Nothing};
use crate::http::params::{Id, Query};
use crate::http::problem::{ProblemBody, Reply, Result};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::ManageSelf, routes!(list, create)))
        .routes(permitted(Permission::ManageSelf, routes!(delete)))
}

/// Your API tokens, the newest first; never the tokens themselves.
#[utoipa::path(
    get, path = "/tokens", tag = "tokens",
    params(
        ("user_id" = Option<i64>, Query, description = "Somebody else's: for administrators"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 1000 where absent")
    ),
    responses((status = 200, body = List<ApiToken>), (status = 403, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn list(State(state): State<AppState>, Who(actor): Who, mut query: Query) -> Result<Reply<List<ApiToken>>> {
    let of = query.parse("user_id");
    let page = page_of(&mut query);
    query.done()?;
    let all = state.ports.tokens.list(&actor, of).await?;
    // Later ones have greater ids.
    Ok(page.cut(all, |token| (String::new(), -token.id.0)))
}

/// Makes an API token. It is in this answer and nowhere else. A token makes none that may do more, elsewhere, or for
/// longer than itself.
#[utoipa::path(
    post, path = "/tokens", tag = "tokens", request_body = TokenForm,
    responses((status = 201, body = NewApiToken), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn create(State(state): State<AppState>, Who(actor): Who, json: Json) -> Result<Response> {
    let form = json.form::<TokenForm>()?;
    let made = state.ports.tokens.create(&actor, form).await?;
    Ok(created("tokens", made.kept.id, made))
}

/// Revokes a token: what listens by it hears nothing more.
#[utoipa::path(
    delete, path = "/tokens/{id}", tag = "tokens", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn delete(State(state): State<AppState>, Who(actor): Who, Id(id): Id<TokenId>, _: Nothing) -> Result<StatusCode> {
    state.ports.tokens.delete(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
