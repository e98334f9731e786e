//! Sends what is in the outbox, until it has arrived or was tried often enough.

use std::sync::Arc;
use std::time::Duration;

use launchway_app::ports::Answer;
use launchway_domain::{Notification, Text, Timestamp};
use launchway_engine::store::Due;
use tokio::sync::Semaphore;

use super::Core;
use super::fault::of_store;

/// How many messages are on their way at once.
const PARALLEL: usize = 8;
/// How long a message is in one worker's hands: longer than a try takes.
const LEASE_MS: i64 = 40_000;
/// How often it is looked for what another process has written down.
const LOOK: Duration = Duration::from_secs(2);

/// Sends until the program stops; what is on its way then is waited for.
pub(super) fn start(core: &Arc<Core>) {
    let core = Arc::clone(core);
    core.background.clone().spawn(async move {
        let mut bell = core.store.post_bell();
        let places = Arc::new(Semaphore::new(PARALLEL));
        while !core.stopping.is_cancelled() {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            match core.store.notification_claim(LEASE_MS).await {
                Ok(Some(due)) => {
                    let sender = Arc::clone(&core);
                    core.background.spawn(async move {
                        let _place = place;
                        if let Err(fault) = send(&sender, &due).await {
                            tracing::warn!(notification = %due.id, "a notification could not be closed: {fault}");
                        }
                    });
                    continue;
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "looking for notifications to send"),
            }
            drop(place);
            tokio::select! {
                () = core.stopping.cancelled() => {}
                _ = bell.changed() => {}
                () = tokio::time::sleep(pause(&core).await) => {}
            }
        }
    });
}

/// How long nothing is due.
async fn pause(core: &Core) -> Duration {
    match core.store.notification_next().await {
        Ok(Some(next)) => {
            let millis = next.0.saturating_sub(Timestamp::now().0).max(1);
            Duration::from_millis(millis.unsigned_abs()).min(LOOK)
        }
        _ => LOOK,
    }
}

/// Tries a message once and writes down what became of it.
pub(super) async fn send(core: &Core, due: &Due) -> Answer<Notification> {
    let sent = match core.open_channel(due.channel).await {
        Ok((channel, address)) => core.sender.send(&channel, address.as_ref(), due).await,
        Err(fault) => Err(fault.detail()),
    };
    let error = sent.err();
    // A test is tried once.
    let wait = due.notice.event.and_then(|_| core.sender.outward().wait_after(due.attempt));
    let next = wait.map(|wait| Timestamp::now().plus_millis(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)));
    core.store
        .notification_tried(due, error.as_ref(), next)
        .await
        .map_err(|e| of_store(e, &Text::new("notification", "通知")))
}
