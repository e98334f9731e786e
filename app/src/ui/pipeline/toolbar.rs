//! Above the picture: who everybody waits for, and the buttons that zoom.

use launchway_domain::{NodeKey, NodeKind, Text};
use leptos::prelude::*;

use super::viewport::Viewport;
use crate::text::{CurrentLang, release as words, t};
use crate::ui::live::Live;
use crate::ui::live::clock::Clock;

/// The line above the picture.
#[component]
pub fn Toolbar(
    /// The release.
    live: Live,
    /// The page's clock.
    clock: Clock,
    /// The frame of the picture.
    viewport: Viewport,
    /// The address of a node's log.
    href: Callback<NodeKey, String>,
    /// What stands at the end.
    children: Children,
) -> impl IntoView {
    // The server cannot know how large the picture is shown.
    let level = move || match viewport.window.with(|window| window.percent) {
        0 => "100 %".to_owned(),
        percent => format!("{percent} %"),
    };
    view! {
        <div class="pipeline-bar">
            <h2>{t(words::PIPELINE)}</h2>
            <Slow live clock href />
            <div class="tools needs-script" role="group" aria-label=t(words::ZOOM)>
                <Tool name=words::ZOOM_OUT word="out" path="M3.5 8h9" act=Callback::new(move |()| viewport.zoom_by(false)) />
                <button
                    type="button"
                    class="tool zoom-level"
                    title=t(words::ZOOM_FULL)
                    aria-label=t(words::ZOOM_FULL)
                    on:click=move |_| viewport.zoom_to(100, None)
                >
                    {level}
                </button>
                <Tool
                    name=words::ZOOM_IN
                    word="in"
                    path="M3.5 8h9M8 3.5v9"
                    act=Callback::new(move |()| viewport.zoom_by(true))
                />
                <Tool
                    name=words::ZOOM_FIT
                    word="fit"
                    path="M2.5 5.5v-3h3M10.5 2.5h3v3M13.5 10.5v3h-3M5.5 13.5h-3v-3M5.5 8h5"
                    act=Callback::new(move |()| viewport.fit())
                />
            </div>
            {children()}
        </div>
    }
}

/// A button with a sign.
#[component]
fn Tool(name: Text, word: &'static str, path: &'static str, act: Callback<()>) -> impl IntoView {
    view! {
        <button
            type="button"
            class="tool"
            title=t(name.clone())
            aria-label=t(name)
            data-tool=word
            on:click=move |_| act.run(())
        >
            <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                <path d=path></path>
            </svg>
        </button>
    }
}

/// The slowest path, in words.
#[component]
fn Slow(live: Live, clock: Clock, href: Callback<NodeKey, String>) -> impl IntoView {
    let lang = CurrentLang::find();
    move || {
        let slow = live.fleet.slowest.get()?;
        let lang = lang.get();
        let took = match slow.spent.since {
            None => Some(words::duration(slow.spent.millis, lang)),
            Some(since) => clock
                .since(launchway_domain::Timestamp(since))
                .map(|so_far| words::so_far(slow.spent.millis + so_far, lang)),
        };
        let key = NodeKey::of(NodeKind::Server, Some(slow.server));
        let took = took.map(|took| format!(" · {took}"));
        let longest = slow.longest.map(|(node, kind, millis)| {
            let said = words::longest(&kind.label(), &words::duration(millis, lang)).get(lang).to_owned();
            view! {
                " · "
                <a href=href.run(node) data-noscroll>
                    {said}
                </a>
            }
        });
        Some(view! {
            <p class="pipeline-slow">
                <span class="slow-mark" aria-hidden="true"></span>
                {words::SLOWEST.get(lang).to_owned()}
                " "
                <a href=href.run(key) data-noscroll>
                    {slow.host.clone()}
                </a>
                <span class="slow-time">{took}</span>
                {longest}
            </p>
        })
    }
}
