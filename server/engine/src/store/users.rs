//! People who act: by name, by id.

use launchway_domain::{Person, Role, Timestamp, User, UserId};
use sqlx::Row;

use super::dialect::Turn;
use super::error::{Result, in_terms_of};
use super::{Store, rows};

/// That somebody did something is written down at most this often, in milliseconds.
const SEEN_EVERY: i64 = 5 * 60_000;

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
        let row = sqlx::query(
            "SELECT id, name, role, created_at, last_seen_at FROM users WHERE id = $1 AND deactivated_at IS NULL",
        )
        .bind(id.0)
        .fetch_optional(self.pool())
        .await?;
        let Some(row) = row else { return Ok(None) };
        self.seen(id, row.try_get("last_seen_at")?).await;
        Ok(Some(Person { memberships: self.memberships(id).await?, ..Person::new(rows::user(&row)?) }))
    }

    /// Notes that somebody did something, where that was not noted lately.
    pub(super) async fn seen(&self, id: UserId, last: Option<i64>) {
        let now = Timestamp::now().0;
        if last.is_some_and(|last| now - last < SEEN_EVERY) {
            return;
        }
        let sql = "UPDATE users SET last_seen_at = $2 WHERE id = $1";
        // A courtesy: nobody is refused because this could not be written.
        if let Err(error) = self.note(sql, id.0, now).await {
            tracing::warn!(%error, user = id.0, "could not note that somebody was here");
        }
    }

    /// Writes a time into a row, which is nobody's change.
    pub(super) async fn note(&self, sql: &'static str, id: i64, at: i64) -> Result<()> {
        let mut w = self.write().await?;
        sqlx::query(sql).bind(id).bind(at).execute(w.conn()).await?;
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
}

/// Adds a row. An empty hash fits no password.
pub(super) async fn insert(w: &mut super::tx::Write, name: &str, hash: &str, role: Role) -> Result<User> {
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
