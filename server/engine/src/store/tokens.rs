//! API tokens.

use launchway_domain::{ApiToken, Grant, Person, ProjectId, Timestamp, TokenId, TokenScope, UserId};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::error::{Result, StoreError, in_terms_of};
use super::{Store, rows};

/// A token's last use is written down at most this often, in milliseconds.
const TOUCH_EVERY: i64 = 60_000;

/// Every column of a token's answer.
macro_rules! select_token {
    ($rest:literal) => {
        concat!(
            "SELECT id, user_id, label, scope, project_id, created_at, expires_at, last_used_at FROM tokens ",
            $rest
        )
    };
}

/// A token to be kept: never itself, only its digest.
#[derive(Clone, Debug)]
pub struct NewToken<'a> {
    /// Whose it is.
    pub user: UserId,
    /// What its owner calls it.
    pub name: &'a str,
    /// What it allows.
    pub scope: TokenScope,
    /// The one project that it is for.
    pub project: Option<ProjectId>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// The SHA-256 of the token.
    pub hash: &'a [u8],
    /// How many tokens somebody has at most.
    pub most: u32,
}

impl Store {
    /// Keeps a new API token.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where the user or the project is gone, [`StoreError::Taken`] for a hash that is there,
    /// [`StoreError::Full`] where somebody has as many as there may be.
    pub async fn token_create(&self, new: &NewToken<'_>) -> Result<ApiToken> {
        let mut w = self.write().await?;
        // One after the other, so that nobody has more than they may.
        w.hold("users", new.user.0).await?;
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM tokens WHERE user_id = $1")
            .bind(new.user.0)
            .fetch_one(w.conn())
            .await?;
        if count >= i64::from(new.most) {
            return Err(StoreError::Full);
        }
        let id = sqlx::query_scalar(
            "INSERT INTO tokens (user_id, label, hash, created_at, scope, project_id, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
        )
        .bind(new.user.0)
        .bind(new.name)
        .bind(new.hash)
        .bind(Timestamp::now().0)
        .bind(new.scope.as_str())
        .bind(new.project.map(|id| id.0))
        .bind(new.expires_at.map(|at| at.0))
        .fetch_one(w.conn())
        .await
        .map_err(in_terms_of("token", "user"))?;
        let made = get(w.conn(), TokenId(id)).await?;
        w.audit_made(&made)?;
        w.commit().await?;
        Ok(made)
    }

    /// Somebody's tokens, the newest first; those that ended too, until they are revoked.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn tokens(&self, user: UserId) -> Result<Vec<ApiToken>> {
        let found = sqlx::query(select_token!("WHERE user_id = $1 ORDER BY id DESC"))
            .bind(user.0)
            .fetch_all(self.pool())
            .await?;
        found.iter().map(token).collect()
    }

    /// One token.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn token(&self, id: TokenId) -> Result<ApiToken> {
        get(&mut *self.pool().acquire().await?, id).await
    }

    /// Whose token it is by its SHA-256, with what it allows; notes that it was used. None where it expired, was
    /// revoked, or its owner deactivated.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn token_person(&self, hash: &[u8]) -> Result<Option<Person>> {
        let row = sqlx::query(
            "SELECT t.id AS token_id, t.label, t.scope, t.project_id, t.last_used_at, u.id, u.name, u.role, \
             u.created_at, u.last_seen_at FROM tokens t JOIN users u ON u.id = t.user_id \
             WHERE t.hash = $1 AND u.deactivated_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)",
        )
        .bind(hash)
        .bind(Timestamp::now().0)
        .fetch_optional(self.pool())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let id: i64 = row.try_get("token_id")?;
        let last: Option<i64> = row.try_get("last_used_at")?;
        let now = Timestamp::now().0;
        if last.is_none_or(|last| now - last >= TOUCH_EVERY) {
            // A courtesy: a token that works must not be refused because this could not be written.
            if let Err(error) = self.note("UPDATE tokens SET last_used_at = $2 WHERE id = $1", id, now).await {
                tracing::warn!(%error, token = id, "could not note a token's use");
            }
        }
        let user = rows::user(&row)?;
        self.seen(user.id, row.try_get("last_seen_at")?).await;
        let grant = Grant {
            token_id: id,
            label: row.try_get("label")?,
            scope: rows::word(&row, "scope", TokenScope::parse)?,
            project: row.try_get::<Option<i64>, _>("project_id")?.map(ProjectId),
        };
        let memberships = self.memberships(user.id).await?;
        Ok(Some(Person { memberships, grant: Some(grant), ..Person::new(user) }))
    }

    /// Revokes a token.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn token_delete(&self, id: i64) -> Result<()> {
        let mut w = self.write().await?;
        let before = get(w.conn(), TokenId(id)).await?;
        let gone = sqlx::query("DELETE FROM tokens WHERE id = $1").bind(id).execute(w.conn()).await?;
        if gone.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        w.audit_removed("revoke", &before)?;
        w.commit().await
    }
}

/// Revokes all tokens of somebody, as part of what shuts them out.
pub(super) async fn revoke_all(w: &mut super::tx::Write, user: UserId) -> Result<()> {
    let sql = select_token!("WHERE user_id = $1 ORDER BY id");
    let found = sqlx::query(sql).bind(user.0).fetch_all(w.conn()).await?;
    for row in &found {
        w.audit_removed("revoke", &token(row)?)?;
    }
    sqlx::query("DELETE FROM tokens WHERE user_id = $1").bind(user.0).execute(w.conn()).await?;
    Ok(())
}

async fn get(conn: &mut AnyConnection, id: TokenId) -> Result<ApiToken> {
    token(&sqlx::query(select_token!("WHERE id = $1")).bind(id.0).fetch_one(conn).await?)
}

fn token(row: &AnyRow) -> Result<ApiToken> {
    Ok(ApiToken {
        id: TokenId(row.try_get("id")?),
        user_id: UserId(row.try_get("user_id")?),
        name: row.try_get("label")?,
        scope: rows::word(row, "scope", TokenScope::parse)?,
        project_id: row.try_get::<Option<i64>, _>("project_id")?.map(ProjectId),
        created_at: rows::time(row, "created_at")?,
        expires_at: rows::time_option(row, "expires_at")?,
        last_used_at: rows::time_option(row, "last_used_at")?,
    })
}
