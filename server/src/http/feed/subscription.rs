//! One listener's position among the events.

use std::sync::Arc;

use launchway_domain::{Topic, Visible};
use launchway_engine::store::{Store, StoreError};

use super::message::Line;
use super::tail::Tail;

/// One listener's position: all that is kept for it, however slow it is.
pub(crate) struct Subscription {
    store: Store,
    tail: Arc<Tail>,
    after: i64,
    /// What is said before anything else: a reset.
    first: Vec<Line>,
}

impl Subscription {
    pub(crate) fn new(store: Store, tail: Arc<Tail>, after: i64, first: Vec<Line>) -> Self {
        Self { store, tail, after, first }
    }

    /// The number of the last event that the listener has seen, or that was not for it.
    pub(crate) fn position(&self) -> i64 {
        self.after
    }

    /// What there is for the listener now, at most a few hundred lines; the position moves on.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub(crate) async fn take(&mut self) -> Result<Vec<Line>, StoreError> {
        if !self.first.is_empty() {
            return Ok(std::mem::take(&mut self.first));
        }
        let batch = match self.tail.recent(self.after) {
            Some(batch) => batch,
            None => self.tail.stored(&self.store, self.after).await?,
        };
        self.after = batch.next;
        Ok(batch.lines)
    }

    /// Waits until [`Subscription::take`] has something to say or moves the position.
    pub(crate) async fn wait(&self) {
        if self.first.is_empty() {
            self.tail.beyond(self.after).await;
        }
    }

    pub(crate) fn topics(&self) -> &[Topic] {
        self.tail.topics()
    }

    pub(crate) fn visible(&self) -> &Visible {
        self.tail.visible()
    }
}
