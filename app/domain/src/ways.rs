//! The ways between releases: back to an earlier one, and on from one environment to another.

use serde::{Deserialize, Serialize};

use crate::id::{EnvironmentId, ReleaseId, ServerId};
use crate::policy::RuleState;
use crate::queue::Wait;
use crate::release::Release;
use crate::status::ReleaseStatus;
use crate::text::Text;

/// An earlier release that an environment can go back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WayBack {
    /// The release.
    #[serde(flatten)]
    pub release: Release,
    /// Whether its tree is what is live now: on every server of the environment.
    pub live: bool,
    /// On how many of the environment's servers it is live, unchanged, as far as that is known.
    #[serde(default)]
    pub live_on: u32,
    /// Whether its artifact is kept on the Launchway host. Where it is not, going back builds it again from the commit.
    pub stored: bool,
    /// How many of the environment's servers have its folder; null where they were not asked.
    pub held: Option<u32>,
}

/// Servers of an environment on which the same is live.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LivePart {
    /// The release whose tree it is; null where it is none of Launchway's, or not known.
    pub release_id: Option<ReleaseId>,
    /// How many servers have it.
    pub servers: u32,
    /// How many of these have files that are not as they were released.
    pub changed: u32,
    /// What the servers are called, the first eight of them.
    pub hostnames: Vec<String>,
}

/// How a release stands in its environment: what its page offers follows from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The status that the release had then.
    pub status: ReleaseStatus,
    /// How it stands to the policy of its environment; nothing where there is nothing to start.
    pub rules: Vec<RuleState>,
    /// Whose tree it brings live: its own, or for a rollback the one that it goes back to.
    pub tree: ReleaseId,
    /// Whether that is live on every server of the environment.
    pub is_live: bool,
    /// On how many servers it is live, unchanged.
    pub live_on: u32,
    /// On how many servers this very release has put live what is there now.
    pub switched: u32,
    /// How many servers the environment has.
    pub servers: u32,
    /// What is live on them, as far as that is known.
    pub parts: Vec<LivePart>,
    /// What was live before it, where it has not succeeded itself: what all servers can be put back to.
    pub back_to: Option<ReleaseId>,
    /// Whether a release went live since, where it has stopped half-way: then it cannot be retried.
    #[serde(default)]
    pub is_overtaken: bool,
    /// What it waits for in the queue.
    pub waits: Vec<Wait>,
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
    /// What is live on them: one entry where they agree, more where a release left some behind.
    #[serde(default)]
    pub parts: Vec<LivePart>,
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
