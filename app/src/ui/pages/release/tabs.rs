//! The panels beside the steps, one at a time: log, outputs, changes, hooks, people. They are links, so that they work without
//! JavaScript, and the choice stands in the address.

use launchway_domain::Release;
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::address::{Full, Tab, href_with};
use super::changes::ChangesPanel;
use super::hooks::HooksPanel;
use super::log::LogPanel;
use super::outputs::{OutputsPanel, compared};
use super::people::PeoplePanel;
use super::{LogResource, OpenLog};
use crate::text::{CurrentLang, release as words, t};
use crate::ui::live::Live;

/// The tabs and the panel of the one that is chosen.
#[component]
pub fn Tabs(
    /// The release as it was when the page came: what never changes about it.
    release: Release,
    /// The release.
    live: Live,
    /// The address.
    query: Memo<ParamsMap>,
    /// Which tab is chosen.
    tab: Memo<Tab>,
    /// What fills the window.
    full: Memo<Option<Full>>,
    /// Which log is open.
    open: Memo<OpenLog>,
    /// What it begins with.
    log: LogResource,
) -> impl IntoView {
    let id = release.id;
    // One server has nobody to be compared with.
    let hooks = Memo::new(move |_| !compared(live).is_empty());
    let is_shown = move |one: Tab| one != Tab::Outputs || hooks.get() || tab.get() == one;
    let links = Tab::ALL
        .into_iter()
        .map(|one| {
            let word = (one != Tab::default()).then_some(one.as_str());
            let href = move || href_with(query, id, &[("tab", word)]);
            let current = move || (tab.get() == one).then_some("page");
            view! {
                <Show when=move || is_shown(one)>
                    <a href=href data-noscroll aria-current=current data-tab=one.as_str()>
                        {t(one.label())}
                    </a>
                </Show>
            }
        })
        .collect_view();
    let panel = move || match tab.get() {
        Tab::Log => view! { <LogPanel id live open log /> }.into_any(),
        Tab::Outputs => view! { <OutputsPanel id live query /> }.into_any(),
        Tab::Changes => view! { <ChangesPanel id release=release.clone() /> }.into_any(),
        Tab::Hooks => view! { <HooksPanel release=release.clone() live /> }.into_any(),
        Tab::People => view! { <PeoplePanel release=release.clone() live /> }.into_any(),
    };
    view! {
        <section class="panel tab-panel" aria-label=t(words::PANELS)>
            <div class="tab-head">
                <nav class="tabs" aria-label=t(words::PANELS)>
                    {links}
                </nav>
                <FullLink id=id of=Full::Panel query full />
            </div>
            {panel}
        </section>
    }
}

/// Lets a part of the page fill the window, or gives the page back.
#[component]
pub fn FullLink(
    /// Of which release.
    id: launchway_domain::ReleaseId,
    /// Which part.
    of: Full,
    /// The address.
    query: Memo<ParamsMap>,
    /// What fills the window.
    full: Memo<Option<Full>>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let is_full = move || full.get() == Some(of);
    let href = move || href_with(query, id, &[("full", (!is_full()).then_some(of.as_str()))]);
    let name = move || if is_full() { words::FULL_LEAVE } else { words::FULL }.get(lang.get()).to_owned();
    view! {
        <a class="tool" href=href data-noscroll aria-label=name title=name data-tool="full">
            <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                <path d=move || {
                    if is_full() { "M6.5 2v4.5H2M9.5 14V9.5H14" } else { "M9.5 2H14v4.5M6.5 14H2V9.5" }
                }></path>
            </svg>
        </a>
    }
}
