//! How long things are kept, what is old enough to go, and what must not.
//!
//! What is removed is first said to be gone, and then goes: whoever is killed in between leaves something that nobody
//! looks at any more, and the next one to tidy up removes it.

use std::collections::{BTreeSet, HashSet};

use launchway_domain::{
    EnvironmentId, Housekeeping, HousekeepingForm, ProjectId, ReleaseId, Tidied, Tidying, Timestamp,
};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::audit::Draft;
use super::dialect::Dialect;
use super::error::Result;
use super::live::live_trees;
use super::{Store, rows};

/// The row of the settings, and what the audit calls it.
const ROW: i64 = 1;
const KIND: &str = "housekeeping";
/// The statuses of releases that have ended.
const ENDED: &str = "('succeeded', 'failed', 'canceled')";
/// Chunks of logs that one transaction removes: at most 64 KiB each, and nobody else writes meanwhile.
const CHUNKS_AT_ONCE: i64 = 500;

/// A log that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSize {
    /// Of which release.
    pub release: ReleaseId,
    /// Of which project.
    pub project: ProjectId,
    /// Its length in bytes.
    pub bytes: u64,
}

/// Somewhere files of a project lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The release or the environment.
    pub id: i64,
    /// Whose it is.
    pub project: ProjectId,
}

impl Store {
    /// How long things are kept.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn housekeeping(&self) -> Result<Housekeeping> {
        let row = sqlx::query("SELECT rules, version, updated_at FROM housekeeping WHERE id = $1")
            .bind(ROW)
            .fetch_one(self.pool())
            .await?;
        read(&row)
    }

    /// Changes how long things are kept.
    ///
    /// # Errors
    /// [`super::StoreError::Changed`]
    pub async fn housekeeping_update(&self, form: &HousekeepingForm) -> Result<Housekeeping> {
        const SELECT: &str = "SELECT rules, version, updated_at FROM housekeeping WHERE id = $1";
        let mut w = self.write().await?;
        w.take_up("housekeeping", ROW).await?;
        let before = read(&sqlx::query(SELECT).bind(ROW).fetch_one(w.conn()).await?)?;
        sqlx::query("UPDATE housekeeping SET rules = $2, updated_at = $3 WHERE id = $1")
            .bind(ROW)
            .bind(serde_json::to_string(form)?)
            .bind(Timestamp::now().0)
            .execute(w.conn())
            .await?;
        let after = read(&sqlx::query(SELECT).bind(ROW).fetch_one(w.conn()).await?)?;
        let before = HousekeepingForm::from(before);
        let draft = Draft::new("housekeeping.update", KIND, None, "").before(&before)?.after(form)?;
        w.audit(draft);
        w.commit().await?;
        Ok(after)
    }

    /// The last time that something was removed.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn tidied_last(&self) -> Result<Option<Tidied>> {
        let row = sqlx::query("SELECT tidied_at, tidied FROM housekeeping WHERE id = $1")
            .bind(ROW)
            .fetch_one(self.pool())
            .await?;
        let (at, removed) = (rows::time_option(&row, "tidied_at")?, rows::json_option::<Tidying>(&row, "tidied")?);
        Ok(at.zip(removed).map(|(at, removed)| Tidied { at, removed }))
    }

    /// Says that these are gone, in one transaction with its entry in the audit: what releases had built, and logs.
    /// Whoever reads from now on is told so; the files and the text themselves go afterwards. `all` is what goes in
    /// all, as it was found at `planned`: a release that was retried since keeps what it has.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn tidy_begin(
        &self,
        planned: Timestamp,
        built: &[ReleaseId],
        logs: &[ReleaseId],
        all: &Tidying,
    ) -> Result<()> {
        let now = Timestamp::now();
        let mut w = self.write().await?;
        for (column, ids) in [("artifact_removed_at", built), ("log_removed_at", logs)] {
            if ids.is_empty() {
                continue;
            }
            // Numbers of ours, so that they may stand in the text.
            let ids = list(ids.iter().map(|id| id.0));
            let sql = format!(
                "UPDATE releases SET {column} = $1 WHERE id IN ({ids}) AND status IN {ENDED} AND finished_at <= $2"
            );
            let said = sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(now.0).bind(planned.0);
            said.execute(w.conn()).await?;
        }
        if !logs.is_empty() {
            let ids = list(logs.iter().map(|id| id.0));
            // Lines are found by the index alone: without it the text is nobody's. A retry begins with a new one.
            for table in ["log_index", "log_unindexed"] {
                let sql = format!(
                    "DELETE FROM {table} WHERE release_id IN \
                     (SELECT id FROM releases WHERE id IN ({ids}) AND log_removed_at = $1)"
                );
                sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(now.0).execute(w.conn()).await?;
            }
        }
        let removed = serde_json::to_string(all)?;
        sqlx::query("UPDATE housekeeping SET tidied_at = $2, tidied = $3 WHERE id = $1")
            .bind(ROW)
            .bind(now.0)
            .bind(removed)
            .execute(w.conn())
            .await?;
        let draft = Draft::new("housekeeping.tidy", KIND, None, "").after(all)?;
        w.audit(draft);
        w.commit().await
    }

    /// Removes some of the text of logs that are said to be gone; how many pieces. Again until there are none.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn logs_sweep(&self) -> Result<u64> {
        let mut w = self.write().await?;
        let found = sqlx::query(
            "SELECT c.release_id, c.node_key, c.attempt, c.from_byte FROM releases r \
             JOIN log_chunks c ON c.release_id = r.id WHERE r.log_removed_at IS NOT NULL AND c.at <= r.log_removed_at \
             LIMIT $1",
        )
        .bind(CHUNKS_AT_ONCE)
        .fetch_all(w.conn())
        .await?;
        for row in &found {
            sqlx::query(
                "DELETE FROM log_chunks WHERE release_id = $1 AND node_key = $2 AND attempt = $3 AND from_byte = $4",
            )
            .bind(row.try_get::<i64, _>("release_id")?)
            .bind(row.try_get::<String, _>("node_key")?)
            .bind(row.try_get::<i64, _>("attempt")?)
            .bind(row.try_get::<i64, _>("from_byte")?)
            .execute(w.conn())
            .await?;
        }
        w.commit().await?;
        Ok(found.len() as u64)
    }

    /// The logs of releases that ended before `before`, the oldest first, as many as `limit`.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn logs_due(&self, before: Timestamp, limit: u32) -> Result<Vec<LogSize>> {
        let sql = format!(
            "SELECT r.id, r.project_id, {BYTES} AS bytes FROM releases r WHERE r.status IN {ENDED} \
             AND r.finished_at < $1 AND r.log_removed_at IS NULL \
             AND EXISTS (SELECT 1 FROM log_chunks c WHERE c.release_id = r.id) ORDER BY r.finished_at LIMIT $2"
        );
        let found =
            sqlx::query(AssertSqlSafe(sql)).bind(before.0).bind(i64::from(limit)).fetch_all(self.pool()).await?;
        found.iter().map(log_size).collect()
    }

    /// How much the logs of each project hold, in bytes.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn logs_by_project(&self) -> Result<Vec<(ProjectId, u64)>> {
        let sql = format!(
            "SELECT project_id, CAST(COALESCE(SUM(bytes), 0) AS BIGINT) AS bytes FROM \
             (SELECT r.project_id, {BYTES} AS bytes FROM releases r) t GROUP BY project_id"
        );
        let found = sqlx::query(AssertSqlSafe(sql)).fetch_all(self.pool()).await?;
        found.iter().map(|row| Ok((ProjectId(row.try_get("project_id")?), bytes(row, "bytes")?))).collect()
    }

    /// The releases among `ids` whose artifact may go: last used before `before`, and needed by nothing. Needed is
    /// what a server has live, what each environment can go back to without building (the last `keep` that succeeded
    /// there, or as many as its servers keep), and what a release uses that has not ended.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn artifacts_due(&self, ids: &[i64], before: Timestamp, keep: u32) -> Result<BTreeSet<ReleaseId>> {
        let sql = format!(
            "SELECT id FROM releases WHERE id IN ({}) AND status IN {ENDED} AND COALESCE(finished_at, created_at) < $1",
            list(ids.iter().copied())
        );
        let old = self.of_ids(ids, sql, before.0).await?;
        let old: BTreeSet<ReleaseId> =
            old.iter().map(|row| Ok(ReleaseId(row.try_get("id")?))).collect::<Result<_>>()?;
        if old.is_empty() {
            return Ok(old);
        }
        let needed = self.artifacts_needed(before, keep).await?;
        Ok(old.into_iter().filter(|id| !needed.contains(&id.0)).collect())
    }

    /// The releases whose artifacts something needs, or has used since.
    async fn artifacts_needed(&self, since: Timestamp, keep: u32) -> Result<HashSet<i64>> {
        let mut tx = self.read().await?;
        // What servers have live.
        let mut needed = live_trees(&mut tx).await?;
        // Whatever has not ended, or not long ago, and what it takes its tree from.
        let sql = format!(
            "SELECT r.id, r.tree_of, r.rollback_of, r.promoted_from, COALESCE(f.tree_of, f.rollback_of) AS from_tree \
             FROM releases r LEFT JOIN releases f ON f.id = r.promoted_from \
             WHERE r.status NOT IN {ENDED} OR COALESCE(r.finished_at, r.created_at) >= $1"
        );
        for row in &sqlx::query(AssertSqlSafe(sql)).bind(since.0).fetch_all(&mut *tx).await? {
            needed.insert(row.try_get::<i64, _>("id")?);
            for column in ["tree_of", "rollback_of", "promoted_from", "from_tree"] {
                needed.extend(row.try_get::<Option<i64>, _>(column)?);
            }
        }
        // What one can go back to.
        let environments = sqlx::query("SELECT id, keep FROM environments").fetch_all(&mut *tx).await?;
        for row in &environments {
            let last = sqlx::query(
                "SELECT COALESCE(tree_of, rollback_of, id) AS tree, MAX(id) AS last FROM releases \
                 WHERE environment_id = $1 AND status = 'succeeded' \
                 GROUP BY COALESCE(tree_of, rollback_of, id) ORDER BY last DESC LIMIT $2",
            )
            .bind(row.try_get::<i64, _>("id")?)
            .bind(row.try_get::<i64, _>("keep")?.max(i64::from(keep)))
            .fetch_all(&mut *tx)
            .await?;
            for row in &last {
                needed.insert(row.try_get("tree")?);
            }
        }
        Ok(needed)
    }

    /// The releases among `ids` that have succeeded.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn succeeded_among(&self, ids: &[i64]) -> Result<BTreeSet<ReleaseId>> {
        let sql = format!(
            "SELECT id FROM releases WHERE id IN ({}) AND status = 'succeeded' AND id > $1",
            list(ids.iter().copied())
        );
        let found = self.of_ids(ids, sql, 0).await?;
        found.iter().map(|row| Ok(ReleaseId(row.try_get("id")?))).collect()
    }

    /// The environments among `ids` in which a release runs now.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn environments_busy(&self, ids: &[i64]) -> Result<HashSet<EnvironmentId>> {
        let sql = format!(
            "SELECT DISTINCT environment_id FROM releases WHERE environment_id IN ({}) AND status = 'running' \
             AND id > $1",
            list(ids.iter().copied())
        );
        let found = self.of_ids(ids, sql, 0).await?;
        found.iter().map(|row| Ok(EnvironmentId(row.try_get("environment_id")?))).collect()
    }

    /// Whose releases these are; those that are nobody's are left out.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn projects_of_releases(&self, ids: &[i64]) -> Result<Vec<Leftover>> {
        self.projects_of("releases", ids).await
    }

    /// Whose environments these are; those that are nobody's are left out.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn projects_of_environments(&self, ids: &[i64]) -> Result<Vec<Leftover>> {
        self.projects_of("environments", ids).await
    }

    async fn projects_of(&self, table: &str, ids: &[i64]) -> Result<Vec<Leftover>> {
        let sql = format!("SELECT id, project_id FROM {table} WHERE id IN ({}) AND id > $1", list(ids.iter().copied()));
        let found = self.of_ids(ids, sql, 0).await?;
        let leftover =
            |row: &AnyRow| Ok(Leftover { id: row.try_get("id")?, project: ProjectId(row.try_get("project_id")?) });
        found.iter().map(leftover).collect()
    }

    async fn of_ids(&self, ids: &[i64], sql: String, bind: i64) -> Result<Vec<AnyRow>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        Ok(sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(bind).fetch_all(self.pool()).await?)
    }

    /// Writes down that somebody emptied the build cache of an environment.
    ///
    /// # Errors
    /// [`super::StoreError::NotFound`].
    pub async fn cache_cleared(&self, id: EnvironmentId, bytes: u64) -> Result<()> {
        #[derive(serde::Serialize)]
        struct Cleared {
            bytes: u64,
        }
        let environment = self.environment(id).await?;
        let mut w = self.write().await?;
        let draft = Draft::of("clear_cache", &environment).before(&Cleared { bytes })?;
        w.audit(draft);
        w.commit().await
    }

    /// How many events are from before `events`, and how many deliveries and notifications from before `deliveries`.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn rows_due(&self, events: Timestamp, deliveries: Timestamp) -> Result<(u64, u64)> {
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM events WHERE at < $1) AS events, \
             (SELECT COUNT(*) FROM webhook_deliveries WHERE at < $2 AND outcome <> 'received') AS calls, \
             (SELECT COUNT(*) FROM notifications WHERE created_at < $2 AND status <> 'waiting') AS notices",
        )
        .bind(events.0)
        .bind(deliveries.0)
        .fetch_one(self.pool())
        .await?;
        Ok((bytes(&row, "events")?, bytes(&row, "calls")? + bytes(&row, "notices")?))
    }

    /// How large the database is, in bytes, and how many of them are free for what comes.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn database_size(&self) -> Result<(u64, u64)> {
        let sql = match self.inner.dialect {
            Dialect::Sqlite => {
                "SELECT p.page_count * s.page_size AS size, f.freelist_count * s.page_size AS unused \
                 FROM pragma_page_count() p, pragma_page_size() s, pragma_freelist_count() f"
            }
            Dialect::Postgres => "SELECT pg_database_size(current_database()) AS size, CAST(0 AS BIGINT) AS unused",
        };
        let row = sqlx::query(sql).fetch_one(self.pool()).await?;
        Ok((bytes(&row, "size")?, bytes(&row, "unused")?))
    }
}

/// The length of a release's log. Each run's ends where its last piece does: the others are not looked at, since their
/// rows are long.
const BYTES: &str = "(SELECT CAST(COALESCE(SUM(c.to_byte), 0) AS BIGINT) FROM log_chunks c JOIN \
    (SELECT release_id, node_key, attempt, MAX(from_byte) AS from_byte FROM log_chunks WHERE release_id = r.id \
    GROUP BY release_id, node_key, attempt) l ON l.release_id = c.release_id AND l.node_key = c.node_key \
    AND l.attempt = c.attempt AND l.from_byte = c.from_byte)";

fn log_size(row: &AnyRow) -> Result<LogSize> {
    Ok(LogSize {
        release: ReleaseId(row.try_get("id")?),
        project: ProjectId(row.try_get("project_id")?),
        bytes: bytes(row, "bytes")?,
    })
}

fn bytes(row: &AnyRow, column: &str) -> Result<u64> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or_default())
}

fn list(ids: impl Iterator<Item = i64>) -> String {
    ids.map(|id| id.to_string()).collect::<Vec<_>>().join(", ")
}

fn read(row: &AnyRow) -> Result<Housekeeping> {
    let form = rows::json_option::<HousekeepingForm>(row, "rules")?.unwrap_or_default();
    Ok(Housekeeping::of(form, row.try_get("version")?, rows::time_option(row, "updated_at")?))
}
