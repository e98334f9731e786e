//! What a hook printed on the servers of the release: the same said once, failures and what differs first.

use std::collections::HashMap;
use std::time::Duration;

use launchway_domain::log::groups::Outputs;
use launchway_domain::{NodeKey, NodeKind, ReleaseId, ServerId, command};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::OpenLog;
use super::address::href_with;
use crate::api::log::get_outputs;
use crate::text::{outputs as words, t};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::outputs::{Group, notable_first};
use crate::ui::live::Live;

/// While servers end one after the other, the outputs are asked for again this long after the first of them.
const SOON: Duration = Duration::from_millis(1000);

/// How far a hook has come on the servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Came {
    /// On how many it has ended.
    ended: usize,
    /// On how many it has not.
    open: usize,
    /// How often it ran on all of them together: a retry ends where an earlier run had.
    runs: u32,
}

/// The hooks that run on several servers, in their order. Tracked.
pub fn compared(live: Live) -> Vec<NodeKind> {
    let several = |kind| live.plan.with(|plan| plan.iter().filter(|node| node.kind == kind).nth(1).is_some());
    [NodeKind::BeforeDeploy, NodeKind::AfterDeploy].into_iter().filter(|kind| several(*kind)).collect()
}

fn came(live: Live, kind: NodeKind) -> Came {
    let keys: Vec<NodeKey> = live.plan.with(|plan| {
        plan.iter().filter(|node| node.kind == kind && node.server_id.is_some()).map(|node| node.key.clone()).collect()
    });
    let mut came = Came::default();
    for node in keys.iter().filter_map(|key| live.node(key)) {
        let (has_ended, attempt) = node.with(|view| (view.node.status.is_final(), view.node.attempt));
        came.runs += attempt;
        if has_ended && attempt > 0 {
            came.ended += 1;
        } else {
            came.open += 1;
        }
    }
    came
}

/// The panel of the outputs. Which hook is chosen stands in the address.
#[component]
pub fn OutputsPanel(
    /// Of which release.
    id: ReleaseId,
    /// The release.
    live: Live,
    /// The address.
    query: Memo<ParamsMap>,
) -> impl IntoView {
    let hooks = Memo::new(move |_| compared(live));
    // The last one that has ended somewhere, and not another one while somebody reads.
    let first = untrack(|| {
        let hooks = hooks.get();
        hooks.iter().rev().find(|kind| came(live, **kind).ended > 0).or(hooks.first()).copied()
    });
    let kind = Memo::new(move |_| {
        let asked = query.with(|query| query.get_str("hook").and_then(NodeKind::parse));
        asked.or(first).or_else(|| hooks.with(|hooks| hooks.first().copied()))
    });
    let state = Memo::new(move |_| kind.get().map(|kind| came(live, kind)).unwrap_or_default());
    let again = RwSignal::new(0_u32);
    ask_again(state, again);
    let found = Resource::new(
        move || (kind.get(), again.get()),
        move |(kind, _)| async move {
            match kind {
                Some(kind) => get_outputs(id, kind).await.map(Some),
                None => Ok(None),
            }
        },
    );
    let links = move || {
        let link = |one: NodeKind| {
            let href = move || href_with(query, id, &[("hook", Some(one.as_str()))]);
            let current = move || (kind.get() == Some(one)).then_some("true");
            view! { <a href=href data-noscroll aria-current=current>{t(one.label())}</a> }
        };
        hooks.get().into_iter().map(link).collect_view()
    };
    view! {
        <div class="tab-body outputs">
            <p class="quiet">{t(words::LEAD)}</p>
            <nav class="log-scopes" aria-label=t(words::HOOK)>
                {links}
            </nav>
            <Transition fallback=Loading>
                {move || Suspend::new(async move {
                    show(
                        found.await,
                        |found| match found {
                            Some(found) => view! { <Found id live found /> }.into_any(),
                            None => view! { <p class="quiet">{t(words::NO_HOOK)}</p> }.into_any(),
                        },
                    )
                })}
            </Transition>
        </div>
    }
    .into_any()
}

/// Asks for the outputs again when a server has ended: at once where it was the last one.
fn ask_again(state: Memo<Came>, again: RwSignal<u32>) {
    let is_waiting = StoredValue::new(false);
    let ask = move || {
        again.try_update(|again| *again += 1);
    };
    Effect::new(move |before: Option<Came>| {
        let now = state.get();
        if before.is_some_and(|before| before != now) {
            if now.open == 0 {
                ask();
            } else if !is_waiting.get_value() {
                is_waiting.set_value(true);
                set_timeout(
                    move || {
                        is_waiting.try_set_value(false);
                        ask();
                    },
                    SOON,
                );
            }
        }
        now
    });
}

/// What was found.
#[component]
fn Found(id: ReleaseId, live: Live, found: Outputs) -> impl IntoView {
    let open = (found.waiting > 0).then(|| view! { <span class="quiet">{t(words::open(found.waiting))}</span> });
    if found.groups.is_empty() {
        return view! {
            <p class="quiet">{t(words::NOWHERE)}</p>
            <p>{open}</p>
        }
        .into_any();
    }
    let open = open.map(|open| view! { " · " {open} });
    let summary = command::summary(&found.groups, &[]);
    let servers: HashMap<String, ServerId> = live.plan.with_untracked(|plan| {
        let servers = plan.iter().filter(|node| node.kind == NodeKind::Server);
        servers.filter_map(|node| Some((node.text.clone(), node.server_id?))).collect()
    });
    let href = Callback::new(move |host: String| {
        let server = servers.get(&host).copied()?;
        Some(OpenLog::of(NodeKey::of(found.kind, Some(server))).href(id))
    });
    let is_split = found.groups.len() > 1;
    let groups = notable_first(found.groups)
        .into_iter()
        .map(|(group, is_most)| view! { <Group group is_most=is_most && is_split href /> })
        .collect_view();
    view! {
        <p class="outputs-said" role="status">
            <b>{t(summary)}</b>
            {open}
        </p>
        {found.cut.then(|| view! { <p class="quiet">{t(words::CUT)}</p> })}
        {groups}
    }
    .into_any()
}
