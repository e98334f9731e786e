//! What an environment can go back to: a list, and a question before one is brought back.

use launchway_domain::{EnvironmentId, EnvironmentKind, LivePart, ProjectId, Text, Unasked, WayBack};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::super::{id_param, no_such_page};
use crate::api::releases::RollbackRelease;
use crate::api::ways::{Back as Ways, get_ways_back};
use crate::text::{CurrentLang, queue, release, t, ways as words};
use crate::ui::components::back::{Back, BackButton};
use crate::ui::components::confirm::{Refused, refusal_of};
use crate::ui::components::layout::{EmptyState, PageHead};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::time::Time;
use crate::ui::may::May;

/// The earlier releases of an environment.
#[component]
pub fn RollbackPage() -> impl IntoView {
    let project = id_param::<ProjectId>("id");
    let id = id_param::<EnvironmentId>("environment");
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(|query| (query.get("cursor"), query.get_str("held") == Some("true"))));
    let rollback = ServerAction::<RollbackRelease>::new();
    let found = Resource::new(
        move || (project.get(), id.get(), asked.get()),
        |(project, id, (cursor, held))| async move {
            let (Some(project), Some(id)) = (project, id) else { return Err(no_such_page()) };
            get_ways_back(project, id, cursor, Some(held)).await
        },
    );
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move { show(found.await, |back| view! { <Page back rollback /> }) })}
        </Transition>
    }
}

#[component]
fn Page(back: Ways, rollback: ServerAction<RollbackRelease>) -> impl IntoView {
    let Ways { project, environment, ways, frozen } = back;
    let here = format!("/projects/{}/environments/{}", project.id, environment.id);
    let place = Text::verbatim(format!("{} · {}", project.title, environment.name));
    let may = May::find().run(project.id, environment.kind);
    let (look, more) = (format!("{here}/rollback?held=true"), ways.next.clone());
    let earlier = more.map(|next| {
        let href = format!("{here}/rollback?cursor={next}");
        view! { <a class="button small" href=href>{t(words::MORE)}</a> }
    });
    let (servers, parts) = (ways.servers, ways.parts);
    let mixed = (parts.len() > 1).then(|| words::parts(&parts));
    let asks_why = frozen && May::find().administer();
    let body = if ways.items.is_empty() {
        view! { <EmptyState title=words::ROLLBACKS_EMPTY lead=Some(words::ROLLBACKS_EMPTY_LEAD) /> }.into_any()
    } else {
        let rows = ways
            .items
            .into_iter()
            .map(|item| view! { <Row item servers parts=parts.clone() may asks_why rollback /> })
            .collect_view();
        view! {
            <table class="list ways">
                <thead>
                    <tr>
                        <th scope="col">{t(words::RELEASE)}</th>
                        <th scope="col">{t(words::WHO)}</th>
                        <th scope="col">{t(words::WHEN)}</th>
                        <th scope="col">{t(words::HELD)}</th>
                        <th scope="col"></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    let is_prod = environment.kind == EnvironmentKind::Prod;
    view! {
        <PageHead title=words::ROLLBACKS lead=Some(words::ROLLBACKS_LEAD) up=(here, place)>
            {is_prod.then(|| view! { <span class="tag" data-kind="prod">{t(environment.kind.label())}</span> })}
            {may.then(|| view! { <a class="button" href=look>{t(words::LOOK)}</a> })}
        </PageHead>
        <Refused of=refusal_of(rollback) />
        {frozen.then(|| view! { <p class="changes-said is-warning">{t(queue::ROLLBACK_FROZEN)}</p> })}
        {mixed
            .map(|text| {
                view! {
                    <p class="changes-said is-warning ways-mixed">
                        <b>{t(words::MIXED)}</b>
                        " "
                        {t(text)}
                    </p>
                }
            })}
        <Silent unasked=ways.unasked />
        {body}
        <div class="row">{earlier}</div>
    }
    .into_any()
}

/// The servers that did not answer.
#[component]
fn Silent(unasked: Vec<Unasked>) -> impl IntoView {
    let lang = CurrentLang::find();
    (!unasked.is_empty())
        .then(|| {
            let rows = unasked
                .into_iter()
                .map(|one| {
                    view! { <li><b>{one.hostname}</b> " " {move || one.error.get(lang.get()).to_owned()}</li> }
                })
                .collect_view();
            view! {
                <div class="complaints" role="status">
                    <p>{t(words::UNASKED)}</p>
                    <ul>{rows}</ul>
                </div>
            }
        })
        .into_any()
}

#[component]
fn Row(
    item: WayBack,
    servers: u32,
    parts: Vec<LivePart>,
    may: bool,
    asks_why: bool,
    rollback: ServerAction<RollbackRelease>,
) -> impl IntoView {
    let lang = CurrentLang::find();
    let WayBack { release: one, live, live_on, stored, held } = item;
    let id = one.id.0;
    let short = one.commit.get(..8).unwrap_or(&one.commit).to_owned();
    let held = held.map_or(words::NOT_ASKED, |held| words::held(held, servers));
    let kept = if stored { words::STORED } else { words::REBUILT };
    let act = (may && !live).then(|| {
        let warning = (!stored).then(|| kept.clone());
        let how = if live_on > 0 { Back::All } else { Back::Roll };
        view! { <BackButton action=rollback target=one.id how parts warning asks_why small=true /> }
    });
    let some = (!live && live_on > 0).then(|| words::live_on(live_on, servers));
    view! {
        <tr data-release=id.to_string()>
            <td>
                <a class="what" href=format!("/releases/{id}")>
                    <span class="number">{format!("#{id}")}</span>
                    <b>{one.git_ref.name}</b>
                </a>
                <code class="quiet">{short}</code>
                {live.then(|| view! { <span class="tag" data-kind="ok">{t(release::LIVE_NOW)}</span> })}
                {some.map(|text| view! { <span class="tag" data-kind="warn">{t(text)}</span> })}
            </td>
            <td>{one.created_by_name}</td>
            <td>
                <Time at=one.finished_at.unwrap_or(one.created_at) />
            </td>
            <td>
                {move || held.get(lang.get()).to_owned()} " · " <span class="quiet">{t(kept)}</span>
            </td>
            <td class="end">{act}</td>
        </tr>
    }
    .into_any()
}
