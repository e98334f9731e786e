//! One run of one release: the chain on this host, then batch after batch; and how one node is run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use launchway_domain::{LogStream, Node, NodeKey, NodeKind, NodeLive, NodeStatus, Release, Text, Timestamp};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::batches::{PHASES, batch_of};
use super::{End, Shared, StepEnd, prepare};
use crate::log::NodeLog;
use crate::redact::Redactor;
use crate::steps::{Connections, Context, StepError, perform};
use crate::store::{Lease, StoreError};

pub(super) struct Execution {
    pub(super) context: Arc<Context>,
    /// In the order of the plan.
    pub(super) keys: Vec<NodeKey>,
    nodes: Mutex<HashMap<NodeKey, Node>>,
    pub(super) servers: Arc<Semaphore>,
    pub(super) log_cap: u64,
}

impl From<StoreError> for StepEnd {
    fn from(error: StoreError) -> Self {
        StepEnd::Store(error)
    }
}

impl Execution {
    /// Runs what is left of a release.
    pub(super) async fn run(
        shared: &Shared,
        lease: Lease,
        release: Release,
        cancel: CancellationToken,
        leave: CancellationToken,
    ) -> Result<End, StepEnd> {
        let (frozen, nodes) = prepare::frozen(shared, &lease, &release).await?;
        let credentials = prepare::credentials(shared, &frozen).await?;
        let variables = prepare::variables(shared, &release).await?;
        let secret = variables.iter().flatten().filter(|given| given.secret).map(|given| &given.value);
        let redactor = Redactor::new(credentials.values().flatten().flat_map(|opened| opened.secrets()).chain(secret));
        let context = Arc::new(Context {
            store: shared.store.clone(),
            lease,
            data: shared.data.clone(),
            guard: shared.guard.clone(),
            release,
            frozen,
            limits: shared.limits.clone(),
            cancel,
            leave,
            credentials,
            variables,
            redactor,
            connections: Connections::default(),
            progress: shared.progress.clone(),
            artifact: Mutex::default(),
            noted: Mutex::default(),
            found: Mutex::default(),
        });
        let execution = Execution {
            context,
            keys: nodes.iter().map(|node| node.key.clone()).collect(),
            nodes: Mutex::new(nodes.into_iter().map(|node| (node.key.clone(), node)).collect()),
            servers: Arc::clone(&shared.servers),
            log_cap: shared.log_cap,
        };
        if let Some(end) = execution.was_replaced().await? {
            return Ok(end);
        }
        let result = execution.sequence().await;
        if execution.context.leave.is_cancelled() {
            return Err(StepEnd::Stopped);
        }
        result?;
        execution.go_back().await?;
        if execution.context.leave.is_cancelled() {
            return Err(StepEnd::Stopped);
        }
        execution.conclude().await
    }

    /// The chain on this host, then the servers; returns early where one failed.
    async fn sequence(&self) -> Result<(), StepEnd> {
        for key in self.keys.iter().filter(|key| self.node(key).is_some_and(|node| node.server_id.is_none())) {
            if self.stopped() || self.run_node(key, None).await? != NodeStatus::Succeeded {
                return Ok(());
            }
        }
        self.batches().await
    }

    /// Runs one node, unless it has succeeded before. Server nodes take a place first.
    pub(super) async fn run_node(&self, key: &NodeKey, next: Option<NodeKind>) -> Result<NodeStatus, StepEnd> {
        let Some(mut node) = self.node(key) else { return Ok(NodeStatus::Succeeded) };
        // Final before it ran: the program before this one saw its end.
        if node.status.is_final() {
            return Ok(node.status);
        }
        let _place = match node.server_id {
            None => None,
            Some(_) => Some(self.place(&mut node).await?),
        };
        let mut resumed = node.status == NodeStatus::Running;
        // A hook that runs already has to be ended.
        if self.stopped() && !(resumed && node.kind.hook().is_some()) {
            return Ok(node.status);
        }
        loop {
            if !resumed {
                node.attempt += 1;
                node.started_at = Some(Timestamp::now());
                (node.finished_at, node.exit_status, node.message) = (None, None, None);
                self.set(&mut node, NodeStatus::Running).await?;
            }
            let result = self.perform(&node, resumed).await?;
            if self.context.leave.is_cancelled() {
                return Err(StepEnd::Stopped);
            }
            match result {
                Ok(done) => {
                    node.exit_status = done.exit_status;
                    node.finished_at = Some(Timestamp::now());
                    node.status = NodeStatus::Succeeded;
                    let mut changed = vec![node.clone()];
                    changed.extend(self.waiting_next(&node, next));
                    if let Some(live) = done.live {
                        self.note_live(&mut changed, live);
                    }
                    self.write(changed).await?;
                }
                Err(StepError::Vanished) => {
                    resumed = false;
                    continue;
                }
                Err(StepError::Store(error)) => return Err(error.into()),
                Err(StepError::Canceled) => {
                    node.finished_at = Some(Timestamp::now());
                    self.set(&mut node, NodeStatus::Canceled).await?;
                }
                Err(StepError::Failed { text, exit_status }) => {
                    node.finished_at = Some(Timestamp::now());
                    node.exit_status = exit_status;
                    node.message = Some(self.mask(text));
                    self.set(&mut node, NodeStatus::Failed).await?;
                }
            }
            return Ok(node.status);
        }
    }

    /// A place among the servers that are worked on at once.
    async fn place(&self, node: &mut Node) -> Result<tokio::sync::OwnedSemaphorePermit, StepEnd> {
        if let Ok(permit) = Arc::clone(&self.servers).try_acquire_owned() {
            return Ok(permit);
        }
        if node.status == NodeStatus::Pending {
            self.set(node, NodeStatus::Waiting).await?;
        }
        tokio::select! {
            permit = Arc::clone(&self.servers).acquire_owned() => permit.map_err(|_| StepEnd::Stopped),
            // The permit no longer matters: nothing is going to be run.
            () = self.context.leave.cancelled() => Err(StepEnd::Stopped),
        }
    }

    /// The step itself, with its log around it.
    async fn perform(&self, node: &Node, resumed: bool) -> Result<Result<crate::steps::Done, StepError>, StepEnd> {
        let context = &self.context;
        let stored = if resumed && node.kind.hook().is_some() { self.stored_output(node).await? } else { 0 };
        let log = NodeLog::open(
            context.store.clone(),
            context.lease.clone(),
            node.key.clone(),
            node.attempt,
            context.redactor.clone(),
            self.log_cap,
            stored,
        );
        let result = perform(context, node, resumed, log.handle()).await;
        if let Err(StepError::Failed { text, .. }) = &result {
            log.handle().say(text.en.clone()).await;
        }
        log.close().await?;
        Ok(result)
    }

    /// How many bytes of a node's output were written down before a crash.
    async fn stored_output(&self, node: &Node) -> Result<u64, StoreError> {
        let (mut offset, mut bytes) = (0, 0);
        loop {
            let page = self
                .context
                .store
                .log_page(self.context.release.id, &node.key, Some(node.attempt), offset, 1 << 20)
                .await?;
            bytes += page
                .items
                .iter()
                .filter(|line| line.stream == LogStream::Output)
                .map(|line| line.text.len() as u64)
                .sum::<u64>();
            if page.next == offset {
                return Ok(bytes);
            }
            offset = page.next;
        }
    }

    /// Notes on the server's node what is live there.
    fn note_live(&self, changed: &mut Vec<Node>, live: NodeLive) {
        let Some(first) = changed.first_mut() else { return };
        if first.kind == NodeKind::Server {
            first.live = Some(live);
        } else if let Some(server) = self.node(&NodeKey::of(NodeKind::Server, first.server_id)) {
            changed.push(Node { live: Some(live), ..server });
        }
    }

    /// The same server's next node, waiting for the other servers.
    fn waiting_next(&self, node: &Node, next: Option<NodeKind>) -> Option<Node> {
        let server = node.server_id?;
        let from = PHASES.iter().position(|phase| Some(*phase) == next)?;
        let nodes = self.lock();
        let batch = batch_of(&nodes, server);
        let alone = nodes
            .values()
            .filter(|other| other.kind == node.kind && other.key != node.key)
            .filter(|other| other.server_id.is_some_and(|other| batch_of(&nodes, other) == batch))
            .all(|other| other.status.is_final());
        if alone {
            return None;
        }
        let key =
            PHASES[from..].iter().map(|phase| NodeKey::of(*phase, Some(server))).find(|key| nodes.contains_key(key))?;
        let mut waiting = nodes.get(&key).filter(|next| next.status == NodeStatus::Pending)?.clone();
        waiting.status = NodeStatus::Waiting;
        Some(waiting)
    }

    pub(super) fn mask(&self, text: Text) -> Text {
        let redactor = &self.context.redactor;
        Text { en: redactor.mask(&text.en).into(), zh: redactor.mask(&text.zh).into() }
    }

    pub(super) async fn set(&self, node: &mut Node, status: NodeStatus) -> Result<(), StepEnd> {
        node.status = status;
        self.write(vec![node.clone()]).await
    }

    /// Writes nodes down, and only then lets the rest of the run see them so.
    pub(super) async fn write(&self, mut nodes: Vec<Node>) -> Result<(), StepEnd> {
        for node in &mut nodes {
            node.color = node.status.color().to_owned();
        }
        self.context.store.set_nodes(&self.context.lease, &nodes).await?;
        let mut known = self.lock();
        for node in nodes {
            known.insert(node.key.clone(), node);
        }
        Ok(())
    }

    pub(super) fn stopped(&self) -> bool {
        self.context.cancel.is_cancelled()
    }

    pub(super) fn node(&self, key: &NodeKey) -> Option<Node> {
        self.lock().get(key).cloned()
    }

    pub(super) fn in_order(&self) -> Vec<Node> {
        let nodes = self.lock();
        self.keys.iter().filter_map(|key| nodes.get(key).cloned()).collect()
    }

    pub(super) fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<NodeKey, Node>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
