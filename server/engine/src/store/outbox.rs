//! The outbox: a message is written in the transaction of what it tells, and sent afterwards.

mod notice;

use launchway_domain::{
    ChannelId, NoticeEvent, Notification, NotificationId, NotificationStatus, Page, ReleaseId, Text, Timestamp,
};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::audit::Draft;
use super::dialect::Turn;
use super::error::{Result, StoreError};
use super::{Store, rows};

pub use self::notice::{LiveNotice, LiveOn, Notice};
pub(super) use self::notice::{note, note_live};

/// A message whose turn it is.
#[derive(Clone, Debug)]
pub struct Due {
    /// The message.
    pub id: NotificationId,
    /// By which channel.
    pub channel: ChannelId,
    /// Which try this is, from 1 on.
    pub attempt: u32,
    /// What it tells.
    pub notice: Notice,
}

/// The columns of [`notification`].
macro_rules! select_notification {
    ($rest:literal) => {
        concat!(
            "SELECT id, channel_id, event, release_id, status, attempts, next_at, error, created_at, finished_at \
             FROM notifications ",
            $rest
        )
    };
}

impl Store {
    /// Writes a test message down and takes it at once: whoever asked for it sends it, once.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where the channel is gone.
    pub async fn notification_test(&self, channel: ChannelId) -> Result<Due> {
        let mut w = self.write().await?;
        let at = Timestamp::now();
        let notice = Notice { event: None, at, release: None, live: None };
        // Dead until it has arrived: nobody else takes it up.
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO notifications (channel_id, notice, status, attempts, next_at, created_at) \
             VALUES ($1, $2, 'dead', 1, $3, $3) RETURNING id",
        )
        .bind(channel.0)
        .bind(serde_json::to_string(&notice)?)
        .bind(at.0)
        .fetch_one(w.conn())
        .await
        .map_err(super::error::in_terms_of("about", "channel_id"))?;
        let name: String =
            sqlx::query_scalar("SELECT name FROM channels WHERE id = $1").bind(channel.0).fetch_one(w.conn()).await?;
        w.audit(Draft::new("channel.test", "channel", Some(channel.0), name));
        w.commit().await?;
        Ok(Due { id: NotificationId(id), channel, attempt: 1, notice })
    }

    /// Takes the message whose turn it is, for `ttl_ms` milliseconds: the oldest that is due, and one at a time of each
    /// channel.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn notification_claim(&self, ttl_ms: i64) -> Result<Option<Due>> {
        // Looked for before anything is locked: mostly there is nothing.
        if self.notification_next().await?.is_none_or(|next| next > Timestamp::now()) {
            return Ok(None);
        }
        let mut w = self.write().await?;
        w.take_turn(Turn::Outbox).await?;
        let now = w.lease_clock().await?;
        let row = sqlx::query(
            "UPDATE notifications SET lease_until = $1, attempts = attempts + 1 WHERE id = (\
             SELECT n.id FROM notifications n WHERE n.status = 'waiting' AND n.next_at <= $2 AND n.lease_until <= $2 \
             AND NOT EXISTS (SELECT 1 FROM notifications b WHERE b.channel_id = n.channel_id \
             AND b.status = 'waiting' AND b.lease_until > $2) ORDER BY n.id LIMIT 1) \
             RETURNING id, channel_id, attempts, notice",
        )
        .bind(now.saturating_add(ttl_ms))
        .bind(now)
        .fetch_optional(w.conn())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let due = Due {
            id: NotificationId(row.try_get("id")?),
            channel: ChannelId(row.try_get("channel_id")?),
            attempt: rows::number(&row, "attempts")?,
            notice: rows::json(&row, "notice")?,
        };
        w.commit().await?;
        Ok(Some(due))
    }

    /// When something is due next: the next try of a message, or the end of somebody's lease on one.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn notification_next(&self) -> Result<Option<Timestamp>> {
        let next: Option<i64> = sqlx::query_scalar(
            "SELECT MIN(CASE WHEN lease_until > next_at THEN lease_until ELSE next_at END) FROM notifications \
             WHERE status = 'waiting'",
        )
        .fetch_one(self.pool())
        .await?;
        Ok(next.map(Timestamp))
    }

    /// Writes down how a try ended: without an error it arrived; with one it is tried again at `next`, or given up.
    /// A try that took longer than its lease, and was begun by somebody else again, changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn notification_tried(
        &self,
        due: &Due,
        error: Option<&Text>,
        next: Option<Timestamp>,
    ) -> Result<Notification> {
        let status = match (error, next) {
            (None, _) => NotificationStatus::Sent,
            (Some(_), Some(_)) => NotificationStatus::Waiting,
            (Some(_), None) => NotificationStatus::Dead,
        };
        let now = Timestamp::now();
        let mut w = self.write().await?;
        sqlx::query(
            "UPDATE notifications SET status = $3, error = $4, next_at = $5, lease_until = 0, finished_at = $6 \
             WHERE id = $1 AND attempts = $2 AND (status = 'waiting' OR event IS NULL)",
        )
        .bind(due.id.0)
        .bind(i64::from(due.attempt))
        .bind(status.as_str())
        .bind(error.map(serde_json::to_string).transpose()?)
        .bind(next.unwrap_or(now).0)
        .bind((status != NotificationStatus::Waiting).then_some(now.0))
        .execute(w.conn())
        .await?;
        let tried = get(w.conn(), due.id).await?;
        w.ring_post();
        w.commit().await?;
        Ok(tried)
    }

    /// Has a message that was given up tried again, from the first try on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] also where it was not given up, or is a test.
    pub async fn notification_retry(&self, id: NotificationId) -> Result<Notification> {
        let mut w = self.write().await?;
        let again = sqlx::query(
            "UPDATE notifications SET status = 'waiting', attempts = 0, next_at = $2, lease_until = 0, \
             finished_at = NULL WHERE id = $1 AND status = 'dead' AND event IS NOT NULL",
        )
        .bind(id.0)
        .bind(Timestamp::now().0)
        .execute(w.conn())
        .await?;
        if again.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        let waiting = get(w.conn(), id).await?;
        let event = waiting.event.map_or("", |event| event.as_str());
        w.audit(Draft::new("notification.retry", "notification", Some(id.0), event));
        w.ring_post();
        w.commit().await?;
        Ok(waiting)
    }

    /// One message.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn notification(&self, id: NotificationId) -> Result<Notification> {
        get(&mut *self.pool().acquire().await?, id).await
    }

    /// A page of a channel's messages, newest first.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn notifications(
        &self,
        channel: ChannelId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Page<Notification>> {
        let found = sqlx::query(select_notification!("WHERE channel_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"))
            .bind(channel.0)
            .bind(before.unwrap_or(i64::MAX))
            .bind(i64::from(limit) + 1)
            .fetch_all(self.pool())
            .await?;
        let items = found.iter().map(notification).collect::<Result<Vec<_>>>()?;
        Ok(rows::page(items, limit, |notification| notification.id.0))
    }

    /// Forgets the messages from before `before` that are done with; how many there were.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn notifications_trim(&self, before: Timestamp) -> Result<u64> {
        let mut w = self.write().await?;
        let gone = sqlx::query("DELETE FROM notifications WHERE created_at < $1 AND status <> 'waiting'")
            .bind(before.0)
            .execute(w.conn())
            .await?
            .rows_affected();
        w.commit().await?;
        Ok(gone)
    }
}

async fn get(conn: &mut AnyConnection, id: NotificationId) -> Result<Notification> {
    notification(&sqlx::query(select_notification!("WHERE id = $1")).bind(id.0).fetch_one(conn).await?)
}

fn notification(row: &AnyRow) -> Result<Notification> {
    let event: Option<String> = row.try_get("event")?;
    let event = event.map(|word| {
        NoticeEvent::parse(&word).ok_or_else(|| StoreError::Corrupt(format!("event holds the unknown word {word:?}")))
    });
    let status = rows::word(row, "status", NotificationStatus::parse)?;
    let next_at = rows::time(row, "next_at")?;
    Ok(Notification {
        id: NotificationId(row.try_get("id")?),
        channel_id: ChannelId(row.try_get("channel_id")?),
        event: event.transpose()?,
        release_id: row.try_get::<Option<i64>, _>("release_id")?.map(ReleaseId),
        status,
        attempts: rows::number(row, "attempts")?,
        next_at: (status == NotificationStatus::Waiting).then_some(next_at),
        error: rows::json_option(row, "error")?,
        created_at: rows::time(row, "created_at")?,
        finished_at: rows::time_option(row, "finished_at")?,
    })
}
