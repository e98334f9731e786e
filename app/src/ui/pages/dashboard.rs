//! The front page: what runs, what waits for somebody, what is live where, what came of it. It moves by itself.

pub mod lists;
pub mod places;
pub mod running;

use leptos::prelude::*;

use self::lists::{Recent, Waiting};
use self::places::Places;
use self::running::RunningNow;
use crate::api::board::{BoardNow, get_board};
use crate::text::{board, common, releases, t};
use crate::ui::components::layout::PageHead;
use crate::ui::components::load::{Loading, show};
use crate::ui::live::board::LiveBoard;
use crate::ui::live::clock::Clock;

/// The front page.
#[component]
pub fn DashboardPage() -> impl IntoView {
    let found = Resource::new(|| (), |()| get_board());
    view! {
        <PageHead title=board::TITLE>
            <a class="button" href="/wall">
                {t(common::WALL)}
            </a>
        </PageHead>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { show(found.await, |now| view! { <Body now /> }) })}
        </Suspense>
    }
}

#[component]
fn Body(now: BoardNow) -> impl IntoView {
    let live = LiveBoard::new(now);
    let clock = Clock::start();
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| crate::ui::live::wall::follow(live));
    // Nothing was ever released: what to do comes before what goes on.
    let is_new = Memo::new(move |_| {
        live.now.with(|now| {
            let overview = &now.overview;
            overview.running.is_empty() && overview.waiting.is_empty() && overview.recent.is_empty()
        })
    });
    view! {
        <Show when=move || is_new.get() fallback=|| ()>
            <FirstSteps />
        </Show>
        <Show when=move || !is_new.get() fallback=|| ()>
            <RunningNow live clock />
            <div class="halves">
                <Waiting live />
                <Recent live />
            </div>
        </Show>
        <Show
            when=move || !is_new.get() || live.now.with(|now| now.overview.live_total > 0)
            fallback=|| ()
        >
            <Places live />
        </Show>
    }
    .into_any()
}

/// What to do before there is anything to see.
#[component]
fn FirstSteps() -> impl IntoView {
    let steps = [
        ("/credentials/new", board::STEP_CREDENTIAL, board::STEP_CREDENTIAL_HINT),
        ("/servers/new", board::STEP_SERVER, board::STEP_SERVER_HINT),
        ("/projects/new", board::STEP_PROJECT, board::STEP_PROJECT_HINT),
        ("/releases/new", board::STEP_RELEASE, board::STEP_RELEASE_HINT),
    ];
    let steps = steps
        .into_iter()
        .map(|(href, what, hint)| {
            view! {
                <li>
                    <a href=href>{t(what)}</a>
                    <p class="quiet">{t(hint)}</p>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="card first-steps">
            <h2>{t(releases::EMPTY)}</h2>
            <p class="lead">{t(board::STEPS_LEAD)}</p>
            <ol>{steps}</ol>
        </section>
    }
    .into_any()
}
