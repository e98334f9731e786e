//! The nodes of a release.

use launchway_domain::{EventData, Node, NodeKey, NodeStatus, Release, ReleaseId, ReleaseStatus, Timestamp};
use serde_json::Value;
use sqlx::AnyConnection;

use super::error::{Result, StoreError};
use super::rows::select_node;
use super::runs::Lease;
use super::tx::Write;
use super::{Store, rows};

impl Store {
    /// A release's nodes in the order of the plan; none before it was planned.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn nodes(&self, release: ReleaseId) -> Result<Vec<Node>> {
        all(&mut *self.pool().acquire().await?, release).await
    }

    /// One of a release's nodes.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a node that was not planned.
    pub async fn node(&self, release: ReleaseId, key: &NodeKey) -> Result<Node> {
        get(&mut *self.pool().acquire().await?, release, key).await
    }

    /// Writes down how nodes stand: status, attempt, times, exit status and message, one event each,
    /// all in one transaction, and of server nodes what is live there. The rest of each node stays as planned.
    ///
    /// # Errors
    /// [`StoreError::Stale`]; [`StoreError::NotFound`] for a node that was not planned;
    /// [`StoreError::Corrupt`] for a transition that there is not. A node that is not over may keep its
    /// status and change the rest; of one that is over and stays so, only what is live may change.
    pub async fn set_nodes(&self, lease: &Lease, nodes: &[Node]) -> Result<()> {
        let mut w = self.write().await?;
        let project = w.fence(lease).await?;
        for wanted in nodes {
            let mut node = get(w.conn(), lease.release, &wanted.key).await?;
            let (from, to) = (node.status, wanted.status);
            if !(from.may_become(to) || from == to) {
                let (key, from, to) = (&wanted.key, from.as_str(), to.as_str());
                return Err(StoreError::Corrupt(format!("node {key} cannot go from {from} to {to}")));
            }
            node.live = wanted.live.clone();
            if !(from == to && from.is_final()) {
                node.status = to;
                node.color = to.color().to_owned();
                node.attempt = wanted.attempt;
                node.started_at = wanted.started_at;
                node.finished_at = wanted.finished_at;
                node.exit_status = wanted.exit_status;
                node.message = wanted.message.clone();
            }
            update(w.conn(), lease.release, &node).await?;
            w.event(project, EventData::NodeStatus { release_id: lease.release, node: Box::new(node) });
        }
        w.commit().await
    }

    /// Keeps a step's private notes, in place of those before.
    ///
    /// # Errors
    /// [`StoreError::Stale`]; [`StoreError::NotFound`] for a node that was not planned.
    pub async fn node_checkpoint(&self, lease: &Lease, node: &NodeKey, notes: &Value) -> Result<()> {
        let mut w = self.write().await?;
        w.fence(lease).await?;
        let kept = sqlx::query("UPDATE nodes SET checkpoint = $3 WHERE release_id = $1 AND node_key = $2")
            .bind(lease.release.0)
            .bind(node.as_str())
            .bind(notes.to_string())
            .execute(w.conn())
            .await?;
        if kept.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        w.commit().await
    }

    /// A step's private notes, where it kept any since it was last reset by a retry.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a node that was not planned.
    pub async fn node_checkpoint_read(&self, release: ReleaseId, node: &NodeKey) -> Result<Option<Value>> {
        let notes: Option<String> =
            sqlx::query_scalar("SELECT checkpoint FROM nodes WHERE release_id = $1 AND node_key = $2")
                .bind(release.0)
                .bind(node.as_str())
                .fetch_one(self.pool())
                .await?;
        Ok(notes.as_deref().map(serde_json::from_str).transpose()?)
    }
}

/// Nodes in the order of the plan, through a connection that may be in a transaction.
pub(super) async fn all(conn: &mut AnyConnection, release: ReleaseId) -> Result<Vec<Node>> {
    let found =
        sqlx::query(select_node!("WHERE release_id = $1 ORDER BY position")).bind(release.0).fetch_all(conn).await?;
    found.iter().map(rows::node).collect()
}

/// One node.
pub(super) async fn get(conn: &mut AnyConnection, release: ReleaseId, key: &NodeKey) -> Result<Node> {
    let row = sqlx::query(select_node!("WHERE release_id = $1 AND node_key = $2"))
        .bind(release.0)
        .bind(key.as_str())
        .fetch_one(conn)
        .await?;
    rows::node(&row)
}

/// Puts a plan's nodes in place of whatever was there.
pub(super) async fn replace(conn: &mut AnyConnection, release: ReleaseId, nodes: &[Node]) -> Result<()> {
    sqlx::query("DELETE FROM nodes WHERE release_id = $1").bind(release.0).execute(&mut *conn).await?;
    for (position, node) in nodes.iter().enumerate() {
        sqlx::query(
            "INSERT INTO nodes (release_id, node_key, position, parent, kind, server_id, label, status, attempt, \
             started_at, finished_at, exit_status, message, batch, live) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        )
        .bind(release.0)
        .bind(node.key.as_str())
        .bind(position as i64)
        .bind(node.parent.as_ref().map(|parent| parent.0.clone()))
        .bind(node.kind.as_str())
        .bind(node.server_id.map(|server| server.0))
        .bind(node.text.as_str())
        .bind(node.status.as_str())
        .bind(i64::from(node.attempt))
        .bind(node.started_at.map(|at| at.0))
        .bind(node.finished_at.map(|at| at.0))
        .bind(node.exit_status.map(i64::from))
        .bind(node.message.as_ref().map(serde_json::to_string).transpose()?)
        .bind(node.batch.map(i64::from))
        .bind(node.live.as_ref().map(serde_json::to_string).transpose()?)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// With a release that ended badly end its nodes: what ran ended as it did, the rest never began.
pub(super) async fn close(w: &mut Write, release: &Release, now: Timestamp) -> Result<()> {
    for mut node in all(w.conn(), release.id).await? {
        if node.status.is_final() {
            continue;
        }
        node.status = match (release.status, node.status) {
            (ReleaseStatus::Canceled, _) => NodeStatus::Canceled,
            (_, NodeStatus::Running) => NodeStatus::Failed,
            _ => NodeStatus::Skipped,
        };
        node.color = node.status.color().to_owned();
        node.finished_at = Some(now);
        update(w.conn(), release.id, &node).await?;
        w.event(release.project_id, EventData::NodeStatus { release_id: release.id, node: Box::new(node) });
    }
    Ok(())
}

async fn update(conn: &mut AnyConnection, release: ReleaseId, node: &Node) -> Result<()> {
    sqlx::query(
        "UPDATE nodes SET status = $3, attempt = $4, started_at = $5, finished_at = $6, exit_status = $7, \
         message = $8, live = $9 WHERE release_id = $1 AND node_key = $2",
    )
    .bind(release.0)
    .bind(node.key.as_str())
    .bind(node.status.as_str())
    .bind(i64::from(node.attempt))
    .bind(node.started_at.map(|at| at.0))
    .bind(node.finished_at.map(|at| at.0))
    .bind(node.exit_status.map(i64::from))
    .bind(node.message.as_ref().map(serde_json::to_string).transpose()?)
    .bind(node.live.as_ref().map(serde_json::to_string).transpose()?)
    .execute(conn)
    .await?;
    Ok(())
}
