//! Releases as a table; each row leads to its page.

use launchway_domain::{Release, ReleaseKind};
use leptos::prelude::*;

use super::badge::{KindBadge, StatusBadge};
use super::listing::{ListState, SortHead};
use super::time::Time;
use crate::text::{CurrentLang, releases, t};

/// Releases as a table.
#[component]
pub fn ReleaseTable(
    /// What to show, in this order.
    list: Vec<Release>,
    /// The list whose columns can be sorted, where they can.
    #[prop(optional)]
    sorted: Option<ListState>,
) -> impl IntoView {
    let rows = list.into_iter().map(|release| view! { <Row release /> }).collect_view();
    let heads = match sorted {
        Some(list) => view! {
            <SortHead list sort="number" text=releases::RELEASE natural=Some(true) />
            <SortHead list sort="status" text=releases::STATUS />
            <SortHead list sort="where" text=releases::WHERE />
            <SortHead list sort="who" text=releases::WHO />
            <SortHead list sort="when" text=releases::WHEN class="when" />
        }
        .into_any(),
        None => view! {
            <th scope="col">{t(releases::RELEASE)}</th>
            <th scope="col">{t(releases::STATUS)}</th>
            <th scope="col">{t(releases::WHERE)}</th>
            <th scope="col">{t(releases::WHO)}</th>
            <th scope="col" class="when">
                {t(releases::WHEN)}
            </th>
        }
        .into_any(),
    };
    view! {
        <table class="list releases">
            <thead>
                <tr>{heads}</tr>
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
                {release
                    .exception
                    .map(|reason| {
                        view! {
                            <span class="tag" data-kind="warn" title=reason>
                                {t(releases::EXCEPTION)}
                            </span>
                        }
                    })}
                {error
                    .map(|error| {
                        view! { <p class="row-error">{move || error.get(current.get()).to_owned()}</p> }
                    })}
            </td>
            <td>
                <StatusBadge status=Signal::stored(release.status) />
            </td>
            <td>
                <a class="in-text" href=format!("/projects/{}", release.project_id)>{release.project_title}</a>
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
