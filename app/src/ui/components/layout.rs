//! The frame of every page: navigation, then the page; and the heads and empty places of the pages.

use launchway_domain::Text;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;

use super::late::late;
use super::load::ToSignIn;
use super::prefs_bar::PrefsBar;
use super::title::name_window;
use super::toast::ToastArea;
use crate::api::account::SignOut;
use crate::text::{
    audit, board, common, housekeeping, palette as palette_words, people, releases, settings, t, templates, walls,
};
use crate::ui::may::May;
use crate::ui::palette::load_palette;
use crate::ui::prefs;

/// The frame of the pages that need a sign-in.
#[component]
pub fn Layout() -> impl IntoView {
    let visitor = prefs::visitor();
    let may = May::find();
    let (palette, keys) = (RwSignal::new(false), RwSignal::new(false));
    #[cfg(feature = "hydrate")]
    super::keys::listen(palette, keys);
    view! {
        // The browser itself moves the focus there; the router would only scroll.
        <a class="skip" href="#content" rel="external">{t(common::SKIP)}</a>
        <header class="top">
            <a class="brand" href="/">
                <Logo />
                <span>"Launchway"</span>
            </a>
            <nav class="nav" aria-label=t(common::MAIN_NAVIGATION)>
                <NavLink href="/" also="/" text=board::TITLE />
                <NavLink href="/releases" also="/releases" text=common::RELEASES />
                <NavLink href="/live" also="/live" text=board::LIVE />
                <NavLink href="/projects" also="/projects" text=common::PROJECTS />
                <NavLink href="/servers" also="/servers" text=common::SERVERS />
                <NavLink href="/credentials" also="/credentials" text=common::CREDENTIALS />
                <NavLink href="/hook-templates" also="/hook-templates" text=templates::TEMPLATES />
                {may.see_people().then(|| view! { <NavLink href="/users" also="/users" text=people::USERS /> })}
            </nav>
            <div class="top-end">
                <button
                    type="button"
                    class="button small needs-script palette-open"
                    aria-label=t(palette_words::OPEN)
                    aria-haspopup="dialog"
                    aria-keyshortcuts="Control+K Meta+K"
                    on:click=move |_| palette.set(true)
                >
                    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
                        <circle cx="7" cy="7" r="4.75" fill="none" stroke="currentColor" stroke-width="1.5" />
                        <path d="m10.6 10.6 3.4 3.4" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" />
                    </svg>
                    <span>{t(palette_words::OPEN)}</span>
                    <kbd aria-hidden="true">"Ctrl K"</kbd>
                </button>
                {may.create_somewhere()
                    .then(|| {
                        view! {
                            <a class="button primary small" href="/releases/new">
                                {t(releases::NEW)}
                            </a>
                        }
                    })}
                <PrefsBar />
                <More />
                {match visitor {
                    None => view! { <ToSignIn /> }.into_any(),
                    Some(name) => {
                        view! {
                            <form method="post" action=SignOut::PATH>
                                <a class="who" href="/account">{name}</a>
                                <button type="submit" class="button quiet small" data-press="sign-out">
                                    {t(common::SIGN_OUT)}
                                </button>
                            </form>
                        }
                            .into_any()
                    }
                }}
            </div>
        </header>
        <main id="content" tabindex="-1">
            <Outlet />
        </main>
        <ToastArea />
        {late(move || palette.get() || keys.get(), move || load_palette(palette, keys))}
    }
    .into_any()
}

/// The way to what is seldom needed; it opens without scripts as well.
#[component]
fn More() -> impl IntoView {
    let may = May::find();
    let node = NodeRef::<leptos::html::Details>::new();
    let close = move |_| {
        if let Some(menu) = node.get_untracked() {
            menu.set_open(false);
        }
    };
    let link = |href: &'static str, text: Text| view! { <a href=href>{t(text)}</a> }.into_any();
    let links = [
        Some(link("/account", common::ACCOUNT)),
        may.administer().then(|| link("/settings", settings::TITLE)),
        may.administer().then(|| link("/housekeeping", housekeeping::TITLE)),
        may.see_audit().then(|| link("/audit", audit::TITLE)),
        may.manage(None).then(|| link("/wall-links", walls::LINKS)),
    ];
    view! {
        <details class="more" node_ref=node>
            <summary class="button quiet small" aria-label=t(common::MORE) title=t(common::MORE)>"⋯"</summary>
            <nav aria-label=t(common::MORE) on:click=close>{links.into_iter().collect_view()}</nav>
        </details>
    }
    .into_any()
}

#[component]
fn NavLink(href: &'static str, also: &'static str, text: Text) -> impl IntoView {
    let path = use_location().pathname;
    let current = move || {
        let here = path.get();
        let below = also != "/" && here.strip_prefix(also).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        (here == href || below).then_some("page")
    };
    view! {
        <a href=href aria-current=current>{t(text)}</a>
    }
}

/// The sign of Launchway.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 16 16" width="20" height="20" aria-hidden="true">
            <rect width="16" height="16" rx="4" fill="var(--accent)" />
            <path
                d="M4 9.5 8 4l4 5.5M8 4v9"
                stroke="#fff"
                stroke-width="1.6"
                fill="none"
                stroke-linecap="round"
                stroke-linejoin="round"
            />
        </svg>
    }
}

/// The button that adds something; nothing for those who may not.
#[component]
pub fn AddButton(
    /// Where it leads.
    href: &'static str,
    /// What it says.
    text: Text,
    /// Whether the visitor may.
    may: bool,
) -> impl IntoView {
    may.then(|| view! { <a class="button primary" href=href>{t(text)}</a> }).into_any()
}

/// The head of a page: its title, what it is about, and what can be done.
#[component]
pub fn PageHead(
    /// The title; also the window's.
    title: Text,
    /// What the page is about.
    #[prop(optional_no_strip)]
    lead: Option<Text>,
    /// The page above: address and words.
    #[prop(optional)]
    up: Option<(String, Text)>,
    /// Buttons.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    name_window(title.clone());
    view! {
        {up.map(|(href, text)| view! { <a class="up" href=href>"‹ " {t(text)}</a> })}
        <div class="head">
            <div>
                <h1>{t(title)}</h1>
                {lead.map(|lead| view! { <p class="lead">{t(lead)}</p> })}
            </div>
            {children.map(|children| view! { <div class="row">{children()}</div> })}
        </div>
    }
    .into_any()
}

/// What stands where nothing is yet.
#[component]
pub fn EmptyState(
    /// What is missing.
    title: Text,
    /// What it is for.
    #[prop(optional_no_strip)]
    lead: Option<Text>,
    /// Where to make the first one: address and words.
    #[prop(optional_no_strip)]
    action: Option<(String, Text)>,
) -> impl IntoView {
    view! {
        <section class="empty">
            <h2>{t(title)}</h2>
            {lead.map(|lead| view! { <p>{t(lead)}</p> })}
            {action
                .map(|(href, text)| {
                    view! {
                        <p>
                            <a class="button primary" href=href>{t(text)}</a>
                        </p>
                    }
                })}
        </section>
    }
    .into_any()
}
