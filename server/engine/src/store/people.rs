//! People as others manage them: inviting, roles, shutting out, passwords.

use std::collections::HashMap;

use launchway_domain::{Account, ListQuery, Listed, Membership, Role, Timestamp, User, UserId, UserState, Visible};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::audit::Draft;
use super::dialect::Turn;
use super::error::{Result, StoreError};
use super::list::{Listing, keys, seen_by};
use super::tx::Write;
use super::{Store, members, rows, sessions, tokens, transitions, users};

/// The state of a user `u`: of a column that stands in no table.
pub(super) const STATE: &str = "CASE WHEN u.deactivated_at IS NOT NULL THEN 'deactivated' \
    WHEN u.password_hash = '' THEN 'invited' ELSE 'active' END";

/// Where the columns of an account come from.
const FROM: &str = "users u LEFT JOIN invitations i ON i.user_id = u.id";

fn columns() -> String {
    format!(
        "u.id, u.name, u.role, {STATE} AS state, u.created_at, u.last_seen_at, u.version, \
         i.expires_at AS invited_until"
    )
}

/// Somebody who is to be invited.
#[derive(Clone, Debug)]
pub struct NewUser<'a> {
    /// The sign-in name.
    pub name: &'a str,
    /// What they are trusted with everywhere.
    pub role: Role,
    /// What they are trusted with in projects.
    pub memberships: &'a [Membership],
}

/// A link by which somebody chooses a password: never its key, only the digest.
#[derive(Clone, Copy, Debug)]
pub struct NewLink<'a> {
    /// The SHA-256 of the key.
    pub hash: &'a [u8],
    /// Until when it opens.
    pub expires_at: Timestamp,
}

impl Store {
    /// A page of people, with the memberships that may be told of. Sorts: `name`, `role`, `state`, `seen`, `added`.
    /// Filters: `role`, `state`.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn accounts(&self, query: &ListQuery, visible: &Visible) -> Result<Listed<Account>> {
        let mut conditions = self.conditions();
        conditions.words(&query.q, &["u.name"], None);
        if let Some(role) = query.filter("role") {
            let n = conditions.text(role);
            conditions.add(format!("u.role = ${n}"));
        }
        if let Some(state) = query.filter("state") {
            let n = conditions.text(state);
            conditions.add(format!("{STATE} = ${n}"));
        }
        let by_state = format!("{STATE} | LOWER(u.name)");
        let column = match query.sort.as_str() {
            "role" => {
                "#CASE u.role WHEN 'admin' THEN 0 WHEN 'manager' THEN 1 WHEN 'developer' THEN 2 \
                 WHEN 'viewer' THEN 3 ELSE 4 END | LOWER(u.name)"
            }
            "state" => &by_state,
            "seen" => "#COALESCE(u.last_seen_at, 0)",
            "added" => "#u.created_at",
            _ => "LOWER(u.name)",
        };
        let columns = columns();
        let (keys, descending) = (keys(column, "u.id"), query.descending);
        let listing = Listing { columns: &columns, from: FROM, keys, descending };
        let mut listed = conditions.page(self, &listing, query, account).await?;
        let mut connection = self.pool().acquire().await?;
        fill(&mut connection, &mut listed.items, visible).await?;
        Ok(listed)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn account(&self, id: UserId, visible: &Visible) -> Result<Account> {
        get(&mut *self.pool().acquire().await?, id, visible).await
    }

    /// One of them by sign-in name.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn account_named(&self, name: &str) -> Result<Account> {
        // PostgreSQL takes no NUL in a text; nobody's name has one.
        if name.contains('\0') {
            return Err(StoreError::NotFound);
        }
        let sql = format!("SELECT {} FROM {FROM} WHERE u.name = $1", columns());
        let mut connection = self.pool().acquire().await?;
        let mut found = [account(&sqlx::query(AssertSqlSafe(sql)).bind(name).fetch_one(&mut *connection).await?)?];
        fill(&mut connection, &mut found, &Visible::All).await?;
        let [account] = found;
        Ok(account)
    }

    /// Adds somebody who has no password yet, and the link by which they choose one.
    ///
    /// # Errors
    /// [`StoreError::Taken`] for `name`, [`StoreError::Missing`] for `memberships`.
    pub async fn user_invite(&self, new: &NewUser<'_>, link: NewLink<'_>) -> Result<Account> {
        let mut w = self.write().await?;
        let user = users::insert(&mut w, new.name, "", new.role).await?;
        for membership in new.memberships {
            members::put(&mut w, user.id, *membership).await.map_err(|error| match error {
                StoreError::Missing { .. } => StoreError::Missing { field: "memberships".to_owned() },
                other => other,
            })?;
        }
        put_link(&mut w, user.id, link).await?;
        let made = get(w.conn(), user.id, &Visible::All).await?;
        w.audit_made(&made)?;
        w.commit().await?;
        Ok(made)
    }

    /// Makes a new link for somebody who may sign in or is invited; the old one opens nothing any more.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Deactivated`].
    pub async fn invitation_set(&self, id: UserId, link: NewLink<'_>) -> Result<Account> {
        let mut w = self.write().await?;
        w.hold("users", id.0).await?;
        let before = get(w.conn(), id, &Visible::All).await?;
        if before.state == UserState::Deactivated {
            return Err(StoreError::Deactivated);
        }
        put_link(&mut w, id, link).await?;
        let after = get(w.conn(), id, &Visible::All).await?;
        w.audit_changed("invite", &before, &after)?;
        w.commit().await?;
        Ok(after)
    }

    /// Who a link is for, by the SHA-256 of its key; none where it was used, voided, or has expired.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn invited(&self, hash: &[u8]) -> Result<Option<User>> {
        let row = sqlx::query(
            "SELECT u.id, u.name, u.role, u.created_at FROM invitations i JOIN users u ON u.id = i.user_id \
             WHERE i.hash = $1 AND i.expires_at > $2 AND u.deactivated_at IS NULL",
        )
        .bind(hash)
        .bind(Timestamp::now().0)
        .fetch_optional(self.pool())
        .await?;
        row.as_ref().map(rows::user).transpose()
    }

    /// Uses a link: takes it away, and gives its owner a password. Sessions from before end. None where it was used,
    /// voided, or has expired: of two uses at once, one finds it.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn invitation_use(&self, hash: &[u8], password: &str) -> Result<Option<User>> {
        let Some(user) = self.invited(hash).await? else { return Ok(None) };
        let mut w = self.write().await?;
        w.hold("users", user.id.0).await?;
        let used = sqlx::query("DELETE FROM invitations WHERE user_id = $1 AND hash = $2 AND expires_at > $3")
            .bind(user.id.0)
            .bind(hash)
            .bind(Timestamp::now().0)
            .execute(w.conn())
            .await?
            .rows_affected();
        if used == 0 {
            return Ok(None);
        }
        sqlx::query("UPDATE users SET password_hash = $2 WHERE id = $1")
            .bind(user.id.0)
            .bind(password)
            .execute(w.conn())
            .await?;
        sessions::end_all(&mut w, user.id, None).await?;
        w.audit(Draft::of("join", &user));
        w.commit().await?;
        Ok(Some(user))
    }

    /// Gives somebody another password; every session but one ends.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn password_set(&self, id: UserId, hash: &str, keep: Option<&str>) -> Result<()> {
        let mut w = self.write().await?;
        w.hold("users", id.0).await?;
        let user = get(w.conn(), id, &Visible::All).await?;
        sqlx::query("UPDATE users SET password_hash = $2 WHERE id = $1")
            .bind(id.0)
            .bind(hash)
            .execute(w.conn())
            .await?;
        sessions::end_all(&mut w, id, keep).await?;
        w.audit(Draft::of("password", &user));
        w.commit().await
    }

    /// Gives somebody another role everywhere.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::LastAdmin`], [`StoreError::Changed`].
    pub async fn user_set_role(&self, id: UserId, role: Role) -> Result<Account> {
        let mut w = self.write().await?;
        let before = self.of_admins(&mut w, id, role == Role::Admin).await?;
        sqlx::query("UPDATE users SET role = $2 WHERE id = $1")
            .bind(id.0)
            .bind(role.as_str())
            .execute(w.conn())
            .await?;
        let after = get(w.conn(), id, &Visible::All).await?;
        w.audit_changed("update", &before, &after)?;
        w.commit().await?;
        Ok(after)
    }

    /// Shuts somebody out: their sessions, tokens and link end, and what they made leaves the queue.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::LastAdmin`], [`StoreError::Changed`].
    pub async fn user_deactivate(&self, id: UserId) -> Result<Account> {
        let mut w = self.write().await?;
        let before = self.of_admins(&mut w, id, false).await?;
        if before.state == UserState::Deactivated {
            return Ok(before);
        }
        sqlx::query("UPDATE users SET deactivated_at = $2 WHERE id = $1")
            .bind(id.0)
            .bind(Timestamp::now().0)
            .execute(w.conn())
            .await?;
        sessions::end_all(&mut w, id, None).await?;
        sqlx::query("DELETE FROM invitations WHERE user_id = $1").bind(id.0).execute(w.conn()).await?;
        let after = get(w.conn(), id, &Visible::All).await?;
        w.audit_changed("deactivate", &before, &after)?;
        tokens::revoke_all(&mut w, id).await?;
        transitions::end_queued_of(&mut w, id, &before.name).await?;
        w.commit().await?;
        Ok(after)
    }

    /// Lets somebody in again, with the password that they had; whoever had none needs a new link.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn user_reactivate(&self, id: UserId) -> Result<Account> {
        let mut w = self.write().await?;
        w.take_up("users", id.0).await?;
        let before = get(w.conn(), id, &Visible::All).await?;
        if before.state != UserState::Deactivated {
            return Ok(before);
        }
        // One that a request in flight wrote while they were shut out.
        sessions::end_all(&mut w, id, None).await?;
        sqlx::query("UPDATE users SET deactivated_at = NULL WHERE id = $1").bind(id.0).execute(w.conn()).await?;
        let after = get(w.conn(), id, &Visible::All).await?;
        w.audit_changed("reactivate", &before, &after)?;
        w.commit().await?;
        Ok(after)
    }

    /// Somebody who may be about to stop being an administrator: where they are the last one who signs in, they stay.
    /// Of two at once, the second sees what the first did.
    async fn of_admins(&self, w: &mut Write, id: UserId, stays: bool) -> Result<Account> {
        w.take_turn(Turn::Admins).await?;
        w.take_up("users", id.0).await?;
        let account = get(w.conn(), id, &Visible::All).await?;
        if !stays && account.role == Role::Admin && account.state == UserState::Active {
            let others: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM users WHERE role = 'admin' AND deactivated_at IS NULL AND password_hash <> '' \
                 AND id <> $1",
            )
            .bind(id.0)
            .fetch_one(w.conn())
            .await?;
            if others == 0 {
                return Err(StoreError::LastAdmin);
            }
        }
        Ok(account)
    }
}

async fn put_link(w: &mut Write, id: UserId, link: NewLink<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO invitations (user_id, hash, created_at, expires_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at, \
         expires_at = excluded.expires_at",
    )
    .bind(id.0)
    .bind(link.hash)
    .bind(Timestamp::now().0)
    .bind(link.expires_at.0)
    .execute(w.conn())
    .await?;
    Ok(())
}

async fn get(connection: &mut AnyConnection, id: UserId, visible: &Visible) -> Result<Account> {
    let sql = format!("SELECT {} FROM {FROM} WHERE u.id = $1", columns());
    let row = sqlx::query(AssertSqlSafe(sql)).bind(id.0).fetch_one(&mut *connection).await?;
    let mut found = [account(&row)?];
    fill(connection, &mut found, visible).await?;
    let [account] = found;
    Ok(account)
}

/// Adds the memberships to accounts, those that may be told of.
async fn fill(connection: &mut AnyConnection, accounts: &mut [Account], visible: &Visible) -> Result<()> {
    if accounts.is_empty() {
        return Ok(());
    }
    // Numbers of ours, so that they may stand in the text.
    let ids: Vec<String> = accounts.iter().map(|account| account.id.0.to_string()).collect();
    let seen = seen_by(visible, "project_id").unwrap_or_else(|| "1 = 1".to_owned());
    let sql = format!(
        "SELECT user_id, project_id, role FROM memberships WHERE user_id IN ({}) AND {seen} ORDER BY project_id",
        ids.join(", ")
    );
    let mut of: HashMap<i64, Vec<Membership>> = HashMap::new();
    for row in &sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await? {
        of.entry(row.try_get("user_id")?).or_default().push(members::membership(row)?);
    }
    for account in accounts {
        account.memberships = of.remove(&account.id.0).unwrap_or_default();
    }
    Ok(())
}

pub(super) fn state(row: &AnyRow) -> Result<UserState> {
    rows::word(row, "state", UserState::parse)
}

fn account(row: &AnyRow) -> Result<Account> {
    Ok(Account {
        id: UserId(row.try_get("id")?),
        name: row.try_get("name")?,
        role: rows::word(row, "role", Role::parse)?,
        state: state(row)?,
        memberships: Vec::new(),
        created_at: rows::time(row, "created_at")?,
        last_seen_at: rows::time_option(row, "last_seen_at")?,
        invited_until: rows::time_option(row, "invited_until")?,
        version: row.try_get("version")?,
    })
}
