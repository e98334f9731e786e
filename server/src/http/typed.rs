//! Forms that are sent without JavaScript and refused: what was typed into them is kept in the session until their page
//! is rendered again. Leptos leads back to the page with the refusal in the address (`__err`), and with nothing else.
//! Before the sign-in nothing is kept here for strangers: their browser keeps it, in a cookie of a minute.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use launchway_app::ui::components::typed::Typed;
use tower_sessions::Session;

use super::auth::{FUNCTIONS, Identity, Proof};
use super::body::MAX_BODY;
use super::problem::Problem;
use super::reader;

/// Where it stands in the session.
const KEY: &str = "typed";
/// The most that is kept, in bytes: all hooks of a release, of usual length.
const MOST: usize = 256 * 1024;
/// Where it stands in the browser of somebody who is not signed in, and the most of it in bytes.
const COOKIE: &str = "launchway_typed";
const MOST_OF_COOKIE: usize = 1024;
/// Controls whose values are never kept: parts of their names.
const SECRET: [&str; 3] = ["secret", "password", "passphrase"];

/// Middleware: keeps a refused form, and hands it to the page that shows the refusal.
pub(crate) async fn keep(mut request: Request, next: Next) -> Response {
    let signed_in = matches!(request.extensions().get::<Identity>(), Some(Identity { proof: Proof::Session(_), .. }));
    let session = request.extensions().get::<Session>().cloned().filter(|_| signed_in);
    if request.method() == Method::GET && request.uri().query().is_some_and(|query| query.contains("__err=")) {
        let pairs = match &session {
            Some(session) => session.remove::<Vec<(String, String)>>(KEY).await.unwrap_or_else(|error| {
                tracing::warn!("what was typed is lost: {error}");
                None
            }),
            None => reader::cookie(request.headers(), COOKIE).map(|kept| pairs_of(kept.as_bytes())),
        };
        if let Some(pairs) = pairs {
            request.extensions_mut().insert(Typed(pairs.into()));
        }
        return next.run(request).await;
    }
    if !is_plain_form(&request) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_BODY).await else {
        return Problem::of_status(axum::http::StatusCode::PAYLOAD_TOO_LARGE).into_response();
    };
    let mut response = next.run(Request::from_parts(parts, Body::from(bytes.clone()))).await;
    if bytes.len() > MOST || !is_refused(response.headers()) {
        return response;
    }
    let pairs = pairs_of(&bytes);
    match session {
        Some(session) => {
            if let Err(error) = session.insert(KEY, pairs).await {
                tracing::warn!("what was typed is lost: {error}");
            }
        }
        None => {
            let kept = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            let cookie = format!("{COOKIE}={kept}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
            if kept.len() <= MOST_OF_COOKIE
                && let Ok(cookie) = HeaderValue::from_str(&cookie)
            {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
        }
    }
    response
}

/// The fields of a form, without its secrets.
fn pairs_of(form: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(form)
        .filter(|(name, _)| !SECRET.iter().any(|secret| name.contains(secret)))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// A form that a browser sends by itself: it wants a page back.
fn is_plain_form(request: &Request) -> bool {
    let says = |name, word| {
        request.headers().get(name).and_then(|v| v.to_str().ok()).is_some_and(|value: &str| value.contains(word))
    };
    request.method() == Method::POST
        && request.uri().path().starts_with(FUNCTIONS)
        && says(header::ACCEPT, "text/html")
        && says(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

fn is_refused(headers: &HeaderMap) -> bool {
    headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).is_some_and(|to| to.contains("__err="))
}
