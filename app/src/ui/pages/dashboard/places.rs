//! What is live where.

use launchway_domain::{LiveVersion, Overview, Place, WaitFor};
use leptos::prelude::*;

use crate::text::{board, projects, queue, t};
use crate::ui::components::badge::KindBadge;
use crate::ui::components::layout::EmptyState;
use crate::ui::components::time::Time;
use crate::ui::components::versions::{VersionLink, Versions};

/// Every environment and what is live in it.
#[component]
pub fn Places(
    /// What goes on.
    overview: Overview,
) -> impl IntoView {
    let hidden = overview.live_total.saturating_sub(overview.live.len() as u64);
    let list = if overview.live.is_empty() {
        view! {
            <EmptyState
                title=projects::ENVIRONMENTS_EMPTY
                lead=Some(projects::EMPTY_LEAD)
                action=Some(("/projects/new".into(), projects::NEW))
            />
        }
        .into_any()
    } else {
        let rows = overview.live.into_iter().map(|place| view! { <Row place /> }).collect_view();
        view! {
            <table class="list live-list">
                <thead>
                    <tr>
                        <th scope="col">{t(board::PROJECT)}</th>
                        <th scope="col">{t(board::ENVIRONMENT)}</th>
                        <th scope="col">{t(board::RELEASE)}</th>
                        <th scope="col">{t(board::COMMIT)}</th>
                        <th scope="col">{t(board::SINCE)}</th>
                        <th scope="col">{t(board::BY)}</th>
                        <th scope="col">
                            <span class="unseen">{t(board::RELEASE_HERE)}</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <section class="places">
            <h2>{t(board::LIVE)}</h2>
            {list}
            {(hidden > 0).then(|| view! { <a href="/projects">{t(board::more(hidden))}</a> })}
        </section>
    }
}

#[component]
fn Row(place: Place) -> impl IntoView {
    let (project, environment) = (place.project_id, place.environment_id);
    let here = format!("/projects/{project}/environments/{environment}");
    let release = match <[LiveVersion; 1]>::try_from(place.versions) {
        Ok([LiveVersion { release: Some(release), since, .. }]) => {
            let short = release.commit.get(..8).unwrap_or(&release.commit).to_owned();
            let by = release.created_by_name.clone();
            view! {
                <td class="whole">
                    <VersionLink release />
                </td>
                <td class="whole">
                    <code>{short}</code>
                </td>
                <td class="quiet whole">{since.map(|at| view! { <Time at /> })}</td>
                <td class="quiet whole">{by}</td>
            }
            .into_any()
        }
        Ok(versions) => several(versions.into()),
        Err(versions) => several(versions),
    };
    let closed = place.closed.iter().map(|wait| {
        let mark = if wait.what == WaitFor::Lock { queue::LOCKED } else { queue::FROZEN };
        view! { " " <span class="tag" data-kind="warn" title=t(wait.text())>{t(mark)}</span> }
    });
    view! {
        <tr data-key=environment.0>
            <td>
                <a href=format!("/projects/{project}")>{place.project_title}</a>
            </td>
            <td>
                <a class="in-text" href=here>{place.environment_name.clone()}</a>
                " "
                <KindBadge kind=place.environment_kind name=place.environment_name />
                <span class="quiet">" · " {t(projects::servers(place.servers as usize))}</span>
                {closed.collect_view()}
            </td>
            {release}
            <td class="end">
                <a class="button small" href=format!("/releases/new?project={project}&environment={environment}")>
                    {t(board::RELEASE_HERE)}
                </a>
            </td>
        </tr>
    }
    .into_any()
}

/// What is live where that is not one release on all servers.
fn several(versions: Vec<LiveVersion>) -> AnyView {
    view! {
        <td colspan="4">
            <Versions versions />
        </td>
    }
    .into_any()
}
