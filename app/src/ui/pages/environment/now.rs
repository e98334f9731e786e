//! What goes on in an environment, before anything about how it is set up: what is live on its servers, what runs and
//! waits, and what came of the last releases.

use launchway_domain::{Environment, ReleaseFilter};
use leptos::prelude::*;

use crate::api::live::{CheckLive, get_live};
use crate::api::releases::list_releases;
use crate::text::{board, t};
use crate::ui::components::confirm::{Refused, refusal_of};
use crate::ui::components::door::Door;
use crate::ui::components::release_table::ReleaseTable;
use crate::ui::pages::live::Place;

/// How many of its last releases are shown.
const RECENT: u32 = 5;

/// What goes on in an environment; it follows what happens.
#[component]
pub fn Now(
    /// Which.
    environment: Environment,
) -> impl IntoView {
    let Environment { id, project_id, kind, .. } = environment;
    let check = ServerAction::<CheckLive>::new();
    // Counts up when a release changes anywhere, or what is live does.
    let changed = RwSignal::new(0_u32);
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| crate::ui::live::wall::count_live_changes(changed));
    let checked = check.version();
    let found = Resource::new(
        move || (changed.get(), checked.get()),
        move |_| async move {
            let filter = ReleaseFilter { environment_id: Some(id), limit: Some(RECENT), ..Default::default() };
            (get_live(id).await.ok(), list_releases(filter).await.map(|page| page.items).unwrap_or_default())
        },
    );
    let live = move || Suspend::new(async move { found.await.0.map(|place| view! { <Place place check /> }) });
    let recent = move || {
        Suspend::new(async move {
            let list = found.await.1;
            (!list.is_empty()).then(|| {
                view! {
                    <section>
                        <div class="head">
                            <h2>{t(board::RECENT)}</h2>
                            <a href=format!("/releases?project={project_id}&environment={id}")>{t(board::ALL_RELEASES)}</a>
                        </div>
                        <ReleaseTable list />
                    </section>
                }
            })
        })
    };
    view! {
        <Refused of=refusal_of(check) />
        <Transition>{live}</Transition>
        <Door id project=project_id kind />
        <Transition>{recent}</Transition>
    }
    .into_any()
}
