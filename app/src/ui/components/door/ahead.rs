//! What a new release would meet.

use launchway_domain::EnvironmentId;
use leptos::prelude::*;

use super::{Notices, changes, freeze_lead, queue_of};
use crate::text::{queue as words, t};
use crate::ui::live::clock::Clock;

/// What a new release would meet in an environment: said before somebody presses Start.
#[component]
pub fn DoorAhead(
    /// The environment that is chosen.
    environment: Signal<Option<EnvironmentId>>,
    /// Told whether a freeze keeps it from being started now.
    frozen: RwSignal<bool>,
) -> impl IntoView {
    let changed = changes(Signal::derive(move || environment.get().is_some()));
    let clock = Clock::start();
    let found = queue_of(environment, changed);
    view! {
        <Transition>
            {move || Suspend::new(async move {
                let queue = found.await;
                frozen.try_set(queue.as_ref().is_some_and(|queue| queue.calendar.frozen));
                let queue = queue?;
                let lead = if queue.calendar.frozen { freeze_lead() } else { words::NOTHING_STARTS };
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
