//! The lines of an open log: those that are seen, and a few more.

use launchway_domain::{LogSource, LogStream, NodeKey, NodeKind, Text};
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::super::address::href_with;
use super::address::{Marked, OpenLog};
use super::ansi::html;
use super::model::LogModel;
use super::pages::Shown;
use super::search::Search;
use crate::text::{CurrentLang, log as words, t};
use crate::ui::components::time::Alive;
use crate::ui::live::Live;
use crate::ui::live::clock::time_of_day;

/// The lines.
#[component]
pub fn Viewport(
    /// The log.
    model: LogModel,
    /// What is searched for in it.
    search: Search,
    /// Which log it is, for the addresses of its lines.
    open: OpenLog,
) -> impl IntoView {
    let alive = Alive::find();
    let has_line = model.marked.get_untracked().is_some();
    let lines = move || {
        let (from, to) = model.window.get();
        (from..to).collect::<Vec<_>>()
    };
    let columns = move || format!("--log-columns:{}ch", model.columns.get().min(16_384));
    let digits = move || format!("--log-digits:{}ch", model.total.get().max(100).to_string().len());
    let name = open.node.as_ref().map(ToString::to_string);
    let mixed = open.node.is_none();
    let is_empty = Memo::new(move |_| model.total.get() == 0);
    let silence = move || is_empty.get().then(|| view! { <p class="log-hint">{t(words::EMPTY)}</p> });
    let latest = move || {
        (alive.get() && !model.follow.get()).then(|| {
            view! {
                <button type="button" class="log-latest" on:click=move |_| model.set_follow(true)>
                    {t(words::TO_END)}
                    " ↓"
                </button>
            }
        })
    };
    view! {
        <div class="log-frame">
        <div
            class="log"
            class:is-wrapped=move || model.prefs.with(|prefs| prefs.wrap)
            class:has-times=move || model.prefs.with(|prefs| prefs.times)
            class:has-line=has_line
            class:is-mixed=mixed
            data-alive=move || alive.get().then_some("")
            role="log"
            aria-live="off"
            aria-label=t(crate::text::release::LOG)
            tabindex="0"
            node_ref=model.container
            on:scroll=move |_| model.scrolled()
            on:wheel=move |event| {
                if !event.ctrl_key() && event.delta_mode() == 0 && model.wheeled(event.delta_y()) {
                    event.prevent_default();
                }
            }
            on:keydown=move |event| walk(model, &event)
            data-node=name
            style=digits
        >
            <div class="log-space" node_ref=model.space style=columns>
                <div class="log-rows" node_ref=model.rows>
                    <For each=lines key=|line| *line let:line>
                        <Row model search open=open.clone() line />
                    </For>
                </div>
            </div>
        </div>
        {silence}
        {latest}
        </div>
    }
}

/// One line.
#[component]
fn Row(model: LogModel, search: Search, open: OpenLog, line: u64) -> impl IntoView {
    let lang = CurrentLang::find();
    let alive = Alive::find();
    let shown = Memo::new(move |_| {
        model.version.track();
        model.pages.try_with_value(|pages| pages.row(line).cloned()).flatten()
    });
    let is_system = move || shown.with(|row| row.as_ref().is_some_and(|row| row.stream == LogStream::System));
    let is_marked = move || model.marked.get().is_some_and(|marked| marked.holds(line));
    let is_current = move || search.current.get() == Some(line);
    let at = Memo::new(move |_| shown.with(|row| row.as_ref().map(|row| row.at)));
    let time = move || {
        let at = at.get()?;
        Some(view! { <time datetime=at.rfc3339()>{time_of_day(at, alive.get())}</time> })
    };
    let source = Memo::new(move |_| shown.with(|row| row.as_ref().map(|row| row.source)));
    let from = open.node.is_none().then_some(move || {
        let source = source.get()?;
        let source = model.pages.try_with_value(|pages| pages.sources().get(source).cloned()).flatten()?;
        Some(view! { <From model source /> })
    });
    let text = move || {
        shown.with(|row| match row {
            Some(row) => search.needle.with(|needle| html(&row.spans, needle.as_ref())),
            None => html(&[], None),
        })
    };
    let href = line_href(model, &open, line);
    let number = line + 1;
    let name = move || words::line(number).get(lang.get()).to_owned();
    view! {
        <div
            class="log-row"
            class:is-system=is_system
            class:is-marked=is_marked
            class:is-current=is_current
            class:is-away=move || shown.with(Option::is_none)
            data-line=number.to_string()
        >
            <a
                class="log-no"
                href=href
                aria-label=name
                tabindex=move || if model.cursor.get() == line { "0" } else { "-1" }
                data-noscroll
                on:click=move |event| {
                    event.prevent_default();
                    mark(model, line, event.shift_key());
                }
            >
                {number}
            </a>
            {time}
            {from}
            <span class="log-text" inner_html=text></span>
        </div>
    }
}

/// Who says a line, where several speak: the server, and the step.
#[component]
fn From(model: LogModel, source: LogSource) -> impl IntoView {
    let lang = CurrentLang::find();
    let id = model.id;
    let step = step_label(&source);
    // Both may be longer than their column.
    let whole = {
        let (step, host) = (step.clone(), source.server_id.map(|server| host_name(model.live, server)));
        move || format!("{} {}", host.clone().unwrap_or_default(), step.get(lang.get()))
    };
    let query = use_query_map();
    // Whatever else stands in the address stays, such as that the panel fills the window.
    let address = move |open: OpenLog| {
        let parameters = open.parameters();
        move || {
            let changes: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_deref())).collect();
            href_with(query, id, &changes)
        }
    };
    let step_href = address(OpenLog::of(source.node.clone()));
    let host = source.server_id.map(|server| {
        let href = address(OpenLog { server: Some(server), ..OpenLog::default() });
        // Neighbours in number are far apart in colour.
        let hue = format!("--hue:{}", (server.0.rem_euclid(360) * 137 + 30) % 360);
        view! {
            <a class="log-host" href=href data-noscroll tabindex="-1" style=hue>
                {host_name(model.live, server)}
            </a>
        }
    });
    view! {
        <span class="log-from" title=whole>
            {host}
            " "
            <a class="log-step" href=step_href data-noscroll tabindex="-1">
                {move || step.get(lang.get()).to_owned()}
            </a>
        </span>
    }
}

/// A server's name.
pub fn host_name(live: Live, server: launchway_domain::ServerId) -> String {
    let key = NodeKey::of(NodeKind::Server, Some(server));
    live.node(&key).map_or_else(|| format!("#{server}"), |view| view.with_untracked(|view| view.node.text.clone()))
}

/// What a source does.
fn step_label(source: &LogSource) -> Text {
    let key = source.node.as_str();
    let word = match (key.split_once('/'), source.server_id) {
        (Some((_, word)), _) => word,
        (None, Some(_)) => NodeKind::Server.as_str(),
        (None, None) => key,
    };
    NodeKind::parse(word).map_or_else(|| Text::verbatim(word), NodeKind::label)
}

/// The address of a line.
fn line_href(model: LogModel, open: &OpenLog, line: u64) -> String {
    let href = open.href(model.id);
    let mark = if href.contains('?') { '&' } else { '?' };
    format!("{href}{mark}line={}", line + 1)
}

/// Marks a line, or with Shift the lines up to it, and writes that into the address.
fn mark(model: LogModel, line: u64, extend: bool) {
    let before = model.marked.get_untracked();
    let marked = match before {
        Some(before) if extend => Some(before.up_to(line)),
        Some(before) if before == Marked::one(line) => None,
        _ => Some(Marked::one(line)),
    };
    model.marked.set(marked);
    model.cursor.set(line);
    model.set_follow(false);
    write_address(marked);
}

/// Puts the marked lines into the address. Not by way of the router: nothing of the page changes with it.
fn write_address(marked: Option<Marked>) {
    let location = window().location();
    let (Ok(path), Ok(search)) = (location.pathname(), location.search()) else { return };
    let kept = search.trim_start_matches('?').split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("line="));
    let mut query: Vec<String> = kept.map(str::to_owned).collect();
    query.extend(marked.map(|marked| format!("line={}", marked.written())));
    let mark = if query.is_empty() { "" } else { "?" };
    let address = format!("{path}{mark}{}", query.join("&"));
    if let Ok(history) = window().history() {
        let state = history.state().unwrap_or_default();
        let _ = history.replace_state_with_url(&state, "", Some(&address));
    }
}

/// From line to line with the arrow keys, once a line's number has the focus.
fn walk(model: LogModel, event: &KeyboardEvent) {
    let total = model.total.get_untracked();
    let on_a_line = document().active_element().is_some_and(|element| element.class_name() == "log-no");
    let cursor = model.cursor.get_untracked();
    let line = match event.key().as_str() {
        "ArrowDown" if on_a_line => (cursor + 1).min(total.saturating_sub(1)),
        "ArrowUp" if on_a_line => cursor.saturating_sub(1),
        "Home" => {
            event.prevent_default();
            return model.go_to(0);
        }
        "End" => {
            event.prevent_default();
            return model.set_follow(true);
        }
        _ => return,
    };
    event.prevent_default();
    model.cursor.set(line);
    model.show(line);
    // Once it is in the page.
    request_animation_frame(move || {
        let row = model
            .rows
            .try_get_untracked()
            .flatten()
            .and_then(|rows| rows.query_selector(&format!("[data-line=\"{}\"] .log-no", line + 1)).ok().flatten());
        if let Some(row) = row {
            focus(&row);
        }
    });
}

#[cfg(feature = "hydrate")]
fn focus(element: &web_sys::Element) {
    use wasm_bindgen::JsCast;
    if let Some(element) = element.dyn_ref::<web_sys::HtmlElement>() {
        let _ = element.focus();
    }
}

#[cfg(not(feature = "hydrate"))]
fn focus(_: &web_sys::Element) {}

/// The text of some lines, as far as they are here.
pub fn text_of(model: LogModel, marked: Marked) -> Option<String> {
    let lines = |pages: &super::pages::Pages| {
        let texts: Option<Vec<String>> =
            (marked.from..=marked.to).map(|line| pages.row(line).map(Shown::text)).collect();
        texts.map(|texts| texts.join("\n") + "\n")
    };
    model.pages.try_with_value(lines).flatten()
}
