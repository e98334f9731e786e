//! Hook templates: named hook bodies that people fill hooks from.

use std::sync::Arc;

use async_trait::async_trait;
use launchway_app::ports::{Answer, HookTemplates};
use launchway_domain::{Actor, Fault, Form, HookTemplate, HookTemplateForm, HookTemplateId, Text, text};

use super::Core;
use super::fault::{noun, of_store};
use super::permission::{Permission, permit};

/// As many as a page can list and a person can look through; with the longest bodies they are 32 MiB.
pub(super) const MAX_TEMPLATES: u64 = 500;

pub(super) struct TemplateService(pub(super) Arc<Core>);

fn thing(id: HookTemplateId) -> Text {
    noun("hook template", "钩子模板", id)
}

#[async_trait]
impl HookTemplates for TemplateService {
    async fn list(&self, actor: &Actor) -> Answer<Vec<HookTemplate>> {
        permit(actor, Permission::ViewTemplates)?;
        self.0.store.templates().await.map_err(|e| of_store(e, &Text::new("hook templates", "钩子模板")))
    }

    async fn get(&self, actor: &Actor, id: HookTemplateId) -> Answer<HookTemplate> {
        permit(actor, Permission::ViewTemplates)?;
        self.0.store.template(id).await.map_err(|e| of_store(e, &thing(id)))
    }

    async fn create(&self, actor: &Actor, form: HookTemplateForm) -> Answer<HookTemplate> {
        permit(actor, Permission::ManageTemplates)?;
        let form = form.tidy();
        form.check()?;
        self.0.room_for_templates(1).await?;
        self.0.store.template_create(&form).await.map_err(|e| of_store(e, &Text::new("hook template", "钩子模板")))
    }

    async fn update(&self, actor: &Actor, id: HookTemplateId, form: HookTemplateForm) -> Answer<HookTemplate> {
        permit(actor, Permission::ManageTemplates)?;
        let form = form.tidy();
        form.check()?;
        self.0.store.template_update(id, &form).await.map_err(|e| of_store(e, &thing(id)))
    }

    async fn delete(&self, actor: &Actor, id: HookTemplateId) -> Answer<()> {
        permit(actor, Permission::ManageTemplates)?;
        self.0.store.template_delete(id).await.map_err(|e| of_store(e, &thing(id)))
    }
}

impl Core {
    /// Whether so many more templates may be added.
    pub(super) async fn room_for_templates(&self, more: usize) -> Answer<()> {
        let thing = Text::new("hook templates", "钩子模板");
        let count = self.store.template_count().await.map_err(|e| of_store(e, &thing))?;
        if count + more as u64 <= MAX_TEMPLATES {
            return Ok(());
        }
        Err(Fault::conflict(text!(
            "There are {MAX_TEMPLATES} hook templates already. Delete those that nobody uses first.",
            "钩子模板已达 {MAX_TEMPLATES} 个上限，请先删除不再使用的模板。"
        )))
    }
}
