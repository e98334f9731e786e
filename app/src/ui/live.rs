//! What moves a page: the state of one release as signals, and the feed that changes them.
//!
//! Every node that is looked at has a signal of its own, so that one event paints one node again and nothing else; a
//! node that nobody looks at has none.

pub mod backoff;
pub mod board;
#[cfg(feature = "hydrate")]
pub mod client;
pub mod clock;
pub mod fleet;
#[cfg(feature = "hydrate")]
mod nudge;
pub mod running;
pub mod state;
#[cfg(feature = "hydrate")]
pub mod wall;

use std::sync::Arc;

use launchway_domain::{Event, EventData, Node, NodeKey, NodeStatus, Release, ReleaseSnapshot};
use leptos::prelude::*;

use self::fleet::Fleet;
use self::state::{Change, Growth, Progress, ReleaseState};
use super::pipeline::layout::Planned;

/// Whether the page hears of what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Not yet: the page has just come.
    Connecting,
    /// Yes.
    Live,
    /// Not now; it tries again by itself.
    Reconnecting,
    /// Not any more: the session has ended.
    SignedOut,
}

/// Who has a release open now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watching {
    /// The names of the first of them, each once.
    pub people: Vec<String>,
    /// How many people there are.
    pub total: u32,
    /// How many screens show the wall.
    pub walls: u32,
}

/// A node as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeView {
    /// The node.
    pub node: Node,
    /// How far it has come, where it says.
    pub progress: Option<Progress>,
}

/// What the open log is told.
pub enum LogNews<'a> {
    /// A log grew.
    Grew(&'a Growth),
    /// Something may have been missed: look whether there is more.
    Check,
}

type LogListener = Arc<dyn Fn(LogNews<'_>) + Send + Sync>;

/// One release, alive: what is known of it as signals.
#[derive(Clone, Copy)]
pub struct Live {
    /// The release.
    pub release: RwSignal<Release>,
    /// The nodes that there are, without what changes about them.
    pub plan: RwSignal<Vec<Planned>>,
    /// How many batches the servers go in; 0 where they go at once.
    pub batches: Memo<u32>,
    /// Whether the page hears of what happens.
    pub connection: RwSignal<Connection>,
    /// Who has this release open now, as far as that was told.
    pub watching: RwSignal<Watching>,
    /// Counts up when something may be otherwise at the door of its environment: where it stands, who else waits, the lock,
    /// the freezes.
    pub door: RwSignal<u32>,
    /// The servers: their states, groups and phases.
    pub fleet: Fleet,
    /// The first node of the plan that failed.
    pub failed: RwSignal<Option<NodeKey>>,
    state: StoredValue<ReleaseState>,
    /// Beside each node, its signal, once somebody has asked for it.
    nodes: StoredValue<Vec<Option<ArcRwSignal<NodeView>>>>,
    log: StoredValue<Option<LogListener>>,
    /// Whether what is counted over all servers will be counted again before the next picture.
    #[cfg(feature = "hydrate")]
    is_unsettled: StoredValue<bool>,
}

impl Live {
    /// A release as a snapshot tells it.
    pub fn new(snapshot: ReleaseSnapshot) -> Self {
        let state = ReleaseState::from(snapshot);
        let plan = RwSignal::new(plan_of(&state));
        Self {
            release: RwSignal::new(state.release().clone()),
            plan,
            batches: Memo::new(move |_| plan.with(|plan| plan.iter().filter_map(|node| node.batch).max().unwrap_or(0))),
            connection: RwSignal::new(Connection::Connecting),
            watching: RwSignal::new(Watching::default()),
            door: RwSignal::new(0),
            fleet: Fleet::new(&state),
            failed: RwSignal::new(first_failed(&state)),
            nodes: StoredValue::new(Vec::new()),
            log: StoredValue::new(None),
            #[cfg(feature = "hydrate")]
            is_unsettled: StoredValue::new(false),
            state: StoredValue::new(state),
        }
    }

    /// One node's signal; none where no such node is planned.
    pub fn node(self, key: &NodeKey) -> Option<ArcRwSignal<NodeView>> {
        let (place, view) = self.view(key)?;
        self.nodes.try_update_value(|nodes| {
            if nodes.len() <= place {
                nodes.resize(place + 1, None);
            }
            nodes[place].get_or_insert_with(|| ArcRwSignal::new(view)).clone()
        })
    }

    /// One node, whether it is planned yet or not; tracked.
    pub fn watch(self, key: &NodeKey) -> Option<NodeView> {
        self.node(key).map(|view| view.get()).or_else(|| {
            self.plan.track();
            None
        })
    }

    /// The last event that the page includes; none once the page is gone.
    pub fn seq(self) -> Option<i64> {
        self.state.try_with_value(ReleaseState::seq)
    }

    /// Folds an event in and changes the signals that it concerns.
    pub fn apply(self, event: &Event) {
        if let EventData::ReleaseWatching { people, total, walls, .. } = &event.data {
            self.watching.try_set(Watching { people: people.clone(), total: *total, walls: *walls });
            return;
        }
        let Some(change) = self.state.try_update_value(|state| state.fold(event)) else { return };
        match change {
            Change::Nothing => {}
            Change::Door => self.door_changed(),
            Change::Release => {
                let _ = self.state.try_with_value(|state| self.release.try_set(state.release().clone()));
                // It stands elsewhere at the door now, too.
                self.door_changed();
            }
            Change::Planned(key) => {
                let planned = self.state.try_with_value(|state| state.node(&key).map(Planned::from)).flatten();
                self.show(&key);
                self.count(&key);
                self.plan.try_update(|plan| plan.extend(planned));
            }
            Change::Node(key) => {
                self.show(&key);
                self.count(&key);
            }
            Change::Progress(key) => self.show(&key),
            Change::Log(growth) => self.tell(LogNews::Grew(&growth)),
        }
    }

    /// Something is otherwise at the door of its environment.
    fn door_changed(self) {
        self.door.try_update(|count| *count += 1);
    }

    /// Begins again from a snapshot: the events since the last one are not kept any more.
    pub fn reset(self, snapshot: ReleaseSnapshot) {
        let state = ReleaseState::from(snapshot);
        let plan = plan_of(&state);
        let release = state.release().clone();
        if self.state.try_update_value(|known| *known = state).is_none() {
            return;
        }
        self.release.try_set(release);
        for planned in &plan {
            self.show(&planned.key);
        }
        let _ = self.state.try_with_value(|state| {
            self.fleet.begin(state);
            self.failed.try_set(first_failed(state));
        });
        if self.plan.try_with_untracked(|known| *known != plan) == Some(true) {
            self.plan.try_set(plan);
        }
        self.door_changed();
        self.tell(LogNews::Check);
    }

    /// Who is told what happens to logs; one at a time.
    pub fn listen_to_logs(self, listener: Option<LogListener>) {
        self.log.try_set_value(listener);
    }

    /// Tells the open log.
    pub fn tell(self, news: LogNews<'_>) {
        if let Some(listener) = self.log.try_get_value().flatten() {
            listener(news);
        }
    }

    /// Shows a node as it is now to whoever looks at it.
    fn show(self, key: &NodeKey) {
        let Some((place, view)) = self.view(key) else { return };
        let signal = self.nodes.try_with_value(|nodes| nodes.get(place).cloned().flatten()).flatten();
        if let Some(signal) = signal
            && signal.with_untracked(|known| *known != view)
        {
            signal.set(view);
        }
    }

    /// Counts a node that changed where its server and the whole are counted.
    fn count(self, key: &NodeKey) {
        let _ = self.state.try_with_value(|state| {
            let Some(node) = state.node(key) else { return };
            if let Some(server) = node.server_id {
                self.fleet.changed(state, server);
                self.settle(state);
            }
            let known = self.failed.try_get_untracked().flatten();
            if node.status == NodeStatus::Failed || known.as_ref() == Some(key) {
                let first = first_failed(state);
                if first != known {
                    self.failed.try_set(first);
                }
            }
        });
    }

    /// Counts over all servers: in a browser once for each picture.
    #[cfg(feature = "hydrate")]
    fn settle(self, _: &ReleaseState) {
        if self.is_unsettled.try_get_value() == Some(false) {
            self.is_unsettled.try_set_value(true);
            request_animation_frame(move || {
                self.is_unsettled.try_set_value(false);
                let _ = self.state.try_with_value(|state| self.fleet.settle(state));
            });
        }
    }

    #[cfg(not(feature = "hydrate"))]
    fn settle(self, state: &ReleaseState) {
        self.fleet.settle(state);
    }

    fn view(self, key: &NodeKey) -> Option<(usize, NodeView)> {
        let found = |state: &ReleaseState| Some((state.place(key)?, view_of(state, state.node(key)?)));
        self.state.try_with_value(found).flatten()
    }
}

fn first_failed(state: &ReleaseState) -> Option<NodeKey> {
    state.nodes().iter().find(|node| node.status == NodeStatus::Failed).map(|node| node.key.clone())
}

fn view_of(state: &ReleaseState, node: &Node) -> NodeView {
    NodeView { node: node.clone(), progress: state.progress(&node.key) }
}

fn plan_of(state: &ReleaseState) -> Vec<Planned> {
    state.nodes().iter().map(Planned::from).collect()
}
