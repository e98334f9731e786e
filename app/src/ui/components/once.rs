//! What is shown once: a link or a token that was just made, to be copied.

use launchway_domain::Text;
use leptos::prelude::*;

use super::copy_field::CopyField;
use crate::text::t;

/// A secret that nobody will see again, with a button that copies it.
#[component]
pub fn Once(
    /// What to do with it.
    lead: Text,
    /// What it is called.
    label: Text,
    /// The secret; a path of this site becomes a whole address.
    secret: String,
) -> impl IntoView {
    view! {
        <div class="made">
            <p>{t(lead)}</p>
            <CopyField label value=secret />
        </div>
    }
    .into_any()
}
