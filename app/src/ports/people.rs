//! People, their roles in projects, API tokens, and the browsers that they are signed in with.

use async_trait::async_trait;
use launchway_domain::{
    Account, Actor, ApiToken, IfVersion, InviteForm, ListQuery, Listed, Member, MemberForm, NewApiToken, NewInvitation,
    ProjectId, RoleForm, Session, SessionId, TokenForm, TokenId, UserId,
};

use super::Answer;

/// People. Nobody is ever deleted, since history names them.
#[async_trait]
pub trait People: Send + Sync {
    /// A page of what is looked for; sorts: `name`, `role`, `state`, `seen`, `added`; filters: `role`, `state`.
    async fn search(&self, actor: &Actor, query: ListQuery) -> Answer<Listed<Account>>;
    /// One of them.
    async fn get(&self, actor: &Actor, id: UserId) -> Answer<Account>;
    /// Adds somebody, who chooses a password by the link in this answer: it opens once, within seven days.
    async fn invite(&self, actor: &Actor, form: InviteForm) -> Answer<NewInvitation>;
    /// Makes a new link for somebody, who chooses a new password by it. The old link opens nothing any more; the old
    /// password holds until the link is used.
    async fn invite_again(&self, actor: &Actor, id: UserId) -> Answer<NewInvitation>;
    /// Gives somebody another role everywhere; a conflict where nobody would be left who may do everything.
    async fn set_role(&self, actor: &Actor, id: UserId, form: RoleForm, only: &IfVersion) -> Answer<Account>;
    /// Shuts somebody out: their sessions, tokens, link and sockets end at once. A conflict as in `set_role`.
    async fn deactivate(&self, actor: &Actor, id: UserId) -> Answer<Account>;
    /// Lets somebody in again, with the password that they had. Their tokens stay revoked.
    async fn reactivate(&self, actor: &Actor, id: UserId) -> Answer<Account>;
}

/// Who has a role in which project.
#[async_trait]
pub trait Members: Send + Sync {
    /// Those of a project, by name.
    async fn list(&self, actor: &Actor, project: ProjectId) -> Answer<Vec<Member>>;
    /// Gives somebody a role in a project, or another one.
    async fn set(&self, actor: &Actor, project: ProjectId, user: UserId, form: MemberForm) -> Answer<Member>;
    /// Takes somebody's role in a project.
    async fn remove(&self, actor: &Actor, project: ProjectId, user: UserId) -> Answer<()>;
}

/// API tokens.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Somebody's, the newest first; one's own where nobody is named.
    async fn list(&self, actor: &Actor, of: Option<UserId>) -> Answer<Vec<ApiToken>>;
    /// Makes one of one's own. It is in this answer and nowhere else. A token makes none that may more than itself.
    async fn create(&self, actor: &Actor, form: TokenForm) -> Answer<NewApiToken>;
    /// Revokes one; its sockets close at once.
    async fn delete(&self, actor: &Actor, id: TokenId) -> Answer<()>;
}

/// The browsers that people are signed in with. Where nobody is named, the actor is meant; others are for those who
/// manage users.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Somebody's, the newest sign-in first; the one that asks is marked.
    async fn list(&self, actor: &Actor, of: Option<UserId>) -> Answer<Vec<Session>>;
    /// Ends one of somebody's; its sockets close at once.
    async fn end(&self, actor: &Actor, of: Option<UserId>, id: SessionId) -> Answer<Session>;
    /// Ends all of somebody's but the one that asks.
    async fn end_others(&self, actor: &Actor, of: Option<UserId>) -> Answer<()>;
}
