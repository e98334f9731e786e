//! What runs now.

use launchway_domain::Running;
use leptos::prelude::*;

use crate::text::{board, rollout, t};
use crate::ui::components::badge::KindBadge;
use crate::ui::components::strip::Strip;

/// What runs now, each with its progress.
#[component]
pub fn RunningNow(
    /// The longest first.
    running: Vec<Running>,
) -> impl IntoView {
    let many = running.len();
    view! {
        <section class="running">
            <h2>{t(board::RUNNING)} {(many > 0).then(|| view! { <span class="count">{many}</span> })}</h2>
            {(many == 0).then(|| view! { <p class="quiet">{t(board::NOTHING_RUNS)}</p> })}
            <div class="cards">{running.into_iter().map(|running| view! { <Card running /> }).collect_view()}</div>
        </section>
    }
}

#[component]
fn Card(running: Running) -> impl IntoView {
    let release = running.release.clone();
    let id = release.id;
    let since = release.started_at.unwrap_or(release.created_at).millis();
    let (done, of) = running.switched();
    let held = running.hold().map(|hold| t(rollout::held(done, of, hold.until.is_some())));
    let doing = match (release.cancel_requested, held) {
        (true, _) => Some(view! { <span class="doing">{t(board::CANCELING)}</span> }.into_any()),
        (false, Some(held)) => Some(view! { <span class="doing held">{held}</span> }.into_any()),
        // How much is transferred is not stored anywhere: the browser hears of it on the feed.
        (false, None) => running.now().map(|kind| {
            view! {
                <span class="doing">
                    {t(kind.label())} <span data-sent=id.0></span>
                </span>
            }
            .into_any()
        }),
    };
    view! {
        <article class="card running-card" data-key=id.0>
            <header>
                <a class="what" href=format!("/releases/{id}")>
                    <span class="number">{format!("#{id}")}</span>
                    <b>{release.git_ref.name}</b>
                </a>
                <span>
                    {release.project_title} " / " {release.environment_name.clone()} " "
                    <KindBadge kind=release.environment_kind name=release.environment_name />
                    <span class="quiet">" · " {release.created_by_name}</span>
                </span>
                <span class="running-now">
                    {doing}
                    <span class="elapsed quiet" data-since=since></span>
                </span>
            </header>
            <progress
                max="100"
                value=running.percent().to_string()
                aria-label=t(board::progress(id.0))
            ></progress>
            <Strip running=Memo::new(move |_| Some(running.clone())) />
        </article>
    }
}
