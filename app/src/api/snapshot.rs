//! A release as its page carries it: small, since a release of a thousand servers has five thousand nodes.
//!
//! What follows from something else is left out: a node's key from its kind and server, its colour from its status, its
//! parent's key from the parent's place. Thirty bytes a node, instead of three hundred.

use launchway_domain::{
    EnvironmentId, Node, NodeKey, NodeKind, NodeLive, NodeStatus, Release, ReleaseSnapshot, ServerId, Standing, Text,
    Timestamp,
};
use serde::{Deserialize, Serialize};

/// What the page of a release begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Packed", into = "Packed")]
pub struct ReleaseStart {
    /// The release, its nodes, and the event up to which both are told.
    pub snapshot: ReleaseSnapshot,
    /// How it stands in its environment.
    pub standing: Standing,
    /// The environments for production that it can be promoted to once it is live in one for test.
    pub promote_to: Vec<(EnvironmentId, String)>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Packed {
    release: Release,
    seq: i64,
    standing: Standing,
    nodes: Vec<Row>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    promote_to: Vec<(EnvironmentId, String)>,
}

/// Kind; server, 0 for none; the parent's place counted from 1, 0 for none; status; attempt; when it began, in milliseconds
/// after the release was made; how long it took; the rest.
#[derive(Clone, Serialize, Deserialize)]
struct Row(u8, i64, u32, u8, u32, Option<i64>, Option<i64>, Option<Rest>);

/// What few nodes have.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Rest {
    /// A key that does not follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// A parent that is not among the nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    /// A text that is not that of its kind: a hostname.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// An end without a beginning, in milliseconds after the release was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<NodeLive>,
}

fn number<T: PartialEq>(all: &[T], one: &T) -> u8 {
    all.iter().position(|known| known == one).unwrap_or(0) as u8
}

impl From<ReleaseStart> for Packed {
    fn from(start: ReleaseStart) -> Self {
        let ReleaseSnapshot { release, nodes, seq } = start.snapshot;
        let origin = release.created_at.0;
        // A parent stands right before its child, or in the trunk, which comes first.
        let place_of = |index: usize, key: &NodeKey| match index.checked_sub(1) {
            Some(before) if nodes[before].key == *key => Some(before),
            _ => nodes[..index].iter().position(|node| node.key == *key),
        };
        let rows = nodes.iter().enumerate().map(|(index, node)| {
            let parent = node.parent.as_ref().map(|key| (key, place_of(index, key)));
            let rest = Rest {
                key: (node.key != NodeKey::of(node.kind, node.server_id)).then(|| node.key.0.clone()),
                parent: parent.filter(|(_, place)| place.is_none()).map(|(key, _)| key.0.clone()),
                text: (node.text != node.kind.as_str()).then(|| node.text.clone()),
                ended: node.finished_at.filter(|_| node.started_at.is_none()).map(|at| at.0 - origin),
                exit: node.exit_status,
                message: node.message.clone(),
                batch: node.batch,
                live: node.live.clone(),
            };
            Row(
                number(&NodeKind::ALL, &node.kind),
                node.server_id.map_or(0, |id| id.0),
                parent.and_then(|(_, place)| place).map_or(0, |place| place as u32 + 1),
                number(&NodeStatus::ALL, &node.status),
                node.attempt,
                node.started_at.map(|at| at.0 - origin),
                node.started_at.zip(node.finished_at).map(|(began, ended)| ended.0 - began.0),
                (rest != Rest::default()).then_some(rest),
            )
        });
        let nodes = rows.collect();
        Self { release, seq, standing: start.standing, nodes, promote_to: start.promote_to }
    }
}

impl From<Packed> for ReleaseStart {
    fn from(packed: Packed) -> Self {
        let origin = packed.release.created_at.0;
        let mut nodes: Vec<Node> = Vec::with_capacity(packed.nodes.len());
        for Row(kind, server, parent, status, attempt, began, took, rest) in packed.nodes {
            let rest = rest.unwrap_or_default();
            let kind = NodeKind::ALL.get(usize::from(kind)).copied().unwrap_or(NodeKind::Start);
            let status = NodeStatus::ALL.get(usize::from(status)).copied().unwrap_or(NodeStatus::Pending);
            let server_id = (server != 0).then_some(ServerId(server));
            let above = (parent as usize).checked_sub(1).and_then(|place| nodes.get(place));
            nodes.push(Node {
                key: rest.key.map_or_else(|| NodeKey::of(kind, server_id), NodeKey),
                parent: above.map(|node| node.key.clone()).or_else(|| rest.parent.map(NodeKey)),
                kind,
                server_id,
                text: rest.text.unwrap_or_else(|| kind.as_str().to_owned()),
                status,
                attempt,
                color: status.color().to_owned(),
                started_at: began.map(|at| Timestamp(origin + at)),
                finished_at: began
                    .zip(took)
                    .map(|(at, took)| at + took)
                    .or(rest.ended)
                    .map(|at| Timestamp(origin + at)),
                exit_status: rest.exit,
                message: rest.message,
                batch: rest.batch,
                live: rest.live,
            });
        }
        let snapshot = ReleaseSnapshot { release: packed.release, nodes, seq: packed.seq };
        Self { snapshot, standing: packed.standing, promote_to: packed.promote_to }
    }
}

#[cfg(test)]
mod tests {
    use launchway_domain::{EnvironmentKind, ProjectId, ReleaseId, ReleaseStatus};

    use super::*;

    fn start(servers: i64) -> ReleaseStart {
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
            created_at: Timestamp(1_777_624_200_250),
            ..Default::default()
        };
        let node = |kind: NodeKind, server: Option<i64>, parent: Option<NodeKey>, n: i64| {
            let status = NodeStatus::ALL[n as usize % NodeStatus::ALL.len()];
            Node {
                key: NodeKey::of(kind, server.map(ServerId)),
                parent,
                kind,
                server_id: server.map(ServerId),
                text: if kind == NodeKind::Server { format!("web-{n}") } else { kind.as_str().into() },
                status,
                attempt: n as u32 % 3,
                color: status.color().into(),
                started_at: (n % 2 == 0).then_some(Timestamp(1_777_624_260_000 + n)),
                finished_at: (n % 3 == 0).then_some(Timestamp(1_777_624_270_000 + n)),
                exit_status: (n % 50 == 0).then_some(7),
                message: (n % 70 == 0).then(|| Text::new("no", "不")),
                batch: (n % 60 == 1).then_some(2),
                live: (n % 90 == 1)
                    .then(|| NodeLive::of_link(Some("releases/6"), launchway_domain::LiveChange::Unchanged)),
            }
        };
        let mut nodes = vec![node(NodeKind::Start, None, None, 0)];
        for server in 1..=servers {
            let mut parent = nodes[0].key.clone();
            for kind in [NodeKind::Server, NodeKind::Upload, NodeKind::BeforeDeploy, NodeKind::Deploy] {
                let n = nodes.len() as i64;
                nodes.push(node(kind, Some(server), Some(parent), n));
                parent = nodes[nodes.len() - 1].key.clone();
            }
        }
        ReleaseStart {
            snapshot: ReleaseSnapshot { release, nodes, seq: 42 },
            standing: Standing { is_live: true, servers: 40, ..Standing::default() },
            promote_to: vec![(EnvironmentId(2), "live".into())],
        }
    }

    #[test]
    fn what_is_packed_comes_out_as_it_was() {
        let mut start = start(40);
        start.snapshot.nodes[3].key = NodeKey("odd".into());
        start.snapshot.nodes[9].parent = Some(NodeKey("gone".into()));
        let json = serde_json::to_string(&start).unwrap();
        assert_eq!(serde_json::from_str::<ReleaseStart>(&json).unwrap(), start);
    }

    #[test]
    fn a_node_takes_little_room() {
        let start = start(1000);
        let nodes = start.snapshot.nodes.len();
        assert!(serde_json::to_string(&start).unwrap().len() < nodes * 50);
    }
}
