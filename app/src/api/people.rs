//! People, their roles in projects, API tokens, and the browsers that they are signed in with.

use launchway_domain::{
    Account, ApiToken, InviteForm, ListQuery, Listed, Member, MemberForm, NewApiToken, NewInvitation, ProjectId, Role,
    RoleForm, Session, SessionId, TokenForm, TokenId, UserId,
};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use super::codec::Json;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
use super::{ApiError, needs};
#[cfg(feature = "ssr")]
use crate::said::{Did, Said, Thing, tell};
#[cfg(feature = "ssr")]
use launchway_domain::IfVersion;

/// A page of what is looked for. In JSON, since an empty query would leave nothing of a form.
#[server(prefix = "/api/fn", input = Json, output = Json)]
pub async fn search_users(query: ListQuery) -> Result<Listed<Account>, ApiError> {
    answer(ports()?.people.search(&actor()?, query).await)
}
needs!(SearchUsers, ViewUsers);

/// One person.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_user(id: UserId) -> Result<Account, ApiError> {
    answer(ports()?.people.get(&actor()?, id).await)
}
needs!(GetUser, ViewUsers);

/// Adds somebody, with a role in one project where one is named. The link is in this answer and nowhere else.
#[server(prefix = "/api/fn", output = Json)]
pub async fn invite_user(
    form: InviteForm,
    project: Option<ProjectId>,
    project_role: Option<Role>,
) -> Result<NewInvitation, ApiError> {
    let memberships = match (project, project_role) {
        (Some(project_id), Some(role)) => vec![launchway_domain::Membership { project_id, role }],
        _ => form.memberships,
    };
    let made = answer(ports()?.people.invite(&actor()?, InviteForm { memberships, ..form }).await)?;
    tell(Said::new(Thing::User, Did::Invited, made.account.name.as_str()));
    Ok(made)
}
needs!(InviteUser, ManageUsers);

/// Makes a new link for somebody. It is in this answer and nowhere else.
#[server(prefix = "/api/fn", output = Json)]
pub async fn invite_again(id: UserId) -> Result<NewInvitation, ApiError> {
    answer(ports()?.people.invite_again(&actor()?, id).await)
}
needs!(InviteAgain, ManageUsers);

/// Gives somebody another role everywhere, where nobody did since `version`.
#[server(prefix = "/api/fn", output = Json)]
pub async fn set_user_role(id: UserId, version: Option<i64>, form: RoleForm) -> Result<(), ApiError> {
    let account = answer(ports()?.people.set_role(&actor()?, id, form, &IfVersion::of(version)).await)?;
    tell(Said::new(Thing::User, Did::Saved, account.name));
    Ok(())
}
needs!(SetUserRole, ManageUsers);

/// Shuts somebody out.
#[server(prefix = "/api/fn", output = Json)]
pub async fn deactivate_user(id: UserId) -> Result<(), ApiError> {
    let account = answer(ports()?.people.deactivate(&actor()?, id).await)?;
    tell(Said::new(Thing::User, Did::Deactivated, account.name));
    Ok(())
}
needs!(DeactivateUser, ManageUsers);

/// Lets somebody in again.
#[server(prefix = "/api/fn", output = Json)]
pub async fn reactivate_user(id: UserId) -> Result<(), ApiError> {
    let account = answer(ports()?.people.reactivate(&actor()?, id).await)?;
    tell(Said::new(Thing::User, Did::Reactivated, account.name));
    Ok(())
}
needs!(ReactivateUser, ManageUsers);

/// Who has a role in a project.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn list_members(project: ProjectId) -> Result<Vec<Member>, ApiError> {
    answer(ports()?.members.list(&actor()?, project).await)
}
needs!(ListMembers, ViewUsers);

/// Gives somebody a role in a project, or another one.
#[server(prefix = "/api/fn", output = Json)]
pub async fn set_member(project: ProjectId, user: UserId, form: MemberForm) -> Result<(), ApiError> {
    let member = answer(ports()?.members.set(&actor()?, project, user, form).await)?;
    tell(Said::new(Thing::Member, Did::Saved, member.name));
    Ok(())
}
needs!(SetMember, ManageMembers);

/// Takes somebody's role in a project.
#[server(prefix = "/api/fn", output = Json)]
pub async fn remove_member(project: ProjectId, user: UserId, name: String) -> Result<(), ApiError> {
    answer(ports()?.members.remove(&actor()?, project, user).await)?;
    tell(Said::new(Thing::Member, Did::Removed, name));
    Ok(())
}
needs!(RemoveMember, ManageMembers);

/// One's own tokens, the newest first; never the tokens themselves.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn list_tokens() -> Result<Vec<ApiToken>, ApiError> {
    answer(ports()?.tokens.list(&actor()?, None).await)
}
needs!(ListTokens, ManageSelf);

/// Makes a token of one's own. It is in this answer and nowhere else.
#[server(prefix = "/api/fn", output = Json)]
pub async fn create_token(form: TokenForm) -> Result<NewApiToken, ApiError> {
    let made = answer(ports()?.tokens.create(&actor()?, form).await)?;
    tell(Said::new(Thing::Token, Did::Created, made.kept.name.as_str()));
    Ok(made)
}
needs!(CreateToken, ManageSelf);

/// Revokes a token.
#[server(prefix = "/api/fn", output = Json)]
pub async fn revoke_token(id: TokenId, name: String) -> Result<(), ApiError> {
    answer(ports()?.tokens.delete(&actor()?, id).await)?;
    tell(Said::new(Thing::Token, Did::Revoked, name));
    Ok(())
}
needs!(RevokeToken, ManageSelf);

/// The browsers that somebody is signed in with: one's own where nobody is named.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn list_sessions(of: Option<UserId>) -> Result<Vec<Session>, ApiError> {
    answer(ports()?.sessions.list(&actor()?, of).await)
}
needs!(ListSessions, ManageSelf);

/// Signs somebody out of one browser.
#[server(prefix = "/api/fn", output = Json)]
pub async fn end_session(id: SessionId, of: Option<UserId>) -> Result<(), ApiError> {
    let actor = actor()?;
    let ended = answer(ports()?.sessions.end(&actor, of, id).await)?;
    let words = [ended.browser, ended.system, ended.address].into_iter().flatten().collect::<Vec<_>>().join(", ");
    tell(Said::new(Thing::Session, Did::Ended, words));
    Ok(())
}
needs!(EndSession, ManageSelf);

/// Signs somebody out of every browser but the one that asks.
#[server(prefix = "/api/fn", output = Json)]
pub async fn end_other_sessions(of: Option<UserId>) -> Result<(), ApiError> {
    let actor = actor()?;
    answer(ports()?.sessions.end_others(&actor, of).await)?;
    let name = match of {
        Some(of) => answer(ports()?.people.get(&actor, of).await)?.name,
        None => actor.name().to_owned(),
    };
    tell(Said::new(Thing::Sessions, Did::Ended, name));
    Ok(())
}
needs!(EndOtherSessions, ManageSelf);
