//! What is live on the servers of the environments: what was found there, held against the history.

mod found;
mod history;

use std::collections::{HashMap, HashSet};

use launchway_domain::{
    Environment, EnvironmentId, EnvironmentKind, EnvironmentLive, LiveRelease, LiveState, LiveVersion, ProjectId,
    ReleaseId, ServerId, ServerLive, Text, Timestamp, Visible,
};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

pub use self::found::Found;
pub(super) use self::history::trees as live_trees;
use self::history::{as_here, history};
use super::error::Result;
use super::{Store, list, rows};
use crate::target::{Expected, Files};

/// What the history says is live on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// What should be there.
    pub expected: Expected,
    /// When it went live there.
    pub at: Timestamp,
}

/// What is kept of the last look at a server, for the next one.
#[derive(Clone, Debug)]
pub struct Looked {
    /// Of which release the files were compared.
    pub release: Option<ReleaseId>,
    /// What the comparison found.
    pub files: Option<Files>,
    /// When they were compared.
    pub files_at: Option<Timestamp>,
}

/// A row of what was found.
struct Seen {
    state: LiveState,
    code: Option<String>,
    detail: Option<Text>,
    link: Option<String>,
    release: Option<ReleaseId>,
    expected: Option<ReleaseId>,
    expected_at: Option<Timestamp>,
    since: Timestamp,
    checked_at: Timestamp,
    files_at: Option<Timestamp>,
    files_mark: Option<String>,
    files_detail: Option<Text>,
}

/// Every column of [`Seen`].
const COLUMNS: &str = "l.environment_id, l.server_id, l.state, l.code, l.detail, l.link, l.release_id, l.expected_id, \
    l.expected_at, l.since, l.checked_at, l.files_at, l.files_mark, l.files_detail";

fn read(row: &AnyRow) -> Result<Seen> {
    let release = |column: &str| row.try_get::<Option<i64>, _>(column).map(|id| id.map(ReleaseId));
    Ok(Seen {
        state: rows::word(row, "state", LiveState::parse)?,
        code: row.try_get("code")?,
        detail: rows::json_option(row, "detail")?,
        link: row.try_get("link")?,
        release: release("release_id")?,
        expected: release("expected_id")?,
        expected_at: rows::time_option(row, "expected_at")?,
        since: rows::time(row, "since")?,
        checked_at: rows::time(row, "checked_at")?,
        files_at: rows::time_option(row, "files_at")?,
        files_mark: row.try_get("files_mark")?,
        files_detail: rows::json_option(row, "files_detail")?,
    })
}

/// Where something is live: the environment, the server.
type Spot = (i64, i64);

impl Store {
    /// What is live in the environments that somebody sees: of one project, of one of them, or all; by project and name.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn live(
        &self,
        project: Option<ProjectId>,
        environment: Option<EnvironmentId>,
        visible: &Visible,
    ) -> Result<Vec<EnvironmentLive>> {
        let mut only = Vec::new();
        // Numbers of ours, so that they may stand in the text.
        only.extend(project.map(|id| format!("e.project_id = {id}")));
        only.extend(environment.map(|id| format!("e.id = {id}")));
        only.extend(list::seen_by(visible, "e.project_id"));
        let only = if only.is_empty() { String::new() } else { format!(" WHERE {}", only.join(" AND ")) };
        let mut tx = self.read().await?;
        places(&mut tx, &only).await
    }

    /// What the history says is live on each server of an environment, and what the last look kept for the next.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn live_before(
        &self,
        environment: &Environment,
        hostnames: &HashMap<ServerId, String>,
    ) -> Result<HashMap<ServerId, (Option<History>, Option<Looked>)>> {
        let only = format!(" WHERE e.id = {}", environment.id);
        let mut tx = self.read().await?;
        let mut history = history(&mut tx, &only).await?;
        let sql = format!("SELECT {COLUMNS} FROM live l JOIN environments e ON e.id = l.environment_id{only}");
        let mut looked = HashMap::new();
        for row in &fetch(&mut tx, sql).await? {
            looked.insert(spot(row)?, read(row)?);
        }
        let of = |id: &ServerId| {
            let at = (environment.id.0, id.0);
            let hostname = hostnames.get(id).map(String::as_str).unwrap_or_default();
            let known = history.remove(&at).and_then(|known| as_here(&known, &environment.path, hostname));
            let before = looked.remove(&at).map(|row| Looked {
                release: row.expected,
                files: row.files_mark.map(|mark| Files { mark, detail: row.files_detail }),
                files_at: row.files_at,
            });
            (*id, (known, before))
        };
        Ok(environment.server_ids.iter().map(of).collect())
    }

    /// Takes the turn to look at an environment for `ttl_ms` milliseconds; false where somebody else looks, a release runs
    /// there, or (where `unless_after` says so) somebody has looked since.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn live_claim(&self, id: EnvironmentId, ttl_ms: i64, unless_after: Option<Timestamp>) -> Result<bool> {
        let mut w = self.write().await?;
        let now = w.lease_clock().await?;
        let won = sqlx::query(
            "INSERT INTO live_looks (environment_id, begun_at, lease_until) \
             SELECT e.id, $2, $3 FROM environments e WHERE e.id = $1 AND NOT EXISTS \
             (SELECT 1 FROM releases r WHERE r.environment_id = e.id AND r.status = 'running') \
             ON CONFLICT (environment_id) DO UPDATE SET begun_at = $2, lease_until = $3 \
             WHERE live_looks.lease_until <= $4 AND live_looks.begun_at <= $5",
        )
        .bind(id.0)
        .bind(Timestamp::now().0)
        .bind(now.saturating_add(ttl_ms))
        .bind(now)
        .bind(unless_after.map_or(i64::MAX, |at| at.0))
        .execute(w.conn())
        .await?;
        let won = won.rows_affected() > 0;
        w.commit().await?;
        Ok(won)
    }

    /// Keeps the turn for another `ttl_ms` milliseconds from now.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn live_renew(&self, id: EnvironmentId, ttl_ms: i64) -> Result<()> {
        let mut w = self.write().await?;
        let until = w.lease_clock().await?.saturating_add(ttl_ms);
        sqlx::query("UPDATE live_looks SET lease_until = $2 WHERE environment_id = $1 AND lease_until > 0")
            .bind(id.0)
            .bind(until)
            .execute(w.conn())
            .await?;
        w.commit().await
    }

    /// Gives the turn back.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn live_release(&self, id: EnvironmentId) -> Result<()> {
        let mut w = self.write().await?;
        sqlx::query("UPDATE live_looks SET lease_until = 0 WHERE environment_id = $1")
            .bind(id.0)
            .execute(w.conn())
            .await?;
        w.commit().await
    }

    /// Whether files of a tree were found changed where it is live in an environment.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn live_spoiled(&self, id: EnvironmentId, tree: ReleaseId) -> Result<bool> {
        let found: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM live WHERE environment_id = $1 AND code = 'files' AND link LIKE $2",
        )
        .bind(id.0)
        .bind(format!("%releases/{tree}"))
        .fetch_one(self.pool())
        .await?;
        Ok(found > 0)
    }

    /// The environments with servers that nobody has looked at since `before`, or since a release ended there; those that a
    /// release runs in are left out. The one that was looked at the longest ago comes first.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn live_due(&self, before: Timestamp) -> Result<Vec<(EnvironmentId, Timestamp)>> {
        let found = sqlx::query(
            "SELECT e.id, COALESCE(k.begun_at, 0) AS begun_at FROM environments e \
             LEFT JOIN live_looks k ON k.environment_id = e.id \
             WHERE EXISTS (SELECT 1 FROM environment_servers s WHERE s.environment_id = e.id) \
             AND NOT EXISTS (SELECT 1 FROM releases r WHERE r.environment_id = e.id AND r.status = 'running') \
             AND (COALESCE(k.begun_at, 0) <= $1 OR EXISTS (SELECT 1 FROM releases r WHERE r.environment_id = e.id \
             AND r.finished_at >= k.begun_at AND r.started_at IS NOT NULL)) ORDER BY begun_at, e.id",
        )
        .bind(before.0)
        .fetch_all(self.pool())
        .await?;
        found.iter().map(|row| Ok((EnvironmentId(row.try_get("id")?), rows::time(row, "begun_at")?))).collect()
    }
}

/// What is live in the environments `e` for which the condition holds (empty, or ` WHERE …`; its text is ours), by project
/// and name.
pub(super) async fn places(conn: &mut AnyConnection, only: &str) -> Result<Vec<EnvironmentLive>> {
    let found_places = fetch(
        conn,
        format!(
            "SELECT e.id, e.name, e.kind, e.path, e.project_id, p.title, \
             (SELECT MAX(r.id) FROM releases r WHERE r.environment_id = e.id AND r.status = 'running') AS running \
             FROM environments e JOIN projects p ON p.id = e.project_id{only} \
             ORDER BY LOWER(p.title), p.id, e.name"
        ),
    )
    .await?;
    let servers = fetch(
        conn,
        format!(
            "SELECT s.environment_id, s.server_id, v.hostname, e.path FROM environment_servers s \
             JOIN environments e ON e.id = s.environment_id JOIN servers v ON v.id = s.server_id{only} \
             ORDER BY s.environment_id, s.position"
        ),
    )
    .await?;
    let found =
        fetch(conn, format!("SELECT {COLUMNS} FROM live l JOIN environments e ON e.id = l.environment_id{only}"))
            .await?;
    let mut looked: HashMap<Spot, Seen> = HashMap::new();
    for row in &found {
        looked.insert(spot(row)?, read(row)?);
    }
    let history = history(conn, only).await?;
    let ids = looked.values().flat_map(|row| [row.release, row.expected]).flatten();
    let ids: HashSet<i64> = ids.chain(history.values().map(|(expected, ..)| expected.release)).map(|id| id.0).collect();
    let releases = releases(conn, &ids).await?;

    let mut there: HashMap<i64, Vec<ServerLive>> = HashMap::new();
    for row in &servers {
        let at = spot(row)?;
        let (hostname, path): (String, String) = (row.try_get("hostname")?, row.try_get("path")?);
        let history = history.get(&at).and_then(|known| as_here(known, &path, &hostname));
        let live = server(ServerId(at.1), hostname, history, looked.remove(&at), &releases);
        there.entry(at.0).or_default().push(live);
    }
    found_places
        .iter()
        .map(|row| {
            let id: i64 = row.try_get("id")?;
            let servers = there.remove(&id).unwrap_or_default();
            let versions = LiveVersion::of(&servers);
            Ok(EnvironmentLive {
                environment_id: EnvironmentId(id),
                name: row.try_get("name")?,
                kind: rows::word(row, "kind", EnvironmentKind::parse)?,
                project_id: ProjectId(row.try_get("project_id")?),
                project_title: row.try_get("title")?,
                state: EnvironmentLive::worst(servers.iter().map(|server| server.state), &versions),
                versions,
                running: row.try_get::<Option<i64>, _>("running")?.map(ReleaseId),
                servers,
            })
        })
        .collect()
}

/// One server as the page shows it.
fn server(
    server_id: ServerId,
    hostname: String,
    history: Option<History>,
    looked: Option<Seen>,
    releases: &HashMap<i64, LiveRelease>,
) -> ServerLive {
    let named = |id: Option<ReleaseId>| id.and_then(|id| releases.get(&id.0).cloned());
    let expected = history.as_ref().map(|history| history.expected.release);
    // Something went live since the look: what it found is about something else.
    let looked = looked.filter(|row| row.expected == expected && row.expected_at == history.as_ref().map(|h| h.at));
    let Some(row) = looked else {
        return ServerLive {
            server_id,
            hostname,
            state: LiveState::Never,
            code: None,
            detail: None,
            link: None,
            release: named(expected),
            live_since: history.map(|history| history.at),
            expected: None,
            since: None,
            checked_at: None,
            files_checked_at: None,
        };
    };
    ServerLive {
        server_id,
        hostname,
        state: row.state,
        code: row.code,
        detail: row.detail,
        link: row.link,
        release: named(row.release),
        live_since: row.expected_at.filter(|_| row.release.is_some() && row.release == row.expected),
        expected: if row.release == row.expected { None } else { named(row.expected) },
        since: Some(row.since),
        checked_at: Some(row.checked_at),
        files_checked_at: row.files_at,
    }
}

fn spot(row: &AnyRow) -> Result<Spot> {
    Ok((row.try_get("environment_id")?, row.try_get("server_id")?))
}

/// Rows of a statement whose text is this file's own, with nothing but numbers in it.
async fn fetch(conn: &mut AnyConnection, sql: String) -> Result<Vec<AnyRow>> {
    Ok(sqlx::query(AssertSqlSafe(sql)).persistent(false).fetch_all(conn).await?)
}

async fn releases(conn: &mut AnyConnection, ids: &HashSet<i64>) -> Result<HashMap<i64, LiveRelease>> {
    let (columns, from) = (rows::RELEASE_BRIEF, rows::RELEASE_FROM);
    let found = by_ids(conn, &format!("SELECT {columns} FROM {from} WHERE r.id IN"), ids).await?;
    found
        .iter()
        .map(|row| rows::release(row).map(|release| (release.id.0, LiveRelease::from(&release))))
        .collect::<Result<_>>()
}

/// Rows by their ids; `before` is a text of ours that ends where the list begins.
async fn by_ids(conn: &mut AnyConnection, before: &str, ids: &HashSet<i64>) -> Result<Vec<AnyRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    fetch(conn, format!("{before} ({})", ids.join(", "))).await
}
