//! A commit's tree as files, the way `git archive` packs it: attributes obeyed, modes and links kept;
//! and with the contents of submodules, which `git archive` leaves out.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use git2::{ObjectType, Oid, Repository, Tree};
use launchway_domain::text;
use sha2::{Digest, Sha256};

use super::attributes::{Attributes, Found, Value};
use super::error::{GitError, GitErrorKind};
use super::guard::Guard;
use super::location::{Location, shown};
use super::mirror::Mirror;
use super::subst::Facts;
use super::{Bounds, Progress, Remote, convert, submodule};

/// How deep submodules may nest.
const MAX_NESTING: u32 = 10;
/// The longest path that the kernel takes.
const MAX_PATH: usize = 4096;
/// How deep folders may nest, those of submodules included: each level takes a frame of the stack, which must not run out.
const MAX_LEVELS: usize = 200;
/// The largest size of a Git LFS pointer, by its specification.
const LFS_POINTER: usize = 1024;

/// What an export has written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportStats {
    /// Files and symbolic links.
    pub files: u64,
    /// Their contents, in bytes.
    pub bytes: u64,
}

impl Mirror {
    /// Writes a commit's files into the folder `into`, which is made where there is none. What stands
    /// there already stays; a file of the commit in the same place is an error, and nothing is ever
    /// written through a link. Submodules come from their own mirrors, beside this one's objects; they
    /// are reached with the credential and the pinned key of `remote` where they live on the same host.
    ///
    /// # Errors
    /// `Unreachable` where the commit is not here, `Lfs` for a Git LFS pointer, `Other` for names that
    /// would leave the folder; as the remote answers, for submodules.
    pub fn export(
        &self,
        commit: &str,
        into: &Path,
        remote: &Remote,
        bounds: &Bounds,
        progress: &mut dyn FnMut(ExportStats),
    ) -> Result<ExportStats, GitError> {
        let guard = Guard::new(bounds, &shown(&remote.url));
        let modules = self.path().join("modules");
        let mut export = Export { guard, modules, progress, stats: ExportStats::default(), levels: 0 };
        fs::create_dir_all(into).map_err(|error| GitError::io(&into.display().to_string(), &error))?;
        export.commit(self, commit, into, remote, &[], 0)?;
        (export.progress)(export.stats);
        Ok(export.stats)
    }
}

struct Export<'p> {
    guard: Guard,
    modules: PathBuf,
    progress: &'p mut dyn FnMut(ExportStats),
    stats: ExportStats,
    /// How many folders the walk is in.
    levels: usize,
}

/// One repository of an export.
struct Source<'a> {
    mirror: &'a Mirror,
    repo: &'a Repository,
    remote: &'a Remote,
    facts: Facts<'a>,
    modules: HashMap<Vec<u8>, Vec<u8>>,
    /// Where it stands in the whole export, for messages: `""` or `libs/a/`.
    shown_at: &'a [u8],
    depth: u32,
}

impl Export<'_> {
    fn commit(
        &mut self,
        mirror: &Mirror,
        commit: &str,
        into: &Path,
        remote: &Remote,
        shown_at: &[u8],
        depth: u32,
    ) -> Result<(), GitError> {
        let repo = mirror.repo()?;
        let commit = repo.find_commit(mirror.id(commit)?).map_err(|_| mirror.unreachable(commit))?;
        let tree = commit.tree().map_err(|error| mirror.failed(&error))?;
        let modules = match tree.get_name(".gitmodules").filter(|entry| entry.kind() == Some(ObjectType::Blob)) {
            Some(entry) => submodule::addresses(repo.find_blob(entry.id()).map_err(|e| mirror.failed(&e))?.content()),
            None => HashMap::new(),
        };
        let facts = Facts::new(&repo, &commit);
        let source = Source { mirror, repo: &repo, remote, facts, modules, shown_at, depth };
        let mut attributes = Attributes::new();
        self.tree(&source, &tree, &mut Vec::new(), &mut vec![Level::made(into)], &mut attributes)
    }

    fn tree(
        &mut self,
        source: &Source<'_>,
        tree: &Tree<'_>,
        base: &mut Vec<u8>,
        levels: &mut Vec<Level>,
        attributes: &mut Attributes,
    ) -> Result<(), GitError> {
        let rules = tree.get_name(".gitattributes").filter(|entry| is_file(entry.filemode_raw()));
        match rules.map(|entry| source.repo.find_blob(entry.id())) {
            Some(blob) => attributes.enter(base, blob.map_err(|error| source.mirror.failed(&error))?.content()),
            None => attributes.enter(base, b""),
        }
        for entry in tree {
            self.guard.check()?;
            let name = entry.name_bytes();
            let start = base.len();
            base.extend_from_slice(name);
            if !is_safe(name) || base.len() > MAX_PATH {
                let path = source.show(base);
                return Err(GitError::other(text!(
                    "The repository contains the path {path}, which could be written outside of the release's folder. Remove it from the repository.",
                    "仓库中含有路径 {path}，它可能被写到发布目录之外。请将其从仓库中移除。"
                )));
            }
            let mode = entry.filemode_raw();
            let is_folder = matches!(mode & 0o170000, 0o040000 | 0o160000);
            if is_folder {
                base.push(b'/');
            }
            let found = attributes.of(base);
            if mode & 0o170000 != 0o040000 {
                make(levels, source, base)?;
            }
            if !found.is_set("export-ignore") {
                let path = levels.last().map(|level| level.path.join(OsStr::from_bytes(name))).unwrap_or_default();
                match mode & 0o170000 {
                    0o040000 => {
                        let failed = |error: git2::Error| source.mirror.failed(&error);
                        let subtree = source.repo.find_tree(entry.id()).map_err(failed)?;
                        if self.levels >= MAX_LEVELS {
                            let path = source.show(base.get(..100).unwrap_or(base));
                            return Err(GitError::other(text!(
                                "The folders below {path}… nest deeper than {MAX_LEVELS} levels. Remove them from the repository, or leave them out with export-ignore.",
                                "{path}… 下的目录嵌套超过 {MAX_LEVELS} 层。请将其从仓库中移除，或用 export-ignore 排除。"
                            )));
                        }
                        self.levels += 1;
                        levels.push(Level { path, made: false });
                        self.tree(source, &subtree, base, levels, attributes)?;
                        levels.pop();
                        self.levels -= 1;
                    }
                    0o160000 => {
                        make_folder(&path, source, base)?;
                        self.submodule(source, entry.id(), base, &path)?;
                    }
                    kind => {
                        let executable = mode & 0o100 != 0;
                        self.file(source, entry.id(), kind == 0o120000, executable, base, &path, &found)?;
                    }
                }
            }
            base.truncate(start);
        }
        attributes.leave();
        Ok(())
    }

    #[allow(clippy::too_many_arguments)]
    fn file(
        &mut self,
        source: &Source<'_>,
        id: Oid,
        is_link: bool,
        executable: bool,
        relative: &[u8],
        path: &Path,
        attributes: &Found,
    ) -> Result<(), GitError> {
        let blob = source.repo.find_blob(id).map_err(|error| source.mirror.failed(&error))?;
        let data = blob.content();
        let failed = |error: std::io::Error| source.unwritable(relative, &error);
        if is_link {
            std::os::unix::fs::symlink(OsStr::from_bytes(data), path).map_err(failed)?;
            return self.count(data.len());
        }
        if is_lfs_pointer(data) && attributes.get("filter") != Some(&Value::Unset) {
            let path = source.show(relative);
            return Err(GitError::new(
                GitErrorKind::Lfs,
                text!(
                    "{path} is a Git LFS pointer: the repository does not hold the file itself, and Launchway does not fetch it. Store the file in Git (git lfs migrate export --include=\"{path}\"), or leave it out of releases with a line \"{path} export-ignore\" in .gitattributes.",
                    "{path} 是 Git LFS 指针：仓库中没有文件本身，Launchway 也不会去下载。请把文件存入 Git（git lfs migrate export --include=\"{path}\"），或在 .gitattributes 中加一行“{path} export-ignore”将其排除在发布之外。"
                ),
            ));
        }
        let converted = convert::to_worktree(data, id, attributes).map_err(|encoding| {
            let path = source.show(relative);
            GitError::other(text!(
                "{path} asks for the encoding {encoding} in .gitattributes, which Launchway cannot write. Use UTF-8 or UTF-16.",
                "{path} 在 .gitattributes 中要求编码 {encoding}，Launchway 无法写出。请使用 UTF-8 或 UTF-16。"
            ))
        })?;
        let mut bytes = converted.as_deref().unwrap_or(data);
        let expanded;
        if attributes.is_set("export-subst") {
            expanded = source.facts.expand(bytes);
            bytes = &expanded;
        }
        let mode = if executable { 0o755 } else { 0o644 };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        // The process's umask must not decide what is released.
        file.set_permissions(fs::Permissions::from_mode(mode)).map_err(failed)?;
        self.count(bytes.len())
    }

    fn count(&mut self, bytes: usize) -> Result<(), GitError> {
        self.stats.files += 1;
        self.stats.bytes += bytes as u64;
        (self.progress)(self.stats);
        Ok(())
    }

    /// Brings the commit that a submodule stands for and writes its files below `into`.
    fn submodule(&mut self, source: &Source<'_>, id: Oid, relative: &[u8], into: &Path) -> Result<(), GitError> {
        let path = relative.strip_suffix(b"/").unwrap_or(relative);
        let shown_path = source.show(path);
        let within =
            |error: GitError| error.within(&format!("Submodule {shown_path}"), &format!("子模块 {shown_path}"));
        if source.depth >= MAX_NESTING {
            return Err(within(GitError::other(text!(
                "submodules nest deeper than {MAX_NESTING}. Does one contain itself?",
                "子模块嵌套超过 {MAX_NESTING} 层，是否有子模块包含了自身？"
            ))));
        }
        let address = source.modules.get(path).and_then(|url| String::from_utf8(url.clone()).ok());
        let Some(address) = address else {
            return Err(within(GitError::other(text!(
                "there is no address for it in .gitmodules. Add it there, remove the submodule (git rm --cached), or leave it out of releases with export-ignore.",
                ".gitmodules 中没有它的地址。请补上地址、移除该子模块（git rm --cached），或用 export-ignore 将其排除在发布之外。"
            ))));
        };
        let remote = source.submodule_remote(&address).map_err(within)?;
        let digest = hex::encode(Sha256::digest(remote.url.as_bytes()));
        let mirror = Mirror::open(&self.modules.join(&digest[..32]), &remote).map_err(within)?;
        let commit = id.to_string();
        let mut idle = |_: Progress| {};
        mirror.fetch_commit(&remote, &commit, &self.guard.bounds(), &mut idle).map_err(within)?;
        mirror.keep(&mirror.repo()?, id).map_err(within)?;
        let shown_at = [source.shown_at, relative].concat();
        self.commit(&mirror, &commit, into, &remote, &shown_at, source.depth + 1)
    }
}

impl Source<'_> {
    /// A path of this repository, for messages.
    fn show(&self, relative: &[u8]) -> String {
        String::from_utf8_lossy(&[self.shown_at, relative].concat()).into_owned()
    }

    fn unwritable(&self, relative: &[u8], error: &std::io::Error) -> GitError {
        let path = self.show(relative);
        match error.kind() {
            ErrorKind::AlreadyExists => GitError::other(text!(
                "{path} cannot be written: something else stands in its place. Keep hooks that run before the download from writing there, and the repository from having two things of that name.",
                "无法写入 {path}：该位置已有其他内容。请勿让下载前的钩子写到那里，也不要在仓库中出现两个同名条目。"
            )),
            ErrorKind::StorageFull => GitError::other(text!(
                "{path} cannot be written: the disk of the Launchway host is full. Free some space, then retry.",
                "无法写入 {path}：Launchway 主机的磁盘已满。请清理空间后重试。"
            )),
            _ => GitError::other(text!("{path} cannot be written: {error}", "无法写入 {path}：{error}")),
        }
    }

    fn submodule_remote(&self, address: &str) -> Result<Remote, GitError> {
        let Some(url) = submodule::absolute(address, &self.remote.url) else {
            return Err(GitError::other(text!(
                "its address {address} leads out of the host. Correct it in .gitmodules.",
                "其地址 {address} 超出了主机范围。请在 .gitmodules 中更正。"
            )));
        };
        let (ours, theirs) = (Location::parse(&self.remote.url)?, Location::parse(&url)?);
        // A repository from elsewhere must not read this host's own.
        if theirs.is_local() && !ours.is_local() {
            return Err(GitError::other(text!(
                "its address {url} is a folder of the Launchway host, which a repository from elsewhere may not read. Use an address that others can reach.",
                "其地址 {url} 是 Launchway 主机上的目录，外部仓库不得读取。请使用他人也能访问的地址。"
            )));
        }
        if let (Location::Local(ours), Location::Local(theirs)) = (&ours, &theirs)
            && !lies_beside(theirs, ours)
        {
            return Err(GitError::other(text!(
                "its address {url} is a folder of the Launchway host that does not lie beside the repository itself, so it is not read. Move it there, or use an address that others can reach.",
                "其地址 {url} 是 Launchway 主机上的目录，但不与仓库本身位于同一目录下，因此不予读取。请将其移到同一目录，或使用他人也能访问的地址。"
            )));
        }
        if ours.same_host(&theirs) {
            return Ok(Remote { url, ..self.remote.clone() });
        }
        Ok(Remote { url, auth: None, host_key: None })
    }
}

/// Whether a repository of this host lies in the folder that another one lies in. Who may write into a repository says what
/// its submodules are, and should not be able to name whatever Launchway can read.
fn lies_beside(theirs: &Path, ours: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let ours = real(ours);
    let ours = if ours.ends_with(".git") { ours.parent().unwrap_or(&ours) } else { &ours };
    // Beside what lies at the top lies everything.
    let folder = ours.parent().filter(|folder| folder.parent().is_some()).unwrap_or(ours);
    real(theirs).starts_with(folder)
}

/// A folder on the disk, made when the walk meets the first file or link in it, an ignored one too:
/// that is when `git archive` writes it down.
struct Level {
    path: PathBuf,
    made: bool,
}

impl Level {
    fn made(path: &Path) -> Self {
        Self { path: path.to_owned(), made: true }
    }
}

/// Makes the folders down to where the walk stands.
fn make(levels: &mut [Level], source: &Source<'_>, relative: &[u8]) -> Result<(), GitError> {
    for level in levels.iter_mut().filter(|level| !level.made) {
        make_folder(&level.path, source, relative)?;
        level.made = true;
    }
    Ok(())
}

/// Makes one folder. A folder that a hook made is as good; a link to one is not.
fn make_folder(path: &Path, source: &Source<'_>, relative: &[u8]) -> Result<(), GitError> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let is_folder = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
            if is_folder { Ok(()) } else { Err(source.unwritable(relative, &error)) }
        }
        Err(error) => Err(source.unwritable(relative, &error)),
        Ok(()) => fs::set_permissions(path, fs::Permissions::from_mode(0o755))
            .map_err(|error| source.unwritable(relative, &error)),
    }
}

fn is_file(mode: i32) -> bool {
    mode & 0o170000 == 0o100000
}

/// Whether a tree's entry stays in its folder, and is not a repository's own data (Git refuses the
/// same names).
fn is_safe(name: &[u8]) -> bool {
    !name.is_empty()
        && name != b"."
        && name != b".."
        && !name.eq_ignore_ascii_case(b".git")
        && !name.iter().any(|byte| matches!(byte, b'/' | 0))
}

fn is_lfs_pointer(data: &[u8]) -> bool {
    let begins = data.starts_with(b"version https://git-lfs.github.com/spec/")
        || data.starts_with(b"version https://hawser.github.com/spec/");
    begins && data.len() < LFS_POINTER && convert::find(data, b"\noid sha256:").is_some()
}
