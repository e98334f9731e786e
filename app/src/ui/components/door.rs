//! What stands between releases and their runs, as people see it: the lock, the freeze, and who waits for what.

use launchway_domain::{EnvironmentId, Lock, ProjectId, Queue, Release, ReleaseId, ReleaseStatus, Wait};
use leptos::prelude::*;

use super::confirm::refusal_of;
use super::countdown::Countdown;
use super::form::{FormEnd, FormState};
use super::local_time::LocalTimeField;
use super::time::Time;
use super::toast::Toasts;
use crate::api::queue::{LockEnvironment, ScheduleRelease, StartAt, UnlockEnvironment, get_queue};
use crate::text::{CurrentLang, queue as words, t};
use crate::ui::live::Live;
use crate::ui::live::clock::Clock;
use crate::ui::may::May;

/// Counts up whenever something about queues or locks may have changed, as long as `while_` says so.
fn changes(while_: Signal<bool>) -> RwSignal<u32> {
    let changed = RwSignal::new(0);
    #[cfg(feature = "hydrate")]
    Effect::new(move || {
        if while_.get() {
            crate::ui::live::wall::count_door_changes(changed);
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = while_;
    changed
}

/// The queue of an environment, asked for again whenever something may have changed.
fn queue_of(id: Signal<Option<EnvironmentId>>, changed: RwSignal<u32>) -> Resource<Option<Queue>> {
    Resource::new(
        move || (id.get(), changed.get()),
        |(id, _)| async move {
            match id {
                // Where it cannot be had, the page goes without: the release itself says more.
                Some(id) => get_queue(id).await.ok(),
                None => None,
            }
        },
    )
}

/// The lock and the freeze of an environment, as notices.
#[component]
fn Notices(queue: Queue, clock: Clock, changed: RwSignal<u32>) -> impl IntoView {
    let lock = queue.lock.map(|lock| view! { <LockLine lock clock changed /> });
    let frozen = queue.calendar.now.map(|freeze| {
        let label = freeze.label.map(|label| format!(" “{label}”"));
        view! {
            <p>
                <span class="tag" data-kind="warn">{t(words::FROZEN)}</span>
                {label}
                {match freeze.until {
                    Some(to) => {
                        view! { " " {t(words::UNTIL_WORD)} " " <Countdown to clock over=changed /> }.into_any()
                    }
                    None => ().into_any(),
                }}
            </p>
        }
    });
    view! { {lock} {frozen} }.into_any()
}

#[component]
fn LockLine(lock: Lock, clock: Clock, changed: RwSignal<u32>) -> impl IntoView {
    view! {
        <p>
            <span class="tag" data-kind="warn">{t(words::LOCKED)}</span>
            " "
            <strong>{lock.locked_by_name}</strong>
            ": "
            {lock.reason}
            " · "
            {t(words::SINCE)}
            " "
            <Time at=lock.since />
            ", "
            {match lock.until {
                Some(to) => view! { {t(words::UNTIL_WORD)} " " <Countdown to clock over=changed /> }.into_any(),
                None => view! { {t(words::UNTIL_LIFTED)} }.into_any(),
            }}
        </p>
    }
    .into_any()
}

/// What somebody waits for, each with its end where that is known.
#[component]
fn WaitList(waits: Vec<Wait>, clock: Clock, changed: RwSignal<u32>) -> impl IntoView {
    let items = waits
        .into_iter()
        .map(|wait| {
            let text = wait.text();
            let until =
                wait.until.map(|to| view! { " · " {t(words::UNTIL_WORD)} " " <Countdown to clock over=changed /> });
            view! { <li>{t(text)} {until}</li> }
        })
        .collect_view();
    view! { <ul class="waits">{items}</ul> }.into_any()
}

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
    let changed = changes(waits.into());
    let clock = Clock::start_while(waits.into());
    let zone = RwSignal::new("UTC".to_owned());
    let may = May::find().run(release.project_id, release.environment_kind);
    let found = queue_of(
        Signal::derive(move || {
            // Asked again, too, when the release itself changed.
            status.track();
            waits.get().then_some(environment)
        }),
        changed,
    );
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
    let lead = if is_queued { words::WAITS_FOR } else { words::WOULD_WAIT };
    view! {
        <section class="standing" role="status" aria-label=t(words::DOOR)>
            {head.map(|head| view! { <p>{head}</p> })}
            {if waits.is_empty() {
                view! { <p>{t(words::SOON)}</p> }.into_any()
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
fn Schedule(
    id: ReleaseId,
    status: Memo<(ReleaseStatus, Option<launchway_domain::Timestamp>)>,
    zone: String,
) -> impl IntoView {
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
                    <details class="schedule">
                        <summary>{t(words::SCHEDULE)}</summary>
                        <ActionForm action=start attr:class="form">
                            <input type="hidden" name="id" value=id.to_string() />
                            <LocalTimeField
                                form=start_form
                                field="at"
                                label=words::AT
                                hint=words::AT_NOW_HINT
                                zone=zone.get_value()
                            />
                            <FormEnd form=start_form submit=words::SCHEDULE_YES pending=start.pending() />
                        </ActionForm>
                    </details>
                }
            }
        >
            <details class="schedule">
                <summary>{t(words::RESCHEDULE)}</summary>
                <ActionForm action=change attr:class="form">
                    <input type="hidden" name="id" value=id.to_string() />
                    <LocalTimeField
                        form=change_form
                        field="at"
                        label=words::AT
                        hint=words::AT_NOW_HINT
                        zone=zone.get_value()
                    />
                    <FormEnd form=change_form submit=words::SCHEDULE_YES pending=change.pending() />
                </ActionForm>
            </details>
        </Show>
    }
    .into_any()
}

/// The lock, the freezes and the queue of an environment, on its page.
#[component]
pub fn Door(
    /// Which environment.
    id: EnvironmentId,
    /// Of which project.
    project: ProjectId,
) -> impl IntoView {
    let changed = changes(Signal::stored(true));
    let clock = Clock::start();
    let lock = ServerAction::<LockEnvironment>::new();
    let unlock = ServerAction::<UnlockEnvironment>::new();
    Toasts::follow(lock);
    Toasts::follow(unlock);
    // Whatever was done here is seen here, with or without the feed.
    Effect::new(move |was: Option<()>| {
        lock.version().track();
        unlock.version().track();
        if was.is_some() {
            changed.update(|count| *count += 1);
        }
    });
    let found = queue_of(Signal::stored(Some(id)), changed);
    let may = May::find().manage(Some(project));
    view! {
        <section class="card door" id="queue">
            <h2>{t(words::DOOR)}</h2>
            <Transition>
                {move || Suspend::new(async move {
                    let queue = found.await?;
                    Some(view! { <DoorBody queue id may clock changed lock unlock /> })
                })}
            </Transition>
        </section>
    }
    .into_any()
}

#[component]
fn DoorBody(
    queue: Queue,
    id: EnvironmentId,
    may: bool,
    clock: Clock,
    changed: RwSignal<u32>,
    lock: ServerAction<LockEnvironment>,
    unlock: ServerAction<UnlockEnvironment>,
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
                <td>{t(words::RUNNING)}</td>
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
                <details class="lock">
                    <summary>{t(words::LOCK_OPEN)}</summary>
                    <p class="hint">{t(words::LOCK_LEAD)}</p>
                    <ActionForm action=lock attr:class="form">
                        <input type="hidden" name="id" value=id.to_string() />
                        <ReasonField form />
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

/// Why it is locked.
#[component]
fn ReasonField(form: FormState) -> impl IntoView {
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
                on:input=move |_| form.edited("reason")
            />
            <p class="error" id="f-reason-error" aria-live="polite">
                {move || form.error("reason").map(|text| text.get(lang.get()).to_owned())}
            </p>
        </div>
    }
    .into_any()
}

/// What a new release would meet in an environment: said before somebody presses Start.
#[component]
pub fn DoorAhead(
    /// The environment that is chosen.
    environment: Signal<Option<EnvironmentId>>,
) -> impl IntoView {
    let changed = changes(Signal::derive(move || environment.get().is_some()));
    let clock = Clock::start();
    let found = queue_of(environment, changed);
    view! {
        <Transition>
            {move || Suspend::new(async move {
                let queue = found.await?;
                let lead = if queue.calendar.frozen { words::FREEZE_REFUSES } else { words::NOTHING_STARTS };
                (queue.lock.is_some() || queue.calendar.frozen)
                    .then(|| {
                        view! {
                            <section class="standing" role="status" aria-label=t(words::DOOR)>
                                <Notices queue clock changed />
                                <p>{t(lead)}</p>
                            </section>
                        }
                    })
            })}
        </Transition>
    }
    .into_any()
}

/// A mark beside the name of an environment that is locked.
#[component]
pub fn LockBadge(
    /// The lock.
    lock: Lock,
) -> impl IntoView {
    let title = format!("{}: {}", lock.locked_by_name, lock.reason);
    view! {
        " "
        <span class="tag" data-kind="warn" title=title>
            {t(words::LOCKED)}
        </span>
    }
}
