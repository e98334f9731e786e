//! The pipeline as text: for those who cannot see the picture, and for a browser without scripts.

use launchway_domain::{Lang, NodeKey, NodeKind, NodeStatus, ReleaseId, Text};
use leptos::prelude::*;

use super::OpenLog;
use crate::text::{CurrentLang, release as words, rollout, t};
use crate::ui::live::clock::Clock;
use crate::ui::live::{Live, NodeView};
use crate::ui::pipeline::diagram::names;
use crate::ui::pipeline::drawn::Drawn;
use crate::ui::pipeline::node::elapsed;
use crate::ui::pipeline::sign::{self, Sign};

/// The list of the steps, each with its status and what it had to say; its name leads to its log.
#[component]
pub fn Steps(
    /// Of which release.
    id: ReleaseId,
    /// The release.
    live: Live,
    /// The page's clock.
    clock: Clock,
    /// What is drawn: the list shows the same.
    drawn: Drawn,
    /// The node whose log is open.
    selected: Signal<Option<NodeKey>>,
) -> impl IntoView {
    let names = Memo::new(move |_| drawn.plan.with(|plan| names(plan)));
    let keys = move || drawn.plan.with(|plan| plan.iter().map(|planned| planned.key.clone()).collect::<Vec<_>>());
    view! {
        <section class="panel steps-panel">
            <h2>{t(words::STEPS)}</h2>
            <ol class="steps">
                <For each=keys key=|key| key.clone() let:key>
                    {
                        let name = names
                            .with_untracked(|names| names.get(&key).cloned())
                            .unwrap_or_else(|| Text::verbatim(key.to_string()));
                        view! { <Step id live clock selected key name /> }
                    }
                </For>
            </ol>
        </section>
    }
}

/// What stands beside a step's name: status, exit status, attempt, progress, time.
fn state(view: &NodeView, batches: u32, lang: Lang, clock: Clock) -> String {
    let node = &view.node;
    let mut parts = vec![node.status.label().get(lang).to_owned()];
    if let Some(code) = node.exit_status.filter(|code| *code != 0) {
        parts.push(words::exit_status(code).get(lang).to_owned());
    }
    if node.attempt > 1 {
        parts.push(words::attempt(node.attempt).get(lang).to_owned());
    }
    if let Some(percent) = view.progress.and_then(|progress| progress.percent())
        && node.status == NodeStatus::Running
    {
        parts.push(format!("{percent} %"));
    }
    parts.extend(elapsed(view, lang, clock));
    parts.extend(node.batch.map(|batch| rollout::batch(batch, batches.max(batch)).get(lang).to_owned()));
    parts.extend(node.live.as_ref().map(|live| rollout::live(live).get(lang).to_owned()));
    parts.join(" · ")
}

#[component]
fn Step(
    id: ReleaseId,
    live: Live,
    clock: Clock,
    selected: Signal<Option<NodeKey>>,
    key: NodeKey,
    name: Text,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let view = live.node(&key)?;
    let is_connection = view.with_untracked(|view| view.node.kind == NodeKind::Server);
    let name = if is_connection { words::connect(&name) } else { name };
    let href = OpenLog::of(key.clone()).href(id);
    let is_open = {
        let key = key.clone();
        move || selected.with(|selected| (selected.as_ref() == Some(&key)).then_some("true"))
    };
    let status = {
        let view = view.clone();
        Memo::new(move |_| view.with(|view| view.node.status))
    };
    let state = {
        let view = view.clone();
        move || view.with(|view| state(view, live.batches.get(), lang.get(), clock))
    };
    let message = Memo::new(move |_| view.with(|view| view.node.message.clone()));
    let message =
        move || message.get().map(|text| view! { <p class="step-message">{text.get(lang.get()).to_owned()}</p> });
    Some(view! {
        <li class="step" data-node=key.to_string() data-status=move || status.get().as_str()>
            <Sign shape=Signal::derive(move || sign::of_node(status.get())) />
            <div class="step-text">
                <a href=href data-noscroll aria-current=is_open>
                    {t(name)}
                </a>
                " "
                <span class="step-state">{state}</span>
                {message}
            </div>
        </li>
    })
}
