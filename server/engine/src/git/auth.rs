//! Credentials and host keys: what libgit2 asks while it connects, and what it is told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use git2::{CertificateCheckStatus, Cred, CredentialType, ErrorClass, ErrorCode, RemoteCallbacks};
use launchway_domain::{Text, text};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::error::{GitError, GitErrorKind};
use super::guard::Guard;
use super::location::{Location, Scheme, shown};
use super::{GitAuth, Remote};

/// What was learned while connecting; shared, so that it outlives a thread that was left behind.
#[derive(Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Notes>>);

#[derive(Default)]
struct Notes {
    host_key: Option<String>,
    failure: Option<GitError>,
    attempts: u32,
}

impl Seen {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key that the SSH host showed.
    pub(super) fn host_key(&self) -> Option<String> {
        self.notes().host_key.clone()
    }

    /// The error in our words: what a callback refused comes before what libgit2 made of it.
    pub(super) fn explain(&self, error: &git2::Error, remote: &Remote) -> GitError {
        let place = shown(&remote.url);
        let mut notes = self.notes();
        if let Some(failure) = notes.failure.take() {
            return failure;
        }
        // libssh2 says of a key that it cannot read no more than that authentication failed.
        if error.class() == ErrorClass::Ssh
            && error.code() != ErrorCode::Auth
            && notes.attempts > 0
            && let Some(GitAuth::Key { private_key, passphrase, .. }) = &remote.auth
            && error.message().to_ascii_lowercase().contains("authenticat")
        {
            return unusable_key(is_locked(private_key.expose_secret()) && passphrase.is_some());
        }
        GitError::from_git(error, &place)
    }
}

fn unusable_key(wrong_passphrase: bool) -> GitError {
    if wrong_passphrase {
        GitError::new(
            GitErrorKind::Passphrase,
            Text::new(
                "The passphrase does not open the private key. Enter the credential's passphrase again.",
                "口令无法解开该私钥。请重新填写凭据的口令。",
            ),
        )
    } else {
        GitError::new(
            GitErrorKind::Auth,
            Text::new(
                "The credential's private key cannot be read. Paste the whole key, from its BEGIN line to its END line.",
                "无法读取凭据中的私钥。请粘贴完整的私钥，从 BEGIN 行到 END 行。",
            ),
        )
    }
}

/// The callbacks that answer for credentials and host keys.
pub(super) fn callbacks<'a>(
    remote: &'a Remote,
    location: &'a Location,
    guard: &'a Guard,
    seen: &'a Seen,
) -> RemoteCallbacks<'a> {
    let mut callbacks = RemoteCallbacks::new();
    callbacks.certificate_check(move |certificate, _| {
        let Some(key) = certificate.as_hostkey() else {
            // TLS: libgit2 has checked it against the host's authorities.
            return Ok(CertificateCheckStatus::CertificatePassthrough);
        };
        let verdict = match key.hash_sha256() {
            Some(hash) => judge_host_key(remote, hash, seen),
            None => Err(GitError::other(Text::new("The SSH host showed no key.", "SSH 主机没有出示密钥。"))),
        };
        verdict.map(|()| CertificateCheckStatus::CertificateOk).map_err(|error| refuse(seen, error))
    });
    callbacks.credentials(move |url, username, allowed| {
        guard.check().and_then(|()| answer(remote, location, url, username, allowed, seen)).map_err(|e| refuse(seen, e))
    });
    callbacks.sideband_progress(move |_| guard.goes_on());
    callbacks
}

/// Notes why a callback says no, and says no.
fn refuse(seen: &Seen, error: GitError) -> git2::Error {
    let said = git2::Error::new(ErrorCode::User, ErrorClass::Callback, error.text.en.as_ref());
    seen.notes().failure = Some(error);
    said
}

fn judge_host_key(remote: &Remote, hash: &[u8; 32], seen: &Seen) -> Result<(), GitError> {
    let fingerprint = format!("SHA256:{}", STANDARD_NO_PAD.encode(hash));
    seen.notes().host_key = Some(fingerprint.clone());
    let place = shown(&remote.url);
    match &remote.host_key {
        Some(pinned) if *pinned == fingerprint => Ok(()),
        Some(pinned) => {
            let text = text!(
                "The host key of {place} has changed: it shows {fingerprint}, pinned is {pinned}. Nothing was sent to it. If the change is known to be right, check the project and pin the new key.",
                "{place} 的主机密钥已改变：现为 {fingerprint}，固定的是 {pinned}。未向其发送任何内容。若确认变更无误，请检查项目并固定新的密钥。"
            );
            Err(GitError::new(GitErrorKind::KeyChanged { fingerprint }, text))
        }
        None => {
            let text = text!(
                "The host key of {place} is not pinned: it shows {fingerprint}. Compare it with what the host's owner publishes, then pin it on the project.",
                "{place} 的主机密钥尚未固定：其出示 {fingerprint}。请与主机所有者公布的指纹核对后，在项目中固定它。"
            );
            Err(GitError::new(GitErrorKind::Unpinned { fingerprint }, text))
        }
    }
}

/// libgit2 asks again after a rejection, for as long as it is answered: it is answered once.
fn answer(
    remote: &Remote,
    location: &Location,
    url: &str,
    username: Option<&str>,
    allowed: CredentialType,
    seen: &Seen,
) -> Result<Cred, GitError> {
    let place = shown(&remote.url);
    let auth = |text: Text| GitError::new(GitErrorKind::Auth, text);
    let defect = |error: git2::Error| GitError::from_git(&error, &place);
    // A redirect must not carry a secret to another host.
    let asked_by = Location::parse(url).ok().filter(|_| url.contains("://"));
    if asked_by.is_some_and(|asked_by| !location.trusts(&asked_by)) {
        let other = shown(url);
        return Err(auth(text!(
            "{place} redirects to {other}, another host, which asks for credentials. They were not sent. Use the final address in the project.",
            "{place} 重定向到另一台主机 {other} 并索要凭据，凭据未被发送。请在项目中填写最终地址。"
        )));
    }
    let Some(secret) = &remote.auth else {
        return Err(auth(text!(
            "{place} asks for credentials, and the project has none. Choose a credential for it.",
            "{place} 需要凭据，而该项目没有设置。请为项目选择凭据。"
        )));
    };
    let own_name = match secret {
        GitAuth::Password { username, .. } | GitAuth::Key { username, .. } => username.as_str(),
    };
    // Over SSH the name in the address is the one that libgit2 signs in as.
    let name = match username {
        Some(name) if matches!(location, Location::Net { scheme: Scheme::Ssh, .. }) => name,
        _ => own_name,
    };
    if allowed.is_username() {
        return Cred::username(name).map_err(defect);
    }
    {
        let mut notes = seen.notes();
        notes.attempts += 1;
        if notes.attempts > 1 {
            return Err(GitError::rejected(&place));
        }
    }
    match secret {
        GitAuth::Password { password, .. } if allowed.is_user_pass_plaintext() => {
            Cred::userpass_plaintext(name, password.expose_secret()).map_err(defect)
        }
        GitAuth::Password { .. } => Err(auth(text!(
            "{place} takes no password. Choose a credential with a private key for it.",
            "{place} 不接受密码。请选择带私钥的凭据。"
        ))),
        GitAuth::Key { private_key, passphrase, .. } if allowed.is_ssh_memory() => {
            let key = normalised(private_key.expose_secret());
            let locked = is_locked(&key);
            if locked && passphrase.is_none() {
                return Err(GitError::new(
                    GitErrorKind::Passphrase,
                    Text::new(
                        "The private key is locked, and the credential has no passphrase. Add the passphrase to it.",
                        "该私钥已加密，而凭据中没有口令。请为凭据补充口令。",
                    ),
                ));
            }
            let passphrase = passphrase.as_ref().filter(|_| locked).map(|p| p.expose_secret());
            Cred::ssh_key_from_memory(name, None, &key, passphrase).map_err(defect)
        }
        GitAuth::Key { .. } => Err(auth(text!(
            "{place} takes no private key. Choose a credential with a password or access token for it.",
            "{place} 不接受私钥。请选择带密码或访问令牌的凭据。"
        ))),
    }
}

/// A pasted key with the line ends that its readers insist on.
fn normalised(key: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(key.len() + 1));
    for line in key.trim().lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Whether a private key needs a passphrase: by its PEM headers, or by the cipher that an OpenSSH key
/// names (openssh/PROTOCOL.key).
fn is_locked(key: &str) -> bool {
    if key.contains("BEGIN ENCRYPTED PRIVATE KEY") || key.contains("Proc-Type: 4,ENCRYPTED") {
        return true;
    }
    if !key.contains("BEGIN OPENSSH PRIVATE KEY") {
        return false;
    }
    let body: Zeroizing<String> = Zeroizing::new(key.lines().map(str::trim).filter(|l| !l.starts_with('-')).collect());
    let Ok(bytes) = STANDARD.decode(body.as_bytes()).map(Zeroizing::new) else { return false };
    match bytes.strip_prefix(b"openssh-key-v1\0") {
        Some(rest) => !rest.starts_with(b"\0\0\0\x04none"),
        None => false,
    }
}
