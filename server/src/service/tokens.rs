//! API tokens: what lets a script act for a person.

use std::sync::Arc;

use async_trait::async_trait;
use launchway_app::ports::{Answer, Tokens};
use launchway_domain::{
    Actor, ApiToken, Fault, Form, Grant, NewApiToken, Permission, Text, Timestamp, TokenForm, TokenId, UserId,
};
use launchway_engine::store::{NewToken, Store};

use super::fault::{no_such, noun, of_store};
use super::permission::{permit, permit_in};
use super::{Core, key};

/// What every token begins with, so that scanners for leaked secrets find it.
const PREFIX: &str = "lw_";
/// So many tokens has somebody at most.
const MOST: u32 = 100;

pub(super) struct TokenService(pub(super) Arc<Core>);

fn tokens() -> Text {
    Text::new("tokens", "令牌")
}

#[async_trait]
impl Tokens for TokenService {
    async fn list(&self, actor: &Actor, of: Option<UserId>) -> Answer<Vec<ApiToken>> {
        let own = actor.user_id();
        let Some(user) = of.or(own) else { return Ok(Vec::new()) };
        permit(actor, if own == Some(user) { Permission::ManageSelf } else { Permission::ManageUsers })?;
        self.0.store.tokens(user).await.map_err(|e| of_store(e, &tokens()))
    }

    async fn create(&self, actor: &Actor, form: TokenForm) -> Answer<NewApiToken> {
        permit(actor, Permission::ManageSelf)?;
        let user = actor.user_id().ok_or(Fault::Unauthenticated)?;
        create(&self.0.store, actor, user, form).await
    }

    async fn delete(&self, actor: &Actor, id: TokenId) -> Answer<()> {
        let thing = noun("token", "令牌", id);
        permit(actor, Permission::ManageSelf)?;
        let token = self.0.store.token(id).await.map_err(|e| of_store(e, &thing))?;
        if actor.user_id() != Some(token.user_id) && permit(actor, Permission::ManageUsers).is_err() {
            // Other people's tokens are not there.
            return Err(super::fault::missing(&thing));
        }
        let revoked = self.0.store.by(actor).token_delete(id.0).await;
        self.0.told(revoked.map_err(|e| of_store(e, &thing)))
    }
}

/// Makes a token for somebody, on behalf of an actor who may.
pub(super) async fn create(store: &Store, actor: &Actor, user: UserId, form: TokenForm) -> Answer<NewApiToken> {
    form.check()?;
    let now = Timestamp::now();
    let expires_at = form.end(now);
    if expires_at.is_some_and(|at| at <= now) {
        let text = Text::new("This time has passed. Choose a later one.", "该时间已过，请选择更晚的时间。");
        return Err(Fault::field("expires_at", "past", text));
    }
    if let Some(project) = form.project_id {
        permit_in(actor, Permission::ViewProjects, project).map_err(|_| no_such("project_id"))?;
        store.project(project).await.map_err(|_| no_such("project_id"))?;
    }
    if let Actor::User(person) = actor
        && let Some(grant) = &person.grant
    {
        let own = store.token(TokenId(grant.token_id)).await.map_err(|e| of_store(e, &tokens()))?;
        no_wider(grant, own.expires_at, &form, expires_at)?;
    }
    let token = key::new(PREFIX)?;
    let new = NewToken {
        user,
        name: form.name.trim(),
        scope: form.scope,
        project: form.project_id,
        expires_at,
        hash: &key::digest(&token),
        most: MOST,
    };
    let kept = store.by(actor).token_create(&new).await.map_err(|e| of_store(e, &tokens()))?;
    Ok(NewApiToken { kept, token })
}

/// A token makes none that may do more, elsewhere, or longer than itself.
fn no_wider(grant: &Grant, ends: Option<Timestamp>, form: &TokenForm, end: Option<Timestamp>) -> Result<(), Fault> {
    let elsewhere = grant.project.is_some() && form.project_id != grant.project;
    let longer = ends.is_some_and(|ends| end.is_none_or(|end| end > ends));
    if form.scope as u8 > grant.scope as u8 || elsewhere || longer {
        return Err(Fault::Forbidden {
            detail: Text::new(
                "A token cannot make one that may do more, in other projects, or for longer than itself. Sign in to \
                 make it.",
                "令牌不能创建权限更大、适用于其他项目或有效期更长的令牌，请登录后创建。",
            ),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use launchway_domain::{ProjectId, TokenScope};

    use super::*;

    #[test]
    fn a_token_makes_nothing_wider_than_itself() {
        let of = |scope, project: Option<i64>| Grant {
            token_id: 1,
            label: "ci".into(),
            scope,
            project: project.map(ProjectId),
        };
        let form = |scope, project: Option<i64>| TokenForm {
            name: "x".into(),
            scope,
            project_id: project.map(ProjectId),
            ..Default::default()
        };
        use TokenScope::{Administer, Read, Release};
        let at = |ms| Some(Timestamp(ms));
        let all = of(Administer, None);
        assert!(no_wider(&all, None, &form(Administer, None), None).is_ok());
        assert!(no_wider(&all, at(9), &form(Read, Some(1)), at(9)).is_ok());
        assert!(no_wider(&all, at(9), &form(Read, None), None).is_err(), "longer");
        assert!(no_wider(&all, at(9), &form(Read, None), at(10)).is_err(), "longer");
        assert!(no_wider(&of(Release, None), None, &form(Administer, None), None).is_err(), "more");
        let one = of(Administer, Some(1));
        assert!(no_wider(&one, None, &form(Administer, Some(1)), None).is_ok());
        assert!(no_wider(&one, None, &form(Read, None), None).is_err(), "elsewhere");
        assert!(no_wider(&one, None, &form(Read, Some(2)), None).is_err(), "elsewhere");
    }
}
