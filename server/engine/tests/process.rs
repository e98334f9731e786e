//! Hooks that outlive their connection: on this host, over SSH, and on a host that has only BusyBox.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{LONG, connect, is_alive, limits, until};
use launchway_engine::local::LocalShell;
use launchway_engine::process::{self, Poll, ProcessError, Spec, State};
use launchway_engine::shell::{Command, Limits, Output, Shell, ShellError};
use launchway_engine::testing::Sshd;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use secrecy::SecretString;
use tempfile::TempDir;

/// Everything that the scripts may use of a host, and what the hooks below need.
const TOOLS: [&str; 22] = [
    "sh", "mkdir", "cat", "mv", "setsid", "ln", "readlink", "env", "ls", "dd", "sleep", "tr", "grep", "rm", "touch",
    "head", "yes", "printf", "wc", "pwd", "true", "kill",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Local,
    Ssh,
    BusyBox,
}

const EVERYWHERE: [Kind; 3] = [Kind::Local, Kind::Ssh, Kind::BusyBox];

/// A host, and a folder on it. What a test leaves running ends with it.
struct Host {
    shell: Box<dyn Shell>,
    server: Option<Sshd>,
    work: TempDir,
    kind: Kind,
}

impl Host {
    fn new(kind: Kind) -> Self {
        let work = tempfile::Builder::new().prefix("launchway hook-").tempdir().unwrap();
        let server = match kind {
            Kind::Local => None,
            Kind::Ssh => Some(Sshd::start()),
            Kind::BusyBox => Some(Sshd::builder().busybox(TOOLS).start()),
        };
        let mut this = Self { shell: Box::new(LocalShell::new()), server, work, kind };
        this.reconnect();
        this
    }

    fn reconnect(&mut self) {
        if let Some(server) = &self.server {
            self.shell = Box::new(connect(server));
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    fn dir(&self) -> Vec<u8> {
        self.path("own/hook 7-1").into_os_string().into_encoded_bytes()
    }

    fn start_with(&mut self, body: &str, env: &[(String, String)], clean_env: bool) -> Result<(), ProcessError> {
        let (dir, cwd) = (self.dir(), self.work.path().to_str().unwrap().as_bytes().to_vec());
        let spec = Spec { dir: &dir, body, cwd: &cwd, env, clean_env, private: &[], through: &[] };
        process::start(&mut *self.shell, &spec, &limits())
    }

    fn start(&mut self, body: &str) {
        self.start_with(body, &[], false).unwrap_or_else(|error| panic!("{:?}: {error}", self.kind));
    }

    fn poll(&mut self, offset: u64, wait: Duration, max: usize) -> Poll {
        let dir = self.dir();
        process::poll(&mut *self.shell, &dir, offset, wait, max, &limits()).unwrap()
    }

    fn state(&mut self) -> State {
        self.poll(0, Duration::ZERO, 0).state
    }

    /// Follows to the end.
    fn follow(&mut self, mut offset: u64) -> (State, Vec<u8>) {
        let mut all = Vec::new();
        loop {
            let seen = self.poll(offset, Duration::from_secs(1), 100_000);
            all.extend(seen.output);
            offset = seen.next;
            if !matches!(seen.state, State::Running) && offset >= seen.size {
                return (seen.state, all);
            }
        }
    }

    fn stop(&mut self, grace: Duration) {
        let dir = self.dir();
        process::stop(&mut *self.shell, &dir, grace, &limits()).unwrap();
    }

    /// The number of the process that leads the hook's group.
    fn leader(&self) -> i32 {
        let run = std::fs::read_link(self.path("own/hook 7-1/run")).unwrap();
        run.to_str().unwrap().split(':').next().unwrap().parse().unwrap()
    }

    fn number_in(&self, name: &str) -> i32 {
        let path = self.path(name);
        let read = || std::fs::read_to_string(&path).ok().filter(|text| text.ends_with('\n'));
        until("a process writes its number", || read().is_some());
        read().unwrap().trim().parse().unwrap()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let dir = self.dir();
        let _ = process::stop(&mut *self.shell, &dir, Duration::ZERO, &limits());
    }
}

#[test]
fn output_and_exit_status_come_back() {
    for kind in EVERYWHERE {
        let mut host = Host::new(kind);
        assert_eq!(host.state(), State::Absent);
        let env = [("LAUNCHWAY_REF".to_owned(), "v1;$(touch owned) 'x' \"y\" 中\n2".to_owned())];
        host.start_with(
            "echo out\r\necho err >&2\r\nprintf '%s\\n' \"$LAUNCHWAY_REF\"\r\npwd\r\nexit 7\r\n",
            &env,
            false,
        )
        .unwrap();
        let (state, output) = host.follow(0);
        assert_eq!(state, State::Exited(7));
        let expected = format!("out\nerr\nv1;$(touch owned) 'x' \"y\" 中\n2\n{}\n", host.work.path().display());
        assert_eq!(String::from_utf8(output).unwrap(), expected, "{kind:?}");
        assert!(!host.path("owned").exists());
        // Any stretch of it can be asked for again.
        assert_eq!(host.poll(4, Duration::ZERO, 3).output, b"err");
        let dir = host.dir();
        process::clear(&mut *host.shell, &dir, &limits()).unwrap();
        assert_eq!(host.state(), State::Absent);
        process::stop(&mut *host.shell, &dir, Duration::ZERO, &limits()).unwrap();
    }
}

#[test]
fn a_signal_is_the_exit_status_that_a_shell_makes_of_it() {
    for kind in EVERYWHERE {
        let mut host = Host::new(kind);
        host.start("kill -KILL $$");
        assert_eq!(host.follow(0).0, State::Exited(137), "{kind:?}");
    }
}

#[test]
fn a_clean_environment_holds_nothing_else() {
    let mut host = Host::new(Kind::Local);
    let env = [("LAUNCHWAY_PROJECT".to_owned(), "shop".to_owned())];
    host.start_with("env", &env, true).unwrap();
    let (_, output) = host.follow(0);
    let output = String::from_utf8(output).unwrap();
    let mut names: Vec<&str> = output.lines().filter_map(|line| line.split('=').next()).collect();
    names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name));
    names.sort_unstable();
    assert_eq!(names, ["HOME", "LANG", "LAUNCHWAY_PROJECT", "LAUNCHWAY_RUN", "PATH"]);
}

#[test]
fn the_first_line_chooses_the_interpreter() {
    let mut host = Host::new(Kind::Ssh);
    host.start("#!/usr/bin/env bash\na=(1 2 3); echo ${#a[@]}\n");
    assert_eq!(host.follow(0), (State::Exited(0), b"3\n".to_vec()));
}

#[test]
fn a_hook_that_reads_its_input_finds_its_end() {
    for kind in EVERYWHERE {
        let mut host = Host::new(kind);
        host.start("read -r line; echo \"$? [$line]\"");
        assert_eq!(host.follow(0), (State::Exited(0), b"1 []\n".to_vec()), "{kind:?}");
    }
}

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
                let spec = Spec {
                    dir: &dir,
                    body: "echo once >>count",
                    cwd: &cwd,
                    env: &[],
                    clean_env: false,
                    private: &[],
                    through: &[],
                };
                process::start(&mut LocalShell::new(), &spec, &limits()).unwrap();
            });
        }
    });
    assert_eq!(host.follow(0).0, State::Exited(0));
    assert_eq!(std::fs::read_to_string(host.path("count")).unwrap(), "once\n");
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

#[test]
fn what_cannot_begin_says_why() {
    let mut host = Host::new(Kind::Local);
    std::fs::write(host.path("own"), "a file in the way").unwrap();
    let error = host.start_with("true", &[], false).unwrap_err();
    assert!(error.to_string().contains("cannot be written"), "{error}");
    assert_eq!(host.state(), State::Absent);

    let server = Sshd::builder().only_tools(["sh", "mkdir", "cat", "mv", "ln", "readlink", "env"]).start();
    let mut session = connect(&server);
    let dir = host.path("elsewhere").into_os_string().into_encoded_bytes();
    let spec = Spec { dir: &dir, body: "true", cwd: b"/tmp", env: &[], clean_env: false, private: &[], through: &[] };
    let error = process::start(&mut session, &spec, &limits()).unwrap_err();
    assert!(error.to_string().contains("setsid"), "{error}");

    let mut host = Host::new(Kind::Ssh);
    let (dir, cwd) = (host.dir(), host.path("gone").into_os_string().into_encoded_bytes());
    let spec = Spec { dir: &dir, body: "true", cwd: &cwd, env: &[], clean_env: false, private: &[], through: &[] };
    process::start(&mut *host.shell, &spec, &limits()).unwrap();
    let (state, output) = host.follow(0);
    assert_eq!(state, State::Exited(1));
    assert!(String::from_utf8_lossy(&output).contains("gone"));
}

#[test]
fn what_an_accounts_profile_prints_is_no_answer() {
    let server = Sshd::builder().force_command("echo welcome; eval \"$SSH_ORIGINAL_COMMAND\"").start();
    let mut host = Host::new(Kind::Ssh);
    host.server = Some(server);
    host.reconnect();
    host.start("echo hello");
    assert_eq!(host.follow(0), (State::Exited(0), b"hello\n".to_vec()));
}

#[test]
fn files_that_a_hook_makes_have_the_accounts_own_mode() {
    use std::os::unix::fs::PermissionsExt;
    let mut host = Host::new(Kind::Ssh);
    let umask = host.shell.call(&Command::script("umask"), &limits()).unwrap();
    let mask = u32::from_str_radix(String::from_utf8(umask.stdout).unwrap().trim(), 8).unwrap();
    host.start("touch made");
    assert_eq!(host.follow(0).0, State::Exited(0));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&host.path("made")), 0o666 & !mask);
    assert_eq!(mode(&host.path("own/hook 7-1/hook")), 0o600);
}

/// A host whose connection breaks while the input is sent: what was sent until then arrives, then the end.
struct Cut<'a>(&'a mut dyn Shell);

impl Shell for Cut<'_> {
    fn run(&mut self, command: &Command, input: &mut dyn Read, limits: &Limits) -> Result<Output, ShellError> {
        let mut half = Vec::new();
        input.read_to_end(&mut half).unwrap();
        half.truncate(half.len() / 2);
        self.0.run(command, &mut half.as_slice(), limits)
    }
}

#[test]
fn half_a_hook_never_runs() {
    for kind in EVERYWHERE {
        let mut host = Host::new(kind);
        let (dir, ran) = (host.dir(), host.path("ran"));
        let body = format!("touch '{}'\n# {}\n", ran.display(), "x".repeat(500));
        let cwd = host.work.path().to_str().unwrap().as_bytes().to_vec();
        let spec = Spec { dir: &dir, body: &body, cwd: &cwd, env: &[], clean_env: false, private: &[], through: &[] };
        let cut = process::start(&mut Cut(host.shell.as_mut()), &spec, &limits());
        assert!(matches!(cut, Err(ProcessError::Refused(_))), "{kind:?}: {cut:?}");
        let state = process::poll(host.shell.as_mut(), &dir, 0, Duration::ZERO, 0, &limits()).unwrap().state;
        assert_eq!((state, ran.exists()), (State::Absent, false), "{kind:?}");
        // Sent again, whole, it runs.
        process::start(host.shell.as_mut(), &spec, &limits()).unwrap();
        until("the hook", || ran.exists());
    }
}

#[test]
fn what_is_private_reaches_the_hook_and_nobody_else() {
    let awkward = "it's $(touch owned) \"x\"\nsecond line \\ 密码";
    let private = [
        ("SECRET".to_owned(), SecretString::from(awkward)),
        ("LONG".to_owned(), SecretString::from("x".repeat(64 << 10))),
        ("EMPTY".to_owned(), SecretString::from("")),
    ];
    for kind in EVERYWHERE {
        for (body, clean_env) in [
            (
                "printf '%s' \"$SECRET|${#LONG}|${EMPTY-unset}\" >got; touch ready; cat; while [ ! -e go ]; do sleep 0.1; done",
                false,
            ),
            (
                "#!/bin/sh\nprintf '%s' \"$SECRET|${#LONG}|${EMPTY-unset}\" >got; touch ready; while [ ! -e go ]; do sleep 0.1; done",
                true,
            ),
        ] {
            let mut host = Host::new(kind);
            let (dir, cwd) = (host.dir(), host.work.path().to_str().unwrap().as_bytes().to_vec());
            let env = [("PLAIN".to_owned(), "y".to_owned())];
            let spec = Spec { dir: &dir, body, cwd: &cwd, env: &env, private: &private, clean_env, through: &[] };
            process::start(&mut *host.shell, &spec, &limits()).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
            until("the hook runs", || host.path("ready").exists());
            assert_eq!(std::fs::read_to_string(host.path("got")).unwrap(), format!("{awkward}|65536|"), "{kind:?}");
            // No command line of any process has it, and no file is left with it.
            for process in std::fs::read_dir("/proc").unwrap().flatten() {
                let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
                let own = process.file_name().to_str() == Some(&std::process::id().to_string());
                assert!(own || !String::from_utf8_lossy(&line).contains("second line \\"), "{kind:?}: {line:?}");
            }
            let folder = host.path("own/hook 7-1");
            for file in std::fs::read_dir(&folder).unwrap().flatten() {
                let content = std::fs::read(file.path()).unwrap_or_default();
                assert!(!String::from_utf8_lossy(&content).contains("second line"), "{kind:?}: {file:?}");
            }
            std::fs::write(host.path("go"), "").unwrap();
            assert_eq!(host.follow(0).0, State::Exited(0), "{kind:?}");
            assert!(!host.path("owned").exists());
        }
    }
}
