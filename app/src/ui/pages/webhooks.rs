//! A project's webhooks, and adding one.

use launchway_domain::{Environment, Forge, Form, NewWebhook, ProjectId, PushKind, Text, Webhook, WebhookId};
use leptos::prelude::*;

use super::{by_id, id_param};
use crate::api::integrations::{CreateWebhook, InProject, UpdateWebhook, WebhookFields, list_webhooks};
use crate::text::{common, integrations as words, t};
use crate::ui::components::copy_field::CopyField;
use crate::ui::components::field::{CheckList, SelectField, TextField};
use crate::ui::components::form::{FormEnd, FormState, VersionField};
use crate::ui::components::layout::{EmptyState, PageHead};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::rows::Head;
use crate::ui::components::toast::Toasts;

/// The list of a project's webhooks.
#[component]
pub fn WebhooksPage() -> impl IntoView {
    let id = id_param::<ProjectId>("id");
    let found = Resource::new(move || id.get(), |id| by_id(id, list_webhooks));
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                show(
                    found.await,
                    |InProject { project, environments, about }| {
                        let new = format!("/projects/{}/webhooks/new", project.id);
                        let first = new.clone();
                        let up = (format!("/projects/{}", project.id), Text::verbatim(project.title));
                        view! {
                            <PageHead title=words::WEBHOOKS lead=Some(words::WEBHOOKS_LEAD) up=up>
                                <a class="button primary" href=new>{t(words::NEW_WEBHOOK)}</a>
                            </PageHead>
                            <Table webhooks=about environments new=first />
                        }
                    },
                )
            })}
        </Suspense>
    }
}

#[component]
fn Table(webhooks: Vec<Webhook>, environments: Vec<Environment>, new: String) -> impl IntoView {
    if webhooks.is_empty() {
        return view! {
            <EmptyState
                title=words::WEBHOOKS_EMPTY
                lead=Some(words::WEBHOOKS_EMPTY_LEAD)
                action=Some((new, words::NEW_WEBHOOK))
            />
        }
        .into_any();
    }
    let rows = webhooks
        .into_iter()
        .map(|webhook| {
            let href = format!("/projects/{}/webhooks/{}", webhook.project_id, webhook.id);
            let environment = environments.iter().find(|one| one.id == webhook.environment_id);
            let environment = environment.map(|one| one.name.clone()).unwrap_or_default();
            view! {
                <tr>
                    <td>
                        <a href=href>{webhook.name}</a>
                    </td>
                    <td>{t(webhook.kind.label())}</td>
                    <td>{environment}</td>
                    <td>{t(if webhook.enabled { words::ON } else { words::OFF })}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="list">
            <Head columns=vec![common::NAME, words::SERVICE, words::ENVIRONMENT, words::STATE] />
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// A new webhook.
#[component]
pub fn NewWebhookPage() -> impl IntoView {
    let id = id_param::<ProjectId>("id");
    let create = ServerAction::<CreateWebhook>::new();
    Toasts::follow(create);
    let found = Resource::new(move || id.get(), |id| by_id(id, list_webhooks));
    let made = Memo::new(move |_| create.value().with(|value| value.clone().and_then(Result::ok)));
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                show(
                    found.await,
                    move |InProject { project, environments, .. }| {
                        let up = (format!("/projects/{}/webhooks", project.id), words::WEBHOOKS);
                        let cancel = format!("/projects/{}/webhooks", project.id);
                        let start = WebhookFields {
                            kind: Forge::GitHub.as_str().into(),
                            events: vec![0],
                            start: "false".into(),
                            enabled: "true".into(),
                            environment_id: match environments.as_slice() {
                                [one] => one.id.to_string(),
                                _ => String::new(),
                            },
                            ..WebhookFields::default()
                        };
                        view! {
                            <PageHead title=words::NEW_WEBHOOK lead=Some(words::WEBHOOKS_EMPTY_LEAD) up=up />
                            <div aria-live="polite">
                                {move || made.get().map(|made| view! { <Made made /> })}
                            </div>
                            <Show when=move || made.with(Option::is_none)>
                                <Maker project=project.id create start=start.clone() environments=environments.clone() cancel=cancel.clone() />
                            </Show>
                        }
                    },
                )
            })}
        </Suspense>
    }
}

#[component]
fn Maker(
    project: ProjectId,
    create: ServerAction<CreateWebhook>,
    start: WebhookFields,
    environments: Vec<Environment>,
    cancel: String,
) -> impl IntoView {
    if environments.is_empty() {
        let href = format!("/projects/{project}/environments/new");
        return view! {
            <EmptyState
                title=words::NO_ENVIRONMENTS
                lead=None
                action=Some((href, crate::text::projects::NEW_ENVIRONMENT))
            />
        }
        .into_any();
    }
    let fields = Fields::new(start);
    let form = FormState::new(create, move || fields.read().form().errors());
    view! {
        <ActionForm action=create on:submit:capture=form.guard() attr:class="form" attr:novalidate=true>
            <input type="hidden" name="project" value=project.to_string() />
            <Inputs form fields environments secret_hint=words::SECRET_NEW_HINT />
            <FormEnd form submit=common::SAVE pending=create.pending() cancel=cancel />
        </ActionForm>
    }
    .into_any()
}

/// The form of a webhook that is there.
#[component]
pub(super) fn WebhookEditor(
    /// Which.
    id: WebhookId,
    /// Its version, as it was read.
    version: i64,
    /// What it begins with.
    start: WebhookFields,
    /// Where its releases may go.
    environments: Vec<Environment>,
    /// What saves it.
    save: ServerAction<UpdateWebhook>,
) -> impl IntoView {
    let fields = Fields::new(start);
    let form = FormState::new(save, move || fields.read().form().errors());
    view! {
        <ActionForm action=save on:submit:capture=form.guard() attr:class="form" attr:novalidate=true>
            <input type="hidden" name="id" value=id.to_string() />
            <VersionField form version />
            <Inputs form fields environments secret_hint=words::SECRET_KEEP_HINT />
            <FormEnd form submit=common::SAVE pending=save.pending() />
        </ActionForm>
    }
    .into_any()
}

/// What is typed.
#[derive(Clone, Copy)]
struct Fields {
    kind: RwSignal<String>,
    name: RwSignal<String>,
    environment: RwSignal<String>,
    events: RwSignal<Vec<i64>>,
    branches: RwSignal<String>,
    tags: RwSignal<String>,
    repository: RwSignal<String>,
    start: RwSignal<String>,
    enabled: RwSignal<String>,
    secret: RwSignal<String>,
}

impl Fields {
    fn new(start: WebhookFields) -> Self {
        Self {
            kind: RwSignal::new(start.kind),
            name: RwSignal::new(start.name),
            environment: RwSignal::new(start.environment_id),
            events: RwSignal::new(start.events),
            branches: RwSignal::new(start.branches),
            tags: RwSignal::new(start.tags),
            repository: RwSignal::new(start.repository),
            start: RwSignal::new(start.start),
            enabled: RwSignal::new(start.enabled),
            secret: RwSignal::new(start.secret),
        }
    }

    fn read(self) -> WebhookFields {
        WebhookFields {
            kind: self.kind.get(),
            name: self.name.get(),
            environment_id: self.environment.get(),
            events: self.events.get(),
            branches: self.branches.get(),
            tags: self.tags.get(),
            repository: self.repository.get(),
            start: self.start.get(),
            enabled: self.enabled.get(),
            secret: self.secret.get(),
        }
    }
}

#[component]
fn Inputs(form: FormState, fields: Fields, environments: Vec<Environment>, secret_hint: Text) -> impl IntoView {
    let kinds = Forge::ALL.iter().map(|kind| (kind.as_str().to_owned(), kind.label())).collect();
    let places = environments.into_iter().map(|one| (one.id.to_string(), Text::verbatim(one.name))).collect();
    let lang = crate::text::CurrentLang::find();
    let events = (0..).zip(PushKind::ALL).map(|(n, kind)| (n, lang.now(&kind.label()), String::new())).collect();
    let yes_no = |yes, no| vec![("true".to_owned(), yes), ("false".to_owned(), no)];
    view! {
        <div class="columns">
            <SelectField form field="kind" label=words::SERVICE value=fields.kind options=kinds />
            <TextField form field="name" label=common::NAME value=fields.name placeholder="main" />
        </div>
        <SelectField
            form
            field="environment_id"
            label=words::ENVIRONMENT
            value=fields.environment
            options=places
            hint=words::ENVIRONMENT_HINT
            none=common::CHOOSE
        />
        <CheckList form field="events" label=words::EVENTS value=fields.events options=events />
        <div class="columns">
            <TextField form field="tags" label=words::TAGS value=fields.tags hint=words::TAG_GLOBS_HINT optional=true code=true />
            <TextField
                form
                field="branches"
                label=words::BRANCHES
                value=fields.branches
                hint=words::GLOBS_HINT
                optional=true
                code=true
            />
        </div>
        <SelectField
            form
            field="start"
            label=words::START
            value=fields.start
            options=yes_no(words::START_YES, words::START_NO)
        />
        <TextField
            form
            field="repository"
            label=words::REPOSITORY
            value=fields.repository
            hint=words::REPOSITORY_HINT
            optional=true
            code=true
        />
        <div class="columns">
            <TextField
                form
                field="secret"
                label=words::SECRET
                value=fields.secret
                hint=secret_hint
                kind="password"
                autocomplete="new-password"
                optional=true
                code=true
            />
            <SelectField form field="enabled" label=words::STATE value=fields.enabled options=yes_no(words::ON, words::OFF) />
        </div>
    }
    .into_any()
}

/// Address and secret, to be entered at the service.
#[component]
pub(super) fn Made(
    /// What was made.
    made: NewWebhook,
) -> impl IntoView {
    let url = made.url.clone().unwrap_or_else(|| made.webhook.address.clone());
    let href = format!("/projects/{}/webhooks/{}", made.webhook.project_id, made.webhook.id);
    view! {
        <section class="card made">
            <p>{t(words::MADE)}</p>
            <CopyField label=words::ADDRESS value=url />
            <CopyField label=words::SECRET value=made.secret.clone() />
            <p>
                <a class="button" href=href>{t(words::TO_WEBHOOK)}</a>
            </p>
        </section>
    }
    .into_any()
}
