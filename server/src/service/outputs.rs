//! What one script printed on many servers, said once for all on which it printed the same.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use launchway_app::ports::Answer;
use launchway_domain::log::groups::{OutputGroup, Outputs, alike};
use launchway_domain::{Actor, Fault, LogStream, Node, NodeKind, ReleaseId, ServerId, Text, text};
use launchway_engine::alike::diff;

use super::Core;
use super::fault::{noun, of_store};

/// How much of each server's output is compared, in bytes.
const COMPARED: usize = 64 << 10;
/// The most groups that are told whole; the servers of the others are told without their outputs.
const GROUPS: usize = 50;

impl Core {
    /// The outputs of one step of a release on all its servers. What is compared is what the script printed: neither
    /// Launchway's own lines nor times are part of it.
    pub(super) async fn outputs(&self, actor: &Actor, id: ReleaseId, kind: NodeKind) -> Answer<Outputs> {
        self.release_with_log(actor, id).await?;
        if !matches!(kind, NodeKind::BeforeDeploy | NodeKind::AfterDeploy) {
            let message = text!(
                "{} or {}: what runs on servers.",
                "应为 {} 或 {}：在服务器上运行的步骤。";
                Text::verbatim(NodeKind::BeforeDeploy.as_str()),
                Text::verbatim(NodeKind::AfterDeploy.as_str())
            );
            return Err(Fault::field("kind", "invalid", message));
        }
        let said = |error| of_store(error, &noun("release", "发布", id));
        let nodes = self.store.nodes(id).await.map_err(said)?;
        let hosts: HashMap<ServerId, &str> = nodes
            .iter()
            .filter(|node| node.kind == NodeKind::Server)
            .filter_map(|node| Some((node.server_id?, node.text.as_str())))
            .collect();
        let (ended, open): (Vec<&Node>, Vec<&Node>) = nodes
            .iter()
            .filter(|node| node.kind == kind && node.server_id.is_some())
            .partition(|node| node.status.is_final() && node.attempt > 0);
        // Each text once, however many servers printed it.
        let mut texts: HashSet<Arc<str>> = HashSet::new();
        let mut outcomes = Vec::with_capacity(ended.len());
        let mut cut = false;
        for node in ended {
            let page = self.store.log_page(id, &node.key, None, 0, COMPARED).await.map_err(said)?;
            cut |= !page.done;
            let printed = page.items.iter().filter(|line| line.stream == LogStream::Output);
            let printed: String = printed.map(|line| line.text.as_str()).collect();
            let printed = match texts.get(printed.as_str()) {
                Some(known) => Arc::clone(known),
                None => {
                    let printed: Arc<str> = printed.into();
                    texts.insert(Arc::clone(&printed));
                    printed
                }
            };
            let host = node.server_id.and_then(|server| hosts.get(&server)).copied().unwrap_or_default();
            outcomes.push((host.to_owned(), (node.exit_status, printed)));
        }
        let servers = outcomes.len();
        let found = alike(outcomes);
        // What the others are held against.
        let name = |hosts: &[String]| hosts.first().cloned().unwrap_or_default();
        let most = found.first().map(|(hosts, (_, output))| (name(hosts), Arc::clone(output)));
        let groups = found
            .into_iter()
            .enumerate()
            .map(|(place, (hosts, (exit_status, output)))| OutputGroup {
                diff: most
                    .as_ref()
                    .filter(|(_, most)| (1..GROUPS).contains(&place) && *most != output)
                    .map(|(whose, most)| diff(most, &output, whose, &name(&hosts))),
                hosts,
                exit_status,
                output: if place < GROUPS { output.to_string() } else { String::new() },
            })
            .collect();
        Ok(Outputs { kind, servers, waiting: open.len(), cut, groups })
    }
}
