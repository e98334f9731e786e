//! How a release goes from batch to batch: which servers are next, what too many failures mean, and where it waits.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use launchway_domain::{
    Hold, Node, NodeKey, NodeKind, NodeStatus, OnFailure, ServerId, Strategy, Text, Timestamp, text,
};

use super::StepEnd;
use super::execution::Execution;
use crate::steps::{StepError, note};

/// The order on every server. All servers of a batch finish one before any of them begins the next.
pub(super) const PHASES: [NodeKind; 6] = [
    NodeKind::Server,
    NodeKind::Upload,
    NodeKind::BeforeDeploy,
    NodeKind::Deploy,
    NodeKind::AfterDeploy,
    NodeKind::Health,
];

/// How often a release that waits looks whether it was let go on without anyone ringing: another instance may have.
const LOOK: Duration = Duration::from_secs(2);

fn place(kind: NodeKind) -> usize {
    PHASES.iter().position(|phase| *phase == kind).unwrap_or(0)
}

/// The batch of a server; the first where there is but one.
pub(super) fn batch_of(nodes: &HashMap<NodeKey, Node>, server: ServerId) -> u32 {
    nodes.get(&NodeKey::of(NodeKind::Server, Some(server))).and_then(|node| node.batch).unwrap_or(1)
}

impl Execution {
    /// Batch after batch; returns early where the release stops.
    pub(super) async fn batches(&self) -> Result<(), StepEnd> {
        let of = self.in_order().iter().filter_map(|node| node.batch).max().unwrap_or(1);
        if of > 1 {
            self.announce(of).await?;
        }
        for batch in 1..=of {
            if !self.batch(batch).await? {
                return Ok(());
            }
            if batch < of && self.context.frozen.policy.rollout.holds_after(batch) && !self.wait(batch, of).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Says on the servers of later batches what they wait for.
    async fn announce(&self, of: u32) -> Result<(), StepEnd> {
        let waiting: Vec<Node> = self
            .in_order()
            .into_iter()
            .filter(|node| node.kind == NodeKind::Server && node.status == NodeStatus::Pending)
            .filter_map(|mut node| {
                let before = node.batch.filter(|batch| *batch > 1)? - 1;
                node.status = NodeStatus::Waiting;
                node.message = Some(text!("Waits for batch {before} of {of}.", "等待第 {before}/{of} 批。"));
                Some(node)
            })
            .collect();
        if waiting.is_empty() { Ok(()) } else { self.write(waiting).await }
    }

    /// Runs one batch; says whether the next one may begin.
    async fn batch(&self, batch: u32) -> Result<bool, StepEnd> {
        for (index, phase) in PHASES.into_iter().enumerate() {
            if self.stopped() {
                return Ok(false);
            }
            let keys = self.ready(batch, phase);
            if phase == NodeKind::Deploy {
                self.note(&keys).await?;
            }
            let mut running: FuturesUnordered<_> =
                keys.iter().map(|key| self.run_node(key, PHASES.get(index + 1).copied())).collect();
            while let Some(status) = running.next().await {
                status?;
            }
            if self.is_over(Some((batch, phase))) {
                // Once a server has switched, what comes after its switch is due, whatever happened elsewhere; unless it
                // is going to be switched back.
                let goes_back = self.context.frozen.policy.rollout.on_failure == OnFailure::SwitchBack;
                if place(phase) < place(NodeKind::Deploy) || goes_back {
                    return Ok(false);
                }
            }
        }
        Ok(!self.is_over(Some((batch, NodeKind::Health))) && !self.stopped())
    }

    /// The nodes of a phase in a batch whose servers have come that far.
    fn ready(&self, batch: u32, phase: NodeKind) -> Vec<NodeKey> {
        let nodes = self.lock();
        let came_far = |server: Option<ServerId>| {
            PHASES[..place(phase)]
                .iter()
                .filter_map(|before| nodes.get(&NodeKey::of(*before, server)))
                .all(|before| before.status == NodeStatus::Succeeded)
        };
        self.keys
            .iter()
            .filter_map(|key| nodes.get(key))
            .filter(|node| node.kind == phase && came_far(node.server_id))
            .filter(|node| node.server_id.is_some_and(|server| batch_of(&nodes, server) == batch))
            .map(|node| node.key.clone())
            .collect()
    }

    /// Notes on all servers of a batch what is live there before any switches. What cannot be noted now is tried again by
    /// the switch itself, which then says why not.
    async fn note(&self, keys: &[NodeKey]) -> Result<(), StepEnd> {
        let mut noted: FuturesUnordered<_> = keys.iter().map(|key| self.note_one(key)).collect();
        while let Some(outcome) = noted.next().await {
            outcome?;
        }
        Ok(())
    }

    async fn note_one(&self, key: &NodeKey) -> Result<(), StepEnd> {
        let Some(node) = self.node(key).filter(|node| !node.status.is_final()) else { return Ok(()) };
        let Ok(_place) = self.servers.clone().acquire_owned().await else { return Err(StepEnd::Stopped) };
        match note(&self.context, &node).await {
            Err(StepError::Store(error)) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The servers that have failed up to a phase of a batch; without one, at all.
    pub(super) fn failed(&self, until: Option<(u32, NodeKind)>) -> BTreeSet<ServerId> {
        let nodes = self.lock();
        nodes
            .values()
            .filter(|node| node.status == NodeStatus::Failed)
            .filter_map(|node| Some((node.server_id?, node.kind)))
            .filter(|(server, kind)| {
                until.is_none_or(|(batch, phase)| (batch_of(&nodes, *server), place(*kind)) <= (batch, place(phase)))
            })
            .map(|(server, _)| server)
            .collect()
    }

    /// Whether more servers have failed, up to a phase of a batch, than the policy lets. A canary of which nothing is
    /// well has told all that it can, whatever the budget.
    pub(super) fn is_over(&self, until: Option<(u32, NodeKind)>) -> bool {
        let rollout = &self.context.frozen.policy.rollout;
        let failed = self.failed(until);
        let targets = &self.context.frozen.targets;
        if failed.len() > rollout.failure_budget.budget_of(targets.len()) {
            return true;
        }
        let nodes = self.lock();
        let mut first =
            nodes.values().filter(|node| node.batch == Some(1)).filter_map(|node| node.server_id).peekable();
        rollout.strategy == Strategy::Canary && first.peek().is_some() && first.all(|server| failed.contains(&server))
    }

    /// Waits after a batch; says whether the release goes on.
    async fn wait(&self, batch: u32, of: u32) -> Result<bool, StepEnd> {
        let (store, lease) = (&self.context.store, &self.context.lease);
        let mut bell = store.queue_bell();
        let known = store.holding(lease).await?;
        if known.passed >= batch {
            return Ok(true);
        }
        let hold = match known.hold {
            Some(hold) => hold,
            None => {
                let since = Timestamp::now();
                let wait = self.context.frozen.policy.rollout.wait_seconds;
                let until = wait.map(|seconds| since.plus_millis(seconds.saturating_mul(1_000)));
                let hold = Hold { batch, of, since, until };
                store.hold(lease, &hold).await?;
                hold
            }
        };
        self.say_what_for(&hold).await?;
        // It may be days.
        self.context.connections.close();
        loop {
            if store.holding(lease).await?.passed >= batch {
                return Ok(true);
            }
            let left = hold.until.map(|until| until.0.saturating_sub(Timestamp::now().0));
            if left.is_some_and(|left| left <= 0) {
                store.hold_over(lease, batch).await?;
                return Ok(true);
            }
            let left = left.map_or(LOOK, |left| Duration::from_millis(left.unsigned_abs()).min(LOOK));
            tokio::select! {
                _ = bell.changed() => {}
                () = tokio::time::sleep(left) => {}
                () = self.context.cancel.cancelled() => return Ok(false),
            }
        }
    }

    /// Says on the servers of the next batch what they wait for now.
    async fn say_what_for(&self, hold: &Hold) -> Result<(), StepEnd> {
        let message = match hold.until {
            None => Text::new("Waits until somebody lets the release go on.", "等待人工确认后继续。"),
            Some(until) => {
                let until = until.rfc3339();
                text!("Waits until {until}.", "等待至 {until}。")
            }
        };
        let next: Vec<Node> = self
            .in_order()
            .into_iter()
            .filter(|node| node.batch == Some(hold.batch + 1) && node.status == NodeStatus::Waiting)
            .map(|node| Node { message: Some(message.clone()), ..node })
            .collect();
        if next.is_empty() { Ok(()) } else { self.write(next).await }
    }
}
