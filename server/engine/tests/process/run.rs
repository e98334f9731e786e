//! What a hook gets, and what comes back of it.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use launchway_engine::process::{self, ProcessError, Spec, State};
use launchway_engine::shell::{Command, Limits, Output, Shell, ShellError};
use launchway_engine::testing::Sshd;
use secrecy::SecretString;

use crate::common::{connect, limits, until};
use crate::host::{EVERYWHERE, Host, Kind, spec};

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
fn what_cannot_begin_says_why() {
    let mut host = Host::new(Kind::Local);
    std::fs::write(host.path("own"), "a file in the way").unwrap();
    let error = host.start_with("true", &[], false).unwrap_err();
    assert!(error.to_string().contains("cannot be written"), "{error}");
    assert_eq!(host.state(), State::Absent);

    let server = Sshd::builder().only_tools(["sh", "mkdir", "cat", "mv", "ln", "readlink", "env"]).start();
    let mut session = connect(&server);
    let dir = host.path("elsewhere").into_os_string().into_encoded_bytes();
    let error = process::start(&mut session, &spec(&dir, "true", b"/tmp"), &limits()).unwrap_err();
    assert!(error.to_string().contains("setsid"), "{error}");

    let mut host = Host::new(Kind::Ssh);
    let (dir, cwd) = (host.dir(), host.path("gone").into_os_string().into_encoded_bytes());
    process::start(&mut *host.shell, &spec(&dir, "true", &cwd), &limits()).unwrap();
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
        let spec = spec(&dir, &body, &cwd);
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
            let spec = Spec { env: &env, private: &private, clean_env, ..spec(&dir, body, &cwd) };
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
