//! What the tests over SSH share.
#![allow(dead_code, unreachable_pub)]

use std::time::{Duration, Instant};

use launchway_engine::shell::Limits;
use launchway_engine::ssh::{Auth, Endpoint, Session};
use launchway_engine::testing::Sshd;
use tokio_util::sync::CancellationToken;

/// Longer than anything should take, on the slowest machine.
pub const LONG: Duration = Duration::from_secs(120);

pub fn endpoint(server: &Sshd) -> Endpoint {
    Endpoint {
        hostname: "web-1".into(),
        address: server.address().into(),
        port: server.port(),
        username: server.username().into(),
        auth: Auth::Key { private_key: server.private_key().into(), passphrase: None },
        host_key: Some(server.fingerprint()),
    }
}

pub fn connect(server: &Sshd) -> Session {
    Session::connect(&endpoint(server), LONG, &CancellationToken::new()).unwrap()
}

pub fn limits() -> Limits {
    Limits::within(LONG, &CancellationToken::new())
}

/// Waits for a condition.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !condition() {
        assert!(Instant::now() < deadline, "never came true: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process is there and no zombie.
pub fn is_alive(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z') && !rest.starts_with('X'))
    })
}
