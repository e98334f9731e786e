//! The inbox: every call of a webhook, written down before it is answered and worked off afterwards.

use launchway_domain::{
    Delivery, DeliveryId, DeliveryOutcome, GitRef, Page, Release, ReleaseId, Text, Timestamp, WebhookId,
};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::audit::Draft;
use super::error::{Result, StoreError, in_terms_of};
use super::{NewRelease, Store, releases, rows, transitions};

/// Deliveries that are kept for each webhook: those that proved themselves, and those that did not. Apart, so that
/// strangers cannot push out what matters.
const KEPT: i64 = 1_000;
const KEPT_REFUSED: i64 = 200;

/// What a call tells, read out of its body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// What was pushed; none where the call is about something else.
    pub git_ref: Option<GitRef>,
    /// What the ref names now: the commit, and where it is an annotated tag possibly the tag's own object. Empty where
    /// it was deleted.
    pub commits: Vec<String>,
    /// Whether it was deleted.
    pub deleted: bool,
    /// The addresses of the repository, as the service calls it.
    pub repositories: Vec<String>,
    /// Who pushed.
    pub by: Option<String>,
}

/// A call before it is written down.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// Of which webhook.
    pub webhook: WebhookId,
    /// The service's id of it; none where it did not prove itself, or where a person repeats one.
    pub mark: Option<String>,
    /// The SHA-256 of its body, where a second call with this body is a repetition.
    pub digest: Option<String>,
    /// The event as the service calls it.
    pub event: String,
    /// What it tells.
    pub push: Option<Push>,
    /// What became of it: `received`, where it is to be worked off.
    pub outcome: DeliveryOutcome,
    /// Why, where that is known already.
    pub reason: Option<Text>,
    /// The one that it repeats.
    pub repeats: Option<DeliveryId>,
}

/// A delivery whose turn it is.
#[derive(Clone, Debug)]
pub struct Received {
    /// The delivery.
    pub id: DeliveryId,
    /// Of which webhook.
    pub webhook: WebhookId,
    /// The event as the service calls it.
    pub event: String,
    /// What it tells.
    pub push: Push,
}

/// The columns of [`delivery`].
macro_rules! select_delivery {
    ($rest:literal) => {
        concat!(
            "SELECT id, webhook_id, at, event, push, outcome, reason, release_id, repeats FROM webhook_deliveries ",
            $rest
        )
    };
}

impl Store {
    /// Writes a call down, and forgets the oldest of its webhook where there are many.
    ///
    /// # Errors
    /// [`StoreError::Taken`] for a repetition, [`StoreError::NotFound`] where the webhook is gone.
    pub async fn delivery_add(&self, new: &NewDelivery) -> Result<Delivery> {
        let mut w = self.write().await?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO webhook_deliveries (webhook_id, at, mark, digest, event, push, outcome, reason, repeats) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
        )
        .bind(new.webhook.0)
        .bind(Timestamp::now().0)
        .bind(new.mark.clone())
        .bind(new.digest.clone())
        .bind(new.event.as_str())
        .bind(new.push.as_ref().map(serde_json::to_string).transpose()?)
        .bind(new.outcome.as_str())
        .bind(new.reason.as_ref().map(serde_json::to_string).transpose()?)
        .bind(new.repeats.map(|id| id.0))
        .fetch_one(w.conn())
        .await
        .map_err(|error| match in_terms_of("delivery", "webhook_id")(error) {
            StoreError::Missing { .. } => StoreError::NotFound,
            error => error,
        })?;
        forget(w.conn(), new.webhook, new.outcome == DeliveryOutcome::Refused).await?;
        let made = get(w.conn(), DeliveryId(id)).await?;
        if new.repeats.is_some() {
            w.audit(Draft::new("delivery.repeat", "delivery", Some(id), new.event.as_str()).after(&made)?);
        }
        w.ring_post();
        w.commit().await?;
        Ok(made)
    }

    /// A page of a webhook's deliveries, newest first.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn deliveries(&self, webhook: WebhookId, before: Option<i64>, limit: u32) -> Result<Page<Delivery>> {
        let found = sqlx::query(select_delivery!("WHERE webhook_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"))
            .bind(webhook.0)
            .bind(before.unwrap_or(i64::MAX))
            .bind(i64::from(limit) + 1)
            .fetch_all(self.pool())
            .await?;
        let items = found.iter().map(delivery).collect::<Result<Vec<_>>>()?;
        Ok(rows::page(items, limit, |delivery| delivery.id.0))
    }

    /// One delivery.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delivery(&self, id: DeliveryId) -> Result<Delivery> {
        get(&mut *self.pool().acquire().await?, id).await
    }

    /// What a delivery told; none where it did not prove itself.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delivery_push(&self, id: DeliveryId) -> Result<Option<Push>> {
        let row =
            sqlx::query("SELECT push FROM webhook_deliveries WHERE id = $1").bind(id.0).fetch_one(self.pool()).await?;
        rows::json_option(&row, "push")
    }

    /// Takes the delivery whose turn it is, for `ttl_ms` milliseconds: the oldest, and one at a time of each webhook.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn delivery_claim(&self, ttl_ms: i64) -> Result<Option<Received>> {
        let mut w = self.write().await?;
        w.take_turn(super::dialect::Turn::Inbox).await?;
        let now = w.lease_clock().await?;
        let row = sqlx::query(
            "UPDATE webhook_deliveries SET lease_until = $1 WHERE id = (\
             SELECT d.id FROM webhook_deliveries d WHERE d.outcome = 'received' AND d.lease_until <= $2 \
             AND NOT EXISTS (SELECT 1 FROM webhook_deliveries b WHERE b.webhook_id = d.webhook_id \
             AND b.outcome = 'received' AND b.lease_until > $2) ORDER BY d.id LIMIT 1) \
             RETURNING id, webhook_id, event, push",
        )
        .bind(now.saturating_add(ttl_ms))
        .bind(now)
        .fetch_optional(w.conn())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let claimed = Received {
            id: DeliveryId(row.try_get("id")?),
            webhook: WebhookId(row.try_get("webhook_id")?),
            event: row.try_get("event")?,
            push: rows::json_option(&row, "push")?.unwrap_or_default(),
        };
        w.commit().await?;
        Ok(Some(claimed))
    }

    /// Gives a delivery back that was taken and not worked off.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn delivery_give_back(&self, id: DeliveryId) -> Result<()> {
        let mut w = self.write().await?;
        sqlx::query("UPDATE webhook_deliveries SET lease_until = 0 WHERE id = $1").bind(id.0).execute(w.conn()).await?;
        w.commit().await
    }

    /// Writes down what became of a delivery. One that has its outcome keeps it.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn delivery_close(&self, id: DeliveryId, outcome: DeliveryOutcome, reason: &Text) -> Result<()> {
        let mut w = self.write().await?;
        sqlx::query("UPDATE webhook_deliveries SET outcome = $2, reason = $3 WHERE id = $1 AND outcome = 'received'")
            .bind(id.0)
            .bind(outcome.as_str())
            .bind(serde_json::to_string(reason)?)
            .execute(w.conn())
            .await?;
        w.commit().await
    }

    /// Makes the release that a delivery asks for, starts it where that is wanted, and writes both down, all or nothing:
    /// a delivery never makes two.
    ///
    /// # Errors
    /// Those of [`Store::release_create`]; [`StoreError::NotFound`] where the delivery has its outcome already.
    pub async fn delivery_release(
        &self,
        id: DeliveryId,
        new: &NewRelease,
        start: bool,
        reason: Option<&Text>,
    ) -> Result<Release> {
        let mut w = self.write().await?;
        let mut release = releases::insert(&mut w, new).await?;
        if start {
            release = transitions::start(&mut w, release.id, &transitions::Start::default()).await?;
        }
        let outcome = if start { DeliveryOutcome::Started } else { DeliveryOutcome::Created };
        let closed = sqlx::query(
            "UPDATE webhook_deliveries SET outcome = $2, release_id = $3, reason = $4 \
             WHERE id = $1 AND outcome = 'received'",
        )
        .bind(id.0)
        .bind(outcome.as_str())
        .bind(release.id.0)
        .bind(reason.map(serde_json::to_string).transpose()?)
        .execute(w.conn())
        .await?;
        if closed.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        w.commit().await?;
        Ok(release)
    }

    /// Forgets what came before `before`; how many there were.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn deliveries_trim(&self, before: Timestamp) -> Result<u64> {
        let mut w = self.write().await?;
        let gone = sqlx::query("DELETE FROM webhook_deliveries WHERE at < $1 AND outcome <> 'received'")
            .bind(before.0)
            .execute(w.conn())
            .await?
            .rows_affected();
        w.commit().await?;
        Ok(gone)
    }
}

/// Forgets the oldest of a webhook beyond what is kept: of those that were refused, or of the others.
async fn forget(conn: &mut AnyConnection, webhook: WebhookId, refused: bool) -> Result<()> {
    sqlx::query(
        "DELETE FROM webhook_deliveries WHERE webhook_id = $1 AND outcome <> 'received' \
         AND CASE WHEN outcome = 'refused' THEN 1 ELSE 0 END = $2 AND id <= (SELECT id FROM webhook_deliveries \
         WHERE webhook_id = $1 AND CASE WHEN outcome = 'refused' THEN 1 ELSE 0 END = $2 \
         ORDER BY id DESC LIMIT 1 OFFSET $3)",
    )
    .bind(webhook.0)
    .bind(i64::from(refused))
    .bind(if refused { KEPT_REFUSED } else { KEPT })
    .execute(conn)
    .await?;
    Ok(())
}

async fn get(conn: &mut AnyConnection, id: DeliveryId) -> Result<Delivery> {
    delivery(&sqlx::query(select_delivery!("WHERE id = $1")).bind(id.0).fetch_one(conn).await?)
}

fn delivery(row: &AnyRow) -> Result<Delivery> {
    let push: Option<Push> = rows::json_option(row, "push")?;
    let push = push.unwrap_or_default();
    Ok(Delivery {
        id: DeliveryId(row.try_get("id")?),
        webhook_id: WebhookId(row.try_get("webhook_id")?),
        at: rows::time(row, "at")?,
        event: row.try_get("event")?,
        git_ref: push.git_ref,
        commit: push.commits.into_iter().next(),
        pushed_by: push.by,
        outcome: rows::word(row, "outcome", DeliveryOutcome::parse)?,
        reason: rows::json_option(row, "reason")?,
        release_id: row.try_get::<Option<i64>, _>("release_id")?.map(ReleaseId),
        repeats: row.try_get::<Option<i64>, _>("repeats")?.map(DeliveryId),
    })
}
