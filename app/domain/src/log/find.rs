//! Where a text stands in a line, whatever the case of its letters.

/// The longest text that is searched for, in bytes.
pub const NEEDLE_MAX: usize = 200;

/// What is searched for.
#[derive(Clone, Debug)]
pub struct Needle {
    lower: String,
}

impl Needle {
    /// A text to search for; none where it is empty or too long.
    pub fn new(text: &str) -> Option<Self> {
        let lower: String = text.chars().map(fold).collect();
        (!lower.is_empty() && text.len() <= NEEDLE_MAX).then_some(Self { lower })
    }

    /// Where it stands in a text: byte ranges, in order, that do not overlap.
    pub fn places(&self, text: &str) -> Vec<(usize, usize)> {
        let mut places = Vec::new();
        let mut from = 0;
        while let Some((start, end)) = self.first(text, from) {
            places.push((start, end));
            from = end;
        }
        places
    }

    /// How often it stands in a text.
    pub fn count(&self, text: &str) -> u64 {
        let (mut count, mut from) = (0, 0);
        while let Some((_, end)) = self.first(text, from) {
            count += 1;
            from = end;
        }
        count
    }

    /// The first place at or after a byte offset.
    fn first(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        let first = self.lower.as_bytes().first()?;
        if self.lower.is_ascii() {
            let (bytes, needle) = (text.as_bytes(), self.lower.as_bytes());
            let last = bytes.len().checked_sub(needle.len())?;
            return (from..=last)
                .find(|at| {
                    bytes[*at].to_ascii_lowercase() == *first
                        && bytes[*at..][..needle.len()].eq_ignore_ascii_case(needle)
                })
                .map(|at| (at, at + needle.len()));
        }
        let rest = text.get(from..)?;
        rest.char_indices().find_map(|(at, _)| {
            let mut end = from + at;
            let mut chars = text.get(end..)?.chars();
            for wanted in self.lower.chars() {
                let c = chars.next()?;
                if fold(c) != wanted {
                    return None;
                }
                end += c.len_utf8();
            }
            Some((from + at, end))
        })
    }
}

/// The small letter, where it is one letter.
fn fold(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(lower), None) => lower,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(needle: &str, text: &str) -> Vec<String> {
        Needle::new(needle).unwrap().places(text).into_iter().map(|(from, to)| text[from..to].to_owned()).collect()
    }

    #[test]
    fn the_case_does_not_matter() {
        assert_eq!(places("error", "An ERROR, an Error, no terror"), ["ERROR", "Error", "error"]);
        assert_eq!(places("ÜBER", "über und Über"), ["über", "Über"]);
        assert_eq!(places("发布", "准备发布，发布完成"), ["发布", "发布"]);
        assert!(places("x", "").is_empty());
        assert!(places("abc", "ab").is_empty());
    }

    #[test]
    fn places_do_not_overlap() {
        assert_eq!(places("aa", "aaaaa").len(), 2);
        assert_eq!(Needle::new("aa").unwrap().count("aaaaa"), 2);
        assert_eq!(Needle::new("ß").unwrap().count("ßßẞ"), 3);
    }

    #[test]
    fn nothing_and_too_much_are_not_searched_for() {
        assert!(Needle::new("").is_none());
        assert!(Needle::new(&"x".repeat(NEEDLE_MAX + 1)).is_none());
        assert!(Needle::new(&"x".repeat(NEEDLE_MAX)).is_some());
    }
}
