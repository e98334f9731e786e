//! What goes on, in numbers, for whoever watches the program.

use launchway_domain::ReleaseStatus;
use sqlx::Row;

use super::error::Result;
use super::{Store, rows};

/// What goes on, in numbers.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Releases by status, those of which there are none included.
    pub releases: Vec<(ReleaseStatus, i64)>,
    /// Releases that wait to run.
    pub queued: i64,
    /// Nodes that run now.
    pub nodes_running: i64,
    /// Connections to the database.
    pub connections: Connections,
}

/// Connections of this process to the database.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    /// Open, and not in use.
    pub idle: u32,
    /// In use.
    pub used: u32,
    /// The most that there will be.
    pub max: u32,
}

impl Store {
    /// What goes on, as of one commit.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn counts(&self) -> Result<Counts> {
        let (open, idle) = (self.pool().size(), u32::try_from(self.pool().num_idle()).unwrap_or(0));
        let connections =
            Connections { idle, used: open.saturating_sub(idle), max: self.pool().options().get_max_connections() };
        let mut tx = self.read().await?;
        let mut releases: Vec<(ReleaseStatus, i64)> =
            ReleaseStatus::ALL.into_iter().map(|status| (status, 0)).collect();
        let found =
            sqlx::query("SELECT status, COUNT(*) AS n FROM releases GROUP BY status").fetch_all(&mut *tx).await?;
        for row in &found {
            let (status, n) = (rows::word(row, "status", ReleaseStatus::parse)?, row.try_get("n")?);
            if let Some(entry) = releases.iter_mut().find(|(known, _)| *known == status) {
                entry.1 = n;
            }
        }
        let nodes_running: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM nodes n JOIN releases r ON r.id = n.release_id \
             WHERE r.status = 'running' AND n.status = 'running'",
        )
        .fetch_one(&mut *tx)
        .await?;
        let queued = releases.iter().find(|(status, _)| *status == ReleaseStatus::Queued).map_or(0, |(_, n)| *n);
        Ok(Counts { releases, queued, nodes_running, connections })
    }
}
