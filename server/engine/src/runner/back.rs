//! What is live where at the end of a release; and the way back where it stops.

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use launchway_domain::{LiveChange, Node, NodeKey, NodeKind, NodeLive, NodeStatus, OnFailure, Text, text};

use super::StepEnd;
use super::execution::Execution;
use crate::log::{LogHandle, NodeLog};
use crate::steps::{StepError, again, look, switch_back};

impl Execution {
    /// Switches every server that has switched back to what it had, where the policy says so and too many have failed.
    /// Told by the rows alone, so that it is gone on with after a crash.
    pub(super) async fn go_back(&self) -> Result<(), StepEnd> {
        if self.context.frozen.policy.rollout.on_failure != OnFailure::SwitchBack || !self.is_over(None) {
            return Ok(());
        }
        // One that failed may have switched all the same: its answer was lost.
        let switched: Vec<Node> = self
            .in_order()
            .into_iter()
            .filter(|node| node.kind == NodeKind::Deploy)
            .filter(|node| matches!(node.status, NodeStatus::Succeeded | NodeStatus::Failed | NodeStatus::Canceled))
            .filter(|node| node.attempt > 0 && !self.is_back(node))
            .collect();
        let mut going: FuturesUnordered<_> = switched.into_iter().map(|node| self.one_back(node)).collect();
        while let Some(outcome) = going.next().await {
            outcome?;
        }
        Ok(())
    }

    fn is_back(&self, deploy: &Node) -> bool {
        let server = self.node(&NodeKey::of(NodeKind::Server, deploy.server_id));
        server.and_then(|server| server.live).is_some_and(|live| live.change == LiveChange::SwitchedBack)
    }

    async fn one_back(&self, deploy: Node) -> Result<(), StepEnd> {
        let context = &self.context;
        if context.leave.is_cancelled() {
            return Err(StepEnd::Stopped);
        }
        let Ok(_place) = self.servers.clone().acquire_owned().await else { return Err(StepEnd::Stopped) };
        let log = NodeLog::open(
            context.store.clone(),
            context.lease.clone(),
            deploy.key.clone(),
            deploy.attempt,
            context.redactor.clone(),
            self.log_cap,
            0,
        );
        let mut outcome = switch_back(context, &deploy, log.handle()).await;
        match &mut outcome {
            Ok(Some((live, current))) => self.settle(&deploy, live, current.take(), log.handle()).await?,
            Err(StepError::Failed { text, .. }) => {
                log.handle().say(format!("Switching back failed: {}", text.en)).await;
            }
            _ => {}
        }
        log.close().await?;
        let Some(mut server) = self.node(&NodeKey::of(NodeKind::Server, deploy.server_id)) else { return Ok(()) };
        let mut changed = Vec::new();
        match outcome {
            Ok(None) => return Ok(()),
            Ok(Some((live, _))) => {
                let to = match (live.release_id, live.change) {
                    (_, LiveChange::Unchanged) => Text::new("Not live any more.", "已不再生效。"),
                    (Some(id), _) => text!("Switched back to release {id}.", "已切换回发布 {id}。"),
                    (None, _) => {
                        Text::new("Switched back: nothing of Launchway's was live.", "已切换回原状（之前没有发布）。")
                    }
                };
                // What this server went through is undone, and due again on a retry.
                for kind in [NodeKind::Deploy, NodeKind::AfterDeploy, NodeKind::Health] {
                    let node = self.node(&NodeKey::of(kind, deploy.server_id));
                    if let Some(mut node) = node.filter(|node| node.status == NodeStatus::Succeeded) {
                        node.status = NodeStatus::Canceled;
                        node.message = Some(to.clone());
                        changed.push(node);
                    }
                }
                server.live = Some(live);
            }
            Err(StepError::Store(error)) => return Err(error.into()),
            Err(StepError::Failed { text, .. }) => {
                let live = server.live.take();
                server.live = Some(NodeLive {
                    release_id: live.and_then(|live| live.release_id),
                    change: LiveChange::Switched,
                    error: Some(self.mask(text)),
                });
            }
            Err(StepError::Canceled | StepError::Vanished) => return Err(StepEnd::Stopped),
        }
        changed.push(server);
        self.write(changed).await
    }

    /// Runs the hook after the switch once more where it has run for what was taken back: what it restarted has to take up
    /// the tree before again. Where that fails, the server says so.
    async fn settle(
        &self,
        deploy: &Node,
        live: &mut NodeLive,
        current: Option<String>,
        log: LogHandle,
    ) -> Result<(), StepEnd> {
        let hook = self.node(&NodeKey::of(NodeKind::AfterDeploy, deploy.server_id)).filter(|hook| hook.attempt > 0);
        let (Some(hook), Some(current), LiveChange::SwitchedBack) = (hook, current, live.change) else { return Ok(()) };
        log.say("Running the hook after the switch again, for what is live now.").await;
        match again(&self.context, &hook, log.clone(), current).await {
            Ok(_) => {}
            Err(StepError::Failed { text, .. }) => {
                log.say(text.en.clone()).await;
                live.error = Some(self.mask(text));
            }
            Err(StepError::Store(error)) => return Err(error.into()),
            Err(StepError::Canceled | StepError::Vanished) if self.context.leave.is_cancelled() => {
                return Err(StepEnd::Stopped);
            }
            Err(StepError::Canceled | StepError::Vanished) => {
                live.error = Some(Text::new(
                    "Switched back, but the hook after it was stopped.",
                    "已切换回原版本，但其后的钩子被中止。",
                ));
            }
        }
        Ok(())
    }

    /// Asks the servers of which it is not known what is live there: those that were not reached, those where a switch
    /// was cut off, and those that the release never came to. Not where it never came to any.
    pub(super) async fn ask_what_is_live(&self) -> Result<(), StepEnd> {
        let nodes = self.in_order();
        if !nodes.iter().any(|node| node.kind == NodeKind::Server && node.attempt > 0) {
            return Ok(());
        }
        let unknown = nodes
            .into_iter()
            .filter(|node| node.kind == NodeKind::Server && (node.live.is_none() || self.was_cut_off(node)));
        let mut asked: FuturesUnordered<_> = unknown.map(|server| self.ask_one(server)).collect();
        let mut known = Vec::new();
        while let Some(server) = asked.next().await {
            known.push(server?);
        }
        if known.is_empty() { Ok(()) } else { self.write(known).await }
    }

    /// Whether it is not known if a server switched.
    fn was_cut_off(&self, server: &Node) -> bool {
        let deploy = self.node(&NodeKey::of(NodeKind::Deploy, server.server_id));
        deploy.is_some_and(|deploy| deploy.attempt > 0 && deploy.status != NodeStatus::Succeeded)
            && server.live.as_ref().is_none_or(|live| live.change == LiveChange::Unchanged)
    }

    async fn ask_one(&self, mut server: Node) -> Result<Node, StepEnd> {
        let Ok(_place) = self.servers.clone().acquire_owned().await else { return Err(StepEnd::Stopped) };
        let limits = self.context.regardless(self.context.limits.command);
        let own = format!("releases/{}", self.context.frozen.tree_of);
        server.live = Some(match look(&self.context, &server, limits).await {
            Ok(now) => {
                let switched = now.as_deref() == Some(&own) && self.was_cut_off(&server);
                let change = if switched { LiveChange::Switched } else { LiveChange::Unchanged };
                NodeLive::of_link(now.as_deref(), change)
            }
            Err(StepError::Failed { text, .. }) => {
                NodeLive { release_id: None, change: LiveChange::Unknown, error: Some(self.mask(text)) }
            }
            Err(StepError::Store(error)) => return Err(error.into()),
            Err(StepError::Canceled | StepError::Vanished) => return Ok(server),
        });
        Ok(server)
    }
}
