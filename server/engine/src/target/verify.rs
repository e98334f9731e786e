//! Compares a folder on a server with a manifest, entry by entry: kind, mode, digest, link target,
//! nothing extra. The server only lists and digests; all comparing happens here.

use std::collections::{BTreeSet, HashMap};

use launchway_domain::{Text, text};

use super::error::{self, Refusal, TargetError};
use super::probe::Tools;
use super::{fields, scripts};
use crate::artifact::{EntryKind, Manifest, shown};
use crate::shell::{Command, Limits, Shell};

/// Checks that `dir` on the server holds exactly what `manifest` says.
///
/// # Errors
/// [`Refusal::Mismatch`] names the first path (bytewise) that differs, how, and how many do.
pub fn verify(
    shell: &mut dyn Shell,
    dir: &[u8],
    tools: &Tools,
    manifest: &Manifest,
    limits: &Limits,
) -> Result<(), TargetError> {
    verify_at(shell, &shown(dir), dir, *tools, manifest, limits)
}

/// [`verify`] with the place that messages name.
pub(super) fn verify_at(
    shell: &mut dyn Shell,
    place: &str,
    dir: &[u8],
    tools: Tools,
    manifest: &Manifest,
    limits: &Limits,
) -> Result<(), TargetError> {
    mismatch(place, &differences(shell, place, dir, tools, manifest, limits)?)
}

/// The error that names the first of the differences; none where there are none.
pub(super) fn mismatch(place: &str, differences: &[Difference]) -> Result<(), TargetError> {
    let Some(Difference { path, how, .. }) = differences.first() else { return Ok(()) };
    let (path, count) = (shown(path), differences.len());
    Err(TargetError::refused(
        Refusal::Mismatch,
        Text {
            en: format!(
                "The copy in {place} is not what was packed: \"{path}\" {} ({count} differences in all). Nothing was switched; retry, and check the server's disk if it happens again.",
                how.en
            )
            .into(),
            zh: format!(
                "{place} 中的副本与打包内容不一致：“{path}”{}（共 {count} 处不同）。未进行切换；请重试，若再次出现请检查服务器磁盘。",
                how.zh
            )
            .into(),
        },
    ))
}

/// One way in which a copy is not what its manifest says.
pub(super) struct Difference {
    pub(super) path: Vec<u8>,
    pub(super) how: Text,
    /// Whether it is only that there is more than there should be.
    pub(super) extra: bool,
}

/// Everything in which `dir` differs from the manifest, by path.
pub(super) fn differences(
    shell: &mut dyn Shell,
    place: &str,
    dir: &[u8],
    tools: Tools,
    manifest: &Manifest,
    limits: &Limits,
) -> Result<Vec<Difference>, TargetError> {
    let words: BTreeSet<String> = manifest.entries.iter().filter_map(|e| word(e.kind, e.mode)).collect();
    let command = Command::script(scripts::LIST).arg(dir).arg(tools.digest.program()).args(&words);
    // Each path comes at most three times, with a digest and separators. A folder with so much extra
    // that the listing is cut off is a mismatch anyway.
    let room = manifest.entries.iter().map(|e| 3 * e.path.len() + e.target.as_ref().map_or(0, Vec::len) + 100);
    let limits = limits.clone().max_output(limits.max_output.max(room.sum::<usize>() + (1 << 16)));
    let output = shell.call(&command, &limits)?;
    if !output.ok() {
        return Err(error::refusal(place, &output));
    }
    let fields = fields(&output.stdout);
    let listing = Listing::read(&fields, &words);
    let differences = listing.compare(manifest);
    if let Some(Difference { path, how, .. }) = differences.first() {
        let (path, count, said) = (shown(path), differences.len(), String::from_utf8_lossy(&output.stderr));
        tracing::warn!(place, path, count, how = %how, stderr = %said.trim(), "a copy differs from its manifest");
    }
    Ok(differences)
}

fn word(kind: EntryKind, mode: u32) -> Option<String> {
    match kind {
        EntryKind::Dir => Some(format!("d{mode:03o}")),
        EntryKind::File => Some(format!("f{mode:03o}")),
        EntryKind::Link => None,
    }
}

/// What the server said, by path (without the leading `./`).
#[derive(Default)]
struct Listing<'a> {
    all: BTreeSet<&'a [u8]>,
    words: HashMap<&'a [u8], &'a str>,
    targets: HashMap<&'a [u8], &'a [u8]>,
    digests: HashMap<&'a [u8], [u8; 32]>,
    whole: bool,
}

impl<'a> Listing<'a> {
    fn read(fields: &'a [Vec<u8>], words: &'a BTreeSet<String>) -> Self {
        let mut listing = Self::default();
        let mut section: &[u8] = b"";
        let mut batch: Vec<&[u8]> = Vec::new();
        let mut rest = fields.iter().map(Vec::as_slice);
        while let Some(field) = rest.next() {
            let path = if field == b"." { Some(b"".as_slice()) } else { field.strip_prefix(b"./") };
            match (path, section) {
                (None, _) if field == b"bulk" => {
                    for line in rest.next().unwrap_or_default().split(|byte| *byte == b'\n') {
                        if let Some((digest, path)) = digest_line(line) {
                            listing.digests.insert(path, digest);
                        }
                    }
                }
                (None, b"odd") if !batch.is_empty() => {
                    for (path, line) in batch.drain(..).zip(field.split(|byte| *byte == b'\n')) {
                        // GNU tools put a backslash before the digest of a name that they escape.
                        if let Some(digest) = leading_digest(line.strip_prefix(b"\\").unwrap_or(line)) {
                            listing.digests.insert(path, digest);
                        }
                    }
                }
                (None, _) => section = field,
                (Some(b""), _) => {}
                (Some(path), b"all") => {
                    listing.all.insert(path);
                }
                (Some(path), b"links") => {
                    listing.targets.insert(path, rest.next().unwrap_or_default());
                }
                (Some(path), b"odd") => batch.push(path),
                (Some(path), section) => {
                    if let Some(word) = std::str::from_utf8(section).ok().and_then(|s| words.get(s)) {
                        listing.words.insert(path, word);
                    }
                }
            }
        }
        listing.whole = section == b"end";
        listing
    }

    /// What differs, by path.
    fn compare(&self, manifest: &Manifest) -> Vec<Difference> {
        let mut extra = self.all.clone();
        let mut differences = Vec::new();
        for entry in &manifest.entries {
            let path = entry.path.as_slice();
            let how = if !extra.remove(path) {
                Some(Text::new("is missing", "缺失"))
            } else {
                match entry.kind {
                    EntryKind::Link if !self.targets.contains_key(path) => {
                        Some(Text::new("is no symbolic link", "不是符号链接"))
                    }
                    EntryKind::Link => (self.targets.get(path).copied() != entry.target.as_deref())
                        .then_some(Text::new("links to something else", "链接到了别处")),
                    kind if self.words.get(path).copied() != word(kind, entry.mode).as_deref() => {
                        let mode = entry.mode;
                        Some(match kind {
                            EntryKind::Dir => {
                                text!("is no folder with mode {mode:03o}", "不是权限为 {mode:03o} 的文件夹")
                            }
                            _ => text!("is no file with mode {mode:03o}", "不是权限为 {mode:03o} 的文件"),
                        })
                    }
                    EntryKind::File => (self.digests.get(path) != entry.sha256.as_ref())
                        .then_some(Text::new("has other content", "内容不同")),
                    EntryKind::Dir => None,
                }
            };
            differences.extend(how.map(|how| Difference { path: entry.path.clone(), how, extra: false }));
        }
        let more = Text::new("does not belong there", "不应存在");
        differences.extend(extra.into_iter().map(|path| Difference {
            path: path.to_vec(),
            how: more.clone(),
            extra: true,
        }));
        if !self.whole && differences.is_empty() {
            differences.push(Difference {
                path: b".".to_vec(),
                how: Text::new("could not be listed to the end", "未能完整列出"),
                extra: false,
            });
        }
        differences.sort_by(|a, b| a.path.cmp(&b.path));
        differences
    }
}

/// `<hex> *./path` or `<hex>  ./path`.
fn digest_line(line: &[u8]) -> Option<([u8; 32], &[u8])> {
    let path = line.get(64..)?.strip_prefix(b" ")?;
    let path = path.strip_prefix(b"*").or(path.strip_prefix(b" "))?.strip_prefix(b"./")?;
    Some((leading_digest(line)?, path))
}

fn leading_digest(line: &[u8]) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(line.get(..64)?, &mut digest).ok()?;
    Some(digest)
}
