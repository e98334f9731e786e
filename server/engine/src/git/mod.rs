//! Repositories: asking a remote, the mirror that releases are made from, and the export of a commit.
//!
//! Every call blocks; run them on threads that may. Nothing here starts a process: Git is libgit2.

mod attributes;
mod auth;
mod compare;
mod convert;
mod error;
mod export;
mod guard;
mod list;
mod local;
mod location;
mod mirror;
mod packed;
mod remote;
mod size;
mod submodule;
mod subst;
mod wildmatch;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use git2::{Oid, Repository};
use launchway_domain::{GitRef, RefKind, text};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

pub use error::{GitError, GitErrorKind};
pub use export::ExportStats;
pub use location::same_repository;
pub use mirror::Mirror;

use auth::Seen;
use guard::Guard;
use location::{Location, shown};
use remote::Want;

/// Whether a glob means a ref: `*` and `?` stop at slashes, `**` crosses them, `[…]` is one of several.
pub fn glob_matches(glob: &str, name: &str) -> bool {
    wildmatch::matches(glob.as_bytes(), name.as_bytes(), true)
}

/// What opens a repository.
#[derive(Clone)]
pub enum GitAuth {
    /// A user name with a password or access token.
    Password {
        /// Who signs in.
        username: String,
        /// The password or access token.
        password: SecretString,
    },
    /// A private key, for SSH.
    Key {
        /// Who signs in, where the address names nobody.
        username: String,
        /// The key, in OpenSSH or PEM text.
        private_key: SecretString,
        /// What opens the key, where it is locked.
        passphrase: Option<SecretString>,
    },
}

impl fmt::Debug for GitAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, username) = match self {
            GitAuth::Password { username, .. } => ("Password", username),
            GitAuth::Key { username, .. } => ("Key", username),
        };
        f.debug_struct(kind).field("username", username).finish_non_exhaustive()
    }
}

/// A repository and how to reach it.
#[derive(Clone, Debug)]
pub struct Remote {
    /// `https`, `http`, `ssh` or `file` URL, `user@host:path`, or an absolute path.
    pub url: String,
    /// What opens it, where it is not public.
    pub auth: Option<GitAuth>,
    /// The pinned host key (`SHA256:…`); needed for SSH.
    pub host_key: Option<String>,
}

/// What bounds one call.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// From its start to its end.
    pub deadline: Duration,
    /// Ends it early.
    pub cancel: CancellationToken,
}

/// How far a fetch is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Objects so far.
    pub received_objects: u64,
    /// Objects in all; 0 where that is not known yet.
    pub total_objects: u64,
    /// Bytes so far.
    pub received_bytes: u64,
}

/// Whether an address names a folder of this host.
pub fn is_local(url: &str) -> bool {
    Location::parse(url).is_ok_and(|location| location.is_local())
}

/// Asks a repository for its refs. Returns the host key that it showed (SSH only, also when the rest
/// failed), and how many branches and tags there are.
pub fn check(remote: &Remote, bounds: &Bounds) -> (Option<String>, Result<usize, GitError>) {
    let seen = Seen::default();
    let result = ask(remote, bounds, &seen).map(|heads| heads.refs.len());
    (seen.host_key(), result)
}

fn ask(remote: &Remote, bounds: &Bounds, seen: &Seen) -> Result<remote::Heads, GitError> {
    let place = shown(&remote.url);
    let location = Location::parse(&remote.url)?;
    let (theirs, seen) = (remote.clone(), seen.clone());
    let heads = guard::run(&Guard::new(bounds, &place), &mut |_| {}, move |guard, _| {
        remote::heads(&theirs, &location, guard, &seen)
    })?;
    if heads.refs.is_empty() { Err(GitError::empty(&place)) } else { Ok(heads) }
}

/// What a ref names, each as 40 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The commit.
    pub commit: String,
    /// The object that the ref itself names: of an annotated tag its own, else the commit.
    pub object: String,
}

/// The commit (40 digits) that a ref names at the remote now; annotated tags are peeled. A commit is
/// looked for in the mirror, among the remote's tips, and then by asking the remote for it.
///
/// # Errors
/// `UnknownRef` where there is no such tag, branch or commit; else as the remote answers.
pub fn resolve(remote: &Remote, git_ref: &GitRef, mirror: Option<&Path>, bounds: &Bounds) -> Result<String, GitError> {
    named(remote, git_ref, mirror, bounds).map(|named| named.commit)
}

/// As [`resolve`], with the object of an annotated tag.
///
/// # Errors
/// As there.
pub fn named(remote: &Remote, git_ref: &GitRef, mirror: Option<&Path>, bounds: &Bounds) -> Result<Named, GitError> {
    let place = shown(&remote.url);
    let name = git_ref.name.as_str();
    let full = match git_ref.kind {
        RefKind::Commit => {
            let commit = resolve_commit(remote, name, mirror, bounds)?.to_string();
            return Ok(Named { object: commit.clone(), commit });
        }
        RefKind::Tag => format!("refs/tags/{name}"),
        RefKind::Branch => format!("refs/heads/{name}"),
    };
    let heads = ask(remote, bounds, &Seen::default())?;
    let found = heads.commit(&full).zip(heads.refs.get(&full));
    let found = found.map(|(commit, object)| Named { commit: commit.to_string(), object: object.to_string() });
    found.ok_or_else(|| match git_ref.kind {
        RefKind::Branch => unknown(text!(
            "There is no branch {name} in {place}. Choose an existing one, or push it first.",
            "{place} 中没有分支 {name}。请选择已有的分支，或先推送它。"
        )),
        RefKind::Tag | RefKind::Commit => unknown(text!(
            "There is no tag {name} in {place}. Choose an existing one, or push it first.",
            "{place} 中没有标签 {name}。请选择已有的标签，或先推送它。"
        )),
    })
}

fn unknown(text: launchway_domain::Text) -> GitError {
    GitError::new(GitErrorKind::UnknownRef, text)
}

fn resolve_commit(remote: &Remote, name: &str, mirror: Option<&Path>, bounds: &Bounds) -> Result<Oid, GitError> {
    let place = shown(&remote.url);
    let guard = Guard::new(bounds, &place);
    let location = Location::parse(&remote.url)?;
    if !(4..=40).contains(&name.len()) || !name.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(unknown(text!(
            "{name} is no commit: give 4 to 40 hexadecimal digits.",
            "{name} 不是提交：请输入 4 至 40 位十六进制数字。"
        )));
    }
    let name = name.to_ascii_lowercase();
    if let Location::Local(path) = &location {
        let (path, name, at) = (path.clone(), name.clone(), place.clone());
        let found = guard::run(&guard, &mut |_| {}, move |_, _| {
            let repo = local::open(&path)?;
            local::find_commit(&repo, &name, &at)
        })?;
        if let Some(id) = found {
            return Ok(id);
        }
    }
    if let Some(id) = in_mirror(mirror, &name, &place)? {
        return Ok(id);
    }
    if !location.is_local() {
        let heads = ask(remote, &guard.bounds(), &Seen::default())?;
        if let Some(id) = heads.tips().find(|id| id.to_string().starts_with(&name)) {
            return Ok(id);
        }
        if let Some(id) = Oid::from_str(&name).ok().filter(|_| name.len() == 40)
            && remote_has(remote, id, &guard)?
        {
            return Ok(id);
        }
        // Servers need not answer for commits that no ref names. The mirror is about to be fetched
        // for this release anyway, and knows the whole history then.
        if let Some(path) = mirror {
            Mirror::open(path, remote)?.fetch(remote, &guard.bounds(), &mut |_| {})?;
            if let Some(id) = in_mirror(mirror, &name, &place)? {
                return Ok(id);
            }
        }
    }
    Err(unknown(text!(
        "There is no commit {name} in {place}. Choose an existing one, or push it first.",
        "{place} 中没有提交 {name}。请选择已有的提交，或先推送它。"
    )))
}

fn in_mirror(mirror: Option<&Path>, name: &str, place: &str) -> Result<Option<Oid>, GitError> {
    match mirror.and_then(|path| Repository::open_bare(path).ok()) {
        Some(repo) => local::find_commit(&repo, name, place),
        None => Ok(None),
    }
}

/// Whether the remote hands out a commit: fetched without its history, into a folder that goes away.
fn remote_has(remote: &Remote, id: Oid, guard: &Guard) -> Result<bool, GitError> {
    let location = Location::parse(&remote.url)?;
    let theirs = remote.clone();
    let result = guard::run(guard, &mut |_| {}, move |guard, reporter| {
        let folder = tempfile::tempdir().map_err(|error| GitError::io("tmp", &error))?;
        let repo = Repository::init_bare(folder.path()).map_err(|error| GitError::from_git(&error, "tmp"))?;
        remote::download(&repo, &theirs, &location, &Want::Object { id, shallow: true }, guard, reporter)?;
        Ok(repo.find_commit(id).is_ok())
    });
    match result {
        // What the server says to a name that it does not know, or does not give out, is its own affair.
        Err(error) if error.kind == GitErrorKind::Other => Ok(false),
        other => other,
    }
}
