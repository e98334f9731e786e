//! The installation itself.

use launchway_domain::Installation;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use super::codec::Json;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
use super::{ApiError, needs};

/// What it is, and how safely it runs.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_installation() -> Result<Installation, ApiError> {
    answer(ports()?.system.installation(&actor()?).await)
}
needs!(GetInstallation, ManageSystem);
