//! Browser sessions.

use std::net::IpAddr;

use launchway_domain::session::browser_of;
use launchway_domain::{Person, Session, SessionId, Timestamp, UserId};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::audit::Draft;
use super::error::Result;
use super::tx::Write;
use super::{Store, rows};

/// A session's last use is written down at most this often, in milliseconds.
const TOUCH_EVERY: i64 = 60_000;

/// Every column of [`session`].
macro_rules! select_session {
    ($rest:literal) => {
        concat!("SELECT id, user_id, created_at, used_at, address, agent, expires_at FROM browser_sessions ", $rest)
    };
}

/// A session to be kept. It is known by the digest of what the browser holds.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    /// The digest.
    pub digest: &'a str,
    /// What belongs to it.
    pub data: &'a [u8],
    /// Whose it is, once somebody has signed in.
    pub user: Option<UserId>,
    /// The address that it was begun from; kept as it was where the session is there.
    pub address: Option<&'a str>,
    /// What the browser calls itself; kept as it was where the session is there.
    pub agent: Option<&'a str>,
    /// When it ends.
    pub expires: Timestamp,
}

impl Store {
    /// Stores a session, new or changed.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn session_save(&self, new: &NewSession<'_>) -> Result<()> {
        let mut w = self.write().await?;
        sqlx::query(
            "INSERT INTO browser_sessions (digest, user_id, data, created_at, used_at, address, agent, expires_at) \
             VALUES ($1, $2, $3, $4, $4, $5, $6, $7) \
             ON CONFLICT (digest) DO UPDATE SET user_id = excluded.user_id, data = excluded.data, \
             expires_at = excluded.expires_at",
        )
        .bind(new.digest)
        .bind(new.user.map(|user| user.0))
        .bind(new.data)
        .bind(Timestamp::now().0)
        .bind(new.address)
        .bind(new.agent)
        .bind(new.expires.0)
        .execute(w.conn())
        .await?;
        w.commit().await
    }

    /// A session that has not expired.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn session_load(&self, digest: &str) -> Result<Option<(Vec<u8>, Timestamp)>> {
        let row = sqlx::query("SELECT data, expires_at FROM browser_sessions WHERE digest = $1 AND expires_at > $2")
            .bind(digest)
            .bind(Timestamp::now().0)
            .fetch_optional(self.pool())
            .await?;
        row.map(|row| Ok((row.try_get("data")?, Timestamp(row.try_get("expires_at")?)))).transpose()
    }

    /// Who is signed in with a session; none where it ended, or they were deactivated. Notes that it was used from an
    /// address, where one is given.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn session_person(&self, digest: &str, from: Option<IpAddr>) -> Result<Option<Person>> {
        let row = sqlx::query(
            "SELECT s.id AS session_id, s.used_at, u.id, u.name, u.role, u.created_at, u.last_seen_at \
             FROM browser_sessions s JOIN users u ON u.id = s.user_id \
             WHERE s.digest = $1 AND s.expires_at > $2 AND u.deactivated_at IS NULL",
        )
        .bind(digest)
        .bind(Timestamp::now().0)
        .fetch_optional(self.pool())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let id = SessionId(row.try_get("session_id")?);
        if let Some(from) = from {
            self.session_used(id, row.try_get("used_at")?, from).await;
        }
        let user = rows::user(&row)?;
        self.seen(user.id, row.try_get("last_seen_at")?).await;
        let memberships = self.memberships(user.id).await?;
        Ok(Some(Person { memberships, session: Some(id), from, ..Person::new(user) }))
    }

    /// Notes that a session was used, where that was not noted lately.
    async fn session_used(&self, id: SessionId, last: Option<i64>, from: IpAddr) {
        let now = Timestamp::now().0;
        if last.is_some_and(|last| now - last < TOUCH_EVERY) {
            return;
        }
        let noted = async {
            let mut w = self.write().await?;
            sqlx::query("UPDATE browser_sessions SET used_at = $2, address = $3 WHERE id = $1")
                .bind(id.0)
                .bind(now)
                .bind(from.to_canonical().to_string())
                .execute(w.conn())
                .await?;
            w.commit().await
        };
        // A courtesy: nobody is refused because this could not be written.
        if let Err(error) = noted.await {
            tracing::warn!(%error, session = id.0, "could not note a session's use");
        }
    }

    /// Ends a session by itself, as signing out does; one that is not there has ended.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn session_delete(&self, digest: &str) -> Result<()> {
        let mut w = self.write().await?;
        sqlx::query("DELETE FROM browser_sessions WHERE digest = $1").bind(digest).execute(w.conn()).await?;
        w.commit().await
    }

    /// Forgets the sessions that have expired; how many there were.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn sessions_delete_expired(&self) -> Result<u64> {
        let mut w = self.write().await?;
        let gone = sqlx::query("DELETE FROM browser_sessions WHERE expires_at <= $1")
            .bind(Timestamp::now().0)
            .execute(w.conn())
            .await?
            .rows_affected();
        w.commit().await?;
        Ok(gone)
    }

    /// The sessions that somebody is signed in with, the newest first.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn sessions(&self, user: UserId) -> Result<Vec<Session>> {
        let found = sqlx::query(select_session!("WHERE user_id = $1 AND expires_at > $2 ORDER BY id DESC"))
            .bind(user.0)
            .bind(Timestamp::now().0)
            .fetch_all(self.pool())
            .await?;
        found.iter().map(session).collect()
    }

    /// Ends one of somebody's sessions.
    ///
    /// # Errors
    /// [`super::StoreError::NotFound`] where they have none of that id.
    pub async fn session_end(&self, user: UserId, id: SessionId) -> Result<Session> {
        let mut w = self.write().await?;
        let row = sqlx::query(
            "DELETE FROM browser_sessions WHERE user_id = $1 AND id = $2 AND expires_at > $3 \
             RETURNING id, user_id, created_at, used_at, address, agent, expires_at",
        )
        .bind(user.0)
        .bind(id.0)
        .bind(Timestamp::now().0)
        .fetch_one(w.conn())
        .await?;
        let gone = session(&row)?;
        audit_end(&mut w, user, std::slice::from_ref(&gone)).await?;
        w.commit().await?;
        Ok(gone)
    }

    /// Ends all of somebody's sessions, but one where one is named.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn sessions_end(&self, user: UserId, keep: Option<SessionId>) -> Result<()> {
        let mut w = self.write().await?;
        let rows = sqlx::query(
            "DELETE FROM browser_sessions WHERE user_id = $1 AND id <> $2 \
             RETURNING id, user_id, created_at, used_at, address, agent, expires_at",
        )
        .bind(user.0)
        .bind(keep.map_or(0, |id| id.0))
        .fetch_all(w.conn())
        .await?;
        if rows.is_empty() {
            // Nothing changes, and so nothing is written down.
            return Ok(());
        }
        let gone = rows.iter().map(session).collect::<Result<Vec<_>>>()?;
        audit_end(&mut w, user, &gone).await?;
        w.commit().await
    }
}

/// Writes down that sessions of somebody's were ended: the person is what each is called.
async fn audit_end(w: &mut Write, user: UserId, gone: &[Session]) -> Result<()> {
    let name: String =
        sqlx::query_scalar("SELECT name FROM users WHERE id = $1").bind(user.0).fetch_one(w.conn()).await?;
    for session in gone {
        w.audit(Draft::new("session.end", "session", Some(session.id.0), name.as_str()).before(session)?);
    }
    Ok(())
}

/// Ends the sessions of somebody but one, as part of what shuts them out elsewhere.
pub(super) async fn end_all(w: &mut Write, user: UserId, keep: Option<&str>) -> Result<()> {
    sqlx::query("DELETE FROM browser_sessions WHERE user_id = $1 AND digest <> $2")
        .bind(user.0)
        .bind(keep.unwrap_or_default())
        .execute(w.conn())
        .await?;
    Ok(())
}

fn session(row: &AnyRow) -> Result<Session> {
    let agent: Option<String> = row.try_get("agent")?;
    let (browser, system) = agent.as_deref().map(browser_of).unwrap_or_default();
    Ok(Session {
        id: SessionId(row.try_get("id")?),
        user_id: UserId(row.try_get("user_id")?),
        created_at: rows::time(row, "created_at")?,
        last_used_at: rows::time_option(row, "used_at")?,
        address: row.try_get("address")?,
        browser: browser.map(str::to_owned),
        system: system.map(str::to_owned),
        expires_at: rows::time(row, "expires_at")?,
        current: false,
    })
}
