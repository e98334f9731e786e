//! What a ref picker shows.

use git2::{Commit, Repository, Sort};
use launchway_domain::{GitRef, RefChoice, RefChoices, RefItem, RefKind, Timestamp, text};

use super::error::{GitError, GitErrorKind};
use super::mirror::Mirror;

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
        let mut walk = repo.revwalk().map_err(failed)?;
        walk.set_sorting(Sort::TIME).map_err(failed)?;
        walk.push(tip.id()).map_err(failed)?;
        let mut items = Vec::new();
        for id in walk.take(count) {
            let commit = repo.find_commit(id.map_err(failed)?).map_err(failed)?;
            items.push(item(short(&commit), &commit));
        }
        Ok(items)
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
    let mut walk = repo.revwalk()?;
    walk.set_sorting(Sort::TIME)?;
    walk.push_glob("refs/heads/*")?;
    walk.take(count + 1).map(|id| repo.find_commit(id?).map(|commit| item(short(&commit), &commit))).collect()
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
