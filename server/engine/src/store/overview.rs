//! What goes on, in one look.

mod places;
mod waits;

use launchway_domain::{HostStep, NodeKind, NodeStatus, Overview, Phase, Release, Running, Timestamp, Visible};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::error::{Result, StoreError};
use super::{Store, events, rows};

/// How many of each kind an overview has at most.
const MAX_RUNNING: i64 = 50;
const MAX_WAITING: i64 = 50;
const MAX_BROKEN: i64 = 20;
const MAX_RECENT: i64 = 20;

/// What failed, and has been neither mended nor replaced: no later release of its environment succeeded or is on its
/// way, and of several failures only the last one counts.
const BROKEN: &str = "r.status = 'failed' AND NOT EXISTS (SELECT 1 FROM releases n \
    WHERE n.environment_id = r.environment_id AND n.id > r.id \
    AND n.status IN ('succeeded', 'running', 'queued', 'failed'))";

const QUEUED: &str = "r.status = 'queued'";
/// What somebody has to approve or to start.
const OPEN: &str = "r.status IN ('awaiting_approval', 'pending')";

impl Store {
    /// What goes on in what somebody sees, as of one commit. Releases come without their hooks.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn overview(&self, visible: &Visible) -> Result<Overview> {
        let of_release =
            super::list::seen_by(visible, "r.project_id").map_or_else(String::new, |c| format!(" AND {c}"));
        let of_place =
            super::list::seen_by(visible, "e.project_id").map_or_else(String::new, |c| format!(" WHERE {c}"));
        let only = |condition: &str| format!("({condition}){of_release}");
        let mut tx = self.read().await?;
        let conn = &mut *tx;
        let mut running = Vec::new();
        for release in releases(conn, &only("r.status = 'running'"), "r.started_at, r.id", MAX_RUNNING).await? {
            running.push(progress(conn, release).await?);
        }
        let broken = releases(conn, &only(BROKEN), "r.finished_at DESC, r.id DESC", MAX_BROKEN).await?;
        // Each by itself: however long one of them is, the other is told of too.
        let queued = releases(conn, &only(QUEUED), "r.queued_at, r.id", MAX_WAITING).await?;
        let open = "CASE r.status WHEN 'awaiting_approval' THEN 1 ELSE 2 END, r.id DESC";
        let open = releases(conn, &only(OPEN), open, MAX_WAITING).await?;
        let total = "SELECT COUNT(*) AS total FROM releases r WHERE ";
        let queued_total = count(conn, total, &only(QUEUED)).await?;
        let waiting_total = queued_total + count(conn, total, &only(OPEN)).await?;
        let ended = "r.status IN ('succeeded', 'failed', 'canceled') AND r.finished_at IS NOT NULL";
        let recent = releases(conn, &only(ended), "r.finished_at DESC, r.id DESC", MAX_RECENT).await?;
        let now = Timestamp::now();
        let mut live = places::places(conn, &of_place).await?;
        let doors = waits::doors(
            conn,
            live.iter().map(|place| place.environment_id),
            queued.iter().chain(&broken).chain(&open),
            now,
        )
        .await?;
        for place in &mut live {
            place.closed = doors.closed(place.environment_id, now);
        }
        let queue = doors.queue(&running, &queued, now);
        let forbidden = doors.forbidden(conn, broken.iter().chain(&open), now).await?;
        let waiting = queued.into_iter().chain(open).collect();
        let live_total = count(conn, "SELECT COUNT(*) AS total FROM environments e", &of_place).await?;
        let seq = events::head(conn).await?;
        Ok(Overview {
            running,
            waiting,
            waiting_total,
            queued_total,
            queue,
            forbidden,
            broken,
            recent,
            live,
            live_total,
            seq,
        })
    }
}

async fn count(conn: &mut AnyConnection, from: &str, condition: &str) -> Result<u64> {
    let row = sqlx::query(AssertSqlSafe(format!("{from}{condition}"))).fetch_one(conn).await?;
    Ok(row.try_get::<i64, _>("total")?.unsigned_abs())
}

/// Releases without their hooks. The texts are this file's own.
async fn releases(conn: &mut AnyConnection, condition: &str, order: &str, limit: i64) -> Result<Vec<Release>> {
    let (columns, from) = (rows::RELEASE_BRIEF, rows::RELEASE_FROM);
    let sql = format!("SELECT {columns} FROM {from} WHERE {condition} ORDER BY {order} LIMIT $1");
    let found = sqlx::query(AssertSqlSafe(sql)).bind(limit).fetch_all(conn).await?;
    found.iter().map(rows::release).collect()
}

/// How far a release has come: its steps on this host, and its phases counted over the servers.
async fn progress(conn: &mut AnyConnection, release: Release) -> Result<Running> {
    let found = sqlx::query(
        "SELECT kind, status, COUNT(*) AS servers, MIN(started_at) AS started_at, \
         CASE WHEN server_id IS NULL THEN 0 ELSE 1 END AS remote FROM nodes WHERE release_id = $1 \
         GROUP BY kind, status, CASE WHEN server_id IS NULL THEN 0 ELSE 1 END",
    )
    .bind(release.id.0)
    .fetch_all(conn)
    .await?;
    let (mut host, mut phases) = (Vec::new(), Vec::<Phase>::new());
    for row in &found {
        let kind = rows::word(row, "kind", NodeKind::parse)?;
        let status = rows::word(row, "status", NodeStatus::parse)?;
        if !rows::flag(row, "remote")? {
            let started_at = row.try_get::<Option<i64>, _>("started_at")?.map(Timestamp);
            host.push(HostStep { kind, status, started_at });
            continue;
        }
        let servers: i64 = row.try_get("servers")?;
        let servers = u32::try_from(servers).map_err(|_| StoreError::Corrupt("too many nodes".to_owned()))?;
        match phases.iter_mut().find(|phase| phase.kind == kind) {
            Some(phase) => phase.count(status, servers),
            None => {
                let mut phase = Phase::new(kind);
                phase.count(status, servers);
                phases.push(phase);
            }
        }
    }
    let place = |kind: NodeKind| NodeKind::ALL.iter().position(|known| *known == kind);
    host.sort_by_key(|step| place(step.kind));
    phases.sort_by_key(|phase| place(phase.kind));
    Ok(Running { release, host, phases })
}
