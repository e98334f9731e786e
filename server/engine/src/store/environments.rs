//! Environments, and which servers are theirs.

use std::collections::HashMap;

use launchway_domain::form::DEFAULT_KEEP;
use launchway_domain::{
    Environment, EnvironmentForm, EnvironmentId, EnvironmentKind, EventData, ProjectId, ServerId, Timestamp,
};
use sqlx::{AnyConnection, Row};

use super::error::{Result, StoreError, in_terms_of, in_use};
use super::{Store, rows};

impl Store {
    /// A project's environments, by name.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn environments(&self, project: ProjectId) -> Result<Vec<Environment>> {
        let mut tx = self.read().await?;
        let found = sqlx::query(
            "SELECT id, project_id, name, kind, path, package_root, keep, auto_start, policy, version, created_at, updated_at \
             FROM environments WHERE project_id = $1 ORDER BY name",
        )
        .bind(project.0)
        .fetch_all(&mut *tx)
        .await?;
        let mut environments = found.iter().map(rows::environment).collect::<Result<Vec<_>>>()?;
        let mut servers: HashMap<i64, Vec<ServerId>> = HashMap::new();
        let links = sqlx::query(
            "SELECT s.environment_id, s.server_id FROM environment_servers s \
             JOIN environments e ON e.id = s.environment_id WHERE e.project_id = $1 \
             ORDER BY s.environment_id, s.position",
        )
        .bind(project.0)
        .fetch_all(&mut *tx)
        .await?;
        for row in links {
            servers.entry(row.try_get("environment_id")?).or_default().push(ServerId(row.try_get("server_id")?));
        }
        for environment in &mut environments {
            environment.server_ids = servers.remove(&environment.id.0).unwrap_or_default();
        }
        Ok(environments)
    }

    /// One environment.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn environment(&self, id: EnvironmentId) -> Result<Environment> {
        get(&mut *self.read().await?, id).await
    }

    /// Adds one to a project.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the project, [`StoreError::Taken`] for `name`,
    /// [`StoreError::Missing`] for `server_ids`.
    pub async fn environment_create(&self, project: ProjectId, form: &EnvironmentForm) -> Result<Environment> {
        let mut w = self.write().await?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO environments (project_id, name, kind, path, package_root, keep, auto_start, \
             created_at, updated_at, policy) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9) RETURNING id",
        )
        .bind(project.0)
        .bind(form.name.as_str())
        .bind(form.kind.as_str())
        .bind(form.path.as_str())
        .bind(package_root(form))
        .bind(i64::from(form.keep.unwrap_or(DEFAULT_KEEP)))
        .bind(i64::from(auto_start(form)))
        .bind(Timestamp::now().0)
        .bind(serde_json::to_string(&form.policy.clone().unwrap_or_default())?)
        .fetch_one(w.conn())
        .await
        .map_err(|error| match in_terms_of("name", "project_id")(error) {
            StoreError::Missing { .. } => StoreError::NotFound,
            error => error,
        })?;
        let id = EnvironmentId(id);
        link(w.conn(), id, &form.server_ids).await?;
        let made = get(w.conn(), id).await?;
        w.audit_made(&made)?;
        w.commit().await?;
        Ok(made)
    }

    /// Changes one. A release that has started runs with what it froze.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Taken`] for `name`, [`StoreError::Missing`] for
    /// `server_ids`.
    pub async fn environment_update(&self, id: EnvironmentId, form: &EnvironmentForm) -> Result<Environment> {
        let mut w = self.write().await?;
        w.take_up("environments", id.0).await?;
        let before = get(w.conn(), id).await?;
        let changed = sqlx::query(
            "UPDATE environments SET name = $2, kind = $3, path = $4, package_root = $5, keep = $6, \
             auto_start = $7, updated_at = $8, policy = $9 WHERE id = $1",
        )
        .bind(id.0)
        .bind(form.name.as_str())
        .bind(form.kind.as_str())
        .bind(form.path.as_str())
        .bind(package_root(form))
        .bind(i64::from(form.keep.unwrap_or(DEFAULT_KEEP)))
        .bind(i64::from(auto_start(form)))
        .bind(Timestamp::now().0)
        .bind(serde_json::to_string(form.policy.as_ref().unwrap_or(&before.policy))?)
        .execute(w.conn())
        .await
        .map_err(in_terms_of("name", "project_id"))?;
        if changed.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        sqlx::query("DELETE FROM environment_servers WHERE environment_id = $1").bind(id.0).execute(w.conn()).await?;
        link(w.conn(), id, &form.server_ids).await?;
        let changed = get(w.conn(), id).await?;
        w.audit_changed("update", &before, &changed)?;
        w.event(
            changed.project_id,
            EventData::EnvironmentChanged { environment_id: id, project_id: changed.project_id },
        );
        // What its freezes kept waiting may start.
        w.ring_queue();
        w.commit().await?;
        Ok(changed)
    }

    /// Deletes one.
    ///
    /// # Errors
    /// [`StoreError::InUse`] with its latest releases (`#7 v1.2`) once it has any,
    /// [`StoreError::NotFound`].
    pub async fn environment_delete(&self, id: EnvironmentId) -> Result<()> {
        let mut w = self.write().await?;
        w.take_up("environments", id.0).await?;
        let users: Vec<String> = sqlx::query_scalar(
            "SELECT '#' || CAST(id AS TEXT) || ' ' || ref_name FROM releases WHERE environment_id = $1 \
             ORDER BY id DESC LIMIT 5",
        )
        .bind(id.0)
        .fetch_all(w.conn())
        .await?;
        if !users.is_empty() {
            return Err(StoreError::InUse(users));
        }
        let before = get(w.conn(), id).await?;
        let gone =
            sqlx::query("DELETE FROM environments WHERE id = $1").bind(id.0).execute(w.conn()).await.map_err(in_use)?;
        if gone.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        w.audit_gone(&before)?;
        w.commit().await
    }
}

/// Where the form does not say: webhooks may start releases in test, and not in production.
fn auto_start(form: &EnvironmentForm) -> bool {
    form.auto_start.unwrap_or(form.kind == EnvironmentKind::Test)
}

/// A blank folder means the whole tree.
fn package_root(form: &EnvironmentForm) -> Option<String> {
    form.package_root.as_deref().map(str::trim).filter(|root| !root.is_empty()).map(str::to_owned)
}

async fn link(conn: &mut AnyConnection, id: EnvironmentId, servers: &[ServerId]) -> Result<()> {
    for (position, server) in servers.iter().enumerate() {
        sqlx::query("INSERT INTO environment_servers (environment_id, server_id, position) VALUES ($1, $2, $3)")
            .bind(id.0)
            .bind(server.0)
            .bind(position as i64)
            .execute(&mut *conn)
            .await
            .map_err(in_terms_of("server_ids", "server_ids"))?;
    }
    Ok(())
}

/// One environment, through a connection that may be in a transaction.
pub(super) async fn get(conn: &mut AnyConnection, id: EnvironmentId) -> Result<Environment> {
    let row = sqlx::query(
        "SELECT id, project_id, name, kind, path, package_root, keep, auto_start, policy, version, created_at, updated_at \
         FROM environments WHERE id = $1",
    )
    .bind(id.0)
    .fetch_one(&mut *conn)
    .await?;
    let mut environment = rows::environment(&row)?;
    let servers: Vec<i64> =
        sqlx::query_scalar("SELECT server_id FROM environment_servers WHERE environment_id = $1 ORDER BY position")
            .bind(id.0)
            .fetch_all(conn)
            .await?;
    environment.server_ids = servers.into_iter().map(ServerId).collect();
    Ok(environment)
}
