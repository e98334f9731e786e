//! From a release to its nodes: pure, from rows alone.

use std::collections::HashSet;

use launchway_domain::{
    CredentialId, Hooks, Node, NodeKey, NodeKind, NodeStatus, Policy, ReleaseId, ServerId, Text, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::lineage::Source;

/// What a release runs with: written down when it starts, so that nothing edited meanwhile changes a
/// release on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// When the release was put into the queue for the start that this belongs to. A retry reads
    /// addresses, credentials and host keys anew, since a wrong one may be why it failed.
    pub queued_at: Option<Timestamp>,
    /// The project's title, for `LAUNCHWAY_PROJECT`.
    pub project: String,
    /// The environment's name, for `LAUNCHWAY_ENVIRONMENT`.
    pub environment: String,
    /// Where Git finds the repository.
    pub repo_url: String,
    /// What opens it.
    pub git_credential_id: Option<CredentialId>,
    /// The repository's pinned host key.
    pub git_host_key: Option<String>,
    /// The folder of the tree that is packed.
    pub package_root: Option<String>,
    /// How many releases stay on each server.
    pub keep: u32,
    /// How the release proceeds.
    #[serde(default)]
    pub policy: Policy,
    /// The scripts.
    pub hooks: Hooks,
    /// Which release's tree goes live: its own, or for a rollback the one to return to.
    pub tree_of: ReleaseId,
    /// Where that tree comes from.
    #[serde(default)]
    pub source: Source,
    /// Why it is built although an earlier release had built it.
    #[serde(default)]
    pub rebuilt: Option<Text>,
    /// The servers, in the environment's order.
    pub targets: Vec<Target>,
}

/// One server as it is when the release starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Which server.
    pub server_id: ServerId,
    /// Its name.
    pub hostname: String,
    /// Where it is reached.
    pub address: String,
    /// Its SSH port.
    pub port: u16,
    /// What opens it.
    pub credential_id: CredentialId,
    /// Its pinned host key.
    pub host_key: Option<String>,
    /// The environment's folder on it, `{hostname}` filled in.
    pub path: String,
}

impl Frozen {
    /// The target with this id.
    pub fn target(&self, id: ServerId) -> Option<&Target> {
        self.targets.iter().find(|target| target.server_id == id)
    }

    /// Targets that plainly are one place: same address, port and folder. The servers themselves are
    /// asked too when they are probed; this needs no connection.
    pub fn same_place(&self) -> Option<(&Target, &Target)> {
        let mut seen = HashSet::new();
        let double = self.targets.iter().find(|t| !seen.insert((&t.address, t.port, &t.path)))?;
        let first = self
            .targets
            .iter()
            .find(|t| (&t.address, t.port, &t.path) == (&double.address, double.port, &double.path))?;
        Some((first, double))
    }
}

/// The nodes of a release, parents before children, all `pending`: the chain on this host, then one
/// branch per server.
pub fn plan(frozen: &Frozen) -> Vec<Node> {
    let mut nodes = vec![node(NodeKind::Start, None, None, None)];
    let here: &[NodeKind] = match frozen.source {
        Source::Build => &[NodeKind::BeforeDownload, NodeKind::Download, NodeKind::AfterDownload, NodeKind::Package],
        // The tree was packed by the release that it comes from.
        Source::Stored(_) => &[],
    };
    let mut parent = nodes[0].key.clone();
    for kind in here.iter().copied().filter(|kind| wanted(*kind, frozen)) {
        let next = node(kind, None, None, Some(parent));
        parent = next.key.clone();
        nodes.push(next);
    }
    let batches = frozen.policy.rollout.batches(frozen.targets.len());
    let batch_of: Vec<u32> = (1..).zip(&batches).flat_map(|(batch, size)| std::iter::repeat_n(batch, *size)).collect();
    for (index, target) in frozen.targets.iter().enumerate() {
        let mut server = node(NodeKind::Server, Some(target.server_id), Some(&target.hostname), Some(parent.clone()));
        server.batch = batch_of.get(index).copied().filter(|_| batches.len() > 1);
        let mut above = server.key.clone();
        nodes.push(server);
        for kind in
            [NodeKind::Upload, NodeKind::BeforeDeploy, NodeKind::Deploy, NodeKind::AfterDeploy, NodeKind::Health]
        {
            if wanted(kind, frozen) {
                let next = node(kind, Some(target.server_id), None, Some(above));
                above = next.key.clone();
                nodes.push(next);
            }
        }
    }
    nodes
}

/// A hook has a node only where it says anything, and health only where the policy asks for it.
fn wanted(kind: NodeKind, frozen: &Frozen) -> bool {
    match kind {
        NodeKind::Health => frozen.policy.rollout.health.is_some(),
        kind => kind.hook().is_none_or(|point| frozen.hooks.at(point).is_some()),
    }
}

fn node(kind: NodeKind, server: Option<ServerId>, text: Option<&str>, parent: Option<NodeKey>) -> Node {
    Node {
        key: NodeKey::of(kind, server),
        parent,
        kind,
        server_id: server,
        text: text.map_or_else(|| kind.label().get(launchway_domain::Lang::En).to_owned(), str::to_owned),
        status: NodeStatus::Pending,
        attempt: 0,
        color: NodeStatus::Pending.color().to_owned(),
        started_at: None,
        finished_at: None,
        exit_status: None,
        message: None::<Text>,
        batch: None,
        live: None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn frozen(hooks: Hooks, servers: &[(i64, &str, &str)]) -> Frozen {
        Frozen {
            queued_at: None,
            project: "shop".into(),
            environment: "test".into(),
            repo_url: "/srv/shop.git".into(),
            git_credential_id: None,
            git_host_key: None,
            package_root: None,
            keep: 5,
            policy: Policy::default(),
            hooks,
            tree_of: ReleaseId(7),
            source: Source::Build,
            rebuilt: None,
            targets: servers
                .iter()
                .map(|(id, hostname, path)| Target {
                    server_id: ServerId(*id),
                    hostname: (*hostname).into(),
                    address: "127.0.0.1".into(),
                    port: 22,
                    credential_id: CredentialId(1),
                    host_key: None,
                    path: (*path).into(),
                })
                .collect(),
        }
    }

    fn lines(nodes: &[Node]) -> Vec<String> {
        nodes.iter().map(|n| format!("{} < {}", n.key, n.parent.as_ref().map_or("-", |p| p.as_str()))).collect()
    }

    #[test]
    fn every_hook_that_says_something_has_its_node() {
        let hooks = Hooks {
            before_download: Some("echo".into()),
            after_download: Some("make".into()),
            before_deploy: Some("  \n".into()),
            after_deploy: Some("reload".into()),
        };
        let nodes = plan(&frozen(hooks, &[(3, "a", "/srv/a"), (5, "b", "/srv/b")]));
        assert_eq!(
            lines(&nodes),
            [
                "start < -",
                "before_download < start",
                "download < before_download",
                "after_download < download",
                "package < after_download",
                "server:3 < package",
                "server:3/upload < server:3",
                "server:3/deploy < server:3/upload",
                "server:3/after_deploy < server:3/deploy",
                "server:5 < package",
                "server:5/upload < server:5",
                "server:5/deploy < server:5/upload",
                "server:5/after_deploy < server:5/deploy",
            ]
        );
        assert_eq!(nodes[5].text, "a");
    }

    #[test]
    fn what_was_packed_before_is_not_built() {
        let build = Hooks { after_download: Some("make".into()), ..Hooks::default() };
        let frozen = frozen(build, &[(3, "a", "/srv/a")]);
        let nodes = plan(&Frozen { source: Source::Stored(ReleaseId(3)), ..frozen });
        assert_eq!(
            lines(&nodes),
            ["start < -", "server:3 < start", "server:3/upload < server:3", "server:3/deploy < server:3/upload"]
        );
    }

    #[test]
    fn batches_and_the_health_gate_are_planned_where_the_policy_has_them() {
        let policy = r#"{"rollout":{"strategy":"canary","batch":2,"health":{"kind":"tcp","port":80}}}"#;
        let servers = [(1, "a", "/a"), (2, "b", "/b"), (3, "c", "/c"), (4, "d", "/d")];
        let frozen = Frozen { policy: serde_json::from_str(policy).unwrap(), ..frozen(Hooks::default(), &servers) };
        let nodes = plan(&frozen);
        let batches: Vec<_> = nodes.iter().filter(|n| n.kind == NodeKind::Server).map(|n| n.batch).collect();
        assert_eq!(batches, [Some(1), Some(2), Some(2), Some(3)]);
        assert_eq!(lines(&nodes)[6], "server:1/health < server:1/deploy");
        assert!(nodes.iter().filter(|n| n.kind != NodeKind::Server).all(|n| n.batch.is_none()));
    }

    #[test]
    fn each_server_is_planned_in_one_batch_in_the_environments_order() {
        let names: Vec<String> = (1..=40).map(|n| format!("s{n}")).collect();
        for policy in [
            r#"{"rollout":{"strategy":"batches","batch":1}}"#,
            r#"{"rollout":{"strategy":"batches","batch":"33%"}}"#,
            r#"{"rollout":{"strategy":"batches","batch":100}}"#,
            r#"{"rollout":{"strategy":"canary"}}"#,
            r#"{"rollout":{"strategy":"canary","first":"10%","batch":7}}"#,
        ] {
            for count in 1..=names.len() {
                let servers: Vec<(i64, &str, &str)> =
                    (1_i64..).zip(&names).take(count).map(|(id, name)| (id, name.as_str(), name.as_str())).collect();
                let policy: Policy = serde_json::from_str(policy).unwrap();
                let sizes = policy.rollout.batches(count);
                let nodes = plan(&Frozen { policy, ..frozen(Hooks::default(), &servers) });
                let planned: Vec<_> = nodes.iter().filter(|n| n.kind == NodeKind::Server).collect();
                let ids: Vec<_> = planned.iter().filter_map(|n| n.server_id).map(|id| id.0).collect();
                assert_eq!(ids, servers.iter().map(|server| server.0).collect::<Vec<_>>());
                // One batch is none.
                let of = |batch: u32| planned.iter().filter(|n| n.batch.unwrap_or(1) == batch).count();
                assert_eq!((1..).zip(&sizes).map(|(batch, _)| of(batch)).collect::<Vec<_>>(), sizes, "{count}");
                assert!(planned.iter().map(|n| n.batch).is_sorted(), "{count}");
            }
        }
    }

    #[test]
    fn one_place_named_twice_is_found_without_a_connection() {
        assert!(frozen(Hooks::default(), &[(1, "a", "/srv/a"), (2, "b", "/srv/b")]).same_place().is_none());
        let doubled = frozen(Hooks::default(), &[(1, "a", "/srv/x"), (2, "b", "/srv/x")]);
        let (one, two) = doubled.same_place().unwrap();
        assert_eq!((one.hostname.as_str(), two.hostname.as_str()), ("a", "b"));
    }
}
