//! The open log of a page: bounded, in order, without holes or repetitions. Pure: no browser, no signals.
//!
//! Text comes by two ways: in pages that are asked for, and in events. Both name byte offsets, so that
//! it does not matter which way a stretch comes first, or whether it comes twice.

use std::collections::VecDeque;
use std::sync::Arc;

use launchway_domain::{LogPage, LogStream, Timestamp};

use super::state::Growth;
use crate::api::live::LogStretch;

/// How many rows a page keeps; older ones leave it (the store keeps them).
pub const MAX_ROWS: usize = 4000;
/// How many rows one block holds: what is painted again when a row is added.
const BLOCK_ROWS: usize = 50;
/// Where a line that does not end is broken, in bytes.
const MAX_ROW_BYTES: usize = 4000;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// When its beginning came.
    pub at: Timestamp,
    /// From where.
    pub stream: LogStream,
    /// The text as it is shown: without line end, escape sequences, or what a carriage return overwrote.
    pub text: String,
    /// The text as it came, while the line has not ended.
    open: Option<String>,
}

/// Some rows that are painted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its number, counted from the first block of this log.
    pub id: u64,
    /// How often it was changed.
    pub version: u64,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// What became of a stretch that an event told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grown {
    /// It was added.
    Appended,
    /// It was there already, or belongs to an earlier run.
    Known,
    /// Something before it, or its text, is missing: ask for the log from [`LogTail::next`] on.
    Gap,
}

/// The log of one run of one node, from some offset on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTail {
    attempt: u32,
    next: u64,
    blocks: VecDeque<Arc<Block>>,
    next_block: u64,
    rows: usize,
    dropped: bool,
}

impl LogTail {
    /// An empty one, to be filled from a byte offset on.
    pub fn new(attempt: u32, from: u64) -> Self {
        Self { attempt, next: from, blocks: VecDeque::new(), next_block: 0, rows: 0, dropped: from > 0 }
    }

    /// What a stretch of a log holds.
    pub fn of(stretch: &LogStretch) -> Self {
        let mut tail = Self::new(stretch.attempt, stretch.from);
        tail.take_page(stretch.from, &stretch.page);
        tail
    }

    /// Which run.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The byte offset up to which the text is known.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// What is shown, oldest first.
    pub fn blocks(&self) -> impl Iterator<Item = &Arc<Block>> {
        self.blocks.iter()
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Whether earlier lines are not shown.
    pub fn is_cut(&self) -> bool {
        self.dropped
    }

    /// Takes a page that was asked for at `from`. Answers whether anything new was in it.
    pub fn take_page(&mut self, from: u64, page: &LogPage) -> bool {
        if from > self.next {
            return false;
        }
        let before = self.next;
        // Counted back from the end: an offset within a character made the page begin a little earlier.
        let length: u64 = page.items.iter().map(|line| line.text.len() as u64).sum();
        let mut at = page.next.saturating_sub(length);
        for line in &page.items {
            let end = at + line.text.len() as u64;
            self.take(at, end, line.at, line.stream, &line.text);
            at = end;
        }
        // What the store leaves out of the text still counts as read.
        self.next = self.next.max(page.next);
        self.next > before
    }

    /// Takes what an event told of.
    pub fn grow(&mut self, growth: &Growth) -> Grown {
        if growth.attempt != self.attempt || growth.to <= self.next {
            return if growth.attempt > self.attempt { Grown::Gap } else { Grown::Known };
        }
        match &growth.text {
            Some(text) if growth.from <= self.next && growth.to - growth.from == text.len() as u64 => {
                self.take(growth.from, growth.to, growth.at, growth.stream, text);
                Grown::Appended
            }
            _ => Grown::Gap,
        }
    }

    /// Adds the part of a stretch that lies behind what is known.
    fn take(&mut self, from: u64, to: u64, at: Timestamp, stream: LogStream, text: &str) {
        if to <= self.next || from > self.next {
            return;
        }
        let known = (self.next - from) as usize;
        // An offset within a character would be the store's mistake; losing the character is the least harm.
        let fresh = (known..=text.len()).find_map(|start| text.get(start..)).unwrap_or_default();
        for piece in fresh.split_inclusive('\n') {
            self.push(at, stream, piece);
        }
        self.next = to;
        while self.rows > MAX_ROWS {
            if let Some(block) = self.blocks.pop_front() {
                self.rows -= block.rows.len();
                self.dropped = true;
            }
        }
    }

    fn push(&mut self, at: Timestamp, stream: LogStream, piece: &str) {
        if let Some(block) = self.blocks.back_mut()
            && let Some(last) = block.rows.last()
            && last.stream == stream
            && let Some(open) = &last.open
            && open.len() + piece.len() <= MAX_ROW_BYTES
        {
            let row = Row::new(last.at, stream, format!("{open}{piece}"));
            let block = Arc::make_mut(block);
            block.version += 1;
            block.rows.pop();
            block.rows.push(row);
            return;
        }
        let mut rest = piece;
        while !rest.is_empty() {
            let cut = (MAX_ROW_BYTES.min(rest.len())..=rest.len())
                .find(|at| rest.is_char_boundary(*at))
                .unwrap_or(rest.len());
            let (head, tail) = rest.split_at(cut);
            self.push_row(Row::new(at, stream, head.to_owned()));
            rest = tail;
        }
    }

    fn push_row(&mut self, row: Row) {
        self.rows += 1;
        if let Some(block) = self.blocks.back_mut().filter(|block| block.rows.len() < BLOCK_ROWS) {
            let block = Arc::make_mut(block);
            block.version += 1;
            block.rows.push(row);
            return;
        }
        self.blocks.push_back(Arc::new(Block { id: self.next_block, version: 0, rows: vec![row] }));
        self.next_block += 1;
    }
}

impl Row {
    fn new(at: Timestamp, stream: LogStream, raw: String) -> Self {
        let text = clean(&raw);
        Self { at, stream, text, open: (!raw.ends_with('\n')).then_some(raw) }
    }
}

/// A line as a terminal would leave it: no escape sequences, no line end, and of a line that was
/// written over and over (a progress bar) only the last state.
fn clean(raw: &str) -> String {
    let line = raw.trim_end_matches(['\n', '\r']);
    let line = line.rsplit('\r').next().unwrap_or(line);
    let mut text = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\t' => text.push(c),
            c if c.is_control() => {}
            c => text.push(c),
        }
    }
    text
}

/// Skips what follows an ESC: a control sequence (`[` … letter), an operating system command (`]` …
/// BEL or ESC \), or a single character.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next() {
        Some('[') => while chars.next().is_some_and(|c| !('\u{40}'..='\u{7e}').contains(&c)) {},
        Some(']') => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' {
                    break;
                }
                if c == '\u{1b}' {
                    chars.next_if_eq(&'\\');
                    break;
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use launchway_domain::{LogLine, NodeKey};

    use super::*;

    fn growth(from: u64, text: &str) -> Growth {
        Growth {
            node: NodeKey("download".into()),
            attempt: 1,
            from,
            to: from + text.len() as u64,
            stream: LogStream::Output,
            text: Some(text.into()),
            at: Timestamp(from as i64),
        }
    }

    fn page(from: u64, text: &str) -> LogPage {
        LogPage {
            items: vec![LogLine { at: Timestamp(0), stream: LogStream::Output, text: text.into() }],
            next: from + text.len() as u64,
            done: false,
        }
    }

    fn shown(tail: &LogTail) -> Vec<String> {
        tail.blocks().flat_map(|block| block.rows.iter().map(|row| row.text.clone())).collect()
    }

    #[test]
    fn pages_and_events_meet_without_holes_or_repetitions() {
        let text = "one\ntwo\n三\nfour and more\nfive\n";
        // Every stretch of the text, by either way, in many orders: whatever is added is a beginning of it.
        let bounds: Vec<u64> = text.char_indices().map(|(at, _)| at as u64).chain([text.len() as u64]).collect();
        let mut state = 88_172_645_463_325_252_u64;
        let mut next = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        };
        for _ in 0..300 {
            let mut tail = LogTail::new(1, 0);
            while tail.next() < text.len() as u64 {
                let (a, b) = (bounds[next(bounds.len())], bounds[next(bounds.len())]);
                let (from, to) = (a.min(b), a.max(b));
                let piece = &text[from as usize..to as usize];
                if next(2) == 0 {
                    tail.take_page(from, &page(from, piece));
                } else {
                    tail.grow(&growth(from, piece));
                }
                let known = &text[..tail.next() as usize];
                assert_eq!(shown(&tail), known.lines().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_hole_is_told_and_filled_by_a_page() {
        let mut tail = LogTail::new(1, 0);
        assert_eq!(tail.grow(&growth(0, "a\n")), Grown::Appended);
        assert_eq!(tail.grow(&growth(10, "late\n")), Grown::Gap);
        assert_eq!(tail.grow(&Growth { text: None, ..growth(2, "bbbbbb\n") }), Grown::Gap);
        assert!(tail.take_page(2, &page(2, "bbbbbb\n\nlate\n")));
        assert_eq!(tail.grow(&growth(10, "late\n")), Grown::Known);
        assert_eq!(shown(&tail), ["a", "bbbbbb", "", "late"]);
    }

    #[test]
    fn another_runs_text_is_not_mixed_in() {
        let mut tail = LogTail::new(2, 0);
        assert_eq!(tail.grow(&growth(0, "old\n")), Grown::Known);
        assert_eq!(tail.grow(&Growth { attempt: 3, ..growth(0, "new\n") }), Grown::Gap);
        assert!(tail.is_empty());
    }

    #[test]
    fn a_line_that_comes_in_pieces_is_one_row() {
        let mut tail = LogTail::new(1, 0);
        tail.grow(&growth(0, "hel"));
        tail.grow(&growth(3, "lo\nwor"));
        assert_eq!(shown(&tail), ["hello", "wor"]);
        tail.grow(&growth(9, "ld\n"));
        assert_eq!(shown(&tail), ["hello", "world"]);
    }

    #[test]
    fn the_page_stays_bounded() {
        let mut tail = LogTail::new(1, 0);
        for number in 0..(2 * MAX_ROWS as u64) {
            let from = tail.next();
            tail.grow(&growth(from, &format!("line {number}\n")));
        }
        let rows = shown(&tail);
        assert!(rows.len() <= MAX_ROWS && rows.len() > MAX_ROWS - BLOCK_ROWS);
        assert_eq!(rows.last().map(String::as_str), Some("line 7999"));
        assert!(tail.is_cut());

        let mut tail = LogTail::new(1, 0);
        tail.grow(&growth(0, &"界".repeat(10_000)));
        assert!(shown(&tail).iter().all(|row| row.len() <= MAX_ROW_BYTES + 3));
        assert_eq!(shown(&tail).concat().chars().count(), 10_000);
    }

    #[test]
    fn only_the_last_block_changes_when_a_line_comes() {
        let mut tail = LogTail::new(1, 0);
        tail.grow(&growth(0, &"x\n".repeat(BLOCK_ROWS * 2 + 1)));
        let before: Vec<_> = tail.blocks().map(|block| (block.id, block.version)).collect();
        tail.grow(&growth(tail.next(), "y\n"));
        let after: Vec<_> = tail.blocks().map(|block| (block.id, block.version)).collect();
        assert_eq!(before[..2], after[..2]);
        assert_ne!(before[2], after[2]);
    }

    #[test]
    fn terminal_tricks_are_undone() {
        assert_eq!(clean("\u{1b}[1;32mgreen\u{1b}[0m and plain\n"), "green and plain");
        assert_eq!(clean("10%\r50%\r100%\r\n"), "100%");
        assert_eq!(clean("\u{1b}]0;title\u{7}text\u{0}\n"), "text");
        assert_eq!(clean("\u{1b}[31"), "");
        assert_eq!(clean("a\tb\n"), "a\tb");
    }
}
