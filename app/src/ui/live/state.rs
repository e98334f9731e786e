//! What a page knows of one release, and how an event changes it. Pure: no browser, no signals.
//!
//! A page begins with a snapshot that names the last event it includes, and folds every later event
//! into it. A snapshot of then plus the events since is the snapshot of now; an event that is already
//! included changes nothing, however often it comes.

use std::collections::HashMap;

use launchway_domain::{
    Event, EventData, LogStream, Node, NodeKey, NodeStatus, Release, ReleaseId, ReleaseSnapshot, ReleaseStatus,
    ServerId, Text, Timestamp,
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
        if event.data.release_id() != self.release.id {
            return Change::Nothing;
        }
        match &event.data {
            EventData::ReleaseStatus { status, cancel_requested, error, .. } => {
                self.release_became(*status, *cancel_requested, error.clone(), event.at);
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
            EventData::ReleaseWatching { .. } => Change::Nothing,
        }
    }

    /// The event carries no times: they follow from the status, as the store writes them.
    fn release_became(&mut self, status: ReleaseStatus, cancel_requested: bool, error: Option<Text>, at: Timestamp) {
        let changed = self.release.status != status;
        let release = &mut self.release;
        release.status = status;
        release.cancel_requested = cancel_requested;
        release.error = error;
        if !changed {
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

/// The topic of a release's feed.
pub fn topic_of(release: ReleaseId) -> String {
    launchway_domain::Topic::Release(release).to_string()
}

#[cfg(test)]
mod tests {
    use launchway_domain::{EnvironmentId, EnvironmentKind, GitRef, Hooks, NodeKind, ProjectId, ReleaseKind};

    use super::*;

    fn release() -> Release {
        Release {
            id: ReleaseId(7),
            kind: ReleaseKind::Release,
            project_id: ProjectId(1),
            project_title: "Shop".into(),
            environment_id: EnvironmentId(2),
            environment_name: "live".into(),
            environment_kind: EnvironmentKind::Prod,
            git_ref: GitRef::default(),
            commit: "0".repeat(40),
            status: ReleaseStatus::Pending,
            hooks: Hooks::default(),
            note: None,
            error: None,
            cancel_requested: false,
            created_by: None,
            created_by_name: "ann".into(),
            created_at: Timestamp(0),
            queued_at: None,
            started_at: None,
            finished_at: None,
        }
    }

    fn node(kind: NodeKind, server: Option<ServerId>) -> Node {
        Node {
            key: NodeKey::of(kind, server),
            parent: None,
            kind,
            server_id: server,
            text: kind.as_str().into(),
            status: NodeStatus::Pending,
            attempt: 0,
            color: NodeStatus::Pending.color().into(),
            started_at: None,
            finished_at: None,
            exit_status: None,
            message: None,
        }
    }

    fn random(seed: u64) -> impl FnMut(usize) -> usize {
        let mut state = seed | 1;
        move |below| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        }
    }

    /// A made-up history: snapshot 0 and, for each event, the snapshot right after it, as the store
    /// would tell it.
    fn history(seed: u64, length: usize) -> (Vec<Event>, Vec<ReleaseSnapshot>) {
        let mut next = random(seed);
        let mut snapshots = vec![ReleaseSnapshot { release: release(), nodes: vec![], seq: 100 }];
        let mut events = Vec::new();
        while events.len() < length {
            let mut now = snapshots.last().unwrap().clone();
            // Other releases' events lie between ours.
            now.seq += 1 + next(3) as i64;
            let at = Timestamp(now.seq * 10);
            let data = match next(4) {
                0 => {
                    let allowed: Vec<_> =
                        ReleaseStatus::ALL.into_iter().filter(|s| now.release.status.may_become(*s)).collect();
                    if allowed.is_empty() {
                        continue;
                    }
                    let status = allowed[next(allowed.len())];
                    now.release.status = status;
                    now.release.error = (status == ReleaseStatus::Failed).then(|| Text::new("no", "不"));
                    match status {
                        ReleaseStatus::Queued => (now.release.queued_at, now.release.finished_at) = (Some(at), None),
                        ReleaseStatus::Running if now.release.started_at.is_none() => now.release.started_at = Some(at),
                        s if s.is_final() => now.release.finished_at = Some(at),
                        _ => {}
                    }
                    EventData::ReleaseStatus {
                        release_id: ReleaseId(7),
                        project_id: ProjectId(1),
                        environment_id: EnvironmentId(2),
                        status,
                        cancel_requested: false,
                        error: now.release.error.clone(),
                    }
                }
                1 => EventData::LogAppended {
                    release_id: ReleaseId(7),
                    node: NodeKey("download".into()),
                    attempt: 1,
                    from: 0,
                    to: 3,
                    stream: LogStream::Output,
                    text: Some("hi\n".into()),
                },
                _ => {
                    let kind = NodeKind::ALL[next(NodeKind::ALL.len())];
                    let fresh = node(kind, (kind as usize >= NodeKind::Server as usize).then_some(ServerId(3)));
                    let node = match now.nodes.iter_mut().find(|known| known.key == fresh.key) {
                        None => {
                            now.nodes.push(fresh.clone());
                            fresh
                        }
                        Some(known) => {
                            let allowed: Vec<_> =
                                NodeStatus::ALL.into_iter().filter(|s| known.status.may_become(*s)).collect();
                            if allowed.is_empty() {
                                continue;
                            }
                            known.status = allowed[next(allowed.len())];
                            if known.status == NodeStatus::Running {
                                known.attempt += 1;
                                known.started_at = Some(at);
                            }
                            known.clone()
                        }
                    };
                    EventData::NodeStatus { release_id: ReleaseId(7), node: Box::new(node) }
                }
            };
            events.push(Event { seq: Some(now.seq), topic: "release:7".into(), at, data });
            snapshots.push(now);
        }
        (events, snapshots)
    }

    #[test]
    fn a_snapshot_and_the_events_since_are_the_later_snapshot() {
        for seed in 1..60 {
            let (events, snapshots) = history(seed * 7919, 40);
            for (n, early) in snapshots.iter().enumerate() {
                let mut state = ReleaseState::from(early.clone());
                for (event, expected) in events[n..].iter().zip(&snapshots[n + 1..]) {
                    state.fold(event);
                    assert_eq!(state, ReleaseState::from(expected.clone()), "seed {seed}, from {n}");
                }
            }
        }
    }

    #[test]
    fn what_is_known_already_changes_nothing() {
        for seed in 1..60 {
            let (events, snapshots) = history(seed * 104_729, 40);
            let mut next = random(seed);
            let mut state = ReleaseState::from(snapshots[0].clone());
            for index in 0..events.len() {
                state.fold(&events[index]);
                let before = state.clone();
                for _ in 0..3 {
                    assert_eq!(state.fold(&events[next(index + 1)]), Change::Nothing);
                }
                assert_eq!(state, before);
            }
        }
    }

    #[test]
    fn an_event_of_another_release_only_moves_the_number() {
        let mut state = ReleaseState::from(ReleaseSnapshot {
            release: Release { id: ReleaseId(8), ..release() },
            nodes: vec![],
            seq: 0,
        });
        let (events, _) = history(5, 3);
        for event in &events {
            assert_eq!(state.fold(event), Change::Nothing);
        }
        assert_eq!(Some(state.seq()), events[2].seq);
        assert!(state.nodes().is_empty());
    }

    fn progress(attempt: u32, done: u64) -> Event {
        Event {
            seq: None,
            topic: "release:7".into(),
            at: Timestamp(0),
            data: EventData::NodeProgress {
                release_id: ReleaseId(7),
                node: NodeKey("download".into()),
                attempt,
                done,
                total: 200,
            },
        }
    }

    fn became(seq: i64, status: NodeStatus, attempt: u32) -> Event {
        Event {
            seq: Some(seq),
            topic: "release:7".into(),
            at: Timestamp(seq),
            data: EventData::NodeStatus {
                release_id: ReleaseId(7),
                node: Box::new(Node { status, attempt, ..node(NodeKind::Download, None) }),
            },
        }
    }

    #[test]
    fn progress_counts_only_for_the_run_that_is_on() {
        let key = NodeKey("download".into());
        let mut state = ReleaseState::from(ReleaseSnapshot { release: release(), nodes: vec![], seq: 0 });
        assert_eq!(state.fold(&progress(1, 10)), Change::Nothing, "the node is not there yet");
        assert_eq!(state.fold(&became(1, NodeStatus::Running, 1)), Change::Planned(key.clone()));
        assert_eq!(state.fold(&progress(1, 10)), Change::Progress(key.clone()));
        assert_eq!(state.progress(&key).and_then(Progress::percent), Some(5));
        assert_eq!(state.fold(&progress(2, 10)), Change::Nothing, "another run's");
        state.fold(&became(2, NodeStatus::Succeeded, 1));
        assert_eq!(state.progress(&key), None);
        assert_eq!(state.fold(&progress(1, 200)), Change::Nothing, "it came late");
        assert_eq!(state.seq(), 2);
    }

    #[test]
    fn percent_is_never_more_than_a_hundred() {
        assert_eq!(Progress { done: 300, total: 200 }.percent(), Some(100));
        assert_eq!(Progress { done: u64::MAX, total: u64::MAX }.percent(), Some(100));
        assert_eq!(Progress { done: 1, total: 0 }.percent(), None);
    }
}
