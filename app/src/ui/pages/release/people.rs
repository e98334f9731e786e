//! Who is behind the release.

use launchway_domain::Release;
use leptos::prelude::*;

use crate::text::{release as words, t};
use crate::ui::components::time::Time;
use crate::ui::components::watching::Watching;
use crate::ui::live::Live;

/// The panel of the people.
#[component]
pub fn PeoplePanel(
    /// The release as it was when the page came: what never changes about it.
    release: Release,
    /// The release.
    live: Live,
) -> impl IntoView {
    view! {
        <div class="tab-body">
            <dl class="facts">
                <dt>{t(words::BY)}</dt>
                <dd>{release.created_by_name}</dd>
                <dt>{t(words::CREATED)}</dt>
                <dd>
                    <Time at=release.created_at seconds=true />
                </dd>
            </dl>
            <Watching live />
        </div>
    }
}
