//! What stands below the bar of every list: its rows and pages, or why there are none.

use launchway_domain::Text;
use leptos::prelude::*;

use super::layout::EmptyState;
use super::listing::{ListState, NothingMatches, Paging};

/// The rows of a list and the way to its other pages. Where there are none, it says whether nothing matches or there
/// is nothing yet, and what to do first.
#[component]
pub fn ListBody(
    /// The list.
    list: ListState,
    /// How many rows this page has.
    rows: usize,
    /// How many rows match on all pages.
    total: u64,
    /// What stands there while there is nothing yet.
    empty: Text,
    /// What it would be good for.
    lead: Text,
    /// Where the first one is made, and what that is called.
    first: (&'static str, Text),
    /// Whether the visitor may make one.
    #[prop(default = true)]
    may: bool,
    /// The table.
    children: Children,
) -> impl IntoView {
    if rows > 0 {
        return view! {
            <section>
                {children()}
                <Paging list rows total />
            </section>
        }
        .into_any();
    }
    if list.query.with_untracked(|query| query.is_narrow() || query.offset > 0) {
        return view! { <NothingMatches list /> }.into_any();
    }
    let action = may.then(|| (first.0.into(), first.1));
    view! { <EmptyState title=empty lead=Some(lead) action /> }.into_any()
}
