//! Two commits held against each other.

use git2::{Delta, Diff, DiffFindOptions, DiffOptions, Oid, Patch, Repository, Sort};
use launchway_domain::RefItem;
use launchway_domain::change::{ChangedFile, Comparison, FileChange, FileTotals, Relation};

use super::Bounds;
use super::error::GitError;
use super::guard::{self, Guard};
use super::list::{item, short};
use super::mirror::Mirror;

/// How many commits of each side are listed.
const COMMITS: usize = 200;
/// How many are counted: a whole history of usual size, in a moment.
const COUNTED: u64 = 50_000;
/// How many files are listed, and their lines counted.
const FILES: usize = 1_000;
/// The largest file whose lines are counted, in bytes.
const FILE_BYTES: usize = 1024 * 1024;
/// The most that is read to count lines, in bytes.
const ALL_BYTES: usize = 64 * 1024 * 1024;
/// From how many files on only those with the very same content count as renamed: to look for similar ones takes
/// time with the square of the number.
const SIMILAR: usize = 1_000;
/// How many files at most are looked at for that.
const SAME: usize = 10_000;

impl Mirror {
    /// What changes from one commit (40 digits each; none: nothing) to another, within bounds of time and size.
    ///
    /// # Errors
    /// `Unreachable` where `to` is not here; a missing `from` is [`Relation::Unknown`]. `Timeout` and `Canceled`.
    pub fn compare(&self, from: Option<&str>, to: &str, bounds: &Bounds) -> Result<Comparison, GitError> {
        let to = self.id(to)?;
        let from = from.map(|from| self.id(from)).transpose()?;
        let place = self.path().display().to_string();
        let mirror = self.clone();
        guard::run(&Guard::new(bounds, &place), &mut |_| {}, move |guard, _| {
            let repo = mirror.repo()?;
            if repo.find_commit(to).is_err() {
                return Err(mirror.unreachable(&to.to_string()));
            }
            if from.is_some_and(|from| repo.find_commit(from).is_err()) {
                return Ok(Comparison { relation: Relation::Unknown, ..Comparison::default() });
            }
            let failed = |error: git2::Error| mirror.failed(&error);
            let mut found = Comparison::default();
            (found.commits, found.commits_total) = walk(&repo, to, from, guard).map_err(failed)?;
            guard.check()?;
            if let Some(from) = from {
                (found.dropped, found.dropped_total) = walk(&repo, from, Some(to), guard).map_err(failed)?;
                guard.check()?;
                found.relation = relation(from == to, found.commits_total, found.dropped_total);
            }
            (found.files, found.files_total) = files(&repo, from, to, guard).map_err(failed)?;
            guard.check()?;
            Ok(found)
        })
    }
}

fn relation(is_same: bool, comes: u64, goes: u64) -> Relation {
    match (comes, goes) {
        _ if is_same => Relation::Same,
        (_, 0) => Relation::Ahead,
        (0, _) => Relation::Behind,
        _ => Relation::Diverged,
    }
}

/// The commits that `tip` reaches and `known` does not, newest first; and how many there are.
fn walk(repo: &Repository, tip: Oid, known: Option<Oid>, guard: &Guard) -> Result<(Vec<RefItem>, u64), git2::Error> {
    let mut walk = repo.revwalk()?;
    walk.set_sorting(Sort::TIME)?;
    walk.push(tip)?;
    if let Some(known) = known {
        walk.hide(known)?;
    }
    let (mut items, mut total) = (Vec::new(), 0);
    for id in walk {
        let id = id?;
        if items.len() < COMMITS {
            let commit = repo.find_commit(id)?;
            items.push(item(short(&commit), &commit));
        }
        total += 1;
        if total == COUNTED || (total % 256 == 0 && !guard.goes_on()) {
            break;
        }
    }
    Ok((items, total))
}

fn files(
    repo: &Repository,
    from: Option<Oid>,
    to: Oid,
    guard: &Guard,
) -> Result<(Vec<ChangedFile>, FileTotals), git2::Error> {
    let tree = |id: Oid| repo.find_commit(id).and_then(|commit| commit.tree());
    let before = from.map(tree).transpose()?;
    let mut options = DiffOptions::new();
    // The repository's attributes do not matter, and neither does what the mirror's configuration says.
    options.include_typechange(true).ignore_submodules(false).context_lines(0).max_size(FILE_BYTES as i64);
    let mut diff = repo.diff_tree_to_tree(before.as_ref(), Some(&tree(to)?), Some(&mut options))?;
    if before.is_some() {
        let mut find = DiffFindOptions::new();
        let is_large = diff.deltas().len() > SIMILAR;
        find.renames(true).rename_limit(if is_large { SAME } else { SIMILAR }).exact_match_only(is_large);
        diff.find_similar(Some(&mut find))?;
    }
    let mut totals = FileTotals::default();
    let mut listed = Vec::new();
    // A first release has no lines to compare with.
    let mut budget = if before.is_some() { ALL_BYTES } else { 0 };
    for (index, delta) in diff.deltas().enumerate() {
        let change = match delta.status() {
            Delta::Added | Delta::Copied => FileChange::Added,
            Delta::Deleted => FileChange::Removed,
            Delta::Renamed => FileChange::Renamed,
            Delta::Unmodified => continue,
            _ => FileChange::Changed,
        };
        match change {
            FileChange::Added => totals.added += 1,
            FileChange::Changed => totals.changed += 1,
            FileChange::Removed => totals.removed += 1,
            FileChange::Renamed => totals.renamed += 1,
        }
        if listed.len() < FILES && guard.goes_on() {
            let path =
                |file: git2::DiffFile<'_>| String::from_utf8_lossy(file.path_bytes().unwrap_or_default()).into_owned();
            let lines = lines(repo, &diff, index, &mut budget);
            listed.push(ChangedFile {
                path: path(if change == FileChange::Removed { delta.old_file() } else { delta.new_file() }),
                from: (change == FileChange::Renamed).then(|| path(delta.old_file())),
                change,
                added: lines.map(|(added, _)| added),
                removed: lines.map(|(_, removed)| removed),
            });
        }
    }
    Ok((listed, totals))
}

/// The lines that come and go in one file; none where it is not text, or too much to read.
fn lines(repo: &Repository, diff: &Diff<'_>, index: usize, budget: &mut usize) -> Option<(u32, u32)> {
    let delta = diff.get_delta(index)?;
    let odb = repo.odb().ok()?;
    for file in [delta.old_file(), delta.new_file()] {
        if file.id().is_zero() {
            continue;
        }
        // A submodule's commit is not here, and has no lines.
        let (size, _) = odb.read_header(file.id()).ok()?;
        if size > FILE_BYTES {
            return None;
        }
        *budget = budget.checked_sub(size)?;
    }
    let patch = Patch::from_diff(diff, index).ok()??;
    if patch.delta().flags().is_binary() {
        return None;
    }
    let (_, added, removed) = patch.line_stats().ok()?;
    Some((u32::try_from(added).ok()?, u32::try_from(removed).ok()?))
}
