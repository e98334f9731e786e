//! A release that failed or was canceled goes on: what is done stays, the rest is due again.

use launchway_domain::{EventData, NodeStatus, Release, ReleaseId, Timestamp};

use super::error::{Result, StoreError};
use super::rows::select_node;
use super::transitions::{Start, moved, refused, status};
use super::{Store, releases, rows};

/// The latest release that went live on a server of `$1`'s environment after `$1` had switched some itself, and ended.
const OVERTAKEN: &str = "SELECT MAX(r.id) FROM releases t JOIN releases r ON r.environment_id = t.environment_id \
    AND r.id <> t.id AND (r.finished_at IS NULL OR r.finished_at > t.finished_at) \
    JOIN nodes n ON n.release_id = r.id AND n.kind = 'server' AND n.live LIKE '%\"switched\"%' \
    WHERE t.id = $1 AND EXISTS (SELECT 1 FROM nodes o WHERE o.release_id = t.id AND o.kind = 'deploy' \
    AND o.status = 'succeeded')";

/// Which nodes a retry of `$1` runs again: what did not succeed, and all of a server that was switched and then found with
/// something else.
macro_rules! due {
    () => {
        "WHERE release_id = $1 AND (status IN ('failed', 'skipped', 'canceled') OR server_id IN (\
         SELECT d.server_id FROM nodes d JOIN nodes s ON s.release_id = d.release_id AND s.server_id = d.server_id \
         AND s.kind = 'server' WHERE d.release_id = $1 AND d.kind = 'deploy' AND d.status = 'succeeded' \
         AND s.live LIKE '%\"unchanged\"%'))"
    };
}

impl Store {
    /// The latest release that went live after this one had switched servers and ended: with it a retry is refused.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn release_overtaken(&self, id: ReleaseId) -> Result<Option<ReleaseId>> {
        let by: Option<i64> = sqlx::query_scalar(OVERTAKEN).bind(id.0).fetch_one(self.pool()).await?;
        Ok(by.map(ReleaseId))
    }

    /// Puts a failed or canceled release into the queue again. Its nodes that did not succeed are
    /// pending again, without the notes of their last run, except of what was live before a switch; what succeeded stays,
    /// but on servers that were found to have something else by now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::State`] where it neither failed nor was canceled, [`StoreError::Overtaken`]
    /// where it would leave two releases live and call them one.
    pub async fn release_retry(&self, id: ReleaseId) -> Result<Release> {
        self.release_retry_with(id, &Start::default()).await
    }

    /// The same, with what was settled about it.
    ///
    /// # Errors
    /// Those of [`Store::release_retry`].
    pub async fn release_retry_with(&self, id: ReleaseId, settled: &Start) -> Result<Release> {
        let mut w = self.write().await?;
        let before = status(&mut w, id).await?;
        let overtaken: Option<i64> = sqlx::query_scalar(OVERTAKEN).bind(id.0).fetch_one(w.conn()).await?;
        let won = sqlx::query(
            "UPDATE releases SET status = 'queued', queued_at = $2, cancel_requested = 0, error = NULL, \
             finished_at = NULL, exception = COALESCE($3, exception), start_at = $4 \
             WHERE id = $1 AND status IN ('failed', 'canceled')",
        )
        .bind(id.0)
        .bind(Timestamp::now().0)
        .bind(settled.exception.clone())
        .bind(settled.start_at.map(|at| at.0))
        .execute(w.conn())
        .await?;
        if won.rows_affected() == 0 {
            return Err(refused(w.conn(), id).await);
        }
        if let Some(by) = overtaken {
            return Err(StoreError::Overtaken(ReleaseId(by)));
        }
        let release = releases::get(w.conn(), id).await?;
        moved(&mut w, "retry", before, &release)?;
        let again = sqlx::query(concat!(select_node!(""), due!(), " ORDER BY position")).bind(id.0);
        let again = again.fetch_all(w.conn()).await?;
        let pending = sqlx::query(concat!(
            "UPDATE nodes SET status = 'pending', started_at = NULL, finished_at = NULL, exit_status = NULL, \
             message = NULL, checkpoint = CASE WHEN kind = 'deploy' THEN checkpoint END ",
            due!()
        ));
        pending.bind(id.0).execute(w.conn()).await?;
        w.event(release.project_id, releases::status_event(&release));
        for row in &again {
            let mut node = rows::node(row)?;
            node.status = NodeStatus::Pending;
            node.color = node.status.color().to_owned();
            (node.started_at, node.finished_at, node.exit_status, node.message) = (None, None, None, None);
            w.event(release.project_id, EventData::NodeStatus { release_id: id, node: Box::new(node) });
        }
        w.ring_queue();
        w.commit().await?;
        Ok(release)
    }
}
