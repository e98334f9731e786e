//! What is live where.

use launchway_domain::{Overview, Place};
use leptos::prelude::*;

use crate::text::{board, projects, t};
use crate::ui::components::badge::KindBadge;
use crate::ui::components::layout::EmptyState;
use crate::ui::components::time::Time;

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
    let release = match place.release {
        None => view! {
            <td class="quiet" colspan="4">
                {t(board::NEVER)}
            </td>
        }
        .into_any(),
        Some(release) => {
            let short = release.commit.get(..8).unwrap_or(&release.commit).to_owned();
            view! {
                <td>
                    <a class="what" href=format!("/releases/{}", release.id)>
                        <span class="number">{format!("#{}", release.id)}</span>
                        <b>{release.git_ref.name}</b>
                    </a>
                </td>
                <td>
                    <code>{short}</code>
                </td>
                <td class="quiet">{release.finished_at.map(|at| view! { <Time at /> })}</td>
                <td class="quiet">{release.created_by_name}</td>
            }
            .into_any()
        }
    };
    view! {
        <tr data-key=environment.0>
            <td>
                <a href=format!("/projects/{project}")>{place.project_title}</a>
            </td>
            <td>
                {place.environment_name.clone()} " "
                <KindBadge kind=place.environment_kind name=place.environment_name />
                <span class="quiet">" · " {t(projects::servers(place.servers as usize))}</span>
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
