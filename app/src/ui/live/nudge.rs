//! What the window tells whoever keeps a connection: that the page is gone, and how the network is.

use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::{FutureExt, StreamExt, select};
use gloo_timers::future::TimeoutFuture;
use leptos::ev;
use leptos::prelude::*;

/// What the window tells.
pub(super) enum Nudge {
    /// The page is gone.
    Stop,
    /// The network has gone: the socket may not notice for minutes.
    Offline,
    /// The network is back, or the page is looked at again: do not wait any longer.
    Wake,
}

/// Listens to the window until the owner of this call is gone; [`Nudge::Stop`] is the last thing that is told.
pub(super) fn listen() -> UnboundedReceiver<Nudge> {
    let (nudge, nudges) = unbounded();
    let tell = |what: fn() -> Nudge| {
        let nudge: send_wrapper::SendWrapper<UnboundedSender<Nudge>> = send_wrapper::SendWrapper::new(nudge.clone());
        move || {
            let _ = nudge.unbounded_send(what());
        }
    };
    let (offline, online, visible) = (tell(|| Nudge::Offline), tell(|| Nudge::Wake), tell(|| Nudge::Wake));
    let handles = [
        window_event_listener(ev::offline, move |_| offline()),
        window_event_listener(ev::online, move |_| online()),
        window_event_listener(ev::visibilitychange, move |_| visible()),
    ];
    let stop = tell(|| Nudge::Stop);
    on_cleanup(move || {
        handles.into_iter().for_each(|handle| handle.remove());
        stop();
    });
    nudges
}

/// Waits before the next try, in milliseconds, or until the window says that it is worth one. Answers whether the page
/// is still there.
pub(super) async fn pause(millis: u32, nudges: &mut UnboundedReceiver<Nudge>) -> bool {
    let mut wait = TimeoutFuture::new(millis).fuse();
    loop {
        select! {
            () = wait => return true,
            nudge = nudges.next() => match nudge {
                Some(Nudge::Wake) => return true,
                Some(Nudge::Offline) => {}
                Some(Nudge::Stop) | None => return false,
            },
        }
    }
}

/// Waits for the page to go; whatever else is told does not matter during a handshake.
pub(super) async fn gone(nudges: &mut UnboundedReceiver<Nudge>) {
    while let Some(nudge) = nudges.next().await {
        if matches!(nudge, Nudge::Stop) {
            return;
        }
    }
}
