//! What the release is, where it stands, and why it failed.

use launchway_domain::{EnvironmentId, Release, ReleaseId, ReleaseKind, ReleaseStatus, Text};
use leptos::prelude::*;

use super::OpenLog;
use super::actions::Actions;
use super::hold::HoldBanner;
use super::standing::Stands;
use super::start::BeforeStart;
use crate::text::{CurrentLang, release as words, t, ways};
use crate::ui::components::badge::{KindBadge, StatusBadge};
use crate::ui::components::door::Waiting;
use crate::ui::components::time::Time;
use crate::ui::components::title::name_window;
use crate::ui::components::watching::Watching;
use crate::ui::live::clock::Clock;
use crate::ui::live::{Connection, Live};
use crate::ui::next;

/// How many digits of a commit are shown.
const SHORT_COMMIT: usize = 8;

/// The head of the page.
#[component]
pub fn Header(
    /// The release as it was when the page came: what never changes about it.
    release: Release,
    /// The release.
    live: Live,
    /// The page's clock.
    clock: Clock,
    /// How it stands in its environment.
    stands: Stands,
    /// The environments for production that it can be promoted to.
    promote_to: Vec<(EnvironmentId, String)>,
) -> impl IntoView {
    let id = release.id;
    let status = Memo::new(move |_| live.release.with(|release| release.status));
    let rules = Memo::new(move |_| stands.known.with(|known| known.rules.clone()));
    name_window(words::title(id.0));
    view! {
        <a class="up" href="/releases">"‹ " {t(words::BACK)}</a>
        <div class="head release-head">
            <div>
                <h1>{t(words::title(id.0))} " " <span class="release-ref">{release.git_ref.name.clone()}</span></h1>
                <p class="release-state">
                    <span role="status" class="release-status" tabindex="-1">
                        <StatusBadge status />
                    </span>
                    <Show when=move || stands.is_live.get()>
                        <span class="tag" data-kind="ok">{t(words::LIVE_NOW)}</span>
                    </Show>
                    {move || {
                        let text = stands.live_on.get().map(|(on, servers)| ways::live_on(on, servers));
                        text.map(|text| view! { <span class="tag" data-kind="warn">{t(text)}</span> })
                    }}
                    <ConnectionMark live id=id.0 />
                </p>
                // Somebody else looks, too.
                <Show when=move || live.watching.with(|now| now.total > 1)>
                    <Watching live />
                </Show>
            </div>
            <Actions live id stands promote_to />
        </div>
        {move || {
            // Of what was started before, only what stands in the way is news.
            let shows = match status.get() {
                ReleaseStatus::Pending => true,
                ReleaseStatus::Failed | ReleaseStatus::Canceled => !stands.is_let.get(),
                _ => false,
            };
            shows.then(|| view! { <BeforeStart rules=rules.get() /> })
        }}
        <Waiting release=release.clone() live />
        <Failure live />
        <HoldBanner live id=id.0 clock />
        <Facts release live clock />
    }
}

/// Whether the page hears of what happens. The style sheet hides it where there is no script that could.
#[component]
fn ConnectionMark(live: Live, id: i64) -> impl IntoView {
    let lang = CurrentLang::find();
    let state = live.connection;
    let name = move || match state.get() {
        Connection::Connecting => "connecting",
        Connection::Live => "live",
        Connection::Reconnecting => "reconnecting",
        Connection::SignedOut => "signed-out",
    };
    let text = move || match state.get() {
        Connection::Connecting => words::CONNECTING,
        Connection::Live => words::LIVE,
        Connection::Reconnecting => words::RECONNECTING,
        Connection::SignedOut => words::SIGNED_OUT,
    };
    let sign_in = format!("/sign-in?next={}", next::encode(&format!("/releases/{id}")));
    view! {
        // Beside the status a word for "connected" would be read as one of the release: a dot says it, and words say
        // when it is not so.
        <span class="connection" data-connection=name role="status" title=move || text().get(lang.get()).to_owned()>
            <span class:visually-hidden=move || state.get() == Connection::Live>
                {move || text().get(lang.get()).to_owned()}
            </span>
        </span>
        <Show when=move || state.get() == Connection::SignedOut>
            <a href=sign_in.clone() rel="external">{t(words::SIGN_IN_AGAIN)}</a>
        </Show>
    }
}

/// Why it failed, and where to read more.
#[component]
fn Failure(live: Live) -> impl IntoView {
    let lang = CurrentLang::find();
    let error = Memo::new(move |_| live.release.with(|release| release.error.clone()));
    let failed = Memo::new(move |_| {
        let key = live.failed.get()?;
        Some(OpenLog::of(key).href(live.release.with_untracked(|release| release.id)))
    });
    let link = move || failed.get().map(|href| view! { <a href=href data-noscroll>{t(words::LOG_OF_FAILED)}</a> });
    let alert = move |error: Text| {
        view! {
            <div class="release-failure" role="alert">
                <p>{move || error.get(lang.get()).to_owned()}</p>
                {link}
            </div>
        }
    };
    view! { {move || error.get().map(alert)} }
}

/// What it is: names, times, who.
#[component]
fn Facts(release: Release, live: Live, clock: Clock) -> impl IntoView {
    let project = format!("/projects/{}", release.project_id);
    let environment = format!("{project}/environments/{}", release.environment_id);
    let short = release.commit.get(..SHORT_COMMIT).unwrap_or(&release.commit).to_owned();
    let is_rollback = release.kind == ReleaseKind::Rollback;
    let note = release.note.clone().filter(|note| !note.trim().is_empty());
    let author = release.created_by_name.clone();
    let started = Memo::new(move |_| live.release.with(|release| release.started_at));
    // It may be given while the page is open.
    let exception = Memo::new(move |_| live.release.with(|release| release.exception.clone()));
    let from = |name: Text, id: Option<ReleaseId>| {
        id.map(|id| view! { <Fact name><a href=format!("/releases/{id}")>{format!("#{id}")}</a></Fact> })
    };
    view! {
        <dl class="release-facts">
            <Fact name=words::PROJECT>
                <a href=project>{release.project_title.clone()}</a>
            </Fact>
            <Fact name=words::ENVIRONMENT>
                <a href=environment>{release.environment_name.clone()}</a>
                " "
                <KindBadge kind=release.environment_kind name=release.environment_name.clone() />
            </Fact>
            <Fact name=words::REF>
                <span class="quiet">{t(release.git_ref.kind.label())}</span>
                " "
                {release.git_ref.name.clone()}
                {is_rollback.then(|| view! { " " <span class="tag">{t(words::ROLLBACK_KIND)}</span> })}
            </Fact>
            <Fact name=words::COMMIT>
                <code title=release.commit.clone()>{short}</code>
            </Fact>
            <Fact name=words::BY>{author}</Fact>
            <Fact name=words::CREATED>
                <Time at=release.created_at seconds=true />
            </Fact>
            {move || {
                started
                    .get()
                    .map(|at| {
                        view! {
                            <Fact name=words::STARTED>
                                <Time at seconds=true />
                            </Fact>
                            <Fact name=words::TOOK>
                                <Took live clock />
                            </Fact>
                        }
                    })
            }}
            {from(ways::ROLLBACK_OF, release.rollback_of)}
            {from(ways::PROMOTED_FROM, release.promoted_from)}
            {move || {
                exception
                    .get()
                    .map(|reason| {
                        view! {
                            <Fact name=ways::EXCEPTION wide=true>
                                <span class="release-note release-exception">{reason}</span>
                            </Fact>
                        }
                    })
            }}
            {note
                .map(|note| {
                    view! {
                        <Fact name=words::NOTE wide=true>
                            <span class="release-note">{note}</span>
                        </Fact>
                    }
                })}
        </dl>
    }
}

/// How long it took, or has taken so far.
#[component]
fn Took(live: Live, clock: Clock) -> impl IntoView {
    let lang = CurrentLang::find();
    let took = move || {
        let (began, ended, status) = live.release.with(|r| (r.started_at, r.finished_at, r.status));
        match (began?, ended) {
            (began, Some(ended)) => Some(words::duration(ended.millis() - began.millis(), lang.get())),
            (began, None) if status == ReleaseStatus::Running => {
                clock.since(began).map(|millis| words::so_far(millis, lang.get()))
            }
            _ => None,
        }
    };
    // Only the browser counts on; without scripts it is said that it runs still.
    let so_far = t(words::STILL_RUNNING);
    view! { <span>{move || took().unwrap_or_else(&so_far)}</span> }
}

#[component]
fn Fact(name: Text, #[prop(optional)] wide: bool, children: Children) -> impl IntoView {
    view! {
        <div class="release-fact" class:is-wide=wide>
            <dt>{t(name)}</dt>
            <dd>{children()}</dd>
        </div>
    }
}
