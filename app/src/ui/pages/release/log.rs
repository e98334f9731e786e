//! The log of a release: one node's, one server's, or all of it, following while it grows.
//!
//! The server renders the end of it (or the part around the line that the address names), and so does the browser at
//! first. From then on only those lines are in the page that are seen: `model` holds some pages of the log and asks
//! for others, `geometry` says where lines lie, `scroll` chooses, and `view` shows them.

pub mod address;
pub mod ansi;
pub mod copy;
pub mod geometry;
pub mod model;
pub mod pages;
pub mod prefs;
pub mod scroll;
pub mod search;
pub mod toolbar;
pub mod view;

use std::time::Duration;

use launchway_domain::{Fault, LogLines, ReleaseId};
use leptos::html::Input;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use self::address::Marked;
pub use self::address::OpenLog;
use self::model::LogModel;
use self::search::Search;
use self::toolbar::{Foot, Scopes, Toolbar};
use self::view::Viewport;
use crate::api::ApiError;
use crate::api::log::{PAGE_LINES, get_log_lines};
use crate::text::{CurrentLang, log as words, release, t};
use crate::ui::components::load::{Loading, show};
use crate::ui::live::Live;

/// How often those who cannot see it are told that a log has grown.
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only browsers tell"))]
const TELL: Duration = Duration::from_secs(5);

/// How many lines a page that names a line holds before it, at least.
const ABOVE: u64 = 24;

/// What the open log begins with.
pub type LogResource = Resource<Option<Result<LogLines, ApiError>>>;

/// What an open log begins with: the lines around the one that the address names, else the last ones. Not asked for
/// again when another line is marked.
pub fn log_resource(id: Memo<Option<ReleaseId>>, open: Memo<OpenLog>) -> LogResource {
    let query = use_query_map();
    Resource::new(
        move || (id.get(), open.get()),
        move |(id, open)| {
            let marked = query.try_with_untracked(|query| query.get("line")).flatten();
            async move {
                let marked = marked.and_then(|line| Marked::read(&line));
                // From the beginning of a page on, and one that holds some lines before it.
                let page = marked.map(|marked| marked.from.saturating_sub(ABOVE) / PAGE_LINES);
                let from = page.map(|page| page * PAGE_LINES + 1);
                Some(get_log_lines(id?, open.scope(), from).await)
            }
        },
    )
}

/// The panel beside the steps.
#[component]
pub fn LogPanel(
    /// Of which release.
    id: ReleaseId,
    /// The release.
    live: Live,
    /// Which log is open.
    open: Memo<OpenLog>,
    /// What it begins with.
    log: LogResource,
) -> impl IntoView {
    let query = use_query_map();
    view! {
        <div class="log-panel" id="log" role="group" aria-label=t(release::LOG)>
            <Scopes id live query open />
            <Suspense fallback=Loading>
                {move || Suspend::new(async move {
                    match log.await {
                        None => ().into_any(),
                        Some(Err(error)) if matches!(error.fault(), Some(Fault::NotFound { .. })) => {
                            view! { <Missing live log /> }.into_any()
                        }
                        Some(Err(error)) if matches!(error.fault(), Some(Fault::Gone { .. })) => {
                            view! { <p class="log-missing" data-log="removed">{t(error.detail())}</p> }.into_any()
                        }
                        Some(answer) => show(answer, |lines| view! { <Opened id live open log lines /> }),
                    }
                })}
            </Suspense>
        </div>
    }
}

/// What stands in a log's place whose step or server is not there: it may be planned later.
#[component]
fn Missing(live: Live, log: LogResource) -> impl IntoView {
    let lang = CurrentLang::find();
    let text = move || if live.plan.with(Vec::is_empty) { words::EMPTY } else { release::NO_SUCH_STEP };
    Effect::new(move |before: Option<()>| {
        live.plan.track();
        if before.is_some() {
            log.refetch();
        }
    });
    view! { <p class="log-missing">{move || text().get(lang.get()).to_owned()}</p> }
}

/// An open log.
#[component]
fn Opened(id: ReleaseId, live: Live, open: Memo<OpenLog>, log: LogResource, lines: LogLines) -> impl IntoView {
    let asked = open.get_untracked();
    let query = use_query_map();
    let line = query.with_untracked(|query| query.get("line"));
    let marked = line.and_then(|line| Marked::read(&line));
    let model = LogModel::new(id, live, asked.scope(), &lines, marked);
    let search = Search::new(model);
    let input = NodeRef::<Input>::new();
    let news = RwSignal::new(0_u64);
    come_alive(model, search, input, log, news, open);
    let lang = CurrentLang::find();
    let told = move || match news.get() {
        0 => String::new(),
        lines => words::came(lines).get(lang.get()).to_owned(),
    };
    view! {
        <Toolbar model search input />
        <Viewport model search open=asked />
        <Foot model />
        <p class="visually-hidden" role="status" aria-live="polite">
            {told}
        </p>
    }
}

/// Takes over what the server rendered: finds its place, follows the feed, listens to the keyboard.
#[cfg(feature = "hydrate")]
fn come_alive(
    model: LogModel,
    search: Search,
    input: NodeRef<Input>,
    log: LogResource,
    news: RwSignal<u64>,
    open: Memo<OpenLog>,
) {
    let began = StoredValue::new(false);
    Effect::new(move || {
        // When the lines are in the page, and once.
        if model.container.get().is_none() || began.get_value() {
            return;
        }
        began.set_value(true);
        model.prefs.set(prefs::Prefs::remembered());
        let hash = window().location().hash().unwrap_or_default();
        if model.marked.get_untracked().is_none()
            && let Some(marked) = Marked::read(&hash)
        {
            model.marked.set(Some(marked));
        }
        request_animation_frame(move || match model.marked.try_get_untracked().flatten() {
            Some(marked) => {
                into_sight(model);
                model.go_to(marked.from);
                // What stands above the log may still find its height.
                set_timeout(move || into_sight(model), Duration::from_millis(300));
            }
            None => model.lay(),
        });
    });

    model.live.listen_to_logs(Some(std::sync::Arc::new(move |event| model.hear(&event))));
    // The log was read before the page listened.
    model.look();
    let resized = window_event_listener(leptos::ev::resize, move |_| model.lay_anew());
    let hash = window_event_listener(leptos::ev::hashchange, move |_| {
        if let Some(marked) = window().location().hash().ok().and_then(|hash| Marked::read(&hash)) {
            model.marked.set(Some(marked));
            model.go_to(marked.from);
        }
    });
    let keys = window_event_listener(leptos::ev::keydown, move |event| {
        let is_typing = event.target().is_some_and(|target| {
            use wasm_bindgen::JsCast;
            target.dyn_ref::<web_sys::Element>().is_some_and(|element| {
                element.closest("input, textarea, select, [contenteditable], dialog").ok().flatten().is_some()
            })
        });
        if event.key() == "/"
            && !is_typing
            && !event.ctrl_key()
            && !event.meta_key()
            && !event.alt_key()
            && let Some(input) = input.get_untracked()
        {
            event.prevent_default();
            let _ = input.focus();
            input.select();
        }
    });
    // A panel may change its width without the window: it fills it, or a list beside it goes.
    let width = StoredValue::new(0);
    let watch = set_interval_with_handle(
        move || {
            if let Some(container) = model.container.try_get_untracked().flatten() {
                let now = container.client_width() * 65_536 + container.client_height();
                if width.try_get_value().is_some_and(|known| known != now) {
                    width.try_set_value(now);
                    model.lay_anew();
                }
            }
        },
        Duration::from_millis(500),
    );
    // Told since.
    let known = StoredValue::new(model.total.get_untracked());
    let tell = set_interval_with_handle(
        move || {
            let (Some(total), Some(before)) = (model.total.try_get_untracked(), known.try_get_value()) else { return };
            if total != before {
                known.try_set_value(total);
                news.try_set(total.saturating_sub(before));
            }
        },
        TELL,
    );
    on_cleanup(move || {
        model.live.listen_to_logs(None);
        [resized, hash, keys].into_iter().for_each(|handle| handle.remove());
        [watch, tell].into_iter().flatten().for_each(|handle| handle.clear());
    });
    Effect::new(move || search.more(model.total.get()));
    // A new run begins a new log.
    if let launchway_domain::LogScope::Node(node, launchway_domain::LogRuns::Latest) = open.get_untracked().scope() {
        let run = move || model.live.watch(&node).map_or(0, |view| view.node.attempt);
        Effect::new(move |before: Option<u32>| {
            let now = run();
            if before.is_some_and(|before| before != now) {
                log.refetch();
            }
            now
        });
    }
}

/// Scrolls the page so that the log is seen: whoever was sent the address of a line wants to see it, and not what
/// stands above.
#[cfg(feature = "hydrate")]
fn into_sight(model: LogModel) {
    if let Some(container) = model.container.try_get_untracked().flatten() {
        let frame = container.get_bounding_client_rect();
        let seen = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(0.0);
        if frame.bottom() > seen || frame.top() < 0.0 {
            container.scroll_into_view_with_bool(false);
        }
    }
}

#[cfg(not(feature = "hydrate"))]
fn come_alive(_: LogModel, _: Search, _: NodeRef<Input>, _: LogResource, _: RwSignal<u64>, _: Memo<OpenLog>) {}
