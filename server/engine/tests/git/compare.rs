//! What changes from one commit to another.

use std::os::unix::fs::PermissionsExt;

use launchway_domain::{ChangedFile, FileChange, FileTotals, Relation};
use launchway_engine::git::{GitErrorKind, Mirror};

use crate::repo::{Repo, bounds, within};

fn mirrored(repo: &Repo) -> Mirror {
    let mirror = Mirror::open(&repo.aside("mirror"), &repo.remote()).unwrap();
    mirror.fetch(&repo.remote(), &bounds(), &mut |_| {}).unwrap();
    mirror
}

fn file(path: &str, change: FileChange, added: u32, removed: u32) -> ChangedFile {
    ChangedFile { path: path.into(), from: None, change, added: Some(added), removed: Some(removed) }
}

#[test]
fn what_is_ahead_lists_its_commits_and_files() {
    let repo = Repo::small();
    let first = repo.head();
    let long: String = (0..50).map(|n| format!("line {n}\n")).collect();
    repo.write("gone", "1\n2\n");
    repo.write("old name", &long);
    repo.write("mode.sh", "true\n");
    let before = repo.commit("before");
    repo.write("file", "one\ntwo\nthree\n");
    repo.write("new/日本", "a\nb\n");
    repo.write("picture", [0, 1, 2, 0]);
    repo.write("large", "x\n".repeat(700_000));
    repo.git(["rm", "-q", "gone"]);
    repo.git(["mv", "old name", "new name"]);
    repo.write("new name", long.replace("line 7\n", "line seven\n"));
    std::fs::set_permissions(repo.path.join("mode.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    repo.commit("提交 two");
    repo.write("file", "one\ntwo\n3\n");
    let after = repo.commit("three");
    let mirror = mirrored(&repo);

    let found = mirror.compare(Some(&before), &after, &bounds()).unwrap();
    assert_eq!((found.relation, found.commits_total, found.dropped_total), (Relation::Ahead, 2, 0));
    let summaries: Vec<_> = found.commits.iter().map(|c| c.summary.as_str()).collect();
    assert_eq!(summaries, ["three", "提交 two"]);
    assert_eq!((found.commits[0].commit.as_str(), found.commits[0].author.as_str()), (after.as_str(), "Ada Ä."));
    let unknown = |path: &str| ChangedFile { added: None, removed: None, ..file(path, FileChange::Added, 0, 0) };
    assert_eq!(
        found.files,
        [
            file("file", FileChange::Changed, 2, 0),
            file("gone", FileChange::Removed, 0, 2),
            unknown("large"),
            file("mode.sh", FileChange::Changed, 0, 0),
            ChangedFile { from: Some("old name".into()), ..file("new name", FileChange::Renamed, 1, 1) },
            file("new/日本", FileChange::Added, 2, 0),
            unknown("picture"),
        ]
    );
    assert_eq!(found.files_total, FileTotals { added: 3, changed: 2, removed: 1, renamed: 1 });

    let back = mirror.compare(Some(&after), &first, &bounds()).unwrap();
    assert_eq!((back.relation, back.commits_total, back.dropped_total), (Relation::Behind, 0, 3));
    let same = mirror.compare(Some(&after), &after, &bounds()).unwrap();
    assert_eq!((same.relation, same.files.len(), same.commits.len()), (Relation::Same, 0, 0));
}

#[test]
fn histories_that_parted_say_what_comes_and_what_goes() {
    let repo = Repo::small();
    repo.git(["checkout", "-q", "-b", "other"]);
    repo.write("other", "x\n");
    let other = repo.commit("on the other");
    repo.git(["checkout", "-q", "main"]);
    for n in 0..3 {
        repo.commit(&format!("main {n}"));
    }
    let main = repo.head();
    repo.git(["checkout", "-q", "--orphan", "alone"]);
    let alone = repo.commit("alone");
    let mirror = mirrored(&repo);
    let found = mirror.compare(Some(&main), &other, &bounds()).unwrap();
    assert_eq!((found.relation, found.commits_total, found.dropped_total), (Relation::Diverged, 1, 3));
    assert_eq!(found.dropped[0].summary, "main 2");
    assert_eq!(found.files, [file("other", FileChange::Added, 1, 0)]);
    let found = mirror.compare(Some(&main), &alone, &bounds()).unwrap();
    assert_eq!((found.relation, found.commits_total, found.dropped_total), (Relation::Diverged, 1, 4));
}

#[test]
fn a_first_release_has_everything_and_a_lost_commit_is_said_to_be_lost() {
    let repo = Repo::small();
    repo.write("more", "x\n");
    let head = repo.commit("second");
    let mirror = mirrored(&repo);
    let first = mirror.compare(None, &head, &bounds()).unwrap();
    assert_eq!((first.relation, first.commits_total, first.files_total.added), (Relation::First, 2, 2));
    assert_eq!(first.files[0].added, None);
    let nowhere = "1".repeat(40);
    assert_eq!(mirror.compare(Some(&nowhere), &head, &bounds()).unwrap().relation, Relation::Unknown);
    for to in [nowhere.as_str(), "main", &head[..8]] {
        assert_eq!(mirror.compare(None, to, &bounds()).unwrap_err().kind, GitErrorKind::Unreachable, "{to}");
    }
    let late = mirror.compare(None, &head, &within(std::time::Duration::ZERO)).unwrap_err();
    assert_eq!(late.kind, GitErrorKind::Timeout);
}

#[test]
fn long_lists_end_and_their_totals_do_not() {
    let repo = Repo::small();
    let first = repo.head();
    for n in 0..230 {
        repo.git(["commit", "-q", "--allow-empty", "-m", &format!("{n}")]);
    }
    for n in 0..1_200 {
        repo.write(format!("many/{n:04}"), format!("{n}\n"));
    }
    let many = repo.commit("many");
    repo.git(["mv", "many", "moved"]);
    let moved = repo.commit("moved");
    let mirror = mirrored(&repo);
    let found = mirror.compare(Some(&first), &many, &bounds()).unwrap();
    assert_eq!((found.commits.len(), found.commits_total), (200, 231));
    assert_eq!((found.files.len(), found.files_total.added), (1_000, 1_200));
    assert_eq!(found.files.iter().filter(|file| file.added == Some(1)).count(), 1_000);
    let found = mirror.compare(Some(&many), &moved, &bounds()).unwrap();
    assert_eq!(found.files_total, FileTotals { renamed: 1_200, ..FileTotals::default() });
}
