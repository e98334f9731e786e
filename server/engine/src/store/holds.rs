//! Releases that wait between two batches.
//!
//! `hold` is what people see while it waits; `holds_passed` is what remains of it: the last batch after which it waited,
//! so that whoever takes the release up after a crash knows whether it was let go on.

use launchway_domain::{Hold, Release, ReleaseId, ReleaseStatus};
use serde::Serialize;

use super::audit::Draft;
use super::error::{Result, StoreError};
use super::runs::Lease;
use super::{Store, releases, rows};

/// Where a running release stands with waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// What it waits for now, where it does.
    pub hold: Option<Hold>,
    /// The last batch after which it has waited; 0 for none.
    pub passed: u32,
}

impl Store {
    /// Whether a release waits, and after which batches it has.
    ///
    /// # Errors
    /// [`StoreError::Stale`].
    pub async fn holding(&self, lease: &Lease) -> Result<Holding> {
        let row = sqlx::query(
            "SELECT hold, holds_passed FROM releases WHERE id = $1 AND instance = $2 AND epoch = $3 \
             AND status = 'running'",
        )
        .bind(lease.release.0)
        .bind(lease.instance.as_str())
        .bind(lease.epoch)
        .fetch_optional(self.pool())
        .await?
        .ok_or(StoreError::Stale)?;
        Ok(Holding { hold: rows::json_option(&row, "hold")?, passed: rows::number(&row, "holds_passed")? })
    }

    /// Lets a running release wait.
    ///
    /// # Errors
    /// [`StoreError::Stale`].
    pub async fn hold(&self, lease: &Lease, hold: &Hold) -> Result<()> {
        let mut w = self.write().await?;
        let project = w.fence(lease).await?;
        sqlx::query("UPDATE releases SET hold = $2 WHERE id = $1")
            .bind(lease.release.0)
            .bind(serde_json::to_string(hold)?)
            .execute(w.conn())
            .await?;
        let release = releases::get(w.conn(), lease.release).await?;
        w.event(project, releases::status_event(&release));
        w.commit().await
    }

    /// Its time is over: the release goes on by itself.
    ///
    /// # Errors
    /// [`StoreError::Stale`].
    pub async fn hold_over(&self, lease: &Lease, batch: u32) -> Result<()> {
        let mut w = self.write().await?;
        let project = w.fence(lease).await?;
        sqlx::query("UPDATE releases SET hold = NULL, holds_passed = $2 WHERE id = $1")
            .bind(lease.release.0)
            .bind(i64::from(batch))
            .execute(w.conn())
            .await?;
        let release = releases::get(w.conn(), lease.release).await?;
        w.event(project, releases::status_event(&release));
        w.commit().await
    }

    /// Somebody lets a release that waits go on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::State`] where it does not wait, or was asked to stop.
    pub async fn release_continue(&self, id: ReleaseId) -> Result<Release> {
        #[derive(Serialize)]
        struct State<'a> {
            status: ReleaseStatus,
            hold: Option<&'a Hold>,
        }
        let mut w = self.write().await?;
        w.hold("releases", id.0).await?;
        let before = releases::get(w.conn(), id).await?;
        let waits =
            before.hold.as_ref().filter(|_| before.status == ReleaseStatus::Running && !before.cancel_requested);
        let Some(hold) = waits else { return Err(StoreError::State(before.status)) };
        sqlx::query("UPDATE releases SET hold = NULL, holds_passed = $2 WHERE id = $1")
            .bind(id.0)
            .bind(i64::from(hold.batch))
            .execute(w.conn())
            .await?;
        let release = releases::get(w.conn(), id).await?;
        let draft = Draft::of("continue", &release)
            .before(&State { status: before.status, hold: Some(hold) })?
            .after(&State { status: release.status, hold: None })?;
        w.audit(draft);
        w.event(release.project_id, releases::status_event(&release));
        w.ring_queue();
        w.commit().await?;
        Ok(release)
    }
}
