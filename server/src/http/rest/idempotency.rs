//! `Idempotency-Key`: a POST that is sent again does nothing again, and is answered as it was.
//!
//! The key belongs to one user (with a token: to what the token may do) and to one call: method, address and body.
//! Every answer below 500 is kept for 24 hours. The call is carried out in a task of its own: whoever hangs up and
//! sends it again gets the answer of the first one.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use launchway_domain::{Actor, FieldError, Grant, Text, TokenScope};
use launchway_engine::store::idempotency::{Claim, carrying_out};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::Instrument;

use crate::AppState;
use crate::http::auth::Identity;
use crate::http::body::MAX_BODY;
use crate::http::problem::{Problem, Told};
use crate::service::idempotency::{RENEWAL, Turn};

/// What names a call.
pub(crate) const KEY: &str = "idempotency-key";
/// What says that an answer is not new.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key, in characters.
const MAX_KEY: usize = 255;
/// Seconds after which it makes sense to ask again for what is in hand.
const RETRY: u64 = 1;

/// An answer as it is kept: before it is written in anybody's language.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: KeptBody,
}

#[derive(Serialize, Deserialize)]
enum KeptBody {
    Told(serde_json::Value),
    Problem { detail: Text, errors: Vec<FieldError>, retry_after: Option<u64> },
    Plain(String),
}

/// Middleware: carries out a POST with a key once.
pub(crate) async fn once(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let owner = request.extensions().get::<Identity>().and_then(owner);
    let Some(owner) = owner.filter(|_| request.method() == Method::POST && request.headers().contains_key(KEY)) else {
        return next.run(request).await;
    };
    attempt(state, owner, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn attempt(state: AppState, owner: String, request: Request, next: Next) -> Result<Response, Problem> {
    let key = key(request.headers())?;
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE))?;
    let asked = digest(&parts.uri, &parts.headers, &body);
    match state.services.take_call(&owner, &key, &asked).await? {
        Turn::Mine(claim) => {
            let request = Request::from_parts(parts, Body::from(body));
            let call = carry_out(state, claim, request, next).in_current_span();
            match tokio::spawn(call).await {
                Ok(response) => Ok(response),
                Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
                Err(ended) => Err(Problem::internal(ended)),
            }
        }
        Turn::Answered(answer) => replay(&answer),
        Turn::Running => Err(running()),
        Turn::Lost => Err(lost()),
        Turn::Different => Err(different()),
    }
}

/// Whose key it is; none where nobody may send anything.
fn owner(identity: &Identity) -> Option<String> {
    let Actor::User(person) = &identity.actor else { return None };
    let id = person.user.id;
    Some(match &person.grant {
        // Whoever may all that its owner may is its owner.
        None | Some(Grant { scope: TokenScope::Administer, project: None, .. }) => format!("user:{id}"),
        Some(Grant { scope, project: None, .. }) => format!("user:{id} {}", scope.as_str()),
        Some(Grant { scope, project: Some(project), .. }) => format!("user:{id} {} {project}", scope.as_str()),
    })
}

/// The key of a call.
///
/// # Errors
/// 400 where it is none.
fn key(headers: &HeaderMap) -> Result<String, Problem> {
    let mut keys = headers.get_all(KEY).iter();
    let key = keys.next().and_then(|key| key.to_str().ok()).unwrap_or_default();
    if keys.next().is_none() && (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(key.to_owned());
    }
    Err(Problem::malformed(Text::new(
        "Idempotency-Key is one word of 1 to 255 visible ASCII characters, such as a UUID.",
        "Idempotency-Key 须为 1 到 255 个可见 ASCII 字符，不含空格，例如 UUID。",
    )))
}

/// All that is asked, in 32 bytes. Each part comes with its length, so that none reaches into the next.
fn digest(uri: &axum::http::Uri, headers: &HeaderMap, body: &Bytes) -> [u8; 32] {
    let address = uri.path_and_query().map_or(uri.path(), |address| address.as_str());
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let mut digest = Sha256::new();
    for part in [Method::POST.as_str().as_bytes(), address.as_bytes(), kind, body] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

async fn carry_out(state: AppState, claim: Claim, request: Request, next: Next) -> Response {
    // A panic leaves this future without an answer: then the call is given back.
    let mut given_back = GiveBack { state: state.clone(), claim: Some(claim.clone()) };
    let call = carrying_out(claim.clone(), next.run(request));
    tokio::pin!(call);
    let mut sign_of_life = tokio::time::interval(RENEWAL);
    sign_of_life.tick().await;
    let response = loop {
        tokio::select! {
            response = &mut call => break response,
            // Where somebody else has it by now, what this one still writes is refused.
            _ = sign_of_life.tick() => { state.services.hold_call(&claim).await; }
        }
    };
    given_back.claim = None;
    let (response, kept) = keep(response).await;
    if let Err(fault) = state.services.end_call(&claim, kept.as_deref()).await {
        tracing::warn!("the answer of a call is not kept: {fault}");
    }
    response
}

struct GiveBack {
    state: AppState,
    claim: Option<Claim>,
}

impl Drop for GiveBack {
    fn drop(&mut self) {
        let Some(claim) = self.claim.take() else { return };
        let state = self.state.clone();
        tokio::spawn(async move { state.services.end_call(&claim, None).await });
    }
}

/// An answer, and how it is kept; none where it is not.
async fn keep(response: Response) -> (Response, Option<Vec<u8>>) {
    if response.status().is_server_error() || response.status() == StatusCode::TOO_MANY_REQUESTS {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_BODY).await else {
        return (Problem::internal("an answer to a POST that is too long to be kept").into_response(), None);
    };
    let said = if let Some(Told(value)) = parts.extensions.get::<Told>() {
        KeptBody::Told(value.clone())
    } else if let Some(problem) = parts.extensions.get::<Problem>() {
        let Problem { detail, errors, retry_after, .. } = problem.clone();
        KeptBody::Problem { detail, errors, retry_after }
    } else {
        KeptBody::Plain(String::from_utf8_lossy(&bytes).into_owned())
    };
    let headers = parts.headers.iter().filter_map(|(name, value)| {
        let kept = *name != header::SET_COOKIE && *name != header::CONTENT_LENGTH;
        Some((name.to_string(), value.to_str().ok()?.to_owned())).filter(|_| kept)
    });
    let kept = Kept { status: parts.status.as_u16(), headers: headers.collect(), body: said };
    let kept = serde_json::to_vec(&kept).inspect_err(|error| tracing::warn!(%error, "an answer is not kept")).ok();
    (Response::from_parts(parts, Body::from(bytes)), kept)
}

/// The first answer once more.
fn replay(answer: &[u8]) -> Result<Response, Problem> {
    let kept: Kept = serde_json::from_slice(answer).map_err(Problem::internal)?;
    let status = StatusCode::from_u16(kept.status).map_err(Problem::internal)?;
    let mut response = match kept.body {
        KeptBody::Told(value) => {
            let mut response = status.into_response();
            response.extensions_mut().insert(Told(value));
            response
        }
        KeptBody::Problem { detail, errors, retry_after } => {
            Problem { status, detail, errors, retry_after }.into_response()
        }
        KeptBody::Plain(text) => (status, text).into_response(),
    };
    for (name, value) in &kept.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn running() -> Problem {
    let detail = Text::new(
        "A call with this Idempotency-Key is still being carried out. Send it again in a moment for its answer.",
        "使用此 Idempotency-Key 的请求仍在执行，请稍后重新发送以获取结果。",
    );
    Problem { retry_after: Some(RETRY), ..Problem::new(StatusCode::CONFLICT, detail) }
}

fn lost() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        Text::new(
            "The first call with this Idempotency-Key changed something, but Launchway stopped before its answer was \
             kept. Look at what is there, then use a new key.",
            "使用此 Idempotency-Key 的首次请求已产生更改，但 Launchway 在保存结果前停止。请先查看现状，再使用新的键。",
        ),
    )
}

fn different() -> Problem {
    let message = Text::new(
        "This Idempotency-Key was used for another call (another address or body). Use a new one for each call.",
        "此 Idempotency-Key 已用于另一个请求（地址或请求体不同），请为每个请求使用新的键。",
    );
    launchway_domain::Fault::field("Idempotency-Key", "reused", message).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        values.iter().map(|value| (HeaderName::from_static(KEY), HeaderValue::from_bytes(value).unwrap())).collect()
    }

    #[test]
    fn a_key_is_one_visible_word() {
        let long = "k".repeat(MAX_KEY);
        for good in ["x", "8e03978e-40d5-43dd-bc93-6894a57f9324", "\"quoted\"", &long] {
            assert_eq!(key(&headers(&[good.as_bytes()])).unwrap(), good);
        }
        let longer = "k".repeat(MAX_KEY + 1);
        for bad in [&b""[..], b"a b", b"\xe9", b"a\tb", longer.as_bytes()] {
            assert_eq!(key(&headers(&[bad])).unwrap_err().status, StatusCode::BAD_REQUEST);
        }
        assert!(key(&headers(&[b"a", b"b"])).is_err(), "two keys are none");
    }

    #[test]
    fn no_part_of_a_call_reaches_into_the_next() {
        let of =
            |uri: &str, body: &str| digest(&uri.parse().unwrap(), &HeaderMap::new(), &Bytes::from(body.to_owned()));
        assert_eq!(of("/a?b", "c"), of("/a?b", "c"));
        assert_ne!(of("/a", "bc"), of("/ab", "c"));
        assert_ne!(of("/a?b", ""), of("/a", "b"));
    }
}
