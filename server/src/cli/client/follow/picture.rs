//! One release as it stands, and what each event changes in it. Pure but for the first look.

use std::collections::HashMap;

use launchway_domain::{Event, EventData, Node, NodeKey, NodeKind, NodeStatus, Release, ReleaseStatus, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::super::api::{Api, read};
use super::super::trouble::Outcome;
use super::super::wire::bilingual;

/// A release and its nodes.
pub(crate) struct Picture {
    /// The release.
    pub(crate) release: Release,
    /// Its nodes, parents before children.
    pub(crate) nodes: Vec<Node>,
    /// The last event that all of it includes.
    pub(crate) seq: i64,
    /// The last event that the nodes include.
    nodes_seq: i64,
    places: HashMap<NodeKey, usize>,
    progress: HashMap<NodeKey, (u64, u64)>,
}

/// What is different.
#[derive(Debug, PartialEq)]
pub(crate) enum Change {
    /// The release's status, or that it was asked to stop.
    Release,
    /// A node, by its place.
    Node(usize),
    /// How far a node is.
    Progress,
}

#[derive(Deserialize)]
struct Nodes {
    items: Vec<Node>,
    seq: i64,
}

impl Picture {
    /// Looks at a release.
    pub(crate) async fn load(api: &Api, id: i64) -> Outcome<Self> {
        let release = api.get(&format!("/releases/{id}"), &[]).await?;
        let nodes = api.get(&format!("/releases/{id}/nodes"), &[]).await?;
        Self::of(release, nodes)
    }

    fn of(release: Value, nodes: Value) -> Outcome<Self> {
        let seq = release.get("seq").and_then(Value::as_i64).unwrap_or(0);
        let nodes: Nodes = read(bilingual(nodes))?;
        Ok(Self {
            release: read(bilingual(release))?,
            places: nodes.items.iter().enumerate().map(|(at, node)| (node.key.clone(), at)).collect(),
            nodes_seq: nodes.seq,
            // Events between the two looks are folded in again; they change nothing twice.
            seq: seq.min(nodes.seq),
            nodes: nodes.items,
            progress: HashMap::new(),
        })
    }

    /// Folds an event in; none where it changes nothing.
    pub(crate) fn fold(&mut self, event: &Event) -> Option<Change> {
        if event.data.release_id() != Some(self.release.id) {
            return None;
        }
        let seq = event.seq.unwrap_or(i64::MAX);
        match &event.data {
            EventData::ReleaseStatus { status, cancel_requested, error, hold, .. } => {
                let release = &mut self.release;
                let same =
                    release.status == *status && release.cancel_requested == *cancel_requested && release.hold == *hold;
                if same || seq <= self.seq {
                    return None;
                }
                match status {
                    ReleaseStatus::Queued => release.queued_at = Some(event.at),
                    ReleaseStatus::Running if release.status != *status => release.started_at = Some(event.at),
                    status if status.is_final() => release.finished_at = Some(event.at),
                    _ => {}
                }
                (release.status, release.cancel_requested) = (*status, *cancel_requested);
                release.error.clone_from(error);
                release.hold.clone_from(hold);
                Some(Change::Release)
            }
            EventData::NodeStatus { node, .. } => {
                if seq <= self.nodes_seq {
                    return None;
                }
                self.progress.remove(&node.key);
                match self.places.get(&node.key) {
                    Some(&at) => {
                        let was = std::mem::replace(&mut self.nodes[at], Node::clone(node));
                        let same = (was.status, was.attempt) == (node.status, node.attempt);
                        (!same).then_some(Change::Node(at))
                    }
                    None => {
                        let at = self.nodes.len();
                        self.places.insert(node.key.clone(), at);
                        self.nodes.push(Node::clone(node));
                        Some(Change::Node(at))
                    }
                }
            }
            EventData::NodeProgress { node, done, total, .. } => {
                self.progress.insert(node.clone(), (*done, *total));
                Some(Change::Progress)
            }
            EventData::LogAppended { .. }
            | EventData::ReleaseWatching { .. }
            | EventData::LiveChanged { .. }
            | EventData::EnvironmentLocked(_)
            | EventData::EnvironmentUnlocked { .. }
            | EventData::EnvironmentChanged { .. } => None,
        }
    }

    /// Takes the place of an older look at the same release; what has changed meanwhile.
    pub(crate) fn succeed(&mut self, fresh: Self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (at, node) in fresh.nodes.iter().enumerate() {
            let was = self.places.get(&node.key).map(|at| &self.nodes[*at]);
            if was.is_none_or(|was| (was.status, was.attempt) != (node.status, node.attempt)) {
                changes.push(Change::Node(at));
            }
        }
        if self.release.status != fresh.release.status {
            changes.push(Change::Release);
        }
        *self = fresh;
        changes
    }

    /// How far a node is: bytes so far, and in all.
    pub(crate) fn progress(&self, node: &Node) -> Option<(u64, u64)> {
        self.progress.get(&node.key).copied().filter(|(_, total)| *total > 0 && node.status == NodeStatus::Running)
    }

    /// How much is done, in hundredths; none before there is a plan.
    pub(crate) fn percent(&self) -> Option<u64> {
        let steps = || self.nodes.iter().filter(|node| node.kind != NodeKind::Server);
        let all = steps().count() as u64 * 100;
        let done: u64 = steps()
            .map(|node| match self.progress(node) {
                _ if node.status.is_final() => 100,
                Some((done, total)) => done.min(total).saturating_mul(100) / total,
                None => 0,
            })
            .sum();
        (all > 0).then(|| done * 100 / all)
    }

    /// The name of a node's server; none for what happens on Launchway's host.
    pub(crate) fn server_of(&self, node: &Node) -> Option<&str> {
        let key = NodeKey::of(NodeKind::Server, Some(node.server_id?));
        self.places.get(&key).map(|at| self.nodes[*at].text.as_str())
    }

    /// How long something took, or takes: from its beginning to its end, or to now. In milliseconds.
    pub(crate) fn took(from: Option<Timestamp>, to: Option<Timestamp>, now: Timestamp) -> Option<i64> {
        from.map(|from| (to.unwrap_or(now).millis() - from.millis()).max(0))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use launchway_domain::{Lang, ReleaseId};
    use serde_json::json;

    use super::*;

    pub(crate) fn node(key: &str, kind: &str, server: Option<i64>, text: &str, status: &str) -> Value {
        let (started, finished) = match status {
            "pending" | "waiting" => (None, None),
            "running" => (Some("2026-05-01T10:00:00.000Z"), None),
            _ => (Some("2026-05-01T10:00:00.000Z"), Some("2026-05-01T10:00:01.500Z")),
        };
        json!({"key": key, "parent": null, "kind": kind, "server_id": server, "text": text, "status": status, "attempt": 1,
               "color": "#000", "started_at": started, "finished_at": finished})
    }

    pub(crate) fn picture(status: &str, nodes: Vec<Value>) -> Picture {
        let release = json!({
            "id": 7, "kind": "release", "project_id": 1, "project_title": "shop", "environment_id": 1,
            "environment_name": "test", "environment_kind": "test", "ref": {"kind": "tag", "name": "v1.2"},
            "commit": "0123456789abcdef0123456789abcdef01234567", "status": status, "hooks": {}, "note": null,
            "error": null, "cancel_requested": false, "created_by": 1, "created_by_name": "ada",
            "created_at": "2026-05-01T09:59:00.000Z", "queued_at": null, "started_at": "2026-05-01T10:00:00.000Z",
            "finished_at": null, "seq": 10
        });
        Picture::of(release, json!({"items": nodes, "next": null, "seq": 12})).unwrap()
    }

    fn event(seq: i64, node: Value) -> Event {
        let mut data = node;
        data["release_id"] = json!(7);
        let event = json!({"seq": seq, "topic": "release:7", "kind": "node.status", "at": "2026-05-01T10:00:02.000Z", "data": data});
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn an_event_changes_a_node_once() {
        let mut picture = picture("running", vec![node("download", "download", None, "download", "running")]);
        assert_eq!(picture.seq, 10);
        let done = node("download", "download", None, "download", "succeeded");
        assert_eq!(picture.fold(&event(12, done.clone())), None, "the look had it");
        assert_eq!(picture.fold(&event(13, done.clone())), Some(Change::Node(0)));
        assert_eq!(picture.fold(&event(14, done)), None, "nothing else is said");
        assert_eq!(picture.nodes[0].status, NodeStatus::Succeeded);
        let planned = node("package", "package", None, "package", "pending");
        assert_eq!(picture.fold(&event(15, planned)), Some(Change::Node(1)));
        assert_eq!(picture.percent(), Some(50));
    }

    #[test]
    fn a_message_over_rest_is_a_sentence_and_over_the_feed_both() {
        let mut failed = node("server:3/deploy", "deploy", Some(3), "deploy", "failed");
        failed["message"] = json!("The disk is full.");
        let picture = picture("running", vec![node("server:3", "server", Some(3), "web-1", "failed"), failed]);
        let message = picture.nodes[1].message.as_ref().unwrap();
        assert_eq!((message.get(Lang::En), message.get(Lang::Zh)), ("The disk is full.", "The disk is full."));
        assert_eq!(picture.server_of(&picture.nodes[1]), Some("web-1"));
        assert_eq!(picture.release.id, ReleaseId(7));
    }

    #[test]
    fn a_fresh_look_says_what_was_missed() {
        let mut old = picture("running", vec![node("download", "download", None, "download", "running")]);
        let fresh = picture(
            "succeeded",
            vec![
                node("download", "download", None, "download", "succeeded"),
                node("package", "package", None, "package", "succeeded"),
            ],
        );
        assert_eq!(old.succeed(fresh), [Change::Node(0), Change::Node(1), Change::Release]);
    }

    #[test]
    fn bytes_count_towards_the_percentage() {
        let mut picture = picture("running", vec![node("download", "download", None, "download", "running")]);
        let tick = json!({"topic": "release:7", "kind": "node.progress", "at": "2026-05-01T10:00:02.000Z",
                          "data": {"release_id": 7, "node": "download", "attempt": 1, "done": 30, "total": 120}});
        assert_eq!(picture.fold(&serde_json::from_value(tick).unwrap()), Some(Change::Progress));
        assert_eq!(picture.percent(), Some(25));
    }
}
