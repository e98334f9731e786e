//! A webhook: its address, its settings, what was delivered.

use launchway_domain::{Delivery, DeliveryOutcome, Project, Webhook, WebhookId};
use leptos::prelude::*;

use super::webhooks::{Made, WebhookEditor};
use super::{by_id, id_param};
use crate::api::integrations::{
    DeleteWebhook, InProject, Redeliver, RotateWebhook, UpdateWebhook, WebhookFields, get_webhook,
};
use crate::text::{integrations as words, t};
use crate::ui::components::badge::OutcomeBadge;
use crate::ui::components::confirm::{ConfirmButton, DangerZone, Refused, refusal_of};
use crate::ui::components::copy_field::CopyField;
use crate::ui::components::layout::{EmptyState, PageHead};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::time::Time;
use crate::ui::components::toast::Toasts;

/// The page of one webhook.
#[component]
pub fn WebhookPage() -> impl IntoView {
    let id = id_param::<WebhookId>("webhook");
    let save = ServerAction::<UpdateWebhook>::new();
    let repeat = ServerAction::<Redeliver>::new();
    Toasts::follow(save);
    Toasts::follow(repeat);
    let found = Resource::new(
        move || (id.get(), save.version().get(), repeat.version().get()),
        |(id, ..)| by_id(id, get_webhook),
    );
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                show(
                    found.await,
                    move |InProject { project, environments, about: (webhook, deliveries) }| {
                        let start = WebhookFields::of(&webhook);
                        let (id, version) = (webhook.id, webhook.version);
                        view! {
                            <Head project=&project webhook=&webhook />
                            <Secret id address=webhook.address.clone() />
                            <section>
                                <h2>{t(words::DELIVERIES)}</h2>
                                <Deliveries list=deliveries.items repeat />
                            </section>
                            <section>
                                <h2>{t(words::SETTINGS)}</h2>
                                <WebhookEditor id version start environments save />
                            </section>
                            <Danger webhook />
                        }
                    },
                )
            })}
        </Transition>
    }
}

#[component]
fn Head<'a>(project: &'a Project, webhook: &'a Webhook) -> impl IntoView {
    let up = (format!("/projects/{}/webhooks", project.id), words::WEBHOOKS);
    view! { <PageHead title=launchway_domain::Text::verbatim(webhook.name.clone()) up=up /> }.into_any()
}

#[component]
fn Secret(id: WebhookId, address: String) -> impl IntoView {
    let rotate = ServerAction::<RotateWebhook>::new();
    let made = Memo::new(move |_| rotate.value().with(|value| value.clone().and_then(Result::ok)));
    let refusal = refusal_of(rotate);
    view! {
        <section class="card">
            <p class="quiet">{t(words::ADDRESS)}</p>
            <CopyField label=words::ADDRESS value=address />
            <ActionForm action=rotate>
                <input type="hidden" name="id" value=id.to_string() />
                <div class="row needs-script">
                    <button type="submit" class="button" aria-disabled=move || rotate.pending().get().then_some("true")>
                        {t(words::ROTATE)}
                    </button>
                    <span class="quiet">{t(words::ROTATE_LEAD)}</span>
                </div>
            </ActionForm>
            <Refused of=refusal />
            <div aria-live="polite">{move || made.get().map(|made| view! { <Made made /> })}</div>
        </section>
    }
    .into_any()
}

#[component]
fn Deliveries(list: Vec<Delivery>, repeat: ServerAction<Redeliver>) -> impl IntoView {
    if list.is_empty() {
        return view! { <EmptyState title=words::DELIVERIES_EMPTY lead=Some(words::DELIVERIES_EMPTY_LEAD) action=None /> }
            .into_any();
    }
    let refusal = refusal_of(repeat);
    let rows = list.into_iter().map(|delivery| view! { <Row delivery repeat /> }).collect_view();
    view! {
        <Refused of=refusal />
        <table class="list">
            <thead>
                <tr>
                    <th scope="col">{t(words::WHEN)}</th>
                    <th scope="col">{t(words::WHAT)}</th>
                    <th scope="col">{t(words::OUTCOME)}</th>
                    <th scope="col" class="end">
                        <span class="unseen">{t(words::REPEAT)}</span>
                    </th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn Row(delivery: Delivery, repeat: ServerAction<Redeliver>) -> impl IntoView {
    let (status, sign) = look(delivery.outcome);
    let repeatable = delivery.git_ref.is_some() && delivery.outcome != DeliveryOutcome::Received;
    let what = delivery.git_ref.map(|git_ref| {
        let commit = delivery.commit.map(|commit| commit.chars().take(12).collect::<String>());
        view! {
            <code>{git_ref.name}</code>
            {commit.map(|commit| view! { " " <code class="quiet">{commit}</code> })}
        }
    });
    view! {
        <tr>
            <td>
                <Time at=delivery.at />
            </td>
            <td>
                {what} <p class="quiet">{delivery.event} {delivery.pushed_by.map(|by| format!(" · {by}"))}</p>
            </td>
            <td>
                <OutcomeBadge status sign label=delivery.outcome.label() />
                {delivery
                    .release_id
                    .map(|id| view! { " " <a href=format!("/releases/{id}")>{t(words::RELEASE)} {format!(" #{id}")}</a> })}
                {delivery.reason.map(|reason| view! { <p class="quiet">{t(reason)}</p> })}
            </td>
            <td class="end">
                {repeatable
                    .then(|| {
                        view! {
                            <ActionForm action=repeat>
                                <input type="hidden" name="id" value=delivery.id.to_string() />
                                <button type="submit" class="button small">{t(words::REPEAT)}</button>
                            </ActionForm>
                        }
                    })}
            </td>
        </tr>
    }
    .into_any()
}

/// The colours of a status that an outcome looks like, and its sign.
fn look(outcome: DeliveryOutcome) -> (&'static str, &'static str) {
    match outcome {
        DeliveryOutcome::Received => ("queued", "…"),
        DeliveryOutcome::Created | DeliveryOutcome::Started => ("succeeded", "✓"),
        DeliveryOutcome::Ignored => ("canceled", "–"),
        DeliveryOutcome::Refused | DeliveryOutcome::Failed => ("failed", "✕"),
    }
}

#[component]
fn Danger(webhook: Webhook) -> impl IntoView {
    let delete = ServerAction::<DeleteWebhook>::new();
    view! {
        <DangerZone question=words::delete_webhook_title(&webhook.name) refusal=refusal_of(delete)>
                <ActionForm action=delete>
                    <input type="hidden" name="id" value=webhook.id.to_string() />
                    <ConfirmButton pending=delete.pending() />
                </ActionForm>
            </DangerZone>
    }
    .into_any()
}
