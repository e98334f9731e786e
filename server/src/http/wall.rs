//! A screen on a wall: let in by a link, to the wall alone.

use axum::http::header::{LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use launchway_domain::Actor;
use secrecy::{ExposeSecret, SecretString};

use super::auth::{FUNCTIONS, Identity, Proof, function_name};
use super::problem::Problem;
use super::reader;
use super::rest::BASE;
use crate::AppState;

/// The page.
pub(crate) const PAGE: &str = "/wall";
/// The cookie that holds the key once the address is rid of it.
pub(crate) const COOKIE: &str = "launchway_wall";
/// How long a browser keeps it, in seconds: as long as browsers keep any.
const MAX_AGE: u32 = 400 * 24 * 3600;
/// What the wall's page calls.
const FUNCTION: &str = "get_board";
/// The calls of the API that a key opens: what the page shows, and the feed of what it shows.
const CALLS: [&str; 4] = ["/overview", "/feed", "/feed/sse", "/events"];

/// Whether a key opens this address at all.
fn is_walls(path: &str) -> bool {
    path == PAGE
        || path.strip_prefix(BASE).is_some_and(|call| CALLS.contains(&call))
        || (path.starts_with(FUNCTIONS) && function_name(path) == FUNCTION)
}

/// The screen that asks, where its cookie holds a key that opens this address.
///
/// # Errors
/// Where the database does not answer.
pub(crate) async fn identify(state: &AppState, headers: &HeaderMap, path: &str) -> Result<Option<Identity>, Problem> {
    if !is_walls(path) {
        return Ok(None);
    }
    let Some(key) = reader::cookie(headers, COOKIE) else { return Ok(None) };
    let key = SecretString::from(key.to_owned());
    let link = state.services.wall_by_key(&key).await?;
    Ok(link.map(|link| Identity { actor: Actor::Wall(link.id), proof: Proof::Wall(key) }))
}

/// The key in the query of the wall's page.
pub(crate) fn key_in(query: Option<&str>) -> Option<SecretString> {
    url::form_urlencoded::parse(query?.as_bytes())
        .find_map(|(name, value)| (name == "key").then(|| SecretString::from(value.into_owned())))
}

/// The first use of a link: the key goes into a cookie that no script reads, and out of the address, where people,
/// histories and other sites would see it. A key that opens nothing takes the cookie away.
///
/// # Errors
/// Where the database does not answer.
pub(crate) async fn enter(state: &AppState, key: &SecretString) -> Result<Response, Problem> {
    let known = state.services.wall_by_key(key).await?.is_some();
    let (key, age) = if known { (key.clone(), MAX_AGE) } else { (SecretString::default(), 0) };
    Ok(discreet(keep_key(state, COOKIE, &key, age, PAGE)))
}

/// Puts a key into a cookie that no script reads, and leads to a page without it in the address.
pub(crate) fn keep_key(state: &AppState, name: &str, key: &SecretString, age: u32, page: &'static str) -> Response {
    let secure = if state.config.is_secure() { "; Secure" } else { "" };
    // What was typed into an address becomes part of a header: of a key, only what a key is made of.
    let key = key.expose_secret();
    let key = if key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') { key } else { "" };
    // Lax: a link that is opened from a chat is a way in, too.
    let cookie = format!("{name}={key}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::from_static(page));
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        headers.insert(SET_COOKIE, cookie);
    }
    response
}

/// The answer without anything that would tell another site where it came from.
pub(crate) fn discreet(mut response: Response) -> Response {
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_the_wall_and_nothing_else() {
        for path in ["/wall", "/api/v1/overview", "/api/v1/feed", "/api/v1/feed/sse", "/api/v1/events"] {
            assert!(is_walls(path), "{path}");
        }
        assert!(is_walls("/api/fn/get_board1234567890"));
        for path in [
            "/",
            "/wall/x",
            "/releases/1",
            "/api/v1/releases",
            "/api/v1/search",
            "/api/v1/wall-links",
            "/api/fn/get_board_x1",
            "/api/fn/start_release123",
            "/api/v1/openapi.json",
        ] {
            assert!(!is_walls(path), "{path}");
        }
    }

    #[test]
    fn the_pages_function_is_there() {
        let paths: Vec<&str> = leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
        assert_eq!(paths.iter().filter(|path| is_walls(path)).count(), 1);
    }
}
