//! The queue: who is next, and what each waits for.
//!
//! Nothing of it is stored but what people chose (a time, a lock, a calendar): who may start is found out each time that
//! somebody looks, so there is nothing that a crash could leave behind.

use std::collections::HashMap;

use launchway_domain::{
    Calendar, CalendarNow, EnvironmentId, Lock, Policy, Queue, QueueItem, Release, ReleaseId, ReleaseStatus, Timestamp,
    Wait, WaitFor,
};
use sqlx::{AnyConnection, Row};

use super::error::{Result, StoreError};
use super::{Store, locks, releases, rows, transitions};
use crate::calendar;

/// The releases that may be run, in the order in which they may: those whose runner is gone, then those whose environment is
/// free and not locked (but for the release that the lock is for), and whose time has come. First in the queue is who has
/// been waiting the longest for something else than a time of their own. `$1` is the time by which leases are judged,
/// `$2` the present. Who stands in a freeze is not told here.
const READY: &str = "SELECT r.id, r.environment_id, r.exception, CASE WHEN r.status = 'running' THEN 0 ELSE 1 END AS rank, \
    CASE WHEN r.start_at > r.queued_at THEN r.start_at ELSE r.queued_at END AS due FROM releases r \
    WHERE (r.status = 'running' AND r.lease_until <= $1) OR (r.status = 'queued' \
    AND (r.start_at IS NULL OR r.start_at <= $2) \
    AND NOT EXISTS (SELECT 1 FROM releases b WHERE b.environment_id = r.environment_id AND b.status = 'running') \
    AND NOT EXISTS (SELECT 1 FROM environment_locks l WHERE l.environment_id = r.environment_id \
    AND (l.until IS NULL OR l.until > $2) AND (l.release_id IS NULL OR l.release_id <> r.id))) \
    ORDER BY rank, due, r.id";

/// The first release that may be run at `now`; `leases` is the time by which leases are judged.
pub(super) async fn first_ready(conn: &mut AnyConnection, leases: i64, now: Timestamp) -> Result<Option<ReleaseId>> {
    let ready = sqlx::query(READY).bind(leases).bind(now.0).fetch_all(&mut *conn).await?;
    let mut frozen: HashMap<i64, bool> = HashMap::new();
    for row in &ready {
        let environment: i64 = row.try_get("environment_id")?;
        let goes_on = row.try_get::<i64, _>("rank")? == 0 || row.try_get::<Option<String>, _>("exception")?.is_some();
        let is_kept = match frozen.get(&environment) {
            _ if goes_on => false,
            Some(is_frozen) => *is_frozen,
            None => {
                let calendar = calendar_of(conn, EnvironmentId(environment)).await?;
                let is_frozen = calendar::freeze_at(&calendar, now).is_some();
                frozen.insert(environment, is_frozen);
                is_frozen
            }
        };
        if !is_kept {
            return Ok(Some(ReleaseId(row.try_get("id")?)));
        }
    }
    Ok(None)
}

async fn calendar_of(conn: &mut AnyConnection, id: EnvironmentId) -> Result<Calendar> {
    let row = sqlx::query("SELECT policy FROM environments WHERE id = $1").bind(id.0).fetch_one(conn).await?;
    Ok(rows::json::<Policy>(&row, "policy")?.calendar)
}

/// A release in the queue, before it has a place.
struct Waiting {
    id: ReleaseId,
    ref_name: String,
    by: String,
    queued_at: Timestamp,
    start_at: Option<Timestamp>,
    has_exception: bool,
}

impl Store {
    /// What goes on at the door of an environment, as of one commit.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn queue(&self, id: EnvironmentId) -> Result<Queue> {
        let mut tx = self.read().await?;
        let now = Timestamp::now();
        let calendar = calendar_of(&mut tx, id).await?;
        let lock = locks::held(&mut tx, id, now).await?;
        let found = sqlx::query(
            "SELECT id, status, ref_name, created_by_name, queued_at, start_at, exception, hold FROM releases \
             WHERE environment_id = $1 AND status IN ('queued', 'running')",
        )
        .bind(id.0)
        .fetch_all(&mut *tx)
        .await?;
        let (mut running, mut hold) = (None, None);
        let mut waiting = Vec::new();
        for row in &found {
            let release = ReleaseId(row.try_get("id")?);
            if rows::status(row)? == ReleaseStatus::Running {
                running = Some(release);
                hold = rows::json_option(row, "hold")?;
                continue;
            }
            waiting.push(Waiting {
                id: release,
                ref_name: row.try_get("ref_name")?,
                by: row.try_get("created_by_name")?,
                queued_at: rows::time_option(row, "queued_at")?.unwrap_or_default(),
                start_at: rows::time_option(row, "start_at")?,
                has_exception: row.try_get::<Option<String>, _>("exception")?.is_some(),
            });
        }
        let calendar_now = calendar::now(&calendar, now);
        let items = places(&Doorway { running, lock: lock.clone(), calendar: &calendar }, waiting, now);
        Ok(Queue { environment_id: id, running, hold, lock, calendar: calendar_now, items })
    }

    /// What the calendar of an environment says at a time.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn calendar(&self, id: EnvironmentId, at: Timestamp) -> Result<CalendarNow> {
        let calendar = calendar_of(&mut *self.pool().acquire().await?, id).await?;
        Ok(calendar::now(&calendar, at))
    }

    /// Changes when a queued release is to start; without a time, as soon as it can.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::State`] where it is not queued.
    pub async fn release_schedule(&self, id: ReleaseId, at: Option<Timestamp>) -> Result<Release> {
        let mut w = self.write().await?;
        w.hold("releases", id.0).await?;
        let before = releases::get(w.conn(), id).await?;
        let won = sqlx::query("UPDATE releases SET start_at = $2 WHERE id = $1 AND status = 'queued'")
            .bind(id.0)
            .bind(at.map(|at| at.0))
            .execute(w.conn())
            .await?;
        if won.rows_affected() == 0 {
            return Err(StoreError::State(before.status));
        }
        let release = releases::get(w.conn(), id).await?;
        transitions::scheduled(&mut w, &before, &release)?;
        let release = transitions::tell(&mut w, release);
        w.commit().await?;
        Ok(release)
    }
}

/// What stands at the door of an environment.
pub(super) struct Doorway<'a> {
    /// What runs there.
    pub(super) running: Option<ReleaseId>,
    /// The lock.
    pub(super) lock: Option<Lock>,
    /// The calendar.
    pub(super) calendar: &'a Calendar,
}

/// The queue of an environment in which these releases are queued.
pub(super) fn items<'a>(
    door: Doorway<'_>,
    queued: impl Iterator<Item = &'a Release>,
    now: Timestamp,
) -> Vec<QueueItem> {
    let waiting = queued.map(|release| Waiting {
        id: release.id,
        ref_name: release.git_ref.name.clone(),
        by: release.created_by_name.clone(),
        queued_at: release.queued_at.unwrap_or_default(),
        start_at: release.start_at,
        has_exception: release.exception.is_some(),
    });
    places(&door, waiting.collect(), now)
}

/// Puts those that wait into the order in which they will start, and says of each what it waits for.
fn places(door: &Doorway<'_>, waiting: Vec<Waiting>, now: Timestamp) -> Vec<QueueItem> {
    let calendar = door.calendar;
    let mut known: HashMap<Timestamp, Option<launchway_domain::Freeze>> = HashMap::new();
    let mut ordered: Vec<(_, QueueItem)> = waiting
        .into_iter()
        .map(|one| {
            let due = one.start_at.map_or(one.queued_at, |at| at.max(one.queued_at));
            let ready = due.max(now);
            let freeze = (!one.has_exception)
                .then(|| known.entry(ready).or_insert_with(|| calendar::freeze_at(calendar, ready)).clone())
                .flatten();
            let is_locked = door.lock.as_ref().filter(|lock| lock.release_id != Some(one.id));
            let mut waits = Vec::new();
            if let Some(at) = one.start_at.filter(|at| *at > now) {
                waits.push(Wait { what: WaitFor::Time, until: Some(at), ..Wait::default() });
            }
            waits.extend(is_locked.map(Lock::wait));
            let mut begins = ready;
            if let Some(freeze) = freeze {
                begins = freeze.until.unwrap_or(Timestamp(i64::MAX));
                waits.push(freeze.wait());
            }
            let item = QueueItem {
                release_id: one.id,
                place: 0,
                ref_name: one.ref_name,
                created_by_name: one.by,
                queued_at: one.queued_at,
                start_at: one.start_at,
                waits,
            };
            ((is_locked.is_some(), begins, due, one.id), item)
        })
        .collect();
    ordered.sort_by_key(|(order, _)| *order);
    let mut before = door.running.map(|id| (WaitFor::Running, id));
    let mut items = Vec::with_capacity(ordered.len());
    for (place, (_, mut item)) in (1..).zip(ordered) {
        item.place = place;
        if let Some((what, id)) = before {
            item.waits.push(Wait { what, release_id: Some(id), ..Wait::default() });
        }
        before = Some((WaitFor::Ahead, item.release_id));
        items.push(item);
    }
    items
}
