//! Keys that open something for whoever holds them: tokens and links. Only their digests are kept.

use launchway_domain::Fault;
use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};

use super::fault::internal;

/// A new key that begins with a prefix, so that scanners for leaked secrets find it.
pub(super) fn new(prefix: &str) -> Result<String, Fault> {
    let mut bytes = [0_u8; 32];
    OsRng.try_fill_bytes(&mut bytes).map_err(|e| internal("getting random bytes", &e))?;
    Ok(format!("{prefix}{}", hex::encode(bytes)))
}

/// What is kept of a key: 256 random bits need no slow hash, and a look-up by digest tells nothing by its time.
pub(super) fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}
