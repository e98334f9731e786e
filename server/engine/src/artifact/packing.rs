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
            let glob = Glob::new(pattern).map_err(|error| bad(index, pattern, error.kind().to_string()));
            glob.and(patterns.add_line(None, pattern).map_err(|error| bad(index, pattern, error.to_string())))?;
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

#[cfg(test)]
mod tests {
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
