//! The log of one step, following while it grows.

use std::sync::Arc;

use launchway_domain::{LogStream, NodeKey, ReleaseId, Text};
use leptos::html::Div;
use leptos::prelude::*;

use super::{LogResource, OpenLog};
use crate::api::live::LogStretch;
use crate::text::{CurrentLang, release as words, t};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::time::Alive;
use crate::ui::live::Live;
use crate::ui::live::clock::time_of_day;
use crate::ui::live::log::{Block, LogTail, Row};
use crate::ui::pipeline::diagram::names;

/// How near to its end, in pixels, a log counts as scrolled down.
const NEAR: i32 = 24;

/// The panel beside the steps: the open log, or how to open one.
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
    // A node may be asked for before it is planned.
    let node = Memo::new(move |_| {
        let key = open.get().node?;
        let is_planned = live.plan.with(|plan| plan.iter().any(|planned| planned.key == key));
        Some((key, is_planned))
    });
    let hint = |text: Text| view! { <p class="log-hint">{t(text)}</p> }.into_any();
    let body = move || match node.get() {
        None => hint(words::LOG_HINT),
        Some((_, false)) => hint(words::NO_SUCH_STEP),
        Some((key, true)) => view! { <LogHead id live key open /> }.into_any(),
    };
    view! {
        <section class="panel log-panel" id="log" aria-label=t(words::LOG)>
            {body}
            <Suspense fallback=Loading>
                {move || Suspend::new(async move {
                    match log.await {
                        None => ().into_any(),
                        Some(answer) => show(answer, |stretch| view! { <Lines id live open log stretch /> }),
                    }
                })}
            </Suspense>
        </section>
    }
}

/// Whose log it is, its runs, and the way out.
#[component]
fn LogHead(id: ReleaseId, live: Live, key: NodeKey, open: Memo<OpenLog>) -> impl IntoView {
    let name =
        live.plan.with_untracked(|plan| names(plan).remove(&key)).unwrap_or_else(|| Text::verbatim(key.to_string()));
    let latest = live.node(&key).map(|view| Memo::new(move |_| view.with(|view| view.node.attempt)));
    let runs = move || {
        let latest = latest.map_or(0, |latest| latest.get());
        let shown = open.get().attempt.unwrap_or(latest);
        let links = (1..=latest).map(|attempt| {
            // Without a number the address stays that of the latest run.
            let named = (attempt < latest).then_some(attempt);
            let href = OpenLog { node: Some(key.clone()), attempt: named, offset: None }.href(id);
            let current = (attempt == shown).then_some("true");
            view! { <a href=href data-noscroll aria-current=current>{attempt}</a> }
        });
        let links = links.collect_view();
        (latest > 1).then(|| {
            view! {
                <nav class="log-runs" aria-label=t(words::ATTEMPT)>
                    <span>{t(words::ATTEMPT)}</span>
                    {links}
                </nav>
            }
        })
    };
    view! {
        <div class="log-head">
            <h2>{t(words::LOG)} " · " {t(name)}</h2>
            {runs}
            <a class="log-close" href=format!("/releases/{id}") data-noscroll aria-label=t(words::LOG_CLOSE)>
                "×"
            </a>
        </div>
    }
}

/// The lines, and what follows them.
#[component]
fn Lines(id: ReleaseId, live: Live, open: Memo<OpenLog>, log: LogResource, stretch: LogStretch) -> impl IntoView {
    let asked = open.get_untracked();
    let node = stretch.node.clone();
    let name = node.to_string();
    let tail = RwSignal::new(LogTail::of(&stretch));
    let is_following = asked.offset.is_none();
    if is_following {
        follow_the_feed(id, live, log, &stretch, asked.attempt, tail);
    }

    let container = NodeRef::<Div>::new();
    let follow = RwSignal::new(is_following);
    keep_at_the_end(container, follow, tail);
    let on_scroll = move |_| {
        if let Some(container) = container.get_untracked() {
            let below = container.scroll_height() - container.scroll_top() - container.client_height();
            let is_at_the_end = below <= NEAR;
            if is_following && follow.get_untracked() != is_at_the_end {
                follow.set(is_at_the_end);
            }
        }
    };
    let blocks = move || tail.with(|tail| tail.blocks().cloned().collect::<Vec<_>>());
    let cut = {
        let first = OpenLog { offset: Some(0), ..asked.clone() }.href(id);
        let is_cut = Memo::new(move |_| tail.with(LogTail::is_cut));
        move || {
            let first = first.clone();
            is_cut.get().then(|| {
                view! {
                    <p class="log-cut">
                        {t(words::LOG_CUT)} " " <a href=first data-noscroll>{t(words::LOG_FROM_START)}</a>
                    </p>
                }
            })
        }
    };
    let foot = if is_following {
        view! {
            <label class="log-follow">
                <input
                    type="checkbox"
                    checked
                    prop:checked=move || follow.get()
                    on:change=move |event| follow.set(event_target_checked(&event))
                />
                {t(words::LOG_FOLLOW)}
            </label>
        }
        .into_any()
    } else {
        let has_more = !stretch.page.done && !stretch.page.items.is_empty();
        let next = OpenLog { offset: Some(stretch.page.next), ..asked.clone() }.href(id);
        let latest = OpenLog { offset: None, ..asked }.href(id);
        view! {
            {has_more.then(|| view! { <a href=next data-noscroll>{t(words::LOG_NEXT_PART)}</a> })}
            <a href=latest data-noscroll>{t(words::LOG_LIVE)}</a>
        }
        .into_any()
    };
    view! {
        {cut}
        <div
            class="log"
            role="log"
            aria-live="off"
            aria-label=t(words::LOG)
            tabindex="0"
            node_ref=container
            on:scroll=on_scroll
            data-node=name
        >
            <For each=blocks key=|block| (block.id, block.version) let:block>
                <Rows block />
            </For>
            <Silence live node tail />
        </div>
        <div class="log-foot">{foot}</div>
    }
}

/// What stands where nothing was said.
#[component]
fn Silence(live: Live, node: NodeKey, tail: RwSignal<LogTail>) -> impl IntoView {
    let lang = CurrentLang::find();
    let is_over = Memo::new(move |_| live.watch(&node).is_some_and(|view| view.node.status.is_final()));
    let is_silent = Memo::new(move |_| tail.with(LogTail::is_empty));
    move || {
        let text = if is_over.get() { words::LOG_NONE } else { words::LOG_EMPTY };
        is_silent.get().then(|| view! { <p class="log-hint">{text.get(lang.get()).to_owned()}</p> })
    }
}

#[component]
fn Rows(block: Arc<Block>) -> impl IntoView {
    let alive = Alive::find();
    let row = |row: &Row| {
        let at = row.at;
        view! {
            <div class="log-row" class:is-system=row.stream == LogStream::System data-stream=row.stream.as_str()>
                <time datetime=at.rfc3339()>{move || time_of_day(at, alive.get())}</time>
                <span class="log-text">{row.text.clone()}</span>
            </div>
        }
    };
    block.rows.iter().map(row).collect_view()
}

/// Adds what the feed tells of; a new run begins a new log.
fn follow_the_feed(
    id: ReleaseId,
    live: Live,
    log: LogResource,
    stretch: &LogStretch,
    attempt: Option<u32>,
    tail: RwSignal<LogTail>,
) {
    #[cfg(feature = "hydrate")]
    {
        let (node, shown) = (stretch.node.clone(), stretch.attempt);
        {
            let node = node.clone();
            Effect::new(move || crate::ui::live::follow::follow(live, id, node.clone(), tail));
        }
        Effect::new(move || {
            if attempt.is_none() && live.watch(&node).is_some_and(|view| view.node.attempt > shown) {
                log.refetch();
            }
        });
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (id, live, log, stretch, attempt, tail);
}

/// Scrolls down whenever something was added, unless the reader has scrolled up.
fn keep_at_the_end(container: NodeRef<Div>, follow: RwSignal<bool>, tail: RwSignal<LogTail>) {
    Effect::new(move || {
        tail.track();
        if let Some(container) = container.get()
            && follow.get()
        {
            request_animation_frame(move || container.set_scroll_top(container.scroll_height()));
        }
    });
}
