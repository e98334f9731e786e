//! Repositories that are folders of this host, read directly.
//!
//! libgit2's local transport is about twenty times slower than a copy and looks at every object that a
//! ref names, so that one broken object fails everything. Here the refs are read as names alone, the
//! first fetch copies the object files, and later ones pack what is missing.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use git2::{ErrorCode, ObjectType, Oid, Repository};
use launchway_domain::text;

use super::Progress;
use super::error::{GitError, GitErrorKind};
use super::guard::{Guard, Reporter};
use super::remote::Heads;
use crate::data::DataDir;

/// How many repositories may stand behind each other with their objects.
const ALTERNATES: u32 = 5;
/// How many files a repository may consist of.
const ENTRIES: usize = 2_000_000;

/// Opens a repository, bare or with a work tree. Launchway's own are none: the mirror of one project is not for
/// whoever may name the repository of another, or a submodule in it.
pub(super) fn open(path: &Path) -> Result<Repository, GitError> {
    let place = path.display().to_string();
    if is_ours(path) {
        return Err(ours(&place));
    }
    let repo = Repository::open(path).map_err(|error| match error.code() {
        ErrorCode::NotFound => GitError::not_found(&place),
        _ => GitError::from_git(&error, &place),
    })?;
    // A repository can point elsewhere with all that it has, or with its objects only.
    let mut folders = vec![repo.path().to_owned(), repo.commondir().to_owned()];
    with_alternates(&repo.commondir().join("objects"), ALTERNATES, &mut folders);
    if folders.iter().any(|folder| is_ours(folder) || leads_to_ours(folder)) {
        return Err(ours(&place));
    }
    Ok(repo)
}

fn ours(place: &str) -> GitError {
    GitError::other(text!(
        "{place} lies in the data folder of Launchway, or takes objects or refs from there. Give the address of the repository itself.",
        "{place} 位于 Launchway 的数据目录中，或使用了其中的对象或引用。请填写仓库本身的地址。"
    ))
}

/// Whether a place is a release's or a project's in some Launchway's data folder, or leads there.
fn is_ours(path: &Path) -> bool {
    path.canonicalize().is_ok_and(|path| path.ancestors().any(DataDir::is_part))
}

/// Whether a link in a folder, or behind such a link, leads to what is ours: refs and packs can be borrowed one by one.
fn leads_to_ours(folder: &Path) -> bool {
    let mut open = vec![folder.to_owned()];
    let mut seen = BTreeSet::new();
    let mut entries = 0;
    while let Some(place) = open.pop() {
        let Ok(listing) = fs::read_dir(&place) else { continue };
        for entry in listing.flatten() {
            entries += 1;
            // No repository: what this large a tree hides is not looked for.
            if entries > ENTRIES {
                return true;
            }
            let Ok(kind) = entry.file_type() else { continue };
            let path = entry.path();
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_symlink()
                && let Ok(real) = path.canonicalize()
            {
                if is_ours(&real) {
                    return true;
                }
                if real.is_dir() && seen.insert(real.clone()) {
                    open.push(real);
                }
            }
        }
    }
    false
}

/// Its branches and tags; of the objects only those that tags name are looked at.
pub(super) fn heads(repo: &Repository, place: &str) -> Result<Heads, GitError> {
    let failed = |error: git2::Error| GitError::from_git(&error, place);
    let mut heads = Heads::default();
    for reference in repo.references().map_err(failed)? {
        let reference = reference.map_err(failed)?;
        let Ok(name) = reference.name() else { continue };
        if !Heads::wants(name) {
            continue;
        }
        let Some(id) = reference.target().or_else(|| reference.resolve().ok().and_then(|r| r.target())) else {
            continue;
        };
        if name.starts_with("refs/tags/") {
            // Tags of anything else than commits are of no use to a release.
            let Ok(commit) = reference.peel_to_commit() else { continue };
            if commit.id() != id {
                heads.peeled.insert(name.to_owned(), commit.id());
            }
        }
        heads.refs.insert(name.to_owned(), id);
    }
    if let Ok(head) = repo.find_reference("HEAD") {
        heads.default_branch = head.symbolic_target().ok().flatten().map(str::to_owned);
    }
    Ok(heads)
}

/// The commit that a full or abbreviated object name means.
pub(super) fn find_commit(repo: &Repository, prefix: &str, place: &str) -> Result<Option<Oid>, GitError> {
    match repo.find_commit_by_prefix(prefix) {
        Ok(commit) => Ok(Some(commit.id())),
        Err(error) if error.code() == ErrorCode::Ambiguous => Err(GitError::new(
            GitErrorKind::UnknownRef,
            text!(
                "More than one commit of {place} begins with {prefix}. Give more digits.",
                "{place} 中有多个提交以 {prefix} 开头。请多输入几位。"
            ),
        )),
        Err(_) => Ok(None),
    }
}

/// Brings every object that the heads need, and `extra`, from `source` into `mirror`.
pub(super) fn transfer<T>(
    source: &Repository,
    mirror: &Repository,
    heads: &Heads,
    extra: Option<Oid>,
    place: &str,
    guard: &Guard,
    reporter: &Reporter<T>,
) -> Result<(), GitError> {
    let failed = |error: git2::Error| GitError::from_git(&error, place);
    let (from, to) = (source.odb().map_err(failed)?, mirror.odb().map_err(failed)?);
    let tips: BTreeSet<Oid> = heads.refs.values().copied().chain(extra).filter(|id| from.exists(*id)).collect();
    let known = known_commits(mirror);
    let is_copied = known.is_empty() && {
        // Nothing here has a name yet, so what there is may be what a process that was killed had copied by then: a
        // commit that is here says nothing of its files.
        let copied = copy_objects(source, mirror, guard, reporter);
        guard.check()?;
        copied.unwrap_or_else(|error| {
            tracing::debug!(%error, place, "copying the objects of a local repository; packing them instead");
            false
        })
    };
    to.refresh().map_err(failed)?;
    // Once the mirror has names, whatever is in it came whole.
    let is_whole = is_copied || !known.is_empty();
    let wanted: Vec<Oid> = tips.into_iter().filter(|id| !is_whole || !to.exists(*id)).collect();
    if !wanted.is_empty() {
        pack(source, mirror, &wanted, &known, guard, reporter).map_err(failed)?;
        to.refresh().map_err(failed)?;
    }
    guard.check()
}

/// The commits whose whole history the mirror holds: those that its refs name.
fn known_commits(mirror: &Repository) -> Vec<Oid> {
    let Ok(references) = mirror.references() else { return Vec::new() };
    references.flatten().filter_map(|r| r.peel_to_commit().ok()).map(|commit| commit.id()).collect()
}

fn pack<T>(
    source: &Repository,
    mirror: &Repository,
    wanted: &[Oid],
    known: &[Oid],
    guard: &Guard,
    reporter: &Reporter<T>,
) -> Result<(), git2::Error> {
    let mut builder = source.packbuilder()?;
    builder.set_threads(0);
    let mut walk = source.revwalk()?;
    for id in wanted {
        let mut object = source.find_object(*id, None)?;
        // A tag may name a tag that names a commit; every link of the chain has to come along.
        while let Some(tag) = object.as_tag() {
            builder.insert_object(tag.id(), None)?;
            let target = tag.target()?;
            object = target;
        }
        match object.kind() {
            Some(ObjectType::Commit) => walk.push(object.id())?,
            _ => builder.insert_recursive(object.id(), None)?,
        }
    }
    for id in known {
        // Fails for what the source has forgotten; it then has nothing to do with what is wanted.
        let _ = walk.hide(*id);
    }
    builder.insert_walk(&mut walk)?;
    let total = builder.object_count() as u64;
    let odb = mirror.odb()?;
    let mut writer = odb.packwriter()?;
    let mut bytes = 0;
    builder.foreach(|piece| {
        bytes += piece.len() as u64;
        reporter.tell(Progress { received_objects: 0, total_objects: total, received_bytes: bytes });
        guard.goes_on() && writer.write_all(piece).is_ok()
    })?;
    writer.commit()?;
    reporter.tell(Progress { received_objects: total, total_objects: total, received_bytes: bytes });
    Ok(())
}

/// Copies packs and loose objects, those of alternates too, each to a side file that is renamed; whether that was all
/// of them: a repository that is repacked meanwhile moves files past our eyes.
/// Copies, not links: the mirror must not change when somebody writes into the original.
fn copy_objects<T>(
    source: &Repository,
    mirror: &Repository,
    guard: &Guard,
    reporter: &Reporter<T>,
) -> io::Result<bool> {
    let mut folders = Vec::new();
    with_alternates(&source.commondir().join("objects"), ALTERNATES, &mut folders);
    let target = mirror.commondir().join("objects");
    let files = object_files(&folders)?;
    let listed: BTreeSet<PathBuf> = files.iter().map(|(_, relative)| relative.clone()).collect();
    let total = files.len() as u64;
    let mut progress = Progress { received_objects: 0, total_objects: total, received_bytes: 0 };
    for (from, relative) in files {
        if !guard.goes_on() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let to = target.join(relative);
        if !to.exists() {
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent)?;
            }
            progress.received_bytes += copy(&from, &to)?;
        }
        progress.received_objects += 1;
        reporter.tell(progress);
    }
    // A shallow repository ends where this file says.
    let shallow = source.commondir().join("shallow");
    if shallow.symlink_metadata().is_ok_and(|found| found.is_file()) {
        copy(&shallow, &mirror.commondir().join("shallow"))?;
    }
    // New files do no harm: what they hold is either also in one that was copied, or newer than the refs that we read.
    let still: BTreeSet<PathBuf> = object_files(&folders)?.into_iter().map(|(_, relative)| relative).collect();
    Ok(listed.is_subset(&still))
}

fn copy(from: &Path, to: &Path) -> io::Result<u64> {
    let folder = to.parent().unwrap_or(Path::new("."));
    let mut side = tempfile::Builder::new().prefix("tmp_launchway_").tempfile_in(folder)?;
    let bytes = io::copy(&mut fs::File::open(from)?, side.as_file_mut())?;
    side.persist(to).map_err(|error| error.error)?;
    Ok(bytes)
}

fn with_alternates(objects: &Path, depth: u32, found: &mut Vec<PathBuf>) {
    if depth == 0 || found.iter().any(|known| known == objects) {
        return;
    }
    found.push(objects.to_owned());
    let Ok(list) = fs::read(objects.join("info/alternates")) else { return };
    for line in list.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && !line.starts_with(b"#")) {
        let line = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(line);
        with_alternates(&objects.join(line), depth - 1, found);
    }
}

/// The object files of several folders.
fn object_files(folders: &[PathBuf]) -> io::Result<Vec<(PathBuf, PathBuf)>> {
    let mut files = Vec::new();
    for folder in folders {
        list_objects(folder, &mut files)?;
    }
    Ok(files)
}

/// The object files below a folder, packs before their indexes, as (path, path within the folder).
/// Only regular files: a symbolic link could name anything on this host.
fn list_objects(objects: &Path, found: &mut Vec<(PathBuf, PathBuf)>) -> io::Result<()> {
    let hex = |name: &str, len: usize| name.len() == len && name.bytes().all(|b| b.is_ascii_hexdigit());
    let mut packs = Vec::new();
    for folder in fs::read_dir(objects)? {
        let folder = folder?;
        let Some(name) = folder.file_name().to_str().map(str::to_owned) else { continue };
        if !folder.file_type()?.is_dir() || !(name == "pack" || hex(&name, 2)) {
            continue;
        }
        for file in fs::read_dir(folder.path())? {
            let file = file?;
            let Some(file_name) = file.file_name().to_str().map(str::to_owned) else { continue };
            if !file.file_type()?.is_file() {
                continue;
            }
            let relative = Path::new(&name).join(&file_name);
            if name != "pack" && hex(&file_name, 38) {
                found.push((file.path(), relative));
            } else if name == "pack" && file_name.starts_with("pack-") {
                match relative.extension().and_then(|e| e.to_str()) {
                    Some("pack") => packs.push((0, file.path(), relative)),
                    Some("idx") => packs.push((1, file.path(), relative)),
                    _ => {}
                }
            }
        }
    }
    packs.sort();
    found.extend(packs.into_iter().map(|(_, path, relative)| (path, relative)));
    Ok(())
}
