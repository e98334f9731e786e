//! `/hooks/{id}`: where Git services call. Outside of everything that knows cookies and origins: who calls proves to know
//! the webhook's secret, and nothing else counts.

use axum::extract::{Path, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use launchway_domain::{Delivery, Fault, Needs, Text};
use tokio::sync::Semaphore;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body;
use super::problem::{Problem, ProblemBody, Reply, Result};
use super::rest::needs::needing;
use crate::AppState;
use crate::forge::Unreadable;
use crate::service::inbox::Arrival;

/// What the addresses begin with.
pub(crate) const BASE: &str = "/hooks/";

/// The longest payload, in bytes: GitHub sends up to 25 MB.
const MAX_PAYLOAD: usize = 25 << 20;
/// How many payloads that are longer than other bodies may be are held at once.
static LARGE: Semaphore = Semaphore::const_new(2);

/// Whether it is the one call, which takes its body in itself.
pub(crate) fn takes_in(request: &Request) -> bool {
    let id = request.uri().path().strip_prefix(BASE);
    request.method() == Method::POST && id.is_some_and(|id| !id.is_empty() && !id.contains('/'))
}

/// The one call.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(needing(Needs::Nothing, routes!(receive)))
}

/// Takes a push or tag event of a Git service in. Answers as soon as it is written down: 202 where it will be worked off,
/// 200 where it asks for nothing. The proof is the one of the service: `X-Hub-Signature-256` of GitHub, `X-Gitlab-Token` or
/// `webhook-signature` of GitLab, `X-Gitea-Signature` of Gitea and Forgejo, `X-Gitee-Token` of Gitee. Payloads of up to
/// 25 MiB are taken; a longer one is listed among the deliveries, and refused.
#[utoipa::path(
    post, path = "/hooks/{public_id}", tag = "webhooks", security(()),
    params(("public_id" = String, Path, description = "As in the webhook's `address`")),
    request_body(content = serde_json::Value, description = "The payload, as the service sends it"),
    responses(
        (status = 200, body = Delivery),
        (status = 202, body = Delivery),
        (status = 401, body = ProblemBody, content_type = "application/problem+json", description = "Not proven, or no such webhook"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "It came before"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "Longer than 25 MiB")
    )
)]
async fn receive(State(state): State<AppState>, Path(public_id): Path<String>, request: Request) -> Result<Response> {
    let (parts, body) = request.into_parts();
    let (services, headers) = (&state.services, parts.headers);
    // A stranger does not get to fill the memory: an address has to be one of ours before a long body is kept.
    let place = || async { if services.has_webhook(&public_id).await { LARGE.acquire().await.ok() } else { None } };
    let (body, _held) = match body::collect(&headers, body, MAX_PAYLOAD, place).await {
        Ok(collected) => collected,
        Err(status) => {
            if status == StatusCode::PAYLOAD_TOO_LARGE {
                services.note_too_long(&public_id, MAX_PAYLOAD).await?;
                let most = Text::new("The payload is too large; 25 MiB is the most.", "请求体过大，最多 25 MiB。");
                return Ok(Problem::new(status, most).into_response());
            }
            return Ok(Problem::of_status(status).into_response());
        }
    };
    Ok(match services.receive(&public_id, &headers, &body).await? {
        Arrival::Taken(delivery) => Reply::accepted(delivery).into_response(),
        Arrival::Noted(delivery) => Reply::ok(delivery).into_response(),
        Arrival::Unproven => unproven().into_response(),
        Arrival::TooMany(retry_after) => Problem::from(Fault::TooMany { retry_after }).into_response(),
        Arrival::Repeated => Problem::new(
            StatusCode::CONFLICT,
            Text::new("This delivery came before; nothing was done again.", "此投递此前已收到，未重复处理。"),
        )
        .into_response(),
        Arrival::Unreadable(unreadable) => {
            let status = match unreadable {
                Unreadable::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
                Unreadable::Malformed => StatusCode::BAD_REQUEST,
            };
            Problem::new(status, unreadable.reason()).into_response()
        }
    })
}

/// One answer, whether there is such a webhook or not.
fn unproven() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        Text::new("The signature or token is missing or wrong.", "签名或令牌缺失或有误。"),
    )
}
