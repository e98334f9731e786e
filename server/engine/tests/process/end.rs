//! How a hook ends: by itself, because somebody asks for it, or by its guard.

use std::time::Duration;

use launchway_engine::process::{self, Bound, Bounds, State};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::common::{LONG, is_alive, limits, until};
use crate::host::{EVERYWHERE, Host};

#[test]
fn a_daemon_that_holds_the_output_open_stays_and_the_hook_ends() {
    for kind in EVERYWHERE {
        let mut host = Host::new(kind);
        host.start("sleep 1000 & echo $! >daemon; echo done");
        assert_eq!(host.follow(0), (State::Exited(0), b"done\n".to_vec()), "{kind:?}");
        let daemon = host.number_in("daemon");
        // To stop what has ended does nothing to what it left behind.
        host.stop(Duration::ZERO);
        assert!(is_alive(daemon), "{kind:?}");
        host.reconnect();
        assert!(is_alive(daemon), "{kind:?}");
        kill(Pid::from_raw(daemon), Signal::SIGKILL).unwrap();
    }
}

#[test]
fn stopping_ends_the_whole_group() {
    for kind in EVERYWHERE {
        for stubborn in [false, true] {
            let mut host = Host::new(kind);
            let trap = if stubborn { "trap '' TERM;" } else { "" };
            host.start(&format!("{trap} sh -c 'echo $$ >child; sleep 1000; sleep 1000' & sleep 1001; sleep 1002"));
            let (leader, child) = (host.leader(), host.number_in("child"));
            assert!(is_alive(leader) && is_alive(child));
            host.stop(if stubborn { Duration::from_millis(300) } else { LONG });
            assert!(!is_alive(leader) && !is_alive(child), "{kind:?}");
            let expected = if stubborn { 137 } else { 143 };
            assert_eq!(host.state(), State::Exited(expected), "{kind:?}");
            host.stop(Duration::ZERO);
        }
    }
}

#[test]
fn a_hook_may_end_in_its_own_way_when_it_is_stopped() {
    for kind in EVERYWHERE {
        let mut host = Host::new(kind);
        host.start("trap 'echo bye; exit 5' TERM; touch ready; while :; do sleep 0.05; done");
        let ready = host.path("ready");
        until("the hook is ready", || ready.exists());
        host.stop(LONG);
        let (state, output) = host.follow(0);
        // Its shell may add a word about the child that was ended with it.
        assert!(state == State::Exited(5) && output.ends_with(b"bye\n"), "{kind:?}: {state:?} {output:?}");
    }
}

#[test]
fn a_killed_group_is_lost() {
    for kind in EVERYWHERE {
        let mut host = Host::new(kind);
        host.start("echo begun; sleep 1000; true");
        let leader = host.leader();
        assert_eq!(host.state(), State::Running);
        killpg(Pid::from_raw(leader), Signal::SIGKILL).unwrap();
        until("it is found to be lost", || host.state() == State::Lost);
        assert_eq!(host.follow(0).1, b"begun\n", "{kind:?}");
    }
}

#[test]
fn a_hook_that_lost_its_leader_runs_until_it_ends_and_can_be_stopped() {
    for kind in EVERYWHERE {
        let mut host = Host::new(kind);
        host.start("echo $$ >hook; sleep 1000; true");
        let (leader, hook) = (host.leader(), host.number_in("hook"));
        kill(Pid::from_raw(leader), Signal::SIGKILL).unwrap();
        until("the leader is gone", || !is_alive(leader));
        // To run it again now would be to run it twice at once.
        assert_eq!(host.state(), State::Running, "{kind:?}");
        host.stop(LONG);
        assert!(!is_alive(hook));
        assert_eq!(host.state(), State::Exited(143));
    }
}

#[test]
fn a_number_that_another_process_has_now_is_not_mistaken_for_ours() {
    for kind in EVERYWHERE {
        let mut host = Host::new(kind);
        let dir = host.path("own/hook 7-1");
        host.start("true");
        host.follow(0);
        // A process group of somebody else's, and records that name it.
        use std::os::unix::process::CommandExt;
        let mut other = std::process::Command::new("sleep").arg("1000").process_group(0).spawn().unwrap();
        let pid = other.id();
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let born: u64 = stat.rsplit_once(") ").unwrap().1.split(' ').nth(19).unwrap().parse().unwrap();
        let boot = boot.trim();
        let stale = [format!("{pid}:{}:{boot}", born - 1), format!("{pid}:{born}:another-boot"), "junk".into()];
        for record in stale {
            let _ = std::fs::remove_file(dir.join("exit"));
            std::fs::remove_file(dir.join("run")).unwrap();
            std::os::unix::fs::symlink(&record, dir.join("run")).unwrap();
            assert_eq!(host.state(), State::Lost, "{kind:?} {record}");
            host.stop(Duration::ZERO);
            assert!(is_alive(pid as i32), "{kind:?} {record}");
        }
        // The check of the check: with the true start time it is the leader.
        std::fs::remove_file(dir.join("exit")).unwrap();
        std::fs::remove_file(dir.join("run")).unwrap();
        std::os::unix::fs::symlink(format!("{pid}:{born}:{boot}"), dir.join("run")).unwrap();
        assert_eq!(host.state(), State::Running, "{kind:?}");
        other.kill().unwrap();
        other.wait().unwrap();
    }
}

/// A child in the background as well, which only a signal to the whole group reaches.
const TREE: &str = "sh -c 'echo $$ >child; sleep 1000; true' & echo $$ >hook; echo begun; wait";

#[test]
fn nobody_looks_and_the_host_itself_ends_the_whole_group() {
    for kind in EVERYWHERE {
        let mut host = Host::new(kind);
        host.start_bound(TREE, Bounds { most: None, alone: Some(Duration::from_secs(1)) });
        let (leader, hook, child) = (host.leader(), host.number_in("hook"), host.number_in("child"));
        // As when the one who started it is killed: nothing is said, and no connection is left.
        if let Some(server) = &mut host.server {
            server.stop();
        }
        until("all of it is gone", || ![leader, hook, child].into_iter().any(is_alive));
        if let Some(server) = &mut host.server {
            server.restart();
        }
        host.reconnect();
        let (state, output) = host.follow(0);
        // Its shell may add a word about how its child was ended.
        assert!(
            state == State::Ended(Bound::Alone) && output.starts_with(b"begun\n"),
            "{kind:?}: {state:?} {output:?}"
        );
    }
}

#[test]
fn whoever_looks_keeps_it_running_until_its_time_is_up() {
    for kind in EVERYWHERE {
        let mut host = Host::new(kind);
        let bounds = Bounds { most: Some(Duration::from_secs(6)), alone: Some(Duration::from_secs(3)) };
        // One that does not listen to TERM.
        host.start_bound(&format!("trap '' TERM; {TREE}"), bounds);
        let (leader, child) = (host.leader(), host.number_in("child"));
        // Had nobody looked, it would have been ended for that, long before.
        let (state, _) = host.follow(0);
        assert_eq!(state, State::Ended(Bound::Most), "{kind:?}");
        assert!(!is_alive(leader) && !is_alive(child), "{kind:?}");
    }
}

#[test]
fn a_guard_leaves_with_its_hook_and_spares_what_that_left_behind() {
    for kind in EVERYWHERE {
        let mut host = Host::new(kind);
        let bounds = Bounds { most: Some(Duration::from_secs(1)), alone: None };
        host.start_bound("sleep 1000 & echo $! >daemon; exit 4", bounds);
        assert_eq!(host.follow(0).0, State::Exited(4), "{kind:?}");
        let daemon = host.number_in("daemon");
        let own = host.path("own/hook 7-1").into_os_string().into_encoded_bytes();
        // The guard has the folder among its words, and is in it.
        let guards = || {
            let here = std::fs::read_dir("/proc").unwrap().flatten();
            here.filter(|process| {
                let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
                line.split(|byte| *byte == 0).any(|word| word == own)
            })
            .count()
        };
        until("the guard leaves", || guards() == 0);
        assert!(is_alive(daemon), "{kind:?}");
        assert_eq!(host.state(), State::Exited(4), "{kind:?}");
        kill(Pid::from_raw(daemon), Signal::SIGKILL).unwrap();
    }
}

#[test]
fn several_runs_are_ended_by_one_call() {
    for kind in EVERYWHERE {
        let mut host = Host::new(kind);
        host.start("sleep 1000; true");
        let (leader, dir) = (host.leader(), host.dir());
        let (absent, none) = (host.path("own/absent").into_os_string().into_encoded_bytes(), Duration::ZERO);
        process::stop_all(&mut *host.shell, &[], none, &limits()).unwrap();
        process::stop_all(&mut *host.shell, &[&absent, &dir], none, &limits()).unwrap();
        assert!(!is_alive(leader), "{kind:?}");
    }
}
