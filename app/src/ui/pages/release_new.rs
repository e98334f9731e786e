//! Making a release: project, environment, ref, hooks.

use launchway_domain::{
    Environment, EnvironmentId, Form, GitRef, HookPoint, Hooks, Project, ProjectId, RefKind, ReleaseForm, Text,
};
use leptos::prelude::*;
use leptos_router::components::Form as RouterForm;
use leptos_router::hooks::use_query_map;

use crate::api::projects::{list_environments, list_projects};
use crate::api::releases::CreateRelease;
use crate::text::{common, projects, releases, t};
use crate::ui::components::field::{SelectField, TextArea};
use crate::ui::components::form::{FormEnd, FormState};
use crate::ui::components::layout::PageHead;
use crate::ui::components::load::{Loading, show};
use crate::ui::components::ref_picker::RefPicker;

/// The page that makes a release. The project is part of the address, so that it can be chosen without JavaScript.
#[component]
pub fn NewReleasePage() -> impl IntoView {
    let query = use_query_map();
    let project = Memo::new(move |_| query.read().get("project").and_then(|id| id.parse().ok()).map(ProjectId));
    let wanted = Memo::new(move |_| query.read().get("environment").and_then(|id| id.parse().ok()).map(EnvironmentId));
    let found = Resource::new(
        move || project.get(),
        |project| async move {
            let projects = list_projects().await?;
            // The only project there is needs no choosing.
            let chosen = match (project, projects.as_slice()) {
                (None, [one]) => Some(one.id),
                (chosen, _) => chosen.filter(|id| projects.iter().any(|project| project.id == *id)),
            };
            let environments = match chosen {
                Some(id) => list_environments(id).await?,
                None => Vec::new(),
            };
            Ok((projects, chosen, environments))
        },
    );
    view! {
        <PageHead title=releases::NEW lead=Some(releases::EMPTY_LEAD) up=("/".into(), common::RELEASES) />
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                show(
                    found.await,
                    |(projects, chosen, environments)| {
                        view! { <Body projects chosen environments wanted=wanted.get_untracked() /> }
                    },
                )
            })}
        </Transition>
    }
}

#[component]
fn Body(
    projects: Vec<Project>,
    chosen: Option<ProjectId>,
    environments: Vec<Environment>,
    wanted: Option<EnvironmentId>,
) -> impl IntoView {
    if projects.is_empty() {
        return view! { <Missing text=releases::NO_PROJECTS href="/projects/new".into() action=projects::NEW /> }
            .into_any();
    }
    let rest = chosen.map(|project| {
        if environments.is_empty() {
            let href = format!("/projects/{project}/environments/new");
            view! { <Missing text=releases::NO_ENVIRONMENTS href action=projects::NEW_ENVIRONMENT /> }.into_any()
        } else {
            view! { <Editor project environments wanted /> }.into_any()
        }
    });
    view! {
        <ProjectChoice projects chosen />
        {rest}
    }
    .into_any()
}

#[component]
fn Missing(text: Text, href: String, action: Text) -> impl IntoView {
    view! {
        <section class="empty">
            <p>{t(text)}</p>
            <p>
                <a class="button primary" href=href>{t(action)}</a>
            </p>
        </section>
    }
}

#[component]
fn ProjectChoice(projects: Vec<Project>, chosen: Option<ProjectId>) -> impl IntoView {
    let send = move |event: leptos::ev::Event| {
        #[cfg(feature = "hydrate")]
        if let Some(form) = event_target::<web_sys::HtmlSelectElement>(&event).form() {
            let _ = form.request_submit();
        }
        #[cfg(not(feature = "hydrate"))]
        drop(event);
    };
    let options = projects
        .into_iter()
        .map(|project| {
            let selected = chosen == Some(project.id);
            view! { <option value=project.id.to_string() selected=selected>{project.title}</option> }
        })
        .collect_view();
    view! {
        <RouterForm method="GET" action="/releases/new" attr:class="form">
            <div class="field">
                <label for="project">{t(releases::PROJECT)}</label>
                <div class="row">
                    <select id="project" name="project" on:change=send>
                        {chosen.is_none().then(|| view! { <option value="">{t(common::CHOOSE)}</option> })}
                        {options}
                    </select>
                    <button type="submit" class="button no-script">{t(releases::SHOW)}</button>
                </div>
            </div>
        </RouterForm>
    }
    .into_any()
}

/// The form's field of a hook, and what to know about its point.
pub(super) fn hook_words(point: HookPoint) -> (&'static str, Text) {
    match point {
        HookPoint::BeforeDownload => ("hooks.before_download", releases::HOOK_BEFORE_DOWNLOAD),
        HookPoint::AfterDownload => ("hooks.after_download", releases::HOOK_AFTER_DOWNLOAD),
        HookPoint::BeforeDeploy => ("hooks.before_deploy", releases::HOOK_BEFORE_DEPLOY),
        HookPoint::AfterDeploy => ("hooks.after_deploy", releases::HOOK_AFTER_DEPLOY),
    }
}

#[component]
fn Editor(project: ProjectId, environments: Vec<Environment>, wanted: Option<EnvironmentId>) -> impl IntoView {
    let create = ServerAction::<CreateRelease>::new();
    let first = match environments.as_slice() {
        [one] => Some(one.id),
        all => wanted.filter(|id| all.iter().any(|environment| environment.id == *id)),
    };
    let environment = RwSignal::new(first.map(|id| id.to_string()).unwrap_or_default());
    let (kind, name) = (RwSignal::new(RefKind::Tag), RwSignal::new(String::new()));
    let note = RwSignal::new(String::new());
    let hooks = HookPoint::ALL.map(|point| (point, RwSignal::new(String::new())));
    let body = move |wanted: HookPoint| hooks.iter().find(|(point, _)| *point == wanted).map(|(_, body)| body.get());
    let form = FormState::new(create, move || {
        ReleaseForm {
            project_id: project,
            environment_id: EnvironmentId(environment.read().parse().unwrap_or_default()),
            git_ref: GitRef { kind: kind.get(), name: name.get() },
            hooks: Hooks {
                before_download: body(HookPoint::BeforeDownload),
                after_download: body(HookPoint::AfterDownload),
                before_deploy: body(HookPoint::BeforeDeploy),
                after_deploy: body(HookPoint::AfterDeploy),
            },
            note: Some(note.get()),
            ..ReleaseForm::default()
        }
        .errors()
    });
    let options = environments
        .into_iter()
        .map(|one| {
            let (name, kind) = (one.name, one.kind.label());
            let words =
                Text { en: format!("{name} ({})", kind.en).into(), zh: format!("{name}（{}）", kind.zh).into() };
            (one.id.to_string(), words)
        })
        .collect();
    let hook_fields = hooks
        .into_iter()
        .map(|(point, value)| {
            let (field, hint) = hook_words(point);
            view! { <TextArea form field label=point.label() value hint=hint optional=true rows=4 code=true /> }
        })
        .collect_view();
    view! {
        <ActionForm action=create on:submit:capture=form.guard() attr:class="form" attr:novalidate=true>
            <input type="hidden" name="form[project_id]" value=project.to_string() />
            <SelectField
                form
                field="environment_id"
                label=releases::ENVIRONMENT
                value=environment
                options
                none=common::CHOOSE
            />
            <RefPicker form project kind name />
            <TextArea form field="note" label=releases::NOTE value=note hint=releases::NOTE_HINT optional=true />
            <details class="more">
                <summary>{t(releases::HOOKS)} <span class="quiet">" · " {t(releases::HOOKS_HINT)}</span></summary>
                {hook_fields}
            </details>
            <p class="hint">{t(releases::CREATE_HINT)}</p>
            <FormEnd form submit=releases::CREATE pending=create.pending() cancel="/" />
        </ActionForm>
    }
    .into_any()
}
