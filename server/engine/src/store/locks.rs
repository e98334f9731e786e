//! Locks of environments: while one holds, nothing is claimed from the queue there.
//!
//! A lock that has run out counts no more from that moment on, whoever looks; its row goes a little later, with the event
//! that tells it.

use launchway_domain::{
    By, EnvironmentId, EventData, Lock, LockForm, ProjectId, Release, ReleaseId, Timestamp, UserId, Via,
};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::audit::Draft;
use super::dialect::Turn;
use super::error::{Result, StoreError};
use super::tx::Write;
use super::{Store, rows};

/// Every column of [`lock`].
macro_rules! select_lock {
    ($rest:literal) => {
        concat!(
            "SELECT environment_id, project_id, reason, locked_by, locked_by_name, since, until, release_id \
             FROM environment_locks ",
            $rest
        )
    };
}

/// What became of a wish to lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Locking {
    /// It is locked now.
    Locked(Lock),
    /// Somebody else's lock, or an earlier one of the same person, still holds.
    Held(Lock),
}

/// Every lock that holds at a time.
pub(super) async fn all_held(conn: &mut AnyConnection, now: Timestamp) -> Result<Vec<Lock>> {
    let found = sqlx::query(select_lock!("WHERE until IS NULL OR until > $1")).bind(now.0).fetch_all(conn).await?;
    found.iter().map(lock).collect()
}

impl Store {
    /// The lock of an environment, where one holds.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn lock(&self, id: EnvironmentId) -> Result<Option<Lock>> {
        held(&mut *self.pool().acquire().await?, id, Timestamp::now()).await
    }

    /// The locks that hold in a project.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn locks(&self, project: ProjectId) -> Result<Vec<Lock>> {
        let found = sqlx::query(select_lock!(
            "WHERE project_id = $1 AND (until IS NULL OR until > $2) ORDER BY environment_id"
        ))
        .bind(project.0)
        .bind(Timestamp::now().0)
        .fetch_all(self.pool())
        .await?;
        found.iter().map(lock).collect()
    }

    /// Locks an environment. Once this has answered, nothing is claimed there but the release that the lock is for.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the environment; [`StoreError::Missing`] for `release_id` where it is none of the
    /// environment's, [`StoreError::State`] where it has ended.
    pub async fn lock_create(&self, id: EnvironmentId, form: &LockForm) -> Result<Locking> {
        let mut w = self.write().await?;
        // Whoever is choosing a release has chosen before we lock, or looks again afterwards.
        w.take_turn(Turn::Claim).await?;
        w.hold("environments", id.0).await?;
        let environment = super::environments::get(w.conn(), id).await?;
        if let Some(release) = form.release_id {
            w.hold("releases", release.0).await?;
            let row = sqlx::query("SELECT status FROM releases WHERE id = $1 AND environment_id = $2")
                .bind(release.0)
                .bind(id.0)
                .fetch_optional(w.conn())
                .await?
                .ok_or(StoreError::Missing { field: "release_id".to_owned() })?;
            let status = rows::status(&row)?;
            if status.is_final() {
                return Err(StoreError::State(status));
            }
        }
        let now = Timestamp::now();
        if let Some(lock) = held(w.conn(), id, now).await? {
            return Ok(Locking::Held(lock));
        }
        // One that has run out, and whose row is still there.
        end(&mut w, id, None, "expire").await?;
        sqlx::query(
            "INSERT INTO environment_locks (environment_id, project_id, reason, locked_by, locked_by_name, since, until, \
             release_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(id.0)
        .bind(environment.project_id.0)
        .bind(form.reason.trim())
        .bind(self.by.user_id.map(|id| id.0))
        .bind(self.by.name.as_str())
        .bind(now.0)
        .bind(form.until.map(|until| until.0))
        .bind(form.release_id.map(|id| id.0))
        .execute(w.conn())
        .await?;
        let row = sqlx::query(select_lock!("WHERE environment_id = $1")).bind(id.0).fetch_one(w.conn()).await?;
        let made = lock(&row)?;
        w.audit(Draft::of("lock", &environment).after(&made)?);
        w.event(made.project_id, EventData::EnvironmentLocked(Box::new(made.clone())));
        w.commit().await?;
        Ok(Locking::Locked(made))
    }

    /// Lifts the lock of an environment.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where none holds.
    pub async fn lock_lift(&self, id: EnvironmentId) -> Result<()> {
        let mut w = self.write().await?;
        if held(w.conn(), id, Timestamp::now()).await?.is_none() {
            return Err(StoreError::NotFound);
        }
        if !end(&mut w, id, Some(self.by.name.clone()), "unlock").await? {
            return Err(StoreError::NotFound);
        }
        w.commit().await
    }

    /// Takes the locks away that have run out, each with its event; how many there were.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn locks_expire(&self) -> Result<usize> {
        const DUE: &str = "SELECT environment_id FROM environment_locks WHERE until <= $1 ORDER BY environment_id";
        // Nearly always there is none: found out without keeping the writers waiting.
        let due: Vec<i64> = sqlx::query_scalar(DUE).bind(Timestamp::now().0).fetch_all(self.pool()).await?;
        let mut ended = 0;
        for id in due {
            let mut w = self.by(By { via: Via::System, ..By::system() }).write().await?;
            let id = EnvironmentId(id);
            // Somebody may have locked it anew meanwhile.
            if held(w.conn(), id, Timestamp::now()).await?.is_none() && end(&mut w, id, None, "expire").await? {
                w.commit().await?;
                ended += 1;
            }
        }
        Ok(ended)
    }
}

/// The lock that holds at `now`, through a connection that may be in a transaction.
pub(super) async fn held(conn: &mut AnyConnection, id: EnvironmentId, now: Timestamp) -> Result<Option<Lock>> {
    let row = sqlx::query(select_lock!("WHERE environment_id = $1 AND (until IS NULL OR until > $2)"))
        .bind(id.0)
        .bind(now.0)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(lock).transpose()
}

/// Ends the lock that is for a release which has ended, within the transaction that ends it.
pub(super) async fn end_with(w: &mut Write, release: &Release) -> Result<()> {
    if !release.status.is_final() {
        return Ok(());
    }
    let tied: Option<i64> = sqlx::query_scalar("SELECT environment_id FROM environment_locks WHERE release_id = $1")
        .bind(release.id.0)
        .fetch_optional(w.conn())
        .await?;
    if let Some(id) = tied {
        end(w, EnvironmentId(id), None, "unlock").await?;
    }
    Ok(())
}

/// Takes a lock away, held or run out, with its entry in the audit and its event; whether there was one.
async fn end(w: &mut Write, id: EnvironmentId, by: Option<String>, verb: &str) -> Result<bool> {
    let gone = sqlx::query(
        "DELETE FROM environment_locks WHERE environment_id = $1 RETURNING environment_id, project_id, reason, \
         locked_by, locked_by_name, since, until, release_id",
    )
    .bind(id.0)
    .fetch_optional(w.conn())
    .await?;
    let Some(gone) = gone.as_ref().map(lock).transpose()? else { return Ok(false) };
    let environment = super::environments::get(w.conn(), id).await?;
    w.audit(Draft::of(verb, &environment).before(&gone)?);
    w.event(gone.project_id, EventData::EnvironmentUnlocked { environment_id: id, project_id: gone.project_id, by });
    w.ring_queue();
    Ok(true)
}

/// A row of [`select_lock`].
fn lock(row: &AnyRow) -> Result<Lock> {
    Ok(Lock {
        environment_id: EnvironmentId(row.try_get("environment_id")?),
        project_id: ProjectId(row.try_get("project_id")?),
        reason: row.try_get("reason")?,
        locked_by: row.try_get::<Option<i64>, _>("locked_by")?.map(UserId),
        locked_by_name: row.try_get("locked_by_name")?,
        since: rows::time(row, "since")?,
        until: rows::time_option(row, "until")?,
        release_id: row.try_get::<Option<i64>, _>("release_id")?.map(ReleaseId),
    })
}
