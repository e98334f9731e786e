//! Transactions: those that write end by numbering their events.

use std::sync::Arc;

use launchway_domain::{By, EventData, IfVersion, ProjectId, Timestamp, Via};
use sqlx::{Any, AnyConnection, AssertSqlSafe, Transaction};
use tokio::sync::OwnedMutexGuard;

use super::audit::{self, Draft};
use super::bell::Bells;
use super::dialect::{Dialect, Turn};
use super::error::Result;
use super::runs::Lease;
use super::{Store, StoreError, idempotency, outbox};
use crate::secret::Vault;

/// Rows in one INSERT of events.
const EVENTS_PER_INSERT: usize = 50;

/// A transaction that writes. Dropped without [`Write::commit`], it never happened.
pub(super) struct Write {
    // Before the turn: rolled back before the next writer begins.
    tx: Transaction<'static, Any>,
    dialect: Dialect,
    bells: Arc<Bells>,
    events: Vec<(ProjectId, EventData)>,
    by: Arc<By>,
    only: Arc<IfVersion>,
    vault: Option<Vault>,
    audit: Vec<Draft>,
    queue: bool,
    post: bool,
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Store {
    /// Begins a transaction that writes. Nothing slow may happen within.
    pub(super) async fn write(&self) -> Result<Write> {
        let dialect = self.inner.dialect;
        let turn = match dialect {
            Dialect::Sqlite => Some(self.inner.writer.clone().lock_owned().await),
            Dialect::Postgres => None,
        };
        let tx = self.pool().begin_with(dialect.begin_write()).await?;
        Ok(Write {
            tx,
            dialect,
            bells: self.inner.bells.clone(),
            events: Vec::new(),
            by: self.by.clone(),
            only: self.only.clone(),
            vault: self.inner.vault.get().cloned(),
            audit: Vec::new(),
            queue: false,
            post: false,
            _turn: turn,
        })
    }

    /// Begins a transaction that reads, all as of one commit.
    pub(super) async fn read(&self) -> Result<Transaction<'static, Any>> {
        Ok(self.pool().begin_with(self.inner.dialect.begin_read()).await?)
    }
}

impl Write {
    /// The connection, for statements.
    pub(super) fn conn(&mut self) -> &mut AnyConnection {
        &mut self.tx
    }

    /// Tells of something when the transaction commits.
    pub(super) fn event(&mut self, project: ProjectId, data: EventData) {
        self.events.push((project, data));
    }

    /// Writes an entry of the audit when the transaction commits.
    pub(super) fn audit(&mut self, draft: Draft) {
        self.audit.push(draft);
    }

    /// Makes sure that nobody else changes a row before the transaction ends, so that what is read of it now is what
    /// was there before the change. On SQLite nobody can.
    pub(super) async fn hold(&mut self, table: &'static str, id: i64) -> Result<()> {
        if self.dialect == Dialect::Postgres {
            let sql = format!("SELECT id FROM {table} WHERE id = $1 FOR NO KEY UPDATE");
            sqlx::query(AssertSqlSafe(sql)).bind(id).execute(self.conn()).await?;
        }
        Ok(())
    }

    /// Begins a change of a thing that has versions: counts it up, so that nobody else changes it before the transaction
    /// ends, and makes sure that it was of a version that it may have.
    pub(super) async fn take_up(&mut self, table: &'static str, id: i64) -> Result<()> {
        // The name of the table stands in our own text.
        let sql = format!("UPDATE {table} SET version = version + 1 WHERE id = $1 RETURNING version");
        let version: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).bind(id).fetch_one(self.conn()).await?;
        if self.only.allows(version - 1) { Ok(()) } else { Err(StoreError::Changed(version - 1)) }
    }

    /// Rings for whoever works off the inbox and the outbox when the transaction commits.
    pub(super) fn ring_post(&mut self) {
        self.post = true;
    }

    /// Rings for the runners when the transaction commits.
    pub(super) fn ring_queue(&mut self) {
        self.queue = true;
    }

    /// Makes sure that the lease holds until the transaction ends, and says whose the release is.
    pub(super) async fn fence(&mut self, lease: &Lease) -> Result<ProjectId> {
        use sqlx::Row;
        let row = sqlx::query(self.dialect.fence())
            .bind(lease.release.0)
            .bind(lease.instance.as_str())
            .bind(lease.epoch)
            .fetch_optional(self.conn())
            .await?
            .ok_or(StoreError::Stale)?;
        Ok(ProjectId(row.try_get("project_id")?))
    }

    /// Waits until no other transaction holds this turn.
    pub(super) async fn take_turn(&mut self, turn: Turn) -> Result<()> {
        let dialect = self.dialect;
        dialect.take_turn(self.conn(), turn).await
    }

    /// The time by which leases are judged.
    pub(super) async fn lease_clock(&mut self) -> Result<i64> {
        let dialect = self.dialect;
        dialect.lease_clock(self.conn()).await
    }

    /// Numbers and stores the events, commits, and rings; [`StoreError::Stale`] where it is part of a call that is in
    /// other hands by now.
    pub(super) async fn commit(mut self) -> Result<()> {
        idempotency::note(self.conn()).await?;
        let events = std::mem::take(&mut self.events);
        self.post |= outbox::note(self.conn(), &events).await?;
        let drafts = std::mem::take(&mut self.audit);
        debug_assert!(!drafts.is_empty() || self.by.via == Via::System, "a change without its entry in the audit");
        if !drafts.is_empty() {
            let (by, vault) = (self.by.clone(), self.vault.take());
            audit::append(&mut self, &by, vault.as_ref(), drafts).await?;
        }
        let mut head = None;
        if !events.is_empty() {
            // From here to the commit every other writer of events waits: its numbers come later, and so
            // does its commit.
            let seq: i64 = sqlx::query_scalar("UPDATE feed_head SET seq = seq + $1 WHERE id = 1 RETURNING seq")
                .bind(events.len() as i64)
                .fetch_one(self.conn())
                .await?;
            let first = seq - events.len() as i64 + 1;
            for (i, chunk) in events.chunks(EVENTS_PER_INSERT).enumerate() {
                insert(self.conn(), first + (i * EVENTS_PER_INSERT) as i64, chunk).await?;
            }
            head = Some(seq);
        }
        if head.is_some() || self.queue {
            let (dialect, queue) = (self.dialect, self.queue);
            dialect.notify(self.conn(), head.unwrap_or(0), queue).await?;
        }
        self.tx.commit().await?;
        if let Some(head) = head {
            self.bells.ring(head);
        }
        if self.queue {
            self.bells.ring_queue();
        }
        if self.post {
            self.bells.ring_post();
        }
        Ok(())
    }
}

async fn insert(conn: &mut AnyConnection, first: i64, events: &[(ProjectId, EventData)]) -> Result<()> {
    const COLUMNS: usize = 6;
    let mut sql = String::from("INSERT INTO events (seq, release_id, project_id, is_public, at, body) VALUES ");
    for i in 0..events.len() {
        let n = i * COLUMNS;
        let comma = if i == 0 { "" } else { ", " };
        sql += &format!("{comma}(${}, ${}, ${}, ${}, ${}, ${})", n + 1, n + 2, n + 3, n + 4, n + 5, n + 6);
    }
    let at = Timestamp::now();
    // Placeholders only: nothing of the values is in the text.
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for (i, (project, data)) in events.iter().enumerate() {
        query = query
            .bind(first + i as i64)
            // No release has the number 0.
            .bind(data.release_id().unwrap_or_default().0)
            .bind(project.0)
            .bind(i64::from(data.is_public()))
            .bind(at.0)
            .bind(serde_json::to_string(data)?);
    }
    query.execute(conn).await?;
    Ok(())
}
