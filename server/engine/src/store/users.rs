//! People and their API tokens.

use launchway_domain::{Grant, Membership, Person, ProjectId, Role, Timestamp, TokenScope, User, UserId};
use serde::Serialize;
use sqlx::Row;

use super::audit::Draft;
use super::dialect::Turn;
use super::error::{Result, StoreError, in_terms_of};
use super::{Store, rows};

/// A token's last use is written down at most this often, in milliseconds.
const TOUCH_EVERY: i64 = 60_000;

impl Store {
    /// How many people may sign in.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn count_users(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT COUNT(*) FROM users").fetch_one(self.pool()).await?)
    }

    /// Adds a person with the hash of their password.
    ///
    /// # Errors
    /// [`StoreError::Taken`] for the name.
    pub async fn create_user(&self, name: &str, hash: &str, role: Role) -> Result<User> {
        let mut w = self.write().await?;
        let user = insert(&mut w, name, hash, role).await?;
        w.audit_made(&user)?;
        w.commit().await?;
        Ok(user)
    }

    /// Adds the first administrator; none where there is any user. Of two at once, one is first.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn create_first_user(&self, name: &str, hash: &str) -> Result<Option<User>> {
        let mut w = self.write().await?;
        w.take_turn(Turn::FirstUser).await?;
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM users").fetch_one(w.conn()).await?;
        if count > 0 {
            return Ok(None);
        }
        let user = insert(&mut w, name, hash, Role::Admin).await?;
        w.audit_made(&user)?;
        w.commit().await?;
        Ok(Some(user))
    }

    /// One person.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        let row = sqlx::query("SELECT id, name, role, created_at FROM users WHERE id = $1")
            .bind(id.0)
            .fetch_optional(self.pool())
            .await?;
        row.as_ref().map(rows::user).transpose()
    }

    /// Somebody who may act, with their memberships; none where they are gone or deactivated.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn person(&self, id: UserId) -> Result<Option<Person>> {
        let row = sqlx::query("SELECT id, name, role, created_at FROM users WHERE id = $1 AND deactivated_at IS NULL")
            .bind(id.0)
            .fetch_optional(self.pool())
            .await?;
        match row {
            None => Ok(None),
            Some(row) => {
                Ok(Some(Person { memberships: self.memberships(id).await?, ..Person::new(rows::user(&row)?) }))
            }
        }
    }

    /// What somebody is trusted with in projects.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn memberships(&self, id: UserId) -> Result<Vec<Membership>> {
        let found = sqlx::query("SELECT project_id, role FROM memberships WHERE user_id = $1 ORDER BY project_id")
            .bind(id.0)
            .fetch_all(self.pool())
            .await?;
        found
            .iter()
            .map(|row| {
                let role = rows::word(row, "role", Role::parse)?;
                Ok(Membership { project_id: ProjectId(row.try_get("project_id")?), role })
            })
            .collect()
    }

    /// Gives somebody a role in a project, another one where they had one, or (none) takes it.
    ///
    /// # Errors
    /// [`StoreError::Missing`] for `user_id` where the user or the project is gone.
    pub async fn member_set(&self, user: UserId, project: ProjectId, role: Option<Role>) -> Result<()> {
        let mut w = self.write().await?;
        match role {
            None => {
                sqlx::query("DELETE FROM memberships WHERE user_id = $1 AND project_id = $2")
                    .bind(user.0)
                    .bind(project.0)
                    .execute(w.conn())
                    .await?
            }
            Some(role) => sqlx::query(
                "INSERT INTO memberships (user_id, project_id, role, created_at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (user_id, project_id) DO UPDATE SET role = excluded.role",
            )
            .bind(user.0)
            .bind(project.0)
            .bind(role.as_str())
            .bind(Timestamp::now().0)
            .execute(w.conn())
            .await
            .map_err(in_terms_of("user_id", "user_id"))?,
        };
        w.commit().await
    }

    /// One person by sign-in name, with the hash of their password; none where they cannot sign in: deactivated, or
    /// invited and not here yet.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn user_with_hash(&self, name: &str) -> Result<Option<(User, String)>> {
        // PostgreSQL takes no NUL in a text; nobody's name has one.
        if name.contains('\0') {
            return Ok(None);
        }
        let row = sqlx::query(
            "SELECT id, name, role, created_at, password_hash FROM users \
             WHERE name = $1 AND deactivated_at IS NULL AND password_hash <> ''",
        )
        .bind(name)
        .fetch_optional(self.pool())
        .await?;
        row.map(|row| Ok((rows::user(&row)?, row.try_get("password_hash")?))).transpose()
    }

    /// Everybody, by name.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn users(&self) -> Result<Vec<User>> {
        let found =
            sqlx::query("SELECT id, name, role, created_at FROM users ORDER BY name").fetch_all(self.pool()).await?;
        found.iter().map(rows::user).collect()
    }

    /// Stores the SHA-256 of a new API token; its id.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where the user is gone, [`StoreError::Taken`] for a hash that is there.
    pub async fn token_create(&self, user: UserId, label: &str, hash: &[u8]) -> Result<i64> {
        let mut w = self.write().await?;
        let id = sqlx::query_scalar(
            "INSERT INTO tokens (user_id, label, hash, created_at) VALUES ($1, $2, $3, $4) RETURNING id",
        )
        .bind(user.0)
        .bind(label)
        .bind(hash)
        .bind(Timestamp::now().0)
        .fetch_one(w.conn())
        .await
        .map_err(in_terms_of("token", "user"))?;
        let made = token_of(&mut w, id).await?;
        w.audit(Draft::new("token.create", "token", Some(id), label).after(&made)?);
        w.commit().await?;
        Ok(id)
    }

    /// Whose token it is by its SHA-256, with what it allows; notes that it was used. None where it expired, was
    /// revoked, or its owner deactivated.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn token_person(&self, hash: &[u8]) -> Result<Option<Person>> {
        let row = sqlx::query(
            "SELECT t.id AS token_id, t.label, t.scope, t.project_id, t.last_used_at, u.id, u.name, u.role, \
             u.created_at FROM tokens t JOIN users u ON u.id = t.user_id \
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
            if let Err(error) = self.touch(id, now).await {
                tracing::warn!(%error, token = id, "could not note a token's use");
            }
        }
        let user = rows::user(&row)?;
        let grant = Grant {
            token_id: id,
            label: row.try_get("label")?,
            scope: rows::word(&row, "scope", TokenScope::parse)?,
            project: row.try_get::<Option<i64>, _>("project_id")?.map(ProjectId),
        };
        let memberships = self.memberships(user.id).await?;
        Ok(Some(Person { memberships, grant: Some(grant), ..Person::new(user) }))
    }

    async fn touch(&self, token: i64, now: i64) -> Result<()> {
        let mut w = self.write().await?;
        sqlx::query("UPDATE tokens SET last_used_at = $2 WHERE id = $1")
            .bind(token)
            .bind(now)
            .execute(w.conn())
            .await?;
        w.commit().await
    }

    /// Revokes a token.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn token_delete(&self, id: i64) -> Result<()> {
        let mut w = self.write().await?;
        let before = token_of(&mut w, id).await?;
        let gone = sqlx::query("DELETE FROM tokens WHERE id = $1").bind(id).execute(w.conn()).await?;
        if gone.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        w.audit(Draft::new("token.revoke", "token", Some(id), before.label.as_str()).before(&before)?);
        w.commit().await
    }
}

/// A token as the audit knows it.
#[derive(Serialize)]
struct Token {
    label: String,
    user: String,
}

async fn token_of(w: &mut super::tx::Write, id: i64) -> Result<Token> {
    let row = sqlx::query("SELECT t.label, u.name FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.id = $1")
        .bind(id)
        .fetch_one(w.conn())
        .await?;
    Ok(Token { label: row.try_get("label")?, user: row.try_get("name")? })
}

async fn insert(w: &mut super::tx::Write, name: &str, hash: &str, role: Role) -> Result<User> {
    let created_at = Timestamp::now();
    let id = sqlx::query_scalar(
        "INSERT INTO users (name, password_hash, role, created_at) VALUES ($1, $2, $3, $4) RETURNING id",
    )
    .bind(name)
    .bind(hash)
    .bind(role.as_str())
    .bind(created_at.0)
    .fetch_one(w.conn())
    .await
    .map_err(in_terms_of("name", "name"))?;
    Ok(User { id: UserId(id), name: name.to_owned(), role, created_at })
}
