//! Sessions of browsers: what somebody is signed in with, and ending it.

use std::sync::Arc;

use async_trait::async_trait;
use launchway_app::ports::{Answer, Sessions};
use launchway_domain::{Actor, Fault, Permission, Session, SessionId, Text, UserId};

use super::Core;
use super::fault::{noun, of_store};
use super::permission::permit;

pub(super) struct SessionService(pub(super) Arc<Core>);

fn sessions() -> Text {
    Text::new("sessions", "会话")
}

/// Whose sessions are meant, of whom the actor may see and end them: their own, or for administrators anybody's.
fn whose(actor: &Actor, of: Option<UserId>) -> Answer<UserId> {
    let own = actor.user_id();
    let user = of.or(own).ok_or(Fault::Unauthenticated)?;
    permit(actor, if own == Some(user) { Permission::ManageSelf } else { Permission::ManageUsers })?;
    Ok(user)
}

impl SessionService {
    /// Whose sessions are meant, where somebody is named who is not there.
    async fn somebody(&self, actor: &Actor, of: Option<UserId>) -> Answer<UserId> {
        let user = whose(actor, of)?;
        let found = self.0.store.user(user).await.map_err(|e| of_store(e, &sessions()))?;
        found.map(|user| user.id).ok_or_else(|| super::fault::missing(&noun("user", "用户", user)))
    }
}

#[async_trait]
impl Sessions for SessionService {
    async fn list(&self, actor: &Actor, of: Option<UserId>) -> Answer<Vec<Session>> {
        let user = self.somebody(actor, of).await?;
        let mut found = self.0.store.sessions(user).await.map_err(|e| of_store(e, &sessions()))?;
        for session in &mut found {
            session.current = actor.session() == Some(session.id);
        }
        Ok(found)
    }

    async fn end(&self, actor: &Actor, of: Option<UserId>, id: SessionId) -> Answer<Session> {
        let user = self.somebody(actor, of).await?;
        let ended = self.0.store.by(actor).session_end(user, id).await;
        self.0.told(ended.map_err(|e| of_store(e, &noun("session", "会话", id))))
    }

    async fn end_others(&self, actor: &Actor, of: Option<UserId>) -> Answer<()> {
        let user = self.somebody(actor, of).await?;
        let ended = self.0.store.by(actor).sessions_end(user, actor.session()).await;
        self.0.told(ended.map_err(|e| of_store(e, &sessions())))
    }
}
