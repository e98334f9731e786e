//! What of the page stands in its address: which tab, which node, what fills the window. The server renders the same
//! from it, and whoever is sent the address sees the same.

use launchway_domain::ReleaseId;
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use crate::text::{outputs, release as words};
use crate::ui::next;

/// The panels beside the steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// What the steps said.
    #[default]
    Log,
    /// What its hooks printed on its servers, the same said once.
    Outputs,
    /// What it changes against what is live.
    Changes,
    /// Its scripts, as they ran.
    Hooks,
    /// Who made it and who is watching.
    People,
}

impl Tab {
    /// Every tab, in the order in which they stand.
    pub const ALL: [Tab; 5] = [Tab::Log, Tab::Outputs, Tab::Changes, Tab::Hooks, Tab::People];

    /// The word in the address; the first tab needs none.
    pub fn as_str(self) -> &'static str {
        match self {
            Tab::Log => "log",
            Tab::Outputs => "outputs",
            Tab::Changes => "changes",
            Tab::Hooks => "hooks",
            Tab::People => "people",
        }
    }

    /// Reads [`Tab::as_str`] back; the first tab where there is none of that name.
    pub fn parse(word: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|tab| Some(tab.as_str()) == word).unwrap_or_default()
    }

    /// What people read.
    pub fn label(self) -> launchway_domain::Text {
        match self {
            Tab::Log => words::LOG,
            Tab::Outputs => outputs::TAB,
            Tab::Changes => words::CHANGES,
            Tab::Hooks => words::HOOKS,
            Tab::People => words::PEOPLE,
        }
    }
}

/// What fills the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The pipeline.
    Pipeline,
    /// The panel with the tabs.
    Panel,
}

impl Full {
    /// The word in the address.
    pub fn as_str(self) -> &'static str {
        match self {
            Full::Pipeline => "pipeline",
            Full::Panel => "panel",
        }
    }

    /// Reads [`Full::as_str`] back.
    pub fn parse(word: Option<&str>) -> Option<Self> {
        [Full::Pipeline, Full::Panel].into_iter().find(|full| Some(full.as_str()) == word)
    }
}

/// The page's address with some of its parameters changed and all others kept: `None` takes one away. Tracked, so that
/// a link follows the address.
pub fn href_with(query: Memo<ParamsMap>, id: ReleaseId, changes: &[(&str, Option<&str>)]) -> String {
    let pairs: Vec<(String, String)> = query.get().into_iter().map(|(key, value)| (key.into_owned(), value)).collect();
    written(id, &pairs, changes)
}

fn written(id: ReleaseId, kept: &[(String, String)], changes: &[(&str, Option<&str>)]) -> String {
    let mut href = format!("/releases/{id}");
    let mut separator = '?';
    let mut add = |key: &str, value: &str| {
        href.push(separator);
        href.push_str(&next::encode(key));
        href.push('=');
        href.push_str(&next::encode(value));
        separator = '&';
    };
    for (key, value) in kept {
        if !changes.iter().any(|(changed, _)| changed == key) {
            add(key, value);
        }
    }
    for (key, value) in changes {
        if let Some(value) = value {
            add(key, value);
        }
    }
    href
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_what_was_not_changed() {
        let kept = [("node".to_owned(), "server:3/upload".to_owned()), ("tab".to_owned(), "hooks".to_owned())];
        assert_eq!(
            written(ReleaseId(7), &kept, &[("tab", Some("people")), ("full", None)]),
            "/releases/7?node=server%3A3%2Fupload&tab=people"
        );
        assert_eq!(written(ReleaseId(7), &kept, &[("tab", None), ("node", None)]), "/releases/7");
    }

    #[test]
    fn words_are_read_back_and_others_mean_the_log() {
        for tab in Tab::ALL {
            assert_eq!(Tab::parse(Some(tab.as_str())), tab);
        }
        assert_eq!(Tab::parse(Some("x")), Tab::Log);
        assert_eq!(Full::parse(Some("panel")), Some(Full::Panel));
        assert_eq!(Full::parse(None), None);
    }
}
