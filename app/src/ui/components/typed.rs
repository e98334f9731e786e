//! What somebody typed into a form that was refused, where there is no JavaScript that would have kept it: the server
//! remembers it over the redirect, and the fields begin with it. Secrets are not remembered.

use leptos::prelude::*;

/// The fields of the refused form, as they were sent; in the context of the page that is rendered next.
#[derive(Clone, Debug, Default)]
pub struct Typed(pub std::sync::Arc<Vec<(String, String)>>);

/// What a control of this name was sent with; none where there was no refused form, or no such control in it.
pub fn typed(name: &str) -> Option<String> {
    let Typed(pairs) = use_context()?;
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

/// Whatever was sent under a name that may be there more than once; none where there was no refused form.
pub fn all_typed(name: &str) -> Option<Vec<String>> {
    let Typed(pairs) = use_context()?;
    Some(pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect())
}

/// Puts what was typed back into the signal of a control.
pub fn restore(name: &str, value: RwSignal<String>) {
    if let Some(text) = typed(name) {
        // Browsers send the line ends of the network.
        value.set(text.replace("\r\n", "\n"));
    }
}
