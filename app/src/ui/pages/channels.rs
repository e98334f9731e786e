//! Where a project tells what happens, and adding such a place.

use launchway_domain::{
    Channel, ChannelForm, ChannelId, ChannelKind, Environment, FieldError, Form, Lang, NoticeEvent, ProjectId, Text,
};
use leptos::prelude::*;

use super::{by_id, id_param};
use crate::api::integrations::{ChannelFields, InProject, SaveChannel, list_channels};
use crate::text::{common, integrations as words, t};
use crate::ui::components::field::{CheckList, SelectField, TextField};
use crate::ui::components::form::{FormEnd, FormState, VersionField};
use crate::ui::components::layout::{EmptyState, PageHead};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::rows::Head;

/// The list of a project's channels.
#[component]
pub fn ChannelsPage() -> impl IntoView {
    let id = id_param::<ProjectId>("id");
    let found = Resource::new(move || id.get(), |id| by_id(id, list_channels));
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                show(
                    found.await,
                    |InProject { project, about, .. }| {
                        let new = format!("/projects/{}/notifications/new", project.id);
                        let first = new.clone();
                        let up = (format!("/projects/{}", project.id), Text::verbatim(project.title));
                        view! {
                            <PageHead title=words::NOTIFICATIONS lead=Some(words::NOTIFICATIONS_LEAD) up=up>
                                <a class="button primary" href=new>{t(words::NEW_CHANNEL)}</a>
                            </PageHead>
                            <Table channels=about new=first />
                        }
                    },
                )
            })}
        </Suspense>
    }
}

#[component]
fn Table(channels: Vec<Channel>, new: String) -> impl IntoView {
    if channels.is_empty() {
        return view! {
            <EmptyState
                title=words::CHANNELS_EMPTY
                lead=Some(words::CHANNELS_EMPTY_LEAD)
                action=Some((new, words::NEW_CHANNEL))
            />
        }
        .into_any();
    }
    let rows = channels
        .into_iter()
        .map(|channel| {
            let href = format!("/projects/{}/notifications/{}", channel.project_id, channel.id);
            let target = channel.host.unwrap_or_else(|| channel.to.join(", "));
            view! {
                <tr>
                    <td>
                        <a href=href>{channel.name}</a>
                    </td>
                    <td>{t(channel.kind.label())}</td>
                    <td>
                        <code>{target}</code>
                    </td>
                    <td>{t(if channel.enabled { words::ON } else { words::OFF })}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="list">
            <Head columns=vec![common::NAME, words::KIND, words::WHERE, words::STATE] />
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// A new channel.
#[component]
pub fn NewChannelPage() -> impl IntoView {
    let id = id_param::<ProjectId>("id");
    let save = ServerAction::<SaveChannel>::new();
    let found = Resource::new(move || id.get(), |id| by_id(id, list_channels));
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                show(
                    found.await,
                    move |InProject { project, environments, .. }| {
                        let list = format!("/projects/{}/notifications", project.id);
                        let failed = NoticeEvent::ALL.iter().position(|event| *event == NoticeEvent::Failed);
                        let start = ChannelFields {
                            kind: ChannelKind::Webhook.as_str().into(),
                            events: failed.map(|place| place as i64).into_iter().collect(),
                            lang: Lang::default().code().into(),
                            enabled: "true".into(),
                            ..ChannelFields::default()
                        };
                        let up = (list.clone(), words::NOTIFICATIONS);
                        view! {
                            <PageHead title=words::NEW_CHANNEL lead=Some(words::NOTIFICATIONS_LEAD) up=up />
                            <ChannelEditor project=project.id id=None version=None start environments save cancel=list />
                        }
                    },
                )
            })}
        </Suspense>
    }
}

/// The form of a channel.
#[component]
pub(super) fn ChannelEditor(
    /// Whose.
    project: ProjectId,
    /// Which, where it is there.
    id: Option<ChannelId>,
    /// Its version, as it was read.
    version: Option<i64>,
    /// What it begins with.
    start: ChannelFields,
    /// Of what it may tell.
    environments: Vec<Environment>,
    /// What saves it.
    save: ServerAction<SaveChannel>,
    /// Where `Cancel` leads.
    cancel: String,
) -> impl IntoView {
    let [kind, name, url, to, secret, lang, enabled] =
        [start.kind, start.name, start.url, start.to, start.secret, start.lang, start.enabled].map(RwSignal::new);
    let (events, places) = (RwSignal::new(start.events), RwSignal::new(start.environments));
    let rules: fn(&ChannelForm) -> Vec<FieldError> = match id {
        Some(_) => ChannelForm::errors,
        None => ChannelForm::errors_for_new,
    };
    let form = FormState::new(save, move || {
        let fields = ChannelFields {
            kind: kind.get(),
            name: name.get(),
            url: url.get(),
            to: to.get(),
            secret: secret.get(),
            events: events.get(),
            environments: places.get(),
            lang: lang.get(),
            enabled: enabled.get(),
        };
        rules(&fields.form())
    });
    let current = crate::text::CurrentLang::find();
    let kinds = ChannelKind::ALL.iter().map(|kind| (kind.as_str().to_owned(), kind.label())).collect();
    let tells = (0..).zip(NoticeEvent::ALL).map(|(n, event)| (n, current.now(&event.label()), String::new())).collect();
    let among: Vec<_> = environments.into_iter().map(|one| (one.id.0, one.name, String::new())).collect();
    let langs = vec![("en".to_owned(), Text::verbatim("English")), ("zh".to_owned(), Text::verbatim("中文"))];
    let states = vec![("true".to_owned(), words::ON), ("false".to_owned(), words::OFF)];
    let url_hint = if id.is_some() { words::URL_KEEP_HINT } else { words::URL_NEW_HINT };
    view! {
        <ActionForm action=save on:submit:capture=form.guard() attr:class="form" attr:novalidate=true>
            <input type="hidden" name="project" value=project.to_string() />
            {id.map(|id| view! { <input type="hidden" name="id" value=id.to_string() /> })}
            {version.map(|version| view! { <VersionField form version /> })}
            <div class="columns">
                <SelectField form field="kind" label=words::KIND value=kind options=kinds />
                <TextField form field="name" label=common::NAME value=name placeholder="ops" />
            </div>
            <TextField form field="url" label=words::URL value=url hint=url_hint optional=true code=true />
            <TextField form field="to" label=words::TO value=to hint=words::TO_HINT optional=true code=true />
            <TextField
                form
                field="secret"
                label=words::CHANNEL_SECRET
                value=secret
                hint=words::CHANNEL_SECRET_HINT
                kind="password"
                autocomplete="new-password"
                optional=true
                code=true
            />
            <CheckList form field="events" label=words::TELLS value=events options=tells />
            {(!among.is_empty())
                .then(|| {
                    view! {
                        <CheckList
                            form
                            field="environments"
                            label=words::ENVIRONMENTS
                            value=places
                            options=among
                            hint=words::ENVIRONMENTS_HINT
                        />
                    }
                })}
            <div class="columns">
                <SelectField form field="lang" label=words::LANGUAGE value=lang options=langs />
                <SelectField form field="enabled" label=words::STATE value=enabled options=states />
            </div>
            <FormEnd form submit=common::SAVE pending=save.pending() cancel=cancel />
        </ActionForm>
    }
    .into_any()
}
