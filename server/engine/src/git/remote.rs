//! Asking a remote for its refs, without a clone.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use git2::{AutotagOption, Direction, FetchOptions, Oid, ProxyOptions, RemoteConnection, Repository};

use super::auth::{self, Seen};
use super::error::GitError;
use super::guard::{Guard, Reporter};
use super::location::{Location, shown};
use super::{Progress, Remote, local};

/// What a remote has.
#[derive(Clone, Debug, Default)]
pub(super) struct Heads {
    /// Full names of branches and tags, and the objects that they name (tags unpeeled).
    pub(super) refs: BTreeMap<String, Oid>,
    /// The commits behind annotated tags, by the tags' full names.
    pub(super) peeled: BTreeMap<String, Oid>,
    /// The branch that `HEAD` names.
    pub(super) default_branch: Option<String>,
}

impl Heads {
    /// The commit behind a full name.
    pub(super) fn commit(&self, name: &str) -> Option<Oid> {
        self.peeled.get(name).or_else(|| self.refs.get(name)).copied()
    }

    /// Every commit that a ref names.
    pub(super) fn tips(&self) -> impl Iterator<Item = Oid> + '_ {
        self.refs.keys().filter_map(|name| self.commit(name))
    }

    /// Whether it is a name that Launchway mirrors.
    pub(super) fn wants(name: &str) -> bool {
        name.starts_with("refs/heads/") || name.starts_with("refs/tags/")
    }

    fn of(connection: &RemoteConnection<'_, '_, '_>) -> Result<Self, git2::Error> {
        let mut heads = Self::default();
        for head in connection.list()? {
            // git2 gives names as text alone and panics on those that are not UTF-8. Such a ref cannot
            // be asked for over a JSON API either: it is left out, and the others stay usable.
            let Ok((name, target)) =
                catch_unwind(AssertUnwindSafe(|| (head.name().to_owned(), head.symref_target().map(str::to_owned))))
            else {
                continue;
            };
            if name == "HEAD" {
                heads.default_branch = target;
            } else if let Some(tag) = name.strip_suffix("^{}") {
                heads.peeled.insert(tag.to_owned(), head.oid());
            } else if Self::wants(&name) {
                heads.refs.insert(name, head.oid());
            }
        }
        Ok(heads)
    }
}

/// Asks for the refs. An empty repository has none.
pub(super) fn heads(remote: &Remote, location: &Location, guard: &Guard, seen: &Seen) -> Result<Heads, GitError> {
    match location {
        Location::Local(path) => local::heads(&local::open(path)?, &shown(&remote.url)),
        Location::Net { url, .. } => {
            let mut target = git2::Remote::create_detached(url.as_str())
                .map_err(|error| GitError::from_git(&error, &shown(&remote.url)))?;
            let connection = connect(&mut target, remote, location, guard, seen)?;
            Heads::of(&connection).map_err(|error| seen.explain(&error, remote))
        }
    }
}

/// What is to be brought here.
pub(super) enum Want {
    /// Every branch and tag.
    All,
    /// One object, with its history or (for a look at it) without.
    Object {
        /// Which.
        id: Oid,
        /// Whether its parents stay away.
        shallow: bool,
    },
}

/// Fetches objects from behind a network into `repo`, without touching its refs. Returns what the
/// remote has.
pub(super) fn download<T>(
    repo: &Repository,
    remote: &Remote,
    location: &Location,
    want: &Want,
    guard: &Guard,
    reporter: &Reporter<T>,
) -> Result<Heads, GitError> {
    let Location::Net { url, .. } = location else {
        return Err(GitError::not_found(&shown(&remote.url)));
    };
    let seen = Seen::default();
    let explain = |error: git2::Error| seen.explain(&error, remote);
    let mut target = repo.remote_anonymous(url).map_err(explain)?;
    let mut connection = connect(&mut target, remote, location, guard, &seen)?;
    let heads = Heads::of(&connection).map_err(explain)?;
    if heads.refs.is_empty() {
        return Err(GitError::empty(&shown(&remote.url)));
    }
    let mut callbacks = auth::callbacks(remote, location, guard, &seen);
    callbacks.transfer_progress(|stats| {
        reporter.tell(Progress {
            received_objects: stats.received_objects() as u64,
            total_objects: stats.total_objects() as u64,
            received_bytes: stats.received_bytes() as u64,
        });
        guard.goes_on()
    });
    let mut options = FetchOptions::new();
    options.remote_callbacks(callbacks).proxy_options(proxy()).update_fetchhead(false);
    let specs = match want {
        Want::All => {
            options.download_tags(AutotagOption::All);
            vec!["+refs/heads/*:refs/heads/*".to_owned(), "+refs/tags/*:refs/tags/*".to_owned()]
        }
        Want::Object { id, shallow } => {
            options.download_tags(AutotagOption::None);
            if *shallow {
                options.depth(1);
            }
            vec![format!("{id}:refs/launchway/keep/{id}")]
        }
    };
    connection.remote().download(&specs, Some(&mut options)).map_err(explain)?;
    Ok(heads)
}

fn connect<'repo, 'connection, 'a>(
    target: &'connection mut git2::Remote<'repo>,
    remote: &'a Remote,
    location: &'a Location,
    guard: &'a Guard,
    seen: &'a Seen,
) -> Result<RemoteConnection<'repo, 'connection, 'a>, GitError> {
    let callbacks = auth::callbacks(remote, location, guard, seen);
    target.connect_auth(Direction::Fetch, Some(callbacks), Some(proxy())).map_err(|error| seen.explain(&error, remote))
}

/// The proxy that the host's environment or Git configuration names, as Git itself would.
fn proxy<'a>() -> ProxyOptions<'a> {
    let mut options = ProxyOptions::new();
    options.auto();
    options
}
