//! The logs as lines: read by their numbers, and searched, chunk by chunk.

mod walk;

use launchway_domain::log::error::looks_like_error;
use launchway_domain::log::find::Needle;
use launchway_domain::log::screen::visible;
use launchway_domain::{
    LogFound, LogLines, LogRow, LogRuns, LogScope, LogSource, LogStream, NodeKey, NodeStatus, ReleaseId, ServerId,
    Timestamp,
};
use sqlx::{AnyConnection, Row};

use super::error::{Result, StoreError};
use super::log_index::Place;
use super::{Store, nodes};

use self::walk::Walk;

/// How much text one search for an error looks through, in bytes.
const ERROR_BUDGET: u64 = 512 << 20;

/// A scope as the index knows it.
struct Log {
    place: Place,
    total: u64,
    done: bool,
}

impl Store {
    /// Up to `limit` lines from the number `from` on (the first is 1), or the last ones where none is named.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a release, node or server that is not there.
    pub async fn log_lines(
        &self,
        release: ReleaseId,
        scope: &LogScope,
        from: Option<u64>,
        limit: u32,
    ) -> Result<LogLines> {
        self.index_log(release).await?;
        let mut tx = self.read().await?;
        let log = Log::find(&mut tx, release, scope).await?;
        let limit = u64::from(limit);
        let from = match from {
            Some(from) => from.saturating_sub(1).min(log.total),
            None => log.total.saturating_sub(limit),
        };
        let mut walk = Walk::new(&mut tx, release, log.place);
        let mut items = Vec::new();
        walk.run(from, log.total.min(from.saturating_add(limit)), u64::MAX, |line, _| {
            let row = LogRow {
                at: Timestamp(line.at),
                stream: line.stream,
                source: line.source as u32,
                text: line.text.strip_suffix('\r').unwrap_or(line.text).to_owned(),
                open: line.open,
            };
            items.push((line.number, row));
            true
        })
        .await?;
        items.sort_by_key(|(number, _)| *number);
        let sources = walk.sources;
        let items = items.into_iter().map(|(_, row)| row).collect();
        Ok(LogLines { from_line: from + 1, total: log.total, done: log.done, sources, items })
    }

    /// Looks for a text in the lines from the number `from` on, in what a terminal would show of them, and whatever
    /// the case: at most `budget` bytes at once. The first `listed` lines are named, all are counted.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a release, node or server that is not there.
    pub async fn log_search(
        &self,
        release: ReleaseId,
        scope: &LogScope,
        needle: &Needle,
        from: u64,
        listed: usize,
        budget: u64,
    ) -> Result<LogFound> {
        self.index_log(release).await?;
        let mut tx = self.read().await?;
        let log = Log::find(&mut tx, release, scope).await?;
        let from = from.saturating_sub(1);
        let mut found = LogFound { total: log.total, ..LogFound::default() };
        let mut walk = Walk::new(&mut tx, release, log.place);
        let next = walk
            .run(from, log.total, budget, |line, _| {
                let count = needle.count(&visible(line.text));
                if count > 0 {
                    found.matched += 1;
                    found.matches += count;
                    if found.lines.len() < listed {
                        found.lines.push(line.number + 1);
                    }
                }
                true
            })
            .await?;
        found.lines.sort_unstable();
        found.next = (next < log.total).then_some(next + 1);
        Ok(found)
    }

    /// The number of the line to look at first where something failed: of a failed step the first line that looks
    /// like an error, else its last; where no step has failed, the first such line at all.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a release, node or server that is not there.
    pub async fn log_first_error(&self, release: ReleaseId, scope: &LogScope) -> Result<Option<u64>> {
        self.index_log(release).await?;
        let mut tx = self.read().await?;
        let log = Log::find(&mut tx, release, scope).await?;
        let failed = failed_nodes(&mut tx, release).await?;
        let is_failed = |source: &LogSource| failed.iter().any(|(k, a)| *k == source.node && *a == source.attempt);
        let mut walk = Walk::new(&mut tx, release, log.place.clone());
        let (mut told, mut last, mut other) = (None, None, None);
        walk.run(0, log.total, ERROR_BUDGET, |line, sources| {
            let of_failed = sources.get(line.source).is_some_and(is_failed);
            if of_failed && line.stream == LogStream::Output {
                last = last.max(Some(line.number));
            }
            if line.stream == LogStream::Output && looks_like_error(&visible(line.text)) {
                let first = if of_failed { &mut told } else { &mut other };
                *first = Some(first.map_or(line.number, |known: u64| known.min(line.number)));
            }
            // Where a step failed, an earlier one's complaints did no harm.
            told.is_none() && (!failed.is_empty() || other.is_none())
        })
        .await?;
        let found = told.or(last).or(other);
        if found.is_some() || failed.is_empty() {
            return Ok(found.map(|number| number + 1));
        }
        // It printed nothing: what Launchway says of it.
        let mut said = None;
        walk.run(0, log.total, ERROR_BUDGET, |line, sources| {
            if sources.get(line.source).is_some_and(is_failed) {
                said = Some(line.number);
            }
            true
        })
        .await?;
        Ok(said.map(|number: u64| number + 1))
    }
}

async fn failed_nodes(conn: &mut AnyConnection, release: ReleaseId) -> Result<Vec<(NodeKey, u32)>> {
    let found =
        sqlx::query("SELECT node_key, attempt FROM nodes WHERE release_id = $1 AND status = $2 ORDER BY position")
            .bind(release.0)
            .bind(NodeStatus::Failed.as_str())
            .fetch_all(conn)
            .await?;
    found
        .iter()
        .map(|row| Ok((NodeKey(row.try_get("node_key")?), row.try_get::<i64, _>("attempt")?.try_into().unwrap_or(0))))
        .collect()
}

impl Log {
    async fn find(conn: &mut AnyConnection, release: ReleaseId, scope: &LogScope) -> Result<Self> {
        let (place, done) = match scope {
            LogScope::Node(key, runs) => {
                if key.as_str().contains('\0') {
                    // No key has one, and PostgreSQL would not even take the question.
                    return Err(StoreError::NotFound);
                }
                let node = nodes::get(conn, release, key).await?;
                let over = node.status.is_final();
                match runs {
                    LogRuns::Latest => (Place::Attempt(key.clone(), node.attempt), over),
                    LogRuns::One(attempt) => (Place::Attempt(key.clone(), *attempt), over || *attempt < node.attempt),
                    LogRuns::All => (Place::Node(key.clone()), over),
                }
            }
            LogScope::Server(server) => (Place::Server(server.0), over(conn, release, Some(*server)).await?),
            LogScope::All => (Place::Release, over(conn, release, None).await?),
        };
        let total = place.total(conn, release).await?;
        Ok(Self { place, total, done })
    }
}

/// Whether all nodes of a release, or of one server in it, have ended.
async fn over(conn: &mut AnyConnection, release: ReleaseId, server: Option<ServerId>) -> Result<bool> {
    let sql = match server {
        Some(_) => "SELECT status, COUNT(*) AS n FROM nodes WHERE release_id = $1 AND server_id = $2 GROUP BY status",
        None => "SELECT status, COUNT(*) AS n FROM nodes WHERE release_id = $1 GROUP BY status",
    };
    let query = sqlx::query(sql).bind(release.0);
    let query = match server {
        Some(server) => query.bind(server.0),
        None => query,
    };
    let found = query.fetch_all(&mut *conn).await?;
    if found.is_empty() {
        if server.is_some() {
            return Err(StoreError::NotFound);
        }
        // Not planned yet, or not there at all.
        sqlx::query("SELECT id FROM releases WHERE id = $1").bind(release.0).fetch_one(conn).await?;
        return Ok(false);
    }
    let is_final = |row: &sqlx::any::AnyRow| {
        let word: &str = row.try_get("status")?;
        Ok(NodeStatus::parse(word).is_some_and(NodeStatus::is_final))
    };
    found.iter().map(is_final).try_fold(true, |all, one: Result<bool>| Ok(all && one?))
}
