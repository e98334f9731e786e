//! What was found on the servers of the environments, held against the history.

mod history;

use std::collections::{HashMap, HashSet};

use launchway_domain::{
    Environment, EnvironmentId, EnvironmentKind, EnvironmentLive, EventData, LiveRelease, LiveState, ProjectId,
    ReleaseId, ServerId, ServerLive, Text, Timestamp, Visible,
};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use self::history::{as_here, history};
use super::error::Result;
use super::{Store, list, rows};
use crate::target::{Expected, Files, Look, other_release};

/// What the history says is live on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// What should be there.
    pub expected: Expected,
    /// When it went live there.
    pub at: Timestamp,
}

/// What a look found on one server.
#[derive(Clone, Debug)]
pub struct Found {
    /// Which server.
    pub server: ServerId,
    /// Its name.
    pub hostname: String,
    /// What the history said when it was looked at.
    pub history: Option<History>,
    /// What was there; a word and a reason where the server could not be asked.
    pub look: std::result::Result<Look, (String, Text)>,
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
        let conn = &mut *tx;
        let places = fetch(
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
        let history = history(conn, &only).await?;
        let ids = looked.values().flat_map(|row| [row.release, row.expected]).flatten();
        let ids: HashSet<i64> =
            ids.chain(history.values().map(|(expected, ..)| expected.release)).map(|id| id.0).collect();
        let releases = releases(conn, &ids).await?;

        let mut there: HashMap<i64, Vec<ServerLive>> = HashMap::new();
        for row in &servers {
            let at = spot(row)?;
            let (hostname, path): (String, String) = (row.try_get("hostname")?, row.try_get("path")?);
            let history = history.get(&at).and_then(|known| as_here(known, &path, &hostname));
            let live = server(ServerId(at.1), hostname, history, looked.remove(&at), &releases);
            there.entry(at.0).or_default().push(live);
        }
        places
            .iter()
            .map(|row| {
                let id: i64 = row.try_get("id")?;
                let servers = there.remove(&id).unwrap_or_default();
                Ok(EnvironmentLive {
                    environment_id: EnvironmentId(id),
                    name: row.try_get("name")?,
                    kind: rows::word(row, "kind", EnvironmentKind::parse)?,
                    project_id: ProjectId(row.try_get("project_id")?),
                    project_title: row.try_get("title")?,
                    state: EnvironmentLive::worst(servers.iter().map(|server| server.state)),
                    running: row.try_get::<Option<i64>, _>("running")?.map(ReleaseId),
                    servers,
                })
            })
            .collect()
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

    /// Writes down what a look that began at `begun` found, and tells of what is otherwise than before. A server that is
    /// no more the environment's, or an environment that is gone, is left out; and all of it where a release has run there
    /// meanwhile, since it may have been seen half-way.
    ///
    /// # Errors
    /// [`super::StoreError::Db`].
    pub async fn live_found(&self, environment: &Environment, found: &[Found], begun: Timestamp) -> Result<()> {
        let now = Timestamp::now();
        let mut w = self.write().await?;
        let moved: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM releases WHERE environment_id = $1 AND (status = 'running' OR finished_at >= $2)",
        )
        .bind(environment.id.0)
        .bind(begun.0)
        .fetch_one(w.conn())
        .await?;
        if moved > 0 {
            return Ok(());
        }
        let sql = format!(
            "SELECT {COLUMNS} FROM live l JOIN environments e ON e.id = l.environment_id WHERE e.id = {}",
            environment.id
        );
        let mut before = HashMap::new();
        for row in &fetch(w.conn(), sql).await? {
            before.insert(spot(row)?.1, read(row)?);
        }
        for found in found {
            let was = before.remove(&found.server.0);
            let new = row_of(w.conn(), environment, found, was.as_ref(), now).await?;
            let written = sqlx::query(
                "INSERT INTO live (environment_id, server_id, state, code, detail, link, release_id, expected_id, \
                 expected_at, since, checked_at, files_at, files_mark, files_detail) \
                 SELECT s.environment_id, s.server_id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14 \
                 FROM environment_servers s WHERE s.environment_id = $1 AND s.server_id = $2 \
                 ON CONFLICT (environment_id, server_id) DO UPDATE SET state = $3, code = $4, detail = $5, link = $6, \
                 release_id = $7, expected_id = $8, expected_at = $9, since = $10, checked_at = $11, files_at = $12, \
                 files_mark = $13, files_detail = $14",
            )
            .bind(environment.id.0)
            .bind(found.server.0)
            .bind(new.state.as_str())
            .bind(new.code.as_deref())
            .bind(new.detail.as_ref().map(serde_json::to_string).transpose()?)
            .bind(new.link.as_deref())
            .bind(new.release.map(|id| id.0))
            .bind(new.expected.map(|id| id.0))
            .bind(new.expected_at.map(|at| at.0))
            .bind(new.since.0)
            .bind(new.checked_at.0)
            .bind(new.files_at.map(|at| at.0))
            .bind(new.files_mark.as_deref())
            .bind(new.files_detail.as_ref().map(serde_json::to_string).transpose()?)
            .execute(w.conn())
            .await?;
            let is_news = was.as_ref().is_none_or(|was| differs(was, &new));
            if written.rows_affected() > 0 && is_news {
                w.event(
                    environment.project_id,
                    EventData::LiveChanged {
                        project_id: environment.project_id,
                        environment_id: environment.id,
                        server_id: found.server,
                        hostname: found.hostname.clone(),
                        state: new.state,
                        detail: new.detail,
                    },
                );
            }
        }
        w.commit().await
    }
}

/// Whether those who watch have to hear of it.
fn differs(was: &Seen, new: &Seen) -> bool {
    was.state != new.state
        || was.code != new.code
        || was.release != new.release
        || (new.state != LiveState::Unreachable && (was.link != new.link || was.detail != new.detail))
}

/// The row that says what was found.
async fn row_of(
    conn: &mut AnyConnection,
    environment: &Environment,
    found: &Found,
    was: Option<&Seen>,
    now: Timestamp,
) -> Result<Seen> {
    let expected = found.history.as_ref().map(|history| history.expected.release);
    let expected_at = found.history.as_ref().map(|history| history.at);
    // What was compared belongs to the release that it was compared with.
    let same = was.filter(|was| was.expected == expected);
    let mut new = match &found.look {
        Ok(look) => {
            let release = match look.link.as_deref().and_then(other_release) {
                Some(tree) if found.history.as_ref().is_some_and(|known| known.expected.tree == tree) => expected,
                Some(other) => of_environment(conn, environment, other).await?,
                None => None,
            };
            let kept = look.files.is_none().then_some(same).flatten();
            Seen {
                state: look.state,
                code: look.code.map(str::to_owned),
                detail: look.detail.clone(),
                link: look.link.clone(),
                release,
                expected,
                expected_at,
                since: now,
                checked_at: now,
                files_at: if look.compared { Some(now) } else { same.and_then(|was| was.files_at) },
                files_mark: match (&look.files, kept) {
                    (Some(files), _) => Some(files.mark.clone()),
                    (None, kept) => kept.and_then(|was| was.files_mark.clone()),
                },
                files_detail: match (&look.files, kept) {
                    (Some(files), _) => files.detail.clone(),
                    (None, kept) => kept.and_then(|was| was.files_detail.clone()),
                },
            }
        }
        // What was last read there is still the best that is known.
        Err((code, why)) => Seen {
            state: LiveState::Unreachable,
            code: Some(code.clone()),
            detail: Some(why.clone()),
            link: was.and_then(|was| was.link.clone()),
            release: same.and_then(|was| was.release),
            expected,
            expected_at,
            since: now,
            checked_at: now,
            files_at: same.and_then(|was| was.files_at),
            files_mark: same.and_then(|was| was.files_mark.clone()),
            files_detail: same.and_then(|was| was.files_detail.clone()),
        },
    };
    if let Some(was) = was.filter(|was| was.state == new.state && was.code == new.code && was.release == new.release) {
        new.since = was.since;
    }
    Ok(new)
}

/// A release that a link names, where it is one of the environment's.
async fn of_environment(
    conn: &mut AnyConnection,
    environment: &Environment,
    id: ReleaseId,
) -> Result<Option<ReleaseId>> {
    let found: Option<i64> = sqlx::query_scalar("SELECT id FROM releases WHERE id = $1 AND environment_id = $2")
        .bind(id.0)
        .bind(environment.id.0)
        .fetch_optional(conn)
        .await?;
    Ok(found.map(ReleaseId))
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
