//! What every answer tells the browser about what may be done with it.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::client::Client;
use crate::AppState;

/// What is not a page loads nothing and runs nothing. Pages bring their own ([`page_policy`]).
const POLICY: &str = "default-src 'none'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// For how long a browser that came by HTTPS comes by nothing else: a year.
const HTTPS_ONLY: &str = "max-age=31536000";
/// What every answer has that has none of its own.
const FIXED: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), \
         microphone=(), midi=(), payment=(), usb=()",
    ),
    // What somebody who is signed in sees stays out of shared caches and of the disk.
    (header::CACHE_CONTROL, "no-store"),
];

/// Middleware: adds them, and where the request came by HTTPS that the next one is to do so too.
pub(crate) async fn add(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let is_secure = state.config.is_secure() || request.extensions().get::<Client>().is_some_and(|c| c.is_secure);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if is_secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HTTPS_ONLY));
    }
    response
}

/// What a page may load and do: scripts and styles of this host, and those scripts in the page that carry this answer's
/// number. Attributes may set styles: lengths, colours and places that are counted (bars, lines of a log, the diagram)
/// stand in them, and they can neither run nor load anything, since `img-src` and `font-src` hold for them too.
pub(crate) fn page_policy(nonce: &str) -> Option<HeaderValue> {
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).ok()
}
