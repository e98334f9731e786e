//! SSH sessions: sign in to a server whose key is pinned, and run commands on it.
//!
//! Everything here blocks; call it on threads that may. Under the hood libssh2 runs without blocking,
//! so that every step has a deadline, can be canceled, and no channel's end is ever waited for in a
//! destructor.

mod auth;
mod check;
mod dial;
mod exec;
mod redial;
mod session;

use std::fmt;

use launchway_domain::{Text, text};
use secrecy::SecretString;

use crate::shell::ShellError;

pub use check::{check, fingerprint};
pub use redial::Redial;
pub use session::Session;

/// What signs in.
#[derive(Clone, Debug)]
pub enum Auth {
    /// A private key: OpenSSH or PEM text.
    Key {
        /// The key's text.
        private_key: SecretString,
        /// What unlocks it.
        passphrase: Option<SecretString>,
    },
    /// A password.
    Password(SecretString),
}

/// A server and the way in.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its name in Launchway, for messages.
    pub hostname: String,
    /// A DNS name or an IP address.
    pub address: String,
    /// The port.
    pub port: u16,
    /// Who signs in.
    pub username: String,
    /// With what.
    pub auth: Auth,
    /// The pinned host key, `SHA256:…`. Nothing secret is sent to any other.
    pub host_key: Option<String>,
}

/// What went wrong, for callers that branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SshErrorKind {
    /// Nothing listens there.
    Refused,
    /// No answer in time.
    Timeout,
    /// The name is not known.
    Dns,
    /// The server showed this key, and none is pinned.
    Unpinned {
        /// `SHA256:…`
        fingerprint: String,
    },
    /// The server showed this key, and another is pinned.
    KeyChanged {
        /// `SHA256:…`
        fingerprint: String,
    },
    /// The server does not accept the credential.
    Auth,
    /// The private key is locked, and its passphrase is missing or wrong.
    Passphrase,
    /// The connection broke.
    Lost,
    /// Somebody stopped it.
    Canceled,
    /// Anything else.
    Other,
}

impl SshErrorKind {
    /// The stable word of [`launchway_domain::Check::code`].
    pub fn code(&self) -> &'static str {
        match self {
            SshErrorKind::Refused => "refused",
            SshErrorKind::Timeout => "timeout",
            SshErrorKind::Unpinned { .. } => "unpinned",
            SshErrorKind::KeyChanged { .. } => "key_changed",
            SshErrorKind::Auth => "auth",
            SshErrorKind::Passphrase => "passphrase",
            SshErrorKind::Dns | SshErrorKind::Lost | SshErrorKind::Canceled | SshErrorKind::Other => "unreachable",
        }
    }
}

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct SshError {
    /// For callers.
    pub kind: SshErrorKind,
    /// For people: what happened, where, and what to do.
    pub text: Text,
}

impl SshError {
    pub(crate) fn new(kind: SshErrorKind, text: Text) -> Self {
        Self { kind, text }
    }
}

impl From<SshError> for ShellError {
    fn from(error: SshError) -> Self {
        match error.kind {
            SshErrorKind::Canceled => ShellError::Canceled,
            _ => ShellError::Lost(error.text),
        }
    }
}

/// How messages name a server: `web-1 (10.0.0.7:22)`.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) port: u16,
}

impl Place {
    pub(crate) fn of(endpoint: &Endpoint) -> Self {
        Self { name: endpoint.hostname.clone(), address: endpoint.address.clone(), port: endpoint.port }
    }

    /// The connection broke while doing something.
    pub(crate) fn lost(&self, why: &str) -> SshError {
        SshError::new(
            SshErrorKind::Lost,
            text!(
                "The connection to {self} broke ({why}). Look at the server and the network, then retry.",
                "与 {self} 的连接中断（{why}）。请检查服务器和网络后重试。"
            ),
        )
    }

    /// A command's end came without its exit status.
    pub(crate) fn unsaid(&self) -> SshError {
        SshError::new(
            SshErrorKind::Lost,
            text!(
                "{self} ended a command without saying how it went. Look for ForceCommand and ChannelTimeout in its sshd_config.",
                "{self} 结束了一条命令，但未报告其结果。请检查该服务器 sshd_config 中的 ForceCommand 和 ChannelTimeout。"
            ),
        )
    }

    /// Somebody stopped it.
    pub(crate) fn canceled(&self) -> SshError {
        SshError::new(SshErrorKind::Canceled, text!("Connecting to {self} was canceled.", "与 {self} 的连接已取消。"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An IPv6 address needs its brackets beside a port.
        let (open, close) = if self.address.contains(':') { ("[", "]") } else { ("", "") };
        if self.name.is_empty() || self.name == self.address {
            write!(f, "{open}{}{close}:{}", self.address, self.port)
        } else {
            write!(f, "{} ({open}{}{close}:{})", self.name, self.address, self.port)
        }
    }
}
