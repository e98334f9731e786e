//! How far a step has come: told to whoever looks on, written down nowhere.

use std::time::{Duration, Instant};

use launchway_domain::{Event, EventData, Node, Timestamp, Topic};

use super::Context;

/// At most ten ticks a second for each node.
const INTERVAL: Duration = Duration::from_millis(100);

impl Context {
    /// A function to call with (done, total) as often as one likes.
    pub(super) fn ticker(&self, node: &Node) -> impl FnMut(u64, u64) + use<> {
        let (progress, release_id) = (self.progress.clone(), self.release.id);
        let (key, attempt) = (node.key.clone(), node.attempt);
        let mut last: Option<Instant> = None;
        move |done, total| {
            let now = Instant::now();
            let early = last.is_some_and(|last| now.duration_since(last) < INTERVAL);
            if early && done != total {
                return;
            }
            last = Some(now);
            // Nobody listening is no error.
            let _ = progress.send(Event {
                seq: None,
                topic: Topic::Release(release_id).to_string(),
                at: Timestamp::now(),
                data: EventData::NodeProgress { release_id, node: key.clone(), attempt, done, total },
            });
        }
    }
}
