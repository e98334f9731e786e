//! What the release changes: its commits and files against what was live before it.

use launchway_domain::{Changes, Release, ReleaseId};
use leptos::prelude::*;

use crate::api::releases::get_changes;
use crate::text::{changes as compare, release as words, t};
use crate::ui::components::changes::ChangesView;
use crate::ui::components::load::show;

/// The panel of what changes.
#[component]
pub fn ChangesPanel(
    /// Of which release.
    id: ReleaseId,
    /// The release as it was when the page came: what never changes about it.
    release: Release,
) -> impl IntoView {
    let found = Resource::new(move || id, get_changes);
    view! {
        <div class="tab-body">
            <p>
                <span class="quiet">{t(release.git_ref.kind.label())}</span>
                " "
                {release.git_ref.name}
                " · "
                <span class="quiet">{t(words::COMMIT)}</span>
                " "
                <code>{release.commit}</code>
            </p>
            <Suspense fallback=Comparing>
                {move || Suspend::new(async move { show(found.await, without_rules) })}
            </Suspense>
        </div>
    }
}

/// The page says what the policy says where it offers to start.
fn without_rules(changes: Changes) -> impl IntoView {
    view! { <ChangesView changes=Changes { rules: Vec::new(), ..changes } /> }
}

/// What stands where commits are being compared.
#[component]
pub fn Comparing() -> impl IntoView {
    view! {
        <p class="progress" role="status">
            <progress></progress>
            {t(compare::COMPARING)}
        </p>
    }
}
