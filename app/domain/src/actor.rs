//! Who acts, and what they are trusted with where.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{ProjectId, SessionId, UserId, WallLinkId};
use crate::text::Text;
use crate::time::Timestamp;

/// What a person is trusted with: everywhere ([`User::role`]) or in one project ([`Membership`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, users included. Only everywhere.
    Admin,
    /// Servers, credentials, environments, policies and every release.
    Manager,
    /// Releases: made and started for test, made for prod.
    Developer,
    /// Looking on.
    Viewer,
    /// Nothing but what memberships give. Only everywhere.
    Member,
}

impl Role {
    /// Every role, most trusted first.
    pub const ALL: [Role; 5] = [Role::Admin, Role::Manager, Role::Developer, Role::Viewer, Role::Member];
    /// Those that somebody can have in one project.
    pub const OF_PROJECT: [Role; 3] = [Role::Manager, Role::Developer, Role::Viewer];

    /// The word in JSON, on the command line and in the databases.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Admin => "admin",
            Role::Manager => "manager",
            Role::Developer => "developer",
            Role::Viewer => "viewer",
            Role::Member => "member",
        }
    }

    /// Reads [`Role::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// The more trusted of two.
    pub fn greater(self, other: Role) -> Role {
        // `ALL` is in this order, and so is the declaration.
        if (self as u8) <= (other as u8) { self } else { other }
    }

    /// What people read.
    pub fn label(self) -> Text {
        match self {
            Role::Admin => Text::new("administrator", "管理员"),
            Role::Manager => Text::new("manager", "发布经理"),
            Role::Developer => Text::new("developer", "开发者"),
            Role::Viewer => Text::new("viewer", "观察者"),
            Role::Member => Text::new("member", "成员"),
        }
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
    /// What they are trusted with everywhere.
    pub role: Role,
    /// When they were added.
    pub created_at: Timestamp,
}

/// What somebody is trusted with in one project, where that is more than they are trusted with everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// The project.
    pub project_id: ProjectId,
    /// One of [`Role::OF_PROJECT`].
    pub role: Role,
}

/// What an API token allows of what its owner may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// Looking on.
    Read,
    /// Looking on, and releases.
    Release,
    /// Everything that the owner may.
    #[default]
    Administer,
}

impl TokenScope {
    /// Every scope, the narrowest first.
    pub const ALL: [TokenScope; 3] = [TokenScope::Read, TokenScope::Release, TokenScope::Administer];

    /// The word in JSON, on the command line and in the databases.
    pub fn as_str(self) -> &'static str {
        match self {
            TokenScope::Read => "read",
            TokenScope::Release => "release",
            TokenScope::Administer => "administer",
        }
    }

    /// What people read.
    pub fn label(self) -> Text {
        match self {
            TokenScope::Read => Text::new("look on", "只读"),
            TokenScope::Release => Text::new("look on and release", "读取和发布"),
            TokenScope::Administer => Text::new("everything that you may", "您的全部权限"),
        }
    }

    /// Reads [`TokenScope::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// The token by which somebody acts, and what it narrows them to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The token's id.
    pub token_id: i64,
    /// What its owner called it.
    pub label: String,
    /// What it allows.
    pub scope: TokenScope,
    /// The one project that it is for; none means all that its owner sees.
    pub project: Option<ProjectId>,
}

/// Somebody who proved who they are, as the permission check sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who it is.
    pub user: User,
    /// What they are trusted with in projects.
    pub memberships: Vec<Membership>,
    /// The token by which they act; none means a session of theirs.
    pub grant: Option<Grant>,
    /// The session by which they act, where it is one.
    pub session: Option<SessionId>,
    /// The address that they come from, where it is known.
    pub from: Option<IpAddr>,
}

impl Person {
    /// A person with a session and no memberships.
    pub fn new(user: User) -> Self {
        Self { user, memberships: Vec::new(), grant: None, session: None, from: None }
    }

    /// What they are trusted with everywhere; [`Role::Member`] where a token is for one project alone.
    pub fn role_everywhere(&self) -> Role {
        match &self.grant {
            Some(Grant { project: Some(_), .. }) => Role::Member,
            _ => self.user.role,
        }
    }

    /// What they are trusted with in a project: the greater of what they have everywhere and there.
    pub fn role_in(&self, project: ProjectId) -> Role {
        if self.grant.as_ref().is_some_and(|grant| grant.project.is_some_and(|only| only != project)) {
            return Role::Member;
        }
        let there = self.memberships.iter().find(|m| m.project_id == project).map_or(Role::Member, |m| m.role);
        self.user.role.greater(there)
    }

    /// The most that they are trusted with anywhere.
    pub fn role_somewhere(&self) -> Role {
        match &self.grant {
            Some(Grant { project: Some(only), .. }) => self.role_in(*only),
            _ => self.memberships.iter().fold(self.user.role, |most, m| most.greater(m.role)),
        }
    }
}

/// Who makes a service call: every one of them takes it, and the one permission check looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person, by a session or by one of their tokens.
    User(Box<Person>),
    /// A screen that shows the wall, by a link of its own: it sees the wall and nothing else.
    Wall(WallLinkId),
    /// The program itself: the command line beside the data folder, the runner, the demo.
    System,
}

impl From<User> for Actor {
    /// A person with a session and no memberships.
    fn from(user: User) -> Self {
        Self::User(Box::new(Person::new(user)))
    }
}

impl Actor {
    /// The name that records and pages show.
    pub fn name(&self) -> &str {
        match self {
            Actor::User(person) => &person.user.name,
            Actor::Wall(_) => "wall",
            Actor::System => "launchway",
        }
    }

    /// The person's user, where it is one.
    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Actor::User(person) => Some(person.user.id),
            Actor::Wall(_) | Actor::System => None,
        }
    }

    /// The session by which they act, where it is one.
    pub fn session(&self) -> Option<SessionId> {
        match self {
            Actor::User(person) => person.session,
            Actor::Wall(_) | Actor::System => None,
        }
    }

    /// Which projects they see.
    pub fn visible(&self) -> Visible {
        match self {
            Actor::System | Actor::Wall(_) => Visible::All,
            Actor::User(person) if person.role_everywhere() != Role::Member => Visible::All,
            Actor::User(person) => match &person.grant {
                Some(Grant { project: Some(only), .. }) if person.role_in(*only) != Role::Member => {
                    Visible::Only(vec![*only])
                }
                Some(Grant { project: Some(_), .. }) => Visible::Only(Vec::new()),
                _ => Visible::Only(person.memberships.iter().map(|m| m.project_id).collect()),
            },
        }
    }
}

/// Which projects, and what belongs to them, an answer may tell of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Visible {
    /// Every one.
    All,
    /// These.
    Only(Vec<ProjectId>),
}

impl Visible {
    /// Whether it may tell of a project.
    pub fn has(&self, project: ProjectId) -> bool {
        match self {
            Visible::All => true,
            Visible::Only(projects) => projects.contains(&project),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(role: Role, memberships: &[(i64, Role)], only: Option<i64>) -> Person {
        let user = User { id: UserId(1), name: "kim".into(), role, created_at: Timestamp(0) };
        let memberships =
            memberships.iter().map(|(id, role)| Membership { project_id: ProjectId(*id), role: *role }).collect();
        let grant = only.map(|id| Grant {
            token_id: 1,
            label: "ci".into(),
            scope: TokenScope::Administer,
            project: Some(ProjectId(id)),
        });
        Person { memberships, grant, ..Person::new(user) }
    }

    #[test]
    fn a_membership_raises_a_role_and_never_lowers_it() {
        let kim = person(Role::Developer, &[(1, Role::Manager), (2, Role::Viewer)], None);
        assert_eq!(kim.role_in(ProjectId(1)), Role::Manager);
        assert_eq!(kim.role_in(ProjectId(2)), Role::Developer);
        assert_eq!(kim.role_in(ProjectId(3)), Role::Developer);
        assert_eq!((kim.role_everywhere(), kim.role_somewhere()), (Role::Developer, Role::Manager));
        assert_eq!(Actor::User(Box::new(kim)).visible(), Visible::All);
    }

    #[test]
    fn a_member_sees_their_projects_alone() {
        let kim = person(Role::Member, &[(1, Role::Viewer)], None);
        assert_eq!(kim.role_in(ProjectId(2)), Role::Member);
        let seen = Actor::User(Box::new(kim)).visible();
        assert!(seen.has(ProjectId(1)) && !seen.has(ProjectId(2)));
    }

    #[test]
    fn a_token_for_one_project_is_nothing_elsewhere() {
        let root = person(Role::Admin, &[], Some(1));
        assert_eq!(root.role_in(ProjectId(1)), Role::Admin);
        assert_eq!(root.role_in(ProjectId(2)), Role::Member);
        assert_eq!((root.role_everywhere(), root.role_somewhere()), (Role::Member, Role::Admin));
        assert_eq!(Actor::User(Box::new(root)).visible(), Visible::Only(vec![ProjectId(1)]));
        let stranger = person(Role::Member, &[(2, Role::Manager)], Some(1));
        assert_eq!(Actor::User(Box::new(stranger)).visible(), Visible::Only(vec![]));
    }
}
