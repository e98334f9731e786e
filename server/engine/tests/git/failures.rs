//! What goes wrong between here and a repository, and what people are told.

use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::time::Duration;

use launchway_engine::git::{self, Bounds, GitAuth, GitError, GitErrorKind, Mirror, Remote};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::http::{HttpServer, Options};
use crate::repo::{Repo, bounds, branch, commit, git, remote, tag, within};

fn password(url: &str, password: &str) -> Remote {
    let auth = GitAuth::Password { username: "ada".into(), password: SecretString::from(password) };
    Remote { auth: Some(auth), ..remote(url) }
}

fn kind_of(remote: &Remote) -> GitErrorKind {
    let error = git::check(remote, &bounds()).1.unwrap_err();
    assert!(!error.text.en.is_empty() && !error.text.zh.is_empty());
    error.kind
}

/// A port where nobody listens: taken, then given back.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_repository_that_is_not_there() {
    let repo = Repo::small();
    let server = HttpServer::open(repo.temp.path());
    let nowhere = repo.aside("nowhere").display().to_string();
    let folder = repo.temp.path().display().to_string();
    for url in [nowhere.clone(), format!("file://{nowhere}"), folder, server.url("nowhere.git")] {
        assert_eq!(kind_of(&remote(&url)), GitErrorKind::NotFound, "{url}");
        let mirror = Mirror::open(&repo.aside("mirror"), &remote(&url)).unwrap();
        let error = mirror.fetch(&remote(&url), &bounds(), &mut |_| {}).unwrap_err();
        assert_eq!(error.kind, GitErrorKind::NotFound, "{url}");
    }
    for url in ["nonsense", "ftp://example.com/x", "--upload-pack=touch owned", "ext::sh -c touch% owned"] {
        assert!(git::check(&remote(url), &within(Duration::from_secs(5))).1.is_err(), "{url}");
    }
}

#[test]
fn an_empty_repository() {
    let repo = Repo::empty();
    let server = HttpServer::open(repo.temp.path());
    for url in [repo.path.display().to_string(), server.url("repo/.git")] {
        let remote = remote(&url);
        assert_eq!(kind_of(&remote), GitErrorKind::Empty, "{url}");
        assert_eq!(git::resolve(&remote, &branch("main"), None, &bounds()).unwrap_err().kind, GitErrorKind::Empty);
        let mirror = Mirror::open(&repo.aside("mirror"), &remote).unwrap();
        assert_eq!(mirror.fetch(&remote, &bounds(), &mut |_| {}).unwrap_err().kind, GitErrorKind::Empty, "{url}");
    }
}

#[test]
fn nobody_listens() {
    for url in [format!("http://127.0.0.1:{}/x", closed_port()), format!("ssh://git@127.0.0.1:{}/x", closed_port())] {
        assert_eq!(kind_of(&remote(&url)), GitErrorKind::Refused, "{url}");
    }
}

#[test]
fn passwords_are_asked_for_and_tried_once() {
    let repo = Repo::small();
    let login = Some("ada:right".to_owned());
    let server = HttpServer::start(Options { root: repo.temp.path().into(), login, ..Options::default() });
    let url = server.url("repo/.git");
    assert_eq!(kind_of(&remote(&url)), GitErrorKind::Auth);
    assert_eq!(server.authorized.load(Ordering::SeqCst), 0);
    assert_eq!(kind_of(&password(&url, "wrong")), GitErrorKind::Auth);
    assert_eq!(server.authorized.load(Ordering::SeqCst), 1, "a refused password is not sent again");
    let key = GitAuth::Key { username: "ada".into(), private_key: SecretString::from("k"), passphrase: None };
    assert_eq!(kind_of(&Remote { auth: Some(key), ..remote(&url) }), GitErrorKind::Auth);

    let right = password(&url, "right");
    assert_eq!(git::check(&right, &bounds()).1.unwrap(), 3);
    let mirror = Mirror::open(&repo.aside("mirror"), &right).unwrap();
    mirror.fetch(&right, &bounds(), &mut |_| {}).unwrap();
    assert!(mirror.has(&repo.head()));
    assert!(!format!("{right:?}").contains("right"), "a secret shows in Debug");
}

#[test]
fn a_redirect_gets_no_password() {
    let repo = Repo::small();
    let login = Some("ada:right".to_owned());
    let thief = HttpServer::start(Options { root: repo.temp.path().into(), login, ..Options::default() });
    let redirect = Some(thief.url("").trim_end_matches('/').to_owned());
    let server = HttpServer::start(Options { redirect, ..Options::default() });
    let error = git::check(&password(&server.url("repo/.git"), "right"), &bounds()).1.unwrap_err();
    assert!(matches!(error.kind, GitErrorKind::Auth | GitErrorKind::Other), "{error:?}");
    assert_eq!(thief.authorized.load(Ordering::SeqCst), 0);
}

#[test]
fn a_redirect_after_signing_in_takes_no_password_elsewhere() {
    let repo = Repo::small();
    for asks in [true, false] {
        let login = asks.then(|| "ada:right".to_owned());
        let thief = HttpServer::start(Options { root: repo.temp.path().into(), login, ..Options::default() });
        let server = HttpServer::start(Options {
            login: Some("ada:right".to_owned()),
            redirect: Some(thief.url("").trim_end_matches('/').to_owned()),
            redirect_late: true,
            ..Options::default()
        });
        // Another name of the same machine is another host.
        let url = server.url("repo/.git").replace("127.0.0.1", "localhost");
        let outcome = git::check(&password(&url, "right"), &bounds()).1;
        assert!(server.authorized.load(Ordering::SeqCst) > 0, "the check of the check: it had the password");
        assert_eq!(thief.authorized.load(Ordering::SeqCst), 0, "{outcome:?}");
        assert!(outcome.is_err() || !asks, "{outcome:?}");
    }
}

#[test]
fn what_is_no_git_server_is_not_quoted() {
    let secret = "internal-page-4711";
    for (kind, page) in [
        ("text/html", "<title>internal-page-4711</title>"),
        ("application/x-git-upload-pack-advertisement", "internal-page-4711 and more of it\n"),
        ("application/x-git-upload-pack-advertisement", "0018internal-page-4711\n\n0000"),
    ] {
        // But for a Git server's own word to people, its `ERR` packet, nothing of what it answers is repeated.
        let server = HttpServer::start(Options { page: Some((kind, page)), ..Options::default() });
        let error = git::check(&remote(&server.url("x.git")), &bounds()).1.unwrap_err();
        for text in [&error.text.en, &error.text.zh] {
            assert!(!text.is_empty() && !text.contains(secret), "{kind} {page:?}: {text}");
        }
    }
}

/// A server that takes connections and then says nothing.
struct Silence(TcpListener);

impl Silence {
    fn new() -> (Self, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        (Self(listener), port)
    }
}

#[test]
fn a_server_that_says_nothing() {
    let (_server, port) = Silence::new();
    for url in [format!("http://127.0.0.1:{port}/x"), format!("ssh://git@127.0.0.1:{port}/x")] {
        let short = within(Duration::from_millis(300));
        assert_eq!(git::check(&remote(&url), &short).1.unwrap_err().kind, GitErrorKind::Timeout, "{url}");
        let error = git::resolve(&remote(&url), &tag("v1"), None, &short).unwrap_err();
        assert_eq!(error.kind, GitErrorKind::Timeout, "{url}");
    }
}

#[test]
fn a_server_that_stops_half_way() {
    let repo = Repo::small();
    let server = HttpServer::start(Options { root: repo.temp.path().into(), stall: true, ..Options::default() });
    let theirs = remote(&server.url("repo/.git"));
    assert!(git::check(&theirs, &bounds()).1.is_ok());
    let mirror = Mirror::open(&repo.aside("mirror"), &theirs).unwrap();
    let error = mirror.fetch(&theirs, &within(Duration::from_secs(2)), &mut |_| {}).unwrap_err();
    assert_eq!(error.kind, GitErrorKind::Timeout);
    assert!(mirror.branches().unwrap().is_empty());
}

#[test]
fn somebody_cancels() {
    for scheme in ["http", "ssh"] {
        let (server, port) = Silence::new();
        let cancel = CancellationToken::new();
        let bounds = Bounds { deadline: Duration::from_secs(600), cancel: cancel.clone() };
        let waiter = std::thread::spawn(move || {
            // Once it is connected, it waits for an answer that never comes.
            let connection = server.0.accept().unwrap();
            cancel.cancel();
            (server, connection)
        });
        let error = git::check(&remote(&format!("{scheme}://git@127.0.0.1:{port}/x")), &bounds).1.unwrap_err();
        assert_eq!(error.kind, GitErrorKind::Canceled);
        waiter.join().unwrap();
    }
    let repo = Repo::small();
    let bounds = Bounds { deadline: Duration::from_secs(600), cancel: CancellationToken::new() };
    bounds.cancel.cancel();
    let mirror = Mirror::open(&repo.aside("mirror"), &repo.remote()).unwrap();
    let error = mirror.fetch(&repo.remote(), &bounds, &mut |_| {}).unwrap_err();
    assert_eq!(error.kind, GitErrorKind::Canceled);

    // In the middle of an export.
    repo.write("second", "two");
    let commit = repo.commit("second");
    mirror.fetch(&repo.remote(), &crate::repo::bounds(), &mut |_| {}).unwrap();
    let bounds = crate::repo::bounds();
    let cancel = bounds.cancel.clone();
    let error =
        mirror.export(&commit, &repo.aside("tree"), &repo.remote(), &bounds, &mut |_| cancel.cancel()).unwrap_err();
    assert_eq!(error.kind, GitErrorKind::Canceled);
}

#[test]
fn a_commit_that_is_gone() {
    let repo = Repo::small();
    let mirror = Mirror::open(&repo.aside("mirror"), &repo.remote()).unwrap();
    let gone = "2".repeat(40);
    let unreachable = |result: Result<(), GitError>| assert_eq!(result.unwrap_err().kind, GitErrorKind::Unreachable);
    unreachable(mirror.fetch_commit(&repo.remote(), &gone, &bounds(), &mut |_| {}));
    unreachable(mirror.pin(&gone, launchway_domain::ReleaseId(1)));
    let into = repo.aside("tree");
    unreachable(mirror.export(&gone, &into, &repo.remote(), &bounds(), &mut |_| {}).map(drop));
}

#[test]
fn a_broken_object_that_nobody_asked_for_is_in_nobodys_way() {
    let repo = Repo::small();
    let head = repo.head();
    let blob = repo.git(["hash-object", "-w", "file"]);
    // A tag of a blob whose file is damaged.
    repo.git(["tag", "blob", &blob]);
    let object = repo.path.join(".git/objects").join(&blob[..2]).join(&blob[2..]);
    std::fs::remove_file(&object).unwrap();
    std::fs::write(&object, "damaged").unwrap();
    assert_eq!(git::resolve(&repo.remote(), &tag("v1.0"), None, &bounds()).unwrap(), head);
    assert_eq!(git::resolve(&repo.remote(), &commit(&head), None, &bounds()).unwrap(), head);
}

#[test]
fn what_a_killed_process_left_is_cleared_away() {
    let repo = Repo::small();
    let remote = repo.remote();
    let path = repo.aside("mirror");
    let mirror = Mirror::open(&path, &remote).unwrap();
    mirror.fetch(&remote, &bounds(), &mut |_| {}).unwrap();
    for leftover in ["HEAD.lock", "packed-refs.lock", "refs/heads/main.lock", "objects/pack/pack_git2_abc"] {
        std::fs::write(path.join(leftover), "").unwrap();
    }
    std::fs::write(path.join("refs/heads/half"), "").unwrap();
    std::fs::remove_file(path.join("HEAD")).unwrap();
    repo.write("file", "two\n");
    let second = repo.commit("second");
    let mirror = Mirror::open(&path, &remote).unwrap();
    mirror.fetch(&remote, &bounds(), &mut |_| {}).unwrap();
    assert!(mirror.has(&second));
    git(&path, ["fsck"]);
}

#[test]
fn a_first_fetch_that_was_killed_is_done_whole_by_the_next_one() {
    let repo = Repo::small();
    repo.write("deep/in/file", "two\n");
    let head = repo.commit("second");
    // As far as a copy may have come: what the refs name is there, what that consists of is not.
    let path = repo.aside("mirror");
    let mirror = Mirror::open(&path, &repo.remote()).unwrap();
    for named in repo.git(["for-each-ref", "--format=%(objectname)"]).lines() {
        let object = std::path::Path::new("objects").join(&named[..2]).join(&named[2..]);
        std::fs::create_dir_all(path.join(&object).parent().unwrap()).unwrap();
        std::fs::copy(repo.path.join(".git").join(&object), path.join(&object)).unwrap();
    }
    mirror.fetch_commit(&repo.remote(), &head, &bounds(), &mut |_| {}).unwrap();
    assert!(mirror.has(&head));
    git(&path, ["fsck", "--connectivity-only"]);
    assert_eq!(git(&path, ["cat-file", "blob", &format!("{head}:deep/in/file")]).trim(), "two");
}

#[test]
fn many_may_pin_at_once_and_a_killed_one_is_in_nobodys_way() {
    let repo = Repo::small();
    let mirror = Mirror::open(&repo.aside("mirror"), &repo.remote()).unwrap();
    mirror.fetch(&repo.remote(), &bounds(), &mut |_| {}).unwrap();
    let (head, release) = (repo.head(), launchway_domain::ReleaseId(7));
    std::thread::scope(|scope| {
        let pins: Vec<_> =
            (0..8).map(|_| scope.spawn(|| (0..50).try_for_each(|_| mirror.pin(&head, release)))).collect();
        for pin in pins {
            pin.join().unwrap().unwrap();
        }
    });
    std::fs::write(repo.aside("mirror").join("refs/launchway/releases/7.lock"), "").unwrap();
    mirror.pin(&head, release).unwrap();
    assert_eq!(git(&repo.aside("mirror"), ["rev-parse", "refs/launchway/releases/7"]), head);
}
