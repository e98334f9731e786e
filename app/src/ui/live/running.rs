//! What a release that runs says of itself in one line, for the wall.

use launchway_domain::{Release, ReleaseId, Running};
use leptos::prelude::*;

use super::board::LiveBoard;
use super::clock::Clock;
use crate::text::{CurrentLang, board, release as words, rollout};

/// A release that runs, alive.
#[derive(Clone)]
pub struct RunningLine {
    /// It, while it runs.
    pub running: Memo<Option<Running>>,
    /// How far it has come, 0 to 100.
    pub percent: Memo<u32>,
    /// What it does now, in the reader's language.
    pub doing: Signal<String>,
    /// For how long it has run, in the reader's language.
    pub elapsed: Signal<String>,
}

impl RunningLine {
    /// Of a release, with the release as it is now; none where it does not run.
    pub fn of(live: LiveBoard, clock: Clock, id: ReleaseId) -> Option<(Self, Release)> {
        let lang = CurrentLang::find();
        let running: Memo<Option<Running>> = Memo::new(move |_| {
            live.now.with(|now| now.overview.running.iter().find(|running| running.release.id == id).cloned())
        });
        let release = running.get_untracked()?.release;
        let doing = move |running: &Running| {
            if running.release.cancel_requested {
                return Some(board::CANCELING.get(lang.get()).to_owned());
            }
            if let Some(hold) = running.hold() {
                let (done, of) = running.switched();
                return Some(rollout::held(done, of, hold.until.is_some()).get(lang.get()).to_owned());
            }
            let mut doing = running.now()?.label().get(lang.get()).to_owned();
            if let Some(percent) = live.transferred(id) {
                doing.push(' ');
                doing.push_str(&percent.to_string());
                doing.push('%');
            }
            Some(doing)
        };
        let started = release.started_at.unwrap_or(release.created_at);
        let line = Self {
            running,
            percent: Memo::new(move |_| running.with(|running| running.as_ref().map_or(0, Running::percent))),
            doing: Signal::derive(move || running.with(|running| running.as_ref().and_then(doing)).unwrap_or_default()),
            elapsed: Signal::derive(move || {
                clock.since(started).map(|millis| words::so_far(millis, lang.get())).unwrap_or_default()
            }),
        };
        Some((line, release))
    }
}
