//! Many servers in little room: each server's nodes as one state, servers of one state as a group, and how far each
//! phase has come. Pure.

use launchway_domain::{Node, NodeKey, NodeKind, NodeStatus, ServerId};

/// From how many servers on the picture collapses.
pub const MANY: usize = 13;

/// The groups as they stand, from what needs somebody to what is done.
pub const ORDER: [NodeStatus; 7] = [
    NodeStatus::Failed,
    NodeStatus::Running,
    NodeStatus::Waiting,
    NodeStatus::Canceled,
    NodeStatus::Skipped,
    NodeStatus::Pending,
    NodeStatus::Succeeded,
];

/// The phases of a server.
pub const PHASES: [NodeKind; 6] = [
    NodeKind::Server,
    NodeKind::Upload,
    NodeKind::BeforeDeploy,
    NodeKind::Deploy,
    NodeKind::AfterDeploy,
    NodeKind::Health,
];

/// One server's nodes as one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerState {
    /// Which group it belongs to.
    pub group: NodeStatus,
    /// The phase that says so.
    pub phase: NodeKind,
    /// The node that says so: the one whose log matters now.
    pub node: NodeKey,
}

/// A server's state, from its nodes in the order of the plan; none where it has none. The worst counts; a server between
/// two phases waits.
pub fn state_of(chain: &[&Node]) -> Option<ServerState> {
    let first = |status: NodeStatus| chain.iter().find(|node| node.status == status);
    let decided = [
        NodeStatus::Failed,
        NodeStatus::Running,
        NodeStatus::Canceled,
        NodeStatus::Waiting,
        NodeStatus::Skipped,
        NodeStatus::Pending,
    ]
    .into_iter()
    .find_map(first);
    let node = decided.or(chain.last())?;
    let is_between = node.status == NodeStatus::Pending && first(NodeStatus::Succeeded).is_some();
    let group = if is_between { NodeStatus::Waiting } else { node.status };
    Some(ServerState { group, phase: node.kind, node: node.key.clone() })
}

/// Where a group stands in [`ORDER`].
pub fn rank(status: NodeStatus) -> usize {
    ORDER.iter().position(|one| *one == status).unwrap_or(0)
}

/// How far one phase has come on all servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// Which phase.
    pub kind: NodeKind,
    /// Nodes per status, in the order of [`ORDER`].
    pub counts: [u32; ORDER.len()],
}

impl Phase {
    /// Its nodes in one status.
    pub fn count(&self, status: NodeStatus) -> u32 {
        self.counts[rank(status)]
    }

    /// All its nodes.
    pub fn total(&self) -> u32 {
        self.counts.iter().sum()
    }

    /// The phase as one status: the worst that counts.
    pub fn status(&self) -> NodeStatus {
        let some = |status| self.count(status) > 0;
        if some(NodeStatus::Failed) {
            NodeStatus::Failed
        } else if some(NodeStatus::Running) {
            NodeStatus::Running
        } else if self.count(NodeStatus::Succeeded) == self.total() {
            NodeStatus::Succeeded
        } else if some(NodeStatus::Succeeded) && (some(NodeStatus::Pending) || some(NodeStatus::Waiting)) {
            NodeStatus::Running
        } else {
            [NodeStatus::Waiting, NodeStatus::Canceled, NodeStatus::Skipped]
                .into_iter()
                .find(|status| some(*status))
                .unwrap_or(NodeStatus::Pending)
        }
    }
}

/// The phases that a plan has, in their order.
pub fn phases<'a>(nodes: impl Iterator<Item = &'a Node>) -> Vec<Phase> {
    let mut all = PHASES.map(|kind| Phase { kind, counts: [0; ORDER.len()] });
    for node in nodes {
        if let Some(phase) = all.iter_mut().find(|phase| phase.kind == node.kind) {
            phase.counts[rank(node.status)] += 1;
        }
    }
    all.into_iter().filter(|phase| phase.total() > 0).collect()
}

/// The phase that a release is in: the first that is not over everywhere; none where all are.
pub fn current(phases: &[Phase]) -> Option<Phase> {
    phases.iter().find(|phase| phase.status() != NodeStatus::Succeeded).copied()
}

/// How the servers of a picture are drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The servers whose chains are drawn, in the order of the plan.
    pub chains: Vec<ServerId>,
    /// How many are one node together.
    pub rest: usize,
}

/// Which chains are drawn: all of a few servers; of many only those that were asked for, and no more than `room`.
pub fn shown(servers: &[ServerId], asked: &[ServerId], room: usize) -> Shown {
    if servers.len() < MANY {
        return Shown { chains: servers.to_vec(), rest: 0 };
    }
    let mut chains = Vec::new();
    if !asked.is_empty() {
        chains.extend(servers.iter().filter(|id| asked.contains(id)).take(room));
    }
    Shown { rest: servers.len() - chains.len(), chains }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(statuses: &[NodeStatus]) -> Vec<Node> {
        let node = |(kind, status): (NodeKind, &NodeStatus)| Node {
            key: NodeKey::of(kind, Some(ServerId(3))),
            parent: None,
            kind,
            server_id: Some(ServerId(3)),
            text: String::new(),
            status: *status,
            attempt: 1,
            color: String::new(),
            started_at: None,
            finished_at: None,
            exit_status: None,
            message: None,
            batch: None,
            live: None,
        };
        PHASES.into_iter().zip(statuses).map(node).collect()
    }

    fn state(statuses: &[NodeStatus]) -> (NodeStatus, NodeKind) {
        let nodes = chain(statuses);
        let state = state_of(&nodes.iter().collect::<Vec<_>>()).unwrap();
        (state.group, state.phase)
    }

    #[test]
    fn the_worst_of_a_servers_nodes_counts() {
        use NodeStatus::*;
        for (statuses, expected) in [
            ([Pending, Pending, Pending, Pending], (Pending, NodeKind::Server)),
            ([Succeeded, Running, Pending, Pending], (Running, NodeKind::Upload)),
            ([Succeeded, Succeeded, Pending, Pending], (Waiting, NodeKind::BeforeDeploy)),
            ([Succeeded, Succeeded, Waiting, Pending], (Waiting, NodeKind::BeforeDeploy)),
            ([Succeeded, Failed, Skipped, Skipped], (Failed, NodeKind::Upload)),
            ([Succeeded, Succeeded, Skipped, Skipped], (Skipped, NodeKind::BeforeDeploy)),
            ([Succeeded, Canceled, Canceled, Canceled], (Canceled, NodeKind::Upload)),
            ([Succeeded, Succeeded, Succeeded, Succeeded], (Succeeded, NodeKind::Deploy)),
        ] {
            assert_eq!(state(&statuses), expected, "{statuses:?}");
        }
        assert_eq!(state_of(&[]), None);
    }

    #[test]
    fn every_status_has_one_group_and_failures_come_first() {
        assert_eq!(ORDER[0], NodeStatus::Failed);
        for status in NodeStatus::ALL {
            assert_eq!(ORDER.iter().filter(|one| **one == status).count(), 1, "{status:?}");
            assert_eq!(ORDER[rank(status)], status);
        }
    }

    #[test]
    fn phases_are_counted_and_the_current_one_is_found() {
        use NodeStatus::*;
        let nodes = [chain(&[Succeeded, Succeeded, Pending]), chain(&[Succeeded, Running, Pending])].concat();
        let phases = phases(nodes.iter());
        let kinds: Vec<_> = phases.iter().map(|phase| phase.kind).collect();
        assert_eq!(kinds, [NodeKind::Server, NodeKind::Upload, NodeKind::BeforeDeploy]);
        assert_eq!(phases.iter().map(Phase::status).collect::<Vec<_>>(), [Succeeded, Running, Pending]);
        let now = current(&phases).unwrap();
        assert_eq!((now.kind, now.count(Succeeded), now.total()), (NodeKind::Upload, 1, 2));
    }

    #[test]
    fn a_phase_in_which_some_are_done_and_some_have_not_begun_is_on() {
        use NodeStatus::*;
        let nodes = [chain(&[Succeeded]), chain(&[Pending])].concat();
        assert_eq!(phases(nodes.iter())[0].status(), Running);
    }

    #[test]
    fn few_servers_are_drawn_whole_and_many_only_where_asked() {
        for count in [1, 10, MANY - 1] {
            let servers: Vec<_> = (0..count as i64).map(ServerId).collect();
            assert_eq!(shown(&servers, &[], 5), Shown { chains: servers.clone(), rest: 0 });
        }
        for count in [MANY, 100, 1000] {
            let servers: Vec<_> = (0..count as i64).map(ServerId).collect();
            assert_eq!(shown(&servers, &[], 5), Shown { chains: vec![], rest: count });
            let asked = [ServerId(7), ServerId(2), ServerId(5000)];
            assert_eq!(shown(&servers, &asked, 5), Shown { chains: vec![ServerId(2), ServerId(7)], rest: count - 2 });
            assert_eq!(shown(&servers, &servers, 5).chains.len(), 5);
        }
    }
}
