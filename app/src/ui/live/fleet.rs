//! The servers of a release as signals: a state for each, the groups, the phases, and who is slowest. One event changes
//! what it concerns: its server's state, and the two groups that the server moves between.

use launchway_domain::{Node, NodeKind, NodeStatus, ServerId};
use leptos::prelude::*;

use super::state::ReleaseState;
use crate::ui::pipeline::groups::{self, ORDER, Phase, ServerState};
use crate::ui::pipeline::slowest::{self, Spent};

/// A server of the release.
#[derive(Clone)]
struct Slot {
    id: ServerId,
    host: String,
    state: ArcRwSignal<ServerState>,
}

/// The slowest server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slowest {
    /// Which.
    pub server: ServerId,
    /// Its name.
    pub host: String,
    /// What its steps took.
    pub spent: Spent,
}

/// The servers of a release. A server is named by its place in the plan, counted from 0.
#[derive(Clone, Copy)]
pub struct Fleet {
    /// How many there are.
    pub count: RwSignal<usize>,
    /// The places of each group's servers, ascending, in the order of [`ORDER`].
    pub groups: [RwSignal<Vec<usize>>; ORDER.len()],
    /// How far each phase has come.
    pub phases: RwSignal<Vec<Phase>>,
    /// Who is slowest, where there are several.
    pub slowest: RwSignal<Option<Slowest>>,
    slots: StoredValue<Vec<Slot>>,
    spent: StoredValue<Vec<Spent>>,
}

impl Fleet {
    /// The servers of a release as it is known.
    pub fn new(state: &ReleaseState) -> Self {
        let fleet = Self {
            count: RwSignal::new(0),
            groups: std::array::from_fn(|_| RwSignal::new(Vec::new())),
            phases: RwSignal::new(Vec::new()),
            slowest: RwSignal::new(None),
            slots: StoredValue::new(Vec::new()),
            spent: StoredValue::new(Vec::new()),
        };
        fleet.begin(state);
        fleet
    }

    /// Begins again. Whoever watches a server goes on watching it.
    pub fn begin(self, state: &ReleaseState) {
        let mut places: [Vec<usize>; ORDER.len()] = Default::default();
        let (mut slots, mut spent) = (Vec::new(), Vec::new());
        let known = self.slots.try_get_value().unwrap_or_default();
        for (place, id) in state.servers().enumerate() {
            let chain = state.chain(place);
            let Some(server) = groups::state_of(&chain) else { continue };
            places[groups::rank(server.group)].push(place);
            spent.push(slowest::spent(&chain));
            let signal = match known.get(place) {
                Some(slot) if slot.id == id => {
                    if slot.state.with_untracked(|known| *known != server) {
                        slot.state.set(server);
                    }
                    slot.state.clone()
                }
                _ => ArcRwSignal::new(server),
            };
            slots.push(Slot { id, host: host_of(&chain), state: signal });
        }
        let count = slots.len();
        self.slots.try_set_value(slots);
        self.spent.try_set_value(spent);
        for (group, places) in self.groups.into_iter().zip(places) {
            set(group, places);
        }
        set(self.count, count);
        self.tell(state);
    }

    /// A node of this server changed, or was planned.
    pub fn changed(self, state: &ReleaseState, id: ServerId) {
        let Some(place) = state.server_place(id) else { return };
        let chain = state.chain(place);
        let Some(now) = groups::state_of(&chain) else { return };
        let spent = slowest::spent(&chain);
        let known = self.slots.try_with_value(|slots| slots.get(place).map(|slot| slot.state.clone())).flatten();
        match known {
            Some(signal) => {
                let before = signal.with_untracked(|known| (known.group, *known != now));
                self.spent.try_update_value(|all| all[place] = spent);
                let group = now.group;
                if before.1 {
                    signal.set(now);
                }
                if before.0 != group {
                    self.leave(place, before.0);
                    self.join(place, group);
                }
            }
            None => {
                let group = now.group;
                let slot = Slot { id, host: host_of(&chain), state: ArcRwSignal::new(now) };
                self.slots.try_update_value(|slots| slots.push(slot));
                self.spent.try_update_value(|all| all.push(spent));
                self.join(place, group);
                self.count.try_update(|count| *count += 1);
            }
        }
        self.tell(state);
    }

    /// One server's state.
    pub fn state(self, place: usize) -> Option<ArcRwSignal<ServerState>> {
        self.slots.try_with_value(|slots| slots.get(place).map(|slot| slot.state.clone())).flatten()
    }

    /// One server's id and name.
    pub fn server(self, place: usize) -> Option<(ServerId, String)> {
        self.slots.try_with_value(|slots| slots.get(place).map(|slot| (slot.id, slot.host.clone()))).flatten()
    }

    /// All ids, in the order of the plan. Tracks only how many there are.
    pub fn ids(self) -> Vec<ServerId> {
        self.count.track();
        self.slots.try_with_value(|slots| slots.iter().map(|slot| slot.id).collect()).unwrap_or_default()
    }

    /// Those of some places whose name holds a text, which is in small letters already.
    pub fn matching(self, places: &[usize], text: &str) -> Vec<usize> {
        if text.is_empty() {
            return places.to_vec();
        }
        let is_meant = |slots: &Vec<Slot>, place: usize| {
            slots.get(place).is_some_and(|slot| slot.host.to_ascii_lowercase().contains(text))
        };
        self.slots
            .try_with_value(|slots| places.iter().copied().filter(|place| is_meant(slots, *place)).collect())
            .unwrap_or_default()
    }

    /// The servers as one status: the first group that is not empty counts, unless some are still under way.
    pub fn status(self) -> NodeStatus {
        let is_some = |status: NodeStatus| self.groups[groups::rank(status)].with(|places| !places.is_empty());
        let is_on = self.phases.with(|phases| {
            let done: u32 = phases.iter().map(|phase| phase.count(NodeStatus::Succeeded)).sum();
            done > 0
        });
        match ORDER.into_iter().find(|status| is_some(*status)) {
            Some(NodeStatus::Waiting | NodeStatus::Pending) if is_on => NodeStatus::Running,
            found => found.unwrap_or(NodeStatus::Pending),
        }
    }

    fn leave(self, place: usize, group: NodeStatus) {
        self.groups[groups::rank(group)].try_update(|places| places.retain(|known| *known != place));
    }

    fn join(self, place: usize, group: NodeStatus) {
        self.groups[groups::rank(group)].try_update(|places| {
            let at = places.partition_point(|known| *known < place);
            places.insert(at, place);
        });
    }

    /// What is known of all servers together.
    fn tell(self, state: &ReleaseState) {
        set(self.phases, groups::phases(state.nodes().iter()));
        let place = self.spent.try_with_value(|all| slowest::slowest(all).map(|place| (place, all[place]))).flatten();
        let slowest = place.and_then(|(place, spent)| {
            let (server, host) = self.server(place)?;
            Some(Slowest { server, host, spent })
        });
        set(self.slowest, slowest);
    }
}

/// Sets a signal only where that changes it.
fn set<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.try_with_untracked(|known| *known != value) == Some(true) {
        signal.try_set(value);
    }
}

/// The name of the server whose nodes these are.
fn host_of(chain: &[&Node]) -> String {
    chain.iter().find(|node| node.kind == NodeKind::Server).map(|node| node.text.clone()).unwrap_or_default()
}
