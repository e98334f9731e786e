//! What a release waits for, on its page.

use launchway_domain::{Queue, Release, ReleaseId, ReleaseStatus, Text, Timestamp, WaitFor};
use leptos::prelude::*;

use super::super::form::{FormEnd, FormState};
use super::super::local_time::LocalTimeField;
use super::super::toast::Toasts;
use super::{FreezeLine, WaitList, queue_of};
use crate::api::queue::{ScheduleRelease, StartAt};
use crate::text::{CurrentLang, queue as words, t};
use crate::ui::live::Live;
use crate::ui::live::clock::Clock;
use crate::ui::may::May;

/// What a release waits for, or would wait for: on its page, as long as it has not begun.
#[component]
pub fn Waiting(
    /// The release as it was when the page came.
    release: Release,
    /// The release.
    live: Live,
) -> impl IntoView {
    let (id, environment) = (release.id, release.environment_id);
    let status = Memo::new(move |_| live.release.with(|release| (release.status, release.start_at)));
    let waits = Memo::new(move |_| {
        let (status, _) = status.get();
        matches!(status, ReleaseStatus::Pending | ReleaseStatus::AwaitingApproval | ReleaseStatus::Queued)
    });
    // The feed of the page tells of the door as well.
    let changed = live.door;
    let clock = Clock::start_while(waits.into());
    let zone = RwSignal::new("UTC".to_owned());
    let may = May::find().run(release.project_id, release.environment_kind);
    let found = queue_of(Signal::derive(move || waits.get().then_some(environment)), changed);
    view! {
        <Transition>
            {move || Suspend::new(async move {
                let queue = found.await?;
                zone.set(queue.calendar.time_zone.clone());
                Some(view! { <Standing queue id clock changed /> })
            })}
        </Transition>
        <Show when=move || may && waits.get()>
            <Schedule id status zone=zone.get_untracked() />
        </Show>
    }
    .into_any()
}

/// Where a release stands.
#[component]
fn Standing(queue: Queue, id: ReleaseId, clock: Clock, changed: RwSignal<u32>) -> impl IntoView {
    let lang = CurrentLang::find();
    let of = u32::try_from(queue.items.len()).unwrap_or(u32::MAX);
    let item = queue.items.iter().find(|item| item.release_id == id);
    let (head, waits) = match item {
        Some(item) => {
            let place = item.place;
            let head = move || words::place(place, of).get(lang.get()).to_owned();
            (Some(view! { <strong>{head}</strong> }), item.waits.clone())
        }
        None if queue.running == Some(id) => return ().into_any(),
        None => (None, queue.ahead_of_new(id)),
    };
    let is_queued = item.is_some();
    if !is_queued && waits.is_empty() {
        return ().into_any();
    }
    // A freeze is not waited for by what is not in the queue yet: it keeps it from being started, as its rules say.
    let frozen = queue.calendar.now.clone().filter(|_| !is_queued);
    let frozen = frozen.map(|freeze| view! { <FreezeLine freeze clock changed /> });
    let waits: Vec<_> = waits.into_iter().filter(|wait| is_queued || wait.what != WaitFor::Freeze).collect();
    let lead = if is_queued { words::WAITS_FOR } else { words::WOULD_WAIT };
    view! {
        <section class="standing" role="status" aria-label=t(words::DOOR)>
            {head.map(|head| view! { <p>{head}</p> })}
            {frozen}
            {if waits.is_empty() {
                is_queued.then(|| view! { <p>{t(words::SOON)}</p> }).into_any()
            } else {
                view! {
                    <p>{t(lead)}</p>
                    <WaitList waits clock changed />
                }
                    .into_any()
            }}
        </section>
    }
    .into_any()
}

/// Choosing when it starts.
#[component]
fn Schedule(id: ReleaseId, status: Memo<(ReleaseStatus, Option<Timestamp>)>, zone: String) -> impl IntoView {
    let start = ServerAction::<StartAt>::new();
    let change = ServerAction::<ScheduleRelease>::new();
    Toasts::follow(start);
    Toasts::follow(change);
    let is_queued = Memo::new(move |_| status.get().0 == ReleaseStatus::Queued);
    let (start_form, change_form) = (FormState::new(start, Vec::new), FormState::new(change, Vec::new));
    let zone = StoredValue::new(zone);
    view! {
        <Show
            when=move || is_queued.get()
            fallback=move || {
                view! {
                    <When title=words::SCHEDULE>
                        <ActionForm action=start attr:class="form">
                            <AtFields id form=start_form zone=zone.get_value() pending=start.pending() />
                        </ActionForm>
                    </When>
                }
            }
        >
            <When title=words::RESCHEDULE>
                <ActionForm action=change attr:class="form">
                    <AtFields id form=change_form zone=zone.get_value() pending=change.pending() />
                </ActionForm>
            </When>
        </Show>
    }
    .into_any()
}

/// The time, folded away until somebody wants to choose one.
#[component]
fn When(title: Text, children: Children) -> impl IntoView {
    view! {
        <details class="schedule">
            <summary>{t(title)}</summary>
            {children()}
        </details>
    }
}

#[component]
fn AtFields(id: ReleaseId, form: FormState, zone: String, #[prop(into)] pending: Signal<bool>) -> impl IntoView {
    view! {
        <input type="hidden" name="id" value=id.to_string() />
        <LocalTimeField form field="at" label=words::AT hint=words::AT_NOW_HINT zone />
        <FormEnd form submit=words::SCHEDULE_YES pending />
    }
    .into_any()
}
