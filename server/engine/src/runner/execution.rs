//! One run of one release: which node comes when, and what the end of one means for the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use launchway_domain::{
    LogStream, Node, NodeKey, NodeKind, NodeStatus, Release, ReleaseStatus, ServerId, Text, Timestamp, text,
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{End, Shared, StepEnd, prepare};
use crate::log::NodeLog;
use crate::redact::Redactor;
use crate::steps::{Connections, Context, StepError, housekeeping, perform};
use crate::store::{Lease, StoreError};

/// The order on every server. All servers finish one before any begins the next.
const PHASES: [NodeKind; 5] =
    [NodeKind::Server, NodeKind::Upload, NodeKind::BeforeDeploy, NodeKind::Deploy, NodeKind::AfterDeploy];

pub(super) struct Execution {
    context: Arc<Context>,
    /// In the order of the plan.
    keys: Vec<NodeKey>,
    nodes: Mutex<HashMap<NodeKey, Node>>,
    servers: Arc<Semaphore>,
    log_cap: u64,
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
            found: Mutex::default(),
        });
        let execution = Execution {
            context,
            keys: nodes.iter().map(|node| node.key.clone()).collect(),
            nodes: Mutex::new(nodes.into_iter().map(|node| (node.key.clone(), node)).collect()),
            servers: Arc::clone(&shared.servers),
            log_cap: shared.log_cap,
        };
        let result = execution.sequence().await;
        if execution.context.leave.is_cancelled() {
            return Err(StepEnd::Stopped);
        }
        result?;
        execution.conclude().await
    }

    /// The chain on this host, then the phases on the servers; returns early where one failed.
    async fn sequence(&self) -> Result<(), StepEnd> {
        for key in self.keys.iter().filter(|key| self.node(key).is_some_and(|node| node.server_id.is_none())) {
            if self.stopped() || self.run_node(key, None).await? != NodeStatus::Succeeded {
                return Ok(());
            }
        }
        for (index, phase) in PHASES.into_iter().enumerate() {
            let keys = self.ready(phase);
            let next = PHASES.get(index + 1).copied();
            if !self.run_phase(&keys, next).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The nodes of a phase whose servers have come that far. All of them, except after a switch that
    /// failed on some servers: where it succeeded, the hook after it has to run.
    fn ready(&self, phase: NodeKind) -> Vec<NodeKey> {
        let nodes = self.lock();
        let switched = |server: Option<ServerId>| {
            nodes
                .get(&NodeKey::of(NodeKind::Deploy, server))
                .is_none_or(|deploy| deploy.status == NodeStatus::Succeeded)
        };
        self.keys
            .iter()
            .filter_map(|key| nodes.get(key))
            .filter(|node| node.kind == phase)
            .filter(|node| phase != NodeKind::AfterDeploy || switched(node.server_id))
            .map(|node| node.key.clone())
            .collect()
    }

    /// Runs a phase on all its servers; says whether the next one may begin.
    async fn run_phase(&self, keys: &[NodeKey], next: Option<NodeKind>) -> Result<bool, StepEnd> {
        if self.stopped() {
            return Ok(false);
        }
        let mut running: FuturesUnordered<_> = keys.iter().map(|key| self.run_node(key, next)).collect();
        let mut all_well = true;
        while let Some(status) = running.next().await {
            all_well &= status? == NodeStatus::Succeeded;
        }
        // Once a server has switched, its hook after the switch is due, whatever happened elsewhere.
        let past_the_switch = next == Some(NodeKind::AfterDeploy);
        Ok((all_well || past_the_switch) && !self.stopped())
    }

    /// Runs one node, unless it has succeeded before. Server nodes take a place first.
    async fn run_node(&self, key: &NodeKey, next: Option<NodeKind>) -> Result<NodeStatus, StepEnd> {
        let Some(mut node) = self.node(key) else { return Ok(NodeStatus::Succeeded) };
        // Final before it ran: the program before this one saw its end.
        if node.status.is_final() {
            return Ok(node.status);
        }
        let _place = match node.server_id {
            None => None,
            Some(_) => Some(self.place(&mut node).await?),
        };
        if self.stopped() {
            return Ok(node.status);
        }
        let mut resumed = node.status == NodeStatus::Running;
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

    /// The same server's next node, waiting for the other servers.
    fn waiting_next(&self, node: &Node, next: Option<NodeKind>) -> Option<Node> {
        let server = node.server_id?;
        let from = PHASES.iter().position(|phase| Some(*phase) == next)?;
        let nodes = self.lock();
        let alone = nodes
            .values()
            .filter(|other| other.kind == node.kind && other.key != node.key)
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

    /// Settles the nodes that will not run, tidies up, and says how the release ended.
    async fn conclude(&self) -> Result<End, StepEnd> {
        let nodes = self.in_order();
        let failed: Vec<&Node> = nodes.iter().filter(|node| node.status == NodeStatus::Failed).collect();
        let canceled = self.context.cancel.is_cancelled() && nodes.iter().any(|n| n.status != NodeStatus::Succeeded);
        let rest = if canceled { NodeStatus::Canceled } else { NodeStatus::Skipped };
        let because = failed.first().map(|node| {
            let name = self.name(node);
            text!("Not run, since {} failed.", "因“{}”失败而未运行。"; name)
        });
        let open: Vec<Node> = nodes
            .iter()
            .filter(|node| !node.status.is_final())
            .map(|node| Node { status: rest, message: because.clone(), finished_at: None, ..node.clone() })
            .collect();
        let end = if canceled {
            End { status: ReleaseStatus::Canceled, error: None }
        } else if let Some(first) = failed.first() {
            End { status: ReleaseStatus::Failed, error: Some(self.summary(first, failed.len())) }
        } else {
            End { status: ReleaseStatus::Succeeded, error: None }
        };
        if !open.is_empty() {
            self.write(open).await?;
        }
        housekeeping(&self.context, &self.in_order()).await;
        if end.status == ReleaseStatus::Succeeded {
            let work = self.context.data.work(self.context.release.id);
            let removed = tokio::task::spawn_blocking(move || crate::guard::clean(&work)).await;
            if let Ok(Err(error)) = removed {
                tracing::warn!(%error, release = %self.context.release.id, "removing a work folder");
            }
        }
        Ok(end)
    }

    fn summary(&self, first: &Node, failures: usize) -> Text {
        let name = self.name(first);
        let message = first.message.clone().unwrap_or_else(|| NodeStatus::Failed.label());
        match failures {
            1 => text!("{}: {}", "{}：{}"; name, message),
            _ => text!("{failures} nodes failed. {}: {}", "{failures} 个节点失败。{}：{}"; name, message),
        }
    }

    /// What people call a node: `upload on web-1`.
    fn name(&self, node: &Node) -> Text {
        let label = node.kind.label();
        match node.server_id.and_then(|id| self.context.frozen.target(id)) {
            Some(target) if node.kind == NodeKind::Server => Text::verbatim(target.hostname.as_str()),
            Some(target) => {
                let host = &target.hostname;
                text!("{} on {host}", "{host}：{}"; label)
            }
            None => label,
        }
    }

    fn mask(&self, text: Text) -> Text {
        let redactor = &self.context.redactor;
        Text { en: redactor.mask(&text.en).into(), zh: redactor.mask(&text.zh).into() }
    }

    async fn set(&self, node: &mut Node, status: NodeStatus) -> Result<(), StepEnd> {
        node.status = status;
        self.write(vec![node.clone()]).await
    }

    /// Writes nodes down, and only then lets the rest of the run see them so.
    async fn write(&self, mut nodes: Vec<Node>) -> Result<(), StepEnd> {
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

    fn stopped(&self) -> bool {
        self.context.cancel.is_cancelled()
    }

    fn node(&self, key: &NodeKey) -> Option<Node> {
        self.lock().get(key).cloned()
    }

    fn in_order(&self) -> Vec<Node> {
        let nodes = self.lock();
        self.keys.iter().filter_map(|key| nodes.get(key).cloned()).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<NodeKey, Node>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
