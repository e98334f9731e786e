//! Hook templates.

use launchway_domain::{HookTemplate, HookTemplateForm, HookTemplateId, Timestamp};
use sqlx::AnyConnection;

use super::error::{Result, StoreError, in_terms_of};
use super::{Store, rows};

impl Store {
    /// All of them, by name.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn templates(&self) -> Result<Vec<HookTemplate>> {
        let found = sqlx::query(
            "SELECT id, name, description, point, body, version, created_at, updated_at FROM hook_templates ORDER BY name",
        )
        .fetch_all(self.pool())
        .await?;
        found.iter().map(rows::template).collect()
    }

    /// How many there are.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn template_count(&self) -> Result<u64> {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM hook_templates").fetch_one(self.pool()).await?;
        Ok(count.unsigned_abs())
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn template(&self, id: HookTemplateId) -> Result<HookTemplate> {
        get(&mut *self.pool().acquire().await?, id).await
    }

    /// Adds one.
    ///
    /// # Errors
    /// [`StoreError::Taken`] for `name`.
    pub async fn template_create(&self, form: &HookTemplateForm) -> Result<HookTemplate> {
        let mut w = self.write().await?;
        let id = insert(w.conn(), form).await?;
        let made = get(w.conn(), id).await?;
        w.audit_made(&made)?;
        w.commit().await?;
        Ok(made)
    }

    /// Changes one. Hooks that were filled from it stay as they are.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Taken`] for `name`.
    pub async fn template_update(&self, id: HookTemplateId, form: &HookTemplateForm) -> Result<HookTemplate> {
        let mut w = self.write().await?;
        w.take_up("hook_templates", id.0).await?;
        let before = get(w.conn(), id).await?;
        sqlx::query(
            "UPDATE hook_templates SET name = $2, description = $3, point = $4, body = $5, updated_at = $6 \
             WHERE id = $1",
        )
        .bind(id.0)
        .bind(form.name.as_str())
        .bind(form.description.clone())
        .bind(form.point.map(|point| point.as_str().to_owned()))
        .bind(form.body.as_str())
        .bind(Timestamp::now().0)
        .execute(w.conn())
        .await
        .map_err(in_terms_of("name", "name"))?;
        let changed = get(w.conn(), id).await?;
        w.audit_changed("update", &before, &changed)?;
        w.commit().await?;
        Ok(changed)
    }

    /// Deletes one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn template_delete(&self, id: HookTemplateId) -> Result<()> {
        let mut w = self.write().await?;
        w.take_up("hook_templates", id.0).await?;
        let before = get(w.conn(), id).await?;
        let gone = sqlx::query("DELETE FROM hook_templates WHERE id = $1").bind(id.0).execute(w.conn()).await?;
        if gone.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        w.audit_gone(&before)?;
        w.commit().await
    }
}

/// Writes one within a transaction; also the one in which a release is created.
pub(super) async fn insert(conn: &mut AnyConnection, form: &HookTemplateForm) -> Result<HookTemplateId> {
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO hook_templates (name, description, point, body, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $5) RETURNING id",
    )
    .bind(form.name.as_str())
    .bind(form.description.clone())
    .bind(form.point.map(|point| point.as_str().to_owned()))
    .bind(form.body.as_str())
    .bind(Timestamp::now().0)
    .fetch_one(conn)
    .await
    .map_err(in_terms_of("name", "name"))?;
    Ok(HookTemplateId(id))
}

/// One of them, through a connection that may be in a transaction.
pub(super) async fn get(conn: &mut AnyConnection, id: HookTemplateId) -> Result<HookTemplate> {
    let row = sqlx::query(
        "SELECT id, name, description, point, body, version, created_at, updated_at FROM hook_templates WHERE id = $1",
    )
    .bind(id.0)
    .fetch_one(conn)
    .await?;
    rows::template(&row)
}
