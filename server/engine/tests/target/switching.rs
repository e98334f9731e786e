//! The switch, and what stays of older releases.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use launchway_engine::target::{Refusal, probe, prune, switch};

use crate::host::{Fixture, Host, limits, names, picture};

fn hosts() -> [(&'static str, Host); 2] {
    [("GNU", Host::gnu()), ("BusyBox", Host::busybox())]
}

/// Release folders with a file that says which one it is.
fn releases(fixture: &Fixture, ids: &[i64]) {
    fs::create_dir_all(fixture.base().join(".launchway/incoming")).unwrap();
    for id in ids {
        let dir = fixture.base().join(format!("releases/{id}"));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("id"), id.to_string()).unwrap();
    }
}

fn live(fixture: &Fixture) -> String {
    fs::read_link(fixture.base().join("current")).unwrap().to_string_lossy().into_owned()
}

#[test]
fn the_switch_tells_what_was_live_and_can_be_repeated() {
    for (name, mut host) in hosts() {
        let fixture = Fixture::new();
        releases(&fixture, &[6, 7, 8]);
        assert_eq!(switch(&mut host, &fixture.site(6), &limits()).unwrap(), None, "{name}");
        assert_eq!(live(&fixture), "releases/6");
        for _ in 0..2 {
            assert_eq!(
                switch(&mut host, &fixture.site(7), &limits()).unwrap().as_deref(),
                Some("releases/6"),
                "{name}"
            );
            assert_eq!(live(&fixture), "releases/7");
        }
        assert_eq!(switch(&mut host, &fixture.site(8), &limits()).unwrap().as_deref(), Some("releases/7"), "{name}");
        // Back, as a rollback may.
        assert_eq!(switch(&mut host, &fixture.site(7), &limits()).unwrap().as_deref(), Some("releases/8"), "{name}");
        assert_eq!(fs::read_to_string(fixture.base().join("current/id")).unwrap(), "7");
        assert_eq!(names(&fixture.base()), [".launchway", "current", "releases"]);
        assert_eq!(names(&fixture.base().join(".launchway")), ["incoming", "previous"]);
        assert_eq!(probe(&mut host, &fixture.site(7), &limits()).unwrap().current.as_deref(), Some("releases/7"));
    }
}

#[test]
fn a_dangling_current_is_replaced() {
    for (name, mut host) in hosts() {
        let fixture = Fixture::new();
        releases(&fixture, &[7]);
        symlink("releases/gone 'x", fixture.base().join("current")).unwrap();
        // What a crash in the middle of a switch left.
        symlink("releases/3", fixture.base().join(".launchway/current.7")).unwrap();
        symlink("releases/3", fixture.base().join(".launchway/previous.7")).unwrap();
        assert_eq!(probe(&mut host, &fixture.site(7), &limits()).unwrap().current.as_deref(), Some("releases/gone 'x"));
        let before = switch(&mut host, &fixture.site(7), &limits()).unwrap();
        assert_eq!((before.as_deref(), live(&fixture).as_str()), (Some("releases/gone 'x"), "releases/7"), "{name}");
    }
}

#[test]
fn a_first_release_forgets_an_older_previous() {
    let fixture = Fixture::new();
    releases(&fixture, &[6, 7]);
    symlink("releases/6", fixture.base().join(".launchway/previous")).unwrap();
    assert_eq!(switch(&mut Host::gnu(), &fixture.site(7), &limits()).unwrap(), None);
}

#[test]
fn a_real_current_or_an_absent_release_is_refused_untouched() {
    for (name, mut host) in hosts() {
        let fixture = Fixture::new();
        releases(&fixture, &[7]);
        for make in [|path: &Path| fs::create_dir(path), |path: &Path| fs::write(path, "file")] {
            make(&fixture.base().join("current")).unwrap();
            let before = picture(&fixture.base());
            let error = switch(&mut host, &fixture.site(7), &limits()).unwrap_err();
            assert_eq!(error.refusal(), Some(Refusal::CurrentIsDirectory), "{name}: {error}");
            assert_eq!(picture(&fixture.base()), before);
            let _ = fs::remove_dir(fixture.base().join("current"));
        }
        fs::remove_file(fixture.base().join("current")).unwrap();
        symlink("releases/7", fixture.base().join("current")).unwrap();
        let before = picture(&fixture.base());
        let error = switch(&mut host, &fixture.site(8), &limits()).unwrap_err();
        assert_eq!(error.refusal(), Some(Refusal::Other), "{name}: {error}");
        assert_eq!(picture(&fixture.base()), before);
    }
}

#[test]
fn a_reader_never_misses_current() {
    for (name, mut host) in hosts() {
        let fixture = Fixture::new();
        releases(&fixture, &[1, 2]);
        switch(&mut host, &fixture.site(1), &limits()).unwrap();
        let (stop, reads) = (AtomicBool::new(false), AtomicU64::new(0));
        let current = fixture.base().join("current");
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    fs::read_link(&current)?;
                    fs::read(current.join("id"))?;
                    reads.fetch_add(1, Ordering::Relaxed);
                    std::thread::yield_now();
                }
                std::io::Result::Ok(())
            });
            for round in 0..100 {
                switch(&mut host, &fixture.site(1 + round % 2), &limits()).unwrap();
            }
            stop.store(true, Ordering::Relaxed);
            reader.join().unwrap().unwrap_or_else(|e| panic!("{name}: a reader met {e}"));
        });
        assert!(reads.into_inner() > 100);
    }
}

#[test]
fn prune_keeps_the_newest_the_live_one_and_the_one_before() {
    for (name, mut host) in hosts() {
        let fixture = Fixture::new();
        releases(&fixture, &[1, 2, 3, 4, 5, 9, 10, 11]);
        for other in ["notes", "12.bak"] {
            fs::create_dir(fixture.base().join("releases").join(other)).unwrap();
        }
        symlink("5", fixture.base().join("releases/12")).unwrap();
        switch(&mut host, &fixture.site(1), &limits()).unwrap();
        switch(&mut host, &fixture.site(2), &limits()).unwrap();
        let removed = prune(&mut host, &fixture.site(2), 2, Some("releases/4"), &limits()).unwrap();
        assert_eq!(removed, ["3", "5", "9"], "{name}");
        let left = names(&fixture.base().join("releases"));
        assert_eq!(left, ["1", "10", "11", "12", "12.bak", "2", "4", "notes"], "{name}");
        assert_eq!(names(&fixture.base().join(".launchway/incoming")), [""; 0], "{name}");
        assert_eq!(prune(&mut host, &fixture.site(2), 2, None, &limits()).unwrap(), ["4"], "{name}");
        assert_eq!(prune(&mut host, &fixture.site(2), 2, None, &limits()).unwrap(), [""; 0], "{name}");
    }
}

#[test]
fn prune_clears_old_leftovers_and_spares_fresh_uploads() {
    for (name, mut host) in hosts() {
        let fixture = Fixture::new();
        releases(&fixture, &[1]);
        let incoming = fixture.base().join(".launchway/incoming");
        for side in ["3.old", "9.fresh"] {
            fs::create_dir_all(incoming.join(side).join("sub")).unwrap();
        }
        let two_days_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 86_400 + 60);
        fs::File::open(incoming.join("3.old")).unwrap().set_modified(two_days_ago).unwrap();
        prune(&mut host, &fixture.site(1), 1, None, &limits()).unwrap();
        assert_eq!(names(&incoming), ["9.fresh"], "{name}");
    }
}
