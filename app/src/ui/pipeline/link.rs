//! A link between two nodes.

use leptos::prelude::*;

use super::layout;
use crate::ui::live::Live;

/// The line from a node's parent to it, with an arrow head. It looks as the child's status says.
#[component]
pub fn Link(
    /// Where it runs.
    link: layout::Link,
    /// The release.
    live: Live,
) -> impl IntoView {
    let view = live.node(&link.to);
    let class = move || {
        let status = view.as_ref().map_or("pending", |view| view.with(|view| view.node.status.as_str()));
        format!("pipe-link to-{status}")
    };
    view! {
        <g class=class>
            <path class="pipe-line" d=link.line()></path>
            <path class="pipe-head" d=link.head()></path>
        </g>
    }
}
