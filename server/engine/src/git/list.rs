//! What a ref picker shows.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};

use git2::{Commit, Oid, Repository};
use launchway_domain::{GitRef, RefChoice, RefChoices, RefItem, RefKind, Timestamp, text};

use super::error::{GitError, GitErrorKind};
use super::mirror::Mirror;

/// The most commits of one second that are put into their order beyond those that are asked for.
const MAX_OF_A_SECOND: usize = 1_000;

impl Mirror {
    /// The branches as of the last fetch, newest commit first.
    ///
    /// # Errors
    /// Where the mirror cannot be read.
    pub fn branches(&self) -> Result<Vec<RefItem>, GitError> {
        let mut items = self.items("refs/heads/")?;
        items.sort_by(|a, b| b.date.cmp(&a.date).then_with(|| a.name.cmp(&b.name)));
        Ok(items)
    }

    /// The tags as of the last fetch, annotated ones as the commits behind them, newest commit first.
    /// Tags of anything else than commits are left out.
    ///
    /// # Errors
    /// Where the mirror cannot be read.
    pub fn tags(&self) -> Result<Vec<RefItem>, GitError> {
        let mut items = self.items("refs/tags/")?;
        // Of tags made in one second the one that counts higher is the newer one.
        items.sort_by(|a, b| b.date.cmp(&a.date).then_with(|| natural(&b.name, &a.name)));
        Ok(items)
    }

    /// The last commits of a branch, newest first, `count` at most.
    ///
    /// # Errors
    /// `UnknownRef` where there is no such branch.
    pub fn commits(&self, branch: &str, count: usize) -> Result<Vec<RefItem>, GitError> {
        let repo = self.repo()?;
        let failed = |error: git2::Error| self.failed(&error);
        let tip =
            repo.find_reference(&format!("refs/heads/{branch}")).and_then(|r| r.peel_to_commit()).map_err(|_| {
                GitError::new(
                    GitErrorKind::UnknownRef,
                    text!(
                        "There is no branch {branch} in the repository. Choose another one.",
                        "仓库中没有分支 {branch}。请另选一个。"
                    ),
                )
            })?;
        read(&repo, [tip.id()], count).map_err(failed)
    }

    /// Everything that can be picked as of the last fetch, newest first: tags, branches, and the latest commits of all
    /// branches; `count` of each kind at most.
    ///
    /// # Errors
    /// Where the mirror cannot be read.
    pub fn choices(&self, count: usize) -> Result<RefChoices, GitError> {
        let repo = self.repo()?;
        let mut found = RefChoices::default();
        let mut add = |kind, items: Vec<RefItem>| {
            found.more |= items.len() > count;
            found.items.extend(items.into_iter().take(count).map(|item| RefChoice { kind, item }));
        };
        add(RefKind::Tag, self.tags()?);
        add(RefKind::Branch, self.branches()?);
        add(RefKind::Commit, latest(&repo, count).map_err(|error| self.failed(&error))?);
        // Stable: of one moment the tag comes first, then the branch, then the bare commit.
        found.items.sort_by_key(|choice| std::cmp::Reverse(choice.item.date));
        Ok(found)
    }

    fn items(&self, prefix: &str) -> Result<Vec<RefItem>, GitError> {
        let repo: Repository = self.repo()?;
        let mut items = Vec::new();
        for reference in repo.references_glob(&format!("{prefix}*")).map_err(|error| self.failed(&error))? {
            let Ok(reference) = reference else { continue };
            let Some(name) = reference.name().ok().and_then(|name| name.strip_prefix(prefix)) else { continue };
            // Nobody is offered what would be refused.
            if !GitRef::may_be_called(name) {
                continue;
            }
            let Ok(commit) = reference.peel_to_commit() else { continue };
            items.push(item(name.to_owned(), &commit));
        }
        Ok(items)
    }
}

/// The latest commits of all branches, and one more than `count` where there are more.
fn latest(repo: &Repository, count: usize) -> Result<Vec<RefItem>, git2::Error> {
    let mut tips = Vec::new();
    for reference in repo.references_glob("refs/heads/*")? {
        tips.extend(reference.and_then(|reference| reference.peel_to_commit()).map(|commit| commit.id()));
    }
    read(repo, tips, count + 1)
}

/// The newest `count` commits behind some, those of one second with each before its parents. libgit2's own walks read the
/// whole history before they say anything.
fn read(repo: &Repository, tips: impl IntoIterator<Item = Oid>, count: usize) -> Result<Vec<RefItem>, git2::Error> {
    let mut waiting = BinaryHeap::new();
    let mut seen = HashSet::new();
    let mut add = |waiting: &mut BinaryHeap<_>, id: Oid| -> Result<(), git2::Error> {
        if seen.insert(id) {
            let seconds = repo.find_commit(id)?.time().seconds();
            waiting.push((seconds, Reverse(seen.len()), id));
        }
        Ok(())
    };
    for tip in tips {
        add(&mut waiting, tip)?;
    }
    let mut found: Vec<Commit<'_>> = Vec::new();
    while let Some((seconds, _, id)) = waiting.pop() {
        // Whatever has the time of the last one may come before it.
        let may_end = found.last().is_some_and(|last| last.time().seconds() != seconds);
        if found.len() >= count && (may_end || found.len() >= count + MAX_OF_A_SECOND) {
            break;
        }
        let commit = repo.find_commit(id)?;
        for parent in commit.parent_ids() {
            // Of a shallow repository's last commits the parents are elsewhere.
            if repo.odb()?.exists(parent) {
                add(&mut waiting, parent)?;
            }
        }
        found.push(commit);
    }
    let mut items = Vec::with_capacity(found.len());
    for second in found.chunk_by(|a, b| a.time().seconds() == b.time().seconds()) {
        items.extend(children_first(second).map(|commit| item(short(commit), commit)));
    }
    items.truncate(count);
    Ok(items)
}

/// Commits with each before its parents, and else as they were.
fn children_first<'a, 'repo>(commits: &'a [Commit<'repo>]) -> impl Iterator<Item = &'a Commit<'repo>> {
    let mut children: HashMap<Oid, usize> = commits.iter().map(|commit| (commit.id(), 0)).collect();
    for parent in commits.iter().flat_map(Commit::parent_ids) {
        if let Some(count) = children.get_mut(&parent) {
            *count += 1;
        }
    }
    let places: HashMap<Oid, usize> = commits.iter().enumerate().map(|(place, commit)| (commit.id(), place)).collect();
    let mut ready: BTreeSet<usize> = (0..commits.len()).filter(|place| children[&commits[*place].id()] == 0).collect();
    std::iter::from_fn(move || {
        let commit = &commits[ready.pop_first()?];
        for parent in commit.parent_ids() {
            if let (Some(count), Some(place)) = (children.get_mut(&parent), places.get(&parent)) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(*place);
                }
            }
        }
        Some(commit)
    })
}

pub(super) fn short(commit: &Commit<'_>) -> String {
    let full = commit.id().to_string();
    let abbreviated = commit.as_object().short_id().ok().and_then(|buf| buf.as_str().ok().map(str::to_owned));
    abbreviated.unwrap_or(full)
}

pub(super) fn item(name: String, commit: &Commit<'_>) -> RefItem {
    RefItem {
        name,
        commit: commit.id().to_string(),
        author: String::from_utf8_lossy(commit.author().name_bytes()).into_owned(),
        summary: String::from_utf8_lossy(commit.summary_bytes().unwrap_or_default()).into_owned(),
        date: Timestamp(commit.time().seconds().saturating_mul(1000)),
    }
}

/// Compares names with the numbers in them as numbers: `v1.9` before `v1.10`.
fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    let parts = |text: &str| -> Vec<(u8, u64, String)> {
        let mut parts: Vec<(u8, u64, String)> = Vec::new();
        for c in text.chars() {
            let digit = c.to_digit(10);
            match (digit, parts.last_mut()) {
                (Some(d), Some((1, number, _))) => *number = number.saturating_mul(10).saturating_add(u64::from(d)),
                (Some(d), _) => parts.push((1, u64::from(d), String::new())),
                (None, Some((0, _, word))) => word.push(c),
                (None, _) => parts.push((0, 0, c.to_string())),
            }
        }
        parts
    };
    parts(a).cmp(&parts(b)).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::natural;

    #[test]
    fn versions_count() {
        let mut names = ["v1.10", "v1.9", "v1.9-rc1", "v2", "v1.9.1"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["v1.9", "v1.9-rc1", "v1.9.1", "v1.10", "v2"]);
    }
}
