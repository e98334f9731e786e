//! Adding, changing and deleting a hook template.

use launchway_domain::{Form, HookPoint, HookTemplate, HookTemplateForm, HookTemplateId, ReleaseId, Text};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{by_id, id_param};
use crate::api::releases::get_release;
use crate::api::templates::{DeleteTemplate, SaveTemplate, get_template};
use crate::text::{common, templates};
use crate::ui::components::code::{HookVariables, ShellField};
use crate::ui::components::confirm::{ConfirmButton, DangerZone, refusal_of};
use crate::ui::components::field::{SelectField, TextField};
use crate::ui::components::form::{FormEnd, FormState, VersionField};
use crate::ui::components::layout::PageHead;
use crate::ui::components::load::{Loading, show};

fn up() -> (String, Text) {
    ("/hook-templates".into(), templates::TEMPLATES)
}

/// A new hook template: empty, or with a hook of a release in it (`?release=7&point=before_deploy`).
#[component]
pub fn NewHookTemplatePage() -> impl IntoView {
    let query = use_query_map();
    let source = Memo::new(move |_| {
        let query = query.read();
        let release = query.get("release").and_then(|id| id.parse().ok()).map(ReleaseId);
        (release, query.get("point").and_then(|word| HookPoint::parse(&word)))
    });
    let found = Resource::new(
        move || source.get(),
        |(release, point)| async move {
            let mut form = HookTemplateForm { point, ..HookTemplateForm::default() };
            if let (Some(release), Some(point)) = (release, point) {
                let snapshot = get_release(release).await?;
                form.body = snapshot.release.hooks.at(point).unwrap_or_default().to_owned();
            }
            Ok(form)
        },
    );
    view! {
        <PageHead title=templates::NEW lead=Some(templates::LEAD) up=up() />
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { show(found.await, |start| view! { <Editor id=None version=None start /> }) })}
        </Suspense>
    }
}

/// A hook template that is there.
#[component]
pub fn HookTemplatePage() -> impl IntoView {
    let id = id_param::<HookTemplateId>("id");
    let found = Resource::new(move || id.get(), |id| by_id(id, get_template));
    view! {
        <PageHead title=templates::EDIT up=up() />
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                show(
                    found.await,
                    |template| {
                        let start = HookTemplateForm {
                            name: template.name.clone(),
                            description: template.description.clone(),
                            point: template.point,
                            body: template.body.clone(),
                        };
                        view! {
                            <Editor id=Some(template.id) version=Some(template.version) start />
                            <Danger template />
                        }
                    },
                )
            })}
        </Suspense>
    }
}

#[component]
fn Editor(id: Option<HookTemplateId>, version: Option<i64>, start: HookTemplateForm) -> impl IntoView {
    let save = ServerAction::<SaveTemplate>::new();
    let name = RwSignal::new(start.name);
    let description = RwSignal::new(start.description.unwrap_or_default());
    let point = RwSignal::new(start.point.map_or("", |point| point.as_str()).to_owned());
    let body = RwSignal::new(start.body);
    let form = FormState::new(save, move || {
        HookTemplateForm {
            name: name.get(),
            description: Some(description.get()),
            point: HookPoint::parse(&point.read()),
            body: body.get(),
        }
        .errors()
    });
    let points = HookPoint::ALL.into_iter().map(|point| (point.as_str().to_owned(), point.label())).collect();
    view! {
        <ActionForm action=save on:submit:capture=form.guard() attr:class="form wide" attr:novalidate=true>
            {id.map(|id| view! { <input type="hidden" name="id" value=id.to_string() /> })}
            {version.map(|version| view! { <VersionField form version /> })}
            <div class="columns">
                <TextField form field="name" label=common::NAME value=name />
                <SelectField
                    form
                    field="point"
                    label=templates::POINT
                    value=point
                    options=points
                    hint=templates::POINT_HINT
                    none=templates::ANY_POINT
                />
            </div>
            <TextField
                form
                field="description"
                label=templates::DESCRIPTION
                value=description
                hint=templates::DESCRIPTION_HINT
                optional=true
            />
            <ShellField form field="body" label=templates::BODY value=body hint=templates::BODY_HINT rows=10 />
            <HookVariables />
            <FormEnd form submit=common::SAVE pending=save.pending() cancel="/hook-templates" />
        </ActionForm>
    }
    .into_any()
}

#[component]
fn Danger(template: HookTemplate) -> impl IntoView {
    let delete = ServerAction::<DeleteTemplate>::new();
    view! {
        <DangerZone question=templates::delete_title(&template.name) refusal=refusal_of(delete)>
                <ActionForm action=delete>
                    <input type="hidden" name="id" value=template.id.to_string() />
                    <ConfirmButton pending=delete.pending() />
                </ActionForm>
            </DangerZone>
    }
    .into_any()
}
