//! Calls that scripts name with a key, so that sending one twice does it once.
//!
//! What was asked (a password may be in it) and what was answered (the key of a wall link, a token) are sealed with the
//! master key, for the one owner and key: the database alone tells neither, and no row opens in the place of another.

use std::time::Duration;

use launchway_domain::Fault;
use launchway_engine::secret::VaultError;
use launchway_engine::store::idempotency::{Claim, Outcome};
use zeroize::Zeroizing;

use super::Services;
use super::fault::internal;

/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// How long a call is held without a sign of life, and how often there is one.
const LEASE: Duration = Duration::from_secs(15);
/// How often a call in hand shows a sign of life.
pub(crate) const RENEWAL: Duration = Duration::from_secs(4);

/// What is to be done with a call.
pub(crate) enum Turn {
    /// Carry it out.
    Mine(Claim),
    /// Somebody has it in hand.
    Running,
    /// It changed something, and its answer is lost.
    Lost,
    /// The key was used for another call.
    Different,
    /// It was carried out, and answered so.
    Answered(Zeroizing<Vec<u8>>),
}

impl Services {
    /// Takes a call in hand that its owner named with a key. `call` is the whole of what is asked.
    ///
    /// # Errors
    /// Where the database does not answer, or holds what this master key does not open.
    pub(crate) async fn take_call(&self, owner: &str, key: &str, call: &[u8]) -> Result<Turn, Fault> {
        let vault = &self.core.vault;
        let sealed = vault.seal(&purpose("call", owner, key), call).map_err(|e| closed(&e))?;
        let taken = self.store().idempotency_claim(owner, key, &sealed, millis(LEASE), millis(KEPT)).await;
        let known = match taken.map_err(|e| internal("an idempotent call", &e))? {
            Ok(claim) => return Ok(Turn::Mine(claim)),
            Err(known) => known,
        };
        let asked = vault.unseal(&purpose("call", owner, key), &known.call).map_err(|e| closed(&e))?;
        if asked.as_slice() != call {
            return Ok(Turn::Different);
        }
        match known.outcome {
            Outcome::Running => Ok(Turn::Running),
            Outcome::Lost => Ok(Turn::Lost),
            Outcome::Answered(sealed) => {
                let answer = vault.unseal(&purpose("answer", owner, key), &sealed).map_err(|e| closed(&e))?;
                Ok(Turn::Answered(answer))
            }
        }
    }

    /// Shows that a call is still in hand; false where somebody else has it.
    pub(crate) async fn hold_call(&self, claim: &Claim) -> bool {
        self.store().idempotency_renew(claim, millis(LEASE)).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "holding a call");
            true
        })
    }

    /// Keeps the answer of a call in hand; without one, the next who sends it carries it out.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub(crate) async fn end_call(&self, claim: &Claim, answer: Option<&[u8]>) -> Result<(), Fault> {
        let ended = match answer {
            Some(answer) => {
                let purpose = purpose("answer", claim.owner(), claim.name());
                let sealed = self.core.vault.seal(&purpose, answer).map_err(|e| closed(&e))?;
                self.store().idempotency_answer(claim, &sealed).await
            }
            None => self.store().idempotency_release(claim).await,
        };
        ended.map_err(|e| internal("an idempotent call", &e))
    }
}

/// What a sealed part belongs to. Keys have no spaces, so no two purposes are one.
fn purpose(part: &str, owner: &str, key: &str) -> String {
    format!("idempotency {part} {key} {owner}")
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn closed(error: &VaultError) -> Fault {
    internal("sealing a call", error)
}
