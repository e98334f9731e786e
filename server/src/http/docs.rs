//! `/api/docs`: the API to read and to try out, without anything from the internet. Swagger UI, from the crate that
//! brings its files along, in a page of our own: it loads scripts of this host and nothing else.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use launchway_domain::{Needs, Text};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::Who;
use super::problem::{Problem, ProblemBody};
use super::reader;
use super::rest::needs::needing;
use crate::AppState;

/// Where it stands.
pub(crate) const PAGE: &str = "/api/docs";
/// What the page may load and do. Swagger UI sets styles in elements (`style="…"`) and shows pictures that are in its
/// own text (`data:`).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// What of Swagger UI the page loads.
const FILES: [&str; 2] = ["swagger-ui.css", "swagger-ui-bundle.js"];
/// Ours.
const SCRIPT: &str = include_str!("docs/docs.js");
const STYLE: &str = include_str!("docs/docs.css");

/// The page and its files.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(needing(Needs::SignIn, routes!(page))).routes(needing(Needs::SignIn, routes!(file)))
}

/// The API, to read and to try out in a browser.
#[utoipa::path(get, path = "/api/docs", tag = "description", responses((status = 200, body = String, content_type = "text/html")))]
async fn page(_: Who, headers: HeaderMap) -> Response {
    let lang = reader::lang(&headers);
    let say = |en: &'static str, zh: &'static str| Text::new(en, zh).get(lang).to_owned();
    let tag = lang.tag();
    let title = say("API of Launchway", "Launchway API");
    let back = say("Back to Launchway", "返回 Launchway");
    let lead = say(
        "Every call, to read and to try out with your own rights. Scripts send an API token as “Authorization: Bearer …”.",
        "所有接口，可在此以您自己的权限查阅和试用。脚本请以“Authorization: Bearer …”携带 API 令牌。",
    );
    let document = say("The description (OpenAPI 3.1)", "接口描述（OpenAPI 3.1）");
    let script =
        say("This page needs JavaScript; the description does not.", "此页面需要 JavaScript；接口描述则不需要。");
    let html = format!(
        r#"<!DOCTYPE html>
<html lang="{tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="{PAGE}/swagger-ui.css">
<link rel="stylesheet" href="{PAGE}/docs.css">
<script src="{PAGE}/swagger-ui-bundle.js" defer></script>
<script src="{PAGE}/docs.js" defer></script>
</head>
<body>
<header>
<p><a href="/">{back}</a></p>
<h1>{title}</h1>
<p>{lead}</p>
<p><a href="{BASE}/openapi.json">{document}</a></p>
</header>
<noscript><p>{script}</p></noscript>
<main id="docs"></main>
</body>
</html>
"#,
        BASE = super::rest::BASE
    );
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(html)).into_response()
}

/// A file that the page loads.
#[utoipa::path(
    get, path = "/api/docs/{file}", tag = "description", params(("file" = String, Path)),
    responses(
        (status = 200, body = String, content_type = "text/javascript"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn file(_: Who, Path(name): Path<String>) -> Response {
    let ours = match name.as_str() {
        "docs.js" => Some(("text/javascript; charset=utf-8", SCRIPT)),
        "docs.css" => Some(("text/css; charset=utf-8", STYLE)),
        _ => None,
    };
    let mut response = match ours {
        Some((kind, text)) => ([(header::CONTENT_TYPE, kind)], text).into_response(),
        None if FILES.contains(&name.as_str()) => {
            match utoipa_swagger_ui::serve(&name, Arc::new(utoipa_swagger_ui::Config::from("/"))) {
                Ok(Some(file)) => {
                    let mut response =
                        ([(header::CONTENT_TYPE, file.content_type.as_str())], file.bytes.into_owned()).into_response();
                    if file.gzpipped {
                        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                    }
                    response
                }
                Ok(None) => StatusCode::NOT_FOUND.into_response(),
                Err(error) => Problem::internal(error).into_response(),
            }
        }
        None => StatusCode::NOT_FOUND.into_response(),
    };
    if response.status() == StatusCode::OK {
        // They change with the program only; the version is asked for again after an hour.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600"));
    }
    response
}
