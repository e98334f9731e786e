//! The wall: whether any release has changed, for the pages that list releases.

use futures::future::{AbortHandle, abortable};
use futures::{SinkExt, StreamExt};
use gloo_net::websocket::Message;
use gloo_net::websocket::futures::WebSocket;
use gloo_timers::future::TimeoutFuture;
use launchway_domain::{Event, EventData, Topic};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::backoff::delay;
use super::client::address;

/// Counts `changed` up whenever a release was made or changed its status, until the owner of this call is gone. Once
/// also for every new connection: what happened before it is not told.
pub fn follow(changed: RwSignal<u32>) {
    let (task, handle) = abortable(run(changed));
    on_cleanup(move || AbortHandle::abort(&handle));
    spawn_local(async move {
        let _ = task.await;
    });
}

async fn run(changed: RwSignal<u32>) {
    let mut failed = 0;
    loop {
        if let Some(mut socket) = address().and_then(|url| WebSocket::open(&url).ok()) {
            let hello = serde_json::json!({ "subscribe": [Topic::Wall.to_string()] });
            // Sending waits until the handshake is over.
            if socket.send(Message::Text(hello.to_string())).await.is_ok() {
                failed = 0;
                changed.try_update(|changed| *changed += 1);
                listen(&mut socket, changed).await;
            }
        }
        failed += 1;
        TimeoutFuture::new(delay(failed, js_sys::Math::random())).await;
    }
}

/// Until the connection is gone.
async fn listen(socket: &mut WebSocket, changed: RwSignal<u32>) {
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let is_status = serde_json::from_str::<Event>(&text)
            .is_ok_and(|event| matches!(event.data, EventData::ReleaseStatus { .. }));
        // A reset says that something was left out: as good a reason to look again.
        if is_status || text.contains("\"reset\"") {
            changed.try_update(|changed| *changed += 1);
        }
    }
}
