//! The list of releases.

use launchway_domain::{Listed, ProjectId, Release, ReleaseKind, ReleaseStatus, Text};
use leptos::prelude::*;

use crate::api::ApiError;
use crate::api::projects::list_environments;
use crate::api::releases::search_releases;
use crate::text::{common, lists, releases};
use crate::ui::components::layout::PageHead;
use crate::ui::components::list_body::ListBody;
use crate::ui::components::listing::{FilterSelect, ListBar, ListState};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::project_filter::ProjectFilter;
use crate::ui::components::release_table::ReleaseTable;

/// The list of releases; it follows what happens.
#[component]
pub fn ReleasesPage() -> impl IntoView {
    let list = ListState::new(
        "/releases",
        &["number", "status", "where", "who", "when"],
        &["status", "project", "environment", "kind"],
    );
    // Counts up when a release changes anywhere, so that the list follows without a reload.
    let changed = RwSignal::new(0_u32);
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| crate::ui::live::wall::count_changes(changed));
    let found = Resource::new(move || (list.query.get(), changed.get()), |(query, _)| search_releases(query));
    let statuses = ReleaseStatus::ALL.into_iter().map(|status| (status.as_str().to_owned(), status.label()));
    let statuses = statuses.collect::<Vec<_>>();
    let kinds = vec![
        (ReleaseKind::Release.as_str().to_owned(), lists::KIND_RELEASE),
        (ReleaseKind::Rollback.as_str().to_owned(), lists::KIND_ROLLBACK),
    ];
    view! {
        <PageHead title=common::RELEASES lead=Some(lists::RELEASES_LEAD) />
        <ListBar list label=lists::SEARCH_RELEASES>
            <FilterSelect list name="status" label=releases::STATUS any=lists::ANY_STATUS options=statuses />
            <Places list />
            <FilterSelect list name="kind" label=lists::KIND any=lists::ANY_KIND options=kinds />
        </ListBar>
        <Transition fallback=Loading>
            {move || Suspend::new(async move { show(found.await, |found| view! { <Table list found /> }) })}
        </Transition>
    }
}

/// The filters by project, and by environment once there is a project.
#[component]
fn Places(list: ListState) -> impl IntoView {
    let project = Memo::new(move |_| {
        list.query.with(|query| query.filter("project").and_then(|id| id.parse().ok()).map(ProjectId))
    });
    let environments = Resource::new(
        move || project.get(),
        |project| async move {
            match project {
                Some(id) => list_environments(id).await,
                None => Ok::<_, ApiError>(Vec::new()),
            }
        },
    );
    let named = |id: String, name: String| (id, Text::verbatim(name));
    view! {
        <ProjectFilter list />
        <Transition>
            {move || Suspend::new(async move {
                let options: Vec<_> = environments
                    .await
                    .unwrap_or_default()
                    .into_iter()
                    .map(|environment| named(environment.id.to_string(), environment.name))
                    .collect();
                (!options.is_empty())
                    .then(|| {
                        view! {
                            <FilterSelect
                                list
                                name="environment"
                                label=releases::ENVIRONMENT
                                any=lists::ANY_ENVIRONMENT
                                options
                            />
                        }
                    })
            })}
        </Transition>
    }
}

#[component]
fn Table(list: ListState, found: Listed<Release>) -> impl IntoView {
    let (rows, total) = (found.items.len(), found.total);
    view! {
        <ListBody list rows total empty=releases::EMPTY lead=releases::EMPTY_LEAD first=("/releases/new", releases::NEW)>
            <ReleaseTable list=found.items sorted=list />
        </ListBody>
    }
    .into_any()
}
