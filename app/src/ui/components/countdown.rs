//! How long until something: the time itself from the server, and what is left of it once the page is alive.

use launchway_domain::Timestamp;
use leptos::prelude::*;

use super::time::Time;
use crate::text::{CurrentLang, queue as words};
use crate::ui::live::clock::Clock;

/// A time ahead, and how long it is until then.
#[component]
pub fn Countdown(
    /// When.
    to: Timestamp,
    /// The page's clock; ticks.
    clock: Clock,
    /// Counted up when the time has come.
    #[prop(optional)]
    over: Option<RwSignal<u32>>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let left = Memo::new(move |_| clock.until(to));
    if let Some(over) = over {
        Effect::new(move |was: Option<bool>| {
            let is_over = left.get().is_some_and(|left| left <= 0);
            // Once: what was over when the page came is the program's to tell.
            if is_over && was == Some(false) {
                over.update(|count| *count += 1);
            }
            is_over
        });
    }
    let text = move || left.get().map(|left| format!(" ({})", words::ahead(left, lang.get())));
    view! {
        <span class="countdown">
            <Time at=to />
            <span class="quiet">{text}</span>
        </span>
    }
}
