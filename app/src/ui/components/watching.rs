//! Who has a release open now: known from the feed alone, and gone with the page.

use leptos::prelude::*;

use crate::text::{CurrentLang, walls as words};
use crate::ui::live::{Live, Watching as Now};

/// The people who have the release open, and how many screens show the wall.
#[component]
pub fn Watching(
    /// The release, alive.
    live: Live,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let people = move || live.watching.with(|now| now.people.clone());
    let rest = move || {
        let rest = live.watching.with(|now| now.total.saturating_sub(now.people.len() as u32));
        (rest > 0).then(|| view! { <li class="watcher">"+" {rest.to_string()}</li> })
    };
    // A wall shows what runs.
    let walls = move || {
        let runs = live.release.with(|release| !release.status.is_final());
        let walls = live.watching.with(|now| now.walls);
        (runs && walls > 0).then(
            || view! { <li class="watcher" data-kind="wall">{words::walls(walls).get(lang.get()).to_owned()}</li> },
        )
    };
    let label = move || live.watching.with(|Now { total, .. }| words::watching(*total).get(lang.get()).to_owned());
    view! {
        <div class="watching" aria-live="polite">
            <span class="quiet">{label}</span>
            <ul class="watchers">
                <For each=people key=|name| name.clone() let:name>
                    <li class="watcher">{name}</li>
                </For>
                {rest}
                {walls}
            </ul>
        </div>
    }
    .into_any()
}
