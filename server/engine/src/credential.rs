//! What is sealed in a credential, and what it opens.

use std::sync::Arc;

use launchway_domain::{Credential, CredentialKind, Fault, Text, text};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::git::GitAuth;
use crate::secret::{Vault, VaultError};
use crate::ssh;

/// The purpose under which credentials are sealed.
const PURPOSE: &str = "credential";

/// The secret part of a credential.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Private key, password or access token.
    pub secret: SecretString,
    /// What opens the private key.
    pub passphrase: Option<SecretString>,
}

#[derive(Serialize, Deserialize)]
struct Plain {
    secret: Zeroizing<String>,
    passphrase: Option<Zeroizing<String>>,
}

impl Secret {
    /// Seals it for the store.
    ///
    /// # Errors
    /// As [`Vault::seal`].
    pub fn seal(&self, vault: &Vault) -> Result<Vec<u8>, VaultError> {
        let plain = Plain {
            secret: Zeroizing::new(self.secret.expose_secret().to_owned()),
            passphrase: self.passphrase.as_ref().map(|p| Zeroizing::new(p.expose_secret().to_owned())),
        };
        let json = Zeroizing::new(serde_json::to_vec(&plain).map_err(|_| VaultError::Closed)?);
        vault.seal(PURPOSE, &json)
    }

    /// Opens what [`Secret::seal`] made.
    ///
    /// # Errors
    /// [`VaultError::Closed`] where it does not open.
    pub fn unseal(vault: &Vault, sealed: &[u8]) -> Result<Self, VaultError> {
        let json = vault.unseal(PURPOSE, sealed)?;
        let plain: Plain = serde_json::from_slice(&json).map_err(|_| VaultError::Closed)?;
        Ok(Self {
            secret: plain.secret.as_str().to_owned().into(),
            passphrase: plain.passphrase.map(|p| p.as_str().to_owned().into()),
        })
    }
}

/// A credential with its secret, ready for use.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The public part.
    pub credential: Credential,
    /// The secret part.
    pub secret: Arc<Secret>,
}

impl Opened {
    /// Opens a credential.
    ///
    /// # Errors
    /// A text for people where the master key is another one than when it was stored.
    pub fn new(vault: &Vault, credential: Credential, sealed: &[u8]) -> Result<Self, Text> {
        match Secret::unseal(vault, sealed) {
            Ok(secret) => Ok(Self { credential, secret: Arc::new(secret) }),
            Err(_) => Err(text!(
                "The credential {} does not open with this master key. Store its secret again.",
                "凭据 {} 无法用当前主密钥解开，请重新保存其密文。",
                credential.name
            )),
        }
    }

    /// Every secret in it, for masking.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        std::iter::once(&self.secret.secret).chain(self.secret.passphrase.as_ref())
    }

    /// How it opens a server; a fault where it is for repositories.
    ///
    /// # Errors
    /// [`Fault::Invalid`] at `credential_id`.
    pub fn for_server(&self) -> Result<(String, ssh::Auth), Fault> {
        let auth = match self.credential.kind {
            CredentialKind::SshKey => {
                ssh::Auth::Key { private_key: self.secret.secret.clone(), passphrase: self.secret.passphrase.clone() }
            }
            CredentialKind::SshPassword => ssh::Auth::Password(self.secret.secret.clone()),
            CredentialKind::GitHttps | CredentialKind::GitSsh => return Err(wrong_kind()),
        };
        Ok((self.credential.username.clone(), auth))
    }

    /// How it opens a repository; a fault where it is for servers.
    ///
    /// # Errors
    /// [`Fault::Invalid`] at `credential_id`.
    pub fn for_git(&self) -> Result<GitAuth, Fault> {
        let username = self.credential.username.clone();
        match self.credential.kind {
            CredentialKind::GitHttps => Ok(GitAuth::Password { username, password: self.secret.secret.clone() }),
            CredentialKind::GitSsh => Ok(GitAuth::Key {
                username,
                private_key: self.secret.secret.clone(),
                passphrase: self.secret.passphrase.clone(),
            }),
            CredentialKind::SshKey | CredentialKind::SshPassword => Err(wrong_kind()),
        }
    }
}

fn wrong_kind() -> Fault {
    Fault::field(
        "credential_id",
        "kind",
        Text::new("This credential is of a kind that does not fit here.", "该凭据的类型不适用于此处。"),
    )
}
