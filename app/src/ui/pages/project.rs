//! A project: its repository, its environments, its latest releases.

use launchway_domain::{
    Credential, Environment, EnvironmentId, Lock, Project, ProjectId, Release, ReleaseFilter, Text,
};
use leptos::prelude::*;

use super::{id_param, no_such_page};
use crate::api::credentials::list_credentials;
use crate::api::live::list_live;
use crate::api::projects::{CheckProject, PinProject, get_project, list_environments};
use crate::api::queue::list_locks;
use crate::api::releases::list_releases;
use crate::text::{audit, board, common, integrations, people, projects, releases, t};
use crate::ui::components::badge::KindBadge;
use crate::ui::components::check::{CheckOutcome, HostKey};
use crate::ui::components::door::LockBadge;
use crate::ui::components::layout::{EmptyState, PageHead};
use crate::ui::components::load::{Loading, show};
use crate::ui::components::release_table::ReleaseTable;
use crate::ui::components::toast::Toasts;
use crate::ui::components::versions::Versions;
use crate::ui::may::May;
use crate::ui::pages::live::StateBadge;

/// How many of its latest releases a project's page shows.
const RECENT: u32 = 10;

/// The page of one project.
#[component]
pub fn ProjectPage() -> impl IntoView {
    let id = id_param::<ProjectId>("id");
    let found = Resource::new(
        move || id.get(),
        |id| async move {
            let Some(id) = id else { return Err(no_such_page()) };
            let project = get_project(id).await?;
            let environments = list_environments(id).await?;
            let locks = list_locks(id).await?;
            let filter = ReleaseFilter { project_id: Some(id), limit: Some(RECENT), ..Default::default() };
            let recent = list_releases(filter).await?.items;
            let credentials = if project.credential_id.is_some() { list_credentials().await? } else { Vec::new() };
            Ok((project, environments, locks, recent, credentials))
        },
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                show(
                    found.await,
                    |(project, environments, locks, recent, credentials)| {
                        view! { <Body project environments locks recent credentials /> }
                    },
                )
            })}
        </Suspense>
    }
}

#[component]
fn Body(
    project: Project,
    environments: Vec<Environment>,
    locks: Vec<Lock>,
    recent: Vec<Release>,
    credentials: Vec<Credential>,
) -> impl IntoView {
    let id = project.id;
    let may = May::find();
    let manages = may.manage(Some(id));
    view! {
        <PageHead title=Text::verbatim(project.title.clone()) up=("/projects".into(), common::PROJECTS)>
            <a class="button" href=format!("/projects/{id}/webhooks")>{t(integrations::WEBHOOKS)}</a>
            <a class="button" href=format!("/projects/{id}/notifications")>{t(integrations::NOTIFICATIONS)}</a>
            <a class="button" href=format!("/projects/{id}/members")>{t(people::MEMBERS)}</a>
            {manages
                .then(|| view! { <a class="button" href=format!("/audit?project={id}")>{t(audit::TITLE)}</a> })}
            {manages
                .then(|| view! { <a class="button" href=format!("/projects/{id}/edit")>{t(common::EDIT)}</a> })}
            {may.create(id)
                .then(|| {
                    view! {
                        <a class="button primary" href=format!("/releases/new?project={id}")>
                            {t(releases::NEW)}
                        </a>
                    }
                })}
        </PageHead>
        <Repository project credentials />
        <section>
            <div class="head">
                <h2>{t(projects::ENVIRONMENTS)}</h2>
                {manages
                    .then(|| {
                        view! {
                            <a class="button small" href=format!("/projects/{id}/environments/new")>
                                {t(projects::NEW_ENVIRONMENT)}
                            </a>
                        }
                    })}
            </div>
            <Environments project=id list=environments locks />
        </section>
        {(!recent.is_empty())
            .then(|| {
                view! {
                    <section>
                        <h2>{t(projects::RECENT)}</h2>
                        <ReleaseTable list=recent />
                    </section>
                }
            })}
    }
    .into_any()
}

/// Where Git finds it, and whether it does.
#[component]
fn Repository(project: Project, credentials: Vec<Credential>) -> impl IntoView {
    let id = project.id;
    let check = ServerAction::<CheckProject>::new();
    let pin = ServerAction::<PinProject>::new();
    Toasts::follow(pin);
    let first = project.host_key.clone();
    let pinned = Signal::derive(move || match pin.value().get() {
        Some(Ok(project)) => project.host_key,
        _ => first.clone(),
    });
    Effect::new(move |_| {
        if pin.value().with(|value| matches!(value, Some(Ok(_)))) {
            check.dispatch(CheckProject { id });
        }
    });
    let answer = Signal::derive(move || match pin.value().get() {
        Some(Err(error)) if !check.pending().get() => Some(Err(error)),
        _ => check.value().get(),
    });
    let on_pin = Callback::new(move |fingerprint| {
        pin.dispatch(PinProject { id, fingerprint });
    });
    let credential = project
        .credential_id
        .and_then(|wanted| credentials.into_iter().find(|one| one.id == wanted))
        .map(|one| view! { <a href=format!("/credentials/{}", one.id)>{one.name}</a> });
    let over_ssh = is_ssh(&project.repo_url);
    view! {
        <section class="card">
            <dl class="facts">
                <dt>{t(projects::REPOSITORY)}</dt>
                <dd>
                    <code>{project.repo_url}</code>
                </dd>
                <dt>{t(projects::CREDENTIAL)}</dt>
                <dd>
                    {match credential {
                        Some(link) => link.into_any(),
                        None => view! { <span class="quiet">{t(projects::NO_CREDENTIAL)}</span> }.into_any(),
                    }}
                </dd>
                {over_ssh
                    .then(|| {
                        view! {
                            <dt>{t(common::HOST_KEY)}</dt>
                            <dd>
                                <HostKey pinned />
                            </dd>
                        }
                    })}
            </dl>
            <ActionForm action=check>
                <input type="hidden" name="id" value=id.to_string() />
                <div class="row">
                    <button type="submit" class="button" aria-disabled=move || check.pending().get().then_some("true")>
                        {t(common::CHECK)}
                    </button>
                    <span class="quiet">{t(projects::CHECK_LEAD)}</span>
                </div>
            </ActionForm>
            <CheckOutcome answer pending=check.pending() pinned pin=on_pin />
        </section>
    }
    .into_any()
}

/// Whether Git speaks SSH to this address: `ssh://…` or `user@host:path`.
fn is_ssh(url: &str) -> bool {
    url.starts_with("ssh://") || (!url.contains("://") && !url.starts_with('/') && url.contains(':'))
}

#[component]
fn Environments(project: ProjectId, list: Vec<Environment>, locks: Vec<Lock>) -> impl IntoView {
    if list.is_empty() {
        return view! {
            <EmptyState
                title=projects::ENVIRONMENTS_EMPTY
                lead=Some(projects::ENVIRONMENTS_EMPTY_LEAD)
                action=Some((format!("/projects/{project}/environments/new"), projects::NEW_ENVIRONMENT))
            />
        }
        .into_any();
    }
    // Counts up when a release changes anywhere, or what is live does.
    let changed = RwSignal::new(0_u32);
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| crate::ui::live::wall::count_live_changes(changed));
    let found = Resource::new(move || changed.get(), move |_| list_live(Some(project)));
    let live = move |id: EnvironmentId| {
        Suspend::new(async move {
            let place = found.await.ok()?.into_iter().find(|place| place.environment_id == id)?;
            let trouble = place.state.is_trouble().then(|| view! { " " <StateBadge state=place.state /> });
            Some(view! { <Versions versions=place.versions /> {trouble} })
        })
    };
    let rows = list
        .into_iter()
        .map(|environment| {
            let id = environment.id;
            let lock = locks.iter().find(|lock| lock.environment_id == id).cloned();
            view! {
                <tr>
                    <td>
                        <a href=format!("/projects/{project}/environments/{id}")>{environment.name.clone()}</a>
                        " "
                        <KindBadge kind=environment.kind name=environment.name />
                        {lock.map(|lock| view! { <LockBadge lock /> })}
                    </td>
                    <td>
                        <Transition>{move || live(id)}</Transition>
                    </td>
                    <td>
                        <code>{environment.path}</code>
                    </td>
                    <td>{t(projects::servers(environment.server_ids.len()))}</td>
                    <td class="end">
                        <a class="button small" href=format!("/releases/new?project={project}&environment={id}")>
                            {t(projects::RELEASE_HERE)}
                        </a>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="list">
            <thead>
                <tr>
                    <th scope="col">{t(common::NAME)}</th>
                    <th scope="col">{t(board::LIVE)}</th>
                    <th scope="col">{t(projects::PATH)}</th>
                    <th scope="col">{t(projects::SERVERS)}</th>
                    <th scope="col" class="end"></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::is_ssh;

    #[test]
    fn host_keys_matter_where_git_speaks_ssh() {
        for url in ["ssh://git@host/a.git", "git@host:a/b.git", "host:a"] {
            assert!(is_ssh(url), "{url}");
        }
        for url in ["https://host/a.git", "file:///srv/a", "/srv/a:b"] {
            assert!(!is_ssh(url), "{url}");
        }
    }
}
