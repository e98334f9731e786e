//! How a release lies on a server beyond what was packed: its links into `shared/`, and whose it is.
//!
//! What all releases of an environment have in common (uploads, a file with passwords) stands in `<path>/shared/`. Each
//! release has a relative link in its place, made while nobody sees the release yet. A shared folder that is not there is
//! made; what the release brings at that place is where both begin. A file that is nowhere stops the release: a program
//! that starts with an empty configuration is worse than one that was not switched to.

use std::collections::{BTreeMap, BTreeSet};

use launchway_domain::{Takes, text};

use super::error::{self, Refusal, TargetError, exit};
use super::{Site, fields, scripts};
use crate::artifact::{Entry, EntryKind, Manifest, shown};
use crate::shell::{Command, Limits, Output, Shell};

/// The permissions of folders where a policy says nothing.
const FOLDERS: u32 = 0o755;

/// How a release lies on servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lay {
    /// What each release links to, by its path: whether it is a folder.
    shared: BTreeMap<String, bool>,
    owner: Option<String>,
    folders: Option<u32>,
}

impl Lay {
    /// As a policy has it.
    pub fn new(takes: &Takes) -> Self {
        let folders = takes.shared_folders.iter().map(|path| (path.clone(), true));
        let files = takes.shared_files.iter().map(|path| (path.clone(), false));
        Self { shared: folders.chain(files).collect(), owner: takes.owner.clone(), folders: takes.folder_bits() }
    }

    /// What the release's folder holds once it is laid: what was packed, with links in the places of what is shared, and
    /// the folders above these.
    ///
    /// # Errors
    /// [`Refusal::Other`] where something that was packed leaves no place for a link.
    pub fn expected(&self, manifest: &Manifest) -> Result<Manifest, TargetError> {
        if self.shared.is_empty() {
            return Ok(manifest.clone());
        }
        let mut entries = manifest.entries.clone();
        entries.retain(|entry| !self.covers(&entry.path));
        let kinds: BTreeMap<&[u8], EntryKind> = manifest.entries.iter().map(|e| (e.path.as_slice(), e.kind)).collect();
        for path in self.shared.keys() {
            for above in above(path) {
                if kinds.get(above.as_bytes()).is_some_and(|kind| *kind != EntryKind::Dir) {
                    return Err(in_the_way(path, above));
                }
            }
            let target = Some(link(path).into_bytes());
            entries.push(Entry {
                path: path.clone().into_bytes(),
                kind: EntryKind::Link,
                mode: 0o777,
                size: 0,
                sha256: None,
                target,
            });
        }
        let mode = self.folder_mode();
        entries.extend(self.missing(manifest).into_iter().map(|path| Entry {
            path: path.as_bytes().to_vec(),
            kind: EntryKind::Dir,
            mode,
            size: 0,
            sha256: None,
            target: None,
        }));
        Ok(Manifest::new(entries))
    }

    /// The permissions of a release's own folder, and of those that are made for links.
    pub(super) fn folder_mode(&self) -> u32 {
        self.folders.unwrap_or(FOLDERS)
    }

    /// Whether there is nothing to be done.
    fn is_plain(&self) -> bool {
        self.shared.is_empty() && self.owner.is_none()
    }

    /// Whether something stands where a link will, or below.
    fn covers(&self, path: &[u8]) -> bool {
        let is_above = |shared: &String| {
            path.strip_prefix(shared.as_bytes()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        self.shared.keys().any(is_above)
    }

    /// The folders above links that were not packed, each after those above it.
    fn missing(&self, manifest: &Manifest) -> BTreeSet<&str> {
        let packed: BTreeSet<&[u8]> = manifest.entries.iter().map(|entry| entry.path.as_slice()).collect();
        self.shared.keys().flat_map(|path| above(path)).filter(|path| !packed.contains(path.as_bytes())).collect()
    }

    /// Lays a verified copy that nobody sees yet.
    ///
    /// # Errors
    /// [`Refusal::Other`] where something shared is missing or of another kind, or the owner cannot be given.
    pub(super) fn carry_out(
        &self,
        shell: &mut dyn Shell,
        site: &Site,
        side: &str,
        manifest: &Manifest,
        limits: &Limits,
    ) -> Result<(), TargetError> {
        if self.is_plain() {
            return Ok(());
        }
        let owner = self.owner.as_deref().unwrap_or_default();
        let mut command = Command::script(scripts::LAY).arg(&site.base).arg(side).arg(owner);
        let mode = format!("{:o}", self.folder_mode());
        for path in self.missing(manifest) {
            command = command.arg("make").arg(path).arg(&mode);
        }
        for (path, is_folder) in &self.shared {
            command = command.arg(if *is_folder { "folder" } else { "file" }).arg(path).arg(link(path));
        }
        let output = shell.call(&command, limits)?;
        if output.ok() { Ok(()) } else { Err(refused(&site.place(), owner, &output)) }
    }
}

/// The folders above a path, the outermost first.
fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

/// What a link at `path` in a release names: as many folders up as it lies deep, and those of the release itself.
fn link(path: &str) -> String {
    format!("{}../../shared/{path}", "../".repeat(path.matches('/').count()))
}

fn in_the_way(path: &str, above: &str) -> TargetError {
    TargetError::refused(
        Refusal::Other,
        text!(
            "{path} cannot be linked into the release: {above} is no folder in it. Mend the environment's policy or the tree, then create a new release.",
            "无法将 {path} 链接到发布中：{above} 在发布内容中不是文件夹。请修改环境的发布策略或代码树，然后新建发布。"
        ),
    )
}

fn refused(place: &str, owner: &str, output: &Output) -> TargetError {
    let named: Vec<String> = fields(&output.stdout).iter().map(|field| shown(field)).collect();
    let path = named.first().map_or("", String::as_str);
    let said = output.complaint();
    let text = match output.status {
        exit::SHARED_KIND => text!(
            "{place}/shared/{path} is of another kind than the environment's policy says: a folder in the place of a file, or the other way round, or a link that leads nowhere. Nothing was switched. Mend it on the server or in the policy, then retry.",
            "{place}/shared/{path} 的类型与环境发布策略不符：文件与文件夹互换，或是失效的链接。未进行切换。请在服务器上或在策略中更正，然后重试。"
        ),
        exit::SHARED_ABSENT => text!(
            "There is no {place}/shared/{path}, and the release brings none to begin with. Nothing was switched. Put the file there, then retry.",
            "{place}/shared/{path} 不存在，发布内容中也没有初始文件。未进行切换。请先放置该文件，然后重试。"
        ),
        exit::OWNER => text!(
            "The files in {place} cannot be given to {owner}: the user that Launchway signs in as may not do that, or there is no such user or group. Nothing was switched. Sign in as root, or take the owner out of the environment's policy, then create a new release. The server said: {said}",
            "无法将 {place} 中的文件交给 {owner}：Launchway 登录所用的用户没有权限，或该用户、组不存在。未进行切换。请以 root 登录，或在环境发布策略中去掉所有者，然后新建发布。服务器返回：{said}"
        ),
        _ => return error::refusal(place, output),
    };
    TargetError::refused(Refusal::Other, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, kind: EntryKind) -> Entry {
        let target = (kind == EntryKind::Link).then(|| b"/etc".to_vec());
        Entry { path: path.into(), kind, mode: 0o755, size: 0, sha256: None, target }
    }

    fn lay(folders: &[&str], files: &[&str]) -> Lay {
        let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        Lay::new(&Takes { shared_folders: list(folders), shared_files: list(files), ..Takes::default() })
    }

    #[test]
    fn links_stand_in_the_place_of_what_was_packed() {
        let packed = Manifest::new(vec![
            entry("storage", EntryKind::Dir),
            entry("storage/a", EntryKind::File),
            entry("storage2", EntryKind::File),
        ]);
        let expected = lay(&["storage"], &["config/x/app.env"]).expected(&packed).unwrap();
        let found: Vec<String> = expected
            .entries
            .iter()
            .map(|e| format!("{} {}", shown(&e.path), e.target.as_deref().map(shown).unwrap_or_default()))
            .collect();
        assert_eq!(
            found,
            [
                "config ",
                "config/x ",
                "config/x/app.env ../../../../shared/config/x/app.env",
                "storage ../../shared/storage",
                "storage2 ",
            ]
        );
    }

    #[test]
    fn no_link_of_the_tree_leads_ours_out_of_it() {
        let packed = Manifest::new(vec![entry("config", EntryKind::Link)]);
        let error = lay(&[], &["config/app.env"]).expected(&packed).unwrap_err();
        assert!(error.text().en.contains("config is no folder"), "{error}");
        // In its own place a link is replaced.
        assert!(lay(&["config"], &[]).expected(&packed).is_ok());
    }
}
