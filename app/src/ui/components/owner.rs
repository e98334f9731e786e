//! Whose a thing is: everybody's, or one project's.

use launchway_domain::{Project, ProjectId, Text};
use leptos::prelude::*;

use super::field::SelectField;
use super::form::FormState;
use crate::text::people;
use crate::ui::may::May;

/// The project in an [`OwnerField`], where one is chosen.
pub fn owner(value: RwSignal<String>) -> Option<ProjectId> {
    value.read().parse::<i64>().ok().map(ProjectId)
}

/// Chooses among the projects that the visitor manages, and everybody where they manage what is everybody's.
#[component]
pub fn OwnerField(
    /// The form; its field is `project_id`.
    form: FormState,
    /// The project's id; empty for everybody.
    value: RwSignal<String>,
    /// The projects that the visitor sees.
    projects: Vec<Project>,
) -> impl IntoView {
    let may = May::find();
    let options: Vec<(String, Text)> = projects
        .into_iter()
        .filter(|project| may.manage(Some(project.id)))
        .map(|project| (project.id.to_string(), Text::verbatim(project.title)))
        .collect();
    let (field, label, hint) = ("project_id", people::PROJECT, people::PROJECT_HINT);
    if may.manage(None) {
        return view! { <SelectField form field label value options hint none=people::EVERYBODYS /> }.into_any();
    }
    // Nothing else may be chosen: the first is what the browser shows.
    if value.read_untracked().is_empty()
        && let Some((first, _)) = options.first()
    {
        value.set(first.clone());
    }
    view! { <SelectField form field label value options hint /> }.into_any()
}
