//! `/events` and `/feed`: the feed for those without WebSocket, and with.

use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use launchway_domain::{Fault, FieldError, Permission, Topic};
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::needs::permitted;
use crate::AppState;
use crate::http::auth::{Held, Identity};
use crate::http::feed;
use crate::http::params::Query;
use crate::http::problem::{Problem, ProblemBody, Result};

/// How long a call waits where it does not say, and how long at most, in seconds.
const WAIT: u64 = 30;
const MAX_WAIT: u64 = 60;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    // Each topic says what it takes besides: `Feed::permission`.
    OpenApiRouter::new()
        .routes(permitted(Permission::ViewWall, routes!(events)))
        .routes(permitted(Permission::ViewWall, routes!(sse)))
        .routes(permitted(Permission::ViewWall, routes!(feed::connect)))
        // Over HTTP/2 a WebSocket begins with CONNECT (RFC 8441).
        .route("/feed", on(MethodFilter::CONNECT, feed::connect))
}

/// Events, and where to go on.
#[derive(Serialize, ToSchema)]
struct Events {
    /// `{seq, topic, kind, at, data}` each, in the order of `seq`.
    #[schema(value_type = Vec<Object>)]
    items: Vec<serde_json::Value>,
    /// `after` of the next call; moves on even when there were no items.
    next: i64,
}

/// The next events of some topics; waits for one where there is none.
#[utoipa::path(
    get, path = "/events", tag = "feed",
    params(
        ("topics" = String, Query, description = "release:N, project:N, wall; with commas between them"),
        ("after" = Option<i64>, Query, description = "The last event seen; 0 from the beginning, absent from now"),
        ("wait" = Option<u64>, Query, description = "Seconds, 60 at most; 30 where absent")
    ),
    responses((status = 200, body = Events), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn events(
    State(state): State<AppState>,
    Extension(identity): Extension<Identity>,
    mut query: Query,
) -> Result<Response> {
    let wait = query.parse::<u64>("wait").unwrap_or(WAIT).min(MAX_WAIT);
    let (topics, after) = asked(query)?;
    state.feed.permit(&identity.actor, &topics).await?;
    let deadline = Instant::now() + Duration::from_secs(wait);
    let mut subscription =
        state.feed.subscribe(topics, identity.actor.visible(), after).await.map_err(Problem::internal)?;
    let lines = loop {
        let lines = subscription.take().await.map_err(Problem::internal)?;
        if !lines.is_empty() || Instant::now() >= deadline {
            break lines;
        }
        tokio::select! {
            () = subscription.wait() => {}
            () = state.stopping().cancelled() => break lines,
            () = tokio::time::sleep_until(deadline.min(Instant::now() + feed::RECHECK)) => {
                match identity.holds(&state).await {
                    Held::Yes => {}
                    Held::Changed => break lines,
                    Held::Gone => return Err(Fault::Unauthenticated.into()),
                }
            }
        }
    };
    // They are JSON already; nothing is gained by reading and writing them again.
    let next = lines.last().map_or(0, |line| line.seq).max(subscription.position());
    let items: Vec<&str> = lines.iter().map(|line| line.json.as_str()).collect();
    let body = format!(r#"{{"items":[{}],"next":{next}}}"#, items.join(","));
    Ok(([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response())
}

/// The events of some topics as Server-Sent Events; `Last-Event-ID` counts as `after`.
#[utoipa::path(
    get, path = "/feed/sse", tag = "feed",
    params(
        ("topics" = String, Query, description = "release:N, project:N, wall; with commas between them"),
        ("after" = Option<i64>, Query, description = "The last event seen; 0 from the beginning, absent from now")
    ),
    responses((status = 200, body = String, content_type = "text/event-stream"))
)]
async fn sse(
    State(state): State<AppState>,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response> {
    let (topics, after) = asked(query)?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<i64>().ok()).filter(|id| *id >= 0);
    feed::stream(state, identity, topics, last.or(after)).await
}

fn asked(mut query: Query) -> Result<(Vec<Topic>, Option<i64>)> {
    let after = query.read("after", |text| text.parse::<i64>().ok().filter(|after| *after >= 0));
    // Named twice, the parameter adds up: no topic may go unheard.
    let names = query.texts("topics");
    if names.is_empty() {
        query.missing("topics");
    }
    query.done()?;
    let topics = feed::topics(names.iter().flat_map(|names| names.split(',')).filter(|name| !name.trim().is_empty()))
        .map_err(|message| Fault::Invalid { errors: vec![FieldError::new("topics", "invalid", message)] })?;
    Ok((topics, after))
}
