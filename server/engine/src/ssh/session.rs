//! One session: connected, the host key compared, signed in.

use std::fmt;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use launchway_domain::text;
use nix::poll::PollFlags;
use rand::Rng;
use ssh2::{BlockDirections, ErrorCode, HashType, MethodType};
use tokio_util::sync::CancellationToken;

use super::dial::{Greeting, dial, greeting, silent};
use super::{Endpoint, Place, SshError, SshErrorKind, auth};
use crate::wait::{Stop, Watch};

/// Error numbers of libssh2 (`libssh2.h`).
pub(super) mod code {
    pub(in crate::ssh) const BANNER_RECV: i32 = -2;
    pub(in crate::ssh) const SOCKET_SEND: i32 = -7;
    pub(in crate::ssh) const TIMEOUT: i32 = -9;
    pub(in crate::ssh) const SOCKET_DISCONNECT: i32 = -13;
    pub(in crate::ssh) const FILE: i32 = -16;
    pub(in crate::ssh) const CHANNEL_CLOSED: i32 = -26;
    pub(in crate::ssh) const CHANNEL_EOF_SENT: i32 = -27;
    pub(in crate::ssh) const EAGAIN: i32 = -37;
    pub(in crate::ssh) const SOCKET_RECV: i32 = -43;
    pub(in crate::ssh) const KEYFILE_AUTH_FAILED: i32 = -48;
}

/// The number of an error of libssh2.
pub(super) fn number(error: &ssh2::Error) -> i32 {
    match error.code() {
        ErrorCode::Session(code) | ErrorCode::SFTP(code) => code,
    }
}

/// Whether the error means that the connection is gone.
pub(super) fn is_gone(error: &ssh2::Error) -> bool {
    matches!(
        number(error),
        code::SOCKET_SEND | code::TIMEOUT | code::SOCKET_DISCONNECT | code::SOCKET_RECV | code::BANNER_RECV
    )
}

/// Kinds of host keys, best first.
const KEYS: [&str; 3] =
    ["ssh-ed25519", "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521", "rsa-sha2-512,rsa-sha2-256"];
/// Ciphers, fastest first.
const CIPHERS: &str = "aes256-gcm@openssh.com,aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,\
                       aes256-ctr,aes192-ctr,aes128-ctr";

/// Why a step of libssh2 did not come to its end.
#[derive(Debug)]
pub(super) enum Broken {
    /// libssh2 says so.
    Ssh(ssh2::Error),
    /// Our own limit.
    Stop(Stop),
}

/// A connection that speaks SSH, not yet signed in.
pub(super) struct Link {
    pub(super) ssh: ssh2::Session,
    pub(super) tcp: TcpStream,
    /// `SHA256:…` of the key that the server proved to have.
    pub(super) fingerprint: String,
}

impl Link {
    /// Connects and exchanges keys; of the server's several host keys always the same one is seen.
    /// Connections that a busy sshd drops are tried again within `patience`.
    pub(super) fn open(place: &Place, watch: &Watch, patience: Duration) -> Result<Self, SshError> {
        Self::open_for(place, &KEYS.join(","), watch, patience)
    }

    /// The same, asking for a host key of these kinds.
    fn open_for(place: &Place, keys: &str, watch: &Watch, patience: Duration) -> Result<Self, SshError> {
        let retries = watch.at_most(patience);
        let mut pause = Duration::from_millis(60);
        loop {
            let dropped = match Self::try_open(place, keys, watch)? {
                Ok(link) => return Ok(link),
                Err(why) => why,
            };
            // Sixty-four sessions that were dropped together should not come back together.
            let jitter = rand::rng().random_range(0.5..1.5);
            match retries.sleep(pause.mul_f64(jitter)) {
                Ok(()) => pause = (pause * 2).min(Duration::from_secs(1)),
                Err(Stop::Canceled) => return Err(place.canceled()),
                Err(Stop::Deadline) => {
                    return Err(SshError::new(
                        SshErrorKind::Lost,
                        text!(
                            "{place} keeps closing new connections ({dropped}). It may be overloaded (MaxStartups), block this host, or not be an SSH server.",
                            "{place} 不断关闭新连接（{dropped}）。它可能过载（MaxStartups）、屏蔽了本机，或者不是 SSH 服务。"
                        ),
                    ));
                }
            }
        }
    }

    /// One try; the inner error says how the server dropped it before a word was exchanged.
    fn try_open(place: &Place, keys: &str, watch: &Watch) -> Result<Result<Self, String>, SshError> {
        let tcp = dial(place, watch)?;
        if greeting(&tcp, place, watch)? == Greeting::Closed {
            return Ok(Err("closed before its greeting".into()));
        }
        let other = |why: &dyn fmt::Display| place.lost(&why.to_string());
        let mut ssh = ssh2::Session::new().map_err(|e| other(&e.message()))?;
        ssh.set_tcp_stream(tcp.try_clone().map_err(|e| other(&e))?);
        ssh.set_blocking(false);
        // Preferences: what this libssh2 does not know, it leaves out.
        let _ = ssh.method_pref(MethodType::HostKey, keys);
        for way in [MethodType::CryptCs, MethodType::CryptSc] {
            let _ = ssh.method_pref(way, CIPHERS);
        }
        let mut link = Self { ssh, tcp, fingerprint: String::new() };
        let mut handshake = link.ssh.clone();
        match link.drive(watch, || handshake.handshake()) {
            Ok(()) => {}
            Err(Broken::Ssh(error)) if is_gone(&error) => return Ok(Err(error.message().to_owned())),
            Err(Broken::Ssh(error)) => {
                let why = error.message();
                return Err(SshError::new(
                    SshErrorKind::Other,
                    text!(
                        "{place} and Launchway do not agree on how to speak SSH ({why}). Is an SSH server with current algorithms behind this port?",
                        "{place} 与 Launchway 无法协商 SSH 连接（{why}）。该端口上运行的是支持当前算法的 SSH 服务吗？"
                    ),
                ));
            }
            Err(Broken::Stop(Stop::Canceled)) => return Err(place.canceled()),
            Err(Broken::Stop(Stop::Deadline)) => return Err(silent(place, watch)),
        }
        let Some(hash) = link.ssh.host_key_hash(HashType::Sha256) else {
            return Err(place.lost("no host key"));
        };
        link.fingerprint = format!("SHA256:{}", STANDARD_NO_PAD.encode(hash));
        Ok(Ok(link))
    }

    /// Repeats a step of libssh2 until it is through.
    pub(super) fn drive<T>(
        &self,
        watch: &Watch,
        mut step: impl FnMut() -> Result<T, ssh2::Error>,
    ) -> Result<T, Broken> {
        loop {
            match step() {
                Err(error) if number(&error) == code::EAGAIN => self.wait(watch).map_err(Broken::Stop)?,
                Err(error) => return Err(Broken::Ssh(error)),
                Ok(value) => return Ok(value),
            }
        }
    }

    /// Waits until the connection may have something to do.
    pub(super) fn wait(&self, watch: &Watch) -> Result<(), Stop> {
        let mut flags = PollFlags::POLLIN;
        if matches!(self.ssh.block_directions(), BlockDirections::Outbound | BlockDirections::Both) {
            flags |= PollFlags::POLLOUT;
        }
        watch.poll_one(self.tcp.as_fd(), flags)
    }

    /// Cuts the connection: whatever waits on it ends.
    pub(super) fn cut(&self) {
        let _ = self.tcp.shutdown(Shutdown::Both);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // A word of farewell where it can be said at once. Then the socket is shut, so that freeing the
        // channels and the session cannot wait, and does not leave half of it behind.
        let _ = self.ssh.disconnect(None, "done", None);
        self.cut();
    }
}

/// A signed-in session. One command at a time; use several sessions for several at once.
pub struct Session {
    pub(super) link: Link,
    pub(super) place: Place,
    /// Set once the connection is of no more use, with the reason.
    pub(super) broken: Option<SshError>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("place", &self.place).field("broken", &self.broken).finish_non_exhaustive()
    }
}

impl Session {
    /// Connects, compares the host key with the pinned one, and only then signs in. Connections that a
    /// busy sshd drops (`MaxStartups`) are tried again within the deadline.
    ///
    /// # Errors
    /// Every [`SshErrorKind`].
    pub fn connect(endpoint: &Endpoint, deadline: Duration, cancel: &CancellationToken) -> Result<Self, SshError> {
        let watch = Watch::new(deadline, cancel);
        Self::open(endpoint, &watch, deadline).1
    }

    /// The same, with the host key that was seen beside the outcome.
    pub(super) fn open(
        endpoint: &Endpoint,
        watch: &Watch,
        patience: Duration,
    ) -> (Option<String>, Result<Self, SshError>) {
        let place = Place::of(endpoint);
        let link = match Link::open(&place, watch, patience) {
            Ok(link) => link,
            Err(error) => return (None, Err(error)),
        };
        let seen = Some(link.fingerprint.clone());
        let pinned = endpoint.host_key.as_deref();
        let link = match compare(&place, pinned, &link.fingerprint) {
            Ok(()) => link,
            Err(error) if pinned.is_none() => return (seen, Err(error)),
            // The pinned key may be another of the server's keys: pinned from elsewhere, or before the
            // server got a key of a better kind. Then it still proves to be the same server.
            Err(error) => {
                drop(link);
                let mut others = KEYS[1..]
                    .iter()
                    .map_while(|keys| watch.check().ok().map(|()| Link::open_for(&place, keys, watch, patience)));
                match others.find_map(|other| other.ok().filter(|l| compare(&place, pinned, &l.fingerprint).is_ok())) {
                    Some(link) => link,
                    None => return (seen, Err(error)),
                }
            }
        };
        let seen = Some(link.fingerprint.clone());
        let outcome = auth::sign_in(&link, &place, &endpoint.username, &endpoint.auth, watch);
        (seen, outcome.map(|()| Self { link, place, broken: None }))
    }

    /// Whether the connection is of no more use: after a command that was abandoned, or a break.
    pub fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// The host key of the server: `SHA256:…`.
    pub fn host_key(&self) -> &str {
        &self.link.fingerprint
    }
}

fn compare(place: &Place, pinned: Option<&str>, fingerprint: &str) -> Result<(), SshError> {
    let fingerprint = fingerprint.to_owned();
    match pinned {
        // Some tools print the padding of base64, some do not.
        Some(pinned) if pinned.trim().trim_end_matches('=') == fingerprint => Ok(()),
        Some(pinned) => Err(SshError::new(
            SshErrorKind::KeyChanged { fingerprint: fingerprint.clone() },
            text!(
                "{place} shows the host key {fingerprint}, but {pinned} is pinned. Somebody may be in between. If the server was reinstalled, check the new key there and pin it.",
                "{place} 出示的主机密钥为 {fingerprint}，但已固定的是 {pinned}。连接可能被人劫持。如果服务器重装过，请在服务器上核对新密钥后重新固定。"
            ),
        )),
        None => Err(SshError::new(
            SshErrorKind::Unpinned { fingerprint: fingerprint.clone() },
            text!(
                "The host key of {place} is not pinned yet. Compare {fingerprint} with the key on the server, then pin it.",
                "{place} 的主机密钥尚未固定。请将 {fingerprint} 与服务器上的密钥核对，然后固定。"
            ),
        )),
    }
}
