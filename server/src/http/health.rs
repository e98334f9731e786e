//! `/healthz` and `/readyz`, for whoever watches the program.

use axum::extract::State;
use axum::http::StatusCode;
use launchway_domain::{Needs, Text};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::{Problem, ProblemBody, Reply, Result};
use super::rest::needs::needing;
use crate::AppState;

/// Both calls.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(needing(Needs::Nothing, routes!(alive))).routes(needing(Needs::Nothing, routes!(ready)))
}

/// How the program is.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok` or `ready`.
    status: &'static str,
}

/// Whether the process answers. Needs no sign-in.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()), responses((status = 200, body = Health)))]
async fn alive() -> Reply<Health> {
    Reply::ok(Health { status: "ok" })
}

/// Whether the database answers too. Needs no sign-in.
#[utoipa::path(
    get, path = "/readyz", tag = "health", security(()),
    responses(
        (status = 200, body = Health),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn ready(State(state): State<AppState>) -> Result<Reply<Health>> {
    state.services.store().ping().await.map_err(|error| {
        tracing::warn!("not ready: {error}");
        let detail = Text::new("The database does not answer.", "数据库没有响应。");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    })?;
    Ok(Reply::ok(Health { status: "ready" }))
}
