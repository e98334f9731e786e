//! What goes on, and finding things.

use launchway_domain::{Hit, Overview};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};

use super::codec::Json;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
use super::{ApiError, needs};

/// What the front page and the wall show.
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

/// What the front page and the wall show.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_board() -> Result<BoardNow, ApiError> {
    let overview = answer(ports()?.board.overview(&actor()?).await)?;
    let build = use_context::<Build>().map(|build| build.0).unwrap_or_default();
    Ok(BoardNow { overview, build, at: launchway_domain::Timestamp::now() })
}
needs!(GetBoard, ViewWall);

/// A few projects, releases and servers that have the text in their names.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn find(q: String) -> Result<Vec<Hit>, ApiError> {
    answer(ports()?.board.find(&actor()?, q).await)
}
needs!(Find, ViewReleases);
