//! What an environment's policy says of the package: what stays out of it, and with what permissions the rest goes in.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use globset::Glob;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use launchway_domain::{Takes, Text, text};

use super::{Entry, EntryKind};

/// How a tree is packed.
#[derive(Clone, Debug)]
pub struct Packing {
    left_out: Gitignore,
    files: Option<u32>,
    folders: Option<u32>,
}

impl Default for Packing {
    /// Everything, as it is.
    fn default() -> Self {
        Self { left_out: Gitignore::empty(), files: None, folders: None }
    }
}

impl Packing {
    /// As a policy has it.
    ///
    /// # Errors
    /// The number of the pattern that is none, from 0, and what is wrong with it.
    pub fn new(takes: &Takes) -> Result<Self, (usize, Text)> {
        let mut patterns = GitignoreBuilder::new(".");
        let bad = |index: usize, pattern: &str, why: String| {
            (index, text!("{pattern} is no pattern: {why}.", "{pattern} 不是有效的模式：{why}。"))
        };
        for (index, pattern) in takes.exclude.iter().enumerate() {
            // Git takes a bracket that is never closed for a pattern that nothing is like: a slip of the pen, surely.
            let spelled = spelled_out(pattern).map_err(|why| bad(index, pattern, why))?;
            let glob = Glob::new(&spelled).map_err(|error| bad(index, pattern, error.kind().to_string()));
            glob.and(patterns.add_line(None, &spelled).map_err(|error| bad(index, pattern, error.to_string())))?;
        }
        let left_out = patterns.build().map_err(|error| bad(0, "", error.to_string()))?;
        Ok(Self { left_out, files: takes.file_bits(), folders: takes.folder_bits() })
    }

    /// Whether something is left out, a folder with all that is in it.
    pub(super) fn leaves_out(&self, path: &[u8], is_dir: bool) -> bool {
        self.left_out.matched(OsStr::from_bytes(path), is_dir).is_ignore()
    }

    /// Gives an entry the permissions that it is to have.
    pub(super) fn settle(&self, entry: &mut Entry) {
        match (entry.kind, self.files, self.folders) {
            (EntryKind::File, Some(mode), _) => {
                // Whoever may read a program may run it.
                let run = if entry.mode & 0o111 == 0 { 0 } else { (mode & 0o444) >> 2 };
                entry.mode = mode | run;
            }
            (EntryKind::Dir, _, Some(mode)) => entry.mode = mode,
            _ => {}
        }
    }
}

/// What POSIX calls kinds of characters, and which they are: none begins with what has a meaning at the beginning of a
/// bracket, and none holds its end.
const KINDS: [(&str, &str); 12] = [
    ("alnum", "0-9A-Za-z"),
    ("alpha", "A-Za-z"),
    ("blank", "\t "),
    ("cntrl", "\u{1}-\u{1f}\u{7f}"),
    ("digit", "0-9"),
    ("graph", "\"-~!"),
    ("lower", "a-z"),
    ("print", " -~"),
    ("punct", ":-@[-`{-~!-/"),
    ("space", "\t-\r "),
    ("upper", "A-Z"),
    ("xdigit", "0-9A-Fa-f"),
];

/// A pattern with the kinds of characters in its brackets (`[[:upper:]]`) as ranges: Git knows them, `globset` does not.
///
/// # Errors
/// What is wrong with it.
fn spelled_out(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    // Where we are in a bracket: how many characters of it there have been.
    let mut inside: Option<usize> = None;
    while let Some(c) = rest.chars().next() {
        if let (Some(_), Some((name, after))) = (inside, rest.strip_prefix("[:").and_then(|text| text.split_once(":]")))
        {
            let kind = KINDS.iter().find(|(known, _)| *known == name);
            let (_, ranges) = kind.ok_or_else(|| format!("there is no kind of characters [:{name}:]"))?;
            out.push_str(ranges);
            (inside, rest) = (Some(1), after);
            continue;
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
        inside = match (inside, c) {
            (None, '\\') => {
                out.extend(rest.chars().next());
                rest = rest.get(rest.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default();
                None
            }
            (None, '[') => Some(0),
            (None, _) => None,
            (Some(0), '!' | '^') if out.ends_with(&format!("[{c}")) => Some(0),
            // A closing bracket that comes first is one of the characters.
            (Some(count), ']') if count > 0 => None,
            (Some(count), _) => Some(count + 1),
        };
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    fn packing(patterns: &[&str]) -> Packing {
        let exclude = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        Packing::new(&Takes { exclude, ..Takes::default() }).unwrap()
    }

    #[test]
    fn patterns_mean_what_they_mean_to_git() {
        let packing = packing(&["*.map", "!keep.map", "/docs", "node_modules/", "a/**/b", "# no pattern", "\\#odd"]);
        for (path, is_dir, expected) in [
            ("app.map", false, true),
            ("deep/app.map", false, true),
            ("deep/keep.map", false, false),
            ("docs", true, true),
            ("src/docs", true, false),
            ("src/node_modules", true, true),
            ("node_modules", false, false),
            ("a/x/y/b", false, true),
            ("#odd", false, true),
            ("app.js", false, false),
        ] {
            assert_eq!(packing.leaves_out(path.as_bytes(), is_dir), expected, "{path}");
        }
    }

    /// Git itself is asked.
    #[test]
    fn kinds_of_characters_are_those_of_git() {
        let repo = tempfile::tempdir().unwrap();
        let git = |args: &[&str], input: &[u8]| {
            let mut git = Command::new("git");
            let git = git.arg("-C").arg(repo.path()).args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut git = git.spawn().unwrap();
            git.stdin.take().unwrap().write_all(input).unwrap();
            git.wait_with_output().unwrap().stdout
        };
        git(&["init", "-q"], b"");
        let printable: Vec<String> = (' '..='~').filter(|c| *c != '/').map(|c| format!("x{c}y")).collect();
        let names =
            printable.iter().map(String::as_str).chain(["x\u{7f}y", "x\ty", "xé", "README", "Readme", "a]b", "a:b"]);
        let names: Vec<&str> = names.collect();
        let kinds = KINDS.iter().flat_map(|(kind, _)| [format!("x[[:{kind}:]]y"), format!("x[![:{kind}:]]y")]);
        let others = [
            "[[:upper:]][[:upper:]]*",
            "a[]:]b",
            "a[]x[:digit:]]b",
            "x[_[:digit:]-]y",
            "\\[[:upper:]]*",
            "x[^[:alpha:]_]y",
        ];
        for pattern in kinds.chain(others.map(str::to_owned)) {
            std::fs::write(repo.path().join(".git/info/exclude"), format!("{pattern}\n")).unwrap();
            let ignored = git(&["check-ignore", "-z", "--no-index", "--stdin"], names.join("\0").as_bytes());
            let ignored: Vec<&[u8]> = ignored.split(|byte| *byte == 0).filter(|name| !name.is_empty()).collect();
            let packing = packing(&[&pattern]);
            let left_out: Vec<&[u8]> =
                names.iter().map(|name| name.as_bytes()).filter(|name| packing.leaves_out(name, false)).collect();
            let shown = |names: &[&[u8]]| {
                names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect::<Vec<_>>()
            };
            assert_eq!(shown(&left_out), shown(&ignored), "{pattern}");
        }
        let takes = Takes { exclude: vec!["[[:spaci:]]".into()], ..Takes::default() };
        assert!(Packing::new(&takes).unwrap_err().1.en.contains("[:spaci:]"));
    }

    #[test]
    fn a_pattern_that_is_none_is_named() {
        for pattern in ["a[", "[z-a]", "{a", "a\\"] {
            let takes = Takes { exclude: vec!["fine".into(), pattern.into()], ..Takes::default() };
            let (index, why) = Packing::new(&takes).unwrap_err();
            assert_eq!(index, 1);
            assert!(why.en.starts_with(&format!("{pattern} is no pattern: ")), "{why}");
        }
    }

    #[test]
    fn programs_stay_programs() {
        let takes = Takes { file_mode: Some("640".into()), folder_mode: Some("0750".into()), ..Takes::default() };
        let packing = Packing::new(&takes).unwrap();
        let settled = |kind, mode| {
            let mut entry = Entry { path: b"x".to_vec(), kind, mode, size: 0, sha256: None, target: None };
            packing.settle(&mut entry);
            entry.mode
        };
        assert_eq!(settled(EntryKind::File, 0o644), 0o640);
        assert_eq!(settled(EntryKind::File, 0o755), 0o750);
        assert_eq!(settled(EntryKind::Dir, 0o755), 0o750);
        assert_eq!(settled(EntryKind::Link, 0o777), 0o777);
    }
}
