//! The pipeline's picture: an SVG in a container that scrolls.

use std::collections::HashMap;

use launchway_domain::{NodeKey, NodeStatus, Text};
use leptos::ev::PointerEvent;
use leptos::html::Div;
use leptos::prelude::*;

use super::layout::{Layout, NODE_HEIGHT, Planned, layout};
use super::link::Link;
use super::node::Node;
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
    /// The node whose log is open.
    #[prop(into)]
    selected: Signal<Option<NodeKey>>,
    /// Opens a node's log.
    select: Callback<NodeKey>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let picture = Memo::new(move |_| live.plan.with(|plan| layout(plan, lang.get())));
    let names = Memo::new(move |_| live.plan.with(|plan| names(plan)));
    let container = NodeRef::<Div>::new();
    let pan = Pan::new(container);
    keep_in_sight(live, picture, container, pan.touched);
    let size = move |of: fn(&Layout) -> i32| picture.with(of);

    view! {
        <div
            class="pipeline"
            node_ref=container
            on:wheel=move |_| pan.touched.set_value(true)
            on:focusin=move |_| pan.touched.set_value(true)
            on:pointerdown=move |event| pan.begin(&event)
            on:pointermove=move |event| pan.go_on(&event)
            on:pointerup=move |_| pan.end()
            on:pointercancel=move |_| pan.end()
            on:pointerleave=move |_| pan.end()
        >
            <svg
                class="pipeline-picture"
                role="group"
                aria-label=t(words::PIPELINE)
                // The style sheet lets it shrink a little before it scrolls, and needs to know its own size for that.
                style=move || format!("--picture: {}px", size(|picture| picture.width))
                width=move || size(|picture| picture.width)
                height=move || size(|picture| picture.height)
                viewBox=move || picture.with(|picture| format!("0 0 {} {}", picture.width, picture.height))
            >
                <For each=move || picture.with(|picture| picture.links.clone()) key=|link| link.clone() let:link>
                    <Link link live />
                </For>
                <For each=move || picture.with(|picture| picture.nodes.clone()) key=|placed| placed.clone() let:placed>
                    {
                        let name = names
                            .with_untracked(|names| names.get(&placed.key).cloned())
                            .unwrap_or_else(|| Text::verbatim(placed.label.clone()));
                        view! { <Node placed name live clock selected select /> }
                    }
                </For>
            </svg>
        </div>
    }
}

/// Scrolls to what runs, on screens that do not hold the whole picture, until somebody moves it themselves.
fn keep_in_sight(live: Live, picture: Memo<Layout>, container: NodeRef<Div>, touched: StoredValue<bool>) {
    let is_running = move |key: &NodeKey| live.watch(key).is_some_and(|view| view.node.status == NodeStatus::Running);
    let at = Memo::new(move |_| {
        picture.with(|picture| {
            let running = picture.nodes.iter().filter(|placed| is_running(&placed.key));
            running.map(|placed| (placed.x, placed.y, placed.width)).min()
        })
    });
    Effect::new(move || {
        if let Some((x, y, width)) = at.get()
            && let Some(container) = container.get()
            && !touched.get_value()
        {
            let shown = |at: i32| (f64::from(at) * scale(&container, picture.with_untracked(|p| p.width))) as i32;
            container.set_scroll_left(shown(x + width / 2) - container.client_width() / 2);
            container.set_scroll_top(shown(y + NODE_HEIGHT / 2) - container.client_height() / 2);
        }
    });
}

/// How large the picture is shown: 1 in full size, less where the style sheet made it fit.
fn scale(container: &web_sys::HtmlElement, width: i32) -> f64 {
    let picture = container.first_element_child().map_or(0.0, |picture| picture.get_bounding_client_rect().width());
    if picture > 0.0 && width > 0 { picture / f64::from(width) } else { 1.0 }
}

/// Moving the picture with the mouse; fingers scroll by themselves.
#[derive(Clone, Copy)]
struct Pan {
    container: NodeRef<Div>,
    /// Where the mouse went down, and how far the container was scrolled then.
    from: StoredValue<Option<[i32; 4]>>,
    /// Whether somebody has moved it.
    touched: StoredValue<bool>,
}

impl Pan {
    fn new(container: NodeRef<Div>) -> Self {
        Self { container, from: StoredValue::new(None), touched: StoredValue::new(false) }
    }

    fn begin(self, event: &PointerEvent) {
        self.touched.set_value(true);
        if event.pointer_type() == "mouse"
            && event.button() == 0
            && let Some(container) = self.container.get_untracked()
        {
            let scrolled = [container.scroll_left(), container.scroll_top()];
            self.from.set_value(Some([event.client_x(), event.client_y(), scrolled[0], scrolled[1]]));
        }
    }

    fn go_on(self, event: &PointerEvent) {
        if let Some([x, y, left, top]) = self.from.get_value()
            && let Some(container) = self.container.get_untracked()
        {
            container.set_scroll_left(left + x - event.client_x());
            container.set_scroll_top(top + y - event.client_y());
        }
    }

    fn end(self) {
        self.from.set_value(None);
    }
}
