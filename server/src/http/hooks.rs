//! `/hooks/{id}`: where Git services call. Outside of everything that knows cookies and origins: who calls proves to know
//! the webhook's secret, and nothing else counts.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use launchway_domain::{Delivery, Fault, Needs, Text};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::{Problem, ProblemBody, Reply, Result};
use super::rest::needs::needing;
use crate::AppState;
use crate::forge::Unreadable;
use crate::service::inbox::Arrival;

/// What the addresses begin with.
pub(crate) const BASE: &str = "/hooks/";

/// The one call.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(needing(Needs::Nothing, routes!(receive)))
}

/// Takes a push or tag event of a Git service in. Answers as soon as it is written down: 202 where it will be worked off,
/// 200 where it asks for nothing. The proof is the one of the service: `X-Hub-Signature-256` of GitHub, `X-Gitlab-Token` or
/// `webhook-signature` of GitLab, `X-Gitea-Signature` of Gitea and Forgejo, `X-Gitee-Token` of Gitee.
#[utoipa::path(
    post, path = "/hooks/{public_id}", tag = "webhooks", security(()),
    params(("public_id" = String, Path, description = "As in the webhook's `address`")),
    request_body(content = serde_json::Value, description = "The payload, as the service sends it"),
    responses(
        (status = 200, body = Delivery),
        (status = 202, body = Delivery),
        (status = 401, body = ProblemBody, content_type = "application/problem+json", description = "Not proven, or no such webhook"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "It came before")
    )
)]
async fn receive(
    State(state): State<AppState>,
    Path(public_id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    Ok(match state.services.receive(&public_id, &headers, &body).await? {
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
