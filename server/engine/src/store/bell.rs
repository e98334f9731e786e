//! The doorbell: who waits for news is woken after every commit, whichever process made it.

use std::sync::Arc;
use std::time::Duration;

use sqlx::AnyPool;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::dialect::{CHANNEL, Dialect};
use super::events;

/// How often SQLite is asked for other processes' commits: there is nobody to tell us.
const SQLITE_POLL: Duration = Duration::from_secs(1);

/// How long PostgreSQL may be silent before we look for ourselves: a pooler in between may swallow
/// notifications.
const POSTGRES_SILENCE: Duration = Duration::from_secs(10);

/// How long to wait before PostgreSQL is asked again for a connection that listens.
const RECONNECT: Duration = Duration::from_secs(2);

/// What is rung.
pub(super) struct Bells {
    feed: watch::Sender<i64>,
    queue: watch::Sender<i64>,
    post: watch::Sender<i64>,
}

impl Bells {
    pub(super) fn new(head: i64) -> Self {
        Self { feed: watch::Sender::new(head), queue: watch::Sender::new(0), post: watch::Sender::new(0) }
    }

    pub(super) fn feed(&self) -> watch::Receiver<i64> {
        self.feed.subscribe()
    }

    pub(super) fn queue(&self) -> watch::Receiver<i64> {
        self.queue.subscribe()
    }

    pub(super) fn post(&self) -> watch::Receiver<i64> {
        self.post.subscribe()
    }

    /// Tells that there may be something in the inbox or in the outbox.
    pub(super) fn ring_post(&self) {
        self.post.send_modify(|count| *count += 1);
    }

    /// Tells of a commit up to `seq`; older news is no news. Whether it was news.
    pub(super) fn ring(&self, seq: i64) -> bool {
        self.feed.send_if_modified(|last| {
            let news = seq > *last;
            *last = seq.max(*last);
            news
        })
    }

    /// Tells that there may be something to claim, or to stop.
    pub(super) fn ring_queue(&self) {
        self.queue.send_modify(|count| *count += 1);
    }
}

/// The task that listens; stopped when dropped.
pub(super) struct Listener(AbortHandle);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts listening for other processes' commits.
pub(super) fn listen(dialect: Dialect, url: String, pool: AnyPool, bells: Arc<Bells>) -> Listener {
    let task = match dialect {
        Dialect::Sqlite => tokio::spawn(async move {
            loop {
                tokio::time::sleep(SQLITE_POLL).await;
                look(&pool, &bells).await;
            }
        }),
        Dialect::Postgres => tokio::spawn(async move {
            loop {
                if let Err(error) = follow(&url, &pool, &bells).await {
                    tracing::warn!(%error, "the database's notifications stopped; listening again soon");
                }
                tokio::time::sleep(RECONNECT).await;
            }
        }),
    };
    Listener(task.abort_handle())
}

/// Looks at the database for what was missed. News from elsewhere may be of any kind, so both bells ring.
async fn look(pool: &AnyPool, bells: &Bells) {
    let head = async { events::head(&mut *pool.acquire().await?).await }.await;
    match head {
        Ok(head) => {
            if bells.ring(head) {
                bells.ring_queue();
            }
        }
        Err(error) => tracing::warn!(%error, "could not look for new events"),
    }
}

async fn follow(url: &str, pool: &AnyPool, bells: &Bells) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect(url).await?;
    listener.listen(CHANNEL).await?;
    // What came between the start, or the loss of the last connection, and now.
    look(pool, bells).await;
    loop {
        match tokio::time::timeout(POSTGRES_SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(notification))) => {
                let payload = notification.payload();
                let (seq, queue) = match payload.split_once(' ') {
                    Some((seq, what)) => (seq, what == "queue"),
                    None => (payload, false),
                };
                if let Ok(seq) = seq.parse() {
                    bells.ring(seq);
                }
                if queue {
                    bells.ring_queue();
                }
            }
            // The connection was lost and made again.
            Ok(Ok(None)) | Err(_) => look(pool, bells).await,
            Ok(Err(error)) => return Err(error),
        }
    }
}
