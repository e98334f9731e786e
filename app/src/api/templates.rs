//! Hook templates.

use launchway_domain::{HookTemplate, HookTemplateForm, HookTemplateId};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use super::ApiError;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};

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
    match id {
        Some(id) => answer(ports.templates.update(&actor, id, form).await)?,
        None => answer(ports.templates.create(&actor, form).await)?,
    };
    leptos_axum::redirect("/hook-templates");
    Ok(())
}

/// Deletes a hook template.
#[server(prefix = "/api/fn")]
pub async fn delete_template(id: HookTemplateId) -> Result<(), ApiError> {
    answer(ports()?.templates.delete(&actor()?, id).await)?;
    leptos_axum::redirect("/hook-templates");
    Ok(())
}
