//! The feed over Server-Sent Events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use launchway_domain::Topic;

use super::message::Line;
use super::watch::{Wake, Watch};
use super::{PING, Subscription};
use crate::AppState;
use crate::http::auth::Identity;
use crate::http::problem::{Problem, Result};

/// How long a browser waits before it comes back.
const RETRY: Duration = Duration::from_secs(2);

/// Streams events until the listener goes, signs out, or the program stops.
///
/// # Errors
/// Where the database does not answer.
pub(crate) async fn stream(
    state: AppState,
    identity: Identity,
    topics: Vec<Topic>,
    after: Option<i64>,
) -> Result<Response> {
    state.feed.permit(&identity.actor, &topics).await?;
    let subscription =
        state.feed.subscribe(topics, identity.actor.visible(), after).await.map_err(Problem::internal)?;
    let listener =
        Listener { watch: Watch::new(state, identity), subscription, ready: VecDeque::new(), greeted: false };
    let events = stream::unfold(listener, |mut listener| async move {
        listener.next().await.map(|event| (Ok::<_, Infallible>(event), listener))
    });
    let sse = Sse::new(events).keep_alive(KeepAlive::new().interval(PING));
    // For proxies that would hold the stream back.
    Ok(([("x-accel-buffering", "no"), ("cache-control", "no-store")], sse).into_response())
}

struct Listener {
    watch: Watch,
    subscription: Subscription,
    /// Read, and not sent yet: one batch at most.
    ready: VecDeque<Line>,
    greeted: bool,
}

impl Listener {
    async fn next(&mut self) -> Option<Event> {
        if !self.greeted {
            // Says at once that the stream is there, before there is an event.
            self.greeted = true;
            return Some(Event::default().retry(RETRY).comment("launchway"));
        }
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Some(Event::default().id(line.seq.to_string()).data(line.json.as_str()));
            }
            match self.watch.next(Some(&self.subscription)).await {
                Wake::Events => match self.subscription.take().await {
                    Ok(lines) => self.ready.extend(lines),
                    Err(error) => {
                        tracing::warn!("a stream cannot read the events: {error}");
                        return None;
                    }
                },
                Wake::Passing(json) => return Some(Event::default().data(json.as_str())),
                Wake::Gone | Wake::Changed | Wake::Stopping => return None,
            }
        }
    }
}
