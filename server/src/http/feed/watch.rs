//! What wakes a listener.

use axum::extract::ws::Utf8Bytes;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::progress::Progress;
use super::{RECHECK, Subscription};
use crate::AppState;
use crate::http::auth::Identity;

/// Waits on behalf of one listener.
pub(crate) struct Watch {
    state: AppState,
    identity: Identity,
    progress: Progress,
    left: watch::Receiver<u64>,
    recheck: Interval,
    stopping: CancellationToken,
}

/// Why a listener was woken.
pub(crate) enum Wake {
    /// There may be events.
    Events,
    /// A node came further.
    Progress(Utf8Bytes),
    /// Nobody is there to listen any more: signed out, or revoked.
    Gone,
    /// The program stops.
    Stopping,
}

impl Watch {
    pub(crate) fn new(state: AppState, identity: Identity) -> Self {
        let shared = &state.feed.shared;
        let mut recheck = interval(RECHECK);
        recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            progress: Progress::new(shared.progress.subscribe()),
            left: shared.left.subscribe(),
            recheck,
            stopping: shared.stopping.clone(),
            state,
            identity,
        }
    }

    /// Waits for whatever comes first. May be dropped at any time.
    pub(crate) async fn next(&mut self, subscription: Option<&Subscription>) -> Wake {
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return Wake::Stopping,
                () = events(subscription) => return Wake::Events,
                line = self.progress.next(&self.state.feed, subscription.map_or(&[], Subscription::topics)) => {
                    return Wake::Progress(line);
                }
                _ = self.recheck.tick() => {}
                _ = self.left.changed() => {}
            }
            if !self.identity.holds(&self.state).await {
                return Wake::Gone;
            }
        }
    }
}

async fn events(subscription: Option<&Subscription>) {
    match subscription {
        Some(subscription) => subscription.wait().await,
        None => std::future::pending().await,
    }
}
