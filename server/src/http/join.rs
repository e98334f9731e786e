//! Coming in by an invitation: the key goes out of the address before anything is shown.

use axum::http::HeaderMap;
use axum::response::Response;
use secrecy::SecretString;

use super::reader;
use super::wall::{discreet, keep_key};
use crate::AppState;

/// The page.
pub(crate) const PAGE: &str = "/join";
/// The cookie that holds the key once the address is rid of it.
pub(crate) const COOKIE: &str = "launchway_join";
/// How long a browser keeps it, in seconds: long enough to think of a password.
const MAX_AGE: u32 = 3600;

/// The key that a browser came by.
pub(crate) fn key(headers: &HeaderMap) -> Option<SecretString> {
    reader::cookie(headers, COOKIE).map(|key| SecretString::from(key.to_owned()))
}

/// A link was opened: its key goes into a cookie that no script reads, and out of the address, where people, histories
/// and other sites would see it. Whether it opens anything is told by the page.
pub(crate) fn enter(state: &AppState, key: &SecretString) -> Response {
    discreet(keep_key(state, COOKIE, key, MAX_AGE, PAGE))
}
