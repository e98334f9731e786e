//! Running releases: leases, and what their holder writes about the release as a whole.

use launchway_domain::{EventData, Node, Release, ReleaseId, ReleaseStatus, Text, Timestamp};
use serde_json::Value;
use sqlx::Row;

use super::dialect::Turn;
use super::error::{Result, StoreError};
use super::{Store, locks, nodes, queue, releases, rows};

/// The right to run a release. Every write under it fails with [`StoreError::Stale`] once another
/// instance has taken over, or the release has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which release.
    pub release: ReleaseId,
    /// Who holds it.
    pub instance: String,
    /// The term: grows with every claim of the release.
    pub epoch: i64,
}

impl Store {
    /// Takes up the first release that may be run, for `ttl_ms` milliseconds; none where nothing is to
    /// be done. Of several instances, each gets another one.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn claim(&self, instance: &str, ttl_ms: i64) -> Result<Option<(Lease, Release)>> {
        {
            // Nearly always there is nothing: found out without keeping the writers waiting.
            let conn = &mut *self.pool().acquire().await?;
            let now = self.inner.dialect.lease_clock(conn).await?;
            if queue::first_ready(conn, now, Timestamp::now()).await?.is_none() {
                return Ok(None);
            }
        }
        loop {
            let mut w = self.write().await?;
            w.take_turn(Turn::Claim).await?;
            let now = w.lease_clock().await?;
            let Some(id) = queue::first_ready(w.conn(), now, Timestamp::now()).await? else { return Ok(None) };
            let epoch: Option<i64> = sqlx::query_scalar(
                "UPDATE releases SET status = 'running', instance = $2, epoch = epoch + 1, lease_until = $3, \
                 started_at = COALESCE(started_at, $4) \
                 WHERE id = $1 AND ((status = 'queued' AND (start_at IS NULL OR start_at <= $4)) \
                 OR (status = 'running' AND lease_until <= $5)) RETURNING epoch",
            )
            .bind(id.0)
            .bind(instance)
            .bind(now.saturating_add(ttl_ms))
            .bind(Timestamp::now().0)
            .bind(now)
            .fetch_optional(w.conn())
            .await?;
            // On PostgreSQL somebody may have canceled it, or put it off, while we looked.
            let Some(epoch) = epoch else { continue };
            let release = releases::get(w.conn(), id).await?;
            w.event(release.project_id, releases::status_event(&release));
            w.commit().await?;
            return Ok(Some((Lease { release: id, instance: instance.to_owned(), epoch }, release)));
        }
    }

    /// Holds a lease for `ttl_ms` more milliseconds from now; whether somebody asked the release to stop.
    ///
    /// # Errors
    /// [`StoreError::Stale`].
    pub async fn renew(&self, lease: &Lease, ttl_ms: i64) -> Result<bool> {
        let mut w = self.write().await?;
        let now = w.lease_clock().await?;
        let row = sqlx::query(
            "UPDATE releases SET lease_until = $4 WHERE id = $1 AND instance = $2 AND epoch = $3 \
             AND status = 'running' RETURNING cancel_requested",
        )
        .bind(lease.release.0)
        .bind(lease.instance.as_str())
        .bind(lease.epoch)
        .bind(now.saturating_add(ttl_ms))
        .fetch_optional(w.conn())
        .await?
        .ok_or(StoreError::Stale)?;
        let canceled = rows::flag(&row, "cancel_requested")?;
        w.commit().await?;
        Ok(canceled)
    }

    /// Gives a lease back: the release stays `running`, and whoever claims next carries it on at once.
    ///
    /// # Errors
    /// [`StoreError::Stale`].
    pub async fn give_back(&self, lease: &Lease) -> Result<()> {
        let mut w = self.write().await?;
        w.fence(lease).await?;
        // Without an instance, so that a renewal that is under way does not take it back.
        sqlx::query("UPDATE releases SET lease_until = 0, instance = NULL WHERE id = $1")
            .bind(lease.release.0)
            .execute(w.conn())
            .await?;
        w.ring_queue();
        w.commit().await
    }

    /// What the release was planned with, where it was planned.
    ///
    /// # Errors
    /// [`StoreError::Stale`].
    pub async fn frozen(&self, lease: &Lease) -> Result<Option<Value>> {
        let row = sqlx::query(
            "SELECT frozen FROM releases WHERE id = $1 AND instance = $2 AND epoch = $3 AND status = 'running'",
        )
        .bind(lease.release.0)
        .bind(lease.instance.as_str())
        .bind(lease.epoch)
        .fetch_optional(self.pool())
        .await?
        .ok_or(StoreError::Stale)?;
        let frozen: Option<String> = row.try_get("frozen")?;
        Ok(frozen.as_deref().map(serde_json::from_str).transpose()?)
    }

    /// Writes the plan down: what the release runs with, and its nodes in their order.
    ///
    /// # Errors
    /// [`StoreError::Stale`].
    pub async fn plan(&self, lease: &Lease, frozen: &Value, nodes: &[Node]) -> Result<()> {
        let mut w = self.write().await?;
        let project = w.fence(lease).await?;
        sqlx::query("UPDATE releases SET frozen = $2, tree_of = $3 WHERE id = $1")
            .bind(lease.release.0)
            .bind(frozen.to_string())
            .bind(frozen.get("tree_of").and_then(Value::as_i64))
            .execute(w.conn())
            .await?;
        nodes::replace(w.conn(), lease.release, nodes).await?;
        for node in nodes {
            let node = Box::new(node.clone());
            w.event(project, EventData::NodeStatus { release_id: lease.release, node });
        }
        w.commit().await
    }

    /// Changes what a planned release runs with, its nodes left as they are.
    ///
    /// # Errors
    /// [`StoreError::Stale`].
    pub async fn refreeze(&self, lease: &Lease, frozen: &Value) -> Result<()> {
        let mut w = self.write().await?;
        w.fence(lease).await?;
        sqlx::query("UPDATE releases SET frozen = $2 WHERE id = $1")
            .bind(lease.release.0)
            .bind(frozen.to_string())
            .execute(w.conn())
            .await?;
        w.commit().await
    }

    /// Lets the leases of an instance run out at once. For the one who knows that the program which
    /// held them is gone, by holding the lock of its data folder.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn expire_leases(&self, instance: &str) -> Result<()> {
        let mut w = self.write().await?;
        sqlx::query("UPDATE releases SET lease_until = 0, instance = NULL WHERE instance = $1 AND status = 'running'")
            .bind(instance)
            .execute(w.conn())
            .await?;
        w.ring_queue();
        w.commit().await
    }

    /// Ends a release: `succeeded`, `failed` or `canceled`. Nodes that are not over when it failed or was
    /// canceled are closed with it. The lease is gone afterwards.
    ///
    /// # Errors
    /// [`StoreError::Stale`], [`StoreError::Corrupt`] for a status that is no end.
    pub async fn finish(&self, lease: &Lease, status: ReleaseStatus, error: Option<&Text>) -> Result<Release> {
        if !ReleaseStatus::Running.may_become(status) {
            return Err(StoreError::Corrupt(format!("a running release cannot become {}", status.as_str())));
        }
        let mut w = self.write().await?;
        w.fence(lease).await?;
        let now = Timestamp::now();
        sqlx::query(
            "UPDATE releases SET status = $2, error = $3, finished_at = $4, hold = NULL, instance = NULL, lease_until = 0 \
             WHERE id = $1",
        )
        .bind(lease.release.0)
        .bind(status.as_str())
        .bind(error.map(serde_json::to_string).transpose()?)
        .bind(now.0)
        .execute(w.conn())
        .await?;
        let release = releases::get(w.conn(), lease.release).await?;
        if status != ReleaseStatus::Succeeded {
            nodes::close(&mut w, &release, now).await?;
        }
        w.event(release.project_id, releases::status_event(&release));
        locks::end_with(&mut w, &release).await?;
        // Its environment is free.
        w.ring_queue();
        w.commit().await?;
        Ok(release)
    }
}
