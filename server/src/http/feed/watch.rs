//! What wakes a listener.

use axum::extract::ws::Utf8Bytes;
use launchway_domain::{Actor, Topic};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::presence::Seat;
use super::progress::Progress;
use super::{RECHECK, Subscription};
use crate::AppState;
use crate::http::auth::{Held, Identity};

/// Waits on behalf of one listener.
pub(crate) struct Watch {
    state: AppState,
    identity: Identity,
    progress: Progress,
    seat: Seat,
    left: watch::Receiver<u64>,
    recheck: Interval,
    stopping: CancellationToken,
}

/// Why a listener was woken.
pub(crate) enum Wake {
    /// There may be events.
    Events,
    /// Something that is not stored: a node came further, somebody came or went.
    Passing(Utf8Bytes),
    /// Nobody is there to listen any more: signed out, or revoked.
    Gone,
    /// They may see more or less than when they came.
    Changed,
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
            seat: shared.presence.seat(&identity),
            left: shared.left.subscribe(),
            recheck,
            stopping: shared.stopping.clone(),
            state,
            identity,
        }
    }

    /// Notes where the listener is, so that others see who has a release open.
    pub(crate) fn sit(&mut self, topics: &[Topic]) {
        self.seat.sit(topics);
    }

    /// Who listens.
    pub(crate) fn actor(&self) -> &Actor {
        &self.identity.actor
    }

    /// Waits for whatever comes first. May be dropped at any time.
    pub(crate) async fn next(&mut self, subscription: Option<&Subscription>) -> Wake {
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return Wake::Stopping,
                () = events(subscription) => return Wake::Events,
                line = self.progress.next(&self.state.feed, subscription) => {
                    return Wake::Passing(line);
                }
                line = self.seat.next() => return Wake::Passing(line),
                _ = self.recheck.tick() => {}
                _ = self.left.changed() => {}
            }
            match self.identity.holds(&self.state).await {
                Held::Yes => {}
                Held::Changed => return Wake::Changed,
                Held::Gone => return Wake::Gone,
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
