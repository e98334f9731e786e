//! The logs of nodes: bytes in bounded chunks, addressed by their offset.

use launchway_domain::{EventData, LogLine, LogPage, LogStream, NodeKey, ReleaseId, Timestamp};
use sqlx::{AnyConnection, Row};

use super::error::{Result, StoreError};
use super::log_index::{Added, Indexer, index_old};
use super::runs::Lease;
use super::{Store, nodes};

/// Bytes of text in one row, at most.
pub(super) const CHUNK: usize = 64 * 1024;

/// Bytes of text that an event carries itself, for one call in all.
const INLINE: usize = 4 * 1024;

/// Pieces on one page, at most: many small ones weigh more than their text.
const PAGE_ROWS: i64 = 5_000;

impl Store {
    /// Adds to the log of a node's run; the offset after its end.
    ///
    /// # Errors
    /// [`StoreError::Stale`]; [`StoreError::NotFound`] for a node that was not planned.
    pub async fn append_log(&self, lease: &Lease, node: &NodeKey, attempt: u32, lines: &[LogLine]) -> Result<u64> {
        let mut w = self.write().await?;
        let project = w.fence(lease).await?;
        nodes::get(w.conn(), lease.release, node).await?;
        let start = end(w.conn(), lease.release, node, attempt).await?;
        index_old(&mut w, lease.release).await?;
        let mut index = Indexer::at_end(w.conn(), lease.release).await?;
        let mut offset = start;
        for chunk in chunks(lines) {
            let next = offset + chunk.text.len() as u64;
            sqlx::query(
                "INSERT INTO log_chunks (release_id, node_key, attempt, from_byte, to_byte, at, stream, body) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(lease.release.0)
            .bind(node.as_str())
            .bind(i64::from(attempt))
            .bind(offset as i64)
            .bind(next as i64)
            .bind(chunk.at.0)
            .bind(chunk.stream.as_str())
            .bind(chunk.text.as_bytes().to_vec())
            .execute(w.conn())
            .await?;
            let (from_byte, stream, text) = (offset as i64, chunk.stream.as_str(), chunk.text.as_str());
            index.add(w.conn(), &Added { node, attempt, from_byte, stream, text }).await?;
            offset = next;
        }
        let inline = offset - start <= INLINE as u64;
        let mut from = start;
        for (stream, text) in runs(lines) {
            let to = from + text.len() as u64;
            let text = inline.then_some(text);
            let (release_id, node) = (lease.release, node.clone());
            w.event(project, EventData::LogAppended { release_id, node, attempt, from, to, stream, text });
            from = to;
        }
        w.commit().await?;
        Ok(offset)
    }

    /// A stretch of the log of a node's run (`attempt` none: its latest), from a byte offset on: as many
    /// whole pieces as fit into `max_bytes`, or as much of one as does. An offset within a character
    /// means that character; one after the end gives nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a node that was not planned.
    pub async fn log_page(
        &self,
        release: ReleaseId,
        node: &NodeKey,
        attempt: Option<u32>,
        offset: u64,
        max_bytes: usize,
    ) -> Result<LogPage> {
        if node.as_str().contains('\0') {
            // No key has one, and PostgreSQL would not even take the question.
            return Err(StoreError::NotFound);
        }
        let mut tx = self.read().await?;
        let state = nodes::get(&mut tx, release, node).await?;
        let attempt = attempt.unwrap_or(state.attempt);
        let end = end(&mut tx, release, node, attempt).await?;
        let over = attempt < state.attempt || state.status.is_final();
        let mut items = Vec::new();
        let mut next = offset.min(end);
        let mut room = max_bytes.max(4);
        // Only what begins within the page is read, so that memory is bounded as well.
        let found = sqlx::query(
            "SELECT from_byte, at, stream, body FROM log_chunks \
             WHERE release_id = $1 AND node_key = $2 AND attempt = $3 AND to_byte > $4 AND from_byte < $5 \
             ORDER BY from_byte LIMIT $6",
        )
        .bind(release.0)
        .bind(node.as_str())
        .bind(i64::from(attempt))
        .bind(next as i64)
        .bind((next as i64).saturating_add(i64::try_from(room).unwrap_or(i64::MAX)))
        .bind(PAGE_ROWS)
        .fetch_all(&mut *tx)
        .await?;
        for row in found {
            let from: i64 = row.try_get("from_byte")?;
            let body: Vec<u8> = row.try_get("body")?;
            let body = text_of(body, || format!("the log of {node} at {from}"))?;
            let from = from as u64;
            let skip = floor(&body, next.saturating_sub(from) as usize);
            let rest = &body[skip..];
            let take = if rest.len() <= room {
                rest.len()
            } else if items.is_empty() {
                floor(rest, room)
            } else {
                break;
            };
            items.push(LogLine {
                at: Timestamp(row.try_get("at")?),
                stream: stream(row.try_get("stream")?)?,
                text: rest[..take].to_owned(),
            });
            room -= take;
            next = from + (skip + take) as u64;
            if take < rest.len() || room == 0 {
                break;
            }
        }
        Ok(LogPage { items, next, done: over && next >= end })
    }
}

/// The offset after the end of a run's log.
async fn end(conn: &mut AnyConnection, release: ReleaseId, node: &NodeKey, attempt: u32) -> Result<u64> {
    let end: Option<i64> = sqlx::query_scalar(
        "SELECT to_byte FROM log_chunks WHERE release_id = $1 AND node_key = $2 AND attempt = $3 \
         ORDER BY from_byte DESC LIMIT 1",
    )
    .bind(release.0)
    .bind(node.as_str())
    .bind(i64::from(attempt))
    .fetch_optional(conn)
    .await?;
    Ok(end.unwrap_or(0) as u64)
}

/// A chunk's body as the text that it is.
pub(super) fn text_of(body: Vec<u8>, what: impl Fn() -> String) -> Result<String> {
    String::from_utf8(body).map_err(|_| StoreError::Corrupt(format!("{} is not UTF-8", what())))
}

pub(super) fn stream(word: &str) -> Result<LogStream> {
    LogStream::parse(word).ok_or_else(|| StoreError::Corrupt(format!("unknown log stream {word:?}")))
}

/// The greatest character boundary that is not after `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Lines as they are stored: those that came together as one, none longer than [`CHUNK`].
fn chunks(lines: &[LogLine]) -> Vec<LogLine> {
    let mut chunks: Vec<LogLine> = Vec::new();
    for line in lines {
        let mut rest = line.text.as_str();
        if let Some(last) = chunks.last_mut().filter(|last| last.stream == line.stream && last.at == line.at) {
            let fits = floor(rest, CHUNK - last.text.len());
            last.text.push_str(&rest[..fits]);
            rest = &rest[fits..];
        }
        while !rest.is_empty() {
            let piece = floor(rest, CHUNK);
            chunks.push(LogLine { at: line.at, stream: line.stream, text: rest[..piece].to_owned() });
            rest = &rest[piece..];
        }
    }
    chunks
}

/// Lines as they are told of: one stretch for each change of the stream.
fn runs(lines: &[LogLine]) -> Vec<(LogStream, String)> {
    let mut runs: Vec<(LogStream, String)> = Vec::new();
    for line in lines.iter().filter(|line| !line.text.is_empty()) {
        match runs.last_mut() {
            Some((stream, text)) if *stream == line.stream => text.push_str(&line.text),
            _ => runs.push((line.stream, line.text.clone())),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: i64, stream: LogStream, text: &str) -> LogLine {
        LogLine { at: Timestamp(at), stream, text: text.to_owned() }
    }

    #[test]
    fn what_came_together_is_stored_together() {
        let lines = [
            line(1, LogStream::Output, "a\n"),
            line(1, LogStream::Output, "b\n"),
            line(2, LogStream::Output, "c\n"),
            line(2, LogStream::System, "d\n"),
        ];
        let texts: Vec<String> = chunks(&lines).into_iter().map(|chunk| chunk.text).collect();
        assert_eq!(texts, ["a\nb\n", "c\n", "d\n"]);
    }

    #[test]
    fn no_chunk_is_too_long_and_none_cuts_a_character() {
        let text = format!("x{}", "发".repeat(CHUNK));
        let chunks = chunks(&[line(1, LogStream::Output, "ab"), line(1, LogStream::Output, &text)]);
        assert!(chunks.iter().all(|chunk| chunk.text.len() <= CHUNK));
        assert_eq!(chunks.iter().map(|chunk| chunk.text.as_str()).collect::<String>(), format!("ab{text}"));
    }
}
