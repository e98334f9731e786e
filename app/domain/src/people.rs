//! People as others see them: their state, their place in a project, and their API tokens.

use serde::{Deserialize, Serialize};

use crate::actor::{Membership, Role, TokenScope};
use crate::id::{ProjectId, TokenId, UserId};
use crate::text::Text;
use crate::time::Timestamp;

/// Whether somebody can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UserState {
    /// Has a link and has not chosen a password yet.
    Invited,
    /// Signs in.
    Active,
    /// Was shut out. Nobody is deleted, since history names them.
    Deactivated,
}

impl UserState {
    /// Every state.
    pub const ALL: [UserState; 3] = [UserState::Invited, UserState::Active, UserState::Deactivated];

    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            UserState::Invited => "invited",
            UserState::Active => "active",
            UserState::Deactivated => "deactivated",
        }
    }

    /// Reads [`UserState::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// What people read.
    pub fn label(self) -> Text {
        match self {
            UserState::Invited => Text::new("invited", "已邀请"),
            UserState::Active => Text::new("active", "正常"),
            UserState::Deactivated => Text::new("deactivated", "已停用"),
        }
    }
}

/// A person as lists and pages show them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Account {
    /// The id.
    pub id: UserId,
    /// The sign-in name.
    pub name: String,
    /// What they are trusted with everywhere.
    pub role: Role,
    /// Whether they can sign in.
    pub state: UserState,
    /// What they are trusted with in the projects that the reader sees.
    pub memberships: Vec<Membership>,
    /// When they were added.
    pub created_at: Timestamp,
    /// When they last did anything, to within five minutes; none where they never did.
    pub last_seen_at: Option<Timestamp>,
    /// Until when their newest link opens; none where there is none.
    pub invited_until: Option<Timestamp>,
    /// How often role or state were written.
    pub version: i64,
}

/// Somebody with a link that was just made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewInvitation {
    /// Who it is for.
    pub account: Account,
    /// Where it leads on this site, with its key. Who has it chooses the password.
    pub path: String,
    /// Until when it opens.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for NewInvitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewInvitation").field("account", &self.account.name).finish_non_exhaustive()
    }
}

/// Somebody who has a role in a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    /// Who.
    pub user_id: UserId,
    /// Their sign-in name.
    pub name: String,
    /// What they are trusted with in the project: `manager`, `developer` or `viewer`.
    pub role: Role,
    /// What they are trusted with everywhere.
    pub role_everywhere: Role,
    /// Whether they can sign in.
    pub state: UserState,
}

/// An API token, without what opens anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiToken {
    /// The id.
    pub id: TokenId,
    /// Whose it is.
    pub user_id: UserId,
    /// What its owner calls it.
    pub name: String,
    /// What it allows of what its owner may.
    pub scope: TokenScope,
    /// The one project that it is for; none means all that its owner sees.
    pub project_id: Option<ProjectId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; none means when it is revoked.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute; none where it never was.
    pub last_used_at: Option<Timestamp>,
}

/// A token that was just made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewApiToken {
    /// What is kept of it.
    #[serde(flatten)]
    pub kept: ApiToken,
    /// The token itself: in this answer and nowhere else.
    pub token: String,
}

impl std::fmt::Debug for NewApiToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewApiToken").field("kept", &self.kept).finish_non_exhaustive()
    }
}
