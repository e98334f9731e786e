//! Where the lines of the logs are: one row for each chunk, written with it.
//!
//! A chunk's row says how many lines begin in it and how many begin before it: in its run, its node, its server
//! and its release. That is all it takes to find a line by its number in any of the four, and since chunks are only
//! ever added behind the last one of their release, no line's number changes.

use std::collections::HashMap;

use launchway_domain::log::lines;
use launchway_domain::{NodeKey, ReleaseId};
use sqlx::{AnyConnection, Row};

use super::Store;
use super::error::{Result, StoreError};
use super::tx::Write;

/// Whose lines are counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// One run of a node.
    Attempt(NodeKey, u32),
    /// All runs of a node.
    Node(NodeKey),
    /// All nodes of a server.
    Server(i64),
    /// The whole release.
    Release,
}

/// A query as `sqlx` takes it.
type Query<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

impl Place {
    /// The column that counts the lines before a chunk.
    pub(super) fn column(&self) -> &'static str {
        match self {
            Place::Attempt(..) => "i.attempt_line",
            Place::Node(_) => "i.node_line",
            Place::Server(_) => "i.server_line",
            Place::Release => "i.release_line",
        }
    }

    /// The condition that a chunk `i` of release `$1` belongs here; its own placeholders count from `n`.
    pub(super) fn condition(&self, n: usize) -> String {
        let own = match self {
            Place::Attempt(..) => format!(" AND i.node_key = ${n} AND i.attempt = ${}", n + 1),
            Place::Node(_) => format!(" AND i.node_key = ${n}"),
            Place::Server(_) => format!(" AND i.server_id = ${n}"),
            Place::Release => String::new(),
        };
        format!("i.release_id = $1{own}")
    }

    /// Binds what [`Place::condition`] asks for.
    pub(super) fn bind<'q>(&'q self, query: Query<'q>) -> Query<'q> {
        match self {
            Place::Attempt(node, attempt) => query.bind(node.as_str()).bind(i64::from(*attempt)),
            Place::Node(node) => query.bind(node.as_str()),
            Place::Server(server) => query.bind(*server),
            Place::Release => query,
        }
    }

    /// How many lines there are.
    pub(super) async fn total(&self, conn: &mut AnyConnection, release: ReleaseId) -> Result<u64> {
        let (column, condition) = (self.column(), self.condition(2));
        let sql = format!(
            "SELECT {column} + i.lines AS total FROM log_index i WHERE {condition} \
             ORDER BY {column} DESC, i.ordinal DESC LIMIT 1"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(release.0);
        let row = self.bind(query).fetch_optional(conn).await?;
        Ok(row.map(|row| row.try_get::<i64, _>("total")).transpose()?.unwrap_or(0) as u64)
    }
}

/// The end of one run's log: where the next chunk is added.
#[derive(Clone, Debug)]
struct RunEnd {
    lines: i64,
    open: i64,
    stream: String,
}

/// Adds chunks of one release to the index, in the order in which they are written.
pub(super) struct Indexer {
    release: ReleaseId,
    ordinal: i64,
    release_line: i64,
    servers: HashMap<i64, i64>,
    nodes: HashMap<NodeKey, i64>,
    runs: HashMap<(NodeKey, u32), RunEnd>,
}

/// What is added: where a chunk lies, and what it holds.
pub(super) struct Added<'a> {
    pub(super) node: &'a NodeKey,
    pub(super) attempt: u32,
    pub(super) from_byte: i64,
    pub(super) stream: &'a str,
    pub(super) text: &'a str,
}

impl Indexer {
    /// Stands behind the last chunk of a release.
    pub(super) async fn at_end(conn: &mut AnyConnection, release: ReleaseId) -> Result<Self> {
        let last = sqlx::query(
            "SELECT ordinal, release_line + lines AS total FROM log_index WHERE release_id = $1 \
             ORDER BY ordinal DESC LIMIT 1",
        )
        .bind(release.0)
        .fetch_optional(conn)
        .await?;
        let (ordinal, release_line) = match last {
            Some(row) => (row.try_get::<i64, _>("ordinal")? + 1, row.try_get("total")?),
            None => (0, 0),
        };
        let (servers, nodes, runs) = Default::default();
        Ok(Self { release, ordinal, release_line, servers, nodes, runs })
    }

    /// Adds one chunk.
    pub(super) async fn add(&mut self, conn: &mut AnyConnection, added: &Added<'_>) -> Result<()> {
        let key = (added.node.clone(), added.attempt);
        if !self.runs.contains_key(&key) {
            let end = self.run_end(conn, added.node, added.attempt).await?;
            self.runs.insert(key.clone(), end);
        }
        if !self.nodes.contains_key(added.node) {
            let total = Place::Node(added.node.clone()).total(conn, self.release).await?;
            self.nodes.insert(added.node.clone(), total as i64);
        }
        let server = added.node.server().map(|server| server.0);
        if let Some(server) = server
            && !self.servers.contains_key(&server)
        {
            let total = Place::Server(server).total(conn, self.release).await?;
            self.servers.insert(server, total as i64);
        }
        let (Some(run), Some(node_line)) = (self.runs.get_mut(&key), self.nodes.get_mut(added.node)) else {
            return Err(StoreError::Corrupt(format!("the index lost {}", added.node)));
        };
        let server_line = server.and_then(|server| self.servers.get_mut(&server));
        // Another voice does not go on with what the one before it began.
        let open_before = if run.stream == added.stream { run.open } else { 0 };
        let (begun, open_after) = lines::count(added.text, open_before as usize);
        let (begun, open_after) = (begun as i64, open_after as i64);
        sqlx::query(
            "INSERT INTO log_index (release_id, ordinal, node_key, attempt, from_byte, server_id, lines, open_before, \
             open_after, attempt_line, node_line, server_line, release_line) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(self.release.0)
        .bind(self.ordinal)
        .bind(added.node.as_str())
        .bind(i64::from(added.attempt))
        .bind(added.from_byte)
        .bind(server)
        .bind(begun)
        .bind(open_before)
        .bind(open_after)
        .bind(run.lines)
        .bind(*node_line)
        .bind(server_line.as_deref().copied().unwrap_or(0))
        .bind(self.release_line)
        .execute(conn)
        .await?;
        self.ordinal += 1;
        self.release_line += begun;
        *node_line += begun;
        if let Some(server_line) = server_line {
            *server_line += begun;
        }
        run.lines += begun;
        run.open = open_after;
        if run.stream != added.stream {
            run.stream = added.stream.to_owned();
        }
        Ok(())
    }

    async fn run_end(&self, conn: &mut AnyConnection, node: &NodeKey, attempt: u32) -> Result<RunEnd> {
        let row = sqlx::query(
            "SELECT i.attempt_line + i.lines AS total, i.open_after, c.stream FROM log_index i \
             JOIN log_chunks c ON c.release_id = i.release_id AND c.node_key = i.node_key AND c.attempt = i.attempt \
             AND c.from_byte = i.from_byte \
             WHERE i.release_id = $1 AND i.node_key = $2 AND i.attempt = $3 \
             ORDER BY i.attempt_line DESC, i.ordinal DESC LIMIT 1",
        )
        .bind(self.release.0)
        .bind(node.as_str())
        .bind(i64::from(attempt))
        .fetch_optional(conn)
        .await?;
        Ok(match row {
            None => RunEnd { lines: 0, open: 0, stream: String::new() },
            Some(row) => RunEnd {
                lines: row.try_get("total")?,
                open: row.try_get("open_after")?,
                stream: row.try_get("stream")?,
            },
        })
    }
}

impl Store {
    /// Makes sure that a release's lines are indexed: those of an earlier version of the program are not.
    pub(super) async fn index_log(&self, release: ReleaseId) -> Result<()> {
        let conn = &mut *self.pool().acquire().await?;
        if is_unindexed(conn, release).await? {
            let mut w = self.write().await?;
            index_old(&mut w, release).await?;
            w.commit().await?;
        }
        Ok(())
    }
}

async fn is_unindexed(conn: &mut AnyConnection, release: ReleaseId) -> Result<bool> {
    let found = sqlx::query("SELECT release_id FROM log_unindexed WHERE release_id = $1")
        .bind(release.0)
        .fetch_optional(conn)
        .await?;
    Ok(found.is_some())
}

/// Indexes the chunks of a release from before the index, if that was not done yet: in the order of their times,
/// and those of one run in their own order.
pub(super) async fn index_old(w: &mut Write, release: ReleaseId) -> Result<()> {
    if !is_unindexed(w.conn(), release).await? {
        return Ok(());
    }
    // Of two who come at once, the second finds nothing left to do.
    let mine = sqlx::query("DELETE FROM log_unindexed WHERE release_id = $1").bind(release.0).execute(w.conn()).await?;
    if mine.rows_affected() == 0 {
        return Ok(());
    }
    let found = sqlx::query(
        "SELECT node_key, attempt, from_byte, at FROM log_chunks WHERE release_id = $1 \
         ORDER BY node_key, attempt, from_byte",
    )
    .bind(release.0)
    .fetch_all(w.conn())
    .await?;
    let mut chunks: Vec<(i64, NodeKey, i64, i64)> = Vec::with_capacity(found.len());
    for row in &found {
        let (node, attempt) = (NodeKey(row.try_get("node_key")?), row.try_get("attempt")?);
        let (from, mut at): (i64, i64) = (row.try_get("from_byte")?, row.try_get("at")?);
        // A clock that was set back does not turn a run's lines around.
        if let Some((before, ..)) = chunks.last().filter(|(_, n, a, _)| *n == node && *a == attempt) {
            at = at.max(*before);
        }
        chunks.push((at, node, attempt, from));
    }
    chunks.sort();
    let mut index = Indexer::at_end(w.conn(), release).await?;
    for (_, node, attempt, from_byte) in chunks {
        let row = sqlx::query(
            "SELECT stream, body FROM log_chunks \
             WHERE release_id = $1 AND node_key = $2 AND attempt = $3 AND from_byte = $4",
        )
        .bind(release.0)
        .bind(node.as_str())
        .bind(attempt)
        .bind(from_byte)
        .fetch_one(w.conn())
        .await?;
        let body: Vec<u8> = row.try_get("body")?;
        let (stream, text): (&str, _) = (row.try_get("stream")?, String::from_utf8_lossy(&body));
        let attempt = u32::try_from(attempt).unwrap_or(0);
        index.add(w.conn(), &Added { node: &node, attempt, from_byte, stream, text: &text }).await?;
    }
    Ok(())
}
