//! Before a retry goes on: whether the servers that it has switched still have it.

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use launchway_domain::{LiveChange, Node, NodeKey, NodeKind, NodeLive, NodeStatus, ReleaseStatus, text};

use super::end::names;
use super::execution::Execution;
use super::{End, StepEnd};
use crate::steps::{StepError, look};

impl Execution {
    /// How a retry ends where servers that it had switched have something else by now: to go on with the others would
    /// leave two releases live and call them one. Nothing is touched then; a further retry begins anew on those servers.
    /// A server that cannot be asked counts as it was.
    pub(super) async fn was_replaced(&self) -> Result<Option<End>, StepEnd> {
        let release = &self.context.release;
        // It was put into the queue again after it had begun.
        let is_retry = release.started_at.zip(release.queued_at).is_some_and(|(started, queued)| queued > started);
        if !is_retry || self.stopped() {
            return Ok(None);
        }
        let servers = self.in_order().into_iter().filter(|node| node.kind == NodeKind::Server);
        let switched = servers.filter(|server| {
            let deploy = self.node(&NodeKey::of(NodeKind::Deploy, server.server_id));
            deploy.is_some_and(|deploy| deploy.status == NodeStatus::Succeeded)
        });
        let mut asked: FuturesUnordered<_> = switched.map(|server| self.has_another(server)).collect();
        let mut replaced = Vec::new();
        while let Some(found) = asked.next().await {
            replaced.extend(found?);
        }
        if replaced.is_empty() {
            return Ok(None);
        }
        replaced.sort_by_key(|server| self.keys.iter().position(|key| *key == server.key));
        let named = names(&replaced.iter().collect::<Vec<_>>());
        self.write(replaced).await?;
        let error = text!(
            "Something else went live on {named} since this release was switched there, so nothing was touched. Retry \
             once more to put this release there again, or make a new one.",
            "此发布切换之后，{named} 上已生效其他版本，因此未做任何改动。再次重试可将此发布重新上线，或创建新的发布。"
        );
        Ok(Some(End { status: ReleaseStatus::Failed, error: Some(error) }))
    }

    /// The server with what is live there, where that is not this release.
    async fn has_another(&self, mut server: Node) -> Result<Option<Node>, StepEnd> {
        let Ok(_place) = self.servers.clone().acquire_owned().await else { return Err(StepEnd::Stopped) };
        let limits = self.context.regardless(self.context.limits.command);
        match look(&self.context, &server, limits).await {
            Ok(now) => {
                let now = NodeLive::of_link(now.as_deref(), LiveChange::Unchanged);
                if now.release_id == Some(self.context.frozen.tree_of) {
                    return Ok(None);
                }
                server.live = Some(now);
                Ok(Some(server))
            }
            Err(StepError::Store(error)) => Err(error.into()),
            Err(StepError::Failed { .. } | StepError::Canceled | StepError::Vanished) => Ok(None),
        }
    }
}
