//! The front page: what is in progress, and all releases.

use launchway_domain::{Project, ProjectId, Release, ReleaseFilter, ReleaseKind, ReleaseStatus};
use leptos::prelude::*;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;

use crate::api::releases::{Dashboard, get_dashboard};
use crate::text::{CurrentLang, common, releases, t};
use crate::ui::components::badge::{KindBadge, StatusBadge};
use crate::ui::components::layout::{EmptyState, PageHead};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::time::Time;
use crate::ui::next::encode;

/// The front page.
#[component]
pub fn DashboardPage() -> impl IntoView {
    let query = use_query_map();
    let filter = Memo::new(move |_| {
        let query = query.read();
        ReleaseFilter {
            project_id: query.get("project").and_then(|id| id.parse().ok()).map(ProjectId),
            status: query.get("status").and_then(|word| ReleaseStatus::parse(&word)),
            cursor: query.get("cursor").filter(|cursor| !cursor.is_empty()),
            ..Default::default()
        }
    });
    // Counts up when a release changes anywhere, so that the list follows without a reload.
    let changed = RwSignal::new(0_u32);
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| crate::ui::live::wall::follow(changed));
    let found = Resource::new(move || (filter.get(), changed.get()), |(filter, _)| get_dashboard(filter));
    view! {
        <PageHead title=common::RELEASES />
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                show(found.await, |dashboard| view! { <Body dashboard filter=filter.get_untracked() /> })
            })}
        </Transition>
    }
}

#[component]
fn Body(dashboard: Dashboard, filter: ReleaseFilter) -> impl IntoView {
    let Dashboard { active, page, projects } = dashboard;
    let filtered = filter.project_id.is_some() || filter.status.is_some() || filter.cursor.is_some();
    if page.items.is_empty() && !filtered {
        return view! {
            <EmptyState
                title=releases::EMPTY
                lead=Some(releases::EMPTY_LEAD)
                action=Some(("/releases/new".into(), releases::NEW))
            />
        }
        .into_any();
    }
    let older = page.next.map(|cursor| {
        let mut href = format!("/?cursor={}", encode(&cursor));
        if let Some(id) = filter.project_id {
            href.push_str(&format!("&project={id}"));
        }
        if let Some(status) = filter.status {
            href.push_str(&format!("&status={}", status.as_str()));
        }
        href
    });
    let nothing = page.items.is_empty();
    view! {
        {(!active.is_empty())
            .then(|| {
                view! {
                    <section class="active">
                        <h2>{t(releases::ACTIVE)} <span class="count">{active.len()}</span></h2>
                        <ReleaseTable list=active />
                    </section>
                }
            })}
        <section>
            <div class="head">
                <h2>{t(releases::HISTORY)}</h2>
                <Filters projects filter />
            </div>
            {if nothing {
                view! { <EmptyState title=releases::EMPTY_FILTERED /> }.into_any()
            } else {
                view! { <ReleaseTable list=page.items /> }.into_any()
            }}
            {older
                .map(|href| {
                    view! {
                        <p class="pages">
                            <a class="button" href=href>{t(common::NEXT_PAGE)}</a>
                        </p>
                    }
                })}
        </section>
    }
    .into_any()
}

#[component]
fn Filters(projects: Vec<Project>, filter: ReleaseFilter) -> impl IntoView {
    let send = move |event: leptos::ev::Event| {
        #[cfg(feature = "hydrate")]
        if let Some(form) = event_target::<web_sys::HtmlSelectElement>(&event).form() {
            let _ = form.request_submit();
        }
        #[cfg(not(feature = "hydrate"))]
        drop(event);
    };
    let project_options = projects
        .into_iter()
        .map(|project| {
            let selected = filter.project_id == Some(project.id);
            view! { <option value=project.id.to_string() selected=selected>{project.title}</option> }
        })
        .collect_view();
    let status_options = ReleaseStatus::ALL
        .into_iter()
        .map(|status| {
            let selected = filter.status == Some(status);
            view! { <option value=status.as_str() selected=selected>{t(status.label())}</option> }
        })
        .collect_view();
    view! {
        <Form method="GET" action="/" attr:class="row filters">
            <label>
                <span class="quiet">{t(releases::PROJECT)}</span>
                <select name="project" on:change=send>
                    <option value="">{t(common::ALL)}</option>
                    {project_options}
                </select>
            </label>
            <label>
                <span class="quiet">{t(releases::STATUS)}</span>
                <select name="status" on:change=send>
                    <option value="">{t(common::ALL)}</option>
                    {status_options}
                </select>
            </label>
            <button type="submit" class="button small no-script">{t(common::FILTER)}</button>
        </Form>
    }
    .into_any()
}

/// Releases as a table; each row leads to its page.
#[component]
pub fn ReleaseTable(
    /// What to show, in this order.
    list: Vec<Release>,
) -> impl IntoView {
    let rows = list.into_iter().map(|release| view! { <Row release /> }).collect_view();
    view! {
        <table class="list releases">
            <thead>
                <tr>
                    <th scope="col">{t(releases::RELEASE)}</th>
                    <th scope="col">{t(releases::STATUS)}</th>
                    <th scope="col">{t(releases::WHERE)}</th>
                    <th scope="col">{t(releases::WHO)}</th>
                    <th scope="col" class="when">{t(releases::WHEN)}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn Row(release: Release) -> impl IntoView {
    let current = CurrentLang::find();
    let error = release.error;
    let short = release.commit.get(..8).unwrap_or(&release.commit).to_owned();
    view! {
        <tr>
            <td>
                <a class="what" href=format!("/releases/{}", release.id)>
                    <span class="number">{format!("#{}", release.id)}</span>
                    <b>{release.git_ref.name}</b>
                </a>
                <code class="quiet">{short}</code>
                {(release.kind == ReleaseKind::Rollback)
                    .then(|| view! { <span class="tag">{t(releases::ROLLBACK)}</span> })}
                {error
                    .map(|error| {
                        view! { <p class="row-error">{move || error.get(current.get()).to_owned()}</p> }
                    })}
            </td>
            <td>
                <StatusBadge status=Signal::stored(release.status) />
            </td>
            <td>
                <a href=format!("/projects/{}", release.project_id)>{release.project_title}</a>
                " / "
                {release.environment_name.clone()}
                " "
                <KindBadge kind=release.environment_kind name=release.environment_name />
            </td>
            <td>{release.created_by_name}</td>
            <td class="when">
                <Time at=release.finished_at.or(release.started_at).unwrap_or(release.created_at) />
            </td>
        </tr>
    }
    .into_any()
}
