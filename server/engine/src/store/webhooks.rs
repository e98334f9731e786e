//! Webhooks in. What opens them is sealed by others and kept here.

use launchway_domain::{EnvironmentId, Forge, ProjectId, Timestamp, Webhook, WebhookForm, WebhookId};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::error::{Result, StoreError, in_terms_of};
use super::{Store, rows};

/// The columns of [`webhook`].
macro_rules! select_webhook {
    ($rest:literal) => {
        concat!(
            "SELECT id, project_id, environment_id, kind, name, public_id, events, branches, tags, repository, start, \
             enabled, version, created_at, updated_at, sealed FROM webhooks ",
            $rest
        )
    };
}

impl Store {
    /// A project's webhooks, by name.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn webhooks(&self, project: ProjectId) -> Result<Vec<Webhook>> {
        let found = sqlx::query(select_webhook!("WHERE project_id = $1 ORDER BY name, id"))
            .bind(project.0)
            .fetch_all(self.pool())
            .await?;
        found.iter().map(webhook).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn webhook(&self, id: WebhookId) -> Result<Webhook> {
        get(&mut *self.pool().acquire().await?, id).await
    }

    /// The one with a public id, and its sealed secret.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn webhook_by_address(&self, public_id: &str) -> Result<Option<(Webhook, Vec<u8>)>> {
        let row =
            sqlx::query(select_webhook!("WHERE public_id = $1")).bind(public_id).fetch_optional(self.pool()).await?;
        row.map(|row| Ok((webhook(&row)?, row.try_get("sealed")?))).transpose()
    }

    /// Adds one to a project. Of the form everything but the secret is used; that comes sealed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the project, [`StoreError::Taken`] for `name`.
    pub async fn webhook_create(
        &self,
        project: ProjectId,
        form: &WebhookForm,
        public_id: &str,
        sealed: &[u8],
    ) -> Result<Webhook> {
        let mut w = self.write().await?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO webhooks (project_id, environment_id, kind, name, public_id, sealed, events, branches, tags, \
             repository, start, enabled, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13) RETURNING id",
        )
        .bind(project.0)
        .bind(form.environment_id.0)
        .bind(form.kind.as_str())
        .bind(form.name.as_str())
        .bind(public_id)
        .bind(sealed)
        .bind(serde_json::to_string(&form.events)?)
        .bind(serde_json::to_string(&form.branches)?)
        .bind(serde_json::to_string(&form.tags)?)
        .bind(form.repository.clone())
        .bind(i64::from(form.start))
        .bind(i64::from(form.enabled))
        .bind(Timestamp::now().0)
        .fetch_one(w.conn())
        .await
        .map_err(in_terms_of("name", "environment_id"))?;
        let made = get(w.conn(), WebhookId(id)).await?;
        w.audit_made(&made)?;
        w.commit().await?;
        Ok(made)
    }

    /// Changes one; without `sealed`, its secret stays.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Taken`] for `name`.
    pub async fn webhook_update(&self, id: WebhookId, form: &WebhookForm, sealed: Option<&[u8]>) -> Result<Webhook> {
        let mut w = self.write().await?;
        w.take_up("webhooks", id.0).await?;
        let before = get(w.conn(), id).await?;
        sqlx::query(
            "UPDATE webhooks SET environment_id = $2, kind = $3, name = $4, events = $5, branches = $6, tags = $7, \
             repository = $8, start = $9, enabled = $10, updated_at = $11 WHERE id = $1",
        )
        .bind(id.0)
        .bind(form.environment_id.0)
        .bind(form.kind.as_str())
        .bind(form.name.as_str())
        .bind(serde_json::to_string(&form.events)?)
        .bind(serde_json::to_string(&form.branches)?)
        .bind(serde_json::to_string(&form.tags)?)
        .bind(form.repository.clone())
        .bind(i64::from(form.start))
        .bind(i64::from(form.enabled))
        .bind(Timestamp::now().0)
        .execute(w.conn())
        .await
        .map_err(in_terms_of("name", "environment_id"))?;
        if let Some(sealed) = sealed {
            sqlx::query("UPDATE webhooks SET sealed = $2 WHERE id = $1")
                .bind(id.0)
                .bind(sealed)
                .execute(w.conn())
                .await?;
        }
        let changed = get(w.conn(), id).await?;
        // Where nothing else changed, it is the secret that did.
        let verb = if sealed.is_some() { "update_secret" } else { "update" };
        w.audit_changed(verb, &before, &changed)?;
        w.commit().await?;
        Ok(changed)
    }

    /// Deletes one with its deliveries.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn webhook_delete(&self, id: WebhookId) -> Result<()> {
        let mut w = self.write().await?;
        w.take_up("webhooks", id.0).await?;
        let before = get(w.conn(), id).await?;
        let gone = sqlx::query("DELETE FROM webhooks WHERE id = $1").bind(id.0).execute(w.conn()).await?;
        if gone.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        w.audit_gone(&before)?;
        w.commit().await
    }
}

async fn get(conn: &mut AnyConnection, id: WebhookId) -> Result<Webhook> {
    webhook(&sqlx::query(select_webhook!("WHERE id = $1")).bind(id.0).fetch_one(conn).await?)
}

fn webhook(row: &AnyRow) -> Result<Webhook> {
    let public_id: &str = row.try_get("public_id")?;
    Ok(Webhook {
        id: WebhookId(row.try_get("id")?),
        project_id: ProjectId(row.try_get("project_id")?),
        kind: rows::word(row, "kind", Forge::parse)?,
        name: row.try_get("name")?,
        environment_id: EnvironmentId(row.try_get("environment_id")?),
        events: rows::json(row, "events")?,
        branches: rows::json(row, "branches")?,
        tags: rows::json(row, "tags")?,
        repository: row.try_get("repository")?,
        start: rows::flag(row, "start")?,
        enabled: rows::flag(row, "enabled")?,
        address: format!("/hooks/{public_id}"),
        version: row.try_get("version")?,
        created_at: rows::time(row, "created_at")?,
        updated_at: rows::time(row, "updated_at")?,
    })
}
