//! What keeps releases from starting, of many environments at once: locks, freezes, times, those before them, and rules.

use std::collections::{BTreeSet, HashMap};

use launchway_domain::{
    EnvironmentId, EnvironmentKind, InQueue, Lock, Policy, Release, ReleaseId, ReleaseKind, Running, Timestamp, Wait,
};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::calendar;
use crate::store::error::Result;
use crate::store::{locks, queue, rows};

/// The doors of some environments.
pub(super) struct Doors {
    policies: HashMap<EnvironmentId, (EnvironmentKind, Policy)>,
    locks: HashMap<EnvironmentId, Lock>,
}

/// The doors of these environments, and of those that releases wait for.
pub(super) async fn doors(
    conn: &mut AnyConnection,
    places: impl Iterator<Item = EnvironmentId>,
    releases: impl Iterator<Item = &Release>,
    now: Timestamp,
) -> Result<Doors> {
    let ids: BTreeSet<i64> = places.chain(releases.map(|release| release.environment_id)).map(|id| id.0).collect();
    let mut doors = Doors { policies: HashMap::new(), locks: HashMap::new() };
    if ids.is_empty() {
        return Ok(doors);
    }
    // Numbers of ours, so that they may stand in the text.
    let ids = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    let sql = format!("SELECT id, kind, policy FROM environments WHERE id IN ({ids})");
    for row in &sqlx::query(AssertSqlSafe(sql)).persistent(false).fetch_all(&mut *conn).await? {
        let known = (rows::word(row, "kind", EnvironmentKind::parse)?, rows::json(row, "policy")?);
        doors.policies.insert(EnvironmentId(row.try_get("id")?), known);
    }
    doors.locks = locks::all_held(conn, now).await?.into_iter().map(|lock| (lock.environment_id, lock)).collect();
    Ok(doors)
}

impl Doors {
    /// Why nothing new starts in an environment now.
    pub(super) fn closed(&self, id: EnvironmentId, now: Timestamp) -> Vec<Wait> {
        let freeze = self.policies.get(&id).and_then(|(_, policy)| calendar::freeze_at(&policy.calendar, now));
        let lock = self.locks.get(&id).map(Lock::wait);
        lock.into_iter().chain(freeze.map(|freeze| freeze.wait())).collect()
    }

    /// What each queued release waits for, in the order of `queued`.
    pub(super) fn queue(&self, running: &[Running], queued: &[Release], now: Timestamp) -> Vec<InQueue> {
        let mut waits: HashMap<ReleaseId, Vec<Wait>> = HashMap::new();
        let places: BTreeSet<i64> = queued.iter().map(|release| release.environment_id.0).collect();
        for id in places.into_iter().map(EnvironmentId) {
            let Some((_, policy)) = self.policies.get(&id) else { continue };
            let runs = running.iter().map(|running| &running.release).find(|release| release.environment_id == id);
            let door = queue::Doorway {
                running: runs.map(|release| release.id),
                lock: self.locks.get(&id).cloned(),
                calendar: &policy.calendar,
            };
            let items = queue::items(door, queued.iter().filter(|release| release.environment_id == id), now);
            waits.extend(items.into_iter().map(|item| (item.release_id, item.waits)));
        }
        let of = |release: &Release| InQueue {
            release_id: release.id,
            waits: waits.remove(&release.id).unwrap_or_default(),
        };
        queued.iter().map(of).collect()
    }

    /// Which of the releases that somebody has to start or to retry a rule forbids to start now: the same rules as those of a start,
    /// asked for all of them at once. Whoever starts one is told which.
    pub(super) async fn forbidden(
        &self,
        conn: &mut AnyConnection,
        open: impl Iterator<Item = &Release>,
        now: Timestamp,
    ) -> Result<Vec<ReleaseId>> {
        let open: Vec<&Release> = open.collect();
        let tests = tests_of(conn, &open).await?;
        let is_forbidden = |release: &&&Release| {
            let Some((kind, policy)) = self.policies.get(&release.environment_id) else { return false };
            let (has_test, passed) = tests.get(&release.id).copied().unwrap_or_default();
            let untested = release.kind != ReleaseKind::Rollback
                && release.queued_at.is_none()
                && policy.rules.needs_test(*kind, has_test)
                && !passed;
            untested || calendar::freeze_at(&policy.calendar, now).is_some()
        };
        Ok(open.iter().filter(is_forbidden).map(|release| release.id).collect())
    }
}

/// Whether the project of each release has another environment for testing, and the commit has succeeded in one.
async fn tests_of(conn: &mut AnyConnection, open: &[&Release]) -> Result<HashMap<ReleaseId, (bool, bool)>> {
    if open.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = open.iter().map(|release| release.id.to_string()).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT r.id, (SELECT COUNT(*) FROM environments t WHERE t.project_id = r.project_id \
         AND t.id <> r.environment_id AND t.kind = 'test') AS tests, \
         (SELECT COUNT(*) FROM releases d JOIN environments t ON t.id = d.environment_id \
         WHERE d.project_id = r.project_id AND d.environment_id <> r.environment_id AND t.kind = 'test' \
         AND d.commit_hash = r.commit_hash AND d.status = 'succeeded') AS passed FROM releases r WHERE r.id IN ({ids})"
    );
    let found = sqlx::query(AssertSqlSafe(sql)).persistent(false).fetch_all(conn).await?;
    found
        .iter()
        .map(|row| {
            let many = |column: &str| row.try_get::<i64, _>(column).map(|count| count > 0);
            Ok((ReleaseId(row.try_get("id")?), (many("tests")?, many("passed")?)))
        })
        .collect()
}
