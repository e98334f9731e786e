//! What the wall is made of: a card for what runs, a row for everything else.

use launchway_domain::{Place, Release, ReleaseId, ReleaseKind};
use leptos::prelude::*;

use crate::text::{board, releases, t};
use crate::ui::components::badge::{KindBadge, StatusBadge};
use crate::ui::components::strip::Strip;
use crate::ui::live::board::LiveBoard;
use crate::ui::live::clock::{Clock, time_of_day};
use crate::ui::live::running::RunningLine;

/// A release that runs.
#[component]
pub fn Card(
    /// The overview, alive.
    live: LiveBoard,
    /// The page's clock.
    clock: Clock,
    /// Which release.
    id: ReleaseId,
) -> impl IntoView {
    let Some((RunningLine { running, percent, doing, elapsed }, first)) = RunningLine::of(live, clock, id) else {
        return ().into_any();
    };
    let is_failing = move || {
        running.with(|running| {
            running.as_ref().is_some_and(|running| running.phases.iter().any(|phase| phase.failed > 0)).then_some("")
        })
    };
    view! {
        <article class="wall-card" data-failing=is_failing>
            <header>
                <span class="wall-what">
                    <b>{first.project_title}</b>
                    " / "
                    {first.environment_name.clone()}
                    " "
                    <KindBadge kind=first.environment_kind name=first.environment_name />
                </span>
                <span class="wall-ref">{first.git_ref.name}</span>
                <span class="wall-doing">{doing}</span>
                <span class="wall-elapsed">{elapsed}</span>
            </header>
            <Strip running />
            <progress max="100" value=move || percent.get().to_string() aria-label=t(board::progress(id.0))></progress>
        </article>
    }
    .into_any()
}

/// What is released, and where it goes.
#[component]
fn What(release: Release) -> impl IntoView {
    view! {
        <span class="wall-what">
            <b>{release.project_title}</b>
            " / "
            {release.environment_name}
        </span>
        <span class="wall-ref">
            {release.git_ref.name}
            {(release.kind == ReleaseKind::Rollback).then(|| view! { " ↩ " <span class="unseen">{t(releases::ROLLBACK)}</span> })}
        </span>
    }
    .into_any()
}

/// Something that waits.
#[component]
pub fn WaitingRow(
    /// Which.
    release: Release,
) -> impl IntoView {
    let status = release.status;
    view! {
        <li class="wall-row">
            <StatusBadge status=Signal::stored(status) />
            <What release />
        </li>
    }
    .into_any()
}

/// Something that ended.
#[component]
pub fn ResultRow(
    /// Which.
    release: Release,
    /// The page's clock.
    clock: Clock,
) -> impl IntoView {
    let status = release.status;
    let at = release.finished_at;
    // Before the browser has taken over there is no local time.
    let time = move || {
        let at = at?;
        let alive = clock.since(at).is_some();
        Some(time_of_day(at, alive).get(..5).unwrap_or_default().to_owned())
    };
    view! {
        <li class="wall-row" data-status=status.as_str()>
            <StatusBadge status=Signal::stored(status) />
            <What release />
            <span class="wall-when">{time}</span>
        </li>
    }
    .into_any()
}

/// What is live in an environment.
#[component]
pub fn LiveRow(
    /// Which.
    place: Place,
) -> impl IntoView {
    let what =
        place.release.map(|release| (release.git_ref.name, release.commit.get(..8).unwrap_or_default().to_owned()));
    let (name, commit) = match what {
        Some((name, commit)) => (Some(name), commit),
        None => (None, String::new()),
    };
    view! {
        <li class="wall-row">
            <span class="wall-what">
                <b>{place.project_title}</b>
                " / "
                {place.environment_name.clone()}
                " "
                <KindBadge kind=place.environment_kind name=place.environment_name />
            </span>
            <span class="wall-ref">{name}</span>
            <code class="wall-when">{commit}</code>
        </li>
    }
    .into_any()
}
