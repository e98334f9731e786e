//! Who has a role in which project.

use std::sync::Arc;

use async_trait::async_trait;
use launchway_app::ports::{Answer, Members};
use launchway_domain::{Actor, Form, Member, MemberForm, Permission, ProjectId, Text, UserId};

use super::Core;
use super::fault::{noun, of_store};

pub(super) struct MemberService(pub(super) Arc<Core>);

#[async_trait]
impl Members for MemberService {
    async fn list(&self, actor: &Actor, project: ProjectId) -> Answer<Vec<Member>> {
        self.0.permit_project(actor, Permission::ViewUsers, project).await?;
        self.0.store.members(project).await.map_err(|e| of_store(e, &Text::new("members", "成员")))
    }

    async fn set(&self, actor: &Actor, project: ProjectId, user: UserId, form: MemberForm) -> Answer<Member> {
        self.0.permit_project(actor, Permission::ManageMembers, project).await?;
        form.check()?;
        self.0.store.account(user, &actor.visible()).await.map_err(|e| of_store(e, &noun("user", "用户", user)))?;
        let set = self.0.store.by(actor).member_set(user, project, form.role).await;
        self.0.told(set.map_err(|e| of_store(e, &Text::new("member", "成员"))))
    }

    async fn remove(&self, actor: &Actor, project: ProjectId, user: UserId) -> Answer<()> {
        self.0.permit_project(actor, Permission::ManageMembers, project).await?;
        let removed = self.0.store.by(actor).member_remove(user, project).await;
        self.0.told(removed.map_err(|e| of_store(e, &noun("member", "成员", user))))
    }
}
