//! The audit: who changed what, searched and read.

use launchway_domain::audit::FILTERS;
use launchway_domain::{AuditFacts, AuditRow, FieldChange, Listed, Outcome};
use leptos::prelude::*;

use crate::api::audit::search_audit;
use crate::text::{audit as words, t};
use crate::ui::components::layout::{EmptyState, PageHead};
use crate::ui::components::listing::{FilterInput, FilterSelect, ListBar, ListState, NothingMatches, Paging};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::project_filter::ProjectFilter;
use crate::ui::components::time::Time;
use crate::ui::may::May;

/// The page of the audit.
#[component]
pub fn AuditPage() -> impl IntoView {
    let list = ListState::new("/audit", &[], &FILTERS);
    let found = Resource::new(move || list.query.get(), search_audit);
    let nouns = words::NOUNS.map(|noun| (noun.to_owned(), words::noun_alone(noun))).to_vec();
    let outcomes = Outcome::ALL.map(|outcome| (outcome.as_str().to_owned(), words::outcome(outcome))).to_vec();
    view! {
        <PageHead title=words::TITLE lead=Some(words::LEAD)>
            // The browser itself fetches it: it is no page.
            <a class="button" rel="external" download="" href=move || list.elsewhere("/api/v1/audit/export")>
                {t(words::EXPORT)}
            </a>
        </PageHead>
        {(!May::find().administer()).then(|| view! { <p class="quiet">{t(words::OF_PROJECTS)}</p> })}
        <ListBar list label=words::SEARCH>
            <FilterSelect list name="what" label=words::WHAT any=words::ANY_WHAT options=nouns />
            <FilterInput list name="who" kind="text" label=words::WHO hint=Some(words::WHO_HINT) />
            <ProjectFilter list />
            <FilterSelect list name="outcome" label=words::OUTCOME any=words::ANY_OUTCOME options=outcomes />
            <FilterInput list name="since" kind="date" label=words::SINCE />
            <FilterInput list name="until" kind="date" label=words::UNTIL />
        </ListBar>
        <Transition fallback=Loading>
            {move || Suspend::new(async move { show(found.await, |found| view! { <Entries list found /> }) })}
        </Transition>
    }
}

#[component]
fn Entries(list: ListState, found: Listed<AuditRow>) -> impl IntoView {
    let (rows, total) = (found.items.len(), found.total);
    if rows == 0 {
        return if list.query.with_untracked(|query| query.is_narrow() || query.offset > 0) {
            view! { <NothingMatches list /> }.into_any()
        } else {
            view! { <EmptyState title=words::EMPTY lead=Some(words::EMPTY_LEAD) /> }.into_any()
        };
    }
    let entries = found.items.into_iter().map(|row| view! { <Entry list row /> }).collect_view();
    view! {
        <section>
            <table class="list audit">
                <thead>
                    <tr>
                        <th scope="col">{t(words::WHAT)}</th>
                        <th scope="col">{t(words::SOURCE)}</th>
                        <th scope="col" class="when">
                            {t(words::WHEN)}
                        </th>
                    </tr>
                </thead>
                <tbody>{entries}</tbody>
            </table>
            <Paging list rows total />
        </section>
    }
    .into_any()
}

#[component]
fn Entry(list: ListState, row: AuditRow) -> impl IntoView {
    let AuditRow { facts, changes } = row;
    let is_refused = facts.outcome != Outcome::Done;
    let who = if facts.who.name.is_empty() { t(words::SOMEBODY)() } else { facts.who.name.clone() };
    let via = words::via(facts.who.via, facts.who.token.as_deref());
    let did = words::did(&facts);
    let thing = words::names_thing(&facts).then(|| view! { " " <Thing facts=facts.clone() /> });
    let all = facts.thing.id.map(|id| {
        let href = list.href(|query| {
            query.q = String::new();
            query.offset = 0;
            query.filters = vec![("thing".to_owned(), format!("{}:{id}", facts.thing.kind))];
        });
        view! {
            <a class="quiet all" href=href data-noscroll="">
                {t(words::ALL_OF_IT)}
            </a>
        }
    });
    view! {
        <tr data-seq=facts.seq.to_string() data-outcome=facts.outcome.as_str()>
            <td>
                <p class:refused=is_refused>
                    <b>{who.clone()}</b>
                    " "
                    {t(did)}
                    {thing}
                </p>
                <Changes changes />
                {all}
            </td>
            <td>
                {t(via)}
                {facts.who.from.map(|from| view! { " " <code class="quiet">{from}</code> })}
            </td>
            <td class="when">
                <Time at=facts.at seconds=true />
                " "
                <span class="number">"#" {facts.seq}</span>
            </td>
        </tr>
    }
    .into_any()
}

/// The name of a thing; a link where it has a page. One that is gone by now says so there.
#[component]
fn Thing(facts: AuditFacts) -> impl IntoView {
    let page = facts.thing.id.and_then(|id| match facts.thing.kind.as_str() {
        "release" => Some(format!("/releases/{id}")),
        "server" => Some(format!("/servers/{id}")),
        "project" => Some(format!("/projects/{id}")),
        "credential" => Some(format!("/credentials/{id}")),
        "hook_template" => Some(format!("/hook-templates/{id}")),
        "environment" => facts.thing.project_id.map(|project| format!("/projects/{project}/environments/{id}")),
        _ => None,
    });
    let is_gone = facts.what.ends_with(".delete");
    match page.filter(|_| !is_gone) {
        Some(href) => view! { <a class="in-text" href=href>{facts.thing.name}</a> }.into_any(),
        None => view! { <span class="thing">{facts.thing.name}</span> }.into_any(),
    }
}

/// What was before and after, folded away.
#[component]
fn Changes(changes: Vec<FieldChange>) -> impl IntoView {
    if changes.is_empty() {
        return ().into_any();
    }
    let count = changes.len();
    let side = |text: Option<String>| match text {
        Some(text) => view! { <pre>{text}</pre> }.into_any(),
        None => view! { <span class="quiet">{t(words::NOTHING)}</span> }.into_any(),
    };
    let rows = changes
        .into_iter()
        .map(|change| {
            view! {
                <tr>
                    <th scope="row">
                        <code>{change.field}</code>
                    </th>
                    <td class="was">{side(change.before)}</td>
                    <td class="is">{side(change.after)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <details>
            <summary>{t(words::fields(count))}</summary>
            <table class="diff">
                <thead>
                    <tr>
                        <th scope="col">{t(words::FIELD)}</th>
                        <th scope="col">{t(words::BEFORE)}</th>
                        <th scope="col">{t(words::AFTER)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </details>
    }
    .into_any()
}
