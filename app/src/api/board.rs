//! What goes on, and finding things.

use launchway_domain::{Hit, Overview};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};

use super::codec::Json;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
use super::{ApiError, needs};

/// What the wall shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardNow {
    /// What goes on.
    pub overview: Overview,
    /// Which build of the pages the program serves: a page of another build loads itself anew.
    pub build: String,
    /// The time by the program's clock.
    pub at: launchway_domain::Timestamp,
}

/// Which build of the pages the program serves, in the context of a request.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug)]
pub struct Build(pub String);

/// What the wall shows.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_board() -> Result<BoardNow, ApiError> {
    let overview = answer(ports()?.board.overview(&actor()?).await)?;
    let build = use_context::<Build>().map(|build| build.0).unwrap_or_default();
    Ok(BoardNow { overview, build, at: launchway_domain::Timestamp::now() })
}
needs!(GetBoard, ViewWall);

/// The front page as it is now, for a browser that has an older one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Front {
    /// What stands on it; none where the browser has the same.
    pub html: Option<String>,
    /// Names what stands on it.
    pub mark: String,
    /// The last event that is included.
    pub seq: i64,
    /// The time by the program's clock, in milliseconds since the epoch.
    pub at: i64,
}

/// The front page as it is now; `known` is the [`Front::mark`] of what the browser has.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_front(known: Option<String>) -> Result<Front, ApiError> {
    use crate::text::CurrentLang;
    provide_context(CurrentLang(RwSignal::new(crate::ui::prefs::initial_lang())));
    let front = front().await?;
    let is_known = known.is_some_and(|known| known == front.mark);
    Ok(Front { html: front.html.filter(|_| !is_known), ..front })
}
needs!(GetFront, ViewWall);

/// The front page, in the language of the context.
#[cfg(feature = "ssr")]
pub(crate) async fn front() -> Result<Front, ApiError> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let overview = answer(ports()?.board.overview(&actor()?).await)?;
    let seq = overview.seq;
    let html = crate::ui::pages::dashboard::render(overview);
    let mut mark = DefaultHasher::new();
    html.hash(&mut mark);
    let mark = format!("{:016x}", mark.finish());
    Ok(Front { html: Some(html), mark, seq, at: launchway_domain::Timestamp::now().millis() })
}

/// A few projects, releases and servers that have the text in their names.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn find(q: String) -> Result<Vec<Hit>, ApiError> {
    answer(ports()?.board.find(&actor()?, q).await)
}
needs!(Find, ViewReleases);
