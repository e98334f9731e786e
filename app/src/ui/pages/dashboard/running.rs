//! What runs now.

use launchway_domain::ReleaseId;
use leptos::prelude::*;

use crate::text::{board, t};
use crate::ui::components::badge::KindBadge;
use crate::ui::components::strip::Strip;
use crate::ui::live::board::LiveBoard;
use crate::ui::live::clock::Clock;
use crate::ui::live::running::RunningLine;

/// What runs now, each with its progress.
#[component]
pub fn RunningNow(
    /// The overview, alive.
    live: LiveBoard,
    /// The page's clock.
    clock: Clock,
) -> impl IntoView {
    let ids = Memo::new(move |_| {
        live.now.with(|now| now.overview.running.iter().map(|running| running.release.id).collect::<Vec<_>>())
    });
    view! {
        <section class="running">
            <h2>
                {t(board::RUNNING)}
                {move || ids.with(|ids| (!ids.is_empty()).then(|| view! { <span class="count">{ids.len()}</span> }))}
            </h2>
            <Show when=move || ids.with(Vec::is_empty) fallback=|| ()>
                <p class="quiet">{t(board::NOTHING_RUNS)}</p>
            </Show>
            <div class="cards">
                <For each=move || ids.get() key=|id| *id let:id>
                    <Card live clock id />
                </For>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Card(live: LiveBoard, clock: Clock, id: ReleaseId) -> impl IntoView {
    let Some((RunningLine { running, percent, doing, elapsed }, first)) = RunningLine::of(live, clock, id) else {
        return ().into_any();
    };
    view! {
        <article class="card running-card">
            <header>
                <a class="what" href=format!("/releases/{id}")>
                    <span class="number">{format!("#{id}")}</span>
                    <b>{first.git_ref.name}</b>
                </a>
                <span>
                    {first.project_title} " / " {first.environment_name.clone()} " "
                    <KindBadge kind=first.environment_kind name=first.environment_name />
                    <span class="quiet">" · " {first.created_by_name}</span>
                </span>
                <span class="running-now">
                    <span class="doing">{doing}</span>
                    <span class="elapsed quiet">{elapsed}</span>
                </span>
            </header>
            <progress
                max="100"
                value=move || percent.get().to_string()
                aria-label=t(board::progress(id.0))
            ></progress>
            <Strip running />
        </article>
    }
    .into_any()
}
