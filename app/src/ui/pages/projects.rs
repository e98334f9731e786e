//! The list of projects.

use launchway_domain::Project;
use leptos::prelude::*;

use crate::api::projects::list_projects;
use crate::text::{common, projects, t};
use crate::ui::components::layout::{EmptyState, PageHead};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::time::Time;

/// The list of projects.
#[component]
pub fn ProjectsPage() -> impl IntoView {
    let list = Resource::new(|| (), |()| list_projects());
    view! {
        <PageHead title=common::PROJECTS lead=Some(projects::LEAD)>
            <a class="button primary" href="/projects/new">{t(projects::NEW)}</a>
        </PageHead>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { show(list.await, |list| view! { <Table list /> }) })}
        </Suspense>
    }
}

#[component]
fn Table(list: Vec<Project>) -> impl IntoView {
    if list.is_empty() {
        return view! {
            <EmptyState
                title=projects::EMPTY
                lead=Some(projects::EMPTY_LEAD)
                action=Some(("/projects/new".into(), projects::NEW))
            />
        }
        .into_any();
    }
    let rows = list
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
        <table class="list">
            <thead>
                <tr>
                    <th scope="col">{t(projects::TITLE)}</th>
                    <th scope="col">{t(projects::REPOSITORY)}</th>
                    <th scope="col" class="when">{t(common::ADDED)}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
