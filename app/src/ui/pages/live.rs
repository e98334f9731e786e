//! What is live where: every environment and server, as the servers themselves say.

use std::cmp::Reverse;

use launchway_domain::{
    EnvironmentLive, ListQuery, LiveRelease, LiveState, LiveVersion, ProjectId, ReleaseKind, ServerLive,
};
use leptos::prelude::*;

use crate::api::live::{CheckLive, list_live};
use crate::text::{CurrentLang, board, common, live as words, queue, releases, t, ways};
use crate::ui::components::badge::{KindBadge, OutcomeBadge};
use crate::ui::components::confirm::{Refused, refusal_of};
use crate::ui::components::layout::{EmptyState, PageHead};
use crate::ui::components::listing::{FilterSelect, ListBar, ListState, NothingMatches};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::project_filter::ProjectFilter;
use crate::ui::components::time::{LastTime, Time};
use crate::ui::components::versions::{VersionLink, Versions};
use crate::ui::may::May;

/// What is live where; it follows what happens.
#[component]
pub fn LivePage() -> impl IntoView {
    let list = ListState::new("/live", &[], &["project", "state"]);
    let project = Memo::new(move |_| {
        list.query.with(|query| query.filter("project").and_then(|id| id.parse().ok()).map(ProjectId))
    });
    let check = ServerAction::<CheckLive>::new();
    // Counts up when a release changes anywhere, or what is live does, so that the page follows without a reload.
    let changed = RwSignal::new(0_u32);
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| crate::ui::live::wall::count_live_changes(changed));
    let checked = check.version();
    let found =
        Resource::new(move || (project.get(), changed.get(), checked.get()), |(project, ..)| list_live(project));
    let states = LiveState::ALL.iter().map(|state| (state.as_str().to_owned(), state.label())).collect::<Vec<_>>();
    view! {
        <PageHead title=words::TITLE lead=Some(words::LEAD) />
        <ListBar list label=words::SEARCH>
            <ProjectFilter list />
            <FilterSelect list name="state" label=words::STATE any=words::ANY_STATE options=states />
        </ListBar>
        <Refused of=refusal_of(check) />
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                let query = list.query.get();
                show(found.await, |found| view! { <Places list query found check /> })
            })}
        </Transition>
    }
}

/// The environments that are looked for.
#[component]
fn Places(
    list: ListState,
    query: ListQuery,
    found: Vec<EnvironmentLive>,
    check: ServerAction<CheckLive>,
) -> impl IntoView {
    if found.is_empty() && !query.is_narrow() {
        let action = Some(("/projects".to_owned(), common::PROJECTS));
        return view! { <EmptyState title=words::EMPTY lead=Some(words::EMPTY_LEAD) action /> }.into_any();
    }
    let state = query.filter("state").and_then(LiveState::parse);
    let mut found: Vec<_> = found.into_iter().filter_map(|place| narrowed(place, &query.q, state)).collect();
    // What asks for a look comes first; the others stay in their order.
    found.sort_by_key(|place| Reverse(place.state.severity()));
    if found.is_empty() {
        return view! { <NothingMatches list /> }.into_any();
    }
    found.into_iter().map(|place| view! { <Place place check /> }).collect_view().into_any()
}

/// How many servers of an environment stand open; the others are a click away.
const MANY: usize = 30;

/// An environment with the servers that are looked for; none where it has none of them.
fn narrowed(mut place: EnvironmentLive, q: &str, state: Option<LiveState>) -> Option<EnvironmentLive> {
    let q = q.trim().to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&q);
    let all = q.is_empty() || has(&place.name) || has(&place.project_title);
    let is_mixed = place.versions.len() > 1;
    place.servers.retain(|server| {
        let fits =
            all || has(&server.hostname) || server.release.as_ref().is_some_and(|release| has(&release.git_ref.name));
        // Only an environment can be mixed, and then it is with all of its servers.
        fits && state.is_none_or(|state| server.state == state || (state == LiveState::Mixed && is_mixed))
    });
    (!place.servers.is_empty() || (all && state.is_none())).then_some(place)
}

/// One environment.
#[component]
pub fn Place(
    /// What is live there.
    place: EnvironmentLive,
    /// What looks.
    check: ServerAction<CheckLive>,
) -> impl IntoView {
    let id = place.environment_id;
    let href = format!("/projects/{}/environments/{id}", place.project_id);
    let may = May::find().create(place.project_id);
    let busy =
        move || check.input().with(|input| input.as_ref().is_some_and(|input| input.id == id)) && check.pending().get();
    let lang = CurrentLang::find();
    let look = move || if busy() { words::LOOKING } else { words::LOOK }.get(lang.get()).to_owned();
    let is_empty = place.servers.is_empty();
    let mut first = place.servers;
    // What is not as it should be comes first, then what is not what most have: of many servers the others are of less
    // interest.
    let most = place.versions.first().and_then(|version| version.release.as_ref()).map(|release| release.id);
    let is_most = |server: &ServerLive| server.release.as_ref().map(|release| release.id) == most;
    first.sort_by_key(|server| (Reverse(server.state.severity()), is_most(server)));
    let rest = first.split_off(first.len().min(MANY));
    let back = (matches!(place.state, LiveState::Drift | LiveState::Mixed) && place.running.is_none() && may)
        .then(|| view! { <a class="in-text" href=format!("{href}/rollback")>{t(ways::ROLLBACKS_ASK)}</a> });
    // Since when, where it is one for all; otherwise each server says it for itself.
    let since = match place.versions.as_slice() {
        [LiveVersion { release: Some(_), since, .. }] => *since,
        _ => None,
    };
    let since = since.map(|at| view! { <span class="quiet">{t(queue::SINCE)} " " <Time at /></span> });
    let is_some = place.versions.iter().any(|version| version.release.is_some());
    let versions = is_some.then(|| view! { <Versions versions=place.versions /> });
    view! {
        <section class="live-place" data-state=place.state.as_str()>
            <div class="live-head">
                <h2>
                    <a class="in-text" href=format!("/projects/{}", place.project_id)>{place.project_title}</a>
                    " / "
                    <a class="in-text" href=href>{place.name.clone()}</a>
                </h2>
                <KindBadge kind=place.kind name=place.name />
                <StateBadge state=place.state />
                {versions}
                {since}
                {place
                    .running
                    .map(|id| view! { <a class="in-text" href=format!("/releases/{id}")>{t(words::running(id.0))}</a> })}
                {back}
                {(may && !is_empty && place.running.is_none())
                    .then(|| {
                        view! {
                            <ActionForm action=check attr:class="live-look">
                                <input type="hidden" name="id" value=id.to_string() />
                                <button
                                    type="submit"
                                    class="button small"
                                    aria-disabled=move || busy().then_some("true")
                                >
                                    {look}
                                </button>
                            </ActionForm>
                        }
                    })}
            </div>
            {if is_empty {
                view! { <p class="quiet">{t(words::NO_SERVERS)}</p> }.into_any()
            } else {
                let more = (!rest.is_empty())
                    .then(|| {
                        view! {
                            <details class="live-rest">
                                <summary>{t(words::more(rest.len()))}</summary>
                                {table(rest)}
                            </details>
                        }
                    });
                view! {
                    {table(first)}
                    {more}
                }
                    .into_any()
            }}
        </section>
    }
    .into_any()
}

/// Some servers of an environment.
fn table(servers: Vec<ServerLive>) -> AnyView {
    view! {
        <table class="list live">
            <thead>
                <tr>
                    <th scope="col">{t(words::SERVER)}</th>
                    <th scope="col">{t(words::LIVE)}</th>
                    <th scope="col">{t(words::STATE)}</th>
                    <th scope="col" class="when">
                        {t(words::SINCE)}
                    </th>
                    <th scope="col" class="when">
                        {t(words::LOOKED)}
                    </th>
                </tr>
            </thead>
            <tbody>{servers.into_iter().map(|server| view! { <Row server /> }).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn Row(server: ServerLive) -> impl IntoView {
    let lang = CurrentLang::find();
    let detail = server.detail;
    let expected = server.expected.map(|release| {
        let (href, text) = (format!("/releases/{}", release.id), words::should_be(release.id.0, &release.git_ref.name));
        view! { <a class="in-text should" href=href>{t(text)}</a> }
    });
    let compared = server.files_checked_at;
    let both = compared.is_some() && compared == server.checked_at;
    view! {
        <tr data-state=server.state.as_str()>
            <td>
                <a class="in-text" href=format!("/servers/{}", server.server_id)>{server.hostname}</a>
            </td>
            <td>
                {match server.release {
                    Some(release) => view! { <Named release /> }.into_any(),
                    None => view! { <Unknown link=server.link /> }.into_any(),
                }} {expected}
                {detail.map(|detail| view! { <p class="row-error">{move || detail.get(lang.get()).to_owned()}</p> })}
            </td>
            <td>
                <StateBadge state=server.state />
            </td>
            <td class="when" data-label=t(words::SINCE)>
                {server.live_since.map(|at| view! { <Time at /> })}
            </td>
            <td class="when" data-label=t(words::LOOKED)>
                <LastTime at=server.checked_at never=words::NOT_YET />
                {compared
                    .map(|at| {
                        if both {
                            view! { <span class="quiet">{t(words::FILES_TOO)}</span> }.into_any()
                        } else {
                            view! {
                                <span class="quiet">{t(words::FILES_AT)} " " <Time at /></span>
                            }
                                .into_any()
                        }
                    })}
            </td>
        </tr>
    }
    .into_any()
}

/// A release by its number, ref and commit.
#[component]
fn Named(release: LiveRelease) -> impl IntoView {
    let short = release.commit.get(..8).unwrap_or(&release.commit).to_owned();
    view! {
        <VersionLink release=release.clone() />
        <code class="quiet">{short}</code>
        {(release.kind == ReleaseKind::Rollback).then(|| view! { <span class="tag">{t(releases::ROLLBACK)}</span> })}
        <span class="quiet by">{release.created_by_name}</span>
    }
    .into_any()
}

/// What is live and no release that is known.
#[component]
fn Unknown(link: Option<String>) -> impl IntoView {
    match link {
        Some(link) => view! {
            <code>{link}</code>
            " "
            <span class="quiet">{t(words::UNKNOWN)}</span>
        }
        .into_any(),
        None => view! { <span class="quiet">{t(board::NEVER)}</span> }.into_any(),
    }
}

/// How what is live compares with the history.
#[component]
pub fn StateBadge(
    /// How.
    state: LiveState,
) -> impl IntoView {
    let (status, sign) = match state {
        LiveState::Ok => ("succeeded", "✓"),
        LiveState::Drift => ("failed", "≠"),
        LiveState::Unreachable => ("queued", "!"),
        LiveState::Mixed => ("queued", "≠"),
        LiveState::Empty => ("pending", "○"),
        LiveState::Never => ("pending", "?"),
    };
    view! { <OutcomeBadge status sign label=state.label() /> }
}
