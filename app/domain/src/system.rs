//! What an installation says of itself.

use serde::{Deserialize, Serialize};

use crate::Text;

/// What keeps local hooks, which are code of developers, from the rest of the Launchway host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GuardKind {
    /// They run as another user than Launchway, and see nothing of the data folder.
    User,
    /// They run as Launchway's own user, in a sandbox that the kernel keeps (Landlock).
    Landlock,
    /// Nothing: whoever writes a local hook can read everything that Launchway can.
    None,
}

impl GuardKind {
    /// The word in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Landlock => "landlock",
            Self::None => "none",
        }
    }
}

/// How local hooks are kept from the Launchway host, and why not better.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HookGuard {
    /// The kind.
    pub kind: GuardKind,
    /// The user that they run as, where that is not Launchway's own.
    pub user: Option<String>,
    /// What that means, and where something is missing, what to do.
    pub detail: Text,
}

/// What administrators may know of the program that serves them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Installation {
    /// Launchway's version.
    pub version: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// What local hooks can reach.
    pub hooks: HookGuard,
}
