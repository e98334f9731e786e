//! One release: what it is, its pipeline, its steps, and beside them the log of one of them, what changes, its hooks
//! and its people.
//!
//! The server renders all of it, from a snapshot that names the last event it includes. The browser
//! takes the page over with that same snapshot and listens to the feed from that event on: nothing is
//! lost between the two, and nothing is asked for again.

pub mod actions;
pub mod address;
pub mod changes;
pub mod header;
pub mod hold;
pub mod hooks;
pub mod log;
pub mod outputs;
pub mod people;
pub mod standing;
pub mod start;
pub mod steps;
pub mod tabs;

use launchway_domain::{NodeKey, ReleaseId, ReleaseStatus};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use leptos_router::params::ParamsMap;

use self::address::{Full, Tab, href_with};
use self::header::Header;
use self::log::log_resource;
pub use self::log::{LogResource, OpenLog};
use self::standing::Stands;
use self::steps::Steps;
use self::tabs::{FullLink, Tabs};
use super::{id_param, no_such_page};
use crate::api::releases::start_of_release;
use crate::api::snapshot::ReleaseStart;
use crate::text::{CurrentLang, release as words, t};
use crate::ui::components::load::{Loading, show};
use crate::ui::live::Live;
use crate::ui::live::clock::Clock;
use crate::ui::pipeline::cells::Cells;
use crate::ui::pipeline::diagram::Diagram;
use crate::ui::pipeline::drawn::Drawn;
use crate::ui::pipeline::groups::MANY;

/// The page of one release.
#[component]
pub fn ReleasePage() -> impl IntoView {
    let id = id_param::<ReleaseId>("id");
    let query = use_query_map();
    let open = Memo::new(move |_| query.with(OpenLog::read));
    let found = Resource::new(
        move || id.get(),
        |id| async move {
            let Some(id) = id else { return Err(no_such_page()) };
            start_of_release(id).await
        },
    );
    let log = log_resource(id, open);
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                show(found.await, |start| view! { <Page start query open log /> })
            })}
        </Suspense>
    }
}

#[component]
fn Page(start: ReleaseStart, query: Memo<ParamsMap>, open: Memo<OpenLog>, log: LogResource) -> impl IntoView {
    let ReleaseStart { snapshot, standing, promote_to } = start;
    let id = snapshot.release.id;
    let release = snapshot.release.clone();
    let live = Live::new(snapshot);
    let stands = Stands::new(live, standing);
    let runs = Memo::new(move |_| live.release.with(|release| release.status == ReleaseStatus::Running));
    let clock = Clock::start_while(runs.into());
    #[cfg(feature = "hydrate")]
    Effect::new(move || crate::ui::live::client::follow(live, id, clock));

    leave_by_escape(id, query);
    let navigate = use_navigate();
    let select = Callback::new(move |node: NodeKey| {
        // As the links of the list do: Back goes to the step before, and to the page without one at last.
        let options = NavigateOptions { scroll: false, ..NavigateOptions::default() };
        navigate(&OpenLog::of(node).href(id), options);
    });
    let selected = Signal::derive(move || open.get().node);
    let href = Callback::new(move |node: NodeKey| OpenLog::of(node).href(id));
    let drawn = Drawn::new(live, selected);
    let has_nodes = Memo::new(move |_| live.plan.with(|plan| !plan.is_empty()));
    let is_many = Memo::new(move |_| live.fleet.count.get() >= MANY);
    let tab = Memo::new(move |_| query.with(|query| Tab::parse(query.get_str("tab"))));
    let full = Memo::new(move |_| query.with(|query| Full::parse(query.get_str("full"))));

    view! {
        <article
            class="release"
            data-full=move || full.get().map(Full::as_str)
            data-many=move || is_many.get().then_some("")
        >
            <Header release=release.clone() live clock stands promote_to />
            <section class="panel pipeline-panel" aria-label=t(words::PIPELINE)>
                <Show when=move || has_nodes.get() fallback=move || view! { <NoPipeline live stands /> }>
                    <Diagram live clock drawn selected select href>
                        <FullLink id of=Full::Pipeline query full />
                    </Diagram>
                </Show>
            </section>
            <div class="release-columns">
                <Show when=move || has_nodes.get()>
                    <div class="release-side">
                        <Cells live drawn href />
                        <Steps id live clock drawn selected />
                    </div>
                </Show>
                <Tabs release live query tab full open log />
            </div>
        </article>
    }
}

/// Escape gives the page back where a part of it fills the window. Whatever else is open takes the key first.
fn leave_by_escape(id: ReleaseId, query: Memo<ParamsMap>) {
    let navigate = use_navigate();
    Effect::new(move || {
        let navigate = navigate.clone();
        let listening = window_event_listener(leptos::ev::keydown, move |event| {
            let is_full = query.with_untracked(|query| Full::parse(query.get_str("full")).is_some());
            if event.key() == "Escape" && is_full && !event.default_prevented() {
                let options = NavigateOptions { scroll: false, ..NavigateOptions::default() };
                navigate(&untrack(|| href_with(query, id, &[("full", None)])), options);
            }
        });
        on_cleanup(move || listening.remove());
    });
}

/// What stands in the picture's place before there are nodes.
#[component]
fn NoPipeline(live: Live, stands: Stands) -> impl IntoView {
    let lang = CurrentLang::find();
    let words = move || match live.release.with(|release| release.status) {
        ReleaseStatus::Queued | ReleaseStatus::AwaitingApproval => stands.known.with(|known| match &known.waits[..] {
            [] => words::PIPELINE_QUEUED,
            waits => words::pipeline_waits(waits),
        }),
        _ => words::PIPELINE_EMPTY,
    };
    view! { <p class="pipeline-empty">{move || words().get(lang.get()).to_owned()}</p> }
}
