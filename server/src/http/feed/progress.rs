//! Progress ticks: sent as they come, to whoever keeps up, and never stored.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::extract::ws::Utf8Bytes;
use launchway_domain::{Event, EventData, NodeKey, ReleaseId};
use tokio::sync::broadcast;

use super::{Feed, Subscription};

/// The shortest time between two ticks of one node: ten a second.
const APART: Duration = Duration::from_millis(100);
/// So many nodes are remembered before those that were quiet are forgotten.
const MANY: usize = 1024;

/// One listener's ticks.
pub(crate) struct Progress {
    ticks: broadcast::Receiver<Event>,
    told: HashMap<(ReleaseId, NodeKey), Instant>,
}

impl Progress {
    /// Ticks from now on.
    pub(crate) fn new(ticks: broadcast::Receiver<Event>) -> Self {
        Self { ticks, told: HashMap::new() }
    }

    /// The next tick that the listener hears. May be dropped at any time: a lost tick is no loss.
    pub(crate) async fn next(&mut self, feed: &Feed, heard: Option<&Subscription>) -> Utf8Bytes {
        loop {
            let mut tick = match self.ticks.recv().await {
                Ok(tick) => tick,
                // Too slow for all of them: the latest are the ones that count.
                Err(broadcast::error::RecvError::Lagged(_)) => continue,
                Err(broadcast::error::RecvError::Closed) => return std::future::pending().await,
            };
            let EventData::NodeProgress { release_id, node, .. } = &tick.data else { continue };
            let key = (*release_id, node.clone());
            let Some(heard) = heard else { continue };
            let Some(topic) = feed.topic_of(&tick, heard.topics(), heard.visible()).await else { continue };
            if !self.is_due(key, Instant::now()) {
                continue;
            }
            tick.topic = topic.to_string();
            tick.seq = None;
            if let Ok(json) = serde_json::to_string(&tick) {
                return json.into();
            }
        }
    }

    fn is_due(&mut self, node: (ReleaseId, NodeKey), now: Instant) -> bool {
        if self.told.get(&node).is_some_and(|last| now.duration_since(*last) < APART) {
            return false;
        }
        if self.told.len() >= MANY {
            self.told.retain(|_, last| now.duration_since(*last) < APART);
        }
        self.told.insert(node, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_a_second_for_each_node() {
        let (sender, _) = broadcast::channel(1);
        let mut progress = Progress::new(sender.subscribe());
        let node = |key: &str| (ReleaseId(1), NodeKey(key.into()));
        let start = Instant::now();
        let told = (0..1000).filter(|ms| progress.is_due(node("upload"), start + Duration::from_millis(*ms))).count();
        assert_eq!(told, 10);
        assert!(progress.is_due(node("package"), start));
    }
}
