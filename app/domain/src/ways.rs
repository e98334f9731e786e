//! The ways between releases: back to an earlier one, and on from one environment to another.

use serde::{Deserialize, Serialize};

use crate::id::{EnvironmentId, ServerId};
use crate::policy::RuleState;
use crate::release::Release;
use crate::text::Text;

/// An earlier release that an environment can go back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WayBack {
    /// The release.
    #[serde(flatten)]
    pub release: Release,
    /// Whether its tree is what is live now.
    pub live: bool,
    /// Whether its artifact is kept on the Launchway host. Where it is not, going back builds it again from the commit.
    pub stored: bool,
    /// How many of the environment's servers have its folder; null where they were not asked.
    pub held: Option<u32>,
}

/// A server that could not be asked what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unasked {
    /// Which server.
    pub server_id: ServerId,
    /// What it is called.
    pub hostname: String,
    /// Why.
    pub error: Text,
}

/// What an environment can go back to, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WaysBack {
    /// The releases that succeeded there, each tree once.
    pub items: Vec<WayBack>,
    /// Where the next page begins.
    pub next: Option<String>,
    /// How many servers the environment has.
    pub servers: u32,
    /// The servers that were asked and did not answer.
    pub unasked: Vec<Unasked>,
}

/// What promoting would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Promotion {
    /// The environment that it comes from.
    pub from: EnvironmentId,
    /// What that is called.
    pub from_name: String,
    /// What is live there.
    pub release: Release,
    /// Whether the same artifact is taken over, byte for byte.
    pub same_artifact: bool,
    /// Why it is built again, where it is.
    pub rebuilt: Option<Text>,
    /// What the policy of the environment that it goes to says.
    pub rules: Vec<RuleState>,
}
