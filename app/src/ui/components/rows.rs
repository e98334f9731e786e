//! What tables have in common whose rows can be taken away.

use launchway_domain::Text;
use leptos::prelude::*;

use crate::text::t;

/// The heads of a table's columns, and that of the buttons, which is only read out.
#[component]
pub fn Head(
    /// What stands above each column.
    columns: Vec<Text>,
    /// What the buttons at the end of the rows do; without it there are none.
    #[prop(optional_no_strip)]
    last: Option<Text>,
) -> impl IntoView {
    let columns = columns.into_iter().map(|name| view! { <th scope="col">{t(name)}</th> }).collect_view();
    let last = last.map(|name| {
        view! {
            <th scope="col">
                <span class="unseen">{t(name)}</span>
            </th>
        }
    });
    view! { <thead><tr>{columns} {last}</tr></thead> }.into_any()
}

/// The inside of the form at the end of a row: what is sent, and the button.
#[component]
pub fn TakeAway(
    /// What is sent: names and values.
    fields: Vec<(&'static str, String)>,
    /// What the button says.
    label: Text,
) -> impl IntoView {
    let fields = fields.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> });
    view! {
        {fields.collect_view()}
        <button type="submit" class="button danger small">
            {t(label)}
        </button>
    }
    .into_any()
}
