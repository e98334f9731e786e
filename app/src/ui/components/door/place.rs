//! The lock, the freezes and the queue of an environment, on its page.

use launchway_domain::{EnvironmentId, EnvironmentKind, Hold, ProjectId, Queue, ReleaseId};
use leptos::prelude::*;

use super::super::confirm::{Refused, refusal_of};
use super::super::countdown::Countdown;
use super::super::form::{FormEnd, FormState};
use super::super::local_time::LocalTimeField;
use super::super::time::Time;
use super::super::toast::Toasts;
use super::{Notices, WaitList, changes, queue_of};
use crate::api::queue::{LockEnvironment, UnlockEnvironment};
use crate::api::releases::ContinueRelease;
use crate::text::{CurrentLang, queue as words, rollout, t};
use crate::ui::live::clock::Clock;
use crate::ui::may::May;

/// The lock, the freezes and the queue of an environment, on its page.
#[component]
pub fn Door(
    /// Which environment.
    id: EnvironmentId,
    /// Of which project.
    project: ProjectId,
    /// How much care it needs.
    kind: EnvironmentKind,
) -> impl IntoView {
    let changed = changes(Signal::stored(true));
    let clock = Clock::start();
    let lock = ServerAction::<LockEnvironment>::new();
    let unlock = ServerAction::<UnlockEnvironment>::new();
    Toasts::follow(lock);
    Toasts::follow(unlock);
    // What is typed lasts while the queue above it moves.
    let typed = LockTyped { is_open: RwSignal::new(false), reason: RwSignal::new(String::new()) };
    // Whatever was done here is seen here, with or without the feed.
    Effect::new(move |was: Option<()>| {
        lock.version().track();
        unlock.version().track();
        if was.is_some() {
            changed.update(|count| *count += 1);
            if lock.value().with_untracked(|answer| matches!(answer, Some(Ok(())))) {
                typed.is_open.set(false);
                typed.reason.set(String::new());
            }
        }
    });
    let found = queue_of(Signal::stored(Some(id)), changed);
    let may = May::find().manage(Some(project));
    let proceed = ServerAction::<ContinueRelease>::new();
    Toasts::follow(proceed);
    let hold = Holding { proceed, may: May::find().run(project, kind) };
    view! {
        <section class="card door" id="queue">
            <h2>{t(words::DOOR)}</h2>
            <Transition>
                {move || Suspend::new(async move {
                    let queue = found.await?;
                    Some(view! { <DoorBody queue id may hold clock changed lock unlock typed /> })
                })}
            </Transition>
        </section>
    }
    .into_any()
}

/// What lets a release go on that waits between two batches, and whether the visitor may.
#[derive(Clone, Copy)]
struct Holding {
    proceed: ServerAction<ContinueRelease>,
    may: bool,
}

/// What the release that runs does: whether it waits, and the way on.
#[component]
fn RunningNow(release: ReleaseId, hold: Option<Hold>, holding: Holding) -> impl IntoView {
    let Some(hold) = hold else { return view! { {t(words::RUNNING)} }.into_any() };
    let pending = holding.proceed.pending();
    let offer = holding.may.then(|| {
        view! {
            <ActionForm action=holding.proceed>
                <input type="hidden" name="id" value=release.to_string() />
                <button type="submit" class="button primary small" disabled=move || pending.get()>
                    {t(rollout::CONTINUE)}
                </button>
            </ActionForm>
        }
    });
    view! {
        <div class="row">
            <span class="doing held">
                {t(rollout::holds(hold.batch, hold.of))} " · " {t(words::SINCE)} " " <Time at=hold.since />
            </span>
            {offer}
        </div>
        <Refused of=refusal_of(holding.proceed) />
    }
    .into_any()
}

/// What is typed into the form that locks.
#[derive(Clone, Copy)]
struct LockTyped {
    is_open: RwSignal<bool>,
    reason: RwSignal<String>,
}

#[component]
fn DoorBody(
    queue: Queue,
    id: EnvironmentId,
    may: bool,
    hold: Holding,
    clock: Clock,
    changed: RwSignal<u32>,
    lock: ServerAction<LockEnvironment>,
    unlock: ServerAction<UnlockEnvironment>,
    typed: LockTyped,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let is_locked = queue.lock.is_some();
    let zone = queue.calendar.time_zone.clone();
    let next = queue.calendar.next.clone().map(|freeze| {
        let label = freeze.label.map(|label| format!("“{label}” "));
        view! {
            <p class="quiet">
                {t(words::NEXT_FREEZE)} " " {label} <Countdown to=freeze.from clock over=changed />
                {freeze.until.map(|until| view! { " – " <Time at=until /> })}
            </p>
        }
    });
    let running = queue.running.map(|id| {
        view! {
            <tr>
                <td>"–"</td>
                <td>
                    <a href=format!("/releases/{id}")>{format!("#{id}")}</a>
                </td>
                <td>
                    <RunningNow release=id hold=queue.hold.clone() holding=hold />
                </td>
            </tr>
        }
    });
    let rows = queue
        .items
        .iter()
        .map(|item| {
            let release = item.release_id;
            view! {
                <tr>
                    <td>{item.place}</td>
                    <td>
                        <a href=format!("/releases/{release}")>{format!("#{release}")}</a>
                        " "
                        {item.ref_name.clone()}
                        <span class="quiet">" · " {item.created_by_name.clone()}</span>
                    </td>
                    <td>
                        <WaitList waits=item.waits.clone() clock changed />
                    </td>
                </tr>
            }
        })
        .collect_view();
    let is_empty = queue.items.is_empty() && queue.running.is_none();
    let form = FormState::new(lock, Vec::new);
    let refusal = refusal_of(unlock);
    let refused = move || refusal.get().map(|error| view! { <p>{error.detail().get(lang.get()).to_owned()}</p> });
    let controls = may.then(move || {
        if is_locked {
            view! {
                <ActionForm action=unlock>
                    <input type="hidden" name="id" value=id.to_string() />
                    <button type="submit" class="button" aria-disabled=move || unlock.pending().get().then_some("true")>
                        {t(words::UNLOCK)}
                    </button>
                </ActionForm>
                <div class="complaints" role="alert">{refused}</div>
            }
            .into_any()
        } else {
            view! {
                <details class="lock" open=typed.is_open.get_untracked() on:toggle=follow_fold(typed.is_open)>
                    <summary>{t(words::LOCK_OPEN)}</summary>
                    <p class="hint">{t(words::LOCK_LEAD)}</p>
                    <ActionForm action=lock attr:class="form">
                        <input type="hidden" name="id" value=id.to_string() />
                        <ReasonField form value=typed.reason />
                        <LocalTimeField form field="until" label=words::UNTIL hint=words::UNTIL_HINT zone />
                        <FormEnd form submit=words::LOCK pending=lock.pending() />
                    </ActionForm>
                </details>
            }
            .into_any()
        }
    });
    view! {
        <Notices queue clock changed />
        {next}
        {if is_empty {
            view! { <p class="quiet">{t(words::EMPTY)}</p> }.into_any()
        } else {
            view! {
                <div class="scroll">
                    <table class="list">
                        <thead>
                            <tr>
                                <th scope="col">{t(words::PLACE)}</th>
                                <th scope="col">{t(words::RELEASE)}</th>
                                <th scope="col">{t(words::WAITS_FOR)}</th>
                            </tr>
                        </thead>
                        <tbody>{running} {rows}</tbody>
                    </table>
                </div>
            }
                .into_any()
        }}
        {controls}
    }
    .into_any()
}

/// Remembers whether a fold is open.
fn follow_fold(is_open: RwSignal<bool>) -> impl Fn(leptos::ev::Event) + 'static {
    move |event| {
        #[cfg(feature = "hydrate")]
        is_open.set(event_target::<web_sys::Element>(&event).has_attribute("open"));
        #[cfg(not(feature = "hydrate"))]
        let _ = (is_open, event);
    }
}

/// Why it is locked.
#[component]
fn ReasonField(form: FormState, value: RwSignal<String>) -> impl IntoView {
    form.register("reason");
    let lang = CurrentLang::find();
    view! {
        <div class="field" class:bad=move || form.error("reason").is_some()>
            <label for="f-reason">{t(words::REASON)}</label>
            <input
                id="f-reason"
                name="reason"
                type="text"
                maxlength="500"
                autocomplete="off"
                aria-invalid=move || form.error("reason").map(|_| "true")
                aria-describedby="f-reason-error"
                value=value.get_untracked()
                on:input=move |event| {
                    value.set(event_target_value(&event));
                    form.edited("reason");
                }
            />
            <p class="error" id="f-reason-error" aria-live="polite">
                {move || form.error("reason").map(|text| text.get(lang.get()).to_owned())}
            </p>
        </div>
    }
    .into_any()
}
