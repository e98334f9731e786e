//! Links that open the wall.

use launchway_domain::{Timestamp, UserId, WallLink, WallLinkId};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::Store;
use super::error::{Result, in_terms_of};

/// A link's last use is written down at most this often, in milliseconds.
const TOUCH_EVERY: i64 = 60_000;
/// The most links that a list shows.
const MAX_LINKS: i64 = 200;

impl Store {
    /// All links, newest first.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn wall_links(&self) -> Result<Vec<WallLink>> {
        let found = sqlx::query(
            "SELECT id, label, created_by_name, created_at, last_used_at FROM wall_links ORDER BY id DESC LIMIT $1",
        )
        .bind(MAX_LINKS)
        .fetch_all(self.pool())
        .await?;
        found.iter().map(link).collect()
    }

    /// Stores a link by the SHA-256 of its key.
    ///
    /// # Errors
    /// [`super::StoreError::Taken`] for a key that is there.
    pub async fn wall_link_create(
        &self,
        label: &str,
        hash: &[u8],
        by: Option<UserId>,
        by_name: &str,
    ) -> Result<WallLink> {
        let created_at = Timestamp::now();
        let mut w = self.write().await?;
        let id = sqlx::query_scalar(
            "INSERT INTO wall_links (label, hash, created_by, created_by_name, created_at) \
             VALUES ($1, $2, $3, $4, $5) RETURNING id",
        )
        .bind(label)
        .bind(hash)
        .bind(by.map(|id| id.0))
        .bind(by_name)
        .bind(created_at.0)
        .fetch_one(w.conn())
        .await
        .map_err(in_terms_of("key", "user"))?;
        let made = WallLink {
            id: WallLinkId(id),
            label: label.to_owned(),
            created_by_name: by_name.to_owned(),
            created_at,
            last_used_at: None,
        };
        w.audit_made(&made)?;
        w.commit().await?;
        Ok(made)
    }

    /// Whose key has this SHA-256; notes that it was used.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn wall_link_by_hash(&self, hash: &[u8]) -> Result<Option<WallLink>> {
        let row =
            sqlx::query("SELECT id, label, created_by_name, created_at, last_used_at FROM wall_links WHERE hash = $1")
                .bind(hash)
                .fetch_optional(self.pool())
                .await?;
        let Some(found) = row.as_ref().map(link).transpose()? else { return Ok(None) };
        let now = Timestamp::now();
        if found.last_used_at.is_none_or(|last| now.0 - last.0 >= TOUCH_EVERY) {
            // A courtesy: a link that works must not be refused because this could not be written.
            if let Err(error) = self.touch_wall_link(found.id, now).await {
                tracing::warn!(%error, link = %found.id, "could not note a wall link's use");
            }
        }
        Ok(Some(found))
    }

    async fn touch_wall_link(&self, id: WallLinkId, now: Timestamp) -> Result<()> {
        let mut w = self.write().await?;
        sqlx::query("UPDATE wall_links SET last_used_at = $2 WHERE id = $1")
            .bind(id.0)
            .bind(now.0)
            .execute(w.conn())
            .await?;
        w.commit().await
    }

    /// Revokes a link.
    ///
    /// # Errors
    /// [`super::StoreError::NotFound`].
    pub async fn wall_link_delete(&self, id: WallLinkId) -> Result<()> {
        let mut w = self.write().await?;
        let gone = sqlx::query(
            "DELETE FROM wall_links WHERE id = $1 RETURNING id, label, created_by_name, created_at, last_used_at",
        )
        .bind(id.0)
        .fetch_one(w.conn())
        .await?;
        w.audit_gone(&link(&gone)?)?;
        w.commit().await
    }
}

fn link(row: &AnyRow) -> Result<WallLink> {
    Ok(WallLink {
        id: WallLinkId(row.try_get("id")?),
        label: row.try_get("label")?,
        created_by_name: row.try_get("created_by_name")?,
        created_at: Timestamp(row.try_get("created_at")?),
        last_used_at: row.try_get::<Option<i64>, _>("last_used_at")?.map(Timestamp),
    })
}
