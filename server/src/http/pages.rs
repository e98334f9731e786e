//! The pages: rendered here first, then alive in the browser, and the server functions behind them.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use launchway_app::api::board::Build;
use launchway_app::ports::BrowserSession;
use launchway_app::ui::components::typed::Typed;
use launchway_app::{App, shell};
use launchway_domain::Actor;
use leptos::IntoView;
use leptos::nonce::use_nonce;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list};
use tower_sessions::Session;

use super::auth::Identity;
use super::problem::Problem;
use super::session::Browser;
use super::{assets, client, headers, join, reader};
use crate::AppState;

/// Every page and every server function.
pub(crate) fn router(state: &AppState) -> axum::Router<AppState> {
    let context = {
        let state = state.clone();
        move || contexts(&state)
    };
    axum::Router::new().leptos_routes_with_context(state, generate_route_list(App), context, document).fallback(no_page)
}

/// The document around a page, with what it may load and do: only those scripts run that carry its number.
fn document() -> impl IntoView {
    if let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>())
        && let Some(policy) = headers::page_policy(&nonce)
    {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    shell(assets::addresses())
}

/// What pages and server functions find in their context: the ports, who asks (an `Actor`, where
/// somebody is signed in), the language, and the session of the browser.
fn contexts(state: &AppState) {
    let Some(parts) = use_context::<Parts>() else { return };
    provide_context(state.ports.clone());
    if let Some(identity) = parts.extensions.get::<Identity>() {
        provide_context::<Actor>(identity.actor.clone());
    }
    provide_context(reader::lang(&parts.headers));
    if let Some(typed) = parts.extensions.get::<Typed>() {
        provide_context(typed.clone());
    }
    provide_context(Build(assets::addresses().wasm));
    if let Some(session) = parts.extensions.get::<Session>().cloned() {
        let client = client::address(&parts.extensions);
        let invitation = join::key(&parts.headers);
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let agent = agent.unwrap_or_default().to_owned();
        let browser = Browser { state: state.clone(), session, client, agent, invitation };
        provide_context::<Arc<dyn BrowserSession>>(Arc::new(browser));
    }
}

/// Nothing has this address: a problem below `/api`, the app's own page elsewhere.
async fn no_page(State(state): State<AppState>, request: Request) -> Response {
    let is_page = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_page || request.uri().path() == "/api" || request.uri().path().starts_with("/api/") {
        return Problem::no_route().into_response();
    }
    let render = leptos_axum::render_app_async_with_context(move || contexts(&state), document);
    let mut response = render(request).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}
