//! The feed in the browser: a WebSocket that comes back by itself and misses nothing.

use futures::channel::mpsc::UnboundedReceiver;
use futures::{FutureExt, SinkExt, StreamExt, select};
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, State};
use gloo_timers::future::TimeoutFuture;
use launchway_domain::{Event, ProjectId, Release, ReleaseId, ReleaseStatus, Topic};
use leptos::prelude::*;
use leptos::task::{spawn_local, tick};

use super::backoff::delay;
use super::clock::Clock;
use super::nudge::{Nudge, gone, listen, pause};
use super::{Connection, Live, LogNews};
use crate::api::releases::start_of_release;
use crate::api::snapshot::ReleaseStart;

/// A connection that holds this long, in milliseconds, counts as a good one: the next wait is short again.
const STEADY: f64 = 5000.0;

/// How long a handshake may take, in milliseconds: a network that swallows everything says nothing either.
const HANDSHAKE: u32 = 10_000;

/// How a connection ended.
enum End {
    /// For good.
    Stopped,
    /// It may come back. Whether it had held for a while.
    Lost { was_steady: bool },
}

/// Follows a release until the owner of this call is gone.
pub fn follow(live: Live, id: ReleaseId, clock: Clock) {
    spawn_local(run(live, id, clock, listen()));
}

async fn run(live: Live, id: ReleaseId, clock: Clock, mut nudges: UnboundedReceiver<Nudge>) {
    let mut failed = 0;
    loop {
        match connection(live, id, clock, &mut nudges).await {
            End::Stopped => return,
            End::Lost { was_steady } => failed = if was_steady { 0 } else { failed + 1 },
        }
        live.connection.try_set(Connection::Reconnecting);
        // A handshake that is refused does not say why. The session may have ended.
        if failed % 4 == 1
            && let Err(error) = start_of_release(id).await
            && error.is_signed_out()
        {
            live.connection.try_set(Connection::SignedOut);
            return;
        }
        if !pause(delay(failed, js_sys::Math::random()), &mut nudges).await {
            return;
        }
    }
}

/// One connection, from the handshake to its end.
async fn connection(live: Live, id: ReleaseId, clock: Clock, nudges: &mut UnboundedReceiver<Nudge>) -> End {
    let Some(after) = live.seq() else { return End::Stopped };
    let Some(mut socket) = address().and_then(|url| WebSocket::open(&url).ok()) else {
        return End::Lost { was_steady: false };
    };
    let hello = Message::Text(subscription(live, id, after));
    // Sending waits until the handshake is over.
    let sent = {
        let mut sending = std::pin::pin!(socket.send(hello).fuse());
        let mut left = std::pin::pin!(gone(nudges).fuse());
        let mut late = TimeoutFuture::new(HANDSHAKE).fuse();
        select! {
            sent = sending => sent.is_ok(),
            () = late => false,
            () = left => return End::Stopped,
        }
    };
    // Into a socket whose handshake was refused one may send as well.
    if !sent || !matches!(socket.state(), State::Open) {
        return End::Lost { was_steady: false };
    }
    let opened_at = js_sys::Date::now();
    let lost = move || End::Lost { was_steady: js_sys::Date::now() - opened_at > STEADY };
    live.connection.try_set(Connection::Live);
    // The page's log and its release were read one after the other; the feed begins after the latter.
    live.tell(LogNews::Check);
    loop {
        select! {
            message = socket.next().fuse() => match message {
                Some(Ok(Message::Text(text))) => {
                    if !take(live, id, clock, &text, &mut socket).await {
                        return lost();
                    }
                }
                Some(Ok(Message::Bytes(_))) => {}
                Some(Err(_)) | None => return lost(),
            },
            nudge = nudges.next() => match nudge {
                Some(Nudge::Wake) => {}
                Some(Nudge::Offline) => return lost(),
                Some(Nudge::Stop) | None => return End::Stopped,
            },
        }
    }
}

/// Takes one message. Answers whether the connection is still of use.
async fn take(live: Live, id: ReleaseId, clock: Clock, text: &str, socket: &mut WebSocket) -> bool {
    if let Ok(event) = serde_json::from_str::<Event>(text) {
        if event.seq.is_none() {
            clock.heard(event.at);
        }
        let door = door_of(live);
        live.apply(&event);
        // What is listened to follows the release; nothing is missed or told twice, since it goes on from the same event.
        if door_of(live) != door
            && let Some(seq) = live.seq()
            && socket.send(Message::Text(subscription(live, id, seq))).await.is_err()
        {
            return false;
        }
        // Let the page show this one before the next comes: nobody's status is skipped.
        tick().await;
        return true;
    }
    if !is_reset(text) {
        // A kind of event that this page is too old for.
        return true;
    }
    let Ok(ReleaseStart { snapshot, .. }) = start_of_release(id).await else { return false };
    let seq = snapshot.seq;
    live.reset(snapshot);
    socket.send(Message::Text(subscription(live, id, seq))).await.is_ok()
}

/// Whether the feed says that the events after our last one are not kept any more.
fn is_reset(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text)
        .is_ok_and(|message| message.get("kind").is_some_and(|kind| kind == "reset") || message.get("reset").is_some())
}

/// The project whose topic tells of the door: who else waits there, its lock, its freezes. None while the release runs:
/// it is through, and others of the project may run as well, with many servers.
fn door_of(live: Live) -> Option<ProjectId> {
    let project = |release: &Release| (release.status != ReleaseStatus::Running).then_some(release.project_id);
    live.release.try_with_untracked(project).flatten()
}

fn subscription(live: Live, id: ReleaseId, after: i64) -> String {
    let project = door_of(live);
    let topics = std::iter::once(Topic::Release(id)).chain(project.map(Topic::Project));
    let topics: Vec<String> = topics.map(|topic| topic.to_string()).collect();
    serde_json::json!({ "subscribe": topics, "after": after }).to_string()
}

/// The feed's address on the host that the page came from.
pub(in crate::ui) fn address() -> Option<String> {
    let location = window().location();
    let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
    Some(format!("{scheme}://{}/api/v1/feed", location.host().ok()?))
}
