//! Who acts.

use serde::{Deserialize, Serialize};

use crate::id::{UserId, WallLinkId};
use crate::time::Timestamp;

/// What a person is trusted with, everywhere in Launchway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, users included.
    Admin,
    /// Servers, credentials, projects, environments and releases.
    Manager,
    /// Releases.
    Developer,
    /// Looking on.
    Viewer,
}

impl Role {
    /// Every role, most trusted first.
    pub const ALL: [Role; 4] = [Role::Admin, Role::Manager, Role::Developer, Role::Viewer];

    /// The word in JSON, on the command line and in the databases.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Admin => "admin",
            Role::Manager => "manager",
            Role::Developer => "developer",
            Role::Viewer => "viewer",
        }
    }

    /// Reads [`Role::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// A person who may sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The sign-in name.
    pub name: String,
    /// What they are trusted with.
    pub role: Role,
    /// When they were added.
    pub created_at: Timestamp,
}

/// Who makes a service call: every one of them takes it, and the one permission check looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person, by a session or by one of their tokens.
    User(User),
    /// A screen that shows the wall, by a link of its own: it sees the wall and nothing else.
    Wall(WallLinkId),
    /// The program itself: the command line beside the data folder, the runner, the demo.
    System,
}

impl Actor {
    /// The name that records and pages show.
    pub fn name(&self) -> &str {
        match self {
            Actor::User(user) => &user.name,
            Actor::Wall(_) => "wall",
            Actor::System => "launchway",
        }
    }

    /// The person, where it is one.
    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Actor::User(user) => Some(user.id),
            Actor::Wall(_) | Actor::System => None,
        }
    }
}
