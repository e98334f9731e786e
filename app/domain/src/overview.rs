//! What everybody wants to know first: what runs, what waits, what is live where, what came of it.

use serde::{Deserialize, Serialize};

use crate::id::{EnvironmentId, ProjectId, ReleaseId};
use crate::live::{LiveState, LiveVersion};
use crate::node::NodeKind;
use crate::policy::Hold;
use crate::queue::Wait;
use crate::record::EnvironmentKind;
use crate::release::Release;
use crate::status::NodeStatus;
use crate::time::Timestamp;

/// What goes on, as of one event. Releases come without their hooks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overview {
    /// What runs, the longest first.
    pub running: Vec<Running>,
    /// What waits: queued ones in their order, then those that somebody has to approve or start, newest first.
    pub waiting: Vec<Release>,
    /// How many wait in all.
    pub waiting_total: u64,
    /// How many of them are queued.
    pub queued_total: u64,
    /// What those of `waiting` that are queued wait for, in their order.
    pub queue: Vec<InQueue>,
    /// Which of `waiting` and `broken` a rule of their environment forbids to start now.
    pub forbidden: Vec<ReleaseId>,
    /// What failed and was neither mended nor replaced since: it waits for a retry. Newest first.
    pub broken: Vec<Release>,
    /// What ended last, however it ended; newest first.
    pub recent: Vec<Release>,
    /// What is live where, by project and environment.
    pub live: Vec<Place>,
    /// How many places there are in all.
    pub live_total: u64,
    /// The last event that is included: listen to the feed after this one.
    pub seq: i64,
}

/// A queued release, and what it waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InQueue {
    /// Which.
    pub release_id: ReleaseId,
    /// What it waits for; empty where it starts any moment.
    pub waits: Vec<Wait>,
}

/// A release that runs, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Running {
    /// The release.
    pub release: Release,
    /// The steps on the Launchway host, in their order.
    pub host: Vec<HostStep>,
    /// The phases on the servers, in their order.
    pub phases: Vec<Phase>,
}

/// One step on the Launchway host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HostStep {
    /// What it does.
    pub kind: NodeKind,
    /// Where it stands.
    pub status: NodeStatus,
    /// When it began.
    pub started_at: Option<Timestamp>,
}

/// One phase, counted over the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Phase {
    /// What it does.
    pub kind: NodeKind,
    /// On how many servers.
    pub all: u32,
    /// On how many it is done.
    pub done: u32,
    /// On how many it is at work.
    pub running: u32,
    /// On how many it failed.
    pub failed: u32,
    /// On how many it will not be done: skipped or canceled.
    pub dropped: u32,
}

impl Phase {
    /// A phase of which nothing is counted yet.
    pub fn new(kind: NodeKind) -> Self {
        Self { kind, all: 0, done: 0, running: 0, failed: 0, dropped: 0 }
    }

    /// Counts some servers on which it stands so.
    pub fn count(&mut self, status: NodeStatus, servers: u32) {
        self.all += servers;
        match status {
            NodeStatus::Pending | NodeStatus::Waiting => {}
            NodeStatus::Running => self.running += servers,
            NodeStatus::Succeeded => self.done += servers,
            NodeStatus::Failed => self.failed += servers,
            NodeStatus::Skipped | NodeStatus::Canceled => self.dropped += servers,
        }
    }

    /// Where the phase as a whole stands.
    pub fn status(&self) -> NodeStatus {
        if self.failed > 0 {
            NodeStatus::Failed
        } else if self.running > 0 {
            NodeStatus::Running
        } else if self.all > 0 && self.done == self.all {
            NodeStatus::Succeeded
        } else if self.dropped > 0 {
            NodeStatus::Skipped
        } else if self.done > 0 {
            NodeStatus::Running
        } else {
            NodeStatus::Pending
        }
    }
}

impl Running {
    /// Whole percent of the steps that are over; a phase counts as much as a step on the Launchway host, whatever
    /// the number of servers.
    pub fn percent(&self) -> u32 {
        let parts = self.host.len() + self.phases.len();
        if parts == 0 {
            return 0;
        }
        let is_over =
            |status: NodeStatus| !matches!(status, NodeStatus::Pending | NodeStatus::Waiting | NodeStatus::Running);
        let host = self.host.iter().filter(|step| is_over(step.status)).count() as u64 * 100;
        let phases: u64 = self
            .phases
            .iter()
            .filter(|phase| phase.all > 0)
            .map(|phase| u64::from(phase.done + phase.failed + phase.dropped) * 100 / u64::from(phase.all))
            .sum();
        ((host + phases) / parts as u64).min(100) as u32
    }

    /// What it waits for between two batches, where somebody or a time has to let it go on.
    pub fn hold(&self) -> Option<&Hold> {
        self.release.hold.as_ref().filter(|_| !self.release.cancel_requested)
    }

    /// On how many servers it is live already, and of how many.
    pub fn switched(&self) -> (u32, u32) {
        let deploy = self.phases.iter().find(|phase| phase.kind == NodeKind::Deploy);
        deploy.map_or((0, 0), |phase| (phase.done, phase.all))
    }

    /// What is being done now.
    pub fn now(&self) -> Option<NodeKind> {
        let host = self.host.iter().find(|step| step.status == NodeStatus::Running).map(|step| step.kind);
        host.or_else(|| self.phases.iter().find(|phase| phase.running > 0).map(|phase| phase.kind))
    }
}

/// An environment and what is live in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Place {
    /// Whose it is.
    pub project_id: ProjectId,
    /// What the project is called.
    pub project_title: String,
    /// Which environment.
    pub environment_id: EnvironmentId,
    /// What it is called.
    pub environment_name: String,
    /// How much care it needs.
    pub environment_kind: EnvironmentKind,
    /// On how many servers.
    pub servers: u32,
    /// How what is there compares with what was released.
    pub state: LiveState,
    /// The release that is live on all of its servers; none where nothing is, or not the same everywhere.
    pub release: Option<Release>,
    /// What is live, the version of most servers first; several where the servers do not all have the same.
    pub versions: Vec<LiveVersion>,
    /// The servers on which it is otherwise than it was released.
    pub drifted: Vec<String>,
    /// Why nothing new starts there now: a lock, a freeze.
    pub closed: Vec<Wait>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(all: u32, done: u32, running: u32, failed: u32) -> Phase {
        Phase { all, done, running, failed, ..Phase::new(NodeKind::Upload) }
    }

    #[test]
    fn a_phase_stands_where_its_servers_stand() {
        for (counted, status) in [
            (phase(3, 0, 0, 0), NodeStatus::Pending),
            (phase(3, 1, 2, 0), NodeStatus::Running),
            (phase(3, 1, 0, 0), NodeStatus::Running),
            (phase(3, 3, 0, 0), NodeStatus::Succeeded),
            (phase(3, 1, 1, 1), NodeStatus::Failed),
        ] {
            assert_eq!(counted.status(), status, "{counted:?}");
        }
        let mut counted = Phase::new(NodeKind::Deploy);
        NodeStatus::ALL.into_iter().for_each(|status| counted.count(status, 2));
        assert_eq!((counted.all, counted.done, counted.running, counted.failed, counted.dropped), (14, 2, 2, 2, 4));
    }
}
