//! The search in an open log. The server looks through the whole log, stretch by stretch, so that it can be given up
//! at any time; the browser marks what it shows.

use std::time::Duration;

use launchway_domain::LogScope;
use launchway_domain::log::find::Needle;
use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::model::LogModel;
use crate::api::log::search_log;
use crate::text::{CurrentLang, log as words, t};

/// How long somebody has to pause before what they typed is searched for.
const PAUSE: Duration = Duration::from_millis(220);
/// How many lines are remembered that hold it; the others are counted.
const LISTED: usize = 100_000;

/// How far a search has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Lines that hold it.
    matched: u64,
    /// How often it stands there.
    matches: u64,
    /// Whether it is still searched for.
    is_busy: bool,
    /// Whether the server could not be asked.
    failed: bool,
}

/// The search of an open log.
#[derive(Clone, Copy)]
pub struct Search {
    model: LogModel,
    /// What is marked.
    pub needle: RwSignal<Option<Needle>>,
    /// The line that was gone to; the first is 0.
    pub current: RwSignal<Option<u64>>,
    text: StoredValue<String>,
    count: RwSignal<Count>,
    lines: StoredValue<Vec<u64>>,
    /// The place of the current line among the found ones.
    at: RwSignal<Option<usize>>,
    /// The number of the latest search: what an earlier one finds does not count.
    run: StoredValue<u32>,
    /// The line before which everything was searched.
    searched: StoredValue<u64>,
}

impl Search {
    /// None yet.
    pub fn new(model: LogModel) -> Self {
        Self {
            model,
            needle: RwSignal::new(None),
            current: RwSignal::new(None),
            text: StoredValue::new(String::new()),
            count: RwSignal::new(Count::default()),
            lines: StoredValue::new(Vec::new()),
            at: RwSignal::new(None),
            run: StoredValue::new(0),
            searched: StoredValue::new(0),
        }
    }

    fn typed(self, text: String) {
        self.text.set_value(text);
        let run = self.run.get_value() + 1;
        self.run.set_value(run);
        set_timeout(
            move || {
                if self.run.try_get_value() == Some(run) {
                    self.begin(run);
                }
            },
            PAUSE,
        );
    }

    fn begin(self, run: u32) {
        let text = self.text.get_value();
        let needle = Needle::new(&text);
        let is_busy = needle.is_some();
        self.needle.set(needle);
        self.current.set(None);
        self.at.set(None);
        self.lines.set_value(Vec::new());
        self.searched.set_value(0);
        self.count.set(Count { is_busy, ..Count::default() });
        if is_busy {
            self.go_on(run, true);
        }
    }

    /// Searches what has come since.
    pub fn more(self, total: u64) {
        let idle = self.count.try_with_untracked(|count| !count.is_busy) == Some(true);
        let is_searching = self.needle.try_with_untracked(Option::is_some) == Some(true);
        if idle && is_searching && self.searched.try_get_value().is_some_and(|searched| searched < total) {
            self.count.try_update(|count| count.is_busy = true);
            if let Some(run) = self.run.try_get_value() {
                self.go_on(run, false);
            }
        }
    }

    /// Searches from where it stopped to the end.
    fn go_on(self, run: u32, is_first: bool) {
        spawn_local(async move {
            let mut goes = is_first;
            loop {
                let (Some(from), Some(text), Some(scope)) = (
                    self.searched.try_get_value(),
                    self.text.try_get_value(),
                    self.model.scope.try_with_value(LogScope::clone),
                ) else {
                    return;
                };
                let answer = search_log(self.model.id, scope, text, from + 1).await;
                if self.run.try_get_value() != Some(run) {
                    return;
                }
                let Ok(found) = answer else {
                    self.count.try_update(|count| (count.is_busy, count.failed) = (false, true));
                    return;
                };
                self.searched.try_set_value(found.next.map_or(found.total, |next| next - 1));
                self.lines.try_update_value(|lines| {
                    let room = LISTED.saturating_sub(lines.len());
                    lines.extend(found.lines.iter().take(room).map(|line| line - 1));
                });
                self.count.try_update(|count| {
                    count.matched += found.matched;
                    count.matches += found.matches;
                    count.is_busy = found.next.is_some();
                    count.failed = false;
                });
                if goes && found.matched > 0 {
                    goes = false;
                    self.go_near();
                }
                if found.next.is_none() {
                    return;
                }
            }
        });
    }

    /// Goes to the first match that is not above what is seen.
    fn go_near(self) {
        let seen = self.model.first_seen();
        let index = self.lines.try_with_value(|lines| {
            let below = lines.partition_point(|line| *line < seen);
            if below < lines.len() { below } else { lines.len().saturating_sub(1) }
        });
        if let Some(index) = index {
            self.go(index);
        }
    }

    fn go(self, index: usize) {
        let Some(Some(line)) = self.lines.try_with_value(|lines| lines.get(index).copied()) else { return };
        self.at.try_set(Some(index));
        self.current.try_set(Some(line));
        self.model.go_to(line);
    }

    /// Goes to the next match, or the one before; behind the last comes the first.
    pub fn step(self, back: bool) {
        let Some(count) = self.lines.try_with_value(Vec::len).filter(|count| *count > 0) else { return };
        match self.at.try_get_untracked().flatten() {
            None => self.go_near(),
            Some(at) if back => self.go((at + count - 1) % count),
            Some(at) => self.go((at + 1) % count),
        }
    }
}

/// Where one types what to search for, how often it was found, and the way from one place to the next.
#[component]
pub fn SearchBox(
    /// The search.
    search: Search,
    /// Where the keyboard goes with `/`.
    input: NodeRef<Input>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let has_needle = move || search.needle.with(Option::is_some);
    let count = move || {
        if !has_needle() {
            return String::new();
        }
        let count = search.count.get();
        let word = |text: launchway_domain::Text| text.get(lang.get()).to_owned();
        match count {
            Count { failed: true, .. } => word(words::SEARCH_FAILED),
            Count { matched: 0, is_busy: true, .. } => word(words::SEARCHING),
            Count { matched: 0, .. } => word(words::NO_MATCH),
            _ => {
                let at = search.at.get().map(|at| at as u64 + 1);
                let text = words::found(at, count.matched);
                if count.is_busy { format!("{text}…") } else { text }
            }
        }
    };
    let long = move || {
        let count = search.count.get();
        let text = words::found_long(count.matched, count.matches);
        (count.matched > 0).then(|| text.get(lang.get()).to_owned())
    };
    let is_off = move || search.count.with(|count| count.matched == 0);
    view! {
        <div class="log-search" role="search">
            <input
                type="search"
                class="log-search-input"
                aria-label=t(words::SEARCH)
                placeholder=t(words::SEARCH)
                title=t(words::KEYS)
                maxlength="200"
                autocomplete="off"
                spellcheck="false"
                node_ref=input
                on:input=move |event| search.typed(event_target_value(&event))
                on:keydown=move |event| {
                    if event.key() == "Enter" && !event.is_composing() {
                        event.prevent_default();
                        search.step(event.shift_key());
                    }
                }
            />
            <output class="log-count" aria-live="polite" title=long>
                {count}
            </output>
            <button
                type="button"
                class="tool"
                aria-label=t(words::PREVIOUS)
                title=t(words::PREVIOUS)
                disabled=is_off
                on:click=move |_| search.step(true)
            >
                <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                    <path d="M4 10l4-4 4 4"></path>
                </svg>
            </button>
            <button
                type="button"
                class="tool"
                aria-label=t(words::NEXT)
                title=t(words::NEXT)
                disabled=is_off
                on:click=move |_| search.step(false)
            >
                <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                    <path d="M4 6l4 4 4-4"></path>
                </svg>
            </button>
        </div>
    }
}
