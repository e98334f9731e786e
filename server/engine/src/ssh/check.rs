//! Trying a server out, for the people who register it.

use std::time::{Duration, Instant};

use launchway_domain::{Check, text};
use tokio_util::sync::CancellationToken;

use super::session::{Link, Session};
use super::{Endpoint, Place, SshError};
use crate::shell::{Command, Limits, Shell};
use crate::wait::Watch;

/// How long a person waits while a busy server drops connections, at most.
const PATIENCE: Duration = Duration::from_secs(3);

/// The host key that a server shows, `SHA256:…`. No credential is involved.
///
/// # Errors
/// As [`Session::connect`], as far as the key exchange.
pub fn fingerprint(address: &str, port: u16, deadline: Duration) -> Result<String, SshError> {
    let place = Place { name: String::new(), address: address.to_owned(), port };
    let watch = Watch::new(deadline, &CancellationToken::new());
    Link::open(&place, &watch, PATIENCE.min(deadline)).map(|link| link.fingerprint.clone())
}

/// What a release would meet: connects, compares the key, signs in and runs one command.
pub fn check(endpoint: &Endpoint, deadline: Duration) -> Check {
    let started = Instant::now();
    let cancel = CancellationToken::new();
    let watch = Watch::new(deadline, &cancel);
    let (host_key, outcome) = Session::open(endpoint, &watch, PATIENCE.min(deadline));
    let pinned = host_key.is_some()
        && match &outcome {
            Ok(_) => true,
            Err(error) => {
                !matches!(error.kind, super::SshErrorKind::Unpinned { .. } | super::SshErrorKind::KeyChanged { .. })
            }
        };
    let place = Place::of(endpoint);
    let failure = match outcome {
        Err(error) => Some((error.kind.code(), error.text)),
        Ok(mut session) => {
            let limits = Limits::within(watch.left(), &cancel).max_output(4_096);
            match session.call(&Command::script("exit 0"), &limits) {
                Ok(output) if output.ok() => None,
                Ok(output) => {
                    let why = output.complaint();
                    Some((
                        "tool",
                        text!(
                            "{place} lets us in but runs no commands with sh: {why}",
                            "{place} 允许登录，但无法用 sh 执行命令：{why}"
                        ),
                    ))
                }
                Err(error) => Some((
                    "unreachable",
                    text!(
                        "{place} lets us in, but a command did not come to its end: {error}",
                        "{place} 允许登录，但命令未能执行完成：{error}"
                    ),
                )),
            }
        }
    };
    let (code, error) = failure.map(|(code, error)| (code.to_owned(), error)).unzip();
    Check {
        ok: error.is_none(),
        latency_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        host_key,
        pinned,
        error,
        code,
        servers: Vec::new(),
    }
}
