//! What Git services send when somebody pushes: who they prove to be, and what they tell. Pure.

mod payload;
mod proof;

use axum::http::HeaderMap;
use launchway_domain::Forge;

pub(crate) use payload::{Reading, Unreadable, read};
pub(crate) use proof::{Proof, check};

/// The longest word of a header that is kept, in bytes.
const MAX_WORD: usize = 200;

/// A header as a text of ordinary length; none where it is blank or longer.
fn word<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let word = headers.get(name)?.to_str().ok()?.trim();
    (!word.is_empty() && word.len() <= MAX_WORD).then_some(word)
}

/// The event as the service calls it; blank where it does not say.
pub(crate) fn event(kind: Forge, headers: &HeaderMap) -> String {
    let name = match kind {
        Forge::GitHub => "x-github-event",
        Forge::GitLab => "x-gitlab-event",
        Forge::Gitea => "x-gitea-event",
        Forge::Gitee => "x-gitee-event",
    };
    let is_ping = kind == Forge::Gitee && word(headers, "x-gitee-ping").is_some_and(|value| value != "false");
    if is_ping { "ping".to_owned() } else { word(headers, name).unwrap_or_default().to_owned() }
}
