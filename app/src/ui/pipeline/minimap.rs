//! The whole picture, small, with a frame around what is seen: where the picture does not fit.

use leptos::ev::PointerEvent;
use leptos::prelude::*;

use super::drawn::FLEET;
use super::layout::{NODE_HEIGHT, Placed};
use super::node::Shared;
use super::viewport::Viewport;

/// The map. It repeats what the tree says, for the eye alone.
#[component]
pub fn Minimap(
    /// What all nodes share.
    shared: Shared,
    /// The frame of the picture.
    viewport: Viewport,
) -> impl IntoView {
    let picture = shared.picture;
    let live = shared.live;
    // The frame, in the picture's own pixels.
    let seen = Memo::new(move |_| {
        let window = viewport.window.get();
        let (width, height) = picture.with(|picture| (picture.width, picture.height));
        let part = |at: i32, of: i32, size: i32| i64::from(at) * i64::from(size) / i64::from(of.max(1));
        [
            part(window.left, window.content_width, width),
            part(window.top, window.content_height, height),
            part(window.width, window.content_width, width),
            part(window.height, window.content_height, height),
        ]
    });
    let is_part = Memo::new(move |_| viewport.window.with(super::viewport::Window::is_part));
    let spot = move |placed: Placed| {
        let status = {
            let key = placed.key.clone();
            move || match live.node(&key) {
                Some(view) => view.with(|view| view.node.status),
                None if key.as_str() == FLEET => live.fleet.status(),
                None => launchway_domain::NodeStatus::Pending,
            }
        };
        view! {
            <rect
                class=move || format!("map-node is-{}", status().as_str())
                x=placed.x
                y=placed.y
                width=placed.width
                height=NODE_HEIGHT
                rx="12"
            ></rect>
        }
    };
    let go = move |event: &PointerEvent| {
        if event.buttons() & 1 == 0 {
            return;
        }
        event.prevent_default();
        let target: web_sys::Element = event_target(event);
        if let Ok(Some(map)) = target.closest(".minimap") {
            let rect = map.get_bounding_client_rect();
            let part = |at: i32, begin: f64, size: f64| (f64::from(at) - begin) * 1000.0 / size.max(1.0);
            let x = part(event.client_x(), rect.left(), rect.width()) as i32;
            let y = part(event.client_y(), rect.top(), rect.height()) as i32;
            viewport.center(x, y);
        }
    };
    view! {
        <Show when=move || is_part.get()>
            <svg
                class="minimap"
                aria-hidden="true"
                viewBox=move || picture.with(|picture| format!("0 0 {} {}", picture.width, picture.height))
                on:pointerdown=move |event| go(&event)
                on:pointermove=move |event| go(&event)
            >
                <For each=move || picture.with(|picture| picture.nodes.clone()) key=|placed| placed.clone() let:placed>
                    {spot(placed)}
                </For>
                <rect
                    class="map-window"
                    x=move || seen.get()[0]
                    y=move || seen.get()[1]
                    width=move || seen.get()[2]
                    height=move || seen.get()[3]
                ></rect>
            </svg>
        </Show>
    }
}
