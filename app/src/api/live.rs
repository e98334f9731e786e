//! What is live where.

use launchway_domain::{EnvironmentId, EnvironmentLive, ProjectId};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use super::codec::Json;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
use super::{ApiError, needs};

/// What was found last in every environment, or in those of one project.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn list_live(project: Option<ProjectId>) -> Result<Vec<EnvironmentLive>, ApiError> {
    answer(ports()?.live.list(&actor()?, project).await)
}
needs!(ListLive, ViewReleases);

/// What was found last in one environment.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_live(id: EnvironmentId) -> Result<EnvironmentLive, ApiError> {
    answer(ports()?.live.get(&actor()?, id).await)
}
needs!(GetLive, ViewReleases);

/// Looks on the servers now.
#[server(prefix = "/api/fn", output = Json)]
pub async fn check_live(id: EnvironmentId) -> Result<(), ApiError> {
    answer(ports()?.live.check(&actor()?, id).await)?;
    leptos_axum::redirect("/live");
    Ok(())
}
needs!(CheckLive, CreateReleases);
