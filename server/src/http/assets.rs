//! The files that a browser loads: inside the program in a release build, read from `target/site` in
//! a debug build.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use launchway_app::assets::Assets;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../target/site"]
struct Site;

/// What the bundler wrote about itself, for the program alone.
const MANIFEST: &str = "manifest.json";

/// The addresses of the script, the module and the style sheet; blank where nothing was bundled, in
/// which case pages come without them.
pub(crate) fn addresses() -> Assets {
    Site::get(MANIFEST).and_then(|file| Assets::from_manifest(&file.data).ok()).unwrap_or_default()
}

/// Middleware: answers for files, which need no sign-in, and passes everything else on.
pub(crate) async fn serve(request: Request, next: Next) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path().trim_start_matches('/');
    if !is_read || path.is_empty() || path == MANIFEST || path.starts_with("api/") {
        return next.run(request).await;
    }
    match file(path, request.headers()) {
        Some(response) => response,
        // Everything below it is a file, so that a missing one must not become a page.
        None if path.starts_with("pkg/") => StatusCode::NOT_FOUND.into_response(),
        None => next.run(request).await,
    }
}

fn file(path: &str, asked: &HeaderMap) -> Option<Response> {
    let plain = Site::get(path)?;
    let (encoding, file) = ["br", "gzip"]
        .into_iter()
        .filter(|encoding| accepts(asked, encoding))
        .find_map(|encoding| {
            let ending = if encoding == "br" { "br" } else { "gz" };
            Site::get(&format!("{path}.{ending}")).map(|file| (Some(encoding), file))
        })
        .unwrap_or((None, plain));

    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let cache = if is_hashed(path) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };

    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(&kind).ok()?);
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).ok()?);
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    let known = asked.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)) {
        return Some((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Some((headers, file.data.into_owned()).into_response())
}

/// Whether `Accept-Encoding` names an encoding and does not rule it out.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| {
            let mut pieces = part.split(';').map(str::trim);
            let named = pieces.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
            let refused = pieces.any(|p| p.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()) == Some(0.0));
            named && !refused
        })
}

/// Whether the name says what is in the file (`launchway.<hash>.wasm`), so that it may be kept for ever.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_hash = |part: &str| part.len() >= 8 && part.bytes().all(|b| b.is_ascii_hexdigit());
    path.starts_with("pkg/") && name.split(['.', '-']).skip(1).any(is_hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever() {
        assert!(is_hashed("pkg/launchway.0123456789abcdef.wasm"));
        assert!(!is_hashed("pkg/launchway.wasm"));
        assert!(!is_hashed("robots.txt"));
    }

    #[test]
    fn an_encoding_that_is_ruled_out_is_not_sent() {
        let headers = |text| HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(text))]);
        assert!(accepts(&headers("gzip, deflate, br"), "br"));
        assert!(!accepts(&headers("gzip, br;q=0"), "br"));
        assert!(!accepts(&HeaderMap::new(), "gzip"));
    }
}
