//! The steps on a server: probe, upload, switch; and what is tidied up after them.

use std::sync::{Arc, PoisonError};

use futures::StreamExt;
use launchway_domain::{HookPoint, LiveChange, Node, NodeKey, NodeKind, NodeLive, NodeStatus, ServerId, Text};
use serde::{Deserialize, Serialize};

use super::connections::Line;
use super::hook::hook_dir;
use super::local::same_place;
use super::{Context, Done, Found, StepError, blocking};
use crate::log::{LogHandle, size};
use crate::process;
use crate::shell::{Limits, Reach, ShellError};
use crate::store::StoreError;
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
        let live = NodeLive::of_link(probe.current.as_deref(), LiveChange::Unchanged);
        Ok(Done { live: Some(live), ..Done::default() })
    })
    .await
}

/// Stages the artifact and verifies it.
pub(super) async fn upload(context: &Arc<Context>, node: &Node, log: LogHandle) -> Result<Done, StepError> {
    let (context, node) = (Arc::clone(context), node.clone());
    blocking(move || {
        put(&context, &node, &|line| log.note(line))?;
        Ok(Done::default())
    })
    .await
}

/// Puts the artifact on the server of a node, where it is not there already, and verifies it. Blocks.
fn put(context: &Arc<Context>, node: &Node, say: &dyn Fn(String)) -> Result<(), StepError> {
    let (target, site) = context.target(node)?;
    let artifact = context.open_artifact()?;
    let lay = Lay::new(&context.frozen.policy.takes);
    let limits = context.within(context.limits.upload);
    let mut line = Line::new(context, target, context.within(context.limits.connect));
    let mut tries = 0;
    let staged = loop {
        tries += 1;
        let tools = match context.found_on(target.server_id) {
            Some(found) => found.tools,
            // A crash came between: the server was probed by the program before this one.
            None => target::probe(line.shell()?, &site, &context.within(context.limits.command))?.tools,
        };
        let mut progress = context.ticker(node);
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
                say(format!("{text} Trying again."));
                line.hang_up();
            }
            Err(error) => return Err(error.into()),
        }
    };
    line.keep();
    let (files, sent) = (artifact.manifest.files(), size(artifact.archive_bytes));
    say(match staged {
        Staged::There => format!("{files} files are there already and verified, nothing sent"),
        Staged::Sent => format!("{files} files verified, {sent} sent"),
        Staged::Replaced => {
            format!("What was there was not what was packed: {files} files verified, {sent} sent again")
        }
    });
    Ok(())
}

/// Whether what lies staged for a `deploy` node was staged by a run before a retry, and nothing of ours has touched it
/// since: then time went by in which somebody may have taken it away or changed it.
async fn is_stale(context: &Context, node: &Node) -> Result<bool, StoreError> {
    // A hook that ran there may well have changed it, and is not run again.
    if context.frozen.hooks.at(HookPoint::BeforeDeploy).is_some() {
        return Ok(false);
    }
    let upload = context.store.node(context.release.id, &NodeKey::of(NodeKind::Upload, node.server_id)).await?;
    Ok(upload.finished_at < context.release.queued_at)
}

/// What a switch notes before it happens, so that it can be taken back also after a crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Before {
    /// What `current` named; none where nothing was live.
    before: Option<String>,
}

/// Notes what is live on the server of a `deploy` node, before it switches; and sees that what was staged before a retry
/// is still whole. All of a batch are noted before any switches,
/// so that this takes nothing from their switching together.
pub(crate) async fn note(context: &Arc<Context>, node: &Node) -> Result<(), StepError> {
    if is_stale(context, node).await? {
        let (context, node) = (Arc::clone(context), node.clone());
        blocking(move || put(&context, &node, &|_| {})).await?;
    }
    let now = look(context, node, context.within(context.limits.command)).await?;
    let own = format!("releases/{}", context.frozen.tree_of);
    // Where it is live already, either this switch was interrupted, and then what was before is noted; or there is
    // nothing to go back to but itself.
    if now.as_deref() != Some(&own) || noted(context, &node.key).await?.is_none() {
        let notes = serde_json::to_value(Before { before: now }).map_err(StoreError::from)?;
        context.store.node_checkpoint(&context.lease, &node.key, &notes).await?;
    }
    context.noted.lock().unwrap_or_else(PoisonError::into_inner).insert(node.key.clone());
    Ok(())
}

/// Makes the staged release the current one.
pub(super) async fn deploy(context: &Arc<Context>, node: &Node, log: LogHandle) -> Result<Done, StepError> {
    // Where that failed before, it says here why.
    if !context.noted.lock().unwrap_or_else(PoisonError::into_inner).contains(&node.key) {
        note(context, node).await?;
    }
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
        let own = format!("releases/{}", context.frozen.tree_of);
        let live = NodeLive::of_link(Some(&own), LiveChange::Switched);
        Ok(Done { live: Some(live), ..Done::default() })
    })
    .await
}

/// What a switch noted; none where it never came to it.
async fn noted(context: &Context, deploy: &NodeKey) -> Result<Option<Before>, StoreError> {
    let notes = context.store.node_checkpoint_read(context.release.id, deploy).await?;
    Ok(notes.and_then(|notes| serde_json::from_value(notes).ok()))
}

/// What `current` names on the server of a node, without touching anything there.
pub(crate) async fn look(context: &Arc<Context>, node: &Node, limits: Limits) -> Result<Option<String>, StepError> {
    let (context, node) = (Arc::clone(context), node.clone());
    blocking(move || {
        let (target, site) = context.target(&node)?;
        let mut line = Line::new(&context, target, Limits { deadline: context.limits.connect, ..limits.clone() });
        let now = target::current_link(line.shell()?, &site, &limits)?;
        line.keep();
        Ok(now)
    })
    .await
}

/// Takes the switch of a `deploy` node back. Gives what is live now, and what `current` names; none where there was nothing to take back: the node
/// never came to its switch, or the server had this release before.
pub(crate) async fn switch_back(
    context: &Arc<Context>,
    node: &Node,
    log: LogHandle,
) -> Result<Option<(NodeLive, Option<String>)>, StepError> {
    let own = format!("releases/{}", context.frozen.tree_of);
    let Some(Before { before }) = noted(context, &node.key).await?.filter(|n| n.before.as_deref() != Some(&own)) else {
        return Ok(None);
    };
    let (context, node) = (Arc::clone(context), node.clone());
    blocking(move || {
        let (target, site) = context.target(&node)?;
        // Carried out even where somebody asks the release to stop meanwhile: half of it would be worse.
        let mut line = Line::new(&context, target, context.regardless(context.limits.connect));
        let back =
            target::switch_back(line.shell()?, &site, before.as_deref(), &context.regardless(context.limits.command))?;
        line.keep();
        let now = back.current.as_deref().unwrap_or("nothing");
        log.note(if back.done {
            format!("Switched back: current -> {now}")
        } else {
            format!("Nothing to switch back: current -> {now}")
        });
        // A switch that failed may never have been one.
        let is_back = back.done || (node.status == NodeStatus::Succeeded && back.current == before);
        let change = if is_back { LiveChange::SwitchedBack } else { LiveChange::Unchanged };
        Ok(Some((NodeLive::of_link(back.current.as_deref(), change), back.current)))
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
    fn found_on(&self, server: ServerId) -> Option<Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).get(&server).cloned()
    }
}
