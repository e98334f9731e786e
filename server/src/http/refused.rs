//! What somebody tried and may not do is written into the audit.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use super::auth::{FUNCTIONS, Identity, function_name};
use crate::AppState;

/// The longest path that is kept, in characters.
const MAX_PATH: usize = 200;

/// Middleware, behind the one that finds out who asks: notes calls that would have changed something and were
/// forbidden. The call itself is kept, and nothing that was sent with it.
pub(crate) async fn note(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let identity = request.extensions().get::<Identity>().filter(|_| !request.method().is_safe());
    let tried = identity.map(|identity| (identity.actor.clone(), name(&request)));
    let response = next.run(request).await;
    if let Some((actor, call)) = tried
        && response.status() == StatusCode::FORBIDDEN
        && let Err(error) = state.services.store().by(&actor).audit_refused(&call).await
    {
        tracing::warn!(%error, "a call that was refused is not in the audit");
    }
    response
}

fn name(request: &Request) -> String {
    let path = request.uri().path();
    let path = if path.starts_with(FUNCTIONS) { function_name(path) } else { path };
    format!("{} {}", request.method(), path.chars().take(MAX_PATH).collect::<String>())
}
