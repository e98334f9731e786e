//! Who asks: one middleware finds out, everything behind it relies on that.

use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use launchway_app::api::{ApiError, needs_of};
use launchway_domain::{Actor, Fault, Needs, Person, Text};
use secrecy::SecretString;
use tower_sessions::Session;

use super::problem::Problem;
use super::{client, docs, join, metrics, reader, session, wall};
use crate::AppState;
use crate::service::permit;

/// Where people sign in, and where the first of them is made.
const SIGN_IN: &str = "/sign-in";
const SETUP: &str = "/setup";
/// Where server functions stand.
pub(crate) const FUNCTIONS: &str = "/api/fn/";

/// Somebody who proved who they are.
#[derive(Clone)]
pub(crate) struct Identity {
    /// Who it is.
    pub(crate) actor: Actor,
    /// By what; asked again while a socket is open.
    pub(crate) proof: Proof,
}

/// By what somebody proved who they are.
#[derive(Clone)]
pub(crate) enum Proof {
    /// An API token.
    Token(SecretString),
    /// The session in this row.
    Session(String),
    /// The key of a link that opens the wall.
    Wall(SecretString),
}

/// Whether a proof still holds.
pub(crate) enum Held {
    /// As it did.
    Yes,
    /// It does, but the person may see or do more or less than when they came.
    Changed,
    /// It does not: signed out, revoked, expired or deactivated.
    Gone,
}

impl Identity {
    /// Whether the proof still holds. A database that does not answer ends nobody's session.
    pub(crate) async fn holds(&self, state: &AppState) -> Held {
        let Actor::User(known) = &self.actor else {
            let Proof::Wall(key) = &self.proof else { return Held::Yes };
            return if matches!(state.services.wall_by_key(key).await, Ok(None)) { Held::Gone } else { Held::Yes };
        };
        let accounts = state.services.accounts();
        let now = match &self.proof {
            Proof::Token(token) => match accounts.token_person(token.clone()).await {
                Err(Fault::Unauthenticated) => None,
                found => Some(found),
            },
            Proof::Session(row) => accounts.session_person(row, None).await.transpose(),
            Proof::Wall(_) => return Held::Yes,
        };
        match now {
            None => Held::Gone,
            Some(Ok(now)) if now.user.role != known.user.role || now.memberships != known.memberships => Held::Changed,
            Some(_) => Held::Yes,
        }
    }
}

/// The actor of a request that needs one: 401 without.
pub(crate) struct Who(pub(crate) Actor);

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Identity>() {
            Some(identity) => Ok(Self(identity.actor.clone())),
            None => Err(Fault::Unauthenticated.into()),
        }
    }
}

/// Middleware: finds the actor by token or session and turns away whoever has neither. Pages lead to
/// where one signs in; everything else answers 401.
pub(crate) async fn authenticate(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let found = identify(&state, &parts).await;
    let mut request = Request::from_parts(parts, body);
    let path = request.uri().path();
    let found = match found {
        Ok(None) => wall::identify(&state, request.headers(), path).await,
        found => found,
    };
    let identity = match found {
        Ok(identity) => identity,
        Err(problem) => return problem.into_response(),
    };
    let is_function = path.starts_with(FUNCTIONS);
    let is_page = is_page(path) && matches!(*request.method(), Method::GET | Method::HEAD);
    let is_wall = is_page && path == wall::PAGE;
    if is_wall && let Some(key) = wall::key_in(request.uri().query()) {
        return wall::enter(&state, &key).await.unwrap_or_else(IntoResponse::into_response);
    }
    let is_join = is_page && path == join::PAGE;
    if is_join && let Some(key) = wall::key_in(request.uri().query()) {
        return join::enter(&state, &key);
    }
    let passes = match &identity {
        Some(_) if matches!(path, SIGN_IN | SETUP) => {
            return Redirect::to(&wanted(request.uri().query())).into_response();
        }
        Some(_) => true,
        None if is_function => needs_of(path) == Some(Needs::Nothing),
        None if is_page => match where_to(&state, request.uri()).await {
            Ok(None) => true,
            Ok(Some(elsewhere)) => return Redirect::to(&elsewhere).into_response(),
            Err(problem) => return problem.into_response(),
        },
        None => false,
    };
    if let (true, Some(identity)) = (is_function, &identity)
        && let Err(fault) = permit_function(&identity.actor, path)
        // A form that was sent without JavaScript is refused by the service, which leads back to its page.
        && !wants_page(request.headers())
    {
        return refuse_function(request.headers(), fault);
    }
    if !passes {
        return if is_function {
            refuse_function(request.headers(), Fault::Unauthenticated)
        } else {
            Problem::from(Fault::Unauthenticated).into_response()
        };
    }
    if let Some(identity) = identity {
        request.extensions_mut().insert(identity);
    }
    let response = next.run(request).await;
    if is_wall { wall::discreet(response) } else { response }
}

/// Whether the actor may call the server function at all. What says nothing of itself is closed to everybody.
fn permit_function(actor: &Actor, path: &str) -> Result<(), Fault> {
    match needs_of(path) {
        Some(Needs::Nothing | Needs::SignIn) => Ok(()),
        Some(Needs::Permission(permission)) => permit(actor, permission),
        // Nothing has this address: the router says so.
        None if !is_function(path) => Ok(()),
        Some(Needs::DataFolder) | None => Err(Fault::not_found(Text::new(
            "There is no such call. Load the page again.",
            "没有此调用，请重新加载页面。",
        ))),
    }
}

/// Whether there is such a server function.
fn is_function(path: &str) -> bool {
    leptos::server_fn::axum::server_fn_paths().any(|(known, _)| known == path)
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default().contains("text/html")
}

/// What a server function answers whom it is closed to, in the words that its caller in the browser reads; a
/// form that was sent without JavaScript leads to where one signs in.
fn refuse_function(headers: &HeaderMap, fault: Fault) -> Response {
    if wants_page(headers) {
        return Redirect::to(SIGN_IN).into_response();
    }
    let status = StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::FORBIDDEN);
    (status, Json(ApiError::Fault(fault))).into_response()
}

async fn identify(state: &AppState, parts: &Parts) -> Result<Option<Identity>, Problem> {
    let accounts = state.services.accounts();
    let (headers, session) = (&parts.headers, parts.extensions.get::<Session>());
    let from = client::address(&parts.extensions);
    let actor = |person: Person| Actor::User(Box::new(Person { from: Some(from), ..person }));
    if let Some(token) = bearer(headers) {
        // A token that is nobody's is not made good by a session.
        let person = accounts.token_person(token.clone()).await?;
        return Ok(Some(Identity { actor: actor(person), proof: Proof::Token(token) }));
    }
    // Without the cookie there is nothing to ask the database for.
    let (Some(session), Some(_)) = (session, reader::cookie(headers, session::COOKIE)) else { return Ok(None) };
    let Some((id, row)) = session::user_of(session).await? else { return Ok(None) };
    let person = accounts.session_person(&row, Some(from)).await?.filter(|person| person.user.id == id);
    Ok(person.map(|person| Identity { actor: actor(person), proof: Proof::Session(row) }))
}

fn bearer(headers: &HeaderMap) -> Option<SecretString> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned().into())
}

/// Whether people look at what stands there: whoever is not signed in is led to where one signs in.
fn is_page(path: &str) -> bool {
    path == docs::PAGE || !(path.starts_with("/api/") || path == metrics::PATH)
}

/// The name of a server function, without the number that tells functions of one name apart.
pub(crate) fn function_name(path: &str) -> &str {
    path.trim_start_matches(FUNCTIONS).trim_end_matches(|c: char| c.is_ascii_digit())
}

/// Where a page leads somebody who is not signed in; none where they may see it.
async fn where_to(state: &AppState, uri: &axum::http::Uri) -> Result<Option<String>, Problem> {
    let path = uri.path();
    if state.services.accounts().needs_setup().await? {
        return Ok((path != SETUP).then(|| SETUP.to_owned()));
    }
    // The wall's page says itself what to do where nobody is let in: a screen cannot sign in.
    if matches!(path, SIGN_IN | wall::PAGE | join::PAGE) {
        return Ok(None);
    }
    let asked = uri.path_and_query().map_or(path, |p| p.as_str());
    if path == SETUP || asked == "/" {
        return Ok(Some(SIGN_IN.to_owned()));
    }
    let next: String = url::form_urlencoded::byte_serialize(asked.as_bytes()).collect();
    Ok(Some(format!("{SIGN_IN}?next={next}")))
}

/// The page that somebody wanted before they signed in: a local one, or else the first page.
fn wanted(query: Option<&str>) -> String {
    url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find_map(|(key, value)| (key == "next").then(|| value.into_owned()))
        .filter(|next| is_local(next))
        .unwrap_or_else(|| "/".to_owned())
}

/// Whether an address stays on this site. Browsers read `\` as `/` and drop tabs and line ends, so
/// `//host`, `/\host` and `/<tab>/host` lead away.
pub(crate) fn is_local(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path.contains(char::is_control)
        && !matches!(path.split(['?', '#']).next(), Some(SIGN_IN | SETUP))
}

/// What a socket says before it closes since its proof no longer holds.
pub(crate) fn gone() -> Text {
    Text::new("Signed out, or the token was revoked. Sign in again.", "已退出登录或令牌已被撤销，请重新登录。")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_sign_in_nobody_is_led_away() {
        assert_eq!(wanted(Some("next=%2Freleases%2F7%3Fnode%3Dpackage")), "/releases/7?node=package");
        for away in
            ["https://evil.example", "//evil.example", "/\\evil.example", "/%09/evil.example", "evil", "/sign-in"]
        {
            assert_eq!(wanted(Some(&format!("next={away}"))), "/", "{away}");
        }
        assert_eq!(wanted(None), "/");
    }

    #[test]
    fn every_function_says_what_it_takes() {
        let paths: Vec<&str> = leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
        assert!(paths.len() > 50, "{}", paths.len());
        let silent: Vec<_> = paths.iter().filter(|path| needs_of(path).is_none()).collect();
        assert!(silent.is_empty(), "put `needs!(…)` behind {silent:?}");
        let open = paths.iter().filter(|path| needs_of(path) == Some(Needs::Nothing));
        let mut open: Vec<_> = open.map(|path| function_name(path)).collect();
        open.sort_unstable();
        assert_eq!(open, ["get_invitation", "get_visitor", "join", "prefer", "setup", "sign_in", "sign_out"]);
    }
}
