//! How text falls into lines, piece by piece as it comes.
//!
//! Where a line ends depends on the text alone and not on how it was cut into pieces, so that the writer
//! who counts lines and the reader who numbers them agree.

/// The longest line, in bytes without its end: what is longer goes on in the next one.
pub const LINE_MAX: usize = 16 * 1024;

/// A part of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The text, without the line end.
    pub text: &'a str,
    /// Whether a line begins here; else it goes on.
    pub begins: bool,
    /// Whether it ends here for certain.
    pub ends: bool,
}

/// Cuts text into the parts of its lines.
#[derive(Clone, Debug)]
pub struct Pieces<'a> {
    rest: &'a str,
    open: usize,
}

/// The parts of a text's lines. `open` is how many bytes the line has already that the text goes on with; 0 where
/// it begins a new one.
pub fn pieces(text: &str, open: usize) -> Pieces<'_> {
    Pieces { rest: text, open }
}

/// How many lines begin in a text, and how many bytes of its last line have no end yet.
pub fn count(text: &str, open: usize) -> (u64, usize) {
    let mut pieces = pieces(text, open);
    let lines = pieces.by_ref().filter(|piece| piece.begins).count();
    (lines as u64, pieces.open)
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        // A full line whose next character is no line end has ended without one.
        if self.open >= LINE_MAX && !self.rest.starts_with('\n') {
            self.open = 0;
        }
        let begins = self.open == 0;
        let room = LINE_MAX.saturating_sub(self.open);
        let (length, end, ends) = match self.rest.as_bytes().iter().take(room + 1).position(|byte| *byte == b'\n') {
            Some(at) => (at, at + 1, true),
            None if self.rest.len() <= room => (self.rest.len(), self.rest.len(), false),
            None => {
                let cut = floor(self.rest, room);
                if cut == 0 {
                    // The next character does not fit into the open line.
                    self.open = 0;
                    return self.next();
                }
                (cut, cut, self.rest.as_bytes().get(cut) != Some(&b'\n'))
            }
        };
        let (text, rest) = (self.rest.get(..length)?, self.rest.get(end..)?);
        self.rest = rest;
        self.open = if ends { 0 } else { self.open + length };
        Some(Piece { text, begins, ends })
    }
}

/// The greatest character boundary that is not after `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a text that comes in the given parts.
    fn lines(parts: &[&str]) -> Vec<String> {
        let (mut lines, mut open): (Vec<String>, usize) = (Vec::new(), 0);
        for part in parts {
            let before = lines.len();
            for piece in pieces(part, open) {
                if piece.begins {
                    lines.push(String::new());
                }
                lines.last_mut().unwrap().push_str(piece.text);
            }
            let (begun, left) = count(part, open);
            assert_eq!(begun as usize, lines.len() - before);
            open = left;
        }
        lines
    }

    #[test]
    fn a_line_ends_with_its_line_end() {
        assert_eq!(lines(&["a\nb\n\nc"]), ["a", "b", "", "c"]);
        assert_eq!(lines(&["a", "b\n", "\n", "c\n"]), ["ab", "", "c"]);
        assert!(lines(&["", ""]).is_empty());
        assert_eq!(count("a\nbc", 0), (2, 2));
        assert_eq!(count("c\n", 2), (0, 0));
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let long = "x".repeat(2 * LINE_MAX + 5);
        let found = lines(&[&long, "y\n"]);
        assert_eq!(found.iter().map(String::len).collect::<Vec<_>>(), [LINE_MAX, LINE_MAX, 6]);
        let exact = "x".repeat(LINE_MAX);
        assert_eq!(lines(&[&exact, "\n", "y"]).iter().map(String::len).collect::<Vec<_>>(), [LINE_MAX, 1]);
        assert_eq!(lines(&[&exact, "y"]).iter().map(String::len).collect::<Vec<_>>(), [LINE_MAX, 1]);
    }

    #[test]
    fn lines_do_not_depend_on_the_parts() {
        let text = format!("{}\n发布{}\n\nend{}", "界".repeat(LINE_MAX / 2), "é".repeat(LINE_MAX), "\n\n");
        let whole = lines(&[&text]);
        let bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let mut state = 88_172_645_463_325_252_u64;
        for _ in 0..30 {
            let mut cuts = vec![0, text.len()];
            for _ in 0..20 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                cuts.push(bounds[(state % bounds.len() as u64) as usize]);
            }
            cuts.sort_unstable();
            let parts: Vec<&str> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            assert_eq!(lines(&parts), whole);
        }
    }
}
