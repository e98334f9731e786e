//! Sealing of secrets at rest.
//!
//! XChaCha20-Poly1305 (RFC 8439 with the extended nonce of draft-irtf-cfrg-xchacha-03): a random
//! 192-bit nonce for each sealing cannot collide in practice, so no counter has to survive a crash.
//! What a secret belongs to is authenticated with it: a sealed value that is moved to another row by
//! hand does not open there.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// The first byte of everything sealed, so that the way of sealing can change.
const VERSION: u8 = 1;

/// Why a secret could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key file could not be read or made.
    #[error("the master key {path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The key file is readable for others.
    #[error("the master key {0} is open to other users; run: chmod 600 {0}")]
    Open(PathBuf),
    /// Neither 32 bytes in base64 nor in hexadecimal.
    #[error("the master key in {0} is not 32 bytes in base64 or hexadecimal")]
    Malformed(String),
    /// The system has no random bytes.
    #[error("no random bytes: {0}")]
    Random(String),
    /// Sealed with another master key, for another purpose, or damaged.
    #[error("a stored secret does not open with this master key")]
    Closed,
}

/// Seals and opens secrets with the master key.
#[derive(Clone)]
pub struct Vault {
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// Takes the master key from `from_environment` (32 bytes in base64 or hexadecimal), else from
    /// `master.key` in the data folder, which is made with mode 0600 where there is none.
    ///
    /// # Errors
    /// Where the key cannot be read, made or understood, or is readable for others.
    pub fn open(data: &Path, from_environment: Option<SecretString>) -> Result<Self, VaultError> {
        let key = match from_environment {
            Some(text) => parse_key(text.expose_secret())
                .ok_or_else(|| VaultError::Malformed("LAUNCHWAY_MASTER_KEY".to_owned()))?,
            None => read_or_make(&data.join("master.key"))?,
        };
        Ok(Self { cipher: XChaCha20Poly1305::new(key.as_slice().into()) })
    }

    /// Seals a secret for one purpose, such as `credential`.
    ///
    /// # Errors
    /// Where the system has no random bytes.
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0_u8; NONCE_BYTES];
        OsRng.try_fill_bytes(&mut nonce).map_err(|e| VaultError::Random(e.to_string()))?;
        let payload = Payload { msg: secret, aad: purpose.as_bytes() };
        let sealed = self.cipher.encrypt(XNonce::from_slice(&nonce), payload).map_err(|_| VaultError::Closed)?;
        Ok([&[VERSION], nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Vault::seal`] sealed for the same purpose.
    ///
    /// # Errors
    /// [`VaultError::Closed`] where key, purpose or content is not what it was.
    pub fn unseal(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let rest = sealed.strip_prefix(&[VERSION]).ok_or(VaultError::Closed)?;
        let (nonce, body) = rest.split_at_checked(NONCE_BYTES).ok_or(VaultError::Closed)?;
        let payload = Payload { msg: body, aad: purpose.as_bytes() };
        self.cipher.decrypt(XNonce::from_slice(nonce), payload).map(Zeroizing::new).map_err(|_| VaultError::Closed)
    }
}

fn parse_key(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let text = text.trim();
    let bytes = hex::decode(text).ok().or_else(|| BASE64.decode(text).ok()).map(Zeroizing::new)?;
    (bytes.len() == KEY_BYTES).then_some(bytes)
}

fn read_or_make(path: &Path) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let file_error = |source| VaultError::File { path: path.to_owned(), source };
    if !path.exists() {
        make(path).map_err(file_error)?;
    }
    let mode = fs::metadata(path).map_err(file_error)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(VaultError::Open(path.to_owned()));
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(file_error)?);
    parse_key(&text).ok_or_else(|| VaultError::Malformed(path.display().to_string()))
}

/// Writes a new key beside its place and links it in: two programs that start at once end up with
/// one key, and a crash leaves no half of one.
fn make(path: &Path) -> io::Result<()> {
    let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
    OsRng.try_fill_bytes(key.as_mut_slice()).map_err(io::Error::other)?;
    let side = path.with_extension(format!("key.{}", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&side)?;
    file.write_all(Zeroizing::new(BASE64.encode(key.as_slice())).as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&side, path);
    fs::remove_file(&side)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_again_with_the_key_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = Vault::open(folder.path(), None).unwrap().seal("credential", b"hunter2").unwrap();
        assert!(!sealed.windows(7).any(|w| w == b"hunter2"));
        let again = Vault::open(folder.path(), None).unwrap();
        assert_eq!(again.unseal("credential", &sealed).unwrap().as_slice(), b"hunter2");
    }

    #[test]
    fn another_key_another_purpose_or_a_flipped_bit_does_not_open() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let vault = Vault::open(one.path(), None).unwrap();
        let mut sealed = vault.seal("credential", b"hunter2").unwrap();
        assert!(matches!(vault.unseal("variable", &sealed), Err(VaultError::Closed)));
        assert!(matches!(
            Vault::open(two.path(), None).unwrap().unseal("credential", &sealed),
            Err(VaultError::Closed)
        ));
        *sealed.last_mut().unwrap() ^= 1;
        assert!(matches!(vault.unseal("credential", &sealed), Err(VaultError::Closed)));
        assert!(matches!(vault.unseal("credential", b""), Err(VaultError::Closed)));
    }

    #[test]
    fn the_key_file_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        Vault::open(folder.path(), None).unwrap();
        let path = folder.path().join("master.key");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Vault::open(folder.path(), None), Err(VaultError::Open(_))));
    }

    #[test]
    fn a_key_from_the_environment_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        Vault::open(folder.path(), Some("ab".repeat(32).into())).unwrap();
        assert!(!folder.path().join("master.key").exists());
        assert!(matches!(Vault::open(folder.path(), Some("short".into())), Err(VaultError::Malformed(_))));
    }
}
