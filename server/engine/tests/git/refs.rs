//! Asking for refs, and the mirror.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use launchway_domain::{RefKind, ReleaseId, Timestamp};
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

#[test]
fn what_a_picker_shows() {
    let repo = Repo::small();
    let first = repo.head();
    for i in 0..60 {
        repo.write("file", format!("{i}\n"));
        repo.commit(&format!("提交 {i}\n\nMore about it"));
    }
    let last = repo.head();
    repo.git(["tag", "v1.10", &last]);
    repo.git(["tag", "-a", "-m", "x", "v1.9", &last]);
    repo.git(["tag", "of-a-blob", "HEAD:file"]);
    repo.git(["branch", "old/er", &first]);
    repo.git(["update-ref", "refs/tags/-rf", &first]);
    let remote = repo.remote();
    let mirror = Mirror::open(&repo.aside("mirror"), &remote).unwrap();
    mirror.fetch(&remote, &bounds(), &mut |_| {}).unwrap();

    let names = |items: Vec<launchway_domain::RefItem>| items.into_iter().map(|item| item.name).collect::<Vec<_>>();
    assert_eq!(names(mirror.branches().unwrap()), ["main", "old/er"]);
    assert_eq!(names(mirror.tags().unwrap()), ["v1.10", "v1.9", "v1.0", "v1"]);
    let commits = mirror.commits("main", 50).unwrap();
    assert_eq!(commits.len(), 50);
    assert_eq!(commits[0].commit, last);
    assert_eq!(commits[0].summary, "提交 59");
    assert_eq!(commits[0].author, "Ada Ä.");
    assert_eq!(commits[0].name, last[..7]);
    assert_eq!(commits[0].date, Timestamp((1_700_000_000 + 60 * 60) * 1000));
    assert!(commits.windows(2).all(|pair| pair[0].date > pair[1].date));
    assert_eq!(mirror.commits("nowhere", 50).unwrap_err().kind, GitErrorKind::UnknownRef);
    let all = mirror.choices(50).unwrap();
    let kinds = |kind| all.items.iter().filter(|choice| choice.kind == kind).count();
    assert_eq!((kinds(RefKind::Tag), kinds(RefKind::Branch), kinds(RefKind::Commit), all.more), (4, 2, 50, true));
    let first_names: Vec<_> = all.items.iter().take(4).map(|choice| choice.item.name.as_str()).collect();
    assert_eq!(first_names, ["v1.10", "v1.9", "main", &last[..7]]);
    assert!(all.items.windows(2).all(|pair| pair[0].item.date >= pair[1].item.date));
    assert!(!mirror.choices(61).unwrap().more);
    let item = mirror.tags().unwrap().into_iter().find(|item| item.name == "v1.0").unwrap();
    assert_eq!((item.commit, item.summary), (first, "first".to_owned()));
}

/// As `git log --date-order` has them; scripts commit many times within a second.
#[test]
fn commits_of_one_second_stand_before_their_parents() {
    let repo = Repo::small();
    let script =
        "export GIT_CONFIG_GLOBAL=/dev/null GIT_COMMITTER_DATE='1800000000 +0000' GIT_AUTHOR_DATE='1800000000 +0000' \\
        GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com
        commit() { git commit -q --allow-empty -m \"$1\"; }
        for n in $(seq 40); do commit $n; done
        git checkout -q -b side HEAD~30; for n in $(seq 20); do commit side-$n; done
        git checkout -q main; git merge -q --no-ff -m merge side; commit last";
    let made = std::process::Command::new("sh").args(["-ec", script]).current_dir(&repo.path).status().unwrap();
    assert!(made.success());
    let mirror = Mirror::open(&repo.aside("mirror"), &repo.remote()).unwrap();
    mirror.fetch(&repo.remote(), &bounds(), &mut |_| {}).unwrap();
    let parents = repo.git(["log", "--all", "--format=%H %P"]);
    let all = mirror.commits("main", 100).unwrap();
    assert_eq!(all.len(), 63);
    assert_eq!(
        (all[0].summary.as_str(), all[1].summary.as_str(), all[62].summary.as_str()),
        ("last", "merge", "first")
    );
    let choices = mirror.choices(100).unwrap().items;
    let choices: Vec<_> = choices.into_iter().filter(|it| it.kind == RefKind::Commit).map(|it| it.item).collect();
    for listed in [&all, &choices] {
        let place = |commit: &str| listed.iter().position(|item| item.commit == commit).unwrap();
        for line in parents.lines() {
            let mut ids = line.split(' ');
            let child = place(ids.next().unwrap());
            assert!(ids.filter(|id| !id.is_empty()).all(|parent| child < place(parent)), "{line}");
        }
    }
    for count in [0, 1, 5, 30, 62] {
        assert_eq!(mirror.commits("main", count).unwrap(), all[..count], "{count}");
    }
}

#[test]
fn a_branch_becomes_a_folder_of_branches_and_back() {
    let repo = Repo::small();
    let server = HttpServer::open(repo.temp.path());
    for (name, url) in [("local", repo.path.display().to_string()), ("net", server.url("repo/.git"))] {
        let remote = remote(&url);
        let mirror = Mirror::open(&repo.aside(name), &remote).unwrap();
        for branches in [["a", "b"], ["a/b", "a/c"], ["a", "b"]] {
            for branch in branches {
                repo.git(["branch", branch]);
            }
            mirror.fetch(&remote, &bounds(), &mut |_| {}).unwrap();
            let mut names: Vec<_> = mirror.branches().unwrap().into_iter().map(|item| item.name).collect();
            names.sort();
            assert_eq!(names, [branches[0], branches[1], "main"], "{url}");
            for branch in branches {
                repo.git(["branch", "-D", branch]);
            }
        }
    }
}

#[test]
fn a_name_that_is_not_text_is_left_out() {
    let repo = Repo::small();
    let head = repo.head();
    let odd = OsStr::from_bytes(b"refs/tags/latin\xe9");
    repo.git([OsStr::new("update-ref"), odd, OsStr::new(&head)]);
    let server = HttpServer::open(repo.temp.path());
    for (name, url) in [("local", repo.path.display().to_string()), ("net", server.url("repo/.git"))] {
        let remote = remote(&url);
        assert_eq!(git::check(&remote, &bounds()).1.unwrap(), 3);
        let mirror = Mirror::open(&repo.aside(name), &remote).unwrap();
        mirror.fetch(&remote, &bounds(), &mut |_| {}).unwrap();
        assert_eq!(mirror.tags().unwrap().len(), 2, "{url}");
    }
}

#[test]
fn a_local_repository_that_borrows_its_objects() {
    let repo = Repo::small();
    let path = repo.path.to_str().unwrap();
    crate::repo::git(repo.temp.path(), ["clone", "-q", "--shared", "--bare", path, "borrower"]);
    let remote = remote(repo.aside("borrower").to_str().unwrap());
    let mirror = Mirror::open(&repo.aside("mirror"), &remote).unwrap();
    mirror.fetch(&remote, &bounds(), &mut |_| {}).unwrap();
    fs::remove_dir_all(&repo.path).unwrap();
    crate::repo::git(mirror.path(), ["fsck", "--full", "--strict"]);
    assert_eq!(mirror.tags().unwrap().len(), 2);
}

#[test]
fn many_fetch_at_once() {
    let repo = Repo::small();
    for i in 0..300 {
        repo.git(["tag", &format!("t{i}")]);
    }
    let remote = repo.remote();
    let path = repo.aside("mirror");
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let mirror = Mirror::open(&path, &remote).unwrap();
                mirror.fetch(&remote, &bounds(), &mut |_| {}).unwrap();
                assert_eq!(mirror.tags().unwrap().len(), 302);
            });
        }
    });
    crate::repo::git(&path, ["fsck"]);
}

#[test]
fn a_project_moves_to_another_repository() {
    let (old, new) = (Repo::small(), Repo::small());
    new.write("file", "new\n");
    let head = new.commit("new");
    new.git(["tag", "-d", "v1"]);
    let mirror = Mirror::open(&old.aside("mirror"), &old.remote()).unwrap();
    mirror.fetch(&old.remote(), &bounds(), &mut |_| {}).unwrap();
    mirror.fetch(&new.remote(), &bounds(), &mut |_| {}).unwrap();
    assert_eq!(mirror.branches().unwrap()[0].commit, head);
    assert_eq!(mirror.tags().unwrap().len(), 1);
}
