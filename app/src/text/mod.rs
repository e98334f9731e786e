//! Every sentence of the pages, in both languages, and how a component shows it.

use launchway_domain::{Lang, Text};
use leptos::prelude::*;

/// Sentences that are known when the program is compiled: `NAME: "English", "中文";`.
macro_rules! texts {
    ($($name:ident: $en:literal, $zh:literal;)*) => {$(
        #[doc = concat!("“", $en, "”")]
        pub const $name: launchway_domain::Text = launchway_domain::Text::new($en, $zh);
    )*};
}
pub(crate) use texts;

pub mod account;
pub mod audit;
pub mod board;
pub mod changes;
pub mod common;
pub mod create;
pub mod credentials;
pub mod housekeeping;
pub mod integrations;
pub mod lists;
pub mod live;
pub mod log;
pub mod outputs;
pub mod palette;
pub mod people;
pub mod policy;
pub mod projects;
pub mod queue;
pub mod release;
pub mod releases;
pub mod remote;
pub mod rollout;
pub mod said;
pub mod servers;
pub mod settings;
pub mod takes;
pub mod templates;
pub mod walls;
pub mod ways;

/// The reader's language, as components find it in the context.
#[derive(Clone, Copy, Debug)]
pub struct CurrentLang(pub RwSignal<Lang>);

impl CurrentLang {
    /// The one in the context; English where there is none.
    pub fn find() -> Self {
        use_context().unwrap_or_else(|| Self(RwSignal::new(Lang::default())))
    }

    /// The language now; tracked, so that what shows it follows a change.
    pub fn get(self) -> Lang {
        self.0.get()
    }

    /// A message in the language of this moment; not tracked: for event handlers.
    pub fn now(self, text: &Text) -> String {
        text.get(self.0.get_untracked()).to_owned()
    }
}

/// Shows a message in the reader's language and follows a change of it: `<h1>{t(common::SERVERS)}</h1>`. Call it while a
/// component is made, not inside an event handler.
pub fn t(text: Text) -> impl Fn() -> String + Clone + Send + Sync + 'static {
    let current = CurrentLang::find();
    move || text.get(current.get()).to_owned()
}
