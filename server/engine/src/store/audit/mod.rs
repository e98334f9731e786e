//! The audit: every change that people make and every sign-in, written in the transaction of the change itself.
//!
//! Entries are only ever added. Each has the SHA-256 of the one before ([`chain`]), and a seal that only the master key
//! makes. Like the events they are numbered at the end of a transaction, under the lock of one row: `audit_head`, which
//! every transaction takes before `feed_head` and with no other row to wait for after it, so writers queue and never
//! wait for each other in a ring.

mod chain;
mod list;
mod things;
mod verify;

use launchway_domain::{By, Outcome, ProjectId, Timestamp, User, UserId};
use serde::Serialize;

use super::Store;
use super::error::{Result, StoreError};
use super::tx::Write;
use crate::secret::Vault;
use chain::Row;
pub(super) use things::Audited;
pub use verify::{Anchor, Finding, Verified};

/// An entry before it has a number.
#[derive(Debug)]
pub(super) struct Draft {
    what: String,
    outcome: Outcome,
    kind: &'static str,
    id: Option<i64>,
    name: String,
    project: Option<ProjectId>,
    before: Option<String>,
    after: Option<String>,
}

impl Draft {
    /// Something that happened to a thing that is no [`Audited`]; `what` is `noun.verb`.
    pub(super) fn new(what: impl Into<String>, kind: &'static str, id: Option<i64>, name: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            outcome: Outcome::Done,
            kind,
            id,
            name: name.into(),
            project: None,
            before: None,
            after: None,
        }
    }

    /// Something that happened to a thing: `verb` is the second half of `noun.verb`.
    pub(super) fn of<T: Audited>(verb: &str, thing: &T) -> Self {
        let project = thing.project();
        Self { project, ..Self::new(format!("{}.{verb}", T::KIND), T::KIND, Some(thing.id()), thing.name()) }
    }

    /// The person whom it is about, in a project.
    pub(super) fn about(self, user: UserId, name: &str, project: ProjectId) -> Self {
        Self { id: Some(user.0), name: name.to_owned(), project: Some(project), ..self }
    }

    /// The project that it belongs to.
    pub(super) fn of_project(self, project: ProjectId) -> Self {
        Self { project: Some(project), ..self }
    }

    /// What was before. Secrets must not be in it.
    pub(super) fn before(mut self, before: &impl Serialize) -> Result<Self> {
        self.before = Some(things::snapshot(before)?);
        Ok(self)
    }

    /// What is after. Secrets must not be in it.
    pub(super) fn after(mut self, after: &impl Serialize) -> Result<Self> {
        self.after = Some(things::snapshot(after)?);
        Ok(self)
    }

    fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }
}

impl Write {
    /// Writes down that somebody added a thing.
    pub(super) fn audit_made<T: Audited>(&mut self, made: &T) -> Result<()> {
        let draft = Draft::of("create", made).after(made)?;
        self.audit(draft);
        Ok(())
    }

    /// Writes down that somebody changed a thing: `verb` is `update`, or whatever tells more.
    pub(super) fn audit_changed<T: Audited>(&mut self, verb: &str, before: &T, after: &T) -> Result<()> {
        let draft = Draft::of(verb, after).before(before)?.after(after)?;
        self.audit(draft);
        Ok(())
    }

    /// Writes down that somebody took a thing away: `verb` is what tells how.
    pub(super) fn audit_removed<T: Audited>(&mut self, verb: &str, gone: &T) -> Result<()> {
        let draft = Draft::of(verb, gone).before(gone)?;
        self.audit(draft);
        Ok(())
    }

    /// Writes down that somebody deleted a thing.
    pub(super) fn audit_gone<T: Audited>(&mut self, gone: &T) -> Result<()> {
        self.audit_removed("delete", gone)
    }
}

/// A sign-in, or what somebody tried for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignIn<'a> {
    /// It succeeded.
    Succeeded(&'a User),
    /// Name and password did not fit; the user where there is one of that name.
    Failed(Option<&'a User>),
    /// Too many tries; nobody looked at it.
    Limited(Option<&'a User>),
    /// Signed out.
    Left(&'a User),
}

impl Store {
    /// Writes a sign-in into the audit. Of a name that is nobody's only its length is kept: people type passwords into
    /// the wrong field.
    ///
    /// # Errors
    /// [`StoreError::Db`]; then nobody may be signed in.
    pub async fn audit_sign_in(&self, sign_in: SignIn<'_>) -> Result<()> {
        let (what, outcome, user) = match sign_in {
            SignIn::Succeeded(user) => ("user.sign_in", Outcome::Done, Some(user)),
            SignIn::Failed(user) => ("user.sign_in", Outcome::Refused, user),
            SignIn::Limited(user) => ("user.sign_in", Outcome::Limited, user),
            SignIn::Left(user) => ("user.sign_out", Outcome::Done, Some(user)),
        };
        let (id, name) = user.map_or((None, String::new()), |user| (Some(user.id.0), user.name.clone()));
        self.audit_alone(Draft::new(what, "user", id, name).outcome(outcome)).await
    }

    /// Writes down that somebody tried what they may not: `call` says what, without anything that was sent with it.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn audit_refused(&self, call: &str) -> Result<()> {
        self.audit_alone(Draft::new("call.refuse", "call", None, call).outcome(Outcome::Refused)).await
    }

    /// Begins the audit, where it has no entry yet: from now on an empty one is a sign that somebody emptied it.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn audit_begin(&self) -> Result<()> {
        if self.audit_head().await?.seq > 0 {
            return Ok(());
        }
        self.audit_alone(Draft::new("audit.begin", "audit", None, "")).await
    }

    async fn audit_alone(&self, draft: Draft) -> Result<()> {
        let mut w = self.write().await?;
        w.audit(draft);
        w.commit().await
    }
}

/// Numbers, chains and stores the drafts. The last but one step of a transaction: `feed_head` comes after it.
pub(super) async fn append(w: &mut Write, by: &By, vault: Option<&Vault>, drafts: Vec<Draft>) -> Result<()> {
    use sqlx::Row as _;
    // From here to the commit every other writer of entries waits.
    let head = sqlx::query("UPDATE audit_head SET seq = seq WHERE id = 1 RETURNING seq, hash")
        .fetch_optional(w.conn())
        .await?
        .ok_or_else(|| StoreError::Corrupt("the row of audit_head is gone".to_owned()))?;
    let last: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(seq), 0) FROM audit").fetch_one(w.conn()).await?;
    // A row that somebody added by hand must not stop everybody's work; it is found when the chain is verified.
    let mut seq = last.max(head.try_get("seq")?);
    let mut prev: String = head.try_get("hash")?;
    let at = Timestamp::now().0;
    for draft in drafts {
        seq += 1;
        let mut row = Row {
            seq,
            version: chain::VERSION,
            at,
            user_id: by.user_id.map(|UserId(id)| id),
            who: by.name.clone(),
            via: by.via.as_str().to_owned(),
            token: by.token.clone(),
            address: by.from.map(|from| from.to_canonical().to_string()),
            what: draft.what,
            outcome: draft.outcome.as_str().to_owned(),
            kind: draft.kind.to_owned(),
            thing_id: draft.id,
            name: draft.name,
            project_id: draft.project.map(|ProjectId(id)| id),
            before: draft.before,
            after: draft.after,
            prev,
            hash: String::new(),
            seal: None,
        };
        row.hash = row.hash_as(seq, &row.prev);
        row.seal = seal(vault, &chain::entry_purpose(&row.hash))?;
        insert(w, &row).await?;
        prev = row.hash;
    }
    sqlx::query("UPDATE audit_head SET seq = $1, hash = $2, seal = $3 WHERE id = 1")
        .bind(seq)
        .bind(prev.as_str())
        .bind(seal(vault, &chain::head_purpose(seq, &prev))?)
        .execute(w.conn())
        .await?;
    Ok(())
}

async fn insert(w: &mut Write, row: &Row) -> Result<()> {
    sqlx::query(
        "INSERT INTO audit (seq, version, at, user_id, who, via, token, address, what, outcome, kind, thing_id, name, \
         project_id, before_json, after_json, prev, hash, seal) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
    )
    .bind(row.seq)
    .bind(row.version)
    .bind(row.at)
    .bind(row.user_id)
    .bind(row.who.as_str())
    .bind(row.via.as_str())
    .bind(row.token.clone())
    .bind(row.address.clone())
    .bind(row.what.as_str())
    .bind(row.outcome.as_str())
    .bind(row.kind.as_str())
    .bind(row.thing_id)
    .bind(row.name.as_str())
    .bind(row.project_id)
    .bind(row.before.clone())
    .bind(row.after.clone())
    .bind(row.prev.as_str())
    .bind(row.hash.as_str())
    .bind(row.seal.clone())
    .execute(w.conn())
    .await?;
    Ok(())
}

/// A seal: nothing, sealed for a purpose. Who has not the master key cannot make one.
fn seal(vault: Option<&Vault>, purpose: &str) -> Result<Option<Vec<u8>>> {
    vault
        .map(|vault| vault.seal(purpose, b""))
        .transpose()
        .map_err(|error| StoreError::Corrupt(format!("sealing an entry of the audit: {error}")))
}
