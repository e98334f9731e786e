//! What waits for somebody, and what came of the last ones.

use launchway_domain::{Release, ReleaseStatus};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::api::releases::{RetryRelease, StartRelease};
use crate::text::{CurrentLang, board, t};
use crate::ui::components::badge::StatusBadge;
use crate::ui::components::confirm::refusal_of;
use crate::ui::components::time::Time;
use crate::ui::components::toast::Toasts;
use crate::ui::live::board::LiveBoard;

/// How many rows of each list are shown.
const ROWS: usize = 8;

/// What a row depends on: another one is made where it changes.
type Key = (i64, &'static str, Option<i64>, Option<i64>);

fn key(release: &Release) -> Key {
    (release.id.0, release.status.as_str(), release.queued_at.map(|at| at.0), release.finished_at.map(|at| at.0))
}

/// What waits for somebody: failures that nobody has mended, then what is queued, to approve or to start.
#[component]
pub fn Waiting(
    /// The overview, alive.
    live: LiveBoard,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let start = ServerAction::<StartRelease>::new();
    let retry = ServerAction::<RetryRelease>::new();
    Toasts::follow(start);
    Toasts::follow(retry);
    let rows = Memo::new(move |_| {
        live.now.with(|now| {
            let overview = &now.overview;
            overview.broken.iter().chain(&overview.waiting).take(ROWS).cloned().collect::<Vec<_>>()
        })
    });
    let total = Memo::new(move |_| live.now.with(|now| now.overview.broken.len() as u64 + now.overview.waiting_total));
    let refusals = [refusal_of(start), refusal_of(retry)];
    let refusal = move || {
        let error = refusals.iter().find_map(|refusal| refusal.get())?;
        Some(view! { <p>{error.detail().get(lang.get()).to_owned()}</p> })
    };
    view! {
        <section class="waiting">
            <h2>
                {t(board::WAITING)}
                {move || (total.get() > 0).then(|| view! { <span class="count">{total.get()}</span> })}
            </h2>
            <div class="complaints" role="alert">
                {refusal}
            </div>
            <Show when=move || rows.with(Vec::is_empty) fallback=|| ()>
                <p class="quiet">{t(board::NOTHING_WAITS)}</p>
            </Show>
            <ul class="rows">
                <For each=move || rows.get() key=key let:release>
                    <WaitingRow live release start retry />
                </For>
            </ul>
            {move || {
                let more = total.get().saturating_sub(rows.with(Vec::len) as u64);
                (more > 0)
                    .then(|| view! { <a href="/releases?status=pending">{board::more(more).get(lang.get()).to_owned()}</a> })
            }}
        </section>
    }
    .into_any()
}

/// Sends a form's call without leaving the page. Leptos' own form for that reads the arguments back from the form, and
/// the reader is more code than all of this page.
fn send<S>(action: ServerAction<S>, call: S) -> impl Fn(SubmitEvent) + Clone
where
    S: ServerFn + Clone + Send + Sync + 'static,
    S::Error: Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
    move |event| {
        event.prevent_default();
        action.dispatch(call.clone());
    }
}

#[component]
fn WaitingRow(
    live: LiveBoard,
    release: Release,
    start: ServerAction<StartRelease>,
    retry: ServerAction<RetryRelease>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let (id, status, place) = (release.id.0, release.status, release.environment_id);
    let ahead = move || {
        if status != ReleaseStatus::Queued {
            return None;
        }
        let ahead = live.now.with(|now| {
            now.overview.running.iter().find(|one| one.release.environment_id == place).map(|one| one.release.id.0)
        })?;
        Some(view! { <span class="quiet">{board::behind(ahead).get(lang.get()).to_owned()}</span> })
    };
    let action = match status {
        ReleaseStatus::Pending => {
            let pending = start.pending();
            Some(
                view! {
                    <form method="post" action=StartRelease::PATH on:submit=send(start, StartRelease { id: release.id })>
                        <input type="hidden" name="id" value=id />
                        <button type="submit" class="button primary small" disabled=move || pending.get()>
                            {t(board::START)}
                        </button>
                    </form>
                }
                .into_any(),
            )
        }
        ReleaseStatus::Failed => {
            let pending = retry.pending();
            Some(
                view! {
                    <form method="post" action=RetryRelease::PATH on:submit=send(retry, RetryRelease { id: release.id })>
                        <input type="hidden" name="id" value=id />
                        <button type="submit" class="button small" disabled=move || pending.get()>
                            {t(board::RETRY)}
                        </button>
                    </form>
                }
                .into_any(),
            )
        }
        _ => None,
    };
    view! {
        <li class="row-item">
            <StatusBadge status=Signal::stored(status) />
            <ReleaseLine release />
            {ahead}
            {action}
        </li>
    }
    .into_any()
}

/// What ended last.
#[component]
pub fn Recent(
    /// The overview, alive.
    live: LiveBoard,
) -> impl IntoView {
    let rows =
        Memo::new(move |_| live.now.with(|now| now.overview.recent.iter().take(ROWS).cloned().collect::<Vec<_>>()));
    view! {
        <section class="recent">
            <div class="head">
                <h2>{t(board::RECENT)}</h2>
                <p class="row">
                    <a href="/releases?status=failed">{t(board::FAILED_ONES)}</a>
                    <a href="/releases">{t(board::ALL_RELEASES)}</a>
                </p>
            </div>
            <Show when=move || rows.with(Vec::is_empty) fallback=|| ()>
                <p class="quiet">{t(board::NOTHING_ENDED)}</p>
            </Show>
            <ul class="rows">
                <For each=move || rows.get() key=key let:release>
                    <RecentRow release />
                </For>
            </ul>
        </section>
    }
    .into_any()
}

#[component]
fn RecentRow(release: Release) -> impl IntoView {
    let lang = CurrentLang::find();
    let (status, at) = (release.status, release.finished_at);
    let error = release.error.clone();
    view! {
        <li class="row-item">
            <StatusBadge status=Signal::stored(status) />
            <ReleaseLine release />
            <span class="quiet when">{at.map(|at| view! { <Time at /> })}</span>
            {error.map(|error| view! { <p class="row-error">{move || error.get(lang.get()).to_owned()}</p> })}
        </li>
    }
    .into_any()
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
    .into_any()
}
