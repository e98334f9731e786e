//! Reading events from JSON.
//!
//! By hand, since a browser reads them: what serde derives for `tag` and `flatten` keeps every value in a buffer of its
//! own first, which was a tenth of the first page's module.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Event, EventData};
use crate::id::{EnvironmentId, ProjectId, ReleaseId, ServerId};
use crate::live::LiveState;
use crate::node::NodeKey;
use crate::policy::Hold;
use crate::queue::Lock;
use crate::release::LogStream;
use crate::status::ReleaseStatus;
use crate::text::Text;
use crate::time::Timestamp;

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default)]
            seq: Option<i64>,
            topic: String,
            at: Timestamp,
            kind: String,
            data: Box<RawValue>,
        }
        let Wire { seq, topic, at, kind, data } = Wire::deserialize(deserializer)?;
        Ok(Self { seq, topic, at, data: data_of(&kind, &data).map_err(D::Error::custom)? })
    }
}

impl<'de> Deserialize<'de> for EventData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            kind: String,
            data: Box<RawValue>,
        }
        let Wire { kind, data } = Wire::deserialize(deserializer)?;
        data_of(&kind, &data).map_err(D::Error::custom)
    }
}

/// What `data` says in an event of that kind.
fn data_of(kind: &str, data: &RawValue) -> serde_json::Result<EventData> {
    // Its node stands beside the release's number, not below a key of its own.
    if kind == "node.status" {
        #[derive(Deserialize)]
        struct Of {
            release_id: ReleaseId,
        }
        let Of { release_id } = serde_json::from_str(data.get())?;
        return Ok(EventData::NodeStatus { release_id, node: serde_json::from_str(data.get())? });
    }
    // The plain form of an enum, `{"kind": {…}}`, needs no buffer. A kind is a word: nothing in it to escape.
    if !kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.') {
        return Err(serde_json::Error::custom("an unknown kind of event"));
    }
    let plain = format!("{{\"{kind}\":{}}}", data.get());
    Plain::deserialize(&mut serde_json::Deserializer::from_str(&plain))
}

/// The other kinds once more: the compiler holds them against [`EventData`].
#[derive(Deserialize)]
#[serde(remote = "EventData")]
enum Plain {
    #[serde(rename = "release.status")]
    ReleaseStatus {
        release_id: ReleaseId,
        project_id: ProjectId,
        environment_id: EnvironmentId,
        status: ReleaseStatus,
        cancel_requested: bool,
        #[serde(default)]
        error: Option<Text>,
        #[serde(default)]
        start_at: Option<Timestamp>,
        #[serde(default)]
        hold: Option<Hold>,
        #[serde(default)]
        exception: Option<String>,
    },
    #[serde(rename = "log.appended")]
    LogAppended {
        release_id: ReleaseId,
        node: NodeKey,
        attempt: u32,
        from: u64,
        to: u64,
        stream: LogStream,
        #[serde(default)]
        text: Option<String>,
    },
    #[serde(rename = "node.progress")]
    NodeProgress { release_id: ReleaseId, node: NodeKey, attempt: u32, done: u64, total: u64 },
    #[serde(rename = "environment.locked")]
    EnvironmentLocked(Box<Lock>),
    #[serde(rename = "environment.unlocked")]
    EnvironmentUnlocked {
        environment_id: EnvironmentId,
        project_id: ProjectId,
        #[serde(default)]
        by: Option<String>,
    },
    #[serde(rename = "environment.changed")]
    EnvironmentChanged { environment_id: EnvironmentId, project_id: ProjectId },
    #[serde(rename = "release.watching")]
    ReleaseWatching { release_id: ReleaseId, people: Vec<String>, total: u32, walls: u32 },
    #[serde(rename = "live.changed")]
    LiveChanged {
        project_id: ProjectId,
        environment_id: EnvironmentId,
        server_id: ServerId,
        hostname: String,
        state: LiveState,
        #[serde(default)]
        detail: Option<Text>,
    },
}
