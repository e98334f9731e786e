//! Hook templates: named hook bodies that people fill hooks from.

use std::sync::Arc;

use async_trait::async_trait;
use launchway_app::ports::{Answer, HookTemplates};
use launchway_domain::{
    Actor, Fault, Form, HookPoint, HookTemplate, HookTemplateForm, HookTemplateId, IfVersion, ListQuery, Listed,
    Permission, Text, text,
};

use launchway_engine::store::cursor::Cursor;
use serde_json::Value;

use super::Core;
use super::fault::{no_such_page, noun, of_store, of_update};
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
        found(all, &query)
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
fn found(mut all: Vec<HookTemplate>, query: &ListQuery) -> Answer<Listed<HookTemplate>> {
    let words: Vec<String> = query.q.split_whitespace().map(str::to_lowercase).collect();
    let point = |template: &HookTemplate| template.point.map_or("any", |point| point.as_str());
    all.retain(|template| {
        let texts = [template.name.as_str(), template.description.as_deref().unwrap_or_default(), &template.body];
        let texts = texts.map(str::to_lowercase);
        words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
            && query.filter("point").is_none_or(|wanted| wanted == point(template))
    });
    let place = |template: &HookTemplate| HookPoint::ALL.iter().position(|point| Some(*point) == template.point);
    let key = |template: &HookTemplate| {
        let first = match query.sort.as_str() {
            "point" => place(template).map_or(-1, |place| place as i64),
            "changed" => template.updated_at.millis(),
            _ => 0,
        };
        (first, template.name.to_lowercase(), template.id.0)
    };
    all.sort_by_cached_key(key);
    if query.descending {
        all.reverse();
    }
    let total = all.len() as u64;
    let order = query.order();
    if let Some(text) = query.cursor.as_deref().filter(|text| !text.is_empty()) {
        let after = Cursor::read(text, &order, &[true, false, true]).ok_or_else(no_such_page)?;
        let number = |value: &Value| value.as_i64().unwrap_or_default();
        let after = match &after.keys[..] {
            [first, name, id] => (number(first), name.as_str().unwrap_or_default().to_owned(), number(id)),
            _ => return Err(no_such_page()),
        };
        all.retain(|template| if query.descending { key(template) < after } else { key(template) > after });
    }
    let offset = if query.cursor.is_some() { 0 } else { query.offset as usize };
    let rows = query.rows() as usize;
    let is_last = all.len() <= offset + rows;
    let items: Vec<_> = all.into_iter().skip(offset).take(rows).collect();
    let next = items.last().filter(|_| !is_last).map(|last| {
        let (first, name, id) = key(last);
        Cursor::new(order, vec![first.into(), name.into(), id.into()]).text()
    });
    Ok(Listed { items, total, next })
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
            found(all.clone(), &query).unwrap().items.into_iter().map(|template| template.id.0).collect()
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
        let page = found(all.clone(), &second).unwrap();
        assert_eq!((page.items[0].id.0, page.items.len(), page.total), (1, 1, 3));
    }
}
