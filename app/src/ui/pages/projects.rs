//! The list of projects.

use launchway_domain::{Listed, Project};
use leptos::prelude::*;

use crate::api::projects::search_projects;
use crate::text::{common, lists, projects};
use crate::ui::components::layout::{AddButton, PageHead};
use crate::ui::components::list_body::ListBody;
use crate::ui::components::listing::{FilterSelect, ListBar, ListState, SortHead};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::time::Time;
use crate::ui::may::May;

/// The list of projects.
#[component]
pub fn ProjectsPage() -> impl IntoView {
    let list = ListState::new("/projects", &["title", "repository", "added"], &["has"]);
    let found = Resource::new(move || list.query.get(), search_projects);
    let has =
        vec![("prod".into(), lists::HAS_PROD), ("test".into(), lists::HAS_TEST), ("none".into(), lists::HAS_NONE)];
    view! {
        <PageHead title=common::PROJECTS lead=Some(projects::LEAD)>
            <AddButton href="/projects/new" text=projects::NEW may=May::find().manage(None) />
        </PageHead>
        <ListBar list label=lists::SEARCH_PROJECTS>
            <FilterSelect list name="has" label=lists::HAS any=lists::ANY options=has />
        </ListBar>
        <Transition fallback=Loading>
            {move || Suspend::new(async move { show(found.await, |found| view! { <Table list found /> }) })}
        </Transition>
    }
}

#[component]
fn Table(list: ListState, found: Listed<Project>) -> impl IntoView {
    let (rows, total) = (found.items.len(), found.total);
    let lines = found
        .items
        .into_iter()
        .map(|project| {
            view! {
                <tr>
                    <td>
                        <a href=format!("/projects/{}", project.id)>{project.title}</a>
                    </td>
                    <td>
                        <code>{project.repo_url}</code>
                    </td>
                    <td class="when">
                        <Time at=project.created_at />
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <ListBody list rows total empty=projects::EMPTY lead=projects::EMPTY_LEAD first=("/projects/new", projects::NEW) may=May::find().manage(None)>
            <table class="list">
                <thead>
                    <tr>
                        <SortHead list sort="title" text=projects::TITLE natural=Some(false) />
                        <SortHead list sort="repository" text=projects::REPOSITORY />
                        <SortHead list sort="added" text=common::ADDED class="when" />
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </ListBody>
    }
    .into_any()
}
