//! The REST API: thin handlers over the ports, one file a noun. Each reads the request, calls one
//! port with the actor, and answers with the right status.

mod audit;
mod board;
mod channels;
mod credentials;
mod document;
mod environments;
pub(crate) mod events;
mod examples;
mod housekeeping;
pub(crate) mod idempotency;
mod live;
mod logs;
mod me;
mod members;
pub(crate) mod needs;
mod outputs;
mod projects;
mod queue;
mod releases;
mod remote;
mod rules;
mod servers;
mod sessions;
mod system;
mod templates;
mod tokens;
mod users;
mod variables;
mod versions;
mod ways;
mod webhooks;

use axum::Extension;
use axum::http::{HeaderValue, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use launchway_domain::list::{MAX_ROWS, WHOLE_ROWS};
use launchway_domain::{ListQuery, Listed, Needs, Page, Permission};
use launchway_engine::store::cursor::Cursor;
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

impl<T: Serialize> List<T> {
    /// A list that is short by its nature.
    fn whole(items: Vec<T>) -> Reply<Self> {
        Reply::ok(Self { items, next: None })
    }

    /// One page of a list whose newest come first.
    fn page(page: Page<T>) -> Reply<Self> {
        Reply::ok(Self { items: page.items, next: page.next })
    }

    /// One page of what was looked for.
    fn found(found: Listed<T>) -> Reply<Self> {
        Reply::ok(Self { items: found.items, next: found.next })
    }
}

/// What a list is asked for: `q`, `sort` (with a minus before it: the greatest first), the list's own filters, `limit`
/// and `cursor`. Where nothing is, it is the list from its beginning, as much of it as one answer takes.
fn list_query(query: &mut Query, filters: &[&str]) -> ListQuery {
    let asked = ["q", "sort", "limit", "cursor"].iter().chain(filters).any(|name| query.text(name).is_some());
    if !asked {
        return ListQuery::whole();
    }
    let sort = query.text("sort").unwrap_or_default();
    ListQuery {
        q: query.text("q").unwrap_or_default(),
        descending: sort.starts_with('-'),
        sort: sort.trim_start_matches('-').to_owned(),
        filters: filters.iter().filter_map(|name| query.text(name).map(|value| ((*name).to_owned(), value))).collect(),
        offset: 0,
        cursor: query.text("cursor"),
        limit: query.parse("limit"),
    }
}

/// A page of a list that is read whole, since it is short in all but the oddest cases.
struct PageOf {
    after: Option<Cursor>,
    rows: usize,
}

/// What such a list is asked for: `limit` and `cursor`.
fn page_of(query: &mut Query) -> PageOf {
    let rows = query.read("limit", |text| text.parse().ok().filter(|limit| (1..=MAX_ROWS).contains(limit)));
    PageOf {
        after: query.read("cursor", |text| Cursor::read(text, "", &[false, true])),
        rows: rows.unwrap_or(WHOLE_ROWS) as usize,
    }
}

impl PageOf {
    /// Sorts a list by a name and an id, and cuts the page out.
    fn cut<T: Serialize>(self, mut items: Vec<T>, key: impl Fn(&T) -> (String, i64)) -> Reply<List<T>> {
        items.sort_by_cached_key(&key);
        let place = |item: &T| {
            let (name, id) = key(item);
            vec![serde_json::Value::from(name), id.into()]
        };
        if let Some([name, id]) = self.after.as_ref().map(|after| &after.keys[..]) {
            let after = (name.as_str().unwrap_or_default().to_owned(), id.as_i64().unwrap_or_default());
            items.retain(|item| key(item) > after);
        }
        let more = items.len() > self.rows;
        items.truncate(self.rows);
        let next = items.last().filter(|_| more).map(|last| Cursor::new("", place(last)).text());
        Reply::ok(List { items, next })
    }
}

/// 201 with the thing, and its address in `Location`.
fn created<T: Serialize>(noun: &str, id: impl std::fmt::Display, body: T) -> Response {
    created_at(&format!("{noun}/{id}"), body)
}

/// The same for what stands at an address of another form.
fn created_at<T: Serialize>(address: &str, body: T) -> Response {
    let mut response = Reply::created(body).into_response();
    if let Ok(address) = HeaderValue::from_str(&format!("{BASE}/{address}")) {
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
    /// Their description.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests hold it against the routes"))]
    document: Document,
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
                .merge(variables::router())
                .merge(releases::router())
                .merge(live::router())
                .merge(ways::router())
                .merge(queue::router())
                .merge(remote::router())
                .merge(logs::router())
                .merge(outputs::router())
                .merge(templates::router())
                .merge(events::router())
                .merge(audit::router())
                .merge(board::router())
                .merge(webhooks::router())
                .merge(channels::router())
                .merge(system::router())
                .merge(housekeeping::router())
                .merge(me::router())
                .merge(sessions::router())
                .merge(users::router())
                .merge(members::router())
                .merge(tokens::router()),
        )
        .split_for_parts();
    api.merge(open_api);
    let document = Document::new(api);
    let guarded = guarded.layer(from_fn(document::known_parameters)).layer(Extension(document.clone()));
    Calls { open, guarded, document }
}

/// The fingerprint of a host key.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body in openapi.json; it is read by `Json::only_text`")]
struct Fingerprint {
    /// `SHA256:…`, as a check shows it.
    fingerprint: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the router takes, as its own `Debug` says: there is no other way to ask it.
    fn addresses(router: &axum::Router<AppState>) -> Vec<String> {
        let text = format!("{router:?}");
        let quoted = text.split('"').filter(|text| text.starts_with('/'));
        // The router's own: where it ends up without a route.
        let mut found: Vec<String> =
            quoted.filter(|text| *text != "/" && !text.contains("axum_fallback")).map(str::to_owned).collect();
        found.sort();
        found.dedup();
        found
    }

    #[test]
    fn no_route_is_missing_from_the_description() {
        let calls = router();
        let described = calls.document.addresses();
        let mut routed = addresses(&calls.open);
        routed.extend(addresses(&calls.guarded));
        routed.sort();
        assert!(routed.len() > 30, "{routed:?}");
        assert_eq!(routed, described);
        // And one that slipped by would be seen.
        let slipped = calls.guarded.route("/api/v1/backdoor", axum::routing::get(|| async {}));
        assert!(addresses(&slipped).contains(&"/api/v1/backdoor".to_owned()));
    }
}
