//! `/healthz` and `/readyz`, for whoever watches the program.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use launchway_domain::Text;

use super::problem::{Problem, Reply};
use crate::AppState;

/// Both calls.
pub(crate) fn router() -> axum::Router<AppState> {
    axum::Router::new().route("/healthz", get(alive)).route("/readyz", get(ready))
}

/// The process answers.
async fn alive() -> Reply<serde_json::Value> {
    Reply::ok(serde_json::json!({"status": "ok"}))
}

/// The database answers too.
async fn ready(State(state): State<AppState>) -> Response {
    match state.services.store().ping().await {
        Ok(()) => Reply::ok(serde_json::json!({"status": "ready"})).into_response(),
        Err(error) => {
            tracing::warn!("not ready: {error}");
            let detail = Text::new("The database does not answer.", "数据库没有响应。");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).into_response()
        }
    }
}
