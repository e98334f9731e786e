//! What goes on, alive: the overview as a signal, for the wall.
//!
//! The program counts, the browser shows: an event on the feed is a reason to look again, not something to fold in.
//! So the page cannot drift away from the truth, however long it is open and whatever it missed, and what it holds in
//! memory is one overview.

use launchway_domain::{EventData, NodeKey, NodeStatus, ReleaseId};
use leptos::prelude::*;

use super::Connection;
use crate::api::board::BoardNow;

/// So many running uploads are remembered.
const MANY: usize = 2_000;

/// How far a node of a running release has come: not stored anywhere, and heard of on the feed alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    release: ReleaseId,
    node: NodeKey,
    done: u64,
    total: u64,
}

/// The overview, alive.
#[derive(Clone, Copy)]
pub struct LiveBoard {
    /// What was said last.
    pub now: RwSignal<BoardNow>,
    /// Whether the page hears of what happens.
    pub connection: RwSignal<Connection>,
    /// When the program last answered, in milliseconds by the browser's clock; none before it did.
    pub heard: RwSignal<Option<f64>>,
    /// Whether the program does not understand this page any more.
    pub outdated: RwSignal<bool>,
    /// How far the nodes have come that are at work.
    ticks: RwSignal<Vec<Tick>>,
}

impl LiveBoard {
    /// An overview as the server rendered it.
    pub fn new(now: BoardNow) -> Self {
        Self {
            now: RwSignal::new(now),
            connection: RwSignal::new(Connection::Connecting),
            heard: RwSignal::new(None),
            outdated: RwSignal::new(false),
            ticks: RwSignal::new(Vec::new()),
        }
    }

    /// Whole percent of what a release's nodes transfer now; none where none says. Tracked.
    pub fn transferred(self, release: ReleaseId) -> Option<u32> {
        self.ticks.with(|ticks| {
            let (done, total) = ticks
                .iter()
                .filter(|tick| tick.release == release && tick.total > 0)
                .fold((0_u64, 0_u64), |(done, total), tick| (done + tick.done.min(tick.total), total + tick.total));
            (total > 0).then(|| (u128::from(done) * 100 / u128::from(total)) as u32)
        })
    }

    /// Takes an event of the feed. Answers whether it is a reason to look again.
    pub fn take(self, data: &EventData) -> bool {
        match data {
            EventData::NodeProgress { release_id, node, done, total, .. } => {
                self.ticks.try_update(|ticks| {
                    let tick = Tick { release: *release_id, node: node.clone(), done: *done, total: *total };
                    match ticks.iter().position(|known| known.release == *release_id && known.node == *node) {
                        Some(at) => ticks[at] = tick,
                        None if ticks.len() < MANY => ticks.push(tick),
                        None => {}
                    }
                });
                false
            }
            EventData::NodeStatus { release_id, node } => {
                if node.status != NodeStatus::Running {
                    self.forget(|tick| tick.release == *release_id && tick.node == node.key);
                }
                true
            }
            EventData::ReleaseStatus { release_id, status, .. } => {
                if status.is_final() {
                    self.forget(|tick| tick.release == *release_id);
                }
                true
            }
            // What is called otherwise now is shown so, and what is live or locked now as well.
            EventData::EnvironmentChanged { .. }
            | EventData::LiveChanged { .. }
            | EventData::EnvironmentLocked(_)
            | EventData::EnvironmentUnlocked { .. } => true,
            EventData::LogAppended { .. } | EventData::ReleaseWatching { .. } => false,
        }
    }

    fn forget(self, is_over: impl Fn(&Tick) -> bool) {
        if self.ticks.try_with_untracked(|ticks| ticks.iter().any(&is_over)) == Some(true) {
            self.ticks.try_update(|ticks| ticks.retain(|tick| !is_over(tick)));
        }
    }

    /// Shows what the program says now; ticks of what does not run any more are forgotten.
    pub fn show(self, now: BoardNow) {
        let running: Vec<ReleaseId> = now.overview.running.iter().map(|running| running.release.id).collect();
        self.forget(|tick| !running.contains(&tick.release));
        self.now.try_set(now);
    }
}

#[cfg(test)]
mod tests {
    use launchway_domain::{Node, NodeKind, Overview, Timestamp};

    use super::*;

    fn board() -> BoardNow {
        BoardNow {
            overview: Overview {
                running: vec![],
                waiting: vec![],
                waiting_total: 0,
                queued_total: 0,
                queue: vec![],
                forbidden: vec![],
                broken: vec![],
                recent: vec![],
                live: vec![],
                live_total: 0,
                seq: 0,
            },
            build: String::new(),
            at: Timestamp(0),
        }
    }

    fn progress(release: i64, node: &str, done: u64) -> EventData {
        EventData::NodeProgress {
            release_id: ReleaseId(release),
            node: NodeKey(node.into()),
            attempt: 1,
            done,
            total: 200,
        }
    }

    fn status(release: i64, key: &str, status: NodeStatus) -> EventData {
        let node = Node {
            key: NodeKey(key.into()),
            parent: None,
            kind: NodeKind::Upload,
            server_id: None,
            text: key.into(),
            status,
            attempt: 1,
            color: String::new(),
            started_at: None,
            finished_at: None,
            exit_status: None,
            message: None,
            batch: None,
            live: None,
        };
        EventData::NodeStatus { release_id: ReleaseId(release), node: Box::new(node) }
    }

    #[test]
    fn transfers_of_one_release_are_added_up_and_forgotten_when_they_end() {
        let owner = Owner::new();
        owner.set();
        let live = LiveBoard::new(board());
        assert!(!live.take(&progress(7, "a", 100)), "a tick is no reason to ask");
        live.take(&progress(7, "b", 0));
        live.take(&progress(7, "b", 200));
        live.take(&progress(8, "a", 20));
        assert_eq!((live.transferred(ReleaseId(7)), live.transferred(ReleaseId(8))), (Some(75), Some(10)));
        assert!(live.take(&status(7, "b", NodeStatus::Succeeded)));
        assert_eq!(live.transferred(ReleaseId(7)), Some(50));
        live.show(board());
        assert_eq!((live.transferred(ReleaseId(7)), live.transferred(ReleaseId(8))), (None, None), "nothing runs");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let owner = Owner::new();
        owner.set();
        let live = LiveBoard::new(board());
        for n in 0..MANY + 100 {
            live.take(&progress(7, &format!("server:{n}/upload"), 1));
        }
        assert_eq!(live.ticks.with_untracked(Vec::len), MANY);
    }
}
