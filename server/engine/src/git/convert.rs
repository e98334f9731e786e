//! What Git does to a file's bytes on their way out of the repository: `ident`, line ends, encodings.

use git2::Oid;

use super::attributes::{Found, Value};

/// A file's bytes as `git archive` would write them. The error is the name of an encoding that is
/// not known here.
pub(super) fn to_worktree(data: &[u8], id: Oid, attributes: &Found) -> Result<Option<Vec<u8>>, String> {
    let mut out: Option<Vec<u8>> = None;
    if attributes.is_set("ident") && contains(data, b"$Id") {
        out = Some(expand_ident(data, id));
    }
    if let Some(converted) = crlf(out.as_deref().unwrap_or(data), attributes) {
        out = Some(converted);
    }
    if let Some(Value::Text(encoding)) = attributes.get("working-tree-encoding") {
        let encoding = String::from_utf8_lossy(encoding).to_ascii_uppercase();
        if let Some(encoded) = encode(out.as_deref().unwrap_or(data), &encoding)? {
            out = Some(encoded);
        }
    }
    Ok(out)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    find(haystack, needle).is_some()
}

/// Where a needle begins.
pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(at) = haystack[from..].iter().position(|byte| *byte == first) {
        if haystack[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// `$Id$` and `$Id: … $` become `$Id: <blob> $`; another system's (with spaces inside) stay.
fn expand_ident(data: &[u8], id: Oid) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 64);
    let mut rest = data;
    while let Some(dollar) = rest.iter().position(|byte| *byte == b'$') {
        out.extend_from_slice(&rest[..=dollar]);
        rest = &rest[dollar + 1..];
        let Some(after) = rest.strip_prefix(b"Id") else { continue };
        match after.first() {
            Some(b'$') => rest = &after[1..],
            Some(b':') => {
                let Some(end) = after.iter().position(|byte| *byte == b'$') else { break };
                let inside = &after[1..end];
                if inside.contains(&b'\n') {
                    continue;
                }
                let value = inside.strip_prefix(b" ").unwrap_or(inside);
                if value.iter().position(|byte| *byte == b' ').is_some_and(|space| space + 1 < value.len()) {
                    continue;
                }
                rest = &after[end + 1..];
            }
            _ => continue,
        }
        out.extend_from_slice(format!("Id: {id} $").as_bytes());
    }
    out.extend_from_slice(rest);
    out
}

/// Line ends as CRLF, where the attributes ask for that and the content is text.
fn crlf(data: &[u8], attributes: &Found) -> Option<Vec<u8>> {
    let text = attributes.get("text").or_else(|| attributes.get("crlf"));
    let is_crlf = matches!(attributes.get("eol"), Some(Value::Text(eol)) if eol == b"crlf");
    let auto = match text {
        Some(Value::Unset) => return None,
        Some(Value::Text(value)) if value == b"input" => return None,
        Some(Value::Text(value)) => value == b"auto",
        _ => false,
    };
    if !is_crlf {
        return None;
    }
    let stats = Stats::of(data);
    if stats.lone_lf == 0 || (auto && (stats.lone_cr > 0 || stats.crlf > 0 || stats.is_binary())) {
        return None;
    }
    let mut out = Vec::with_capacity(data.len() + stats.lone_lf);
    let mut previous = 0;
    for byte in data {
        if *byte == b'\n' && previous != b'\r' {
            out.push(b'\r');
        }
        out.push(*byte);
        previous = *byte;
    }
    Some(out)
}

#[derive(Default)]
struct Stats {
    lone_cr: usize,
    lone_lf: usize,
    crlf: usize,
    nul: usize,
    printable: usize,
    unprintable: usize,
}

impl Stats {
    fn of(data: &[u8]) -> Self {
        let mut stats = Self::default();
        let mut at = 0;
        while at < data.len() {
            match data[at] {
                b'\r' if data.get(at + 1) == Some(&b'\n') => {
                    stats.crlf += 1;
                    at += 1;
                }
                b'\r' => stats.lone_cr += 1,
                b'\n' => stats.lone_lf += 1,
                127 => stats.unprintable += 1,
                8 | 9 | 27 | 12 => stats.printable += 1,
                0 => {
                    stats.nul += 1;
                    stats.unprintable += 1;
                }
                1..=31 => stats.unprintable += 1,
                _ => stats.printable += 1,
            }
            at += 1;
        }
        // The end-of-file mark of old systems does not make a file binary.
        if data.last() == Some(&26) {
            stats.unprintable -= 1;
        }
        stats
    }

    fn is_binary(&self) -> bool {
        self.lone_cr > 0 || self.nul > 0 || (self.printable >> 7) < self.unprintable
    }
}

/// UTF-8 content in another encoding; content that is not UTF-8 stays, as with Git.
fn encode(data: &[u8], name: &str) -> Result<Option<Vec<u8>>, String> {
    let (big, mark) = match name {
        "UTF-8" | "UTF8" => return Ok(None),
        // What glibc's iconv, and so Git on Linux, makes of a name without an order.
        "UTF-16" | "UTF-16LE-BOM" => (false, true),
        "UTF-16LE" => (false, false),
        "UTF-16BE" => (true, false),
        "UTF-16BE-BOM" => (true, true),
        _ => return Err(name.to_owned()),
    };
    let Ok(text) = std::str::from_utf8(data) else { return Ok(None) };
    let mark = mark.then_some(0xfeff);
    let units = mark.into_iter().chain(text.encode_utf16());
    Ok(Some(units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::attributes::Attributes;
    use super::*;

    fn converted(rules: &str, data: &str) -> String {
        let mut attributes = Attributes::new();
        attributes.enter(b"", rules.as_bytes());
        let id = Oid::from_str(&"a".repeat(40)).unwrap();
        let out = to_worktree(data.as_bytes(), id, &attributes.of(b"f")).unwrap();
        String::from_utf8(out.unwrap_or_else(|| data.into())).unwrap()
    }

    #[test]
    fn line_ends() {
        assert_eq!(converted("* eol=crlf", "a\nb\r\n"), "a\r\nb\r\n");
        assert_eq!(converted("* text=auto eol=crlf", "a\nb\r\n"), "a\nb\r\n");
        assert_eq!(converted("* -text eol=crlf", "a\n"), "a\n");
        assert_eq!(converted("* text", "a\n"), "a\n");
    }

    #[test]
    fn idents() {
        let id = "a".repeat(40);
        assert_eq!(converted("* ident", "x $Id$ y"), format!("x $Id: {id} $ y"));
        assert_eq!(converted("* ident", "$Id: old $"), format!("$Id: {id} $"));
        assert_eq!(
            converted("* ident", "$Id: of another system $ $Id$"),
            format!("$Id: of another system $ $Id: {id} $")
        );
        assert_eq!(converted("* ident", "$Id: \n $"), "$Id: \n $");
    }
}
