//! An environment's policy: how a release proceeds there, when it may, and what it takes along.
//!
//! A release runs with the policy that was there when it started; what decides whether it may start is read then.

pub mod calendar;
mod health;
mod rollout;
mod rules;
mod share;
mod state;
mod takes;

use garde::Validate;
use serde::{Deserialize, Serialize};

pub use calendar::{Calendar, DateFreeze, Weekday, WeeklyFreeze};
pub use health::{Health, HealthKind, PLACEHOLDERS, fill};
pub use rollout::{Hold, OnFailure, Rollout, Strategy};
pub use rules::Rules;
pub use share::Share;
pub use state::{Rule, RuleState};
pub use takes::{DEFAULT_CACHE_MIB, Takes};

/// How releases go in an environment. Whatever is left out is as before there were policies: all servers at once, at any
/// time, the tree alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// How a release goes from server to server, and what stops it.
    #[garde(dive)]
    pub rollout: Rollout,
    /// When releases may start.
    #[garde(dive)]
    pub calendar: Calendar,
    /// What has to be true before one may start.
    #[garde(dive)]
    pub rules: Rules,
    /// What the release takes along, and how it lies on the servers.
    #[garde(dive)]
    pub takes: Takes,
}
