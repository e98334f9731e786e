//! A link between two nodes.

use launchway_domain::{NodeKey, NodeStatus, ServerId};
use leptos::prelude::*;

use super::drawn::{FLEET, server_of};
use super::layout::{self, Layout};
use crate::ui::live::Live;

/// The line from a node's parent to it, with an arrow head. It looks as the child's status says.
#[component]
pub fn Link(
    /// To which node.
    to: NodeKey,
    /// Where everything stands.
    picture: Memo<Layout>,
    /// The release.
    live: Live,
    /// The server that everybody waits for.
    slow: Memo<Option<ServerId>>,
) -> impl IntoView {
    let view = live.node(&to);
    let is_fleet = to.as_str() == FLEET;
    let server = server_of(&to);
    let status = Memo::new(move |_| match &view {
        Some(view) => view.with(|view| view.node.status),
        None if is_fleet => live.fleet.status(),
        None => NodeStatus::Pending,
    });
    let is_slow = move || !is_fleet && slow.get().is_some_and(|slow| server.is_none_or(|own| own == slow));
    let route = Memo::new(move |_| {
        picture.with(|picture| picture.links.iter().find(|link| link.to == to).map(|link| (link.line(), link.head())))
    });
    let part = move |of: fn(&(String, String)) -> &String| {
        route.with(|route| route.as_ref().map(|route| of(route).clone()).unwrap_or_default())
    };
    view! {
        <g class=move || format!("pipe-link to-{}", status.get().as_str()) class:is-slow=is_slow>
            <path class="pipe-line" d=move || part(|route| &route.0)></path>
            <path class="pipe-head" d=move || part(|route| &route.1)></path>
        </g>
    }
}

/// The links of a picture, named by the nodes that they lead to.
pub fn targets(picture: &Layout) -> Vec<NodeKey> {
    picture.links.iter().map(|link: &layout::Link| link.to.clone()).collect()
}
