//! Requests that another site made a browser send are refused, whatever they carry.

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use launchway_domain::Text;
use url::Url;

use super::hooks;
use super::problem::Problem;
use super::rest::BASE;
use crate::AppState;

/// Middleware: what changes something, and the feed by whatever way, needs an origin of our own where
/// the request names one.
pub(crate) async fn same_origin(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
    // A Git service proves itself by the secret, and brings no cookies that could be misused.
    let is_webhook = request.uri().path().starts_with(hooks::BASE);
    let guarded = !is_webhook && (!safe || headers.contains_key(header::UPGRADE) || is_feed(request.uri().path()));
    if guarded && !is_ours(headers, request.uri().authority(), state.config.public_url.as_ref()) {
        return Problem::new(
            StatusCode::FORBIDDEN,
            Text::new(
                "This request comes from another site and was refused. Behind a proxy, start Launchway with --public-url.",
                "该请求来自其他网站，已被拒绝。如使用反向代理，请以 --public-url 启动 Launchway。",
            ),
        )
        .into_response();
    }
    next.run(request).await
}

/// Whether somebody listens to the feed there.
fn is_feed(path: &str) -> bool {
    matches!(path.strip_prefix(BASE), Some("/feed" | "/feed/sse" | "/events"))
}

/// Whether the request is one that no other site made. Without `Origin` and `Sec-Fetch-Site` it is no
/// browser's, and only browsers carry a person's session where the person does not look.
fn is_ours(headers: &HeaderMap, authority: Option<&Authority>, public: Option<&Url>) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => {}
        (Some(origin), None) => {
            let Some(origin) = origin.to_str().ok().and_then(|o| Url::parse(o).ok()) else { return false };
            // HTTP/2 has the host in the address.
            let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).or(authority.map(Authority::as_str));
            let by_host = host.is_some_and(|host| has_host(&origin, host));
            let by_name = public.is_some_and(|public| public.origin() == origin.origin());
            if !(by_host || by_name) || !matches!(origin.scheme(), "http" | "https") {
                return false;
            }
        }
        (Some(_), Some(_)) => return false,
    }
    match headers.get("sec-fetch-site").map(|v| v.as_bytes()) {
        None | Some(b"same-origin" | b"none") => true,
        Some(_) => false,
    }
}

/// Whether an origin is at the host and port of a `Host` header. The scheme is not compared: a proxy
/// may speak HTTPS in front of us.
fn has_host(origin: &Url, host: &str) -> bool {
    let Ok(own) = Url::parse(&format!("{}://{host}/", origin.scheme())) else { return false };
    own.host() == origin.host() && own.port_or_known_default() == origin.port_or_known_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(pairs: &[(&str, &str)], public: Option<&str>) -> bool {
        let headers = pairs
            .iter()
            .map(|(k, v)| (header::HeaderName::from_bytes(k.as_bytes()).unwrap(), v.parse().unwrap()))
            .collect();
        is_ours(&headers, None, public.map(|p| Url::parse(p).unwrap()).as_ref())
    }

    #[test]
    fn own_origins_pass() {
        assert!(ours(&[("host", "127.0.0.1:3000")], None));
        assert!(ours(&[("host", "127.0.0.1:3000"), ("origin", "http://127.0.0.1:3000")], None));
        assert!(ours(&[("host", "ship.example"), ("origin", "https://ship.example")], None));
        assert!(ours(&[("host", "10.0.0.1:3000"), ("origin", "https://ship.example")], Some("https://ship.example/")));
        assert!(ours(&[("host", "a:1"), ("origin", "http://a:1"), ("sec-fetch-site", "same-origin")], None));
    }

    #[test]
    fn http_2_names_the_host_in_the_address() {
        let headers = HeaderMap::from_iter([(header::ORIGIN, "https://ship.example".parse().unwrap())]);
        assert!(is_ours(&headers, Some(&Authority::from_static("ship.example")), None));
        assert!(!is_ours(&headers, Some(&Authority::from_static("other.example")), None));
        assert!(!is_ours(&headers, None, None));
    }

    #[test]
    fn foreign_origins_do_not() {
        for origin in
            ["https://evil.example", "null", "http://127.0.0.1:3001", "http://127.0.0.1", "", "file://127.0.0.1:3000"]
        {
            assert!(!ours(&[("host", "127.0.0.1:3000"), ("origin", origin)], None), "{origin}");
        }
        assert!(!ours(&[("host", "a:1"), ("sec-fetch-site", "cross-site")], None));
        assert!(!ours(&[("host", "a:1"), ("sec-fetch-site", "same-site")], None));
        assert!(!ours(&[("host", "a:1"), ("origin", "http://a:1"), ("origin", "http://evil")], None));
    }
}
