//! Adding, changing and deleting a project.

use launchway_domain::{Credential, CredentialId, Form, HookPoint, Hooks, Project, ProjectForm, ProjectId, Text};
use leptos::prelude::*;

use super::release_new::hook_words;
use super::{id_param, no_such_page};
use crate::api::credentials::list_credentials;
use crate::api::projects::{DeleteProject, SaveProject, get_project};
use crate::text::{common, projects, t, templates};
use crate::ui::components::code::ShellField;
use crate::ui::components::confirm::{ConfirmButton, DangerZone, refusal_of};
use crate::ui::components::field::{SelectField, TextField};
use crate::ui::components::form::{FormEnd, FormState, VersionField};
use crate::ui::components::layout::PageHead;
use crate::ui::components::load::{Loading, show};

/// A new project.
#[component]
pub fn NewProjectPage() -> impl IntoView {
    let found = Resource::new(|| (), |()| list_credentials());
    view! {
        <PageHead title=projects::NEW lead=Some(projects::EMPTY_LEAD) up=("/projects".into(), common::PROJECTS) />
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                show(found.await, |credentials| view! { <Editor existing=None credentials /> })
            })}
        </Suspense>
    }
}

/// A project that is there.
#[component]
pub fn EditProjectPage() -> impl IntoView {
    let id = id_param::<ProjectId>("id");
    let found = Resource::new(
        move || id.get(),
        |id| async move {
            match id {
                Some(id) => Ok((get_project(id).await?, list_credentials().await?)),
                None => Err(no_such_page()),
            }
        },
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                show(
                    found.await,
                    |(project, credentials)| {
                        let up = (format!("/projects/{}", project.id), Text::verbatim(project.title.clone()));
                        view! {
                            <PageHead title=projects::EDIT up=up />
                            <Editor existing=Some(project.clone()) credentials />
                            <Danger project />
                        }
                    },
                )
            })}
        </Suspense>
    }
}

#[component]
fn Editor(existing: Option<Project>, credentials: Vec<Credential>) -> impl IntoView {
    let save = ServerAction::<SaveProject>::new();
    let id = existing.as_ref().map(|project| project.id);
    let version = existing.as_ref().map(|project| project.version);
    let start = |get: fn(&Project) -> &str| RwSignal::new(existing.as_ref().map(get).unwrap_or_default().to_owned());
    let (title, repo_url) = (start(|p| &p.title), start(|p| &p.repo_url));
    let credential = existing.as_ref().and_then(|project| project.credential_id);
    let credential = RwSignal::new(credential.map(|id| id.to_string()).unwrap_or_default());
    let start = existing.as_ref().and_then(|project| project.hooks.clone()).unwrap_or_default();
    let has_hooks = HookPoint::ALL.into_iter().any(|point| start.at(point).is_some());
    let hooks = HookPoint::ALL.map(|point| (point, RwSignal::new(start.at(point).unwrap_or_default().to_owned())));
    let body = move |wanted: HookPoint| hooks.iter().find(|(point, _)| *point == wanted).map(|(_, body)| body.get());
    let form = FormState::new(save, move || {
        ProjectForm {
            title: title.get(),
            repo_url: repo_url.get(),
            credential_id: credential.read().parse().ok().map(CredentialId),
            hooks: Hooks {
                before_download: body(HookPoint::BeforeDownload),
                after_download: body(HookPoint::AfterDownload),
                before_deploy: body(HookPoint::BeforeDeploy),
                after_deploy: body(HookPoint::AfterDeploy),
            },
        }
        .errors()
    });
    let options = credentials
        .into_iter()
        .filter(|one| !one.kind.is_for_servers())
        .map(|one| (one.id.to_string(), Text::verbatim(format!("{} ({})", one.name, one.username))))
        .collect();
    let hook_fields = hooks
        .into_iter()
        .map(|(point, value)| {
            let (field, hint) = hook_words(point);
            view! { <ShellField form field label=point.label() value hint=hint optional=true /> }
        })
        .collect_view();
    let cancel = id.map_or_else(|| "/projects".to_owned(), |id| format!("/projects/{id}"));
    view! {
        <ActionForm action=save on:submit:capture=form.guard() attr:class="form" attr:novalidate=true>
            {id.map(|id| view! { <input type="hidden" name="id" value=id.to_string() /> })}
            {version.map(|version| view! { <VersionField form version /> })}
            <TextField form field="title" label=projects::TITLE value=title />
            <TextField
                form
                field="repo_url"
                label=projects::REPOSITORY
                value=repo_url
                hint=projects::REPOSITORY_HINT
                placeholder="https://example.com/team/app.git"
                code=true
            />
            <SelectField
                form
                field="credential_id"
                label=projects::CREDENTIAL
                value=credential
                options
                hint=projects::CREDENTIAL_HINT
                optional=true
                none=projects::NO_CREDENTIAL
            />
            <details class="more" open=has_hooks>
                <summary>{t(templates::DEFAULT_HOOKS)} <span class="quiet">" · " {t(templates::DEFAULT_HOOKS_HINT)}</span></summary>
                {hook_fields}
            </details>
            <FormEnd form submit=common::SAVE pending=save.pending() cancel=cancel />
        </ActionForm>
    }
    .into_any()
}

#[component]
fn Danger(project: Project) -> impl IntoView {
    let delete = ServerAction::<DeleteProject>::new();
    view! {
        <DangerZone question=projects::delete_title(&project.title) refusal=refusal_of(delete)>
                <ActionForm action=delete>
                    <input type="hidden" name="id" value=project.id.to_string() />
                    <ConfirmButton pending=delete.pending() />
                </ActionForm>
            </DangerZone>
    }
    .into_any()
}
