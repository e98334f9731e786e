//! What waits for somebody, and what came of the last ones.

use launchway_domain::{Overview, Release, ReleaseStatus};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::api::releases::{RetryRelease, StartRelease};
use crate::text::{board, t};
use crate::ui::components::badge::StatusBadge;
use crate::ui::components::time::Time;

/// How many rows of each list are shown.
const ROWS: usize = 8;

/// What waits for somebody: failures that nobody has mended, then what is queued, to approve or to start.
#[component]
pub fn Waiting(
    /// What goes on.
    overview: Overview,
) -> impl IntoView {
    let total = overview.broken.len() as u64 + overview.waiting_total;
    let behind = |release: &Release| {
        let is_ahead = |id| id == release.environment_id && release.status == ReleaseStatus::Queued;
        overview.running.iter().find(|one| is_ahead(one.release.environment_id)).map(|one| one.release.id.0)
    };
    let rows: Vec<(Release, Option<i64>)> = overview
        .broken
        .iter()
        .chain(&overview.waiting)
        .take(ROWS)
        .map(|release| (release.clone(), behind(release)))
        .collect();
    let more = total.saturating_sub(rows.len() as u64);
    view! {
        <section class="waiting">
            <h2>{t(board::WAITING)} {(total > 0).then(|| view! { <span class="count">{total}</span> })}</h2>
            {rows.is_empty().then(|| view! { <p class="quiet">{t(board::NOTHING_WAITS)}</p> })}
            <ul class="rows">
                {rows.into_iter().map(|(release, behind)| view! { <WaitingRow release behind /> }).collect_view()}
            </ul>
            {(more > 0).then(|| view! { <a href="/releases?status=pending">{t(board::more(more))}</a> })}
        </section>
    }
}

#[component]
fn WaitingRow(release: Release, behind: Option<i64>) -> impl IntoView {
    let (id, status) = (release.id.0, release.status);
    let press = match status {
        ReleaseStatus::Pending => Some((StartRelease::PATH, "button primary small", board::START)),
        ReleaseStatus::Failed => Some((RetryRelease::PATH, "button small", board::RETRY)),
        _ => None,
    };
    let press = press.map(|(action, class, text)| {
        view! {
            <form method="post" action=action>
                <input type="hidden" name="id" value=id />
                <button type="submit" class=class>
                    {t(text)}
                </button>
            </form>
        }
    });
    view! {
        <li class="row-item" data-key=id>
            <StatusBadge status=Signal::stored(status) />
            <ReleaseLine release />
            {behind.map(|ahead| view! { <span class="quiet">{t(board::behind(ahead))}</span> })}
            {press}
        </li>
    }
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
