//! What goes on, in one look.

use launchway_domain::{
    EnvironmentId, EnvironmentKind, HostStep, NodeKind, NodeStatus, Overview, Phase, Place, ProjectId, Release,
    Running, Timestamp, Visible,
};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::error::{Result, StoreError};
use super::{Store, events, rows};

/// How many of each kind an overview has at most.
const MAX_RUNNING: i64 = 50;
const MAX_WAITING: i64 = 50;
const MAX_BROKEN: i64 = 20;
const MAX_RECENT: i64 = 20;
const MAX_PLACES: i64 = 200;

/// What failed, and has been neither mended nor replaced: no later release of its environment succeeded or is on its
/// way, and of several failures only the last one counts.
const BROKEN: &str = "r.status = 'failed' AND NOT EXISTS (SELECT 1 FROM releases n \
    WHERE n.environment_id = r.environment_id AND n.id > r.id \
    AND n.status IN ('succeeded', 'running', 'queued', 'failed'))";

const WAITING: &str = "r.status IN ('queued', 'awaiting_approval', 'pending')";

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
        let waiting = releases(
            conn,
            &only(WAITING),
            "CASE r.status WHEN 'queued' THEN 0 WHEN 'awaiting_approval' THEN 1 ELSE 2 END, \
             CASE WHEN r.status = 'queued' THEN r.queued_at ELSE 0 END, \
             CASE WHEN r.status = 'queued' THEN r.id ELSE -r.id END",
            MAX_WAITING,
        )
        .await?;
        let waiting_total = count(conn, "SELECT COUNT(*) AS total FROM releases r WHERE ", &only(WAITING)).await?;
        let broken = releases(conn, &only(BROKEN), "r.finished_at DESC, r.id DESC", MAX_BROKEN).await?;
        let ended = "r.status IN ('succeeded', 'failed', 'canceled') AND r.finished_at IS NOT NULL";
        let recent = releases(conn, &only(ended), "r.finished_at DESC, r.id DESC", MAX_RECENT).await?;
        let live = places(conn, &of_place).await?;
        let live_total = count(conn, "SELECT COUNT(*) AS total FROM environments e", &of_place).await?;
        let seq = events::head(conn).await?;
        Ok(Overview { running, waiting, waiting_total, broken, recent, live, live_total, seq })
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

/// Every environment for which the condition (its text is ours) holds, with what is live in it.
async fn places(conn: &mut AnyConnection, condition: &str) -> Result<Vec<Place>> {
    let sql = format!(
        "SELECT e.id, e.name, e.kind, e.project_id, p.title, \
         (SELECT COUNT(*) FROM environment_servers s WHERE s.environment_id = e.id) AS servers, \
         COALESCE((SELECT r.id FROM releases r WHERE r.environment_id = e.id AND r.status = 'succeeded' \
          ORDER BY r.finished_at DESC, r.id DESC LIMIT 1), 0) AS live \
         FROM environments e JOIN projects p ON p.id = e.project_id{condition} \
         ORDER BY LOWER(p.title), p.id, e.name LIMIT $1"
    );
    let found = sqlx::query(AssertSqlSafe(sql)).bind(MAX_PLACES).fetch_all(&mut *conn).await?;
    // Numbers of ours, so that they may stand in the text.
    let ids = found.iter().map(|row| row.try_get::<i64, _>("live").map(|id| id.to_string()));
    let ids = ids.collect::<std::result::Result<Vec<_>, _>>()?;
    let known = match ids.iter().any(|id| id != "0") {
        true => releases(conn, &format!("r.id IN ({})", ids.join(", ")), "r.id", MAX_PLACES).await?,
        false => Vec::new(),
    };
    found
        .iter()
        .map(|row| {
            let live: i64 = row.try_get("live")?;
            let servers: i64 = row.try_get("servers")?;
            Ok(Place {
                project_id: ProjectId(row.try_get("project_id")?),
                project_title: row.try_get("title")?,
                environment_id: EnvironmentId(row.try_get("id")?),
                environment_name: row.try_get("name")?,
                environment_kind: rows::word(row, "kind", EnvironmentKind::parse)?,
                servers: u32::try_from(servers).unwrap_or(u32::MAX),
                release: known.iter().find(|release| release.id.0 == live).cloned(),
            })
        })
        .collect()
}
