//! `export-subst`: `$Format:…$` in files, by the placeholders of git-log(1).
//!
//! Colours, widths and mail maps are not for archives; a placeholder that is not known here stays as
//! it is written, as with Git.

use std::cell::Cell;

use git2::{Commit, DescribeFormatOptions, DescribeOptions, Oid, Repository, Signature, Time};
use time::{OffsetDateTime, UtcOffset};

use super::convert::find;

/// A commit, and what files may say about it.
pub(super) struct Facts<'a> {
    repo: &'a Repository,
    commit: &'a Commit<'a>,
    /// Git expands `%(describe)` once per archive, since it is costly.
    described: Cell<bool>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(repo: &'a Repository, commit: &'a Commit<'a>) -> Self {
        Self { repo, commit, described: Cell::new(false) }
    }

    /// A file's bytes with every `$Format:…$` expanded.
    pub(super) fn expand(&self, data: &[u8]) -> Vec<u8> {
        const MARK: &[u8] = b"$Format:";
        let mut out = Vec::with_capacity(data.len());
        let mut rest = data;
        while let Some(start) = find(rest, MARK) {
            let body = &rest[start + MARK.len()..];
            let Some(end) = body.iter().position(|byte| *byte == b'$') else { break };
            out.extend_from_slice(&rest[..start]);
            self.format(&body[..end], &mut out);
            rest = &body[end + 1..];
        }
        out.extend_from_slice(rest);
        out
    }

    fn format(&self, format: &[u8], out: &mut Vec<u8>) {
        let format = format.split(|byte| *byte == 0).next().unwrap_or_default();
        let mut rest = format;
        while let Some(sign) = rest.iter().position(|byte| *byte == b'%') {
            out.extend_from_slice(&rest[..sign]);
            rest = &rest[sign + 1..];
            let (magic, body) = match rest.first() {
                Some(magic @ (b'+' | b'-' | b' ')) => (Some(*magic), &rest[1..]),
                _ => (None, rest),
            };
            let Some((used, value)) = self.placeholder(body) else {
                out.push(b'%');
                continue;
            };
            match magic {
                Some(b'+') if !value.is_empty() => out.push(b'\n'),
                Some(b' ') if !value.is_empty() => out.push(b' '),
                Some(b'-') if value.is_empty() => {
                    while out.last() == Some(&b'\n') {
                        out.pop();
                    }
                }
                _ => {}
            }
            out.extend_from_slice(&value);
            rest = &body[used..];
        }
        out.extend_from_slice(rest);
    }

    /// What a placeholder stands for, and how many bytes its name has.
    fn placeholder(&self, name: &[u8]) -> Option<(usize, Vec<u8>)> {
        let commit = self.commit;
        let one = |value: Vec<u8>| Some((1, value));
        match *name.first()? {
            b'H' => one(commit.id().to_string().into()),
            b'h' => one(self.short(commit.id())),
            b'T' => one(commit.tree_id().to_string().into()),
            b't' => one(self.short(commit.tree_id())),
            b'P' => one(commit.parent_ids().map(|id| id.to_string()).collect::<Vec<_>>().join(" ").into()),
            b'p' => one(commit.parent_ids().map(|id| self.short(id)).collect::<Vec<_>>().join(&b' ')),
            b'a' => person(&commit.author(), *name.get(1)?).map(|value| (2, value)),
            b'c' => person(&commit.committer(), *name.get(1)?).map(|value| (2, value)),
            b'd' => one(self.decoration(" (", ")")),
            b'D' => one(self.decoration("", "")),
            b'e' => one(commit.message_encoding().ok().flatten().unwrap_or_default().into()),
            b's' => one(subject(commit.message_bytes())),
            b'f' => one(file_name(
                lines(commit.message_bytes()).find(|line| !line.trim_ascii().is_empty()).unwrap_or_default(),
            )),
            b'b' => one(body(commit.message_bytes())),
            b'B' => one(commit.message_raw_bytes().to_vec()),
            b'm' => one(b">".to_vec()),
            b'n' => one(b"\n".to_vec()),
            b'%' => one(b"%".to_vec()),
            b'x' => {
                let digits = std::str::from_utf8(name.get(1..3)?).ok()?;
                Some((3, vec![u8::from_str_radix(digits, 16).ok()?]))
            }
            b'(' => self.describe(name),
            _ => None,
        }
    }

    /// An abbreviated name as long as Git makes it: it grows with the number of objects, from 7 on.
    fn short(&self, id: Oid) -> Vec<u8> {
        let full = id.to_string();
        let object = self.repo.find_object(id, None).ok();
        let unique = object.and_then(|o| o.short_id().ok()).map_or(full.len(), |buf| buf.len());
        full.as_bytes()[..unique.max(auto_abbrev(self.repo)).min(full.len())].to_vec()
    }

    /// Branches and tags of the commit: `tag: v1, main`.
    fn decoration(&self, open: &str, close: &str) -> Vec<u8> {
        let head = self.repo.find_reference("HEAD").ok();
        let head = head.and_then(|head| head.symbolic_target_bytes().map(<[u8]>::to_vec));
        let (mut first, mut others) = (Vec::new(), Vec::new());
        for reference in self.repo.references().into_iter().flatten().flatten() {
            let name = reference.name_bytes().to_vec();
            if !reference.peel_to_commit().is_ok_and(|commit| commit.id() == self.commit.id()) {
                continue;
            }
            if let Some(tag) = name.strip_prefix(b"refs/tags/") {
                others.push((name.clone(), [b"tag: ", tag].concat()));
            } else if let Some(branch) = name.strip_prefix(b"refs/heads/") {
                if head.as_deref() == Some(&name) {
                    first.push([b"HEAD -> ", branch].concat());
                } else {
                    others.push((name.clone(), branch.to_vec()));
                }
            }
        }
        // Git's order: the current branch, then the others from the last full name to the first.
        others.sort();
        let all: Vec<Vec<u8>> = first.into_iter().chain(others.into_iter().rev().map(|(_, shown)| shown)).collect();
        if all.is_empty() {
            return Vec::new();
        }
        [open.as_bytes(), &all.join(&b", "[..]), close.as_bytes()].concat()
    }

    /// `%(describe)`, with its options `tags`, `abbrev` and `match`.
    fn describe(&self, name: &[u8]) -> Option<(usize, Vec<u8>)> {
        let rest = name.strip_prefix(b"(describe")?;
        let end = rest.iter().position(|byte| *byte == b')')?;
        let used = b"(describe".len() + end + 1;
        let arguments = std::str::from_utf8(&rest[..end]).ok()?;
        let arguments = if arguments.is_empty() { "" } else { arguments.strip_prefix(':')? };
        let (mut options, mut format) = (DescribeOptions::new(), DescribeFormatOptions::new());
        format.abbreviated_size(auto_abbrev(self.repo) as u32);
        for argument in arguments.split(',').filter(|argument| !argument.is_empty()) {
            match argument.split_once('=').unwrap_or((argument, "true")) {
                ("tags", "true" | "yes" | "on" | "1") => drop(options.describe_tags()),
                ("tags", "false" | "no" | "off" | "0") => {}
                ("abbrev", size) => drop(format.abbreviated_size(size.parse().ok()?)),
                ("match", pattern) => drop(options.pattern(pattern)),
                _ => return None,
            }
        }
        if self.described.replace(true) {
            return None;
        }
        let described = self.commit.as_object().describe(&options).and_then(|d| d.format(Some(&format)));
        Some((used, described.unwrap_or_default().into_bytes()))
    }
}

/// Half the bits of the number of packed objects, 7 at least: what Git calls automatic.
fn auto_abbrev(repo: &Repository) -> usize {
    let mut objects: u64 = 0;
    for file in std::fs::read_dir(repo.commondir().join("objects/pack")).into_iter().flatten().flatten() {
        if file.path().extension().is_some_and(|extension| extension == "idx") {
            objects += packed(&file.path()).unwrap_or(0);
        }
    }
    let bits = (u64::BITS - objects.leading_zeros()) as usize;
    bits.div_ceil(2).max(7)
}

/// The number of objects in an index of version 2: the last entry of its fan-out table.
fn packed(path: &std::path::Path) -> Option<u64> {
    use std::os::unix::fs::FileExt;
    let mut count = [0; 4];
    std::fs::File::open(path).ok()?.read_exact_at(&mut count, 8 + 255 * 4).ok()?;
    Some(u64::from(u32::from_be_bytes(count)))
}

fn person(who: &Signature<'_>, what: u8) -> Option<Vec<u8>> {
    let email = || who.email_bytes().to_vec();
    let local = || email().split(|byte| *byte == b'@').next().unwrap_or_default().to_vec();
    Some(match what {
        b'n' | b'N' => who.name_bytes().to_vec(),
        b'e' | b'E' => email(),
        b'l' | b'L' => local(),
        what => date(who.when(), what)?.into(),
    })
}

fn date(when: Time, what: u8) -> Option<String> {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    if what == b't' {
        return Some(when.seconds().to_string());
    }
    let minutes = when.offset_minutes();
    let offset = UtcOffset::from_whole_seconds(minutes * 60).ok()?;
    let t = OffsetDateTime::from_unix_timestamp(when.seconds()).ok()?.to_offset(offset);
    let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.abs());
    let zone = format!("{sign}{:02}{:02}", minutes / 60, minutes % 60);
    let (year, month, day) = (t.year(), u8::from(t.month()), t.day());
    let clock = format!("{:02}:{:02}:{:02}", t.hour(), t.minute(), t.second());
    let weekday = DAYS[usize::from(t.weekday().number_days_from_monday())];
    let month_name = MONTHS[usize::from(month) - 1];
    Some(match what {
        b'd' => format!("{weekday} {month_name} {day} {clock} {year} {zone}"),
        b'D' => format!("{weekday}, {day} {month_name} {year} {clock} {zone}"),
        b'i' => format!("{year:04}-{month:02}-{day:02} {clock} {zone}"),
        b'I' if minutes == 0 => format!("{year:04}-{month:02}-{day:02}T{clock}Z"),
        b'I' => format!("{year:04}-{month:02}-{day:02}T{clock}{}:{}", &zone[..3], &zone[3..]),
        b's' => format!("{year:04}-{month:02}-{day:02}"),
        _ => return None,
    })
}

fn lines(message: &[u8]) -> impl Iterator<Item = &[u8]> {
    message.split(|byte| *byte == b'\n')
}

/// The first paragraph, in one line.
fn subject(message: &[u8]) -> Vec<u8> {
    let is_blank = |line: &&[u8]| line.trim_ascii().is_empty();
    let paragraph = lines(message).skip_while(is_blank).take_while(|line| !is_blank(line));
    paragraph.map(<[u8]>::trim_ascii_end).collect::<Vec<_>>().join(&b' ')
}

/// What follows the first paragraph.
fn body(message: &[u8]) -> Vec<u8> {
    let is_blank = |line: &&[u8]| line.trim_ascii().is_empty();
    let rest = lines(message).skip_while(is_blank).skip_while(|line| !is_blank(line)).skip_while(is_blank);
    rest.collect::<Vec<_>>().join(&b'\n')
}

/// A subject's first line as part of a file name: letters, digits, dots and underscores, with dashes between.
fn file_name(subject: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut gap = false;
    for (at, byte) in subject.iter().enumerate() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') {
            if gap && !out.is_empty() {
                out.push(b'-');
            }
            gap = false;
            if *byte == b'.' && at > 0 && subject[at - 1] == b'.' {
                continue;
            }
            out.push(*byte);
        } else {
            gap = true;
        }
    }
    while matches!(out.last(), Some(b'.' | b'-')) {
        out.pop();
    }
    out
}
