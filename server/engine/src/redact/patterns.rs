//! The texts that are looked for, and how they are found: by binary search, in a single pass.

use std::cmp::Ordering;

use secrecy::{ExposeSecret, SecretString};

use super::{MASK, SHORTEST};

/// The most spaces that a line within base64 is indented by, as a block in YAML is.
const INDENT: usize = 32;

/// Everything that is looked for.
#[derive(Default)]
pub(super) struct Patterns {
    /// What is masked as it stands.
    plain: Sorted,
    /// What is masked with line breaks anywhere within it too.
    broken: Sorted,
    /// The beginnings of all: most bytes of a log are settled by this alone.
    begins: Beginnings,
}

/// What stands at one place of a stream.
pub(super) struct Look {
    /// The length of the longest pattern that begins here, in bytes of the stream.
    pub(super) longest: Option<usize>,
    /// Whether lines may break within that.
    pub(super) is_broken: bool,
    /// Whether what is there of the stream may be the beginning of a longer one.
    pub(super) may_go_on: bool,
}

impl Patterns {
    /// Of texts, and of those that are found over line breaks too. Shorter ones than [`SHORTEST`] are not looked for.
    pub(super) fn new(plain: Vec<SecretString>, broken: Vec<SecretString>) -> Self {
        let (plain, broken) = (Sorted::new(plain, false), Sorted::new(broken, true));
        let mut begins = Beginnings::default();
        for pattern in plain.iter().chain(broken.iter()) {
            begins.add(pattern);
        }
        for pattern in broken.iter() {
            begins.add_broken(pattern);
        }
        Self { plain, broken, begins }
    }

    pub(super) fn count(&self) -> usize {
        self.plain.sorted.len() + self.broken.sorted.len()
    }

    /// How many bytes come before the first that may begin a pattern; the last three may always.
    pub(super) fn harmless(&self, bytes: &[u8]) -> usize {
        self.begins.harmless(bytes)
    }

    /// What stands at the beginning of `bytes`.
    pub(super) fn look(&self, bytes: &[u8]) -> Look {
        let (plain, broken) = (self.plain.look(bytes), self.broken.look(bytes));
        let may_go_on = plain.may_go_on || broken.may_go_on;
        let longest = if broken.longest > plain.longest { broken } else { plain };
        Look { may_go_on, ..longest }
    }
}

/// What is written for a pattern with line breaks: the mask for each line of it, and between them what broke them. So the
/// log keeps its lines, and tells no more than how many there were.
pub(super) fn lines(found: &[u8]) -> impl Iterator<Item = &[u8]> {
    let runs = found.chunk_by(|a, b| is_digit(*a) == is_digit(*b));
    runs.map(|run| if run.first().is_some_and(|byte| is_digit(*byte)) { MASK.as_bytes() } else { run })
}

/// What base64, in either alphabet, and hexadecimal numbers are written in.
fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
}

/// Which four bytes may begin a pattern: a bit for each, by a hash, so that some do not really.
struct Beginnings(Vec<u64>);

impl Default for Beginnings {
    fn default() -> Self {
        Self(vec![0; 1 << 12])
    }
}

impl Beginnings {
    fn place(bytes: &[u8]) -> (usize, u64) {
        let word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        // Knuth's multiplicative hash; its highest bits are its best.
        let hash = word.wrapping_mul(0x9e37_79b1) >> 14;
        ((hash >> 6) as usize, 1 << (hash & 63))
    }

    fn add(&mut self, pattern: &[u8]) {
        let (word, bit) = Self::place(pattern);
        self.0[word] |= bit;
    }

    /// What the first four bytes are where a line breaks within them.
    fn add_broken(&mut self, pattern: &[u8]) {
        for at in 1..SHORTEST {
            for line_break in ["\n", "\r\n", "\n ", "\n  ", "\r\n "] {
                let (before, after) = pattern.split_at(at);
                self.add(&[before, line_break.as_bytes(), after].concat());
            }
        }
    }

    fn harmless(&self, bytes: &[u8]) -> usize {
        let begins = |window: &[u8]| {
            let (word, bit) = Self::place(window);
            self.0[word] & bit != 0
        };
        bytes.windows(SHORTEST).position(begins).unwrap_or((bytes.len() + 1).saturating_sub(SHORTEST))
    }
}

/// Patterns of one kind.
#[derive(Default)]
struct Sorted {
    /// In bytewise order, none twice, none shorter than [`SHORTEST`].
    sorted: Vec<SecretString>,
    /// For each the longest other one that it begins with, by its place.
    within: Vec<Option<usize>>,
    /// Whether lines may break within them.
    may_break: bool,
}

impl Sorted {
    fn new(mut sorted: Vec<SecretString>, may_break: bool) -> Self {
        sorted.retain(|pattern| pattern.expose_secret().len() >= SHORTEST);
        sorted.sort_by(|a, b| a.expose_secret().cmp(b.expose_secret()));
        sorted.dedup_by(|a, b| a.expose_secret() == b.expose_secret());
        let mut within: Vec<Option<usize>> = Vec::with_capacity(sorted.len());
        for (index, pattern) in sorted.iter().enumerate() {
            let pattern = pattern.expose_secret();
            // Whatever this begins with, the one before it begins with too, or is.
            let mut other = index.checked_sub(1);
            while let Some(place) = other.filter(|place| !pattern.starts_with(sorted[*place].expose_secret())) {
                other = within[place];
            }
            within.push(other);
        }
        Self { sorted, within, may_break }
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.sorted.iter().map(|pattern| pattern.expose_secret().as_bytes())
    }

    fn meet(&self, pattern: &SecretString, bytes: &[u8]) -> Meeting {
        meet(pattern.expose_secret().as_bytes(), bytes, self.may_break)
    }

    fn look(&self, bytes: &[u8]) -> Look {
        let comes_first = |pattern: &SecretString| match self.meet(pattern, bytes) {
            Meeting::Whole(_) => true,
            Meeting::Cut => false,
            Meeting::Differs(order) => order == Ordering::Less,
        };
        let after = self.sorted.partition_point(comes_first);
        let next = self.sorted.get(after);
        let may_go_on = next.is_some_and(|pattern| matches!(self.meet(pattern, bytes), Meeting::Cut));
        let mut index = after.checked_sub(1);
        while let Some(place) = index {
            if let Meeting::Whole(length) = self.meet(&self.sorted[place], bytes) {
                return Look { longest: Some(length), is_broken: self.may_break, may_go_on };
            }
            index = self.within[place];
        }
        Look { longest: None, is_broken: false, may_go_on }
    }
}

/// How a pattern and what stands in the stream compare.
enum Meeting {
    /// The pattern is there, in so many bytes of the stream.
    Whole(usize),
    /// The stream is the beginning of the pattern, and ends.
    Cut,
    /// The pattern's order to the stream's bytes, by the first one that differs.
    Differs(Ordering),
}

fn meet(pattern: &[u8], bytes: &[u8], may_break: bool) -> Meeting {
    let mut at = 0;
    for (index, wanted) in pattern.iter().enumerate() {
        if may_break && index > 0 {
            at += line_break(&bytes[at..]);
        }
        match bytes.get(at) {
            None => return Meeting::Cut,
            Some(byte) if byte != wanted => return Meeting::Differs(wanted.cmp(byte)),
            Some(_) => at += 1,
        }
    }
    Meeting::Whole(at)
}

/// The length of the line break, and of the indentation after it, that stands here between two lines of base64, or may
/// once more of the stream is there. None of the bytes that are passed over may be in a pattern, and what is passed over
/// may depend on the stream alone: the order of patterns rests on that.
fn line_break(bytes: &[u8]) -> usize {
    let indent = match bytes {
        [b'\n', ..] => 1,
        [b'\r'] => return 1,
        [b'\r', b'\n', ..] => 2,
        _ => return 0,
    };
    let spaces = bytes[indent..].iter().take(INDENT).take_while(|byte| **byte == b' ').count();
    match bytes.get(indent + spaces) {
        Some(byte) if !is_digit(*byte) => 0,
        _ => indent + spaces,
    }
}
