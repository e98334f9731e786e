//! One reader of the store for all who listen to the same topics.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use launchway_domain::{Topic, Visible};
use launchway_engine::store::{Store, StoreError};
use tokio::sync::watch;

use super::message::Line;

/// How many events one read of the store asks for.
const READ: u32 = 256;
/// How much of the latest a tail keeps: so many lines, and so many bytes. Who is further behind reads
/// the store.
const KEEP_LINES: usize = 1024;
const KEEP_BYTES: usize = 4 * 1024 * 1024;
/// How long a failed read of the store is not repeated.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a tail that nobody holds may stay.
const LINGER: Duration = Duration::from_secs(60);

/// The latest events of some topics.
pub(crate) struct Tail {
    topics: Vec<Topic>,
    visible: Visible,
    recent: Mutex<Recent>,
    /// Up to where the store was read.
    head: watch::Sender<i64>,
}

/// All events of the topics with numbers above `from`, up to `to`.
struct Recent {
    from: i64,
    to: i64,
    lines: VecDeque<Line>,
    bytes: usize,
}

/// Some lines, in the order of their numbers, and where a listener stands that has heard them.
pub(crate) struct Batch {
    pub(crate) lines: Vec<Line>,
    pub(crate) next: i64,
}

impl Tail {
    /// Begins to read behind `head`, whenever the bell rings, until nobody holds the tail.
    pub(crate) fn start(
        store: Store,
        (topics, visible): (Vec<Topic>, Visible),
        head: i64,
        bell: watch::Receiver<i64>,
    ) -> Arc<Self> {
        let recent = Recent { from: head, to: head, lines: VecDeque::new(), bytes: 0 };
        let tail = Arc::new(Self { topics, visible, recent: Mutex::new(recent), head: watch::Sender::new(head) });
        tokio::spawn(follow(Arc::downgrade(&tail), store, bell, head));
        tail
    }

    /// Which topics these are.
    pub(crate) fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// What of them their listeners see.
    pub(crate) fn visible(&self) -> &Visible {
        &self.visible
    }

    /// What comes after a position, where it is still kept here.
    pub(crate) fn recent(&self, after: i64) -> Option<Batch> {
        let recent = self.lock();
        if after < recent.from {
            return None;
        }
        let start = recent.lines.partition_point(|line| line.seq <= after);
        let lines: Vec<Line> = recent.lines.range(start..).take(READ as usize).cloned().collect();
        let next = match lines.last() {
            Some(last) if lines.len() == READ as usize => last.seq,
            _ => recent.to.max(after),
        };
        Some(Batch { lines, next })
    }

    /// What comes after a position, from the store.
    pub(crate) async fn stored(&self, store: &Store, after: i64) -> Result<Batch, StoreError> {
        let (events, next) = store.events_after(after, &self.topics, &self.visible, READ).await?;
        // Asked afterwards: what was thrown away before or while reading is noticed.
        if after > 0 && after + 1 < store.oldest().await? {
            let head = store.head().await?;
            return Ok(Batch { lines: vec![Line::reset(&self.topics, after, head)], next: head });
        }
        Ok(Batch { lines: events.iter().filter_map(Line::of).collect(), next: next.max(after) })
    }

    /// Waits until the store was read beyond a position.
    pub(crate) async fn beyond(&self, after: i64) {
        // The sender is in `self`: it cannot be gone.
        let _ = self.head.subscribe().wait_for(|head| *head > after).await;
    }

    fn push(&self, lines: Vec<Line>, to: i64) {
        let mut recent = self.lock();
        for line in lines {
            recent.bytes += line.json.len();
            recent.lines.push_back(line);
        }
        recent.to = to;
        while recent.lines.len() > KEEP_LINES || recent.bytes > KEEP_BYTES {
            let Some(line) = recent.lines.pop_front() else { break };
            recent.bytes -= line.json.len();
            recent.from = line.seq;
        }
        drop(recent);
        self.head.send_replace(to);
    }

    fn lock(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn follow(tail: Weak<Tail>, store: Store, mut bell: watch::Receiver<i64>, mut to: i64) {
    loop {
        bell.borrow_and_update();
        let Some(held) = tail.upgrade() else { return };
        match store.events_after(to, &held.topics, &held.visible, READ).await {
            Ok((events, next)) if next > to => {
                to = next;
                held.push(events.iter().filter_map(Line::of).collect(), to);
                continue;
            }
            Ok(_) => drop(held),
            Err(error) => {
                tracing::warn!("the feed cannot read the events: {error}");
                drop(held);
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        }
        if let Ok(Err(_)) = tokio::time::timeout(LINGER, bell.changed()).await {
            return;
        }
    }
}
