//! What is live in an environment, in one line: a release, or several and on how many servers each.

use launchway_domain::{LiveRelease, LiveVersion};
use leptos::prelude::*;

use crate::text::{board, live as words, t};

/// What is live: its release, or the releases with the numbers of their servers.
#[component]
pub fn Versions(
    /// As they were counted.
    versions: Vec<LiveVersion>,
) -> impl IntoView {
    let is_mixed = versions.len() > 1;
    if versions.is_empty() {
        return view! { <span class="quiet">{t(board::NEVER)}</span> }.into_any();
    }
    let each = versions
        .into_iter()
        .enumerate()
        .map(|(at, LiveVersion { release, link, servers, .. })| {
            let what = match (release, link) {
                (Some(release), _) => view! { <VersionLink release /> }.into_any(),
                (None, Some(link)) => {
                    view! { <code>{link}</code> " " <span class="quiet">{t(words::UNKNOWN)}</span> }.into_any()
                }
                (None, None) if is_mixed => view! { {t(words::NOTHING)} }.into_any(),
                (None, None) => view! { <span class="quiet">{t(board::NEVER)}</span> }.into_any(),
            };
            let comma = (at > 0).then_some(", ");
            let on = is_mixed.then(|| view! { " " {t(words::on(servers))} });
            view! { {comma} <span class="version">{what} {on}</span> }
        })
        .collect_view();
    view! { <span class="versions" data-mixed=is_mixed.then_some("")>{each}</span> }.into_any()
}

/// A release by its number and ref.
#[component]
pub fn VersionLink(
    /// Which.
    release: LiveRelease,
) -> impl IntoView {
    view! {
        <a class="what" href=format!("/releases/{}", release.id)>
            <span class="number">{format!("#{}", release.id)}</span>
            <b>{release.git_ref.name}</b>
        </a>
    }
    .into_any()
}
