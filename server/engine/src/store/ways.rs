//! What is known of earlier releases: what a commit was tested by, what one can go back to, and whose tree lies where.

use launchway_domain::{EnvironmentId, ProjectId, Release, ReleaseId};
use serde_json::Value;
use sqlx::Row;

use super::error::Result;
use super::rows::select_release;
use super::{Store, rows};

/// The earlier releases that one can be asked for at once.
const MAX_EARLIER: u32 = 200;

/// What a project's test environments say of a commit.
#[derive(Clone, Debug, Default)]
pub struct Tests {
    /// How many test environments there are.
    pub environments: u64,
    /// The last release of the commit that succeeded in one of them.
    pub passed: Option<Release>,
}

impl Store {
    /// What the test environments of a project say of a commit; `but` is not one of them.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn tests_of(&self, project: ProjectId, but: EnvironmentId, commit: &str) -> Result<Tests> {
        let environments: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM environments WHERE project_id = $1 AND id <> $2 AND kind = 'test'",
        )
        .bind(project.0)
        .bind(but.0)
        .fetch_one(self.pool())
        .await?;
        let passed = sqlx::query(select_release!(
            "WHERE r.project_id = $1 AND r.environment_id <> $2 AND e.kind = 'test' AND r.commit_hash = $3 \
             AND r.status = 'succeeded' ORDER BY r.id DESC LIMIT 1"
        ))
        .bind(project.0)
        .bind(but.0)
        .bind(commit)
        .fetch_optional(self.pool())
        .await?;
        let passed = passed.as_ref().map(rows::release).transpose()?;
        Ok(Tests { environments: u64::try_from(environments).unwrap_or_default(), passed })
    }

    /// Whose tree a release brings live: its own, or for a rollback the one that it goes back to.
    ///
    /// # Errors
    /// [`super::StoreError::NotFound`].
    pub async fn release_tree_of(&self, id: ReleaseId) -> Result<ReleaseId> {
        let row = sqlx::query("SELECT tree_of, rollback_of FROM releases WHERE id = $1")
            .bind(id.0)
            .fetch_one(self.pool())
            .await?;
        let planned: Option<i64> = row.try_get("tree_of")?;
        let asked: Option<i64> = row.try_get("rollback_of")?;
        Ok(planned.or(asked).map_or(id, ReleaseId))
    }

    /// What a release ran with, whoever holds it; none before it was planned.
    ///
    /// # Errors
    /// [`super::StoreError::NotFound`].
    pub async fn frozen_of(&self, id: ReleaseId) -> Result<Option<Value>> {
        let frozen: Option<String> =
            sqlx::query_scalar("SELECT frozen FROM releases WHERE id = $1").bind(id.0).fetch_one(self.pool()).await?;
        Ok(frozen.as_deref().map(serde_json::from_str).transpose()?)
    }

    /// What one can go back to in an environment: the releases that succeeded there and brought a tree of their own, the
    /// last ones first. Those before `cursor`, where there is one.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn releases_earlier(
        &self,
        environment: EnvironmentId,
        cursor: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Release>> {
        let found = sqlx::query(select_release!(
            "WHERE r.environment_id = $1 AND r.status = 'succeeded' AND COALESCE(r.tree_of, r.rollback_of, r.id) = r.id \
             AND r.id < $2 ORDER BY r.id DESC LIMIT $3"
        ))
        .bind(environment.0)
        .bind(cursor.unwrap_or(i64::MAX))
        .bind(i64::from(limit.min(MAX_EARLIER)))
        .fetch_all(self.pool())
        .await?;
        found.iter().map(rows::release).collect()
    }
}
