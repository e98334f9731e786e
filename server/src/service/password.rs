//! Passwords: Argon2id (RFC 9106), with the first of OWASP's recommended parameter sets, which are
//! the crate's defaults. Hashing takes tens of milliseconds and 19 MiB, so it runs on threads that may
//! block, only as many at once as there are processors.

use std::sync::Arc;

use argon2::password_hash::{Output, ParamsString, PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Version};
use launchway_domain::Fault;
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use super::fault::internal;

/// Hashes and verifies passwords. Cheap to clone.
#[derive(Clone)]
pub(super) struct Passwords {
    places: Arc<Semaphore>,
    /// A hash that no password fits, with the cost of a real one.
    dummy: Arc<str>,
}

impl Passwords {
    pub(super) fn new() -> Result<Self, Fault> {
        let places = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Ok(Self { places: Arc::new(Semaphore::new(places)), dummy: dummy()?.into() })
    }

    /// A new hash in the PHC string format, with a random salt.
    pub(super) async fn hash(&self, password: SecretString) -> Result<String, Fault> {
        self.on_thread(move || {
            let salt = salt()?;
            Argon2::default()
                .hash_password(password.expose_secret().as_bytes(), &salt)
                .map(|hash| hash.to_string())
                .map_err(|e| internal("hashing a password", &e))
        })
        .await
    }

    /// Whether the password is the one of `hash`. Without a hash (there is no such user) the answer is
    /// no, after the same work.
    pub(super) async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<bool, Fault> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.dummy.to_string());
        self.on_thread(move || {
            let parsed = PasswordHash::new(&hash).map_err(|e| internal("reading a stored password hash", &e))?;
            Ok(Argon2::default().verify_password(password.expose_secret().as_bytes(), &parsed).is_ok() && exists)
        })
        .await
    }

    async fn on_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let place = self.places.clone().acquire_owned().await.map_err(|e| internal("waiting to hash", &e))?;
        tokio::task::spawn_blocking(move || {
            // Held by the thread and not by the caller: one who gives up leaves the work running.
            let _place = place;
            work()
        })
        .await
        .map_err(|e| internal("hashing on a thread", &e))?
    }
}

fn random<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0_u8; N];
    OsRng.try_fill_bytes(&mut bytes).map_err(|e| internal("getting random bytes", &e))?;
    Ok(bytes)
}

fn salt() -> Result<SaltString, Fault> {
    SaltString::encode_b64(&random::<16>()?).map_err(|e| internal("making a salt", &e))
}

/// Random bytes in the shape of a hash: nothing was hashed to get them.
fn dummy() -> Result<String, Fault> {
    let context = Argon2::default();
    let salt = salt()?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(context.params()).map_err(|e| internal("writing Argon2 parameters", &e))?,
        salt: Some(salt.as_salt()),
        hash: Some(Output::new(&random::<32>()?).map_err(|e| internal("making a dummy hash", &e))?),
    };
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("correct hors".into(), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn no_user_costs_what_a_user_costs_and_never_fits() {
        let passwords = Passwords::new().unwrap();
        let real = passwords.hash("x".into()).await.unwrap();
        // Equal work: algorithm, version, parameters and lengths are the same.
        let shape = |hash: &str| {
            let parsed = PasswordHash::new(hash).unwrap();
            (
                parsed.algorithm.to_string(),
                parsed.version,
                parsed.params.to_string(),
                parsed.hash.unwrap().len(),
                hash.len(),
            )
        };
        assert_eq!(shape(&passwords.dummy), shape(&real));
        assert!(!passwords.verify("x".into(), None).await.unwrap());
    }
}
