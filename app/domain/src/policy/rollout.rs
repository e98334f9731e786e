//! How a release goes from server to server.

use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// How a release goes from server to server, and what stops it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Rollout {}

/// A release that waits between two batches, for a person or for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hold {
    /// The batch that is done, counted from 1.
    pub batch: u32,
    /// How many batches there are.
    pub of: u32,
    /// Since when it waits.
    pub since: Timestamp,
    /// When it goes on by itself; without it, when a person says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}
