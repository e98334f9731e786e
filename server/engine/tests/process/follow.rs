//! A hook is found again and followed, over whatever connection, and runs once.

use std::time::Duration;

use launchway_engine::local::LocalShell;
use launchway_engine::process::{self, ProcessError, State};

use crate::common::{LONG, limits, until};
use crate::host::{EVERYWHERE, Host, Kind, spec};

#[test]
fn a_dropped_connection_is_followed_again_from_the_offset() {
    for kind in [Kind::Ssh, Kind::BusyBox] {
        let mut host = Host::new(kind);
        host.start("echo one; while [ ! -e go ]; do sleep 0.05; done; echo two");
        let mut first = host.poll(0, LONG, 1_000);
        while first.output.is_empty() {
            first = host.poll(0, LONG, 1_000);
        }
        assert_eq!((first.state, first.output.as_slice()), (State::Running, &b"one\n"[..]));
        host.server.as_mut().unwrap().stop();
        let dir = host.dir();
        let broken = process::poll(&mut *host.shell, &dir, first.next, Duration::ZERO, 10, &limits());
        assert!(matches!(broken, Err(ProcessError::Shell(_))));
        host.server.as_mut().unwrap().restart();
        host.reconnect();
        assert_eq!(host.state(), State::Running);
        std::fs::write(host.path("go"), "").unwrap();
        assert_eq!(host.follow(first.next), (State::Exited(0), b"two\n".to_vec()), "{kind:?}");
    }
}

#[test]
fn an_end_that_nobody_listened_to_is_recorded() {
    let mut host = Host::new(Kind::Ssh);
    host.start("while [ ! -e go ]; do sleep 0.05; done; exit 3");
    host.server.as_mut().unwrap().stop();
    std::fs::write(host.path("go"), "").unwrap();
    let recorded = host.path("own/hook 7-1/exit");
    until("the end is recorded", || recorded.is_symlink());
    host.server.as_mut().unwrap().restart();
    host.reconnect();
    assert_eq!(host.state(), State::Exited(3));
}

#[test]
fn started_twice_it_runs_once() {
    for kind in EVERYWHERE {
        let mut host = Host::new(kind);
        host.start("echo once >>count; while [ ! -e go ]; do sleep 0.05; done");
        host.start("echo once >>count; echo other");
        std::fs::write(host.path("go"), "").unwrap();
        assert_eq!(host.follow(0), (State::Exited(0), Vec::new()));
        host.start("echo once >>count");
        assert_eq!(host.state(), State::Exited(0));
        assert_eq!(std::fs::read_to_string(host.path("count")).unwrap(), "once\n", "{kind:?}");
    }
}

#[test]
fn started_by_many_at_once_it_runs_once() {
    let mut host = Host::new(Kind::Local);
    let (dir, cwd) = (host.dir(), host.work.path().to_str().unwrap().as_bytes().to_vec());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let spec = spec(&dir, "echo once >>count", &cwd);
                process::start(&mut LocalShell::new(), &spec, &limits()).unwrap();
            });
        }
    });
    assert_eq!(host.follow(0).0, State::Exited(0));
    assert_eq!(std::fs::read_to_string(host.path("count")).unwrap(), "once\n");
}

#[test]
fn output_may_be_any_bytes() {
    for kind in EVERYWHERE {
        let mut host = Host::new(kind);
        host.start(r"printf '\377\376\000\r\n\344\270'; printf '\255'");
        assert_eq!(host.follow(0), (State::Exited(0), b"\xff\xfe\0\r\n\xe4\xb8\xad".to_vec()), "{kind:?}");
    }
}

#[test]
fn output_is_read_in_stretches_without_loss() {
    for kind in EVERYWHERE {
        let mut host = Host::new(kind);
        host.start("i=0; while [ $i -lt 3000 ]; do echo \"line $i\"; i=$((i+1)); done");
        let (mut all, mut offset) = (Vec::new(), 0);
        loop {
            let seen = host.poll(offset, Duration::from_secs(1), 4_999);
            assert!(seen.output.len() <= 4_999);
            all.extend(seen.output);
            offset = seen.next;
            if seen.state != State::Running && offset == seen.size {
                break;
            }
        }
        let expected: String = (0..3_000).map(|i| format!("line {i}\n")).collect();
        assert!(all == expected.as_bytes(), "{kind:?}: {} bytes", all.len());
    }
}

#[test]
fn a_hundred_megabytes_stay_bounded_on_the_host() {
    for kind in EVERYWHERE {
        let mut host = Host::new(kind);
        // In portions, each of which waits until the one before was taken away.
        host.start(
            "i=0; while [ $i -lt 20 ]; do head -c 5000000 /dev/zero; touch full; \
             while [ -e full ]; do sleep 0.05; done; i=$((i+1)); done; echo end",
        );
        let (full, out) = (host.path("full"), host.path("own/hook 7-1/out"));
        let dir = host.dir();
        for _ in 0..20 {
            until("a portion is written", || full.exists());
            assert!(std::fs::metadata(&out).unwrap().len() <= 5_000_000, "{kind:?}");
            process::truncate(&mut *host.shell, &dir, &limits()).unwrap();
            assert_eq!(std::fs::metadata(&out).unwrap().len(), 0);
            std::fs::remove_file(&full).unwrap();
        }
        // An offset beyond the end is brought back to it.
        let mut seen = host.poll(90_000_000, Duration::from_secs(1), 100);
        while seen.state == State::Running {
            seen = host.poll(90_000_000, Duration::from_secs(1), 100);
        }
        assert_eq!((seen.state, seen.next, seen.size), (State::Exited(0), 4, 4), "{kind:?}");
    }
}
