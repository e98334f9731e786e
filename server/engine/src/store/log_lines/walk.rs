//! Walks over the chunks of a log and puts its lines together.

use std::collections::HashMap;

use launchway_domain::log::lines::pieces;
use launchway_domain::{LogSource, LogStream, NodeKey, ReleaseId, ServerId};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::store::error::Result;
use crate::store::log_index::Place;
use crate::store::logs::{stream, text_of};

/// Chunks that are read at once: what a search holds in memory is this many times the size of one.
const BATCH: i64 = 64;
/// One line, as it is read.
pub(super) struct Line<'a> {
    /// The first is 0.
    pub(super) number: u64,
    pub(super) at: i64,
    pub(super) stream: LogStream,
    pub(super) source: usize,
    pub(super) text: &'a str,
    /// Whether its end has not come yet.
    pub(super) open: bool,
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
pub(super) struct Walk<'c> {
    conn: &'c mut AnyConnection,
    release: ReleaseId,
    place: Place,
    pub(super) sources: Vec<LogSource>,
    known: HashMap<(String, i64), usize>,
    open: Vec<Option<Open>>,
}

impl<'c> Walk<'c> {
    pub(super) fn new(conn: &'c mut AnyConnection, release: ReleaseId, place: Place) -> Self {
        Self { conn, release, place, sources: Vec::new(), known: HashMap::new(), open: Vec::new() }
    }

    /// Gives every line with a number from `from` to before `to` to `take`, in the order in which they end, until it
    /// has had enough or `budget` bytes were read; the number of the first line that was not looked at.
    pub(super) async fn run(
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
