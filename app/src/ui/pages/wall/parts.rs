//! What the wall is made of: a card for what runs, a row for everything else.

use launchway_domain::{
    EnvironmentKind, LiveVersion, Overview, Place, Release, ReleaseId, ReleaseKind, ReleaseStatus, Text, Timestamp,
    Wait,
};
use leptos::prelude::*;

use crate::text::{board, releases, rollout, t};
use crate::ui::components::badge::{KindBadge, OutcomeBadge, StatusBadge};
use crate::ui::components::countdown::Countdown;
use crate::ui::components::strip::Strip;
use crate::ui::live::board::LiveBoard;
use crate::ui::live::clock::{Clock, time_of_day};
use crate::ui::live::running::RunningLine;

/// A release that runs.
#[component]
pub fn Card(
    /// The overview, alive.
    live: LiveBoard,
    /// The page's clock.
    clock: Clock,
    /// Which release.
    id: ReleaseId,
) -> impl IntoView {
    let Some((RunningLine { running, percent, doing, elapsed }, first)) = RunningLine::of(live, clock, id) else {
        return ().into_any();
    };
    let is_failing = move || {
        running.with(|running| {
            running.as_ref().is_some_and(|running| running.phases.iter().any(|phase| phase.failed > 0)).then_some("")
        })
    };
    let is_held = move || running.with(|running| running.as_ref().and_then(|running| running.hold().map(|_| "")));
    view! {
        <article class="wall-card" data-failing=is_failing data-held=is_held>
            <header>
                <Where
                    project=first.project_title
                    environment=first.environment_name
                    kind=Some(first.environment_kind)
                />
                <span class="wall-ref">{first.git_ref.name}</span>
                <span class="wall-doing">{doing}</span>
                <span class="wall-elapsed">{elapsed}</span>
            </header>
            <Strip running />
            <progress max="100" value=move || percent.get().to_string() aria-label=t(board::progress(id.0))></progress>
        </article>
    }
    .into_any()
}

/// A project and its environment. Where there is no room for both, the project is cut.
#[component]
fn Where(project: String, environment: String, kind: Option<EnvironmentKind>) -> impl IntoView {
    let kind = kind.map(|kind| view! { " " <KindBadge kind name=environment.clone() /> });
    view! {
        <span class="wall-what">
            <b>{project}</b>
            <span class="wall-env">" / " {environment.clone()} {kind}</span>
        </span>
    }
    .into_any()
}

/// What is released, and where it goes.
#[component]
fn What(release: Release) -> impl IntoView {
    view! {
        <Where project=release.project_title environment=release.environment_name kind=None />
        <span class="wall-ref">
            {release.git_ref.name}
            {(release.kind == ReleaseKind::Rollback).then(|| view! { " ↩ " <span class="unseen">{t(releases::ROLLBACK)}</span> })}
        </span>
    }
    .into_any()
}

/// Something that waits, for somebody or for its turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// Which release.
    pub release: Release,
    /// What it waits for, where it runs and waits: how many servers are done, of how many, and until when.
    pub held: Option<(u32, u32, Option<Timestamp>)>,
    /// What it waits for in the queue.
    pub waits: Vec<Wait>,
}

impl Waiting {
    /// What waits for somebody: first what runs and has to be let go on.
    pub fn for_people(overview: &Overview) -> Vec<Self> {
        let held = overview.running.iter().filter_map(|running| {
            let until = running.hold()?.until;
            let (done, of) = running.switched();
            Some(Self { release: running.release.clone(), held: Some((done, of, until)), waits: Vec::new() })
        });
        let open = overview.waiting.iter().filter(|release| release.status != ReleaseStatus::Queued);
        let open = open.map(|release| Self { release: release.clone(), held: None, waits: Vec::new() });
        held.chain(open).collect()
    }

    /// How many wait for somebody, also where they are too many to be listed.
    pub fn count(overview: &Overview) -> u64 {
        let held = overview.running.iter().filter(|running| running.hold().is_some()).count() as u64;
        held + overview.waiting_total.saturating_sub(overview.queued_total)
    }

    /// Names it among others; what says otherwise is another row.
    pub fn key(&self) -> (ReleaseId, &'static str, Option<u32>, String) {
        let wait = self.waits.first().map(|wait| wait.short().en.into_owned()).unwrap_or_default();
        (self.release.id, self.release.status.as_str(), self.held.map(|(done, ..)| done), wait)
    }

    /// What waits for its turn.
    pub fn for_turn(overview: &Overview) -> Vec<Self> {
        let queued = overview.waiting.iter().filter(|release| release.status == ReleaseStatus::Queued);
        let waits = |id| overview.queue.iter().find(|one| one.release_id == id).map(|one| one.waits.clone());
        queued
            .map(|release| Self { release: release.clone(), held: None, waits: waits(release.id).unwrap_or_default() })
            .collect()
    }
}

/// Something that waits.
#[component]
pub fn WaitingRow(
    /// Which.
    waiting: Waiting,
    /// The page's clock.
    clock: Clock,
) -> impl IntoView {
    let Waiting { release, held, waits } = waiting;
    let badge = match held {
        Some(_) => view! { <OutcomeBadge status="queued" sign="…" label=rollout::HELD /> }.into_any(),
        None => view! { <StatusBadge status=Signal::stored(release.status) /> }.into_any(),
    };
    // In a row there is room for the first reason: the others come when that one is over.
    let wait = waits.into_iter().next();
    let why = held
        .map(|(done, of, until)| (rollout::held(done, of, until.is_some()), until))
        .or_else(|| wait.map(|wait| (wait.short(), wait.until)));
    let why = why.map(|(text, until)| {
        let until = until.map(|to| view! { " " <Countdown to clock /> });
        view! { <span class="wall-why">{t(text)} {until}</span> }
    });
    view! {
        <li class="wall-row" data-held=held.map(|_| "")>
            {badge}
            <span class="wall-lines">
                <span class="wall-line">
                    <What release />
                </span>
                {why}
            </span>
        </li>
    }
    .into_any()
}

/// Something that ended.
#[component]
pub fn ResultRow(
    /// Which.
    release: Release,
    /// The page's clock.
    clock: Clock,
) -> impl IntoView {
    let status = release.status;
    let at = release.finished_at;
    // Before the browser has taken over there is no local time.
    let time = move || {
        let at = at?;
        let alive = clock.since(at).is_some();
        Some(time_of_day(at, alive).get(..5).unwrap_or_default().to_owned())
    };
    view! {
        <li class="wall-row" data-status=status.as_str()>
            <StatusBadge status=Signal::stored(status) />
            <span class="wall-line">
                <What release />
                <span class="wall-when">{time}</span>
            </span>
        </li>
    }
    .into_any()
}

/// What is live in an environment.
#[component]
pub fn LiveRow(
    /// Which.
    place: Place,
) -> impl IntoView {
    let (live, commit) = match place.versions.as_slice() {
        [] => (board::NEVER, None),
        [LiveVersion { release: Some(release), .. }] => {
            let short = release.commit.get(..8).unwrap_or_default().to_owned();
            (Text::verbatim(release.git_ref.name.clone()), Some(short))
        }
        [LiveVersion { release: None, link: None, .. }] => (board::NEVER, None),
        versions => (LiveVersion::summary(versions), None),
    };
    let is_mixed = place.versions.len() > 1;
    view! {
        <li class="wall-row" data-mixed=is_mixed.then_some("")>
            <Where
                project=place.project_title
                environment=place.environment_name
                kind=Some(place.environment_kind)
            />
            <span class="wall-ref">{t(live)}</span>
            <code class="wall-when">{commit}</code>
        </li>
    }
    .into_any()
}
