//! Asking for refs, and the mirror.

use std::fs;

use launchway_domain::ReleaseId;
use launchway_engine::git::{self, GitErrorKind, Mirror};

use crate::http::HttpServer;
use crate::repo::{Repo, bounds, branch, commit, remote, tag};

#[test]
fn a_ref_becomes_a_commit_over_every_protocol() {
    let repo = Repo::small();
    let first = repo.head();
    repo.write("file", "two\n");
    let second = repo.commit("second");
    repo.git(["branch", "dev", &first]);
    let server = HttpServer::open(repo.temp.path());
    let path = repo.path.display().to_string();
    for url in [path.clone(), format!("file://{path}"), server.url("repo/.git")] {
        let remote = remote(&url);
        for (git_ref, expected) in [
            (tag("v1"), &first),
            (tag("v1.0"), &first),
            (branch("main"), &second),
            (branch("dev"), &first),
            (commit(&second), &second),
            (commit(&second[..9]), &second),
            (commit(&first.to_uppercase()), &first),
        ] {
            assert_eq!(&git::resolve(&remote, &git_ref, None, &bounds()).unwrap(), expected, "{url} {git_ref:?}");
        }
        for git_ref in [tag("v2"), branch("v1"), tag("main"), commit(&"1".repeat(40)), commit("zz"), tag("")] {
            let error = git::resolve(&remote, &git_ref, None, &bounds()).unwrap_err();
            assert_eq!(error.kind, GitErrorKind::UnknownRef, "{url} {git_ref:?} {error}");
        }
        assert_eq!(git::check(&remote, &bounds()).1.unwrap(), 4, "{url}");
    }
}

#[test]
fn a_mirror_follows_its_remote() {
    let repo = Repo::small();
    let server = HttpServer::open(repo.temp.path());
    for (name, url) in [("local", repo.path.display().to_string()), ("net", server.url("repo/.git"))] {
        let remote = remote(&url);
        let mirror = Mirror::open(&repo.aside(name), &remote).unwrap();
        let mut objects = 0;
        mirror.fetch(&remote, &bounds(), &mut |p| objects = p.received_objects).unwrap();
        assert!(objects > 0, "{url}: no progress was shown");
        assert!(mirror.tags().unwrap().iter().any(|item| item.name == "v1"), "{url}");
    }
    let remote = repo.remote();
    let mirror = Mirror::open(&repo.aside("mirror"), &remote).unwrap();
    mirror.fetch(&remote, &bounds(), &mut |_| {}).unwrap();
    let lost = repo.head();
    mirror.pin(&lost, ReleaseId(7)).unwrap();
    repo.git(["checkout", "-q", "--orphan", "other"]);
    repo.write("file", "other\n");
    repo.commit("unrelated");
    repo.git(["branch", "-f", "main", "other"]);
    repo.git(["tag", "-d", "v1", "v1.0"]);
    repo.git(["reflog", "expire", "--expire=now", "--all"]);
    repo.git(["gc", "-q", "--prune=now"]);
    mirror.fetch(&remote, &bounds(), &mut |_| {}).unwrap();
    assert!(mirror.tags().unwrap().is_empty());
    assert_eq!(mirror.commits("main", 50).unwrap().len(), 1);
    crate::repo::git(mirror.path(), ["gc", "-q", "--prune=now"]);
    assert!(mirror.has(&lost));
    let into = repo.aside("tree");
    fs::create_dir(&into).unwrap();
    mirror.export(&lost, &into, &remote, &bounds(), &mut |_| {}).unwrap();
    assert_eq!(fs::read_to_string(into.join("file")).unwrap(), "one\n");
}
