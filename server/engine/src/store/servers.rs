//! Servers.

use launchway_domain::{Server, ServerForm, ServerId, Timestamp, Visible};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::error::{Result, StoreError, in_terms_of, in_use};
use super::list::seen;
use super::rows::select_server;
use super::{Store, rows};

/// Which servers somebody sees who sees only these projects: theirs, and those of their environments.
pub(super) fn within(visible: &Visible) -> Option<String> {
    seen(visible, |ids| {
        format!(
            "(project_id IN ({ids}) OR EXISTS (SELECT 1 FROM environment_servers s \
             JOIN environments e ON e.id = s.environment_id \
             WHERE s.server_id = servers.id AND e.project_id IN ({ids})))"
        )
    })
}

impl Store {
    /// Those that somebody sees, by hostname.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn servers(&self, visible: &Visible) -> Result<Vec<Server>> {
        let condition = within(visible).unwrap_or_else(|| "1 = 1".to_owned());
        let sql = format!("{} {condition} ORDER BY hostname", select_server!("WHERE"));
        let found = sqlx::query(AssertSqlSafe(sql)).fetch_all(self.pool()).await?;
        found.iter().map(rows::server).collect()
    }

    /// One of them, where somebody sees it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn server_seen(&self, id: ServerId, visible: &Visible) -> Result<Server> {
        let condition = within(visible).unwrap_or_else(|| "1 = 1".to_owned());
        let sql = format!("{} AND {condition}", select_server!("WHERE id = $1"));
        rows::server(&sqlx::query(AssertSqlSafe(sql)).bind(id.0).fetch_one(self.pool()).await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn server(&self, id: ServerId) -> Result<Server> {
        get(&mut *self.pool().acquire().await?, id).await
    }

    /// Adds one, without a pinned key.
    ///
    /// # Errors
    /// [`StoreError::Taken`] for `hostname`, [`StoreError::Missing`] for `credential_id`.
    pub async fn server_create(&self, form: &ServerForm) -> Result<Server> {
        let mut w = self.write().await?;
        let id = sqlx::query_scalar(
            "INSERT INTO servers (hostname, address, port, credential_id, tags, created_at, updated_at, project_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $6, $7) RETURNING id",
        )
        .bind(form.hostname.as_str())
        .bind(form.address.as_str())
        .bind(i64::from(form.port))
        .bind(form.credential_id.0)
        .bind(serde_json::to_string(&form.tags)?)
        .bind(Timestamp::now().0)
        .bind(form.project_id.map(|id| id.0))
        .fetch_one(w.conn())
        .await
        .map_err(in_terms_of("hostname", "credential_id"))?;
        let made = get(w.conn(), ServerId(id)).await?;
        w.audit_made(&made)?;
        w.commit().await?;
        Ok(made)
    }

    /// Changes one; a new address or port takes its pinned key away.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Taken`] for `hostname`, [`StoreError::Missing`] for
    /// `credential_id`.
    pub async fn server_update(&self, id: ServerId, form: &ServerForm) -> Result<Server> {
        let mut w = self.write().await?;
        w.take_up("servers", id.0).await?;
        let before = get(w.conn(), id).await?;
        sqlx::query(
            "UPDATE servers SET host_key = CASE WHEN address = $3 AND port = $4 THEN host_key END, \
             hostname = $2, address = $3, port = $4, credential_id = $5, tags = $6, updated_at = $7, \
             project_id = $8 WHERE id = $1",
        )
        .bind(id.0)
        .bind(form.hostname.as_str())
        .bind(form.address.as_str())
        .bind(i64::from(form.port))
        .bind(form.credential_id.0)
        .bind(serde_json::to_string(&form.tags)?)
        .bind(Timestamp::now().0)
        .bind(form.project_id.map(|id| id.0))
        .execute(w.conn())
        .await
        .map_err(in_terms_of("hostname", "credential_id"))?;
        let changed = get(w.conn(), id).await?;
        w.audit_changed("update", &before, &changed)?;
        w.commit().await?;
        Ok(changed)
    }

    /// Pins a host key (`SHA256:…`), or takes the pinned one away.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn server_pin(&self, id: ServerId, host_key: Option<&str>) -> Result<Server> {
        let mut w = self.write().await?;
        w.take_up("servers", id.0).await?;
        let before = get(w.conn(), id).await?;
        sqlx::query("UPDATE servers SET host_key = $2, updated_at = $3 WHERE id = $1")
            .bind(id.0)
            .bind(host_key.map(str::to_owned))
            .bind(Timestamp::now().0)
            .execute(w.conn())
            .await?;
        let changed = get(w.conn(), id).await?;
        w.audit_changed("pin", &before, &changed)?;
        w.commit().await?;
        Ok(changed)
    }

    /// Deletes one.
    ///
    /// # Errors
    /// [`StoreError::InUse`] with the environments (`project / environment`), [`StoreError::NotFound`].
    pub async fn server_delete(&self, id: ServerId) -> Result<()> {
        let mut w = self.write().await?;
        w.take_up("servers", id.0).await?;
        let users: Vec<String> = sqlx::query_scalar(
            "SELECT p.title || ' / ' || e.name AS name FROM environment_servers s \
             JOIN environments e ON e.id = s.environment_id JOIN projects p ON p.id = e.project_id \
             WHERE s.server_id = $1 ORDER BY name LIMIT 10",
        )
        .bind(id.0)
        .fetch_all(w.conn())
        .await?;
        if !users.is_empty() {
            return Err(StoreError::InUse(users));
        }
        let before = get(w.conn(), id).await?;
        let gone =
            sqlx::query("DELETE FROM servers WHERE id = $1").bind(id.0).execute(w.conn()).await.map_err(in_use)?;
        if gone.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        w.audit_gone(&before)?;
        w.commit().await
    }
}

async fn get(conn: &mut AnyConnection, id: ServerId) -> Result<Server> {
    rows::server(&sqlx::query(select_server!("WHERE id = $1")).bind(id.0).fetch_one(conn).await?)
}
