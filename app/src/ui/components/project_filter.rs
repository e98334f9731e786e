//! The filter by project, of lists that are about several.

use launchway_domain::Text;
use leptos::prelude::*;

use super::listing::{FilterSelect, ListState};
use crate::api::projects::list_projects;
use crate::text::{lists, releases};

/// Chooses one of the projects.
#[component]
pub fn ProjectFilter(
    /// The list.
    list: ListState,
) -> impl IntoView {
    let projects = Resource::new(|| (), |()| list_projects());
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                let named = |project: launchway_domain::Project| {
                    (project.id.to_string(), Text::verbatim(project.title))
                };
                let options: Vec<_> = projects.await.unwrap_or_default().into_iter().map(named).collect();
                view! { <FilterSelect list name="project" label=releases::PROJECT any=lists::ANY_PROJECT options /> }
            })}
        </Suspense>
    }
}
