//! The wall: for a screen nobody touches. It fills the screen whatever its size, never scrolls, and looks after itself:
//! it comes back after every cut, and loads itself anew where the program has become another.

mod fit;
pub mod parts;

use launchway_domain::{LiveVersion, Timestamp};
use leptos::prelude::*;

use self::fit::{Fit, Turns};
use self::parts::{Card, LiveRow, ResultRow, Waiting, WaitingRow};
use crate::api::ApiError;
use crate::api::board::{BoardNow, get_board};
use crate::text::{CurrentLang, board, t, walls};
use crate::ui::components::layout::Logo;
use crate::ui::components::load::Loading;
use crate::ui::components::title::name_window;
use crate::ui::live::Connection;
use crate::ui::live::board::LiveBoard;
use crate::ui::live::clock::{Clock, time_of_day};

/// The wall.
#[component]
pub fn WallPage() -> impl IntoView {
    let found = Resource::new(|| (), |()| get_board());
    name_window(walls::TITLE);
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                match found.await {
                    Ok(now) => view! { <Screen now /> }.into_any(),
                    Err(error) => {
                        retry_later();
                        view! { <Closed error=Some(error) /> }.into_any()
                    }
                }
            })}
        </Suspense>
    }
}

/// Loads the page again after a while: whatever kept it from opening may be over.
fn retry_later() {
    #[cfg(feature = "hydrate")]
    {
        /// Seconds between two tries.
        const AGAIN: u64 = 20;
        // Asked first: where the program does not answer, a reload would leave the browser's own error page, which
        // tries nothing.
        Effect::new(move |_| {
            let ticking = set_interval_with_handle(
                || {
                    leptos::task::spawn_local(async {
                        if get_board().await.is_ok() {
                            reload();
                        }
                    });
                },
                std::time::Duration::from_secs(AGAIN),
            );
            on_cleanup(move || {
                if let Ok(ticking) = ticking {
                    ticking.clear();
                }
            });
        });
    }
}

#[cfg(feature = "hydrate")]
fn reload() {
    let _ = window().location().reload();
}

/// What stands there where the screen may not show the wall.
#[component]
fn Closed(error: Option<ApiError>) -> impl IntoView {
    let is_closed = error.as_ref().is_none_or(ApiError::is_signed_out);
    let (title, lead) = match is_closed {
        true => (walls::ENDED, walls::ENDED_LEAD),
        false => (walls::TITLE, walls::FAILED),
    };
    view! {
        <main class="wall wall-closed">
            <h1>{t(title)}</h1>
            <p>{t(lead)}</p>
            {is_closed
                .then(|| {
                    view! {
                        <p>
                            <a class="button" href="/sign-in?next=/wall" rel="external">
                                {t(walls::SIGN_IN)}
                            </a>
                        </p>
                    }
                })}
        </main>
    }
    .into_any()
}

#[component]
fn Screen(now: BoardNow) -> impl IntoView {
    let live = LiveBoard::new(now);
    let clock = Clock::start();
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| crate::ui::live::wall::follow(live));
    keep_current(live);
    view! {
        <Show
            when=move || live.connection.get() != Connection::SignedOut
            fallback=|| view! { <Closed error=None /> }
        >
            <main class="wall">
                <Head live clock />
                <Body live clock />
            </main>
        </Show>
    }
    .into_any()
}

/// Loads the page anew where the program serves other pages than this one: after an update there may be something that
/// this one does not understand.
#[cfg_attr(not(feature = "hydrate"), allow(unused_variables))]
fn keep_current(live: LiveBoard) {
    #[cfg(feature = "hydrate")]
    {
        /// A page younger than this, in milliseconds, stays: where two builds answer by turns, it would do nothing
        /// but load.
        const YOUNG: f64 = 60_000.0;
        let opened = js_sys::Date::now();
        let own = live.now.with_untracked(|now| now.build.clone());
        let is_old = Memo::new(move |_| live.outdated.get() || live.now.with(|now| now.build != own));
        Effect::new(move |_| {
            if is_old.get() {
                let left = (opened + YOUNG - js_sys::Date::now()).max(0.0);
                set_timeout(reload, std::time::Duration::from_millis(left as u64));
            }
        });
    }
}

#[component]
fn Head(live: LiveBoard, clock: Clock) -> impl IntoView {
    let lang = CurrentLang::find();
    let time = move || {
        clock.since(Timestamp(0)).map(|now| time_of_day(Timestamp(now), true).get(..5).unwrap_or_default().to_owned())
    };
    let sign = move || match live.connection.get() {
        Connection::Connecting => ("connecting", walls::CONNECTING),
        Connection::Live => ("live", walls::CONNECTED),
        Connection::Reconnecting | Connection::SignedOut => ("lost", walls::RECONNECTING),
    };
    let heard = move || {
        let at = live.heard.get()?;
        let time = time_of_day(Timestamp(at as i64), true);
        Some(view! { <span class="wall-heard">{walls::LAST_UPDATE.get(lang.get()).to_owned()} " " {time}</span> })
    };
    view! {
        <header class="wall-head">
            <Logo />
            <h1>"Launchway"</h1>
            <p class="wall-sign" data-state=move || sign().0>
                <span class="wall-dot" aria-hidden="true"></span>
                <span class="wall-state" role="status">{move || sign().1.get(lang.get()).to_owned()}</span>
                {heard}
            </p>
            <time class="wall-clock">{time}</time>
        </header>
    }
    .into_any()
}

#[component]
fn Body(live: LiveBoard, clock: Clock) -> impl IntoView {
    let lang = CurrentLang::find();
    let fit = Fit::measured();
    let turns = Turns::start();
    let ids = Memo::new(move |_| {
        live.now.with(|now| now.overview.running.iter().map(|running| running.release.id).collect::<Vec<_>>())
    });
    let places = Memo::new(move |_| live.now.with(|now| now.overview.live.clone()));
    let waiting = Memo::new(move |_| live.now.with(|now| Waiting::for_people(&now.overview)));
    let queued = Memo::new(move |_| live.now.with(|now| Waiting::for_turn(&now.overview)));
    let recent = Memo::new(move |_| live.now.with(|now| now.overview.recent.clone()));
    let is_idle = Memo::new(move |_| ids.with(Vec::is_empty));
    let cards = turns.of(move || ids.get(), move || fit.get().cards);
    let rows = turns.of(move || places.get(), move || fit.get().places_beside(ids.with(Vec::len)));
    let has_queue = Memo::new(move |_| !queued.with(Vec::is_empty));
    let waits = turns.of(move || waiting.get(), move || fit.get().waits(has_queue.get()));
    let next = turns.of(move || queued.get(), move || fit.get().queued);
    let results = Memo::new(move |_| {
        // What waits leaves the rest of the column to the results.
        let free = fit.get().results(waiting.with(Vec::len), queued.with(Vec::len));
        recent.with(|recent| recent.iter().take(free).cloned().collect::<Vec<_>>())
    });
    let page = move |turn: Memo<(usize, usize)>| {
        move || {
            let (page, pages) = turn.get();
            (pages > 1).then(
                || view! { <span class="wall-page">{walls::page(page + 1, pages).get(lang.get()).to_owned()}</span> },
            )
        }
    };
    let (card_page, row_page, wait_page, turn_page) = (cards.turn, rows.turn, waits.turn, next.turn);
    view! {
        <div class="wall-body" data-idle=move || is_idle.get().then_some("")>
            <section class="wall-main">
                <Show when=move || !is_idle.get() fallback=|| ()>
                    <h2>
                        {t(walls::RUNNING)} <span class="wall-count">{move || ids.with(Vec::len)}</span>
                        {page(card_page)}
                    </h2>
                    <div class="wall-cards">
                        <For each=move || cards.shown.get() key=|id| *id let:id>
                            <Card live clock id />
                        </For>
                    </div>
                </Show>
                <Show when=move || is_idle.get() fallback=|| ()>
                    <p class="wall-idle">{t(walls::NOTHING_RUNS)}</p>
                </Show>
                <h2>{t(walls::LIVE)} {page(row_page)}</h2>
                <ul class="wall-rows">
                    <For
                        each=move || rows.shown.get()
                        key=|place| (place.environment_id, LiveVersion::summary(&place.versions).en)
                        let:place
                    >
                        <LiveRow place />
                    </For>
                </ul>
            </section>
            <div class="wall-side">
                <section>
                    <h2>
                        {t(walls::WAITING)}
                        <span class="wall-count">{move || live.now.with(|now| Waiting::count(&now.overview))}</span>
                        {page(wait_page)}
                    </h2>
                    <Show when=move || waiting.with(Vec::is_empty) fallback=|| ()>
                        <p class="wall-none">{t(walls::NOTHING_WAITS)}</p>
                    </Show>
                    <ul class="wall-rows">
                        <For each=move || waits.shown.get() key=Waiting::key let:waiting>
                            <WaitingRow waiting clock />
                        </For>
                    </ul>
                </section>
                <Show when=move || has_queue.get() fallback=|| ()>
                    <section>
                        <h2>
                            {t(board::QUEUE)}
                            <span class="wall-count">{move || live.now.with(|now| now.overview.queued_total)}</span>
                            {page(turn_page)}
                        </h2>
                        <ul class="wall-rows">
                            <For each=move || next.shown.get() key=Waiting::key let:waiting>
                                <WaitingRow waiting clock />
                            </For>
                        </ul>
                    </section>
                </Show>
                <section>
                    <h2>{t(walls::RESULTS)}</h2>
                    <Show when=move || results.with(Vec::is_empty) fallback=|| ()>
                        <p class="wall-none">{t(walls::NO_RESULTS)}</p>
                    </Show>
                    <ul class="wall-rows">
                        <For
                            each=move || results.get()
                            key=|release| (release.id, release.status.as_str(), release.finished_at.map(|at| at.0))
                            let:release
                        >
                            <ResultRow release clock />
                        </For>
                    </ul>
                </section>
            </div>
        </div>
    }
    .into_any()
}
