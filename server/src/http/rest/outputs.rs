//! `/releases/{id}/outputs`

use axum::extract::State;
use launchway_domain::log::groups::Outputs;
use launchway_domain::{NodeKind, Permission, ReleaseId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::needs::permitted;
use crate::AppState;
use crate::http::auth::Who;
use crate::http::params::{Id, Query};
use crate::http::problem::{ProblemBody, Reply, Result};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(permitted(Permission::ViewReleases, routes!(outputs)))
}

/// What a hook printed on the servers of a release, identical outputs together: the largest group first, and of each
/// other how it differs from that. Compared are the first 64 KiB of each server.
#[utoipa::path(
    get, path = "/releases/{id}/outputs", tag = "releases",
    params(
        ("id" = i64, Path),
        ("kind" = Option<String>, Query, description = "`before_deploy` or `after_deploy`; the latter where absent")
    ),
    responses(
        (status = 200, body = Outputs),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "Housekeeping removed it.", body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn outputs(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<ReleaseId>,
    mut query: Query,
) -> Result<Reply<Outputs>> {
    let kind = query.read("kind", NodeKind::parse).unwrap_or(NodeKind::AfterDeploy);
    query.done()?;
    Ok(Reply::ok(state.ports.logs.outputs(&actor, id, kind).await?))
}
