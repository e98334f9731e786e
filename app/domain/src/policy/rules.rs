//! What has to be true before a release may start.

use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::record::EnvironmentKind;

/// What has to be true before a release may start in an environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Whether a release needs a succeeded one of the same commit in a test environment of the project. Absent: in
    /// production yes, as soon as the project has such an environment.
    #[garde(skip)]
    pub tested_first: Option<bool>,
    /// Whether what is promoted to here is built again, instead of taken over byte for byte.
    #[garde(skip)]
    pub promote_rebuilds: bool,
}

impl Rules {
    /// Whether commits have to succeed in a test environment first. `has_test`: the project has one.
    pub fn needs_test(&self, kind: EnvironmentKind, has_test: bool) -> bool {
        self.tested_first.unwrap_or(kind == EnvironmentKind::Prod && has_test)
    }
}
