//! Projects.

use launchway_domain::{EnvironmentId, Project, ProjectForm, ProjectId, Timestamp, Visible};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::error::{Result, StoreError, in_terms_of, in_use};
use super::{Store, environments, rows};

impl Store {
    /// Those that somebody sees, by title.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn projects(&self, visible: &Visible) -> Result<Vec<Project>> {
        let condition = super::list::seen_by(visible, "id").unwrap_or_else(|| "1 = 1".to_owned());
        let sql = format!(
            "SELECT id, title, repo_url, credential_id, host_key, hooks, version, created_at, updated_at FROM projects \
             WHERE {condition} ORDER BY title"
        );
        let found = sqlx::query(AssertSqlSafe(sql)).fetch_all(self.pool()).await?;
        found.iter().map(rows::project).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn project(&self, id: ProjectId) -> Result<Project> {
        get(&mut *self.pool().acquire().await?, id).await
    }

    /// Adds one, without a pinned key.
    ///
    /// # Errors
    /// [`StoreError::Taken`] for `title`, [`StoreError::Missing`] for `credential_id`.
    pub async fn project_create(&self, form: &ProjectForm) -> Result<Project> {
        let mut w = self.write().await?;
        let id = sqlx::query_scalar(
            "INSERT INTO projects (title, repo_url, credential_id, hooks, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $5) RETURNING id",
        )
        .bind(form.title.as_str())
        .bind(form.repo_url.as_str())
        .bind(form.credential_id.map(|id| id.0))
        .bind(serde_json::to_string(&form.hooks)?)
        .bind(Timestamp::now().0)
        .fetch_one(w.conn())
        .await
        .map_err(in_terms_of("title", "credential_id"))?;
        let made = get(w.conn(), ProjectId(id)).await?;
        w.audit_made(&made)?;
        w.commit().await?;
        Ok(made)
    }

    /// Changes one; a new repository address takes its pinned key away.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Taken`] for `title`, [`StoreError::Missing`] for
    /// `credential_id`.
    pub async fn project_update(&self, id: ProjectId, form: &ProjectForm) -> Result<Project> {
        let mut w = self.write().await?;
        w.take_up("projects", id.0).await?;
        let before = get(w.conn(), id).await?;
        sqlx::query(
            "UPDATE projects SET host_key = CASE WHEN repo_url = $3 THEN host_key END, \
             title = $2, repo_url = $3, credential_id = $4, hooks = $5, updated_at = $6 WHERE id = $1",
        )
        .bind(id.0)
        .bind(form.title.as_str())
        .bind(form.repo_url.as_str())
        .bind(form.credential_id.map(|id| id.0))
        .bind(serde_json::to_string(&form.hooks)?)
        .bind(Timestamp::now().0)
        .execute(w.conn())
        .await
        .map_err(in_terms_of("title", "credential_id"))?;
        let changed = get(w.conn(), id).await?;
        w.audit_changed("update", &before, &changed)?;
        w.commit().await?;
        Ok(changed)
    }

    /// Pins the host key (`SHA256:…`) of a repository over SSH, or takes the pinned one away.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn project_pin(&self, id: ProjectId, host_key: Option<&str>) -> Result<Project> {
        let mut w = self.write().await?;
        w.take_up("projects", id.0).await?;
        let before = get(w.conn(), id).await?;
        sqlx::query("UPDATE projects SET host_key = $2, updated_at = $3 WHERE id = $1")
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

    /// Deletes one with its environments.
    ///
    /// # Errors
    /// [`StoreError::InUse`] with its latest releases (`#7 v1.2`) once it has any,
    /// [`StoreError::NotFound`].
    pub async fn project_delete(&self, id: ProjectId) -> Result<()> {
        let mut w = self.write().await?;
        w.take_up("projects", id.0).await?;
        let users: Vec<String> = sqlx::query_scalar(
            "SELECT '#' || CAST(id AS TEXT) || ' ' || ref_name FROM releases WHERE project_id = $1 \
             ORDER BY id DESC LIMIT 5",
        )
        .bind(id.0)
        .fetch_all(w.conn())
        .await?;
        if !users.is_empty() {
            return Err(StoreError::InUse(users));
        }
        let before = get(w.conn(), id).await?;
        let places: Vec<i64> = sqlx::query_scalar("SELECT id FROM environments WHERE project_id = $1 ORDER BY id")
            .bind(id.0)
            .fetch_all(w.conn())
            .await?;
        for place in places {
            let place = environments::get(w.conn(), EnvironmentId(place)).await?;
            w.audit_gone(&place)?;
        }
        let gone =
            sqlx::query("DELETE FROM projects WHERE id = $1").bind(id.0).execute(w.conn()).await.map_err(in_use)?;
        if gone.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        w.audit_gone(&before)?;
        w.commit().await
    }
}

async fn get(conn: &mut AnyConnection, id: ProjectId) -> Result<Project> {
    let row = sqlx::query(
        "SELECT id, title, repo_url, credential_id, host_key, hooks, version, created_at, updated_at FROM projects WHERE id = $1",
    )
    .bind(id.0)
    .fetch_one(conn)
    .await?;
    rows::project(&row)
}
