//! The servers of a release as signals: a state for each, the groups, the phases, and who is slowest.
//!
//! An event changes its server's state at once. What is counted over all servers is counted once for all the events
//! that come before the next picture ([`Fleet::settle`]): hundreds at once are one change of the page.

use launchway_domain::{Node, NodeKey, NodeKind, NodeStatus, ServerId};
use leptos::prelude::*;

use super::state::ReleaseState;
use crate::ui::pipeline::groups::{self, MANY, ORDER, Phase, ServerState};
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
    /// What the trunk and its steps took.
    pub spent: Spent,
    /// The step of these that took longest of those that have ended: its log, its kind, its milliseconds.
    pub longest: Option<(NodeKey, NodeKind, i64)>,
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
        let known = self.slots.try_get_value().unwrap_or_default();
        let (mut slots, mut spent) = (Vec::new(), Vec::new());
        for (place, id) in state.servers().enumerate() {
            let chain = state.chain(place);
            let Some(now) = groups::state_of(&chain) else { continue };
            let signal = match known.get(place) {
                Some(slot) if slot.id == id => {
                    show(&slot.state, now);
                    slot.state.clone()
                }
                _ => ArcRwSignal::new(now),
            };
            spent.push(slowest::spent(&chain));
            slots.push(Slot { id, host: host_of(&chain), state: signal });
        }
        self.slots.try_set_value(slots);
        self.spent.try_set_value(spent);
        self.settle(state);
    }

    /// A node of this server changed, or was planned. What is counted over all servers waits for [`Fleet::settle`].
    pub fn changed(self, state: &ReleaseState, id: ServerId) {
        let Some(place) = state.server_place(id) else { return };
        let chain = state.chain(place);
        let Some(now) = groups::state_of(&chain) else { return };
        let spent = slowest::spent(&chain);
        match self.state(place) {
            Some(signal) => {
                self.spent.try_update_value(|all| all[place] = spent);
                show(&signal, now);
            }
            None => {
                let slot = Slot { id, host: host_of(&chain), state: ArcRwSignal::new(now) };
                self.slots.try_update_value(|slots| slots.push(slot));
                self.spent.try_update_value(|all| all.push(spent));
                // The chains of a few servers are drawn as they are planned: no status of theirs is skipped.
                if place < MANY {
                    set(self.count, place + 1);
                }
            }
        }
    }

    /// Counts again what is known of all servers together, and changes only what is different.
    pub fn settle(self, state: &ReleaseState) {
        let mut places: [Vec<usize>; ORDER.len()] = Default::default();
        let count = self.slots.try_with_value(|slots| {
            for (place, slot) in slots.iter().enumerate() {
                places[groups::rank(slot.state.with_untracked(|state| state.group))].push(place);
            }
            slots.len()
        });
        for (group, places) in self.groups.into_iter().zip(places) {
            set(group, places);
        }
        set(self.count, count.unwrap_or(0));
        set(self.phases, groups::phases(state.nodes().iter()));
        let place = self.spent.try_with_value(|all| slowest::slowest(all).map(|place| (place, all[place]))).flatten();
        let slowest = place.and_then(|(place, spent)| {
            let (server, host) = self.server(place)?;
            let trunk: Vec<&Node> = state.nodes().iter().filter(|node| node.server_id.is_none()).collect();
            let chain = state.chain(place);
            let longest = slowest::longest(trunk.iter().chain(&chain).copied());
            let longest = longest.map(|(node, took)| (node.key.clone(), node.kind, took));
            Some(Slowest { server, host, spent: slowest::spent(&trunk).and(spent), longest })
        });
        set(self.slowest, slowest);
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
}

/// Shows a server's state, where it is another one.
fn show(signal: &ArcRwSignal<ServerState>, now: ServerState) {
    if signal.with_untracked(|known| *known != now) {
        signal.set(now);
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

#[cfg(test)]
mod tests {
    use launchway_domain::{
        EnvironmentId, EnvironmentKind, Event, EventData, ProjectId, Release, ReleaseId, ReleaseSnapshot,
        ReleaseStatus, Timestamp,
    };

    use super::*;
    use crate::ui::live::Live;

    fn node(kind: NodeKind, server: i64, status: NodeStatus) -> Node {
        Node {
            key: NodeKey::of(kind, Some(ServerId(server))),
            parent: None,
            kind,
            server_id: Some(ServerId(server)),
            text: if kind == NodeKind::Server { format!("web-{server}") } else { kind.as_str().into() },
            status,
            attempt: 1,
            color: status.color().into(),
            started_at: Some(Timestamp(1000)),
            finished_at: status.is_final().then_some(Timestamp(1000 + server)),
            exit_status: None,
            message: None,
            batch: None,
            live: None,
        }
    }

    fn snapshot(servers: i64) -> ReleaseSnapshot {
        let release = Release {
            id: ReleaseId(7),
            project_id: ProjectId(1),
            project_title: "Shop".into(),
            environment_id: EnvironmentId(2),
            environment_name: "live".into(),
            environment_kind: EnvironmentKind::Prod,
            commit: "0".repeat(40),
            status: ReleaseStatus::Running,
            created_by_name: "ann".into(),
            ..Default::default()
        };
        let nodes = (1..=servers).flat_map(|server| {
            [node(NodeKind::Server, server, NodeStatus::Succeeded), node(NodeKind::Upload, server, NodeStatus::Running)]
        });
        ReleaseSnapshot { release, nodes: nodes.collect(), seq: 0 }
    }

    fn told(live: Live) -> (Vec<Vec<usize>>, Vec<Phase>, Option<ServerId>, usize) {
        let groups = live.fleet.groups.iter().map(|group| group.get_untracked()).collect();
        let slowest = live.fleet.slowest.get_untracked().map(|slowest| slowest.server);
        (groups, live.fleet.phases.get_untracked(), slowest, live.fleet.count.get_untracked())
    }

    #[test]
    fn events_lead_to_what_a_later_snapshot_tells() {
        let owner = Owner::new();
        owner.set();
        let mut now = snapshot(20);
        let live = Live::new(now.clone());
        let changes = [
            node(NodeKind::Upload, 3, NodeStatus::Failed),
            node(NodeKind::Upload, 9, NodeStatus::Succeeded),
            node(NodeKind::Server, 21, NodeStatus::Running),
            node(NodeKind::Upload, 4, NodeStatus::Succeeded),
            node(NodeKind::Upload, 3, NodeStatus::Pending),
        ];
        for (index, change) in changes.into_iter().enumerate() {
            match now.nodes.iter_mut().find(|known| known.key == change.key) {
                Some(known) => *known = change.clone(),
                None => now.nodes.push(change.clone()),
            }
            live.apply(&Event {
                seq: Some(index as i64 + 1),
                topic: "release:7".into(),
                at: Timestamp(0),
                data: EventData::NodeStatus { release_id: ReleaseId(7), node: Box::new(change) },
            });
            assert_eq!(told(live), told(Live::new(now.clone())), "after change {index}");
        }
        assert_eq!(live.fleet.groups[groups::rank(NodeStatus::Failed)].get_untracked(), Vec::<usize>::new());
        assert_eq!(live.fleet.groups[groups::rank(NodeStatus::Running)].with_untracked(Vec::len), 18);
        assert_eq!(live.fleet.count.get_untracked(), 21);
    }

    #[test]
    fn the_slowest_path_counts_the_trunk_and_names_its_longest_step() {
        let owner = Owner::new();
        owner.set();
        let mut now = snapshot(2);
        now.nodes.clear();
        let mut build = node(NodeKind::AfterDownload, 16_000, NodeStatus::Succeeded);
        (build.key, build.server_id) = (NodeKey::of(NodeKind::AfterDownload, None), None);
        now.nodes.push(build);
        for server in [3, 12] {
            now.nodes.push(node(NodeKind::Server, server, NodeStatus::Succeeded));
            now.nodes.push(node(NodeKind::Upload, server, NodeStatus::Succeeded));
        }
        let slowest = Live::new(now).fleet.slowest.get_untracked().unwrap();
        assert_eq!((slowest.server, slowest.spent.millis), (ServerId(12), 16_024));
        let (key, kind, took) = slowest.longest.unwrap();
        assert_eq!((key.to_string().as_str(), kind, took), ("after_download", NodeKind::AfterDownload, 16_000));
    }

    #[test]
    fn who_watches_a_server_goes_on_after_a_reset() {
        let owner = Owner::new();
        owner.set();
        let live = Live::new(snapshot(15));
        let watched = live.fleet.state(4).unwrap();
        let mut later = snapshot(15);
        later.nodes[9] = node(NodeKind::Upload, 5, NodeStatus::Failed);
        live.reset(later);
        assert_eq!(watched.with_untracked(|state| state.group), NodeStatus::Failed);
        assert_eq!(live.fleet.groups[0].get_untracked(), [4]);
    }
}
