//! How a release ends: what becomes of the nodes that did not run, and what is said about it.
//!
//! `succeeded` means live on every server. A release that left some behind, though within its failure budget, has
//! therefore failed: it says where it is live and where not, and a retry takes it to those that it left behind.

use futures::future::join_all;
use launchway_domain::{LiveChange, Node, NodeKind, NodeStatus, ReleaseStatus, Text, text};

use super::execution::Execution;
use super::{End, StepEnd};
use crate::steps::housekeeping;

/// How many servers a sentence names.
const NAMED: usize = 5;

impl Execution {
    /// Settles the nodes that will not run, tidies up, and says how the release ended.
    pub(super) async fn conclude(&self) -> Result<End, StepEnd> {
        self.end_hooks().await?;
        let nodes = self.in_order();
        let failed: Vec<&Node> = nodes.iter().filter(|node| node.status == NodeStatus::Failed).collect();
        let canceled = self.context.cancel.is_cancelled() && nodes.iter().any(|n| n.status != NodeStatus::Succeeded);
        let rest = if canceled { NodeStatus::Canceled } else { NodeStatus::Skipped };
        let because = failed.first().map(|node| self.because(node));
        let open: Vec<Node> = nodes
            .iter()
            .filter(|node| !node.status.is_final())
            .map(|node| {
                // Where its own server failed, that is why; else the first that failed anywhere.
                let own = failed.iter().find(|failed| failed.server_id.is_some() && failed.server_id == node.server_id);
                let message = own.map(|node| self.because(node)).or_else(|| because.clone());
                Node { status: rest, message, finished_at: None, ..node.clone() }
            })
            .collect();
        if !open.is_empty() {
            self.write(open).await?;
        }
        if canceled || !failed.is_empty() {
            self.ask_what_is_live().await?;
        }
        let end = if canceled {
            End { status: ReleaseStatus::Canceled, error: self.where_it_is() }
        } else if let Some(first) = failed.first() {
            let summary = self.summary(first, failed.len());
            let error = match self.where_it_is() {
                Some(live) => text!("{} {}", "{}{}"; summary, live),
                None => summary,
            };
            End { status: ReleaseStatus::Failed, error: Some(error) }
        } else {
            End { status: ReleaseStatus::Succeeded, error: None }
        };
        housekeeping(&self.context, &self.in_order()).await;
        if end.status == ReleaseStatus::Succeeded {
            let work = self.context.data.work(self.context.release.id);
            let removed = tokio::task::spawn_blocking(move || crate::guard::clean(&work)).await;
            if let Ok(Err(error)) = removed {
                tracing::warn!(%error, release = %self.context.release.id, "removing a work folder");
            }
        }
        Ok(end)
    }

    /// Ends hooks that run under a cancel: the program before this one was killed while they did, and nothing came to
    /// look after them again.
    async fn end_hooks(&self) -> Result<(), StepEnd> {
        if !self.stopped() {
            return Ok(());
        }
        let nodes = self.in_order();
        let left = nodes.iter().filter(|node| node.status == NodeStatus::Running && node.kind.hook().is_some());
        let ended = join_all(left.map(|node| self.run_node(&node.key, None))).await;
        ended.into_iter().try_for_each(|end| end.map(drop))
    }

    fn because(&self, node: &Node) -> Text {
        let name = self.name(node);
        text!("Not run, since {} failed.", "因“{}”失败而未运行。"; name)
    }

    fn summary(&self, first: &Node, failures: usize) -> Text {
        let name = self.name(first);
        let message = first.message.clone().unwrap_or_else(|| NodeStatus::Failed.label());
        let host = first.server_id.and_then(|id| self.context.frozen.target(id)).map(|target| target.hostname.as_str());
        match (failures, host) {
            (1, _) => text!("{}: {}", "{}：{}"; name, message),
            // What is said of a server often names it already.
            (_, Some(host)) if message.en.contains(host) => {
                text!("{failures} servers failed. {}", "{failures} 台服务器失败。{}"; message)
            }
            (_, Some(_)) => {
                text!("{failures} servers failed. {}: {}", "{failures} 台服务器失败。{}：{}"; name, message)
            }
            (_, None) => text!("{failures} steps failed. {}: {}", "{failures} 个步骤失败。{}：{}"; name, message),
        }
    }

    /// Where the release is live and where not, once it was switched anywhere; else nothing has changed and nothing is
    /// said.
    fn where_it_is(&self) -> Option<Text> {
        let servers: Vec<Node> = self.in_order().into_iter().filter(|node| node.kind == NodeKind::Server).collect();
        let with = |change: LiveChange| {
            let named: Vec<&Node> =
                servers.iter().filter(|node| node.live.as_ref().is_some_and(|live| live.change == change)).collect();
            named
        };
        let (switched, back, unknown) =
            (with(LiveChange::Switched), with(LiveChange::SwitchedBack), with(LiveChange::Unknown));
        let all = servers.len();
        if !back.is_empty() {
            let count = back.len();
            let back =
                text!("{count} servers were switched back to what they had.", "已将 {count} 台服务器切换回原版本。");
            if switched.is_empty() {
                return Some(back);
            }
            let stuck = names(&switched);
            return Some(text!(
                "{} These could not be, and still have this release: {stuck}.",
                "{}以下服务器未能切换回去，仍为此发布：{stuck}。";
                back
            ));
        }
        if switched.is_empty() && unknown.is_empty() {
            return None;
        }
        if switched.is_empty() {
            let lost = names(&unknown);
            return Some(text!("What is live on {lost} is not known.", "无法得知 {lost} 上生效的版本。"));
        }
        let count = switched.len();
        let behind: Vec<&Node> = servers
            .iter()
            .filter(|node| node.live.as_ref().is_none_or(|live| live.change != LiveChange::Switched))
            .collect();
        if behind.is_empty() {
            return Some(text!("It is live on all {all} servers.", "已在全部 {all} 台服务器上生效。"));
        }
        let left = names(&behind);
        Some(text!(
            "It is live on {count} of {all} servers, and not on {left}.",
            "已在 {all} 台服务器中的 {count} 台生效，以下未生效：{left}。"
        ))
    }

    /// What people call a node: `upload on web-1`.
    fn name(&self, node: &Node) -> Text {
        let label = node.kind.label();
        match node.server_id.and_then(|id| self.context.frozen.target(id)) {
            Some(target) if node.kind == NodeKind::Server => Text::verbatim(target.hostname.as_str()),
            Some(target) => {
                let host = &target.hostname;
                text!("{} on {host}", "{host}：{}"; label)
            }
            None => label,
        }
    }
}

/// The first few names, and how many more there are.
pub(super) fn names(servers: &[&Node]) -> String {
    let mut named = servers.iter().take(NAMED).map(|node| node.text.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(more) = servers.len().checked_sub(NAMED).filter(|more| *more > 0) {
        named.push_str(&format!(" (+{more})"));
    }
    named
}
