//! What is live on a server, as the server itself says it, held against what Launchway brought there. Reads, and changes
//! nothing.

use launchway_domain::{LiveState, ReleaseId, Takes, Text, text};

use super::error::TargetError;
use super::lay::Lay;
use super::probe::Digest;
use super::verify::{Difference, differences};
use super::{Site, Tools, ask, scripts};
use crate::artifact::{Artifact, shown};
use crate::shell::{Command, Limits, Shell};

/// How many paths a message names.
const NAMED: usize = 3;

/// What should be live on a server, by the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The release that was switched to last.
    pub release: ReleaseId,
    /// Whose tree that brought: its own, or of a rollback the one that it returned to.
    pub tree: ReleaseId,
    /// Whether hooks of the release ran in its folder on the server: what is there besides may be theirs.
    pub hooks: bool,
    /// How it was laid there.
    pub takes: Takes,
}

/// What a comparison with the manifest found, and by what a later look knows that nothing moved since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// What names, sizes, modes and times of the folder came to.
    pub mark: String,
    /// What differs; none where nothing does.
    pub detail: Option<Text>,
}

/// What a look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// How it compares.
    pub state: LiveState,
    /// The word of [`launchway_domain::ServerLive::code`].
    pub code: Option<&'static str>,
    /// What is wrong.
    pub detail: Option<Text>,
    /// What `current` names; none where it is no link.
    pub link: Option<String>,
    /// The files as they compare, where what is live is what should be.
    pub files: Option<Files>,
    /// Whether this look read every file.
    pub compared: bool,
}

/// How to look.
pub struct How<'a> {
    /// What should be there.
    pub expected: Option<&'a Expected>,
    /// Opens its artifact, for the manifest; none where it is not kept any more, and files cannot be compared.
    pub artifact: &'a (dyn Fn() -> Option<&'a Artifact> + 'a),
    /// What was found before, where nothing but a change is worth reading all files again.
    pub before: Option<&'a Files>,
}

/// Looks at what is live. Every look reads the link and the names, sizes and times of the folder; the files
/// themselves are read where those differ from `before`, or there is none.
///
/// # Errors
/// Where the server did not answer, or the answer cannot be read.
pub fn look(shell: &mut dyn Shell, site: &Site, how: &How<'_>, limits: &Limits) -> Result<Look, TargetError> {
    let place = site.place();
    let answer = ask(shell, &place, &Command::script(scripts::LIVE).arg(&site.base), limits)?;
    let field = |at: usize| answer.get(at).map(Vec::as_slice).unwrap_or_default();
    let (kind, there, mark) = (field(0), field(2) == b"1", String::from_utf8_lossy(field(3)).into_owned());
    let link = (kind == b"link").then(|| shown(field(1)));
    let drift = |code, detail| Look {
        state: LiveState::Drift,
        code: Some(code),
        detail: Some(detail),
        link: link.clone(),
        files: None,
        compared: false,
    };
    let Some(expected) = how.expected else {
        return Ok(match (&link, kind) {
            (Some(link), _) => drift("release", unknown(&place, link)),
            (None, b"other") => drift("directory", directory(&place)),
            (None, _) => {
                Look { state: LiveState::Empty, code: None, detail: None, link: None, files: None, compared: false }
            }
        });
    };
    let wanted = format!("releases/{}", expected.tree);
    match &link {
        None if kind == b"other" => return Ok(drift("directory", directory(&place))),
        None => return Ok(drift("missing", missing(&place, &wanted))),
        Some(link) if *link != wanted => {
            let code = if other_release(link).is_some() { "release" } else { "link" };
            return Ok(drift(code, moved(&place, link, &wanted)));
        }
        Some(_) if !there => return Ok(drift("missing", gone(&place, &wanted))),
        Some(_) => {}
    }
    let known = how.before.filter(|before| !mark.is_empty() && before.mark == mark);
    let artifact = if known.is_none() { (how.artifact)() } else { None };
    let (files, compared) = match artifact {
        None => (known.cloned(), false),
        Some(artifact) => {
            let tools = Tools { digest: digest(field(4)), gzip: true };
            let site = Site { release: expected.tree, ..site.clone() };
            let manifest = Lay::new(&expected.takes).expected(&artifact.manifest)?;
            let found = differences(shell, &place, &site.release_dir(), tools, &manifest, limits)?;
            (Some(Files { mark, detail: summary(&place, &found, expected.hooks) }), true)
        }
    };
    let detail = files.as_ref().and_then(|files| files.detail.clone());
    Ok(Look {
        state: if detail.is_some() { LiveState::Drift } else { LiveState::Ok },
        code: detail.is_some().then_some("files"),
        detail,
        link,
        files,
        compared,
    })
}

/// The release that a link of ours names.
pub fn other_release(link: &str) -> Option<ReleaseId> {
    link.strip_prefix("releases/")?.parse().ok().map(ReleaseId)
}

fn digest(word: &[u8]) -> Digest {
    match word {
        b"openssl" => Digest::Openssl,
        b"shasum" => Digest::Shasum,
        _ => Digest::Sha256sum,
    }
}

/// What differs, in a sentence; none where nothing does that counts.
fn summary(place: &str, found: &[Difference], hooks: bool) -> Option<Text> {
    let counted: Vec<&Difference> = found.iter().filter(|difference| !(difference.extra && hooks)).collect();
    if counted.is_empty() {
        return None;
    }
    let extra = counted.iter().filter(|difference| difference.extra).count();
    let other = counted.len() - extra;
    let named = |how: fn(&Text) -> &str, open: &str, close: &str, and: &str, more: &str| {
        let mut said: Vec<String> = counted
            .iter()
            .take(NAMED)
            .map(|difference| format!("{}{open}{}{close}", shown(&difference.path), how(&difference.how)))
            .collect();
        if counted.len() > NAMED {
            said.push(more.to_owned());
        }
        said.join(and)
    };
    let en = named(|how| &how.en, " (", ")", ", ", "…");
    let zh = named(|how| &how.zh, "（", "）", "、", "…");
    let changed = match other {
        0 => None,
        1 => Some(Text::new("1 file or folder is not as released", "1 个文件或目录与发布内容不一致")),
        n => Some(text!("{n} files or folders are not as released", "{n} 个文件或目录与发布内容不一致")),
    };
    let added = match extra {
        0 => None,
        1 => Some(Text::new("1 does not belong there", "1 个不应存在")),
        n => Some(text!("{n} do not belong there", "{n} 个不应存在")),
    };
    let said: Vec<Text> = changed.into_iter().chain(added).collect();
    let (counts_en, counts_zh) = (
        said.iter().map(|text| &*text.en).collect::<Vec<_>>().join(", "),
        said.iter().map(|text| &*text.zh).collect::<Vec<_>>().join("，"),
    );
    Some(text!(
        "{place} was changed since the release: {counts_en}: {en}. To put it right, roll back to the release that is live, or release again.",
        "{place} 在发布之后被改动：{counts_zh}：{zh}。可回滚到当前发布，或重新发布以恢复。"
    ))
}

fn unknown(place: &str, link: &str) -> Text {
    text!(
        "{place}/current names {link}, but Launchway has put nothing live there. Release to it, and it will be known.",
        "{place}/current 指向 {link}，但 Launchway 从未在此发布。发布一次即可纳入记录。"
    )
}

fn directory(place: &str) -> Text {
    text!(
        "{place}/current is not a symbolic link, so no release can go live there. Move it away, then release again.",
        "{place}/current 不是符号链接，发布无法在此生效。请将其移走后重新发布。"
    )
}

fn missing(place: &str, wanted: &str) -> Text {
    text!(
        "{place}/current is missing; it should name {wanted}. Roll back or release again to put it right.",
        "{place}/current 不存在，它应指向 {wanted}。可回滚或重新发布以恢复。"
    )
}

fn gone(place: &str, wanted: &str) -> Text {
    text!(
        "{place}/current names {wanted}, but that folder is gone. Release again to put it right.",
        "{place}/current 指向 {wanted}，但该文件夹已不存在。请重新发布以恢复。"
    )
}

fn moved(place: &str, link: &str, wanted: &str) -> Text {
    text!(
        "{place}/current names {link}, but {wanted} should be live: somebody moved the link by hand. Roll back or release again to put it right.",
        "{place}/current 指向 {link}，但应为 {wanted}：有人手动修改了链接。可回滚或重新发布以恢复。"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(path: &str, extra: bool) -> Difference {
        Difference { path: path.into(), how: Text::new("has other content", "内容不同"), extra }
    }

    #[test]
    fn a_summary_names_the_first_paths_and_counts_the_rest() {
        let found: Vec<Difference> = ["a", "b", "c", "d"].iter().map(|path| difference(path, false)).collect();
        let said = summary("web-1:/srv", &found, false).unwrap();
        assert!(said.en.contains("4 files or folders are not as released: a"), "{said}");
        let one = summary("web-1:/srv", &[difference("a", false), difference("b", true)], false).unwrap();
        assert!(one.en.contains("1 file or folder is not as released, 1 does not belong there: a"), "{one}");
        let extra = summary("web-1:/srv", &[difference("b", true)], false).unwrap();
        assert!(extra.en.contains("since the release: 1 does not belong there: b"), "{extra}");
        assert!(said.en.contains("a (has other content), b (has other content), c (has other content), …"), "{said}");
        assert!(said.zh.contains("a（内容不同）、b（内容不同）"), "{}", said.zh);
    }

    #[test]
    fn what_hooks_may_have_made_is_no_drift_but_what_they_may_not_have_changed_is() {
        assert_eq!(summary("w", &[difference("cache", true)], true), None);
        assert!(summary("w", &[difference("cache", true)], false).is_some());
        assert!(summary("w", &[difference("cache", false)], true).is_some());
        assert_eq!(summary("w", &[], false), None);
    }

    #[test]
    fn only_our_own_links_name_a_release() {
        assert_eq!(other_release("releases/7"), Some(ReleaseId(7)));
        assert_eq!(other_release("/srv/other/releases/7"), None);
        assert_eq!(other_release("releases/x"), None);
    }
}
