//! What waits for somebody, what waits in the queues, and what came of the last ones.

use launchway_domain::{LiveState, Overview, Place, Release, ReleaseStatus, Running, Text};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::api::releases::{ContinueRelease, RetryRelease, StartRelease};
use crate::text::{board, rollout, t};
use crate::ui::components::badge::{OutcomeBadge, StatusBadge};
use crate::ui::components::time::Time;
use crate::ui::may::May;

/// How many rows of each list are shown.
const ROWS: usize = 8;

/// What waits for somebody: releases that wait to be let go on, servers that drifted, failures that nobody has mended,
/// then what is to approve or to start.
#[component]
pub fn Waiting(
    /// What goes on.
    overview: Overview,
) -> impl IntoView {
    let Overview { running, waiting, waiting_total, queued_total, broken, live, forbidden, .. } = overview;
    let may = May::find();
    let held: Vec<Running> = running.into_iter().filter(|one| one.hold().is_some()).collect();
    let drifted: Vec<Place> = live.into_iter().filter(|place| !place.drifted.is_empty()).collect();
    let total = (held.len() + drifted.len() + broken.len()) as u64 + waiting_total.saturating_sub(queued_total);
    let held = held.into_iter().map(|running| {
        let may = may.run(running.release.project_id, running.release.environment_kind);
        view! { <HeldRow running may /> }.into_any()
    });
    let drifted = drifted.into_iter().map(|place| view! { <DriftRow place /> }.into_any());
    let open = waiting.into_iter().filter(|release| release.status != ReleaseStatus::Queued);
    let open = broken.into_iter().chain(open).map(|release| {
        let may = may.run(release.project_id, release.environment_kind);
        let is_forbidden = forbidden.contains(&release.id);
        view! { <WaitingRow release may is_forbidden /> }.into_any()
    });
    let rows: Vec<AnyView> = held.chain(drifted).chain(open).take(ROWS).collect();
    let more = total.saturating_sub(rows.len() as u64);
    view! {
        <section class="waiting">
            <h2>{t(board::WAITING)} {(total > 0).then(|| view! { <span class="count">{total}</span> })}</h2>
            {rows.is_empty().then(|| view! { <p class="quiet">{t(board::NOTHING_WAITS)}</p> })}
            <ul class="rows">{rows}</ul>
            {(more > 0).then(|| view! { <a href="/releases?status=pending">{t(board::more(more))}</a> })}
        </section>
    }
}

/// A release that waits between two batches.
#[component]
fn HeldRow(running: Running, may: bool) -> impl IntoView {
    let (id, hold) = (running.release.id.0, running.hold().cloned());
    let (done, of) = running.switched();
    let since = hold.as_ref().map(|hold| hold.since.millis());
    let until = hold.and_then(|hold| hold.until);
    view! {
        <li class="row-item" data-key=id>
            <OutcomeBadge status="queued" sign="…" label=rollout::HELD />
            <ReleaseLine release=running.release />
            <span class="doing held">{t(rollout::held(done, of, until.is_some()))} {until.map(|at| view! { " " <Time at /> })}</span>
            <span class="quiet when" data-since=since></span>
            {may.then(|| press(ContinueRelease::PATH, "button primary small", rollout::CONTINUE, id))}
        </li>
    }
}

/// An environment of which servers are otherwise than they were released.
#[component]
fn DriftRow(place: Place) -> impl IntoView {
    let href = format!("/live?project={}&state={}", place.project_id, LiveState::Drift.as_str());
    view! {
        <li class="row-item" data-key=format!("drift-{}", place.environment_id)>
            <OutcomeBadge status="failed" sign="≠" label=LiveState::Drift.label() />
            <span class="line">
                <a class="what" href=href>
                    <b>{t(board::drifted(&place.drifted))}</b>
                </a>
                <span class="quiet">{place.project_title} " / " {place.environment_name}</span>
            </span>
        </li>
    }
}

#[component]
fn WaitingRow(release: Release, may: bool, is_forbidden: bool) -> impl IntoView {
    let (id, status) = (release.id.0, release.status);
    let action = match status {
        ReleaseStatus::Pending => Some((StartRelease::PATH, "button primary small", board::START)),
        ReleaseStatus::Failed => Some((RetryRelease::PATH, "button small", board::RETRY)),
        _ => None,
    };
    let press = action.filter(|_| may).map(|(action, class, text)| match is_forbidden {
        // The release says which rule, and what can be done about it.
        true => view! {
            <a class="button small" href=format!("/releases/{id}") title=t(board::FORBIDDEN)>
                {t(text)}
                "…"
            </a>
        }
        .into_any(),
        false => press(action, class, text, id),
    });
    view! {
        <li class="row-item" data-key=id>
            <StatusBadge status=Signal::stored(status) />
            <ReleaseLine release />
            {press}
        </li>
    }
}

/// A button that does something with a release.
fn press(action: &'static str, class: &'static str, text: Text, id: i64) -> AnyView {
    view! {
        <form method="post" action=action>
            <input type="hidden" name="id" value=id />
            <button type="submit" class=class>
                {t(text)}
            </button>
        </form>
    }
    .into_any()
}

/// What starts by itself, and what each waits for; nothing where nothing is queued.
#[component]
pub fn Queued(
    /// What goes on.
    overview: Overview,
) -> impl IntoView {
    let Overview { waiting, queue, queued_total: total, .. } = overview;
    let waits = |release: &Release| queue.iter().find(|one| one.release_id == release.id).map(|one| one.waits.clone());
    let queued = waiting.into_iter().filter(|release| release.status == ReleaseStatus::Queued).take(ROWS);
    let rows: Vec<_> = queued
        .map(|release| {
            let (id, status) = (release.id.0, release.status);
            let waits = waits(&release).unwrap_or_default().into_iter().map(|wait| {
                let until = wait.until.map(|at| view! { " " <Time at /> });
                view! { <li>{t(wait.short())} {until}</li> }
            });
            view! {
                <li class="row-item" data-key=id>
                    <StatusBadge status=Signal::stored(status) />
                    <ReleaseLine release />
                    <ul class="waits quiet">{waits.collect_view()}</ul>
                </li>
            }
        })
        .collect();
    let more = total.saturating_sub(rows.len() as u64);
    (total > 0).then(|| {
        view! {
            <section class="queued">
                <h2>{t(board::QUEUE)} <span class="count">{total}</span></h2>
                <ul class="rows">{rows}</ul>
                {(more > 0).then(|| view! { <a href="/releases?status=queued">{t(board::more(more))}</a> })}
            </section>
        }
    })
}

/// What ended last.
#[component]
pub fn Recent(
    /// Newest first.
    recent: Vec<Release>,
) -> impl IntoView {
    let is_none = recent.is_empty();
    view! {
        <section class="recent">
            <div class="head">
                <h2>{t(board::RECENT)}</h2>
                <p class="row">
                    <a href="/releases?status=failed">{t(board::FAILED_ONES)}</a>
                    <a href="/releases">{t(board::ALL_RELEASES)}</a>
                </p>
            </div>
            {is_none.then(|| view! { <p class="quiet">{t(board::NOTHING_ENDED)}</p> })}
            <ul class="rows">
                {recent.into_iter().take(ROWS).map(|release| view! { <RecentRow release /> }).collect_view()}
            </ul>
        </section>
    }
}

#[component]
fn RecentRow(release: Release) -> impl IntoView {
    let (id, status, at) = (release.id.0, release.status, release.finished_at);
    let error = release.error.clone();
    view! {
        <li class="row-item" data-key=id>
            <StatusBadge status=Signal::stored(status) />
            <ReleaseLine release />
            <span class="quiet when">{at.map(|at| view! { <Time at /> })}</span>
            {error.map(|error| view! { <p class="row-error">{t(error)}</p> })}
        </li>
    }
}

/// Which release, and where it goes.
#[component]
fn ReleaseLine(release: Release) -> impl IntoView {
    view! {
        <span class="line">
            <a class="what" href=format!("/releases/{}", release.id)>
                <span class="number">{format!("#{}", release.id)}</span>
                <b>{release.git_ref.name}</b>
            </a>
            <span class="quiet">{release.project_title} " / " {release.environment_name}</span>
        </span>
    }
}
