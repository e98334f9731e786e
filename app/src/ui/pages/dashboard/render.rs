//! What stands on the front page.

use launchway_domain::Overview;
use leptos::prelude::*;

use super::First;
use super::lists::{Queued, Recent, Waiting};
use super::places::Places;
use super::running::RunningNow;
use crate::api::board::{Front, front};
use crate::api::releases::{ContinueRelease, RetryRelease, StartRelease};
use crate::text::{board, common, releases, t};
use crate::ui::components::confirm::refusal_of;
use crate::ui::components::load::Refusal;

/// The page as it is sent first; none where nobody is signed in.
pub(super) async fn first() -> Option<First> {
    let (html, mark) = match front().await {
        Ok(Front { html, mark, .. }) => (html.unwrap_or_default(), mark),
        Err(error) if error.is_signed_out() => return None,
        // It stands there until the browser asks again.
        Err(error) => (view! { <Refusal error /> }.to_html(), String::new()),
    };
    Some(First { html, mark, refusal: refusal() })
}

/// Why the form that led to this page came to nothing, where it did.
fn refusal() -> String {
    let refusals = [
        refusal_of(ServerAction::<StartRelease>::new()),
        refusal_of(ServerAction::<RetryRelease>::new()),
        refusal_of(ServerAction::<ContinueRelease>::new()),
    ];
    let error = refusals.iter().find_map(|refusal| refusal.get_untracked());
    error.map(|error| view! { <p>{t(error.detail())}</p> }.to_html()).unwrap_or_default()
}

/// The page, in the language of the context.
pub(crate) fn render(overview: Overview) -> String {
    // Nothing was ever released: what to do comes before what goes on.
    let is_new = overview.running.is_empty() && overview.waiting.is_empty() && overview.recent.is_empty();
    let places = (!is_new || overview.live_total > 0).then(|| view! { <Places overview=overview.clone() /> });
    let work = match is_new {
        true => view! { <FirstSteps /> }.into_any(),
        false => view! {
            <RunningNow running=overview.running.clone() />
            <div class="halves">
                <div class="column">
                    <Waiting overview=overview.clone() />
                    <Queued overview=overview.clone() />
                </div>
                <Recent recent=overview.recent />
            </div>
        }
        .into_any(),
    };
    view! {
        <div class="head">
            <h1>{t(board::TITLE)}</h1>
            <div class="row">
                <a class="button" href="/wall">
                    {t(common::WALL)}
                </a>
            </div>
        </div>
        {work}
        {places}
    }
    .to_html()
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
}
