//! Every sentence of the pages, in both languages, and how a component shows it.

pub mod common;

use launchway_domain::{Lang, Text};
use leptos::prelude::*;

/// The reader's language, as components find it in the context.
#[derive(Clone, Copy, Debug)]
pub struct CurrentLang(pub RwSignal<Lang>);

/// The reader's language now; tracked, so that what shows it follows a change.
pub fn lang() -> Lang {
    use_context::<CurrentLang>().map(|current| current.0.get()).unwrap_or_default()
}

/// Shows a message in the reader's language and follows a change of it: `<h1>{t(common::SERVERS)}</h1>`. Call it while a
/// component is made, not inside an event handler.
pub fn t(text: Text) -> impl Fn() -> String + Clone + Send + Sync + 'static {
    let current = use_context::<CurrentLang>();
    move || text.get(current.map(|current| current.0.get()).unwrap_or_default()).to_owned()
}

/// The message in the language of this moment, for event handlers. `current` was taken while the component was made.
pub fn now(current: CurrentLang, text: &Text) -> String {
    text.get(current.0.get_untracked()).to_owned()
}
