//! Signing in, and saying plainly why it did not work.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use launchway_domain::{Text, text};
use secrecy::{ExposeSecret, SecretString};
use ssh2::{KeyboardInteractivePrompt, Prompt};
use zeroize::Zeroizing;

use super::dial::silent;
use super::session::{Broken, Link, code, is_gone, number};
use super::{Auth, Place, SshError, SshErrorKind};
use crate::wait::{Stop, Watch};

/// What a text that should be a private key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// A private key that needs no passphrase.
    Open,
    /// A private key that needs one.
    Locked,
    /// A public key.
    Public,
    /// PuTTY's own format.
    Putty,
    /// Nothing that we know.
    Unknown,
}

/// Signs in, or says why not. The caller has compared the host key.
pub(super) fn sign_in(link: &Link, place: &Place, username: &str, auth: &Auth, watch: &Watch) -> Result<(), SshError> {
    match auth {
        Auth::Key { private_key, passphrase } => {
            with_key(link, place, username, private_key, passphrase.as_ref(), watch)
        }
        Auth::Password(password) => with_password(link, place, username, password, watch),
    }
}

fn with_key(
    link: &Link,
    place: &Place,
    username: &str,
    key: &SecretString,
    passphrase: Option<&SecretString>,
    watch: &Watch,
) -> Result<(), SshError> {
    let text = tidy(key.expose_secret());
    let passphrase = passphrase.map(ExposeSecret::expose_secret).filter(|p| !p.is_empty());
    let kind = inspect(&text);
    match (kind, passphrase) {
        (Key::Locked, None) => {
            return Err(SshError::new(
                SshErrorKind::Passphrase,
                text!(
                    "The private key for {place} is locked and its passphrase is missing. Enter the passphrase in the credential.",
                    "{place} 的私钥已加密，但缺少口令。请在凭据中填写私钥口令。"
                ),
            ));
        }
        (Key::Public | Key::Putty | Key::Unknown, _) => return Err(unreadable(kind)),
        (Key::Open | Key::Locked, _) => {}
    }
    let outcome = link.drive(watch, || link.ssh.userauth_pubkey_memory(username, None, &text, passphrase));
    match outcome {
        Ok(()) if link.ssh.authenticated() => Ok(()),
        // Reading the key failed, on this side: before the server was asked.
        Err(Broken::Ssh(error)) if matches!(number(&error), code::FILE | code::KEYFILE_AUTH_FAILED) => {
            if kind == Key::Locked {
                Err(SshError::new(
                    SshErrorKind::Passphrase,
                    text!(
                        "The passphrase does not unlock the private key for {place}. Correct it in the credential.",
                        "口令无法解锁 {place} 的私钥。请在凭据中更正口令。"
                    ),
                ))
            } else {
                Err(unreadable(Key::Unknown))
            }
        }
        Err(Broken::Ssh(error)) if is_gone(&error) => Err(place.lost(error.message())),
        Err(Broken::Stop(stop)) => Err(stopped(place, watch, stop)),
        Ok(()) | Err(Broken::Ssh(_)) => Err(SshError::new(
            SshErrorKind::Auth,
            text!(
                "{place} does not accept the key for user {username}. Check the user name, and that the public key is in that user's authorized_keys.",
                "{place} 不接受用户 {username} 的密钥。请检查用户名，并确认公钥已加入该用户的 authorized_keys。"
            ),
        )),
    }
}

fn with_password(
    link: &Link,
    place: &Place,
    username: &str,
    password: &SecretString,
    watch: &Watch,
) -> Result<(), SshError> {
    let failed = |broken: Broken| match broken {
        Broken::Ssh(error) if is_gone(&error) => place.lost(error.message()),
        Broken::Stop(stop) => stopped(place, watch, stop),
        Broken::Ssh(_) => SshError::new(
            SshErrorKind::Auth,
            text!(
                "{place} does not accept the password for user {username}. Check both in the credential.",
                "{place} 不接受用户 {username} 的密码。请检查凭据中的用户名和密码。"
            ),
        ),
    };
    let methods = match link.drive(watch, || link.ssh.auth_methods(username).map(str::to_owned)) {
        Ok(methods) => methods,
        // A server that asks for nothing has let us in.
        Err(Broken::Ssh(_)) if link.ssh.authenticated() => return Ok(()),
        Err(broken) => return Err(failed(broken)),
    };
    if link.ssh.authenticated() {
        return Ok(());
    }
    let offers = |name: &str| methods.split(',').any(|method| method == name);
    let outcome = if offers("password") {
        link.drive(watch, || link.ssh.userauth_password(username, password.expose_secret()))
    } else if offers("keyboard-interactive") {
        let mut answer = Answer { password, rounds: 0 };
        link.drive(watch, || link.ssh.userauth_keyboard_interactive(username, &mut answer))
    } else {
        return Err(SshError::new(
            SshErrorKind::Auth,
            text!(
                "{place} takes no passwords (it offers {methods}). Use a key credential, or allow passwords on the server.",
                "{place} 不支持密码登录（仅支持 {methods}）。请改用密钥凭据，或在服务器上启用密码登录。"
            ),
        ));
    };
    outcome.map_err(failed)
}

/// Answers every hidden prompt with the password, once: a server that asks again has not liked it.
struct Answer<'a> {
    password: &'a SecretString,
    rounds: u32,
}

impl KeyboardInteractivePrompt for Answer<'_> {
    fn prompt<'b>(&mut self, _: &str, _: &str, prompts: &[Prompt<'b>]) -> Vec<String> {
        self.rounds += u32::from(!prompts.is_empty());
        let answer = |prompt: &Prompt<'_>| match prompt.echo || self.rounds > 1 {
            true => String::new(),
            false => self.password.expose_secret().to_owned(),
        };
        prompts.iter().map(answer).collect()
    }
}

fn stopped(place: &Place, watch: &Watch, stop: Stop) -> SshError {
    match stop {
        Stop::Canceled => place.canceled(),
        Stop::Deadline => silent(place, watch),
    }
}

fn unreadable(kind: Key) -> SshError {
    let text = match kind {
        Key::Public => Text::new(
            "The credential holds a public key. Paste the private key instead (it begins with -----BEGIN).",
            "凭据中保存的是公钥。请改为粘贴私钥（以 -----BEGIN 开头）。",
        ),
        Key::Putty => Text::new(
            "The credential holds a PuTTY key. Convert it (PuTTYgen: Conversions, Export OpenSSH key) and paste the result.",
            "凭据中保存的是 PuTTY 格式的密钥。请用 PuTTYgen 导出为 OpenSSH 格式后再粘贴。",
        ),
        Key::Open | Key::Locked | Key::Unknown => Text::new(
            "The credential is not a private key that Launchway can read. Paste the whole file, from -----BEGIN to -----END, of an ed25519, ECDSA or RSA key.",
            "凭据中的内容不是 Launchway 能读取的私钥。请粘贴完整的 ed25519、ECDSA 或 RSA 私钥文件，从 -----BEGIN 到 -----END。",
        ),
    };
    SshError::new(SshErrorKind::Auth, text)
}

/// As OpenSSH wrote it: forms send CRLF, and people lose the last newline or add blanks around.
fn tidy(key: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(key.len() + 1));
    for line in key.trim().lines() {
        text.push_str(line.trim());
        text.push('\n');
    }
    text
}

fn inspect(key: &str) -> Key {
    if key.starts_with("PuTTY-User-Key-File") {
        return Key::Putty;
    }
    let public = ["ssh-", "ecdsa-", "sk-", "---- BEGIN SSH2 PUBLIC", "-----BEGIN PUBLIC", "-----BEGIN RSA PUBLIC"];
    if public.iter().any(|start| key.starts_with(start)) {
        return Key::Public;
    }
    let Some(header) = key.lines().next().filter(|l| l.starts_with("-----BEGIN ") && l.contains("PRIVATE KEY")) else {
        return Key::Unknown;
    };
    if header.contains("OPENSSH") {
        // PROTOCOL.key: a magic word, then the name of the cipher, "none" for an open key.
        let body: Zeroizing<String> =
            Zeroizing::new(key.lines().filter(|line| !line.starts_with("-----")).collect::<String>());
        let Ok(bytes) = STANDARD.decode(body.as_bytes()).map(Zeroizing::new) else { return Key::Unknown };
        let Some(rest) = bytes.strip_prefix(b"openssh-key-v1\0") else { return Key::Unknown };
        return if rest.starts_with(b"\0\0\0\x04none") { Key::Open } else { Key::Locked };
    }
    if header.contains("ENCRYPTED")
        || key.lines().take(4).any(|l| l.starts_with("Proc-Type:") && l.contains("ENCRYPTED"))
    {
        Key::Locked
    } else {
        Key::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_paste_is_told_apart() {
        assert_eq!(inspect("ssh-ed25519 AAAA me@host"), Key::Public);
        assert_eq!(inspect("PuTTY-User-Key-File-3: ssh-ed25519"), Key::Putty);
        assert_eq!(inspect("hunter2"), Key::Unknown);
        assert_eq!(inspect("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"), Key::Locked);
        assert_eq!(inspect("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"), Key::Locked);
        assert_eq!(inspect("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n"), Key::Open);
        assert_eq!(inspect("-----BEGIN OPENSSH PRIVATE KEY-----\n!!\n"), Key::Unknown);
    }

    #[test]
    fn a_forms_line_ends_are_put_right() {
        assert_eq!(tidy("\r\n a\r\nb ").as_str(), "a\nb\n");
    }
}
