//! Git attributes (gitattributes(5)), from the tree alone.
//!
//! libgit2 would consult the host's files too, and asks the disk whether a path is a folder; a release
//! must depend on its commit and on nothing else.

use std::collections::HashMap;

use super::wildmatch;

/// The largest line that Git reads.
const MAX_LINE: usize = 2048;

/// What a file says about an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// `name`
    Set,
    /// `-name`
    Unset,
    /// `!name`: as if nothing had been said
    Unspecified,
    /// `name=text`
    Text(Vec<u8>),
}

type States = Vec<(Vec<u8>, Value)>;

#[derive(Debug)]
struct Rule {
    /// Without the slash at its end.
    pattern: Vec<u8>,
    /// It ended in a slash.
    folder_only: bool,
    /// There is no slash in it: it is matched against the last part of the path.
    name_only: bool,
    states: States,
}

/// The rules of one folder.
#[derive(Debug)]
struct Level {
    /// The folder, with a slash at its end; empty for the root.
    base: Vec<u8>,
    rules: Vec<Rule>,
}

/// The rules that hold for the folder where a walk stands.
#[derive(Debug)]
pub(super) struct Attributes {
    levels: Vec<Level>,
    macros: HashMap<Vec<u8>, States>,
}

/// Every attribute of one path that is not unspecified.
#[derive(Debug, Default)]
pub(super) struct Found(HashMap<Vec<u8>, Value>);

impl Found {
    /// Whether an attribute is set (not: set to a text).
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.get(name) == Some(&Value::Set)
    }

    /// What is said about an attribute.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name.as_bytes()).filter(|value| **value != Value::Unspecified)
    }
}

impl Attributes {
    pub(super) fn new() -> Self {
        let unset = |name: &[u8]| (name.to_vec(), Value::Unset);
        let binary = vec![unset(b"diff"), unset(b"merge"), unset(b"text")];
        Self { levels: Vec::new(), macros: HashMap::from([(b"binary".to_vec(), binary)]) }
    }

    /// Enters a folder (`""`, or `a/b/`), with what its `.gitattributes` holds.
    pub(super) fn enter(&mut self, base: &[u8], content: &[u8]) {
        let mut level = Level { base: base.to_vec(), rules: Vec::new() };
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        for line in content.split(|byte| *byte == b'\n') {
            if line.len() >= MAX_LINE {
                continue;
            }
            match parse(line) {
                Some(Parsed::Rule(rule)) => level.rules.push(rule),
                // Macros belong into the root's file.
                Some(Parsed::Macro(name, states)) if base.is_empty() => {
                    self.macros.insert(name, states);
                }
                _ => {}
            }
        }
        self.levels.push(level);
    }

    /// Leaves the folder entered last.
    pub(super) fn leave(&mut self) {
        self.levels.pop();
    }

    /// The attributes of a path from the root; a folder's (or submodule's) path ends in a slash.
    pub(super) fn of(&self, path: &[u8]) -> Found {
        let mut found = Found::default();
        // The nearest folder and the last line win.
        for level in self.levels.iter().rev() {
            for rule in level.rules.iter().rev().filter(|rule| rule.matches(path, &level.base)) {
                self.fill(&rule.states, &mut found, 0);
            }
        }
        found
    }

    fn fill(&self, states: &States, found: &mut Found, depth: u32) {
        for (name, value) in states.iter().rev() {
            if found.0.contains_key(name) {
                continue;
            }
            found.0.insert(name.clone(), value.clone());
            if *value == Value::Set
                && depth < 16
                && let Some(meaning) = self.macros.get(name)
            {
                self.fill(meaning, found, depth + 1);
            }
        }
    }
}

impl Rule {
    fn matches(&self, path: &[u8], base: &[u8]) -> bool {
        let (path, is_folder) = match path.strip_suffix(b"/") {
            Some(path) => (path, true),
            None => (path, false),
        };
        if self.folder_only && !is_folder {
            return false;
        }
        if self.name_only {
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
            return wildmatch::matches(&self.pattern, name, false);
        }
        let pattern = self.pattern.strip_prefix(b"/").unwrap_or(&self.pattern);
        path.strip_prefix(base).is_some_and(|rest| wildmatch::matches(pattern, rest, true))
    }
}

enum Parsed {
    Rule(Rule),
    Macro(Vec<u8>, States),
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn parse(line: &[u8]) -> Option<Parsed> {
    let start = line.iter().position(|byte| !is_blank(byte))?;
    let line = &line[start..];
    if line[0] == b'#' {
        return None;
    }
    let (name, rest) = match line[0] {
        b'"' => unquote(line)?,
        _ => {
            let end = line.iter().position(is_blank).unwrap_or(line.len());
            (line[..end].to_vec(), &line[end..])
        }
    };
    let states = parse_states(rest)?;
    if let Some(macro_name) = name.strip_prefix(b"[attr]") {
        let macro_name = match macro_name {
            // `[attr] name` keeps the name as the first word of the rest.
            b"" => return None,
            name => name,
        };
        return is_attribute_name(macro_name).then(|| Parsed::Macro(macro_name.to_vec(), states));
    }
    // Git forbids negative patterns here.
    if name.first() == Some(&b'!') {
        return None;
    }
    let (pattern, folder_only) = match name.strip_suffix(b"/") {
        Some(pattern) => (pattern.to_vec(), true),
        None => (name, false),
    };
    let name_only = !pattern.contains(&b'/');
    Some(Parsed::Rule(Rule { pattern, folder_only, name_only, states }))
}

/// The states of a line; none (so that the line does not count) where one has an impossible name.
fn parse_states(rest: &[u8]) -> Option<States> {
    let mut states = Vec::new();
    for word in rest.split(is_blank).filter(|word| !word.is_empty()) {
        let (name, value) = match word[0] {
            b'-' => (&word[1..], Value::Unset),
            b'!' => (&word[1..], Value::Unspecified),
            _ => match word.iter().position(|byte| *byte == b'=') {
                Some(sign) => (&word[..sign], Value::Text(word[sign + 1..].to_vec())),
                None => (word, Value::Set),
            },
        };
        if !is_attribute_name(name) {
            return None;
        }
        states.push((name.to_vec(), value));
    }
    Some(states)
}

fn is_attribute_name(name: &[u8]) -> bool {
    !name.is_empty()
        && name[0] != b'-'
        && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
}

/// A pattern in double quotes, with the escapes of C. Returns what comes after it too.
fn unquote(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut out = Vec::new();
    let mut at = 1;
    loop {
        match *line.get(at)? {
            b'"' => return Some((out, &line[at + 1..])),
            b'\\' => {
                at += 1;
                out.push(match *line.get(at)? {
                    b'a' => 7,
                    b'b' => 8,
                    b't' => b'\t',
                    b'n' => b'\n',
                    b'v' => 11,
                    b'f' => 12,
                    b'r' => b'\r',
                    c @ (b'\\' | b'"') => c,
                    b'0'..=b'3' => {
                        let digits = std::str::from_utf8(line.get(at..at + 3)?).ok()?;
                        at += 2;
                        u8::from_str_radix(digits, 8).ok()?
                    }
                    _ => return None,
                });
            }
            byte => out.push(byte),
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(content: &str, path: &str, name: &str) -> bool {
        let mut attributes = Attributes::new();
        attributes.enter(b"", content.as_bytes());
        attributes.of(path.as_bytes()).is_set(name)
    }

    #[test]
    fn folders_files_and_names() {
        assert!(set("dir/ x", "dir/", "x"));
        assert!(!set("dir/ x", "dir", "x"));
        assert!(!set("dir/ x", "dir/file", "x"));
        assert!(set("*.c x", "a/b.c", "x"));
        assert!(!set("/*.c x", "a/b.c", "x"));
        assert!(set("a/**/z x", "a/b/c/z", "x"));
        assert!(set("\"a b\\n\\344\" x", "a b\n", "x") == set("q x", "z", "x"));
        assert!(!set("!a x", "a", "x"));
        assert!(!set("# x", "#", "x"));
    }

    #[test]
    fn the_last_line_and_the_nearest_folder_win() {
        assert!(!set("* x\nf -x", "f", "x"));
        assert!(!set("* x\nf !x", "f", "x"));
        let mut attributes = Attributes::new();
        attributes.enter(b"", b"* x");
        attributes.enter(b"a/", b"/f -x\ng=1 y");
        assert!(!attributes.of(b"a/f").is_set("x"));
        assert!(attributes.of(b"a/b/f").is_set("x"));
        attributes.leave();
        assert!(attributes.of(b"a/f").is_set("x"));
    }

    #[test]
    fn macros_stand_for_what_they_say() {
        assert!(set("[attr]gone export-ignore\nf gone", "f", "export-ignore"));
        assert!(!set("[attr]gone export-ignore\nf gone -export-ignore", "f", "export-ignore"));
        let mut attributes = Attributes::new();
        attributes.enter(b"", b"f binary");
        assert_eq!(attributes.of(b"f").get("text"), Some(&Value::Unset));
    }
}
