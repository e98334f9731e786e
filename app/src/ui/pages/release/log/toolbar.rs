//! What one can do with an open log: choose whose it is, search, jump to the first error, wrap, copy, save.

use launchway_domain::{LogRuns, LogScope, NodeKey, Text};
use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::params::ParamsMap;

use super::super::address::{Tab, href_with};
use super::super::outputs::compared;
use super::address::{Marked, OpenLog};
use super::copy::copy;
use super::model::LogModel;
use super::prefs::Prefs;
use super::search::{Search, SearchBox};
use super::view::host_name;
use crate::api::log::get_first_error;
use crate::text::{CurrentLang, log as words, outputs, release, t};
use crate::ui::components::toast::Toasts;
use crate::ui::live::Live;
use crate::ui::pipeline::diagram::names;

/// Whose log it is: links, so that they work without JavaScript.
#[component]
pub fn Scopes(
    /// Of which release.
    id: launchway_domain::ReleaseId,
    /// The release.
    live: Live,
    /// The address.
    query: Memo<ParamsMap>,
    /// Which log is open.
    open: Memo<OpenLog>,
) -> impl IntoView {
    let link = move |name: AnyView, target: OpenLog, is_open: bool| {
        let parameters = target.parameters();
        let href = move || {
            let changes: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_deref())).collect();
            href_with(query, id, &changes)
        };
        let current = is_open.then_some("true");
        view! { <a href=href data-noscroll aria-current=current>{name}</a> }.into_any()
    };
    let scopes = move || {
        let open = open.get();
        let server = open.on_server().map(|server| {
            let target = OpenLog { server: Some(server), ..OpenLog::default() };
            let is_open = open.node.is_none();
            link(host_name(live, server).into_any(), target, is_open)
        });
        let step = open.node.clone().map(|node| link(t(step_name(live, &node)).into_any(), OpenLog::of(node), true));
        let is_all = open.scope() == LogScope::All;
        [Some(link(t(words::ALL).into_any(), OpenLog::default(), is_all)), server, step]
            .into_iter()
            .flatten()
            .collect_view()
    };
    let runs = move || {
        let open = open.get();
        let node = open.node.clone()?;
        let latest = live.watch(&node).map_or(0, |view| view.node.attempt);
        if latest < 2 {
            return None;
        }
        let shown = if let LogRuns::One(attempt) = open.runs { attempt } else { latest };
        let to = |runs| OpenLog { node: Some(node.clone()), runs, server: None };
        let links = (1..=latest).map(|attempt| {
            // Without a number the address stays that of the latest run.
            let runs = if attempt < latest { LogRuns::One(attempt) } else { LogRuns::Latest };
            link(attempt.into_any(), to(runs), attempt == shown && open.runs != LogRuns::All)
        });
        let links = links.collect_view();
        let all = link(t(words::ALL_RUNS).into_any(), to(LogRuns::All), open.runs == LogRuns::All);
        Some(view! {
            <nav class="log-runs" aria-label=t(release::ATTEMPT)>
                <span>{t(release::ATTEMPT)}</span>
                {links}
                {all}
            </nav>
        })
    };
    let others = move || {
        let kind = open.with(|open| open.node.as_ref().and_then(|node| live.watch(node)).map(|view| view.node.kind))?;
        let is_compared = compared(live).contains(&kind);
        is_compared.then(|| {
            let href =
                move || href_with(query, id, &[("tab", Some(Tab::Outputs.as_str())), ("hook", Some(kind.as_str()))]);
            view! { <a class="log-compare" href=href data-noscroll>{t(outputs::COMPARE)}</a> }
        })
    };
    view! {
        <div class="log-head">
            <nav class="log-scopes" aria-label=t(words::SCOPE)>
                {scopes}
            </nav>
            {others}
            {runs}
        </div>
    }
}

/// What a node is called.
fn step_name(live: Live, node: &NodeKey) -> Text {
    live.plan.with(|plan| names(plan).remove(node)).unwrap_or_else(|| Text::verbatim(node.to_string()))
}

/// The tools of an open log.
#[component]
pub fn Toolbar(
    /// The log.
    model: LogModel,
    /// Its search.
    search: Search,
    /// Where one types what to search for.
    input: NodeRef<Input>,
) -> impl IntoView {
    let toasts = Toasts::find();
    let first_error = move |_| {
        let Some(scope) = model.scope.try_get_value() else { return };
        spawn_local(async move {
            match get_first_error(model.id, scope).await {
                Ok(Some(line)) => {
                    model.marked.try_set(Some(Marked::one(line.saturating_sub(1))));
                    model.go_to(line.saturating_sub(1));
                }
                Ok(None) => toasts.say(words::NO_ERROR),
                Err(error) => toasts.say(error.detail()),
            }
        });
    };
    let change = move |change: fn(&mut Prefs)| {
        model.prefs.update(change);
        model.prefs.get_untracked().remember();
        // Once the lines have their new shape.
        request_animation_frame(move || model.lay_anew());
    };
    let text_of = move |extra: &str| {
        let scope = model.scope.try_with_value(LogScope::to_string).unwrap_or_default();
        format!("/api/v1/releases/{}/log/text?{scope}{extra}", model.id)
    };
    let download = move || {
        let times = if model.prefs.with(|prefs| prefs.times) { "&times=true" } else { "" };
        text_of(&format!("&download=true{times}"))
    };
    view! {
        <div class="log-tools">
            <div class="needs-script log-tools-live">
                <SearchBox search input />
                <button type="button" class="tool is-word" on:click=first_error>
                    {t(words::FIRST_ERROR)}
                </button>
                <button
                    type="button"
                    class="tool"
                    aria-label=t(words::WRAP)
                    title=t(words::WRAP)
                    aria-pressed=move || model.prefs.with(|prefs| prefs.wrap).to_string()
                    on:click=move |_| change(|prefs| prefs.wrap = !prefs.wrap)
                >
                    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                        <path d="M2 4h12M2 8h9.5a2.2 2.2 0 0 1 0 4.4H8M2 12.4h3M9.6 10.8L8 12.4l1.6 1.6"></path>
                    </svg>
                </button>
                <button
                    type="button"
                    class="tool"
                    aria-label=t(words::TIMES)
                    title=t(words::TIMES)
                    aria-pressed=move || model.prefs.with(|prefs| prefs.times).to_string()
                    on:click=move |_| change(|prefs| prefs.times = !prefs.times)
                >
                    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                        <path d="M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2zM8 5v3.2l2.2 1.4"></path>
                    </svg>
                </button>
                <button
                    type="button"
                    class="tool"
                    aria-label=t(words::COPY)
                    title=t(words::COPY_TITLE)
                    on:click=move |_| copy(model, toasts)
                >
                    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                        <path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"></path>
                    </svg>
                </button>
            </div>
            <a class="tool" href=download download="" rel="external" aria-label=t(words::DOWNLOAD) title=t(words::DOWNLOAD)>
                <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                    <path d="M8 2v8M4.8 7L8 10.2 11.2 7M2.5 13.5h11"></path>
                </svg>
            </a>
            <a class="no-script" href=text_of("") rel="external">{t(words::PLAIN)}</a>
        </div>
    }
}

/// How long the log is, and whether its end is kept in sight.
#[component]
pub fn Foot(
    /// The log.
    model: LogModel,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let count = move || words::lines(model.total.get()).get(lang.get()).to_owned();
    let failed = move || {
        model.failed.get().then(|| view! { <span class="log-failed" role="alert">{t(words::LOAD_FAILED)}</span> })
    };
    view! {
        <div class="log-foot">
            <span class="log-total">{count}</span>
            {failed}
            <span class="log-foot-end needs-script">
                <button
                    type="button"
                    class="tool"
                    aria-label=t(words::TO_START)
                    title=t(words::TO_START)
                    on:click=move |_| model.go_to(0)
                >
                    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                        <path d="M3 3h10M8 14V6M4.8 9.2L8 6l3.2 3.2"></path>
                    </svg>
                </button>
                <label class="log-follow">
                    <input
                        type="checkbox"
                        prop:checked=move || model.follow.get()
                        checked=model.follow.get_untracked()
                        on:change=move |event| model.set_follow(event_target_checked(&event))
                    />
                    {t(words::FOLLOW)}
                </label>
            </span>
        </div>
    }
}
