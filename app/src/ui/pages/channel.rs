//! A channel: a test, its settings, its messages.

use launchway_domain::{Channel, ChannelId, Notification, NotificationStatus, Text};
use leptos::prelude::*;

use super::channels::ChannelEditor;
use super::{by_id, id_param};
use crate::api::integrations::{
    ChannelFields, DeleteChannel, InProject, RetryNotification, SaveChannel, TestChannel, get_channel,
};
use crate::text::{integrations as words, t};
use crate::ui::components::badge::OutcomeBadge;
use crate::ui::components::confirm::{ConfirmButton, DangerZone, Refused, refusal_of};
use crate::ui::components::layout::{EmptyState, PageHead};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::time::Time;
use crate::ui::components::toast::Toasts;

/// The page of one channel.
#[component]
pub fn ChannelPage() -> impl IntoView {
    let id = id_param::<ChannelId>("channel");
    let save = ServerAction::<SaveChannel>::new();
    let test = ServerAction::<TestChannel>::new();
    let retry = ServerAction::<RetryNotification>::new();
    Toasts::follow(save);
    Toasts::follow(retry);
    let found = Resource::new(
        move || (id.get(), save.version().get(), test.version().get(), retry.version().get()),
        |(id, ..)| by_id(id, get_channel),
    );
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                show(
                    found.await,
                    move |InProject { project, environments, about: (channel, messages) }| {
                        let list = format!("/projects/{}/notifications", project.id);
                        let start = ChannelFields::of(&channel);
                        let up = (list.clone(), words::NOTIFICATIONS);
                        view! {
                            <PageHead title=Text::verbatim(channel.name.clone()) up=up />
                            <Test channel=channel.clone() test />
                            <section>
                                <h2>{t(words::MESSAGES)}</h2>
                                <Messages list=messages.items retry />
                            </section>
                            <section>
                                <h2>{t(words::SETTINGS)}</h2>
                                <ChannelEditor project=project.id id=Some(channel.id) version=Some(channel.version) start environments save cancel=list />
                            </section>
                            <Danger channel />
                        }
                    },
                )
            })}
        </Transition>
    }
}

/// Where it leads, and whether a message arrives.
#[component]
fn Test(channel: Channel, test: ServerAction<TestChannel>) -> impl IntoView {
    let refusal = refusal_of(test);
    let outcome = move || match test.value().get() {
        Some(Ok(Notification { error: Some(error), .. })) => Some((false, words::test_failed(error))),
        Some(Ok(_)) => Some((true, words::TEST_SENT)),
        _ => None,
    };
    let shown = move || {
        outcome().map(|(good, text)| {
            let (status, sign) = if good { ("succeeded", "✓") } else { ("failed", "✕") };
            view! { <p class="outcome"><OutcomeBadge status sign label=text /></p> }
        })
    };
    let target = channel.host.unwrap_or_else(|| channel.to.join(", "));
    view! {
        <section class="card">
            <dl class="facts">
                <dt>{t(channel.kind.label())}</dt>
                <dd>
                    <code>{target}</code>
                </dd>
            </dl>
            <ActionForm action=test>
                <input type="hidden" name="id" value=channel.id.to_string() />
                <div class="row">
                    <button type="submit" class="button" aria-disabled=move || test.pending().get().then_some("true")>
                        {t(words::TEST)}
                    </button>
                    <span class="quiet">{t(words::TEST_LEAD)}</span>
                </div>
            </ActionForm>
            <div aria-live="polite">{shown}</div>
            <Refused of=refusal />
        </section>
    }
    .into_any()
}

#[component]
fn Messages(list: Vec<Notification>, retry: ServerAction<RetryNotification>) -> impl IntoView {
    if list.is_empty() {
        return view! { <EmptyState title=words::MESSAGES_EMPTY lead=None action=None /> }.into_any();
    }
    let rows = list.into_iter().map(|message| view! { <Row message retry /> }).collect_view();
    view! {
        <table class="list">
            <thead>
                <tr>
                    <th scope="col">{t(words::WHEN)}</th>
                    <th scope="col">{t(words::WHAT)}</th>
                    <th scope="col">{t(words::OUTCOME)}</th>
                    <th scope="col">{t(words::TRIES)}</th>
                    <th scope="col" class="end">
                        <span class="unseen">{t(words::RETRY)}</span>
                    </th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn Row(message: Notification, retry: ServerAction<RetryNotification>) -> impl IntoView {
    let (status, sign) = match message.status {
        NotificationStatus::Waiting => ("queued", "…"),
        NotificationStatus::Sent => ("succeeded", "✓"),
        NotificationStatus::Dead => ("failed", "✕"),
    };
    let again = message.status == NotificationStatus::Dead && message.event.is_some();
    view! {
        <tr>
            <td>
                <Time at=message.created_at />
            </td>
            <td>
                {t(message.event.map_or(words::A_TEST, |event| event.label()))}
                {message.release_id.map(|id| view! { " " <a href=format!("/releases/{id}")>{format!("#{id}")}</a> })}
            </td>
            <td>
                <OutcomeBadge status sign label=message.status.label() />
                {message.error.map(|error| view! { <p class="quiet">{t(error)}</p> })}
            </td>
            <td>{message.attempts}</td>
            <td class="end">
                {again
                    .then(|| {
                        view! {
                            <ActionForm action=retry>
                                <input type="hidden" name="id" value=message.id.to_string() />
                                <button type="submit" class="button small">{t(words::RETRY)}</button>
                            </ActionForm>
                        }
                    })}
            </td>
        </tr>
    }
    .into_any()
}

#[component]
fn Danger(channel: Channel) -> impl IntoView {
    let delete = ServerAction::<DeleteChannel>::new();
    view! {
        <DangerZone question=words::delete_channel_title(&channel.name) refusal=refusal_of(delete)>
                <ActionForm action=delete>
                    <input type="hidden" name="id" value=channel.id.to_string() />
                    <ConfirmButton pending=delete.pending() />
                </ActionForm>
            </DangerZone>
    }
    .into_any()
}
