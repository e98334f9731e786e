//! The fixture itself: what OpenSSH's own client makes of it.
#![allow(clippy::unwrap_used)]

use std::process::{Command, Output};

use launchway_engine::testing::Sshd;

fn ssh(server: &Sshd, command: &str) -> Output {
    Command::new("ssh")
        .args([
            "-F",
            "none",
            "-o",
            "BatchMode=yes",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
        ])
        .arg("-i")
        .arg(server.private_key_path())
        .args(["-p", &server.port().to_string(), &format!("{}@{}", server.username(), server.address()), command])
        .output()
        .unwrap()
}

#[test]
fn it_serves_restarts_and_changes_its_key() {
    let mut server = Sshd::start();
    assert_eq!(ssh(&server, "echo hello").stdout, b"hello\n");
    let before = server.fingerprint();
    assert!(before.starts_with("SHA256:"));
    let port = server.port();
    server.stop();
    assert!(!server.is_running());
    assert!(!ssh(&server, "true").status.success());
    server.restart();
    assert_eq!(ssh(&server, "exit 3").status.code(), Some(3));
    assert_eq!(server.fingerprint(), before);
    server.rotate_host_key();
    assert_ne!(server.fingerprint(), before);
    assert_eq!(server.port(), port);
    assert!(ssh(&server, "true").status.success());
}

#[test]
fn tools_can_be_taken_away_and_be_busybox() {
    let server = Sshd::builder().only_tools(["sh", "cat"]).start();
    assert_eq!(ssh(&server, "sh -c 'command -v cat >/dev/null; command -v tar || echo none'").stdout, b"none\n");
    let server = Sshd::builder().busybox(["sh", "tar"]).start();
    let help = ssh(&server, "tar --help");
    assert!(
        String::from_utf8_lossy(&help.stderr).contains("BusyBox")
            || String::from_utf8_lossy(&help.stdout).contains("BusyBox")
    );
}

#[test]
fn nothing_outlives_it() {
    let server = Sshd::start();
    let output = ssh(&server, "setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $!");
    let pid = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    let stat = format!("/proc/{pid}/stat");
    assert!(std::fs::read_to_string(&stat).is_ok());
    drop(server);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    // A killed process may stay as a zombie until its parent reads it.
    while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(std::time::Instant::now() < deadline, "{pid} is still there");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
