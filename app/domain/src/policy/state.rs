//! How a release stands to the rules of its environment's policy, before somebody starts it.

use serde::{Deserialize, Serialize};

use crate::id::ReleaseId;
use crate::text::Text;

/// A rule that has to hold before a release may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The same commit has succeeded in a test environment of the project.
    TestedFirst,
    /// The environment is not frozen.
    Calendar,
}

impl Rule {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::TestedFirst => "tested_first",
            Rule::Calendar => "calendar",
        }
    }
}

/// Whether a rule holds for a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleState {
    /// Which rule.
    pub rule: Rule,
    /// Whether it holds. Where it does not, a start takes an administrator's written exception.
    pub ok: bool,
    /// The same in a sentence; where it does not hold, also what would help.
    pub text: Text,
    /// The release that shows it, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_id: Option<ReleaseId>,
}
