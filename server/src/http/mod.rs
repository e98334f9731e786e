//! HTTP: who asks, what they ask for, and the answer in their language. Thin: everything that decides
//! is in the services.

pub(crate) mod assets;
pub(crate) mod auth;
mod body;
mod client;
mod docs;
pub(crate) mod feed;
mod headers;
mod health;
mod hooks;
mod join;
pub(crate) mod limit;
pub(crate) mod metrics;
mod origin;
mod pages;
mod params;
pub(crate) mod problem;
mod reader;
mod refused;
mod rest;
mod session;
mod strict;
pub(crate) mod tls;
mod typed;
mod wall;

use std::any::Any;

use axum::Router;
use axum::body::HttpBody;
use axum::extract::Request;
use axum::http::HeaderName;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;

use crate::AppState;
use problem::Problem;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The whole router. Serve it with `into_make_service_with_connect_info::<SocketAddr>()`: the limit
/// on tries to sign in needs to know who asks.
pub fn router(state: AppState) -> Router {
    // Who asks has to be known; the session comes before, since it may say so.
    let calls = rest::router();
    let guarded = calls
        .guarded
        .layer(from_fn_with_state(state.clone(), rest::idempotency::once))
        .layer(from_fn_with_state(state.clone(), limit::callers))
        .merge(pages::router(&state))
        .layer(from_fn(typed::keep))
        .layer(from_fn_with_state(state.clone(), refused::note))
        .layer(from_fn_with_state(state.clone(), auth::authenticate))
        .layer(session::layer(&state))
        .layer(from_fn_with_state(state.clone(), limit::strangers))
        .layer(from_fn(metrics::name));

    let inner = ServiceBuilder::new()
        .layer(from_fn(render))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(body::whole))
        .layer(from_fn_with_state(state.clone(), origin::same_origin))
        .layer(from_fn(assets::serve));

    let outer = ServiceBuilder::new()
        .layer(from_fn_with_state(state.clone(), client::note))
        .layer(from_fn_with_state(state.clone(), metrics::count))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(from_fn_with_state(state.clone(), headers::add))
        // Leaves alone what is compressed already, and event streams.
        .layer(CompressionLayer::new());

    calls
        .open
        .layer(from_fn(metrics::name))
        .fallback_service(guarded.with_state(state.clone()))
        .layer(inner)
        .layer(outer)
        .with_state(state)
}

/// Middleware: writes problems and answers in the language of the request.
async fn render(request: Request, next: Next) -> Response {
    let lang = reader::lang(request.headers());
    let is_api = request.uri().path().starts_with(rest::BASE);
    let response = next.run(request).await;
    // A bare status, such as the router's 405, comes without anything that says more.
    let is_bare = response.body().size_hint().exact() == Some(0);
    problem::write(response, lang, is_api || is_bare)
}

/// The request without what may be secret: no headers, no query.
fn span(request: &axum::http::Request<axum::body::Body>) -> tracing::Span {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    tracing::info_span!("request", method = %request.method(), path = request.uri().path(), id)
}

fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let message = cause
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| cause.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    Problem::internal(format!("a handler panicked: {message}")).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{StatusCode, header};
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_problem_without_its_cause() {
        async fn broken() -> &'static str {
            panic!("the secret is hunter2")
        }
        let layers = ServiceBuilder::new().layer(from_fn(render)).layer(CatchPanicLayer::custom(panicked));
        let router = Router::new().route("/", get(broken)).layer(layers);
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[header::CONTENT_TYPE], problem::PROBLEM_JSON);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("hunter2"));
    }
}
