//! Calls that are carried out once, however often they are sent: who has one in hand, and what it was answered.
//!
//! A call is claimed under a lease before it is carried out, so that a crash blocks nothing for long. Whatever the
//! call writes notes so in the same transaction ([`carrying_out`]): a call that lost its claim writes nothing, and one
//! that wrote and died before its answer was kept is not carried out again.

use sqlx::{AnyConnection, Row};

use super::Store;
use super::error::{Result, StoreError};

tokio::task_local! {
    /// The call that this task carries out.
    static IN_HAND: Claim;
}

/// A call in hand.
#[derive(Clone, Debug)]
pub struct Claim {
    owner: String,
    name: String,
    claim: String,
}

impl Claim {
    /// Whose call it is.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// What its owner calls it.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// What is known of a call that was sent before.
#[derive(Debug)]
pub struct Known {
    /// What was asked then, sealed by the caller.
    pub call: Vec<u8>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a call.
#[derive(Debug)]
pub enum Outcome {
    /// Somebody has it in hand.
    Running,
    /// It changed something; whoever had it in hand died before they could keep the answer.
    Lost,
    /// It was answered, sealed by the caller.
    Answered(Vec<u8>),
}

/// Carries a call out: what it writes is written under its claim, or not at all.
pub async fn carrying_out<F: Future>(claim: Claim, call: F) -> F::Output {
    IN_HAND.scope(claim, call).await
}

/// Notes, within a transaction, that the call in hand has changed something.
///
/// # Errors
/// [`StoreError::Stale`] where somebody else took the call over.
pub(super) async fn note(conn: &mut AnyConnection) -> Result<()> {
    let Ok(claim) = IN_HAND.try_with(Clone::clone) else { return Ok(()) };
    let noted = sqlx::query(
        "UPDATE idempotency SET acted = 1 WHERE owner = $1 AND name = $2 AND claim = $3 AND answer IS NULL",
    )
    .bind(claim.owner)
    .bind(claim.name)
    .bind(claim.claim)
    .execute(conn)
    .await?;
    if noted.rows_affected() == 0 { Err(StoreError::Stale) } else { Ok(()) }
}

impl Store {
    /// Takes a call in hand for `lease` milliseconds, under the `name` that its `owner` gave it; or says what is known
    /// of it. What is kept of it is forgotten after `keep` milliseconds.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn idempotency_claim(
        &self,
        owner: &str,
        name: &str,
        call: &[u8],
        lease: i64,
        keep: i64,
    ) -> Result<std::result::Result<Claim, Known>> {
        let claim =
            Claim { owner: owner.to_owned(), name: name.to_owned(), claim: hex::encode(rand::random::<[u8; 16]>()) };
        let mut w = self.write().await?;
        let now = w.lease_clock().await?;
        // In one statement: of many at once, the database lets one in. Whoever it was that died over the call before,
        // or has outlived its time, makes room.
        let taken = sqlx::query(
            "INSERT INTO idempotency (owner, name, claim, call, lease_until, expires_at) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (owner, name) DO UPDATE SET claim = excluded.claim, call = excluded.call, acted = 0, \
             answer = NULL, lease_until = excluded.lease_until, expires_at = excluded.expires_at \
             WHERE idempotency.expires_at <= $7 \
             OR (idempotency.answer IS NULL AND idempotency.acted = 0 AND idempotency.lease_until <= $7)",
        )
        .bind(owner)
        .bind(name)
        .bind(claim.claim.as_str())
        .bind(call)
        .bind(now + lease)
        .bind(now + keep)
        .bind(now)
        .execute(w.conn())
        .await?;
        if taken.rows_affected() > 0 {
            w.commit().await?;
            return Ok(Ok(claim));
        }
        let row =
            sqlx::query("SELECT call, acted, answer, lease_until FROM idempotency WHERE owner = $1 AND name = $2")
                .bind(owner)
                .bind(name)
                .fetch_one(w.conn())
                .await?;
        let answer: Option<Vec<u8>> = row.try_get("answer")?;
        let outcome = match answer {
            Some(answer) => Outcome::Answered(answer),
            None if row.try_get::<i64, _>("lease_until")? > now => Outcome::Running,
            None => Outcome::Lost,
        };
        Ok(Err(Known { call: row.try_get("call")?, outcome }))
    }

    /// Keeps a call in hand for another `lease` milliseconds; false where it is in other hands.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn idempotency_renew(&self, claim: &Claim, lease: i64) -> Result<bool> {
        let mut w = self.write().await?;
        let until = w.lease_clock().await? + lease;
        let sql = "UPDATE idempotency SET lease_until = $4 \
                   WHERE owner = $1 AND name = $2 AND claim = $3 AND answer IS NULL";
        let renewed = of(claim, sql).bind(until).execute(w.conn()).await?.rows_affected() > 0;
        w.commit().await?;
        Ok(renewed)
    }

    /// Keeps the answer of a call, sealed by the caller; nothing where the call is in other hands.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn idempotency_answer(&self, claim: &Claim, answer: &[u8]) -> Result<()> {
        let sql = "UPDATE idempotency SET answer = $4 WHERE owner = $1 AND name = $2 AND claim = $3";
        let mut w = self.write().await?;
        of(claim, sql).bind(answer).execute(w.conn()).await?;
        w.commit().await
    }

    /// Gives a call back that came to nothing: the next one who sends it carries it out, unless it has changed something.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn idempotency_release(&self, claim: &Claim) -> Result<()> {
        let mut w = self.write().await?;
        let sql = "DELETE FROM idempotency WHERE owner = $1 AND name = $2 AND claim = $3 AND acted = 0";
        of(claim, sql).execute(w.conn()).await?;
        let sql = "UPDATE idempotency SET lease_until = 0 WHERE owner = $1 AND name = $2 AND claim = $3";
        of(claim, sql).execute(w.conn()).await?;
        w.commit().await
    }

    /// Forgets the calls whose time is over; how many there were.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn idempotency_delete_expired(&self) -> Result<u64> {
        let mut w = self.write().await?;
        let now = w.lease_clock().await?;
        let gone = sqlx::query("DELETE FROM idempotency WHERE expires_at <= $1")
            .bind(now)
            .execute(w.conn())
            .await?
            .rows_affected();
        w.commit().await?;
        Ok(gone)
    }
}

/// A statement whose first three values name a claim.
fn of<'q>(claim: &Claim, sql: &'static str) -> sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments> {
    sqlx::query(sql).bind(claim.owner.clone()).bind(claim.name.clone()).bind(claim.claim.clone())
}
