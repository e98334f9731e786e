//! An open log as signals: what is held of it, which lines are seen, and how they are asked for.

use std::time::Duration;

use launchway_domain::{LogLines, LogScope, ReleaseId};
use leptos::html::Div;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::address::Marked;
use super::geometry::Geometry;
use super::pages::Pages;
use super::prefs::Prefs;
use crate::api::log::get_log_lines;
use crate::ui::live::Live;
use crate::ui::live::LogNews;

/// How many lines the server renders, and a page begins with.
pub const FIRST_LINES: u64 = 200;
/// How long a log rests before it asks for what it shows: whoever drags the scroll bar passes over most of it.
const REST: Duration = Duration::from_millis(50);
/// The least time between two looks at the end of a log that grows.
const LOOK: Duration = Duration::from_millis(200);
/// The time before another try.
const AGAIN: Duration = Duration::from_millis(1500);

/// An open log.
#[derive(Clone, Copy)]
pub struct LogModel {
    /// Of which release.
    pub id: ReleaseId,
    /// The release.
    pub live: Live,
    /// Which lines.
    pub scope: StoredValue<LogScope>,
    /// The lines that are here.
    pub pages: StoredValue<Pages>,
    /// Where they lie.
    pub geometry: StoredValue<Geometry>,
    /// Changes when lines came or changed.
    pub version: RwSignal<u32>,
    /// How many lines the log has.
    pub total: RwSignal<u64>,
    /// Which lines are in the page: the first, and the one after the last.
    pub window: RwSignal<(u64, u64)>,
    /// Whether the end is kept in sight.
    pub follow: RwSignal<bool>,
    /// Wrapping and time stamps.
    pub prefs: RwSignal<Prefs>,
    /// Which lines are marked.
    pub marked: RwSignal<Option<Marked>>,
    /// The line that the keyboard stands on.
    pub cursor: RwSignal<u64>,
    /// The longest line so far, in characters.
    pub columns: RwSignal<usize>,
    /// Whether lines could not be loaded.
    pub failed: RwSignal<bool>,
    /// What scrolls.
    pub container: NodeRef<Div>,
    /// What is as tall as the log.
    pub space: NodeRef<Div>,
    /// What holds the lines.
    pub rows: NodeRef<Div>,
    /// Where in the log the part begins that is seen, in pixels.
    pub(super) place: StoredValue<f64>,
    /// The line that is gone to, and how far below the upper edge it comes to lie.
    pub(super) pinned: StoredValue<Option<(u64, f64)>>,
    /// Where the scroll bar stands by our own doing.
    pub(super) bar: StoredValue<i32>,
    asking: StoredValue<Vec<u64>>,
    is_due: StoredValue<bool>,
    is_looking: StoredValue<bool>,
    look_again: StoredValue<bool>,
}

impl LogModel {
    /// One that begins with some lines.
    pub fn new(id: ReleaseId, live: Live, scope: LogScope, lines: &LogLines, marked: Option<Marked>) -> Self {
        let pages = Pages::of(lines);
        let end = lines.from_line.saturating_sub(1) + lines.items.len() as u64;
        let first = match marked {
            Some(marked) => marked.from.saturating_sub(3).max(lines.from_line.saturating_sub(1)),
            None => end.saturating_sub(FIRST_LINES),
        }
        .max(lines.from_line.saturating_sub(1))
        .min(end);
        let window = (first, end.min(first + FIRST_LINES));
        Self {
            id,
            live,
            scope: StoredValue::new(scope),
            geometry: StoredValue::new(Geometry::new(pages.total())),
            version: RwSignal::new(0),
            total: RwSignal::new(pages.total()),
            window: RwSignal::new(window),
            follow: RwSignal::new(marked.is_none()),
            prefs: RwSignal::new(Prefs::default()),
            marked: RwSignal::new(marked),
            cursor: RwSignal::new(marked.map_or(window.0, |marked| marked.from)),
            columns: RwSignal::new(0),
            failed: RwSignal::new(false),
            container: NodeRef::new(),
            space: NodeRef::new(),
            rows: NodeRef::new(),
            place: StoredValue::new(0.0),
            pinned: StoredValue::new(None),
            bar: StoredValue::new(-1),
            asking: StoredValue::new(Vec::new()),
            is_due: StoredValue::new(false),
            is_looking: StoredValue::new(false),
            look_again: StoredValue::new(false),
            pages: StoredValue::new(pages),
        }
    }

    /// Whether an event about a log concerns this one.
    pub fn hear(self, news: &LogNews<'_>) {
        let concerns = match news {
            LogNews::Check => true,
            LogNews::Grew(growth) => {
                self.scope.try_with_value(|scope| match scope {
                    LogScope::All => true,
                    LogScope::Server(server) => growth.node.server() == Some(*server),
                    LogScope::Node(node, _) => growth.node == *node,
                }) == Some(true)
            }
        };
        if concerns {
            self.look();
        }
    }

    /// Asks what came at the end, at most every [`LOOK`].
    pub fn look(self) {
        match self.is_looking.try_get_value() {
            Some(false) => {}
            Some(true) => {
                self.look_again.try_set_value(true);
                return;
            }
            None => return,
        }
        self.is_looking.try_set_value(true);
        spawn_local(async move {
            let (Some(fresh), Some(scope)) =
                (self.pages.try_with_value(Pages::fresh), self.scope.try_with_value(LogScope::clone))
            else {
                return;
            };
            let answer = get_log_lines(self.id, scope, Some(fresh + 1)).await;
            let rest = if answer.is_ok() { LOOK } else { AGAIN };
            match answer {
                Ok(lines) => {
                    self.pages.try_update_value(Pages::forget_open);
                    self.came(&lines);
                }
                Err(_) => {
                    self.look_again.try_set_value(true);
                }
            }
            set_timeout(
                move || {
                    self.is_looking.try_set_value(false);
                    if self.look_again.try_get_value() == Some(true) {
                        self.look_again.try_set_value(false);
                        self.look();
                    }
                },
                rest,
            );
        });
    }

    /// Takes lines that were asked for.
    fn came(self, lines: &LogLines) {
        let Some(total) = self.pages.try_update_value(|pages| {
            pages.take(lines);
            pages.total()
        }) else {
            return;
        };
        self.geometry.try_update_value(|geometry| geometry.grow(total));
        if self.total.try_get_untracked().is_some_and(|known| known != total) {
            self.total.try_set(total);
        }
        if self.failed.try_get_untracked() == Some(true) {
            self.failed.try_set(false);
        }
        self.version.try_update(|version| *version += 1);
        self.lay();
    }

    /// Asks for the lines that are seen and not here, once the log rests.
    pub(super) fn load_soon(self, after: Duration) {
        if self.is_due.try_get_value() != Some(false) {
            return;
        }
        self.is_due.try_set_value(true);
        set_timeout(
            move || {
                self.is_due.try_set_value(false);
                self.load();
            },
            after,
        );
    }

    /// The time before lines are asked for.
    pub(super) fn rest() -> Duration {
        REST
    }

    fn load(self) {
        let Some((from, to)) = self.window.try_get_untracked() else { return };
        let Some(first) = self.pages.try_with_value(|pages| pages.missing(from, to)).flatten() else { return };
        if self.asking.try_with_value(|asking| asking.contains(&first) || asking.len() >= 4) != Some(false) {
            return;
        }
        let Some(scope) = self.scope.try_with_value(LogScope::clone) else { return };
        self.asking.try_update_value(|asking| asking.push(first));
        spawn_local(async move {
            let answer = get_log_lines(self.id, scope, Some(first + 1)).await;
            self.asking.try_update_value(|asking| asking.retain(|asked| *asked != first));
            match answer {
                Ok(lines) => self.came(&lines),
                Err(_) => {
                    self.failed.try_set(true);
                    self.load_soon(AGAIN);
                }
            }
        });
    }
}
