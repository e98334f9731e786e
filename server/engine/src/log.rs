//! The log of one run of one node: masked, capped, and written in batches.
//!
//! Steps, most of them on threads that block, hand over bytes; a task masks them, cuts them to the
//! cap and appends them to the store at most five times a second. The channel between is bounded, so
//! that a hook that prints faster than the database writes is slowed down and not buffered.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use launchway_domain::{LogLine, LogStream, NodeKey, Timestamp};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::redact::{Masker, Redactor};
use crate::store::{Lease, Store, StoreError};

/// How much of a node's output is kept from its beginning, in bytes.
pub const DEFAULT_CAP: u64 = 128 << 20;
/// How much is kept from its end, past the cap: the error is usually there. In bytes.
pub(crate) const TAIL: usize = 64 << 10;
/// Text is written once this much has come, in bytes …
const BATCH: usize = 64 << 10;
/// … or this long after the first of it.
const PATIENCE: Duration = Duration::from_millis(200);

enum Piece {
    Output(Vec<u8>),
    Skipped(u64),
    System(String),
}

/// Where a step writes. Cheap to clone; the log ends when [`NodeLog::close`] is called.
#[derive(Clone)]
pub struct LogHandle {
    pieces: mpsc::Sender<Piece>,
    full: Arc<AtomicBool>,
}

impl LogHandle {
    /// What a hook or command printed. Blocks while the store is behind; not for async code.
    pub fn output(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            // The receiver goes only when the lease is lost, and with it the right to write.
            let _ = self.pieces.blocking_send(Piece::Output(bytes.to_vec()));
        }
    }

    /// A line of Launchway's own. Blocks likewise.
    pub fn note(&self, line: impl Into<String>) {
        let _ = self.pieces.blocking_send(Piece::System(line.into()));
    }

    /// Says that some bytes of output were not even fetched, since the cap is reached. Blocks likewise.
    pub fn skip(&self, bytes: u64) {
        if bytes > 0 {
            let _ = self.pieces.blocking_send(Piece::Skipped(bytes));
        }
    }

    /// Whether the cap is reached, so that only the end of what comes is kept.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// The same as [`LogHandle::note`] from async code.
    pub async fn say(&self, line: impl Into<String>) {
        let _ = self.pieces.send(Piece::System(line.into())).await;
    }
}

/// The open log of one run of a node.
pub struct NodeLog {
    handle: LogHandle,
    writer: JoinHandle<Result<(), StoreError>>,
}

impl NodeLog {
    /// Opens the log. `stored` is how many bytes of output are in the store from before a crash: the
    /// same output is read again from its beginning then, and that much of it is passed over.
    pub fn open(
        store: Store,
        lease: Lease,
        node: NodeKey,
        attempt: u32,
        redactor: Redactor,
        cap: u64,
        stored: u64,
    ) -> Self {
        let (pieces, receiver) = mpsc::channel(16);
        let full = Arc::new(AtomicBool::new(false));
        let writer = Writer {
            full: Arc::clone(&full),
            store,
            lease,
            node,
            attempt,
            masker: Masker::new(redactor.clone()),
            redactor,
            cap,
            written: 0,
            stored,
            dropped: 0,
            tail: VecDeque::new(),
            lines: Vec::new(),
            bytes: 0,
        };
        Self { handle: LogHandle { pieces, full }, writer: tokio::spawn(writer.run(receiver)) }
    }

    /// Where a step writes.
    pub fn handle(&self) -> LogHandle {
        self.handle.clone()
    }

    /// Writes what is left. Every [`LogHandle`] has to be gone by then, else this waits for it.
    ///
    /// # Errors
    /// What the store said, [`StoreError::Stale`] above all.
    pub async fn close(self) -> Result<(), StoreError> {
        drop(self.handle);
        match self.writer.await {
            Ok(result) => result,
            Err(panic) => Err(StoreError::Corrupt(format!("the log writer ended: {panic}"))),
        }
    }
}

struct Writer {
    full: Arc<AtomicBool>,
    store: Store,
    lease: Lease,
    node: NodeKey,
    attempt: u32,
    masker: Masker,
    redactor: Redactor,
    cap: u64,
    /// Output seen so far, as masked text, in bytes.
    written: u64,
    stored: u64,
    /// Output beyond the cap and no longer in the tail, in bytes.
    dropped: u64,
    tail: VecDeque<u8>,
    lines: Vec<LogLine>,
    bytes: usize,
}

impl Writer {
    async fn run(mut self, mut pieces: mpsc::Receiver<Piece>) -> Result<(), StoreError> {
        let mut due: Option<Instant> = None;
        loop {
            let next = match due {
                None => pieces.recv().await,
                Some(at) => match timeout_at(at, pieces.recv()).await {
                    Ok(next) => next,
                    Err(_) => {
                        self.flush().await?;
                        due = None;
                        continue;
                    }
                },
            };
            match next {
                None => break,
                Some(Piece::Output(bytes)) => {
                    let text = self.masker.push(&bytes);
                    self.output(text);
                }
                Some(Piece::Skipped(bytes)) => {
                    self.dropped += bytes + self.tail.len() as u64;
                    self.tail.clear();
                }
                Some(Piece::System(line)) => {
                    let held = self.masker.finish();
                    self.output(held);
                    let line = self.redactor.mask(&line);
                    self.line(LogStream::System, format!("{}\n", line.trim_end()));
                }
            }
            if self.bytes >= BATCH {
                self.flush().await?;
                due = None;
            } else if !self.lines.is_empty() && due.is_none() {
                due = Some(Instant::now() + PATIENCE);
            }
        }
        let held = self.masker.finish();
        self.output(held);
        self.end();
        self.flush().await
    }

    /// Takes masked text: passes over what is stored already, keeps what fits below the cap, and of
    /// the rest the end.
    fn output(&mut self, text: String) {
        let mut text = text.as_str();
        if self.written < self.stored {
            let known = usize::try_from(self.stored - self.written).unwrap_or(usize::MAX).min(text.len());
            let known = text.floor_char_boundary(known);
            self.written += known as u64;
            text = &text[known..];
        }
        if text.is_empty() {
            return;
        }
        if self.written < self.cap {
            let room = usize::try_from(self.cap - self.written).unwrap_or(usize::MAX).min(text.len());
            let room = text.floor_char_boundary(room);
            let (fits, rest) = text.split_at(room);
            self.written += fits.len() as u64;
            if !fits.is_empty() {
                self.line(LogStream::Output, fits.to_owned());
            }
            text = rest;
        }
        if !text.is_empty() {
            if !self.full.swap(true, Ordering::Relaxed) {
                // Less than the cap where its last byte would have been a part of a character.
                self.written = self.cap;
                let size = size(self.cap);
                self.line(
                    LogStream::System,
                    format!("\n… the log of a node is capped at {size}; of what follows only the end is kept …\n"),
                );
            }
            self.tail.extend(text.as_bytes());
            let over = self.tail.len().saturating_sub(TAIL);
            self.tail.drain(..over);
            self.dropped += over as u64;
        }
    }

    /// Past the cap: how much is missing, and the end.
    fn end(&mut self) {
        if self.tail.is_empty() {
            return;
        }
        let dropped = size(self.dropped);
        self.line(LogStream::System, format!("… {dropped} left out …\n"));
        let tail: Vec<u8> = self.tail.drain(..).collect();
        self.line(LogStream::Output, String::from_utf8_lossy(&tail).into_owned());
    }

    fn line(&mut self, stream: LogStream, text: String) {
        self.bytes += text.len();
        self.lines.push(LogLine { at: Timestamp::now(), stream, text });
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        if !self.lines.is_empty() {
            self.store.append_log(&self.lease, &self.node, self.attempt, &self.lines).await?;
            self.lines.clear();
            self.bytes = 0;
        }
        Ok(())
    }
}

/// A number of bytes for people: `128 MiB`, `1.5 KiB`.
pub(crate) fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "KiB", "MiB"] {
        if value < 1024.0 {
            let digits = usize::from(value.fract() != 0.0 && unit != "B");
            return format!("{value:.digits$} {unit}");
        }
        value /= 1024.0;
    }
    format!("{value:.1} GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(16 << 20), "16 MiB");
        assert_eq!(size(1536), "1.5 KiB");
    }
}
