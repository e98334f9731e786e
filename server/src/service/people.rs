//! People: inviting, roles, shutting out.

use std::sync::Arc;

use async_trait::async_trait;
use launchway_app::ports::{Answer, People};
use launchway_domain::{
    Account, Actor, Fault, Form, IfVersion, InviteForm, ListQuery, Listed, NewInvitation, Permission, RoleForm, Text,
    Timestamp, User, UserId,
};
use launchway_engine::store::{NewLink, NewUser, Store};
use secrecy::{ExposeSecret, SecretString};

use super::fault::{noun, of_store};
use super::permission::permit;
use super::{Core, key, lists};

/// What the key of every invitation begins with.
const KEY_PREFIX: &str = "lwi_";
/// The longest key that is looked up, in bytes.
const MAX_KEY: usize = 200;
/// How long a link opens, in milliseconds.
const OPENS: i64 = 7 * 24 * 60 * 60 * 1000;

pub(super) struct PeopleService(pub(super) Arc<Core>);

fn thing(id: UserId) -> Text {
    noun("user", "用户", id)
}

pub(super) fn users() -> Text {
    Text::new("user", "用户")
}

#[async_trait]
impl People for PeopleService {
    async fn search(&self, actor: &Actor, query: ListQuery) -> Answer<Listed<Account>> {
        permit(actor, Permission::ViewUsers)?;
        let query = lists::checked(query, &["name", "role", "state", "seen", "added"], &["role", "state"])?;
        self.0.store.accounts(&query, &actor.visible()).await.map_err(|e| of_store(e, &users()))
    }

    async fn get(&self, actor: &Actor, id: UserId) -> Answer<Account> {
        permit(actor, Permission::ViewUsers)?;
        self.0.store.account(id, &actor.visible()).await.map_err(|e| of_store(e, &thing(id)))
    }

    async fn invite(&self, actor: &Actor, form: InviteForm) -> Answer<NewInvitation> {
        permit(actor, Permission::ManageUsers)?;
        form.check()?;
        let new = NewUser { name: form.name.trim(), role: form.role, memberships: &form.memberships };
        let (path, digest, expires_at) = link()?;
        let made = self.0.store.by(actor).user_invite(&new, NewLink { hash: &digest, expires_at }).await;
        let account = made.map_err(|e| of_store(e, &users()))?;
        Ok(NewInvitation { account, path, expires_at })
    }

    async fn invite_again(&self, actor: &Actor, id: UserId) -> Answer<NewInvitation> {
        permit(actor, Permission::ManageUsers)?;
        // A link signs in: a token that ends, or that somebody took, must not become its owner's session.
        if let Actor::User(person) = actor
            && person.grant.is_some()
            && person.user.id == id
        {
            return Err(Fault::Forbidden {
                detail: Text::new(
                    "A token cannot make a link for its own owner. Sign in, or ask another administrator.",
                    "令牌不能为其所有者创建链接，请登录后操作或联系其他管理员。",
                ),
            });
        }
        let (path, digest, expires_at) = link()?;
        let link = NewLink { hash: &digest, expires_at };
        let made = self.0.store.by(actor).invitation_set(id, link).await;
        let account = made.map_err(|e| of_store(e, &thing(id)))?;
        Ok(NewInvitation { account, path, expires_at })
    }

    async fn set_role(&self, actor: &Actor, id: UserId, form: RoleForm, only: &IfVersion) -> Answer<Account> {
        permit(actor, Permission::ManageUsers)?;
        form.check()?;
        let changed = self.0.store.by(actor).only(only).user_set_role(id, form.role).await;
        self.0.told(changed.map_err(|e| of_store(e, &thing(id))))
    }

    async fn deactivate(&self, actor: &Actor, id: UserId) -> Answer<Account> {
        permit(actor, Permission::ManageUsers)?;
        let changed = self.0.store.by(actor).user_deactivate(id).await;
        self.0.told(changed.map_err(|e| of_store(e, &thing(id))))
    }

    async fn reactivate(&self, actor: &Actor, id: UserId) -> Answer<Account> {
        permit(actor, Permission::ManageUsers)?;
        self.0.store.by(actor).user_reactivate(id).await.map_err(|e| of_store(e, &thing(id)))
    }
}

/// A new link: its path with the key, the key's digest, and until when it opens.
fn link() -> Result<(String, [u8; 32], Timestamp), Fault> {
    let key = key::new(KEY_PREFIX)?;
    Ok((format!("/join?key={key}"), key::digest(&key), Timestamp::now().plus_millis(OPENS)))
}

/// The digest of a key; none of what cannot be one.
pub(super) fn digest_of(key: &SecretString) -> Option<[u8; 32]> {
    let key = key.expose_secret();
    (key.starts_with(KEY_PREFIX) && key.len() <= MAX_KEY).then(|| key::digest(key))
}

/// Who a key is for.
pub(super) async fn invited(store: &Store, key: &SecretString) -> Result<Option<User>, Fault> {
    match digest_of(key) {
        Some(digest) => store.invited(&digest).await.map_err(|e| of_store(e, &users())),
        None => Ok(None),
    }
}
