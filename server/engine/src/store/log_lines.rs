//! The logs as lines: read by their numbers, and searched, chunk by chunk.

use std::collections::HashMap;

use launchway_domain::log::error::looks_like_error;
use launchway_domain::log::find::Needle;
use launchway_domain::log::lines::pieces;
use launchway_domain::log::screen::visible;
use launchway_domain::{
    LogFound, LogLines, LogRow, LogRuns, LogScope, LogSource, LogStream, NodeKey, NodeStatus, ReleaseId, ServerId,
    Timestamp,
};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::error::{Result, StoreError};
use super::log_index::Place;
use super::logs::{stream, text_of};
use super::{Store, nodes};

/// Chunks that are read at once: what a search holds in memory is this many times the size of one.
const BATCH: i64 = 64;
/// How much text one search for an error looks through, in bytes.
const ERROR_BUDGET: u64 = 512 << 20;

/// A scope as the index knows it.
struct Log {
    place: Place,
    total: u64,
    done: bool,
}

/// One line, as it is read.
struct Line<'a> {
    /// The first is 0.
    number: u64,
    at: i64,
    stream: LogStream,
    source: usize,
    text: &'a str,
    /// Whether its end has not come yet.
    open: bool,
}

/// A line that has not ended in what was read so far.
struct Open {
    number: u64,
    at: i64,
    stream: LogStream,
    text: String,
    ordinal: i64,
}

/// Reads lines from one number on.
struct Walk<'c> {
    conn: &'c mut AnyConnection,
    release: ReleaseId,
    place: Place,
    sources: Vec<LogSource>,
    known: HashMap<(String, i64), usize>,
    open: Vec<Option<Open>>,
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

impl<'c> Walk<'c> {
    fn new(conn: &'c mut AnyConnection, release: ReleaseId, place: Place) -> Self {
        Self { conn, release, place, sources: Vec::new(), known: HashMap::new(), open: Vec::new() }
    }

    /// Gives every line with a number from `from` to before `to` to `take`, in the order in which they end, until it
    /// has had enough or `budget` bytes were read; the number of the first line that was not looked at.
    async fn run(
        &mut self,
        from: u64,
        to: u64,
        budget: u64,
        mut take: impl FnMut(Line<'_>, &[LogSource]) -> bool,
    ) -> Result<u64> {
        if from >= to {
            return Ok(to.max(from));
        }
        let (mut line, mut ordinal) = self.chunk_of(from).await?;
        let mut left = budget;
        let mut next;
        let mut wants_more = true;
        'all: loop {
            let rows = self.batch(line, ordinal, to).await?;
            let is_last = (rows.len() as i64) < BATCH;
            for row in rows {
                let body: Vec<u8> = row.try_get("body")?;
                let body = text_of(body, || "a log".to_owned())?;
                let begun: i64 = row.try_get("lines")?;
                (line, ordinal) = (row.try_get("line")?, row.try_get("ordinal")?);
                left = left.saturating_sub(body.len() as u64);
                wants_more = self.chunk(&row, &body, from..to, &mut take)?;
                next = ((line + begun) as u64).clamp(from, to);
                if !wants_more || left == 0 {
                    break 'all;
                }
            }
            if is_last {
                next = to;
                break;
            }
        }
        if wants_more {
            self.complete(&mut take).await?;
        }
        self.open.iter_mut().for_each(|open| *open = None);
        Ok(next)
    }

    /// The chunk in which a line begins: how many lines begin before it, and the number before its own.
    async fn chunk_of(&mut self, number: u64) -> Result<(i64, i64)> {
        let (column, condition) = (self.place.column(), self.place.condition(3));
        let sql = format!(
            "SELECT {column} AS line, i.ordinal FROM log_index i WHERE {condition} AND {column} <= $2 AND i.lines > 0 \
             ORDER BY {column} DESC, i.ordinal DESC LIMIT 1"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(self.release.0).bind(number as i64);
        let row = self.place.bind(query).fetch_optional(&mut *self.conn).await?;
        Ok(match row {
            None => (0, -1),
            Some(row) => (row.try_get("line")?, row.try_get::<i64, _>("ordinal")? - 1),
        })
    }

    /// The next chunks in which lines before `to` begin or go on.
    async fn batch(&mut self, line: i64, ordinal: i64, to: u64) -> Result<Vec<sqlx::any::AnyRow>> {
        let (column, condition) = (self.place.column(), self.place.condition(6));
        let sql = format!(
            "SELECT {column} AS line, i.ordinal, i.node_key, i.attempt, i.server_id, i.lines, i.open_before, c.at, \
             c.stream, c.body FROM log_index i \
             JOIN log_chunks c ON c.release_id = i.release_id AND c.node_key = i.node_key AND c.attempt = i.attempt \
             AND c.from_byte = i.from_byte \
             WHERE {condition} AND {column} >= $2 AND {column} < $3 AND i.ordinal > $4 \
             ORDER BY {column}, i.ordinal LIMIT $5"
        );
        let query =
            sqlx::query(AssertSqlSafe(sql)).bind(self.release.0).bind(line).bind(to as i64).bind(ordinal).bind(BATCH);
        Ok(self.place.bind(query).fetch_all(&mut *self.conn).await?)
    }

    /// Takes one chunk; whether more is wanted.
    fn chunk(
        &mut self,
        row: &sqlx::any::AnyRow,
        body: &str,
        wanted: std::ops::Range<u64>,
        take: &mut impl FnMut(Line<'_>, &[LogSource]) -> bool,
    ) -> Result<bool> {
        let source = self.source(row)?;
        let stream = stream(row.try_get("stream")?)?;
        let (at, ordinal): (i64, i64) = (row.try_get("at")?, row.try_get("ordinal")?);
        let mut number = row.try_get::<i64, _>("line")? as u64;
        let open_before: i64 = row.try_get("open_before")?;
        let sources = &self.sources;
        let Some(open) = self.open.get_mut(source) else { return Ok(true) };
        let mut wants_more = true;
        let mut give = |number, at, stream, text: &str| {
            wants_more &= take(Line { number, at, stream, source, text, open: false }, sources);
        };
        for piece in pieces(body, open_before as usize) {
            if !piece.begins {
                if let Some(line) = open.as_mut() {
                    line.text.push_str(piece.text);
                    line.ordinal = ordinal;
                }
            } else {
                // Another voice has begun, or a line was too long.
                if let Some(line) = open.take() {
                    give(line.number, line.at, line.stream, &line.text);
                }
                if wanted.contains(&number) {
                    if piece.ends {
                        give(number, at, stream, piece.text);
                    } else {
                        *open = Some(Open { number, at, stream, text: piece.text.to_owned(), ordinal });
                    }
                }
                number += 1;
            }
            if piece.ends
                && let Some(line) = open.take()
            {
                give(line.number, line.at, line.stream, &line.text);
            }
        }
        Ok(wants_more)
    }

    /// Reads on what belongs to lines that had not ended yet.
    async fn complete(&mut self, take: &mut impl FnMut(Line<'_>, &[LogSource]) -> bool) -> Result<()> {
        for source in 0..self.open.len() {
            let Some(mut line) = self.open.get_mut(source).and_then(Option::take) else { continue };
            let LogSource { node, attempt, .. } = &self.sources[source];
            let mut is_open = false;
            'line: loop {
                let rows = sqlx::query(
                    "SELECT i.ordinal, i.open_before, c.stream, c.body FROM log_index i \
                     JOIN log_chunks c ON c.release_id = i.release_id AND c.node_key = i.node_key \
                     AND c.attempt = i.attempt AND c.from_byte = i.from_byte \
                     WHERE i.release_id = $1 AND i.node_key = $2 AND i.attempt = $3 AND i.ordinal > $4 \
                     ORDER BY i.attempt_line, i.ordinal LIMIT $5",
                )
                .bind(self.release.0)
                .bind(node.as_str())
                .bind(i64::from(*attempt))
                .bind(line.ordinal)
                // Nearly always the first one ends it.
                .bind(4_i64)
                .fetch_all(&mut *self.conn)
                .await?;
                if rows.is_empty() {
                    is_open = true;
                    break;
                }
                for row in rows {
                    let open_before: i64 = row.try_get("open_before")?;
                    line.ordinal = row.try_get("ordinal")?;
                    let body = text_of(row.try_get("body")?, || format!("the log of {node}"))?;
                    let Some(piece) = pieces(&body, open_before as usize).next() else { continue };
                    if piece.begins {
                        break 'line;
                    }
                    line.text.push_str(piece.text);
                    if piece.ends || piece.text.len() < body.len() {
                        break 'line;
                    }
                }
            }
            take(
                Line { number: line.number, at: line.at, stream: line.stream, source, text: &line.text, open: is_open },
                &self.sources,
            );
        }
        Ok(())
    }

    fn source(&mut self, row: &sqlx::any::AnyRow) -> Result<usize> {
        let key: (String, i64) = (row.try_get("node_key")?, row.try_get("attempt")?);
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let server: Option<i64> = row.try_get("server_id")?;
        self.sources.push(LogSource {
            node: NodeKey(key.0.clone()),
            attempt: u32::try_from(key.1).unwrap_or(0),
            server_id: server.map(ServerId),
        });
        self.open.push(None);
        let index = self.sources.len() - 1;
        self.known.insert(key, index);
        Ok(index)
    }
}
