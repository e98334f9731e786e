//! What a page knows of one release, and how an event changes it. Pure: no browser, no signals.
//!
//! A page begins with a snapshot that names the last event it includes, and folds every later event
//! into it. A snapshot of then plus the events since is the snapshot of now; an event that is already
//! included changes nothing, however often it comes.

use std::collections::HashMap;

use launchway_domain::{
    Event, EventData, LogStream, Node, NodeKey, NodeStatus, Release, ReleaseSnapshot, ReleaseStatus, ServerId,
    Timestamp,
};

/// How far a node has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes so far.
    pub done: u64,
    /// Bytes in all; 0 where that is not known.
    pub total: u64,
}

impl Progress {
    /// Whole percent, 0 to 100; none where the whole is not known.
    pub fn percent(self) -> Option<u64> {
        (self.total > 0).then(|| (u128::from(self.done) * 100 / u128::from(self.total)).min(100) as u64)
    }
}

/// A stretch that was added to a node's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    /// Of which node.
    pub node: NodeKey,
    /// Of which run.
    pub attempt: u32,
    /// The byte offset at which it begins.
    pub from: u64,
    /// The byte offset after its end.
    pub to: u64,
    /// From where it came.
    pub stream: LogStream,
    /// The text, where the event carried it.
    pub text: Option<String>,
    /// When it came.
    pub at: Timestamp,
}

/// What an event changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing: it was known, or it is about something else.
    Nothing,
    /// The release itself.
    Release,
    /// The door of its environment: who else waits there, its lock, its freezes.
    Door,
    /// A node that was not there before: the picture grows.
    Planned(NodeKey),
    /// A node's status, times or message.
    Node(NodeKey),
    /// How far a node has come.
    Progress(NodeKey),
    /// A log.
    Log(Growth),
}

/// What is known of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseState {
    release: Release,
    nodes: Vec<Node>,
    /// Beside each node, how far it has come.
    progress: Vec<Option<Progress>>,
    /// Where each node stands in `nodes`: thousands of nodes are found by one look.
    index: HashMap<NodeKey, usize>,
    /// The servers in the order of the plan, each with the places of its nodes.
    chains: Vec<(ServerId, Vec<usize>)>,
    seq: i64,
}

impl From<ReleaseSnapshot> for ReleaseState {
    fn from(snapshot: ReleaseSnapshot) -> Self {
        let mut state = Self {
            release: snapshot.release,
            nodes: Vec::with_capacity(snapshot.nodes.len()),
            progress: Vec::with_capacity(snapshot.nodes.len()),
            index: HashMap::with_capacity(snapshot.nodes.len()),
            chains: Vec::new(),
            seq: snapshot.seq,
        };
        for node in snapshot.nodes {
            state.add(node);
        }
        state
    }
}

impl ReleaseState {
    /// The release.
    pub fn release(&self) -> &Release {
        &self.release
    }

    /// Its nodes, in the order of the plan.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// One of them.
    pub fn node(&self, key: &NodeKey) -> Option<&Node> {
        self.nodes.get(self.place(key)?)
    }

    /// Where a node stands in [`ReleaseState::nodes`].
    pub fn place(&self, key: &NodeKey) -> Option<usize> {
        self.index.get(key).copied()
    }

    /// The servers, in the order of the plan.
    pub fn servers(&self) -> impl Iterator<Item = ServerId> + '_ {
        self.chains.iter().map(|(id, _)| *id)
    }

    /// The nodes of the server at a place of [`ReleaseState::servers`], in the order of the plan.
    pub fn chain(&self, server: usize) -> Vec<&Node> {
        let places = self.chains.get(server).map(|(_, places)| places.as_slice()).unwrap_or_default();
        places.iter().filter_map(|place| self.nodes.get(*place)).collect()
    }

    /// Where a server stands among [`ReleaseState::servers`].
    pub fn server_place(&self, id: ServerId) -> Option<usize> {
        self.chains.iter().rposition(|(known, _)| *known == id)
    }

    /// How far a running node has come, where it says.
    pub fn progress(&self, key: &NodeKey) -> Option<Progress> {
        self.progress.get(self.place(key)?).copied().flatten()
    }

    /// The last event that is included.
    pub fn seq(&self) -> i64 {
        self.seq
    }

    /// Folds one event in.
    pub fn fold(&mut self, event: &Event) -> Change {
        if let Some(seq) = event.seq {
            if seq <= self.seq {
                return Change::Nothing;
            }
            self.seq = seq;
        }
        if event.data.release_id() != Some(self.release.id) {
            let is_here = event.data.at_door_of() == Some(self.release.environment_id);
            return if is_here { Change::Door } else { Change::Nothing };
        }
        match &event.data {
            EventData::ReleaseStatus { status, cancel_requested, error, start_at, hold, exception, .. } => {
                let release = &mut self.release;
                (release.cancel_requested, release.error) = (*cancel_requested, error.clone());
                (release.start_at, release.hold) = (*start_at, hold.clone());
                release.exception = exception.clone();
                self.release_became(*status, event.at);
                Change::Release
            }
            EventData::NodeStatus { node, .. } => self.node_became(node),
            EventData::NodeProgress { node, attempt, done, total, .. } => {
                self.progressed(node, *attempt, Progress { done: *done, total: *total })
            }
            EventData::LogAppended { node, attempt, from, to, stream, text, .. } => Change::Log(Growth {
                node: node.clone(),
                attempt: *attempt,
                from: *from,
                to: *to,
                stream: *stream,
                text: text.clone(),
                at: event.at,
            }),
            // Of people, not of the release: the page shows it elsewhere.
            EventData::ReleaseWatching { .. }
            | EventData::LiveChanged { .. }
            | EventData::EnvironmentLocked(_)
            | EventData::EnvironmentUnlocked { .. }
            | EventData::EnvironmentChanged { .. } => Change::Nothing,
        }
    }

    /// The event carries no times: they follow from the status, as the store writes them.
    fn release_became(&mut self, status: ReleaseStatus, at: Timestamp) {
        let release = &mut self.release;
        if std::mem::replace(&mut release.status, status) == status {
            return;
        }
        match status {
            ReleaseStatus::Queued => {
                release.queued_at = Some(at);
                release.finished_at = None;
            }
            ReleaseStatus::Running => release.started_at = release.started_at.or(Some(at)),
            status if status.is_final() => release.finished_at = Some(at),
            _ => {}
        }
    }

    fn add(&mut self, node: Node) {
        let place = self.nodes.len();
        self.index.entry(node.key.clone()).or_insert(place);
        if let Some(server) = node.server_id {
            match self.server_place(server) {
                Some(known) => self.chains[known].1.push(place),
                None => self.chains.push((server, vec![place])),
            }
        }
        self.nodes.push(node);
        self.progress.push(None);
    }

    fn node_became(&mut self, node: &Node) -> Change {
        let Some(place) = self.place(&node.key) else {
            self.add(node.clone());
            return Change::Planned(node.key.clone());
        };
        if node.status != NodeStatus::Running || self.nodes[place].attempt != node.attempt {
            self.progress[place] = None;
        }
        self.nodes[place] = node.clone();
        Change::Node(node.key.clone())
    }

    /// Progress has no number, so that it may come late: it counts only for the run that is on.
    fn progressed(&mut self, key: &NodeKey, attempt: u32, progress: Progress) -> Change {
        let on = |place: &usize| {
            let node = &self.nodes[*place];
            node.status == NodeStatus::Running && node.attempt == attempt
        };
        match self.place(key).filter(on) {
            Some(place) if self.progress[place] != Some(progress) => {
                self.progress[place] = Some(progress);
                Change::Progress(key.clone())
            }
            _ => Change::Nothing,
        }
    }
}

#[cfg(test)]
mod tests;
