//! The REST API: thin handlers over the ports, one file a noun. Each reads the request, calls one
//! port with the actor, and answers with the right status.

mod board;
mod credentials;
mod environments;
pub(crate) mod events;
pub(crate) mod idempotency;
mod logs;
mod projects;
mod releases;
mod servers;
mod templates;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use launchway_domain::{ListQuery, Listed, ServerCheck};
use serde::Serialize;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Object, RefOr, Schema, Type};
use utoipa::{Modify, OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use super::params::Query;
use super::problem::{ProblemBody, Reply};
use crate::AppState;

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

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Launchway",
        description = "Release code from a Git ref to servers. Times are RFC 3339 in UTC, ids integers. Errors are \
                       application/problem+json (RFC 9457), in the language of Accept-Language or of the `lang` cookie."
    ),
    components(schemas(ProblemBody, ServerCheck)),
    modifiers(&Finish),
    security(("token" = []), ("session" = []))
)]
struct Api;

/// What the handlers' annotations cannot say.
struct Finish;

impl Modify for Finish {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let components = api.components.get_or_insert_default();
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("Made by `launchway token create`."))
            .build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        components.add_security_scheme(
            "session",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(super::session::COOKIE))),
        );
    }
}

/// All calls below [`BASE`], and the description of them that is generated from the same handlers.
pub(crate) fn router() -> axum::Router<AppState> {
    let (router, mut api) = OpenApiRouter::<AppState>::with_openapi(Api::openapi())
        .nest(
            BASE,
            OpenApiRouter::new()
                .merge(credentials::router())
                .merge(servers::router())
                .merge(projects::router())
                .merge(environments::router())
                .merge(releases::router())
                .merge(logs::router())
                .merge(templates::router())
                .merge(events::router())
                .merge(board::router()),
        )
        .split_for_parts();
    if let Some(components) = &mut api.components {
        // Over REST a text is a string in the reader's language.
        let mut text = Object::with_type(Type::String);
        text.description = Some("A sentence in the reader's language.".into());
        components.schemas.insert("Text".into(), RefOr::T(Schema::Object(text)));
    }
    // Written once: it is the same for everybody.
    let json: bytes::Bytes = api.to_json().unwrap_or_default().into();
    router.route(
        &format!("{BASE}/openapi.json"),
        get(move || {
            let json = json.clone();
            async move { ([(header::CONTENT_TYPE, "application/json")], json) }
        }),
    )
}

/// The fingerprint of a host key.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body in openapi.json; it is read by `Json::only_text`")]
struct Fingerprint {
    /// `SHA256:…`, as a check shows it.
    fingerprint: String,
}
