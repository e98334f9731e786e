//! `/system`

use axum::extract::State;
use launchway_domain::{Installation, Permission};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::needs::permitted;
use crate::AppState;
use crate::http::auth::Who;
use crate::http::problem::{ProblemBody, Reply, Result};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(permitted(Permission::ManageSystem, routes!(system)))
}

/// What this installation is, and what keeps local hooks from its host. For administrators.
#[utoipa::path(
    get, path = "/system", tag = "system",
    responses(
        (status = 200, body = Installation),
        (status = 403, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn system(State(state): State<AppState>, Who(actor): Who) -> Result<Reply<Installation>> {
    Ok(Reply::ok(state.ports.system.installation(&actor).await?))
}
