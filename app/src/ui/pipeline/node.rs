//! A node of the picture.

use launchway_domain::{Lang, NodeKey, NodeStatus, Text};
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::layout::{LABEL_X, NODE_HEIGHT, Placed};
use super::sign;
use crate::text::{CurrentLang, release as words};
use crate::ui::live::clock::Clock;
use crate::ui::live::{Live, NodeView};

/// How wide the sign is drawn.
const SIGN: i32 = 16;
/// The space beside the progress bar.
const BAR_INSET: i32 = 10;

/// What stands under a node's label: how far it is and how long it takes; its status where there is
/// nothing to measure, or where the sign alone would be too quiet.
fn note(view: &NodeView, lang: CurrentLang, clock: Clock) -> String {
    let lang = lang.get();
    let status = || view.node.status.label().get(lang).to_owned();
    let took = elapsed(view, lang, clock);
    let percent = view.progress.and_then(|progress| progress.percent()).map(|percent| format!("{percent} %"));
    match (view.node.status, percent, took) {
        (NodeStatus::Running, Some(percent), Some(took)) => format!("{percent} · {took}"),
        (NodeStatus::Running, Some(percent), None) => percent,
        (NodeStatus::Running | NodeStatus::Succeeded, None, Some(took))
        | (NodeStatus::Succeeded, Some(_), Some(took)) => took,
        (NodeStatus::Failed, _, Some(took)) => format!("{} · {took}", status()),
        _ => status(),
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

/// A node: a button that opens its log.
#[component]
pub fn Node(
    /// Where it stands and what is written on it.
    placed: Placed,
    /// Its name for those who cannot see it.
    name: Text,
    /// The release.
    live: Live,
    /// The page's clock.
    clock: Clock,
    /// The node whose log is open.
    selected: Signal<Option<NodeKey>>,
    /// Opens a node's log.
    select: Callback<NodeKey>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let Placed { key, x, y, width, label, full_label } = placed;
    let view = live.node(&key)?;

    let status = {
        let view = view.clone();
        Memo::new(move |_| view.with(|view| view.node.status))
    };
    let note = {
        let view = view.clone();
        move || view.with(|view| note(view, lang, clock))
    };
    let is_open = {
        let key = key.clone();
        Memo::new(move |_| selected.with(|selected| selected.as_ref() == Some(&key)))
    };
    let bar = Memo::new(move |_| {
        view.with(|view| {
            let percent = i32::try_from(view.progress?.percent()?).ok()?;
            (view.node.status == NodeStatus::Running).then_some((width - 2 * BAR_INSET) * percent / 100)
        })
    });
    let aria = move || words::node_state(&name, &status.get().label()).get(lang.get()).to_owned();
    let open = {
        let key = key.clone();
        move || select.run(key.clone())
    };
    let on_key = {
        let open = open.clone();
        move |event: KeyboardEvent| {
            if matches!(event.key().as_str(), "Enter" | " ") {
                event.prevent_default();
                open();
            }
        }
    };
    let shape = Signal::derive(move || sign::of_node(status.get()));
    Some(view! {
        <g
            class=move || format!("pipe-node is-{}", status.get().as_str())
            class:is-open=move || is_open.get()
            transform=format!("translate({x},{y})")
            role="button"
            tabindex="0"
            aria-label=aria
            aria-pressed=move || if is_open.get() { "true" } else { "false" }
            data-node=key.to_string()
            data-status=move || status.get().as_str()
            on:click=move |_| open()
            on:keydown=on_key
        >
            {full_label.map(|full| leptos::svg::title().child(full))}
            <rect class="pipe-box" width=width height=NODE_HEIGHT rx="9"></rect>
            <g transform=format!("translate(10,{})", (NODE_HEIGHT - SIGN) / 2)>
                <g class="pipe-sign">
                    <path class="pipe-sign-fill" d=move || shape.get().0></path>
                    <path class="pipe-sign-line" d=move || shape.get().1></path>
                </g>
            </g>
            <text class="pipe-label" x=LABEL_X y="21">{label}</text>
            <text class="pipe-note" x=LABEL_X y="37">{note}</text>
            <rect
                class="pipe-track"
                class:is-on=move || bar.get().is_some()
                x=BAR_INSET
                y=NODE_HEIGHT - 7
                width=width - 2 * BAR_INSET
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
