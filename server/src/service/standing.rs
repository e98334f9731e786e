//! What is live on the servers of an environment, by trees, and how a release stands there.

use std::collections::HashMap;

use launchway_app::ports::Answer;
use launchway_domain::{
    Environment, LivePart, LiveState, Release, ReleaseId, ReleaseStatus, RuleState, Standing, Visible,
};

use super::Core;
use super::environments::thing;
use super::fault::of_store;

/// How many servers of a part are named.
const NAMED: usize = 8;

/// What one server has live.
struct On {
    hostname: String,
    /// The release that put it there.
    by: Option<ReleaseId>,
    /// The release whose tree it is.
    tree: Option<ReleaseId>,
    /// Whether files of it are not as they were released.
    changed: bool,
}

/// What is live in an environment.
pub(super) struct LiveNow {
    on: Vec<On>,
    /// The tree of what succeeded last, and that release.
    latest: Option<(ReleaseId, Release)>,
}

impl LiveNow {
    /// How many servers there are.
    pub(super) fn servers(&self) -> u32 {
        count(self.on.len())
    }

    /// On how many servers a tree is live, as it was released.
    pub(super) fn live_on(&self, tree: ReleaseId) -> u32 {
        count(self.on.iter().filter(|on| on.tree == Some(tree) && !on.changed).count())
    }

    /// Whether a tree is live everywhere. Where there are no servers, what succeeded last counts as live.
    pub(super) fn has(&self, tree: ReleaseId) -> bool {
        match self.servers() {
            0 => self.latest.as_ref().is_some_and(|(latest, _)| *latest == tree),
            all => self.live_on(tree) == all,
        }
    }

    /// The servers by what is live there; what most have comes first.
    pub(super) fn parts(&self) -> Vec<LivePart> {
        let mut parts: Vec<LivePart> = Vec::new();
        for on in &self.on {
            let place = parts.iter().position(|part| part.release_id == on.tree).unwrap_or_else(|| {
                parts.push(LivePart { release_id: on.tree, ..LivePart::default() });
                parts.len() - 1
            });
            let part = &mut parts[place];
            part.servers += 1;
            part.changed += u32::from(on.changed);
            if part.hostnames.len() < NAMED {
                part.hostnames.push(on.hostname.clone());
            }
        }
        parts.sort_by_key(|part| (std::cmp::Reverse(part.servers), part.release_id));
        parts
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

impl Core {
    /// What is live on the servers of an environment, as far as the history and the last look at them tell.
    pub(super) async fn live_now(&self, environment: &Environment) -> Answer<LiveNow> {
        let id = environment.id;
        let to_fault = |e| of_store(e, &thing(id));
        let found = self.store.live(None, Some(id), &Visible::All).await.map_err(to_fault)?;
        let mut trees: HashMap<ReleaseId, ReleaseId> = HashMap::new();
        let mut on = Vec::with_capacity(environment.server_ids.len());
        for server in found.into_iter().flat_map(|place| place.servers) {
            let by = server.release.map(|release| release.id);
            let tree = match by {
                None => None,
                Some(by) => Some(match trees.get(&by) {
                    Some(tree) => *tree,
                    None => {
                        let tree = self.store.release_tree_of(by).await.map_err(to_fault)?;
                        trees.insert(by, tree);
                        tree
                    }
                }),
            };
            // Another release than expected is a tree of its own; the same one has drifted in its files.
            let changed = server.state == LiveState::Drift && server.expected.is_none();
            on.push(On { hostname: server.hostname, by, tree, changed });
        }
        let latest = match self.store.latest_succeeded(id, None).await.map_err(to_fault)? {
            None => None,
            Some(latest) => Some((self.store.release_tree_of(latest.id).await.map_err(to_fault)?, latest)),
        };
        Ok(LiveNow { on, latest })
    }

    /// What succeeded last, where a release that did not succeed has left servers with something else.
    pub(super) async fn left_half(&self, environment: &Environment) -> Answer<Option<Release>> {
        let now = self.live_now(environment).await?;
        let mut others: Vec<ReleaseId> = now.on.iter().filter_map(|on| on.by).collect();
        others.sort_unstable();
        others.dedup();
        let Some((_, latest)) = now.latest else { return Ok(None) };
        for by in others.into_iter().filter(|by| *by != latest.id) {
            let release = self.store.release(by).await.map_err(|e| of_store(e, &thing(environment.id)))?;
            if release.status != ReleaseStatus::Succeeded {
                return Ok(Some(latest));
            }
        }
        Ok(None)
    }

    /// How a release stands in its environment.
    pub(super) async fn standing(&self, release: Release, rules: Vec<RuleState>) -> Answer<Standing> {
        let to_fault = |e| of_store(e, &thing(release.environment_id));
        let environment = self.store.environment(release.environment_id).await.map_err(to_fault)?;
        let tree = self.store.release_tree_of(release.id).await.map_err(to_fault)?;
        let now = self.live_now(&environment).await?;
        let waits = match release.status {
            ReleaseStatus::Queued => {
                let queue = self.store.queue(environment.id).await.map_err(to_fault)?;
                queue.items.into_iter().find(|item| item.release_id == release.id).map(|item| item.waits)
            }
            _ => None,
        };
        let is_overtaken = match release.status {
            ReleaseStatus::Failed | ReleaseStatus::Canceled => {
                self.store.release_overtaken(release.id).await.map_err(to_fault)?.is_some()
            }
            _ => false,
        };
        Ok(Standing {
            status: release.status,
            rules,
            tree,
            is_live: now.has(tree),
            live_on: now.live_on(tree),
            switched: count(now.on.iter().filter(|on| on.by == Some(release.id)).count()),
            servers: now.servers(),
            parts: now.parts(),
            back_to: now.latest.as_ref().filter(|(_, latest)| latest.id != release.id).map(|(tree, _)| *tree),
            is_overtaken,
            waits: waits.unwrap_or_default(),
        })
    }
}
