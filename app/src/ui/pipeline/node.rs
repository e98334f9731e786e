//! A node of the picture.

use launchway_domain::{Lang, Node, NodeKey, NodeStatus, ServerId, Text};
use leptos::prelude::*;

use super::layout::{LABEL_X, Layout, NODE_HEIGHT, Placed};
use super::sign;
use crate::text::{CurrentLang, release as words, rollout};
use crate::ui::live::clock::Clock;
use crate::ui::live::{Live, NodeView};

/// How wide the sign is drawn.
const SIGN: i32 = 16;
/// The space beside the progress bar, and right of the time.
const BAR_INSET: i32 = 10;

/// What all nodes of a picture share.
#[derive(Clone, Copy)]
pub struct Shared {
    /// The release.
    pub live: Live,
    /// The page's clock.
    pub clock: Clock,
    /// Where everything stands.
    pub picture: Memo<Layout>,
    /// The node whose log is open.
    pub selected: Signal<Option<NodeKey>>,
    /// The one node that Tab stops at.
    pub stop: Memo<Option<NodeKey>>,
    /// The server that everybody waits for.
    pub slow: Memo<Option<ServerId>>,
}

impl Shared {
    /// Where a node stands; follows the picture.
    pub fn place(self, key: &NodeKey) -> Memo<Option<Placed>> {
        let key = key.clone();
        Memo::new(move |_| self.picture.with(|picture| picture.nodes.iter().find(|node| node.key == key).cloned()))
    }

    /// Whether Tab stops at a node.
    pub fn is_stop(self, key: &NodeKey) -> Memo<bool> {
        let key = key.clone();
        Memo::new(move |_| self.stop.with(|stop| stop.as_ref() == Some(&key)))
    }
}

/// What stands under a node's label, and at the end of the label's line. Under it: how far it is, else how long it takes;
/// its status where there is nothing to measure, or where the sign alone would be too quiet.
fn notes(view: &NodeView, batches: u32, lang: Lang, clock: Clock) -> (String, String) {
    let node = &view.node;
    // Of a server whose turn comes later, when that is says more than that it waits.
    if let (Some(batch), NodeStatus::Pending | NodeStatus::Waiting) = (node.batch, node.status) {
        return (rollout::batch(batch, batches.max(batch)).get(lang).to_owned(), String::new());
    }
    let status = || node.status.label().get(lang).to_owned();
    let took = elapsed(view, lang, clock);
    let far = view.progress.filter(|_| node.status == NodeStatus::Running);
    match (far, took) {
        (Some(far), took) => {
            (words::progress(node.kind, far.percent(), far.done, far.total, lang), took.unwrap_or_default())
        }
        (None, Some(took)) if node.status == NodeStatus::Failed => (format!("{} · {took}", status()), String::new()),
        (None, Some(took)) if matches!(node.status, NodeStatus::Running | NodeStatus::Succeeded) => {
            (took, String::new())
        }
        _ => (status(), String::new()),
    }
}

/// How long a node took; while it runs, how long so far.
pub fn elapsed(view: &NodeView, lang: Lang, clock: Clock) -> Option<String> {
    let began = view.node.started_at?;
    match (view.node.finished_at, view.node.status) {
        (Some(ended), _) => Some(words::duration(ended.millis() - began.millis(), lang)),
        (None, NodeStatus::Running) => clock.since(began).map(|millis| words::so_far(millis, lang)),
        (None, _) => None,
    }
}

/// What a pointer that rests on a node is told: everything that its box may be too small for.
fn tooltip(name: &Text, node: &Node, batches: u32, lang: Lang) -> String {
    let mut text = words::node_state(name, &node.status.label()).get(lang).to_owned();
    if let Some(code) = node.exit_status.filter(|code| *code != 0) {
        text.push_str(" · ");
        text.push_str(words::exit_status(code).get(lang));
    }
    if let Some(batch) = node.batch {
        text.push_str(" · ");
        text.push_str(rollout::batch(batch, batches.max(batch)).get(lang));
    }
    if let Some(live) = &node.live {
        text.push_str(" · ");
        text.push_str(rollout::live(live).get(lang));
    }
    if let Some(message) = &node.message {
        text.push('\n');
        text.push_str(message.get(lang));
    }
    text
}

/// A node: an item of the tree that opens its log.
#[component]
pub fn NodeBox(
    /// Which node.
    key: NodeKey,
    /// Its name for those who cannot see it.
    name: Text,
    /// What all nodes share.
    shared: Shared,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let Shared { live, clock, selected, slow, .. } = shared;
    let place = shared.place(&key);
    let view = live.node(&key)?;
    let server = view.with_untracked(|view| view.node.server_id);

    let status = {
        let view = view.clone();
        Memo::new(move |_| view.with(|view| view.node.status))
    };
    let notes = {
        let view = view.clone();
        Memo::new(move |_| view.with(|view| notes(view, live.batches.get(), lang.get(), clock)))
    };
    let is_open = {
        let key = key.clone();
        Memo::new(move |_| selected.with(|selected| selected.as_ref() == Some(&key)))
    };
    let is_stop = shared.is_stop(&key);
    let is_slow = Memo::new(move |_| slow.get().is_some_and(|slow| server.is_none_or(|own| own == slow)));
    let width = move || place.with(|place| place.as_ref().map_or(0, |place| place.width));
    let bar = {
        let view = view.clone();
        Memo::new(move |_| {
            let percent = view.with(|view| {
                let is_on = view.node.status == NodeStatus::Running;
                view.progress.filter(|_| is_on).and_then(|progress| i32::try_from(progress.percent()?).ok())
            })?;
            Some((width() - 2 * BAR_INSET) * percent / 100)
        })
    };
    let aria = {
        let name = name.clone();
        move || words::node_state(&name, &status.get().label()).get(lang.get()).to_owned()
    };
    let title = move || view.with(|view| tooltip(&name, &view.node, live.batches.get(), lang.get()));
    let shape = Signal::derive(move || sign::of_node(status.get()));
    let class = move || {
        let (open, slow) = (if is_open.get() { " is-open" } else { "" }, if is_slow.get() { " is-slow" } else { "" });
        format!("pipe-node is-{}{open}{slow}", status.get().as_str())
    };
    Some(view! {
        <g
            class=class
            transform=move || place.with(|p| p.as_ref().map(|p| format!("translate({},{})", p.x, p.y)))
            role="treeitem"
            tabindex=move || if is_stop.get() { "0" } else { "-1" }
            aria-label=aria
            aria-level=move || place.with(|place| place.as_ref().map_or(1, |place| place.level))
            aria-selected=move || if is_open.get() { "true" } else { "false" }
            data-node=key.to_string()
            data-status=move || status.get().as_str()
        >
            {leptos::svg::title().child(title)} <rect class="pipe-box" width=width height=NODE_HEIGHT rx="9"></rect>
            <g transform=format!("translate(10,{})", (NODE_HEIGHT - SIGN) / 2)>
                <g class="pipe-sign">
                    <path class="pipe-sign-fill" d=move || shape.get().0></path>
                    <path class="pipe-sign-line" d=move || shape.get().1></path>
                </g>
            </g>
            <text class="pipe-label" x=LABEL_X y="21">
                {move || place.with(|place| place.as_ref().map(|place| place.label.clone()).unwrap_or_default())}
            </text>
            <text class="pipe-note" x=LABEL_X y="37">{move || notes.with(|notes| notes.0.clone())}</text>
            <text class="pipe-note pipe-time" x=move || width() - BAR_INSET y="21">
                {move || notes.with(|notes| notes.1.clone())}
            </text>
            <rect
                class="pipe-track"
                class:is-on=move || bar.get().is_some()
                x=BAR_INSET
                y=NODE_HEIGHT - 7
                width=move || width() - 2 * BAR_INSET
                height="3"
                rx="1.5"
            ></rect>
            <rect
                class="pipe-bar"
                x=BAR_INSET
                y=NODE_HEIGHT - 7
                width=move || bar.get().unwrap_or(0)
                height="3"
                rx="1.5"
            ></rect>
        </g>
    })
}

/// The node that stands for the servers whose chains are not drawn. It leads to their cells.
#[component]
pub fn FleetBox(
    /// Its key.
    key: NodeKey,
    /// What all nodes share.
    shared: Shared,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let live = shared.live;
    let place = shared.place(&key);
    let is_stop = shared.is_stop(&key);
    let status = Memo::new(move |_| live.fleet.status());
    let label = move || place.with(|place| place.as_ref().map(|place| place.label.clone()).unwrap_or_default());
    let note = move || {
        let now = live.fleet.phases.with(|phases| super::groups::current(phases));
        match now {
            Some(phase) => words::phase_so_far(phase.kind, phase.count(NodeStatus::Succeeded), phase.total()),
            None => status.get().label(),
        }
        .get(lang.get())
        .to_owned()
    };
    let aria = move || format!("{}: {}, {}", label(), status.get().label().get(lang.get()), note());
    let shape = Signal::derive(move || sign::of_node(status.get()));
    let width = move || place.with(|place| place.as_ref().map_or(0, |place| place.width));
    view! {
        <g
            class=move || format!("pipe-node is-fleet is-{}", status.get().as_str())
            transform=move || place.with(|p| p.as_ref().map(|p| format!("translate({},{})", p.x, p.y)))
            role="treeitem"
            tabindex=move || if is_stop.get() { "0" } else { "-1" }
            aria-label=aria
            aria-level=move || place.with(|place| place.as_ref().map_or(1, |place| place.level))
            data-node=key.to_string()
        >
            <rect class="pipe-box pipe-shade" x="4" y="4" width=width height=NODE_HEIGHT rx="9"></rect>
            <rect class="pipe-box" width=width height=NODE_HEIGHT rx="9"></rect>
            <g transform=format!("translate(10,{})", (NODE_HEIGHT - SIGN) / 2)>
                <g class="pipe-sign">
                    <path class="pipe-sign-fill" d=move || shape.get().0></path>
                    <path class="pipe-sign-line" d=move || shape.get().1></path>
                </g>
            </g>
            <text class="pipe-label" x=LABEL_X y="21">{label}</text>
            <text class="pipe-note" x=LABEL_X y="37">{note}</text>
        </g>
    }
}
