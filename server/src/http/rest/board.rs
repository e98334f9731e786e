//! `/overview`, `/search` and `/wall-links`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use launchway_domain::{Hit, NewWallLink, Overview, Permission, WallLink, WallLinkForm, WallLinkId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::needs::permitted;
use super::{List, created, page_of};
use crate::AppState;
use crate::http::auth::Who;
use crate::http::body::{Json, Nothing};
use crate::http::params::{Id, Query};
use crate::http::problem::{ProblemBody, Reply, Result};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::ViewWall, routes!(overview)))
        .routes(permitted(Permission::ViewReleases, routes!(search)))
        .routes(permitted(Permission::ManageWallLinks, routes!(links, make_link)))
        .routes(permitted(Permission::ManageWallLinks, routes!(revoke_link)))
}

/// What runs, what waits, what is live where, and what ended last: what the front page and the wall show.
#[utoipa::path(get, path = "/overview", tag = "overview", responses((status = 200, body = Overview)))]
async fn overview(State(state): State<AppState>, Who(actor): Who) -> Result<Reply<Overview>> {
    Ok(Reply::ok(state.ports.board.overview(&actor).await?))
}

/// A few projects, releases and servers that have the text in their names, the best of each first: no more than a
/// palette shows, so there are no pages.
#[utoipa::path(
    get, path = "/search", tag = "overview",
    params(("q" = String, Query, description = "A few letters, `#12`, a ref; the first 100 characters count")),
    responses((status = 200, body = List<Hit>), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn search(State(state): State<AppState>, Who(actor): Who, mut query: Query) -> Result<Reply<List<Hit>>> {
    let q = query.text("q");
    if q.is_none() {
        query.missing("q");
    }
    query.done()?;
    Ok(List::whole(state.ports.board.find(&actor, q.unwrap_or_default()).await?))
}

/// All links that open the wall, newest first; never their keys.
#[utoipa::path(
    get, path = "/wall-links", tag = "wall",
    params(
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 1000 where absent")
    ),
    responses((status = 200, body = List<WallLink>))
)]
async fn links(State(state): State<AppState>, Who(actor): Who, mut query: Query) -> Result<Reply<List<WallLink>>> {
    let page = page_of(&mut query);
    query.done()?;
    let all = state.ports.walls.list(&actor).await?;
    // Later ones have greater ids.
    Ok(page.cut(all, |link| (String::new(), -link.id.0)))
}

/// Makes a link that opens the wall and nothing else. Its key is in this answer and nowhere else.
#[utoipa::path(
    post, path = "/wall-links", tag = "wall", request_body = WallLinkForm,
    responses((status = 201, body = NewWallLink), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn make_link(State(state): State<AppState>, Who(actor): Who, json: Json) -> Result<Response> {
    let form = json.form::<WallLinkForm>()?;
    let made = state.ports.walls.create(&actor, form).await?;
    Ok(created("wall-links", made.link.id, made))
}

/// Revokes a link: its screens go blank within seconds.
#[utoipa::path(
    delete, path = "/wall-links/{id}", tag = "wall", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn revoke_link(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<WallLinkId>,
    _: Nothing,
) -> Result<StatusCode> {
    state.ports.walls.delete(&actor, id).await?;
    state.feed.somebody_left();
    Ok(StatusCode::NO_CONTENT)
}
