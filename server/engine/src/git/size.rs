//! How much a commit holds.

use git2::{ObjectType, Oid, Repository};

use super::Bounds;
use super::error::GitError;
use super::guard::{self, Guard};
use super::mirror::Mirror;

impl Mirror {
    /// How many files a commit (40 digits) has, and how many bytes they are together; of one folder of it, where one is
    /// named. None where that folder is not in the commit: then something makes it.
    ///
    /// # Errors
    /// `Unreachable` where the commit is not here. `Timeout` and `Canceled`.
    pub fn size(&self, commit: &str, folder: Option<&str>, bounds: &Bounds) -> Result<Option<(u64, u64)>, GitError> {
        let id = self.id(commit)?;
        let folder = folder.map(str::to_owned);
        let place = self.path().display().to_string();
        let mirror = self.clone();
        guard::run(&Guard::new(bounds, &place), &mut |_| {}, move |guard, _| {
            let repo = mirror.repo()?;
            let Ok(commit) = repo.find_commit(id) else { return Err(mirror.unreachable(&id.to_string())) };
            let failed = |error: git2::Error| mirror.failed(&error);
            let mut tree = commit.tree().map_err(failed)?.id();
            if let Some(folder) = folder.as_deref().map(|folder| folder.trim_matches('/')).filter(|f| !f.is_empty()) {
                let whole = repo.find_tree(tree).map_err(failed)?;
                match whole.get_path(std::path::Path::new(folder)) {
                    Ok(entry) if entry.kind() == Some(ObjectType::Tree) => tree = entry.id(),
                    _ => return Ok(None),
                }
            }
            let found = sum(&repo, tree, guard).map_err(failed)?;
            guard.check()?;
            Ok(Some(found))
        })
    }
}

/// The files below a tree, and their bytes.
fn sum(repo: &Repository, root: Oid, guard: &Guard) -> Result<(u64, u64), git2::Error> {
    let odb = repo.odb()?;
    let (mut files, mut bytes) = (0, 0);
    let mut trees = vec![root];
    while let Some(id) = trees.pop() {
        if !guard.goes_on() {
            break;
        }
        let tree = repo.find_tree(id)?;
        for entry in &tree {
            match entry.kind() {
                Some(ObjectType::Tree) => trees.push(entry.id()),
                Some(ObjectType::Blob) => {
                    // Only the header is read: what a file says does not matter here.
                    bytes += odb.read_header(entry.id())?.0 as u64;
                    files += 1;
                }
                _ => {}
            }
        }
    }
    Ok((files, bytes))
}
