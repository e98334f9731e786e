//! What the release brings: its ref and commit.

use launchway_domain::{Release, ReleaseId};
use leptos::prelude::*;

use crate::text::{release as words, t};

/// The panel of what changes.
#[component]
pub fn ChangesPanel(
    /// Of which release.
    id: ReleaseId,
    /// The release as it was when the page came: what never changes about it.
    release: Release,
) -> impl IntoView {
    let _ = id;
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
        </div>
    }
}
