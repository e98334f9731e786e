//! The release's scripts as they ran: what they are, where they ran and how that ended.

use launchway_domain::{HookPoint, Lang, LogRuns, NodeKey, NodeKind, NodeStatus, Release, ReleaseId};
use leptos::prelude::*;

use super::OpenLog;
use crate::text::{CurrentLang, changes, release as words, t, templates};
use crate::ui::components::code::ShellView;
use crate::ui::live::{Live, NodeView};
use crate::ui::pipeline::sign::{self, Sign};

/// The most places that are listed for one script.
const MOST: usize = 200;

/// The panel of the hooks.
#[component]
pub fn HooksPanel(
    /// The release as it was when the page came: what never changes about it.
    release: Release,
    /// The release.
    live: Live,
) -> impl IntoView {
    let id = release.id;
    let hooks = release.hooks;
    let bodies: Vec<_> = HookPoint::ALL
        .into_iter()
        .filter_map(|point| hooks.at(point).map(|body| (point, body.to_owned())))
        .map(|(point, body)| view! { <Hook id point body live /> })
        .collect();
    let is_none = bodies.is_empty();
    view! {
        <div class="tab-body">
            {bodies} {is_none.then(|| view! { <p class="quiet">{t(words::HOOKS_NONE)}</p> })}
        </div>
    }
    .into_any()
}

/// One script, and where it ran.
#[component]
fn Hook(id: ReleaseId, point: HookPoint, body: String, live: Live) -> impl IntoView {
    let save = format!("/hook-templates/new?release={id}&point={}", point.as_str());
    let all = Memo::new(move |_| {
        live.plan.with(|plan| {
            plan.iter().filter(|planned| planned.kind.hook() == Some(point)).map(|p| p.key.clone()).collect::<Vec<_>>()
        })
    });
    // Of very many servers those come first that need to be looked at.
    let keys = move || {
        let mut keys = all.get();
        if keys.len() > MOST {
            keys.sort_by_key(|key| {
                !live.node(key).is_some_and(|view| view.with(|view| view.node.status == NodeStatus::Failed))
            });
            keys.truncate(MOST);
        }
        keys
    };
    let rest = move || {
        let rest = all.read().len().saturating_sub(MOST);
        (rest > 0).then(|| view! { <li class="quiet">{t(changes::more(rest as u64))}</li> })
    };
    let runs = move |key| live.node(&key).map(|view| view! { <Run id live view /> });
    view! {
        <section class="hook" data-hook=point.as_str()>
            <div class="hook-head">
                <h3>{t(point.label())}</h3>
                <a class="button small" href=save>{t(templates::SAVE_AS)}</a>
            </div>
            <ShellView body />
            <ul class="hook-runs">
                <For each=keys key=|key| key.clone() children=runs />
                {rest}
            </ul>
        </section>
    }
    .into_any()
}

/// How it ran in one place.
#[component]
fn Run(id: ReleaseId, live: Live, view: ArcRwSignal<NodeView>) -> impl IntoView {
    let lang = CurrentLang::find();
    let node = view.with_untracked(|view| view.node.clone());
    let place = match node.server_id {
        None => t(templates::ON_THIS_HOST).into_any(),
        // The hostname is the text of the server's own node.
        Some(server) => {
            let above = live.node(&NodeKey::of(NodeKind::Server, Some(server)));
            above
                .map_or_else(|| server.to_string(), |view| view.with_untracked(|view| view.node.text.clone()))
                .into_any()
        }
    };
    let status = {
        let view = view.clone();
        Memo::new(move |_| view.with(|view| view.node.status))
    };
    let state = {
        let view = view.clone();
        move || view.with(|view| said(view, lang.get()))
    };
    let href = OpenLog::of(node.key.clone()).href(id);
    let earlier = {
        let key = node.key.clone();
        move || {
            let latest = view.with(|view| view.node.attempt);
            (1..latest)
                .map(|attempt| {
                    let href = OpenLog { runs: LogRuns::One(attempt), ..OpenLog::of(key.clone()) }.href(id);
                    view! {
                        <a href=href data-noscroll>{t(words::attempt(attempt))}</a>
                        " "
                    }
                })
                .collect_view()
        }
    };
    view! {
        <li data-node=node.key.to_string() data-status=move || status.get().as_str()>
            <Sign shape=Signal::derive(move || sign::of_node(status.get())) />
            <span class="place">{place}</span>
            <span class="quiet">{state}</span>
            <span class="row">{earlier} <a href=href data-noscroll>{t(words::LOG)}</a></span>
        </li>
    }
    .into_any()
}

/// Status, exit status, attempt, time.
fn said(view: &NodeView, lang: Lang) -> String {
    let node = &view.node;
    let mut parts = vec![node.status.label().get(lang).to_owned()];
    if let Some(code) = node.exit_status {
        parts.push(words::exit_status(code).get(lang).to_owned());
    }
    if node.attempt > 1 {
        parts.push(words::attempt(node.attempt).get(lang).to_owned());
    }
    if let (Some(began), Some(ended)) = (node.started_at, node.finished_at)
        && node.status != NodeStatus::Skipped
    {
        parts.push(words::duration(ended.millis() - began.millis(), lang));
    }
    parts.join(" · ")
}
