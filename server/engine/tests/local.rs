//! This host as a shell.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::Read;
use std::time::Duration;

use common::{is_alive, limits, until};
use launchway_engine::local::LocalShell;
use launchway_engine::shell::{Command, Limits, Shell, ShellError};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio_util::sync::CancellationToken;

fn call(command: &Command) -> launchway_engine::shell::Output {
    LocalShell::new().call(command, &limits()).unwrap()
}

#[test]
fn a_command_has_outputs_a_status_and_signals() {
    let output = call(&Command::script("echo out; echo err >&2; exit 7"));
    assert_eq!((output.status, output.stdout.as_slice(), output.stderr.as_slice()), (7, &b"out\n"[..], &b"err\n"[..]));
    assert_eq!(call(&Command::script("kill -TERM $$")).status, 143);
    assert_eq!(call(&Command::new("no-such-program")).status, 127);
    assert_eq!(call(&Command::new("/etc/passwd")).status, 126);
    assert_eq!(call(&Command::new("printf").arg("%s").arg(b"\xff'")).stdout, b"\xff'");
    let output = LocalShell::new().run(&Command::new("cat"), &mut &b"\0\xff"[..], &limits()).unwrap();
    assert_eq!(output.stdout, b"\0\xff");
}

#[test]
fn input_and_both_outputs_flow_at_once() {
    let size = 50 * 1024 * 1024_u64;
    let mut input = std::io::repeat(b'z').take(size);
    let wide = limits().max_output(usize::MAX);
    let output = LocalShell::new().run(&Command::script("tee /dev/stderr"), &mut input, &wide).unwrap();
    assert_eq!((output.stdout.len() as u64, output.stderr.len() as u64), (size, size));
    let output = LocalShell::new().run(&Command::new("cat"), &mut std::io::repeat(0).take(size), &limits()).unwrap();
    assert_eq!(output.stdout.len(), 1 << 20);
    let output = LocalShell::new().run(&Command::script("head -c 1; exit 3"), &mut std::io::repeat(b'a'), &limits());
    assert_eq!(output.unwrap().status, 3);
    let output = call(&Command::script("exec >&- 2>&- <&-; sleep 0.1; exit 6"));
    assert_eq!(output.status, 6);
}

#[test]
fn what_it_leaves_behind_does_not_hold_it_up() {
    let output = call(&Command::script("sleep 1000 & echo $!"));
    let pid: i32 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    assert!(is_alive(pid));
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    // Not even when that writes for ever.
    let output = call(&Command::script("yes & echo $! >&2"));
    let pid: i32 = String::from_utf8(output.stderr).unwrap().trim().parse().unwrap();
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap_or_default();
}

#[test]
fn an_abandoned_command_ends_with_its_group() {
    let dir = tempfile::tempdir().unwrap();
    for cancel_it in [false, true] {
        let file = dir.path().join(format!("pid-{cancel_it}"));
        let cancel = CancellationToken::new();
        let limits = Limits::within(if cancel_it { common::LONG } else { Duration::from_millis(500) }, &cancel);
        let script = "sh -c 'echo $$ >\"$1.new\"; mv \"$1.new\" \"$1\"; sleep 1000; true' x \"$1\" & cat; wait";
        let command = Command::script(script).arg(file.to_str().unwrap());
        let running = std::thread::spawn(move || LocalShell::new().call(&command, &limits));
        until("the child runs", || file.exists() || !cancel_it && running.is_finished());
        if cancel_it {
            cancel.cancel();
        }
        match running.join().unwrap().unwrap_err() {
            ShellError::Canceled => assert!(cancel_it),
            ShellError::Deadline(_) => assert!(!cancel_it),
            other => panic!("{other}"),
        }
        if let Ok(pid) = std::fs::read_to_string(&file) {
            let pid = pid.trim().parse().unwrap();
            until("the child is gone", || !is_alive(pid));
        }
    }
}

#[test]
fn launchways_own_environment_is_not_told() {
    let output = String::from_utf8(call(&Command::new("env")).stdout).unwrap();
    assert!(output.contains("PATH="));
    // Cargo sets this for the test, as somebody may set LAUNCHWAY_MASTER_KEY for the program.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    assert!(!output.contains("CARGO_MANIFEST_DIR"), "{output}");
}
