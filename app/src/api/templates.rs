//! Hook templates.

use launchway_domain::{HookTemplate, HookTemplateForm, HookTemplateId};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use super::ApiError;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
#[cfg(feature = "ssr")]
use crate::said::{Did, Said, Thing, tell};

/// All hook templates.
#[server(prefix = "/api/fn", input = GetUrl)]
pub async fn list_templates() -> Result<Vec<HookTemplate>, ApiError> {
    answer(ports()?.templates.list(&actor()?).await)
}

/// One hook template.
#[server(prefix = "/api/fn", input = GetUrl)]
pub async fn get_template(id: HookTemplateId) -> Result<HookTemplate, ApiError> {
    answer(ports()?.templates.get(&actor()?, id).await)
}

/// Adds a hook template, or changes the one with `id`.
#[server(prefix = "/api/fn")]
pub async fn save_template(id: Option<HookTemplateId>, form: HookTemplateForm) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let (did, template) = match id {
        Some(id) => (Did::Saved, answer(ports.templates.update(&actor, id, form).await)?),
        None => (Did::Created, answer(ports.templates.create(&actor, form).await)?),
    };
    let href = format!("/hook-templates/{}", template.id);
    tell(Said::new(Thing::Template, did, template.name).at(href));
    leptos_axum::redirect("/hook-templates");
    Ok(())
}

/// Deletes a hook template.
#[server(prefix = "/api/fn")]
pub async fn delete_template(id: HookTemplateId) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let template = answer(ports.templates.get(&actor, id).await)?;
    answer(ports.templates.delete(&actor, id).await)?;
    tell(Said::new(Thing::Template, Did::Deleted, template.name));
    leptos_axum::redirect("/hook-templates");
    Ok(())
}
