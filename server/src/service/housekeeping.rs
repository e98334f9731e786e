//! What is forgotten in time: old events, sessions that ran out, answers that nobody asks for again.

use std::sync::Arc;
use std::time::Duration;

use launchway_domain::Timestamp;

use super::Core;

/// How long events are kept, in milliseconds: 30 days. A client that was away for longer is told to
/// start over; releases, nodes and logs are not events and stay.
const EVENTS_KEPT: i64 = 30 * 24 * 3600 * 1000;
/// How long deliveries of webhooks and notifications are kept, in milliseconds: 90 days.
const POST_KEPT: i64 = 90 * 24 * 3600 * 1000;
/// How often it is looked at.
const INTERVAL: Duration = Duration::from_secs(3600);

/// Tidies up now and every hour, until the program stops.
pub(super) fn start(core: &Arc<Core>) {
    let tidier = Arc::clone(core);
    core.background.spawn(async move {
        loop {
            tidy(&tidier).await;
            tokio::select! {
                () = tidier.stopping.cancelled() => return,
                () = tokio::time::sleep(INTERVAL) => {}
            }
        }
    });
}

async fn tidy(core: &Core) {
    if let Err(error) = core.store.events_trim(Timestamp::now().plus_millis(-EVENTS_KEPT)).await {
        tracing::warn!(%error, "forgetting old events");
    }
    let before = Timestamp::now().plus_millis(-POST_KEPT);
    if let Err(error) = core.store.deliveries_trim(before).await {
        tracing::warn!(%error, "forgetting old deliveries of webhooks");
    }
    if let Err(error) = core.store.notifications_trim(before).await {
        tracing::warn!(%error, "forgetting old notifications");
    }
    if let Err(error) = core.store.sessions_delete_expired().await {
        tracing::warn!(%error, "forgetting sessions that ran out");
    }
    if let Err(error) = core.store.idempotency_delete_expired().await {
        tracing::warn!(%error, "forgetting the answers of idempotent calls");
    }
}
