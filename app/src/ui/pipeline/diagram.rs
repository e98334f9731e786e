//! The pipeline's picture: an SVG tree in a frame that scrolls, with the line of tools above it and a map where it does
//! not fit.
//!
//! Tab stops at one node; arrows go from node to node (see [`super::walk`]), Enter opens a node's log, + and - zoom, 0 fits
//! the picture in, and arrows with Shift move it.

use std::collections::HashMap;

use launchway_domain::{NodeKey, NodeStatus, Text};
use leptos::ev::{Event, KeyboardEvent};
use leptos::prelude::*;

use super::drawn::{Drawn, FLEET};
use super::layout::{Layout, NODE_HEIGHT, Planned, layout};
use super::link::{Link, targets};
use super::minimap::Minimap;
use super::node::{FleetBox, NodeBox, Shared};
use super::toolbar::Toolbar;
use super::viewport::Viewport;
use super::walk::{Step, walk};
use crate::text::{CurrentLang, release as words, t};
use crate::ui::live::Live;
use crate::ui::live::clock::Clock;

/// Every node's full name: what it does, and on which server.
pub fn names(plan: &[Planned]) -> HashMap<NodeKey, Text> {
    let hosts: HashMap<_, _> = plan
        .iter()
        .filter(|planned| planned.kind == launchway_domain::NodeKind::Server)
        .filter_map(|planned| Some((planned.server_id?, planned.text.as_str())))
        .collect();
    plan.iter()
        .map(|planned| {
            let host = planned.server_id.and_then(|id| hosts.get(&id)).copied();
            (planned.key.clone(), words::node_name(planned.kind, host))
        })
        .collect()
}

/// The picture of a release's pipeline. A node that is clicked, or gets Enter or Space, opens its log.
#[component]
pub fn Diagram(
    /// The release.
    live: Live,
    /// The page's clock.
    clock: Clock,
    /// What is drawn.
    drawn: Drawn,
    /// The node whose log is open.
    #[prop(into)]
    selected: Signal<Option<NodeKey>>,
    /// Opens a node's log.
    select: Callback<NodeKey>,
    /// The address of a node's log.
    href: Callback<NodeKey, String>,
    /// What stands at the end of the line above the picture.
    children: Children,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let picture = Memo::new(move |_| layout(&drawn.picture(live, lang.get()), lang.get()));
    let names = Memo::new(move |_| drawn.plan.with(|plan| names(plan)));
    let viewport = Viewport::new(picture);
    let focused = RwSignal::new(None::<NodeKey>);
    let stop = Memo::new(move |_| {
        let is_drawn = |key: &NodeKey| picture.with(|picture| picture.nodes.iter().any(|node| node.key == *key));
        let first = || picture.with(|picture| picture.nodes.first().map(|node| node.key.clone()));
        focused.get().filter(is_drawn).or_else(|| selected.get().filter(is_drawn)).or_else(first)
    });
    let slow = Memo::new(move |_| live.fleet.slowest.with(|slow| slow.as_ref().map(|slow| slow.server)));
    let shared = Shared { live, clock, picture, selected, stop, slow };
    keep_in_sight(live, picture, viewport);

    let open = move |key: NodeKey| if key.as_str() == FLEET { to_the_cells() } else { select.run(key) };
    let on_click = move |event: leptos::ev::MouseEvent| {
        if let Some(key) = node_at(&event)
            && !viewport.was_drag()
        {
            open(key);
        }
    };
    let on_key = move |event: KeyboardEvent| on_key(&event, picture, viewport, open);
    let size = move |of: fn(&Layout) -> i32| picture.with(of);
    let style = move || {
        let (width, height) = (size(|picture| picture.width), size(|picture| picture.height));
        match viewport.zoom.get() {
            // The style sheet lets it shrink a little before it scrolls, and needs to know its own size for that.
            None => format!("--picture: {width}px; --tall: {height}px"),
            Some(percent) => format!("--shown: {}px", width * percent / 100),
        }
    };
    let keys = move || picture.with(|picture| picture.nodes.iter().map(|node| node.key.clone()).collect::<Vec<_>>());
    let one = move |key: NodeKey| {
        if key.as_str() == FLEET {
            return view! { <FleetBox key shared /> }.into_any();
        }
        let name =
            names.with_untracked(|names| names.get(&key).cloned()).unwrap_or_else(|| Text::verbatim(key.to_string()));
        view! { <NodeBox key name shared /> }.into_any()
    };
    view! {
        <Toolbar live clock viewport href>
            {children()}
        </Toolbar>
        <div class="pipeline-frame">
            <div
                class="pipeline"
                class:is-zoomed=move || viewport.zoom.get().is_some()
                node_ref=viewport.frame
                on:wheel=move |event| viewport.on_wheel(&event)
                on:scroll=move |_| viewport.look()
                on:pointerdown=move |event| viewport.press(&event)
                on:pointermove=move |event| viewport.drag(&event)
                on:pointerup=move |_| viewport.release()
                on:pointercancel=move |_| viewport.release()
            >
                <svg
                    class="pipeline-picture"
                    role="tree"
                    aria-label=t(words::PIPELINE)
                    aria-description=t(words::PIPELINE_KEYS)
                    style=style
                    width=move || size(|picture| picture.width)
                    height=move || size(|picture| picture.height)
                    viewBox=move || picture.with(|picture| format!("0 0 {} {}", picture.width, picture.height))
                    on:click=on_click
                    on:keydown=on_key
                    on:focusin=move |event| {
                        viewport.touch();
                        focused.set(node_at(&event));
                    }
                >
                    <g aria-hidden="true">
                        <For each=move || picture.with(targets) key=|to| to.clone() let:to>
                            <Link to picture live slow />
                        </For>
                    </g>
                    <For each=keys key=|key| key.clone() let:key>
                        {one(key)}
                    </For>
                </svg>
            </div>
            <Minimap shared viewport />
        </div>
    }
}

/// The node that an event happened in.
fn node_at(event: &Event) -> Option<NodeKey> {
    let target: web_sys::Element = event_target(event);
    let node = target.closest("[data-node]").ok().flatten()?;
    node.get_attribute("data-node").map(NodeKey)
}

/// What a key does.
fn on_key(event: &KeyboardEvent, picture: Memo<Layout>, viewport: Viewport, open: impl Fn(NodeKey)) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let key = event.key();
    match key.as_str() {
        "Enter" | " " => {
            if let Some(node) = node_at(event) {
                open(node);
            }
        }
        "+" | "=" => viewport.zoom_by(true),
        "-" | "_" => viewport.zoom_by(false),
        "0" => viewport.fit(),
        "ArrowLeft" if event.shift_key() => viewport.pan(-1, 0),
        "ArrowRight" if event.shift_key() => viewport.pan(1, 0),
        "ArrowUp" if event.shift_key() => viewport.pan(0, -1),
        "ArrowDown" if event.shift_key() => viewport.pan(0, 1),
        word => {
            let Some(step) = Step::of(word) else { return };
            if let Some(from) = node_at(event)
                && let Some(to) = picture.with_untracked(|picture| walk(picture, &from, step))
            {
                focus(viewport, &to);
            }
        }
    }
    event.prevent_default();
}

/// Puts the keyboard's focus on a node of the picture.
fn focus(viewport: Viewport, key: &NodeKey) {
    // A key of ours holds nothing that a selector would read as more than text.
    let found = viewport
        .frame
        .get_untracked()
        .and_then(|frame| frame.query_selector(&format!("[data-node=\"{key}\"]")).ok().flatten());
    #[cfg(feature = "hydrate")]
    if let Some(node) = found {
        use wasm_bindgen::JsCast;
        // SVG elements take the focus as HTML elements do.
        let _ = node.unchecked_ref::<web_sys::HtmlElement>().focus();
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = found;
}

/// Goes on to the cells below the picture.
fn to_the_cells() {
    super::cells::focus_first();
}

/// Scrolls to what runs, on screens that do not hold the whole picture, until somebody moves it themselves.
fn keep_in_sight(live: Live, picture: Memo<Layout>, viewport: Viewport) {
    let is_running = move |key: &NodeKey| live.watch(key).is_some_and(|view| view.node.status == NodeStatus::Running);
    let at = Memo::new(move |_| {
        picture.with(|picture| {
            let running = picture.nodes.iter().filter(|placed| is_running(&placed.key));
            running.map(|placed| (placed.x, placed.y, placed.width)).min()
        })
    });
    Effect::new(move || {
        if let Some((x, y, width)) = at.get()
            && viewport.frame.get().is_some()
        {
            viewport.show(x + width / 2, y + NODE_HEIGHT / 2);
        }
    });
}
