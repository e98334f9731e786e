//! Hook templates: named hook bodies that people fill hooks from.

use std::sync::Arc;

use async_trait::async_trait;
use launchway_app::ports::{Answer, HookTemplates};
use launchway_domain::{
    Actor, Fault, Form, HookPoint, HookTemplate, HookTemplateForm, HookTemplateId, IfVersion, ListQuery, Listed,
    Permission, Text, text,
};

use super::Core;
use super::fault::{noun, of_store, of_update};
use super::lists;
use super::permission::permit;

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

    async fn search(&self, actor: &Actor, query: ListQuery) -> Answer<Listed<HookTemplate>> {
        permit(actor, Permission::ViewTemplates)?;
        let query = lists::checked(query, &["name", "point", "changed"], &["point"])?;
        let all = self.0.store.templates().await.map_err(|e| of_store(e, &Text::new("hook templates", "钩子模板")))?;
        Ok(found(all, &query))
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
        self.0
            .store
            .by(actor)
            .template_create(&form)
            .await
            .map_err(|e| of_store(e, &Text::new("hook template", "钩子模板")))
    }

    async fn update(
        &self,
        actor: &Actor,
        id: HookTemplateId,
        form: HookTemplateForm,
        only: &IfVersion,
    ) -> Answer<HookTemplate> {
        permit(actor, Permission::ManageTemplates)?;
        let form = form.tidy();
        form.check()?;
        let changed = self.0.store.by(actor).only(only).template_update(id, &form).await;
        of_update(changed, &thing(id), &form, self.0.store.template(id)).await
    }

    async fn delete(&self, actor: &Actor, id: HookTemplateId, only: &IfVersion) -> Answer<()> {
        permit(actor, Permission::ManageTemplates)?;
        self.0.store.by(actor).only(only).template_delete(id).await.map_err(|e| of_store(e, &thing(id)))
    }
}

/// Those that a query asks for. There are few enough of them to be looked through one by one.
fn found(mut all: Vec<HookTemplate>, query: &ListQuery) -> Listed<HookTemplate> {
    let words: Vec<String> = query.q.split_whitespace().map(str::to_lowercase).collect();
    let point = |template: &HookTemplate| template.point.map_or("any", |point| point.as_str());
    all.retain(|template| {
        let texts = [template.name.as_str(), template.description.as_deref().unwrap_or_default(), &template.body];
        let texts = texts.map(str::to_lowercase);
        words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
            && query.filter("point").is_none_or(|wanted| wanted == point(template))
    });
    let place = |template: &HookTemplate| HookPoint::ALL.iter().position(|point| Some(*point) == template.point);
    // Stable, and by name to begin with.
    match query.sort.as_str() {
        "point" => all.sort_by_key(place),
        "changed" => all.sort_by_key(|template| template.updated_at),
        _ => all.sort_by_key(|template| template.name.to_lowercase()),
    }
    if query.descending {
        all.reverse();
    }
    let total = all.len() as u64;
    let items = all.into_iter().skip(query.offset as usize).take(query.rows() as usize).collect();
    Listed { items, total }
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

#[cfg(test)]
mod tests {
    use launchway_domain::Timestamp;

    use super::*;

    fn template(id: i64, name: &str, point: Option<HookPoint>, body: &str) -> HookTemplate {
        HookTemplate {
            id: HookTemplateId(id),
            name: name.into(),
            description: (id == 1).then(|| "With NPM".into()),
            point,
            body: body.into(),
            version: 1,
            created_at: Timestamp(0),
            updated_at: Timestamp(10 - id),
        }
    }

    #[test]
    fn every_word_has_to_be_found_somewhere() {
        let all = vec![
            template(1, "Build", Some(HookPoint::AfterDownload), "npm ci"),
            template(2, "重启", Some(HookPoint::AfterDeploy), "systemctl restart app"),
            template(3, "also", None, "true"),
        ];
        let ids = |query: ListQuery| -> Vec<i64> {
            found(all.clone(), &query).items.into_iter().map(|template| template.id.0).collect()
        };
        let search = |q: &str| ids(ListQuery { q: q.into(), ..Default::default() });
        assert_eq!(search(""), [3, 1, 2]);
        assert_eq!(search("npm with build"), [1]);
        assert_eq!(search("重启 APP"), [2]);
        assert!(search("build app").is_empty());
        let sorted = |sort: &str, descending| ids(ListQuery { sort: sort.into(), descending, ..Default::default() });
        assert_eq!(sorted("point", false), [3, 1, 2]);
        assert_eq!(sorted("changed", false), [3, 2, 1]);
        assert_eq!(sorted("name", true), [2, 1, 3]);
        let any = ListQuery { filters: vec![("point".into(), "any".into())], ..Default::default() };
        assert_eq!(ids(any), [3]);
        let second = ListQuery { offset: 1, limit: Some(1), ..Default::default() };
        let page = found(all.clone(), &second);
        assert_eq!((page.items[0].id.0, page.items.len(), page.total), (1, 1, 3));
    }
}
