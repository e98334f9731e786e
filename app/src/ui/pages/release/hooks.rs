//! The release's scripts.

use launchway_domain::{HookPoint, Release};
use leptos::prelude::*;

use crate::text::{release as words, t};
use crate::ui::live::Live;

/// The panel of the hooks.
#[component]
pub fn HooksPanel(
    /// The release as it was when the page came: what never changes about it.
    release: Release,
    /// The release.
    live: Live,
) -> impl IntoView {
    let _ = live;
    let hooks = release.hooks;
    let bodies: Vec<_> = HookPoint::ALL
        .into_iter()
        .filter_map(|point| hooks.at(point).map(|body| (point.label(), body.to_owned())))
        .map(|(name, body)| {
            view! {
                <h3>{t(name)}</h3>
                <pre class="hook-body" tabindex="0">{body}</pre>
            }
        })
        .collect();
    let is_none = bodies.is_empty();
    view! {
        <div class="tab-body">
            {bodies} {is_none.then(|| view! { <p class="quiet">{t(words::HOOKS_NONE)}</p> })}
        </div>
    }
}
