//! The events of the feed: facts that were written down before anyone was told.

mod read;

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::id::{EnvironmentId, ProjectId, ReleaseId, ServerId};
use crate::live::LiveState;
use crate::node::{Node, NodeKey};
use crate::policy::Hold;
use crate::queue::Lock;
use crate::release::LogStream;
use crate::status::ReleaseStatus;
use crate::text::Text;
use crate::time::Timestamp;

/// What a client may listen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// `release:7`: everything about one release, its logs included.
    Release(ReleaseId),
    /// `project:3`: statuses of the releases and nodes of one project.
    Project(ProjectId),
    /// `wall`: the same for all projects.
    Wall,
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Topic::Release(id) => write!(f, "release:{id}"),
            Topic::Project(id) => write!(f, "project:{id}"),
            Topic::Wall => f.write_str("wall"),
        }
    }
}

impl FromStr for Topic {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        match s.split_once(':') {
            None if s == "wall" => Ok(Topic::Wall),
            Some(("release", id)) => id.parse().map(Topic::Release).map_err(drop),
            Some(("project", id)) => id.parse().map(Topic::Project).map_err(drop),
            _ => Err(()),
        }
    }
}

/// What happened. In JSON `kind` beside `data`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "data")]
pub enum EventData {
    /// A release was created or changed its status.
    #[serde(rename = "release.status")]
    ReleaseStatus {
        /// Which.
        release_id: ReleaseId,
        /// Of which project.
        project_id: ProjectId,
        /// Going where.
        environment_id: EnvironmentId,
        /// Its status now.
        status: ReleaseStatus,
        /// Whether somebody asked it to stop.
        cancel_requested: bool,
        /// Why it failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<Text>,
        /// When it is to start, where somebody chose a time.
        #[serde(skip_serializing_if = "Option::is_none")]
        start_at: Option<Timestamp>,
        /// Between which batches it waits, where it does.
        #[serde(skip_serializing_if = "Option::is_none")]
        hold: Option<Hold>,
        /// Why a rule of the environment's policy was broken for it, where somebody made an exception.
        #[serde(skip_serializing_if = "Option::is_none")]
        exception: Option<String>,
    },
    /// A node was planned or changed.
    #[serde(rename = "node.status")]
    NodeStatus {
        /// Of which release.
        release_id: ReleaseId,
        /// The node as it is now.
        #[serde(flatten)]
        node: Box<Node>,
    },
    /// A node's log grew.
    #[serde(rename = "log.appended")]
    LogAppended {
        /// Of which release.
        release_id: ReleaseId,
        /// Of which node.
        node: NodeKey,
        /// Of which run.
        attempt: u32,
        /// The byte offset at which it begins.
        from: u64,
        /// The byte offset after its end.
        to: u64,
        /// From where it came.
        stream: LogStream,
        /// The text itself, where it is short; else ask for the log from `from`.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// How far a node has come. Transient: not stored, and without a number.
    #[serde(rename = "node.progress")]
    NodeProgress {
        /// Of which release.
        release_id: ReleaseId,
        /// Of which node.
        node: NodeKey,
        /// Of which run.
        attempt: u32,
        /// Bytes so far.
        done: u64,
        /// Bytes in all; 0 where that is not known.
        total: u64,
    },
    /// Nothing new starts in an environment for now.
    #[serde(rename = "environment.locked")]
    EnvironmentLocked(Box<Lock>),
    /// Releases may start in an environment again.
    #[serde(rename = "environment.unlocked")]
    EnvironmentUnlocked {
        /// Which.
        environment_id: EnvironmentId,
        /// Of which project.
        project_id: ProjectId,
        /// Who lifted the lock; none where it ended by itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// An environment was changed: its servers, its path, or its policy with the freeze windows.
    #[serde(rename = "environment.changed")]
    EnvironmentChanged {
        /// Which.
        environment_id: EnvironmentId,
        /// Of which project.
        project_id: ProjectId,
    },
    /// Who has a release open has changed. Transient: not stored, and without a number.
    #[serde(rename = "release.watching")]
    ReleaseWatching {
        /// Which.
        release_id: ReleaseId,
        /// The names of the people, each once, in alphabetical order; the first of them where there are many.
        people: Vec<String>,
        /// How many people there are in all.
        total: u32,
        /// How many screens show the wall.
        walls: u32,
    },
    /// What is live on a server was found to be otherwise than at the last look: it drifted, settled, or went out of reach.
    #[serde(rename = "live.changed")]
    LiveChanged {
        /// Of which project.
        project_id: ProjectId,
        /// In which environment.
        environment_id: EnvironmentId,
        /// On which server.
        server_id: ServerId,
        /// The server's name.
        hostname: String,
        /// How it is now.
        state: LiveState,
        /// What is wrong, where something is.
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<Text>,
    },
}

impl EventData {
    /// The word in `kind`.
    pub fn kind(&self) -> &'static str {
        match self {
            EventData::ReleaseStatus { .. } => "release.status",
            EventData::NodeStatus { .. } => "node.status",
            EventData::LogAppended { .. } => "log.appended",
            EventData::NodeProgress { .. } => "node.progress",
            EventData::EnvironmentLocked(_) => "environment.locked",
            EventData::EnvironmentUnlocked { .. } => "environment.unlocked",
            EventData::EnvironmentChanged { .. } => "environment.changed",
            EventData::ReleaseWatching { .. } => "release.watching",
            EventData::LiveChanged { .. } => "live.changed",
        }
    }

    /// The release that it is about; none where it is about an environment.
    pub fn release_id(&self) -> Option<ReleaseId> {
        match self {
            EventData::ReleaseStatus { release_id, .. }
            | EventData::NodeStatus { release_id, .. }
            | EventData::LogAppended { release_id, .. }
            | EventData::NodeProgress { release_id, .. }
            | EventData::ReleaseWatching { release_id, .. } => Some(*release_id),
            EventData::LiveChanged { .. }
            | EventData::EnvironmentLocked(_)
            | EventData::EnvironmentUnlocked { .. }
            | EventData::EnvironmentChanged { .. } => None,
        }
    }

    /// The environment at whose door something may be otherwise now: its queue, its lock, its freezes; none of what is
    /// only about the steps of a release.
    pub fn at_door_of(&self) -> Option<EnvironmentId> {
        match self {
            EventData::EnvironmentLocked(lock) => Some(lock.environment_id),
            EventData::ReleaseStatus { environment_id, .. }
            | EventData::EnvironmentUnlocked { environment_id, .. }
            | EventData::EnvironmentChanged { environment_id, .. } => Some(*environment_id),
            EventData::NodeStatus { .. }
            | EventData::LogAppended { .. }
            | EventData::NodeProgress { .. }
            | EventData::ReleaseWatching { .. }
            | EventData::LiveChanged { .. } => None,
        }
    }

    /// Whether those who listen to a project or to the wall are told: all but the logs.
    pub fn is_public(&self) -> bool {
        !matches!(self, EventData::LogAppended { .. })
    }
}

/// One fact, as the feed sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Its number: greater than that of everything committed before it. Absent for progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// The topic by which the client hears of it: of those it named, the first that fits.
    pub topic: String,
    /// When it was written down.
    pub at: Timestamp,
    /// What happened: `kind` and `data`.
    #[serde(flatten)]
    pub data: EventData,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_as_the_contract_draws_it() {
        let event = Event {
            seq: Some(1042),
            topic: "release:7".into(),
            at: Timestamp(0),
            data: EventData::ReleaseStatus {
                release_id: ReleaseId(7),
                project_id: ProjectId(1),
                environment_id: EnvironmentId(2),
                status: ReleaseStatus::Running,
                cancel_requested: false,
                error: None,
                start_at: None,
                hold: None,
                exception: Some("the shop is down".into()),
            },
        };
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["seq"], 1042);
        assert_eq!(json["topic"], "release:7");
        assert_eq!(json["kind"], "release.status");
        assert_eq!(json["data"]["status"], "running");
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
    }

    #[test]
    fn every_kind_survives_json() {
        let release_id = ReleaseId(7);
        let node = NodeKey("package".into());
        let all = [
            EventData::LogAppended {
                release_id,
                node: node.clone(),
                attempt: 1,
                from: 0,
                to: 2,
                stream: LogStream::Output,
                text: Some("a\n".into()),
            },
            EventData::NodeProgress { release_id, node, attempt: 1, done: 1, total: 2 },
            EventData::ReleaseWatching { release_id, people: vec!["ann".into()], total: 1, walls: 0 },
            EventData::EnvironmentLocked(Box::new(Lock { reason: "stocktaking".into(), ..Lock::default() })),
            EventData::EnvironmentUnlocked {
                environment_id: EnvironmentId(2),
                project_id: ProjectId(1),
                by: Some("ann".into()),
            },
            EventData::EnvironmentChanged { environment_id: EnvironmentId(2), project_id: ProjectId(1) },
            EventData::LiveChanged {
                project_id: ProjectId(1),
                environment_id: EnvironmentId(2),
                server_id: ServerId(3),
                hostname: "web-1".into(),
                state: LiveState::Drift,
                detail: Some(Text::new("moved", "被移动")),
            },
        ];
        for data in all {
            let event = Event { seq: None, topic: "release:7".into(), at: Timestamp(5), data };
            let json = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
        }
        assert!(serde_json::from_str::<EventData>(r#"{"kind":"nobody.knows","data":{}}"#).is_err());
    }

    #[test]
    fn topics_are_read_back() {
        for topic in [Topic::Wall, Topic::Release(ReleaseId(7)), Topic::Project(ProjectId(3))] {
            assert_eq!(topic.to_string().parse(), Ok(topic));
        }
        assert_eq!("release:x".parse::<Topic>(), Err(()));
    }
}
