//! An environment: what goes on in it, then adding, checking, changing and deleting it.

pub mod now;

use launchway_domain::form::DEFAULT_KEEP;
use launchway_domain::{
    Environment, EnvironmentForm, EnvironmentId, EnvironmentKind, Form, Project, ProjectId, Server, ServerId, Text,
};
use leptos::prelude::*;

use self::now::Now;
use super::{id_param, no_such_page};
use crate::api::projects::{CheckEnvironment, DeleteEnvironment, SaveEnvironment, get_environment, get_project};
use crate::api::servers::list_servers;
use crate::text::{
    common, live as live_words, policy as policy_words, projects, releases, remote as remote_words, servers, t, ways,
};
use crate::ui::components::check::CheckOutcome;
use crate::ui::components::confirm::{ConfirmButton, DangerZone, refusal_of};
use crate::ui::components::field::{SelectField, TextField};
use crate::ui::components::form::{FormEnd, FormState, VersionField, times_saved};
use crate::ui::components::layout::PageHead;
use crate::ui::components::load::{Loading, show};
use crate::ui::components::server_picker::ServerPicker;
use crate::ui::components::toast::Toasts;
use crate::ui::may::May;
use crate::ui::pages::housekeeping::cache::BuildCacheCard;

fn up(project: &Project) -> (String, Text) {
    (format!("/projects/{}", project.id), Text::verbatim(project.title.clone()))
}

/// A new environment.
#[component]
pub fn NewEnvironmentPage() -> impl IntoView {
    let id = id_param::<ProjectId>("id");
    let save = ServerAction::<SaveEnvironment>::new();
    let found = Resource::new(
        move || id.get(),
        |id| async move {
            match id {
                Some(id) => Ok((get_project(id).await?, list_servers().await?)),
                None => Err(no_such_page()),
            }
        },
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                show(
                    found.await,
                    |(project, servers)| {
                        view! {
                            <PageHead
                                title=projects::NEW_ENVIRONMENT
                                lead=Some(projects::ENVIRONMENTS_EMPTY_LEAD)
                                up=up(&project)
                            />
                            <Editor project=project.id existing=None servers save />
                        }
                    },
                )
            })}
        </Suspense>
    }
}

/// An environment that is there.
#[component]
pub fn EnvironmentPage() -> impl IntoView {
    let project = id_param::<ProjectId>("id");
    let id = id_param::<EnvironmentId>("environment");
    let save = ServerAction::<SaveEnvironment>::new();
    Toasts::follow(save);
    let saved = times_saved(save);
    let found = Resource::new(
        move || (project.get(), id.get(), saved.get()),
        |(project, id, _)| async move {
            let (Some(project), Some(id)) = (project, id) else { return Err(no_such_page()) };
            let environment = get_environment(id).await?;
            if environment.project_id != project {
                return Err(no_such_page());
            }
            Ok((get_project(project).await?, environment, list_servers().await?))
        },
    );
    view! {
        <Transition fallback=Loading>
            {move || Suspend::new(async move {
                show(
                    found.await,
                    |(project, environment, servers)| {
                        let release = format!("/releases/new?project={}&environment={}", project.id, environment.id);
                        let manages = May::find().manage(Some(project.id));
                        let here = format!("/projects/{}/environments/{}", project.id, environment.id);
                        let policy = format!("{here}/policy");
                        let (back, promote) = (format!("{here}/rollback"), format!("{here}/promote"));
                        let is_prod = environment.kind == EnvironmentKind::Prod;
                        let (run, files) = (format!("{here}/run"), format!("{here}/files"));
                        let live = format!("/live?project={}&q={}", project.id, crate::ui::next::encode(&environment.name));
                        view! {
                            <PageHead title=Text::verbatim(environment.name.clone()) up=up(&project)>
                                <a class="button" href=live>{t(live_words::TO_LIVE)}</a>
                                {manages
                                    .then(|| {
                                        view! {
                                            <a class="button" href=run>{t(remote_words::RUN_TITLE)}</a>
                                            <a class="button" href=files>{t(remote_words::FILES_TITLE)}</a>
                                        }
                                    })}
                                <a class="button" href=policy>{t(policy_words::TITLE)}</a>
                                <a class="button" href=back>{t(ways::ROLLBACKS_ASK)}</a>
                                {is_prod.then(|| view! { <a class="button" href=promote>{t(ways::PROMOTE_ASK)}</a> })}
                                <a class="button primary" href=release>{t(releases::NEW)}</a>
                            </PageHead>
                            <Now environment=environment.clone() />
                            <h2 id="settings">{t(projects::SETTINGS)}</h2>
                            {if manages {
                                view! {
                                    <Probe id=environment.id />
                                    <Editor project=project.id existing=Some(environment.clone()) servers save />
                                    <BuildCacheCard id=environment.id />
                                    <Danger environment />
                                }
                                    .into_any()
                            } else {
                                view! { <Facts environment /> }.into_any()
                            }}
                        }
                    },
                )
            })}
        </Transition>
    }
}

/// What there is to know for those who may not change it.
#[component]
fn Facts(environment: Environment) -> impl IntoView {
    let servers = environment.server_ids.len().to_string();
    view! {
        <section class="card">
            <dl class="facts">
                <dt>{t(projects::KIND)}</dt>
                <dd>{t(environment.kind.label())}</dd>
                <dt>{t(projects::PATH)}</dt>
                <dd>
                    <code>{environment.path}</code>
                </dd>
                <dt>{t(projects::SERVERS)}</dt>
                <dd>{servers}</dd>
                <dt>{t(projects::KEEP)}</dt>
                <dd>{environment.keep.to_string()}</dd>
            </dl>
        </section>
    }
    .into_any()
}

/// The check of the path on every server.
#[component]
fn Probe(id: EnvironmentId) -> impl IntoView {
    let check = ServerAction::<CheckEnvironment>::new();
    let answer = check.value();
    view! {
        <section class="card">
            <ActionForm action=check>
                <input type="hidden" name="id" value=id.to_string() />
                <div class="row">
                    <button type="submit" class="button" aria-disabled=move || check.pending().get().then_some("true")>
                        {t(common::CHECK)}
                    </button>
                    <span class="quiet">{t(projects::CHECK_ENVIRONMENT)}</span>
                </div>
            </ActionForm>
            <CheckOutcome
                answer=Signal::derive(move || answer.get())
                pending=check.pending()
                pinned=Signal::stored(None::<String>)
            />
        </section>
    }
    .into_any()
}

#[component]
fn Editor(
    project: ProjectId,
    existing: Option<Environment>,
    servers: Vec<Server>,
    save: ServerAction<SaveEnvironment>,
) -> impl IntoView {
    let id = existing.as_ref().map(|environment| environment.id);
    let version = existing.as_ref().map(|environment| environment.version);
    let was = existing.as_ref();
    let name = RwSignal::new(was.map(|e| e.name.clone()).unwrap_or_default());
    let kind = RwSignal::new(was.map(|e| e.kind).unwrap_or_default().as_str().to_owned());
    let path = RwSignal::new(was.map(|e| e.path.clone()).unwrap_or_default());
    let chosen: Vec<i64> = was.map(|e| e.server_ids.iter().map(|id| id.0).collect()).unwrap_or_default();
    let chosen = RwSignal::new(chosen);
    let package_root = RwSignal::new(was.and_then(|e| e.package_root.clone()).unwrap_or_default());
    let keep = RwSignal::new(was.map_or(DEFAULT_KEEP, |e| e.keep).to_string());
    let auto_start = RwSignal::new(was.map(|e| e.auto_start.to_string()).unwrap_or_default());
    let form = FormState::new(save, move || {
        EnvironmentForm {
            name: name.get(),
            kind: EnvironmentKind::parse(&kind.read()).unwrap_or_default(),
            path: path.get(),
            server_ids: chosen.get().into_iter().map(ServerId).collect(),
            package_root: Some(package_root.get()),
            // What is no number is as wrong as a number outside the range.
            keep: Some(keep.read().trim().parse().unwrap_or_default()),
            auto_start: auto_start.read().parse().ok(),
            policy: None,
        }
        .errors()
    });
    let kinds = EnvironmentKind::ALL.into_iter().map(|kind| (kind.as_str().to_owned(), kind.label())).collect();
    let no_servers = servers.is_empty();
    view! {
        <ActionForm action=save on:submit:capture=form.guard() attr:class="form" attr:novalidate=true>
            <input type="hidden" name="project" value=project.to_string() />
            {id.map(|id| view! { <input type="hidden" name="id" value=id.to_string() /> })}
            {version.map(|version| view! { <VersionField form version /> })}
            <div class="columns">
                <TextField form field="name" label=common::NAME value=name placeholder="staging" />
                <SelectField form field="kind" label=projects::KIND value=kind options=kinds />
            </div>
            <TextField
                form
                field="path"
                label=projects::PATH
                value=path
                hint=projects::PATH_HINT
                placeholder="/srv/shop"
                code=true
            />
            {if no_servers {
                view! {
                    <div class="field">
                        <p>{t(projects::NO_SERVERS)}</p>
                        <p>
                            <a class="button" href="/servers/new">{t(servers::NEW)}</a>
                        </p>
                    </div>
                }
                    .into_any()
            } else {
                view! {
                    <ServerPicker form value=chosen servers hint=projects::SERVERS_HINT />
                }
                    .into_any()
            }}
            <div class="columns">
                <TextField
                    form
                    field="package_root"
                    label=projects::PACKAGE_ROOT
                    value=package_root
                    hint=projects::PACKAGE_ROOT_HINT
                    optional=true
                    code=true
                />
                <TextField form field="keep" label=projects::KEEP value=keep hint=projects::KEEP_HINT code=true />
            </div>
            <SelectField
                form
                field="auto_start"
                label=projects::AUTO_START
                value=auto_start
                options=vec![("true".into(), projects::AUTO_START_YES), ("false".into(), projects::AUTO_START_NO)]
                hint=projects::AUTO_START_HINT
                none=projects::AUTO_START_DEFAULT
            />
            <FormEnd form submit=common::SAVE pending=save.pending() cancel=format!("/projects/{project}") />
        </ActionForm>
    }
    .into_any()
}

#[component]
fn Danger(environment: Environment) -> impl IntoView {
    let delete = ServerAction::<DeleteEnvironment>::new();
    view! {
        <DangerZone question=projects::delete_environment_title(&environment.name) refusal=refusal_of(delete)>
                <ActionForm action=delete>
                    <input type="hidden" name="project" value=environment.project_id.to_string() />
                    <input type="hidden" name="id" value=environment.id.to_string() />
                    <ConfirmButton pending=delete.pending() />
                </ActionForm>
            </DangerZone>
    }
    .into_any()
}
