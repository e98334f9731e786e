//! Browser sessions.

use launchway_domain::{Timestamp, UserId};
use sqlx::Row;

use super::Store;
use super::error::Result;

impl Store {
    /// Stores a session, new or changed.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn session_save(&self, id: &str, data: &[u8], user: Option<UserId>, expires: Timestamp) -> Result<()> {
        let mut w = self.write().await?;
        sqlx::query(
            "INSERT INTO sessions (id, user_id, data, expires_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, data = excluded.data, \
             expires_at = excluded.expires_at",
        )
        .bind(id)
        .bind(user.map(|user| user.0))
        .bind(data)
        .bind(expires.0)
        .execute(w.conn())
        .await?;
        w.commit().await
    }

    /// A session that has not expired.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn session_load(&self, id: &str) -> Result<Option<(Vec<u8>, Timestamp)>> {
        let row = sqlx::query("SELECT data, expires_at FROM sessions WHERE id = $1 AND expires_at > $2")
            .bind(id)
            .bind(Timestamp::now().0)
            .fetch_optional(self.pool())
            .await?;
        row.map(|row| Ok((row.try_get("data")?, Timestamp(row.try_get("expires_at")?)))).transpose()
    }

    /// Ends a session; one that is not there has ended.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn session_delete(&self, id: &str) -> Result<()> {
        let mut w = self.write().await?;
        sqlx::query("DELETE FROM sessions WHERE id = $1").bind(id).execute(w.conn()).await?;
        w.commit().await
    }

    /// Forgets the sessions that have expired; how many there were.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn sessions_delete_expired(&self) -> Result<u64> {
        let mut w = self.write().await?;
        let gone = sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
            .bind(Timestamp::now().0)
            .execute(w.conn())
            .await?
            .rows_affected();
        w.commit().await?;
        Ok(gone)
    }
}
