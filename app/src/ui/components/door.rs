//! What stands between releases and their runs, as people see it: the lock, the freeze, and who waits for what.

pub mod ahead;
pub mod place;
pub mod waiting;

use launchway_domain::{EnvironmentId, Freeze, Lock, Queue, Text, Wait};
use leptos::prelude::*;

pub use self::ahead::DoorAhead;
pub use self::place::Door;
pub use self::waiting::Waiting;
use super::countdown::Countdown;
use super::time::Time;
use crate::api::queue::get_queue;
use crate::text::{queue as words, t};
use crate::ui::live::clock::Clock;
use crate::ui::may::May;

/// Counts up whenever something about queues or locks may have changed, as long as `while_` says so.
fn changes(while_: Signal<bool>) -> RwSignal<u32> {
    let changed = RwSignal::new(0);
    // A choice between two environments is no reason for another connection.
    #[cfg(feature = "hydrate")]
    let while_ = Memo::new(move |_| while_.get());
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

/// What a freeze means for who is about to start something.
fn freeze_lead() -> Text {
    if May::find().administer() { words::FREEZE_EXCEPTION } else { words::FREEZE_REFUSES }
}

/// The lock and the freeze of an environment, as notices.
#[component]
fn Notices(queue: Queue, clock: Clock, changed: RwSignal<u32>) -> impl IntoView {
    let lock = queue.lock.map(|lock| view! { <LockLine lock clock changed /> });
    let frozen = queue.calendar.now.map(|freeze| view! { <FreezeLine freeze clock changed /> });
    view! { {lock} {frozen} }.into_any()
}

/// The freeze that is now.
#[component]
fn FreezeLine(freeze: Freeze, clock: Clock, changed: RwSignal<u32>) -> impl IntoView {
    let label = freeze.label.map(|label| format!(" “{label}”"));
    let until = freeze.until.map(|to| view! { " " {t(words::UNTIL_WORD)} " " <Countdown to clock over=changed /> });
    view! {
        <p>
            <span class="tag" data-kind="warn">{t(words::FROZEN)}</span>
            {label}
            {until}
        </p>
    }
    .into_any()
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
