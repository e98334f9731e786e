//! The REST API: thin handlers over the ports, one file a noun. Each reads the request, calls one
//! port with the actor, and answers with the right status.

mod audit;
mod board;
mod channels;
mod credentials;
mod document;
mod environments;
pub(crate) mod events;
pub(crate) mod idempotency;
mod logs;
mod me;
pub(crate) mod needs;
mod projects;
mod releases;
mod servers;
mod system;
mod templates;
mod versions;
mod webhooks;

use axum::Extension;
use axum::http::{HeaderValue, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use launchway_domain::{ListQuery, Listed, Needs, Page, Permission};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::params::Query;
use super::problem::Reply;
use super::{docs, health, hooks, metrics};
use crate::AppState;
use document::Document;
use needs::{needing, permitted};

/// Where the API stands.
pub(crate) const BASE: &str = "/api/v1";

/// One page of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// What the page holds.
    items: Vec<T>,
    /// Where the next page begins (its `cursor`); null on the last one.
    next: Option<String>,
}

impl<T> List<T> {
    /// A list that comes whole.
    fn whole(items: Vec<T>) -> Reply<Self>
    where
        T: Serialize,
    {
        Reply::ok(Self { items, next: None })
    }
}

impl<T: Serialize> List<T> {
    /// One page of a list whose newest come first.
    fn page(page: Page<T>) -> Reply<Self> {
        Reply::ok(Self { items: page.items, next: page.next })
    }

    /// One page of what was looked for.
    fn found(query: &ListQuery, found: Listed<T>) -> Reply<Self> {
        let reached = u64::from(query.offset) + found.items.len() as u64;
        let more = !found.items.is_empty() && reached < found.total;
        Reply::ok(Self { items: found.items, next: more.then(|| reached.to_string()) })
    }
}

/// What a list is asked for: `q`, `sort` (with a minus before it: the greatest first), the list's own filters, `limit`
/// and `cursor`. None where nothing is: the list comes whole.
fn list_query(query: &mut Query, filters: &[&str]) -> Option<ListQuery> {
    let asked = ["q", "sort", "limit", "cursor"].iter().chain(filters).any(|name| query.text(name).is_some());
    if !asked {
        return None;
    }
    let sort = query.text("sort").unwrap_or_default();
    Some(ListQuery {
        q: query.text("q").unwrap_or_default(),
        descending: sort.starts_with('-'),
        sort: sort.trim_start_matches('-').to_owned(),
        filters: filters.iter().filter_map(|name| query.text(name).map(|value| ((*name).to_owned(), value))).collect(),
        offset: query.parse("cursor").unwrap_or(0),
        limit: query.parse("limit"),
    })
}

/// 201 with the thing, and its address in `Location`.
fn created<T: Serialize>(noun: &str, id: impl std::fmt::Display, body: T) -> Response {
    let mut response = Reply::created(body).into_response();
    if let Ok(address) = HeaderValue::from_str(&format!("{BASE}/{noun}/{id}")) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    response
}

/// Every call, each with its description: nothing that is missing in the one is in the other.
pub(crate) struct Calls {
    /// Those that need no sign-in.
    pub(crate) open: axum::Router<AppState>,
    /// All others.
    pub(crate) guarded: axum::Router<AppState>,
}

/// All calls, and the description of them that is generated from the same handlers.
pub(crate) fn router() -> Calls {
    let (open, open_api) = health::router().merge(hooks::router()).split_for_parts();
    let (guarded, mut api) = OpenApiRouter::<AppState>::with_openapi(document::Api::openapi())
        .routes(permitted(Permission::ViewReleases, routes!(metrics::metrics)))
        .merge(docs::router())
        .nest(
            BASE,
            OpenApiRouter::new()
                .routes(needing(Needs::SignIn, routes!(document::document)))
                .merge(credentials::router())
                .merge(servers::router())
                .merge(projects::router())
                .merge(environments::router())
                .merge(releases::router())
                .merge(logs::router())
                .merge(templates::router())
                .merge(events::router())
                .merge(audit::router())
                .merge(board::router())
                .merge(webhooks::router())
                .merge(channels::router())
                .merge(system::router())
                .merge(me::router()),
        )
        .split_for_parts();
    api.merge(open_api);
    let guarded = guarded.layer(from_fn(document::known_parameters)).layer(Extension(Document::new(api)));
    Calls { open, guarded }
}

/// The fingerprint of a host key.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body in openapi.json; it is read by `Json::only_text`")]
struct Fingerprint {
    /// `SHA256:…`, as a check shows it.
    fingerprint: String,
}
