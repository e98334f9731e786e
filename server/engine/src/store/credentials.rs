//! Credentials: sealed by others, kept here.

use launchway_domain::{Credential, CredentialForm, CredentialId, Timestamp, Visible};
use serde::Serialize;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::audit::Draft;
use super::error::{Result, StoreError, in_terms_of, in_use};
use super::list::seen;
use super::rows::select_credential;
use super::{Store, rows};

/// Which credentials somebody sees who sees only these projects: theirs, and what opens their repositories and servers.
pub(super) fn within(visible: &Visible) -> Option<String> {
    seen(visible, |ids| {
        format!(
            "(project_id IN ({ids}) \
             OR EXISTS (SELECT 1 FROM projects p WHERE p.credential_id = credentials.id AND p.id IN ({ids})) \
             OR EXISTS (SELECT 1 FROM servers s WHERE s.credential_id = credentials.id AND s.project_id IN ({ids})))"
        )
    })
}

impl Store {
    /// Those that somebody sees, by name.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn credentials(&self, visible: &Visible) -> Result<Vec<Credential>> {
        let condition = within(visible).unwrap_or_else(|| "1 = 1".to_owned());
        let sql = format!("{} {condition} ORDER BY name", select_credential!("WHERE"));
        let found = sqlx::query(AssertSqlSafe(sql)).fetch_all(self.pool()).await?;
        found.iter().map(rows::credential).collect()
    }

    /// One of them, where somebody sees it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn credential_seen(&self, id: CredentialId, visible: &Visible) -> Result<Credential> {
        let condition = within(visible).unwrap_or_else(|| "1 = 1".to_owned());
        let sql = format!("{} AND {condition}", select_credential!("WHERE id = $1"));
        rows::credential(&sqlx::query(AssertSqlSafe(sql)).bind(id.0).fetch_one(self.pool()).await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn credential(&self, id: CredentialId) -> Result<Credential> {
        get(&mut *self.pool().acquire().await?, id).await
    }

    /// One of them with its sealed secret.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn credential_sealed(&self, id: CredentialId) -> Result<(Credential, Vec<u8>)> {
        let row = sqlx::query(select_credential!("WHERE id = $1")).bind(id.0).fetch_one(self.pool()).await?;
        Ok((rows::credential(&row)?, row.try_get("sealed")?))
    }

    /// Adds one. Of the form everything but the secret is used; that comes sealed.
    ///
    /// # Errors
    /// [`StoreError::Taken`] for the name.
    pub async fn credential_create(
        &self,
        form: &CredentialForm,
        sealed: &[u8],
        has_passphrase: bool,
    ) -> Result<Credential> {
        let mut w = self.write().await?;
        let id = sqlx::query_scalar(
            "INSERT INTO credentials (name, kind, username, sealed, has_passphrase, created_at, updated_at, project_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $6, $7) RETURNING id",
        )
        .bind(form.name.as_str())
        .bind(form.kind.as_str())
        .bind(form.username.as_str())
        .bind(sealed)
        .bind(i64::from(has_passphrase))
        .bind(Timestamp::now().0)
        .bind(form.project_id.map(|id| id.0))
        .fetch_one(w.conn())
        .await
        .map_err(in_terms_of("name", "project_id"))?;
        let made = get(w.conn(), CredentialId(id)).await?;
        w.audit_made(&made)?;
        w.commit().await?;
        Ok(made)
    }

    /// Changes one; without `sealed`, its secret stays (`has_passphrase` is stored either way).
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Taken`] for the name.
    pub async fn credential_update(
        &self,
        id: CredentialId,
        form: &CredentialForm,
        sealed: Option<&[u8]>,
        has_passphrase: bool,
    ) -> Result<Credential> {
        let mut w = self.write().await?;
        w.take_up("credentials", id.0).await?;
        let before = get(w.conn(), id).await?;
        sqlx::query(
            "UPDATE credentials SET name = $2, kind = $3, username = $4, sealed = COALESCE($5, sealed), \
             has_passphrase = $6, updated_at = $7, project_id = $8 WHERE id = $1",
        )
        .bind(id.0)
        .bind(form.name.as_str())
        .bind(form.kind.as_str())
        .bind(form.username.as_str())
        .bind(sealed.map(<[u8]>::to_vec))
        .bind(i64::from(has_passphrase))
        .bind(Timestamp::now().0)
        .bind(form.project_id.map(|id| id.0))
        .execute(w.conn())
        .await
        .map_err(in_terms_of("name", "project_id"))?;
        let changed = get(w.conn(), id).await?;
        w.audit(
            Draft::of("update", &changed)
                .before(&before)?
                .after(&Changed { changed: &changed, sealed: sealed.is_some() })?,
        );
        w.commit().await?;
        Ok(changed)
    }

    /// Deletes one.
    ///
    /// # Errors
    /// [`StoreError::InUse`] with the names of servers and projects, [`StoreError::NotFound`].
    pub async fn credential_delete(&self, id: CredentialId) -> Result<()> {
        let mut w = self.write().await?;
        w.take_up("credentials", id.0).await?;
        let users: Vec<String> = sqlx::query_scalar(
            "SELECT hostname AS name FROM servers WHERE credential_id = $1 \
             UNION ALL SELECT title AS name FROM projects WHERE credential_id = $1 ORDER BY name LIMIT 10",
        )
        .bind(id.0)
        .fetch_all(w.conn())
        .await?;
        if !users.is_empty() {
            return Err(StoreError::InUse(users));
        }
        let before = get(w.conn(), id).await?;
        let gone =
            sqlx::query("DELETE FROM credentials WHERE id = $1").bind(id.0).execute(w.conn()).await.map_err(in_use)?;
        if gone.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        w.audit_gone(&before)?;
        w.commit().await
    }
}

/// What the audit says of a credential that was changed: that its secret is another one, and no more.
#[derive(Serialize)]
struct Changed<'a> {
    #[serde(flatten)]
    changed: &'a Credential,
    #[serde(rename = "new_secret", skip_serializing_if = "std::ops::Not::not")]
    sealed: bool,
}

async fn get(conn: &mut AnyConnection, id: CredentialId) -> Result<Credential> {
    rows::credential(&sqlx::query(select_credential!("WHERE id = $1")).bind(id.0).fetch_one(conn).await?)
}
