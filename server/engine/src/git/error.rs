//! What can go wrong with a repository, in words that say what to do.

use git2::{ErrorClass, ErrorCode};
use launchway_domain::{Text, text};

/// Why, for a caller that branches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GitErrorKind {
    /// Nobody answers at that address.
    Refused,
    /// No answer in time.
    Timeout,
    /// SSH: the host's key was never pinned.
    Unpinned {
        /// The key that it showed (`SHA256:…`).
        fingerprint: String,
    },
    /// SSH: the host shows another key than the pinned one.
    KeyChanged {
        /// The key that it showed (`SHA256:…`).
        fingerprint: String,
    },
    /// Credentials are missing, wrong or of the wrong kind.
    Auth,
    /// The private key is locked, and the passphrase is missing or wrong.
    Passphrase,
    /// No such repository.
    NotFound,
    /// The repository has no commits.
    Empty,
    /// No such tag, branch or commit.
    UnknownRef,
    /// The commit is gone: from the mirror and from the remote.
    Unreachable,
    /// A file is a Git LFS pointer.
    Lfs,
    /// Somebody stopped it.
    Canceled,
    /// Everything else.
    Other,
}

/// A failed Git operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct GitError {
    /// Why, for a caller that branches.
    pub kind: GitErrorKind,
    /// What happened, where, and what to do next.
    pub text: Text,
}

impl GitError {
    pub(super) fn new(kind: GitErrorKind, text: Text) -> Self {
        Self { kind, text }
    }

    pub(super) fn other(text: Text) -> Self {
        Self::new(GitErrorKind::Other, text)
    }

    pub(super) fn canceled() -> Self {
        Self::new(GitErrorKind::Canceled, Text::new("Canceled.", "已取消。"))
    }

    pub(super) fn timeout(place: &str) -> Self {
        Self::new(
            GitErrorKind::Timeout,
            text!(
                "{place} did not answer in time. Check the address and the network, then try again.",
                "{place} 未在规定时间内响应。请检查地址和网络后重试。"
            ),
        )
    }

    pub(super) fn empty(place: &str) -> Self {
        Self::new(
            GitErrorKind::Empty,
            text!(
                "The repository {place} is empty. Push a commit to it first.",
                "仓库 {place} 是空的。请先推送一个提交。"
            ),
        )
    }

    pub(super) fn not_found(place: &str) -> Self {
        Self::new(
            GitErrorKind::NotFound,
            text!(
                "There is no Git repository at {place}, or the credential may not see it. Check the address and the credential.",
                "{place} 处没有 Git 仓库，或所用凭据无权查看。请检查地址和凭据。"
            ),
        )
    }

    pub(super) fn rejected(place: &str) -> Self {
        Self::new(
            GitErrorKind::Auth,
            text!(
                "{place} did not accept the credential. Check the user name and the secret, and that it may read this repository.",
                "{place} 未接受该凭据。请检查用户名和密钥（或密码），并确认其有权读取此仓库。"
            ),
        )
    }

    /// The same, said of a part of the work.
    pub(super) fn within(self, en: &str, zh: &str) -> Self {
        let text = Text { en: format!("{en}: {}", self.text.en).into(), zh: format!("{zh}：{}", self.text.zh).into() };
        Self { kind: self.kind, text }
    }

    /// Reading or writing a file of ours failed.
    pub(super) fn io(path: &str, error: &std::io::Error) -> Self {
        Self::other(text!("{path}: {error}", "{path}：{error}"))
    }

    /// libgit2's error in our words. It reports most network failures by message alone, so the
    /// messages are what there is to branch on.
    pub(super) fn from_git(error: &git2::Error, place: &str) -> Self {
        let message = error.message().trim();
        let lower = message.to_ascii_lowercase();
        let has = |needles: &[&str]| needles.iter().any(|needle| lower.contains(needle));
        let remote = matches!(error.class(), ErrorClass::Net | ErrorClass::Ssh | ErrorClass::Http | ErrorClass::Os);
        if error.code() == ErrorCode::Owner {
            return Self::other(text!(
                "The repository {place} belongs to another user of this host. As the user that runs Launchway, trust it: git config --global --add safe.directory {place}",
                "仓库 {place} 属于本机的另一个用户。请以运行 Launchway 的用户信任它：git config --global --add safe.directory {place}"
            ));
        }
        if error.code() == ErrorCode::Auth
            || has(&[
                "status code: 401",
                "status code: 403",
                "unexpected authentication failure",
                "too many redirects or authentication replays",
            ])
        {
            return Self::rejected(place);
        }
        if error.code() == ErrorCode::Certificate || error.class() == ErrorClass::Ssl {
            return Self::other(text!(
                "{place} has a TLS certificate that this host does not trust ({message}). Add its authority to the host's certificates.",
                "{place} 的 TLS 证书不受本机信任（{message}）。请将其签发机构加入本机的证书库。"
            ));
        }
        if remote && has(&["timed out", "timeout", "time out"]) {
            return Self::timeout(place);
        }
        if remote && has(&["resolve"]) {
            return Self::new(
                GitErrorKind::Refused,
                text!(
                    "The name in {place} is not known to DNS ({message}). Check the address.",
                    "无法解析 {place} 中的主机名（{message}）。请检查地址。"
                ),
            );
        }
        if has(&["connection refused", "failed to connect", "no route to host", "network is unreachable"]) {
            return Self::new(
                GitErrorKind::Refused,
                text!(
                    "Nobody answers at {place} ({message}). Check the address and the port, and that the server is up.",
                    "{place} 无法连接（{message}）。请检查地址和端口，并确认服务器已启动。"
                ),
            );
        }
        if has(&[
            "status code: 404",
            "does not appear to be a git repository",
            "repository not found",
            "no such file or directory",
            "could not be found",
            "access denied or repository not exported",
        ]) {
            return Self::not_found(place);
        }
        Self::other(text!("Git at {place} failed: {message}", "{place} 的 Git 操作失败：{message}"))
    }
}
