//! The steps on a server: probe, upload, switch; and what is tidied up after them.

use std::sync::{Arc, PoisonError};

use futures::StreamExt;
use launchway_domain::{HookPoint, Node, NodeKind, NodeStatus, ServerId, Text};

use super::connections::{Line, Reach};
use super::hook::hook_dir;
use super::local::same_place;
use super::{Context, Done, Found, StepError, blocking};
use crate::log::{LogHandle, size};
use crate::process;
use crate::shell::ShellError;
use crate::target::{self, Lay, Staged, TargetError};

/// How many times an upload that lost its connection is begun anew.
const UPLOAD_TRIES: u32 = 3;
/// How many servers are tidied up at once.
const TIDIED_AT_ONCE: usize = 16;

/// Connects, finds out what the server has, and sees that nobody else goes to the same place.
pub(super) async fn probe(context: &Arc<Context>, node: &Node, log: LogHandle) -> Result<Done, StepError> {
    let (context, node) = (Arc::clone(context), node.clone());
    blocking(move || {
        let (target, site) = context.target(&node)?;
        log.note(format!("Connecting to {}:{}", target.address, target.port));
        let mut line = Line::new(&context, target, context.within(context.limits.connect));
        let probe = target::probe(line.shell()?, &site, &context.within(context.limits.command))?;
        line.keep();
        log.note(format!("Current: {}", probe.current.as_deref().unwrap_or("nothing yet")));
        let mut found = context.found.lock().unwrap_or_else(PoisonError::into_inner);
        let other = found.iter().find(|(id, other)| **id != target.server_id && other.identity == probe.identity);
        if let Some(other) = other.and_then(|(id, _)| context.frozen.target(*id)) {
            return Err(same_place(&other.hostname, &target.hostname, &target.path));
        }
        found.insert(target.server_id, Found { tools: probe.tools, identity: probe.identity });
        Ok(Done::default())
    })
    .await
}

/// Stages the artifact and verifies it.
pub(super) async fn upload(context: &Arc<Context>, node: &Node, log: LogHandle) -> Result<Done, StepError> {
    let (context, node) = (Arc::clone(context), node.clone());
    blocking(move || {
        let (target, site) = context.target(&node)?;
        let artifact = context.open_artifact()?;
        let lay = Lay::new(&context.frozen.policy.takes);
        let limits = context.within(context.limits.upload);
        let mut line = Line::new(&context, target, context.within(context.limits.connect));
        let mut tries = 0;
        let staged = loop {
            tries += 1;
            let tools = match context.found_on(target.server_id) {
                Some(found) => found.tools,
                // A crash came between: the server was probed by the program before this one.
                None => target::probe(line.shell()?, &site, &context.within(context.limits.command))?.tools,
            };
            let mut progress = context.ticker(&node);
            match target::stage(
                line.shell()?,
                &site,
                &tools,
                &artifact,
                &lay,
                &mut |sent, total| progress(sent, total),
                &limits,
            ) {
                Ok(staged) => break staged,
                Err(TargetError::Shell(ShellError::Lost(text))) if tries < UPLOAD_TRIES => {
                    log.note(format!("{text} Trying again."));
                    line.hang_up();
                }
                Err(error) => return Err(error.into()),
            }
        };
        line.keep();
        let (files, sent) = (artifact.manifest.files(), size(artifact.archive_bytes));
        log.note(match staged {
            Staged::There => format!("{files} files are there already and verified, nothing sent"),
            Staged::Sent => format!("{files} files verified, {sent} sent"),
            Staged::Replaced => format!("What was there was damaged: {files} files verified, {sent} sent again"),
        });
        Ok(Done::default())
    })
    .await
}

/// Makes the staged release the current one.
pub(super) async fn deploy(context: &Arc<Context>, node: &Node, log: LogHandle) -> Result<Done, StepError> {
    let (context, node) = (Arc::clone(context), node.clone());
    blocking(move || {
        let (target, site) = context.target(&node)?;
        let mut line = Line::new(&context, target, context.within(context.limits.connect));
        let before = target::switch(line.shell()?, &site, &context.within(context.limits.command))?;
        line.keep();
        log.note(format!(
            "current -> releases/{} (before: {})",
            context.frozen.tree_of,
            before.as_deref().unwrap_or("nothing")
        ));
        Ok(Done::default())
    })
    .await
}

/// On the servers where everything went well: removes what hooks left in our folder, and releases beyond the number to
/// keep. One that was done before a retry began is not touched again. Failing at it does not fail the release; the next
/// one tries again.
pub(crate) async fn housekeeping(context: &Arc<Context>, nodes: &[Node]) {
    let began = context.release.queued_at;
    let done = |server: Option<ServerId>| {
        let mut its = nodes.iter().filter(|node| node.server_id == server);
        its.clone().all(|node| node.status == NodeStatus::Succeeded) && its.any(|node| node.finished_at >= began)
    };
    let servers = nodes.iter().filter(|node| node.kind == NodeKind::Server && done(node.server_id));
    futures::stream::iter(servers)
        .for_each_concurrent(TIDIED_AT_ONCE, |node| async move {
            if let Err(error) = tidy(context, node, nodes).await {
                tracing::warn!(?error, node = %node.key, release = %context.release.id, "tidying up a server");
            }
        })
        .await;
}

async fn tidy(context: &Arc<Context>, node: &Node, nodes: &[Node]) -> Result<(), StepError> {
    let hooks: Vec<(HookPoint, u32)> = nodes
        .iter()
        .filter(|other| other.server_id == node.server_id)
        .filter_map(|other| Some((other.kind.hook()?, other.attempt)))
        .collect();
    let (context, node) = (Arc::clone(context), node.clone());
    blocking(move || {
        let (target, site) = context.target(&node)?;
        let limits = context.regardless(context.limits.command);
        let mut line = Line::new(&context, target, limits.clone());
        for (point, attempts) in hooks {
            for attempt in 1..=attempts {
                let dir = hook_dir(&target.path, &context, point, attempt);
                process::clear(line.shell()?, dir.as_bytes(), &limits)
                    .map_err(|error| StepError::new(Text::verbatim(error.to_string())))?;
            }
        }
        target::prune(line.shell()?, &site, context.frozen.keep, None, &limits)?;
        Ok(())
    })
    .await
}

impl Context {
    fn found_on(&self, server: launchway_domain::ServerId) -> Option<Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).get(&server).cloned()
    }
}
