//! Which part of the plan is drawn: all of it for a few servers; of many, the trunk and the chains that somebody asked
//! for.

use launchway_domain::{Lang, NodeKey, NodeKind, ServerId};
use leptos::prelude::*;

use super::groups;
use super::layout::{Planned, units};
use crate::text::release as words;
use crate::ui::live::Live;

/// The key of the node that stands for the servers whose chains are not drawn.
pub const FLEET: &str = "fleet";

/// The most chains that are drawn where there are many servers.
pub const ROOM: usize = 40;

/// What is drawn.
#[derive(Clone, Copy)]
pub struct Drawn {
    /// The nodes, in the order of the plan.
    pub plan: Memo<Vec<Planned>>,
    /// How many servers' chains are not drawn.
    pub rest: Memo<usize>,
    /// The servers whose chains somebody asked for.
    pub asked: RwSignal<Vec<ServerId>>,
}

impl Drawn {
    /// Follows the release, and the node whose log is open: its server's chain is always drawn.
    pub fn new(live: Live, selected: Signal<Option<NodeKey>>) -> Self {
        let asked = RwSignal::new(Vec::new());
        let open = Memo::new(move |_| selected.with(|key| key.as_ref().and_then(server_of)));
        let shown = Memo::new(move |_| {
            let mut wanted: Vec<ServerId> = open.get().into_iter().collect();
            asked.with(|asked| wanted.extend(asked));
            groups::shown(&live.fleet.ids(), &wanted, ROOM)
        });
        let plan = Memo::new(move |_| {
            shown.with(|shown| {
                let is_drawn = |node: &&Planned| node.server_id.is_none_or(|id| shown.chains.contains(&id));
                live.plan.with(|plan| plan.iter().filter(is_drawn).cloned().collect())
            })
        });
        Self { plan, rest: Memo::new(move |_| shown.with(|shown| shown.rest)), asked }
    }

    /// The nodes of the picture: those of the plan, and one for the servers that are not drawn.
    pub fn picture(self, live: Live, lang: Lang) -> Vec<Planned> {
        let mut nodes = self.plan.get();
        let rest = self.rest.get();
        if rest > 0 {
            let trunk = nodes.iter().take_while(|node| node.server_id.is_none()).count();
            let all = rest == live.fleet.count.get();
            // Every phase has its turn in it; none makes the box wider than it was.
            let note = live.fleet.phases.with_untracked(|phases| {
                let notes = phases.iter().map(|phase| words::phase_so_far(phase.kind, phase.total(), phase.total()));
                notes.map(|note| note.get(lang).to_owned()).max_by_key(|note| units(note))
            });
            nodes.insert(
                trunk,
                Planned {
                    key: NodeKey(FLEET.into()),
                    parent: trunk.checked_sub(1).map(|last| nodes[last].key.clone()),
                    kind: NodeKind::Server,
                    server_id: None,
                    text: words::servers(rest, all).get(lang).to_owned(),
                    batch: None,
                    note,
                },
            );
        }
        nodes
    }
}

/// The server that a node belongs to, as its key says.
pub fn server_of(key: &NodeKey) -> Option<ServerId> {
    let rest = key.as_str().strip_prefix("server:")?;
    rest.split('/').next()?.parse().ok().map(ServerId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_server() {
        assert_eq!(server_of(&NodeKey("server:12/upload".into())), Some(ServerId(12)));
        assert_eq!(server_of(&NodeKey("server:7".into())), Some(ServerId(7)));
        assert_eq!(server_of(&NodeKey("package".into())), None);
        assert_eq!(server_of(&NodeKey("server:x".into())), None);
    }
}
