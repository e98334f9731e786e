//! Hook templates.

use launchway_domain::{HookPoint, HookTemplate, HookTemplateForm, HookTemplateId, ListQuery, Listed, Timestamp};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};

use super::codec::Json;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
use super::{ApiError, needs};
#[cfg(feature = "ssr")]
use crate::said::{Did, Said, Thing, tell};
#[cfg(feature = "ssr")]
use launchway_domain::IfVersion;

/// A hook template without its script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateLine {
    /// The template.
    pub id: HookTemplateId,
    /// What it is called.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// The point that it is written for.
    pub point: Option<HookPoint>,
    /// How many lines its script has.
    pub lines: usize,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A page of what is looked for. In JSON, since an empty query would leave nothing of a form.
#[server(prefix = "/api/fn", input = Json, output = Json)]
pub async fn search_templates(query: ListQuery) -> Result<Listed<TemplateLine>, ApiError> {
    let found = answer(ports()?.templates.search(&actor()?, query).await)?;
    let line = |template: launchway_domain::HookTemplate| TemplateLine {
        id: template.id,
        name: template.name,
        description: template.description,
        point: template.point,
        lines: template.body.trim_end().lines().count(),
        updated_at: template.updated_at,
    };
    Ok(Listed { items: found.items.into_iter().map(line).collect(), total: found.total, next: found.next })
}
needs!(SearchTemplates, ViewTemplates);

/// One hook template.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_template(id: HookTemplateId) -> Result<HookTemplate, ApiError> {
    answer(ports()?.templates.get(&actor()?, id).await)
}
needs!(GetTemplate, ViewTemplates);

/// Adds a hook template, or changes the one with `id`, where it is still at `version`.
#[server(prefix = "/api/fn", output = Json)]
pub async fn save_template(
    id: Option<HookTemplateId>,
    version: Option<i64>,
    form: HookTemplateForm,
) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let (did, template) = match id {
        Some(id) => (Did::Saved, answer(ports.templates.update(&actor, id, form, &IfVersion::of(version)).await)?),
        None => (Did::Created, answer(ports.templates.create(&actor, form).await)?),
    };
    let href = format!("/hook-templates/{}", template.id);
    tell(Said::new(Thing::Template, did, template.name).at(href));
    leptos_axum::redirect("/hook-templates");
    Ok(())
}
needs!(SaveTemplate, ManageTemplates);

/// Deletes a hook template.
#[server(prefix = "/api/fn", output = Json)]
pub async fn delete_template(id: HookTemplateId) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let template = answer(ports.templates.get(&actor, id).await)?;
    answer(ports.templates.delete(&actor, id, &IfVersion::Any).await)?;
    tell(Said::new(Thing::Template, Did::Deleted, template.name));
    leptos_axum::redirect("/hook-templates");
    Ok(())
}
needs!(DeleteTemplate, ManageTemplates);
