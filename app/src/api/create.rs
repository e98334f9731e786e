//! What the page that makes a release stands on.

use launchway_domain::{
    EnvironmentId, EnvironmentKind, GitRef, HookPoint, HookTemplateId, Hooks, LiveCommit, ProjectId, RefChoices,
    ReleaseId,
};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};

use super::codec::Json;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
use super::{ApiError, needs};
#[cfg(feature = "ssr")]
use launchway_domain::Release;

/// Where a release may go, and what is live there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The environment.
    pub id: EnvironmentId,
    /// What it is called.
    pub name: String,
    /// How much care it needs.
    pub kind: EnvironmentKind,
    /// How many servers it has.
    pub servers: usize,
    /// What is live there.
    pub live: Option<LiveCommit>,
    /// How many hooks that ran.
    pub live_hooks: usize,
}

/// The release that another one is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Which.
    pub id: ReleaseId,
    /// Where it went.
    pub environment: EnvironmentId,
    /// What was asked for.
    pub git_ref: GitRef,
    /// The scripts with which its tree was built and went live.
    pub hooks: Hooks,
}

/// A hook template without its script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateName {
    /// The template.
    pub id: HookTemplateId,
    /// What it is called.
    pub name: String,
    /// The point that it is written for.
    pub point: Option<HookPoint>,
}

/// A project of which a release can be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// Which.
    pub project: ProjectId,
    /// Its environments, by name.
    pub places: Vec<Place>,
    /// The scripts that a release starts with.
    pub hooks: Hooks,
    /// What there is to release as of the last fetch, some of it.
    pub refs: RefChoices,
    /// What hooks can be filled from.
    pub templates: Vec<TemplateName>,
}

/// What a release can be made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRelease {
    /// All projects: id and title.
    pub projects: Vec<(ProjectId, String)>,
    /// The one that was asked for, or the only one.
    pub chosen: Option<Chosen>,
    /// The release that this one is made from, where that is one of the project.
    pub origin: Option<Origin>,
}

/// The scripts with which the tree of a release was built and went live: a rollback itself has none that build.
#[cfg(feature = "ssr")]
async fn hooks_of(release: Release) -> Result<Hooks, ApiError> {
    let Some(of) = release.rollback_of else { return Ok(release.hooks) };
    let built = answer(ports()?.releases.get(&actor()?, of).await)?.release.hooks;
    Ok(Hooks { before_download: built.before_download, after_download: built.after_download, ..release.hooks })
}

/// The scripts of a release.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_hooks(id: ReleaseId) -> Result<Hooks, ApiError> {
    hooks_of(answer(ports()?.releases.get(&actor()?, id).await)?.release).await
}
needs!(GetHooks, ViewReleases);

/// What a release of `project` can be made of; with `from` it begins with what that release was made with.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_new_release(project: Option<ProjectId>, from: Option<ReleaseId>) -> Result<NewRelease, ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let origin = match from {
        None => None,
        Some(from) => Some(answer(ports.releases.get(&actor, from).await)?.release),
    };
    let project = project.or(origin.as_ref().map(|origin| origin.project_id));
    let origin = match origin.filter(|origin| Some(origin.project_id) == project) {
        None => None,
        Some(origin) => Some(Origin {
            id: origin.id,
            environment: origin.environment_id,
            git_ref: origin.git_ref.clone(),
            hooks: hooks_of(origin).await?,
        }),
    };
    let projects = answer(ports.projects.list(&actor).await)?;
    // The only project there is needs no choosing.
    let found = match (project, projects.as_slice()) {
        (None, [one]) => Some(one),
        (wanted, all) => all.iter().find(|one| Some(one.id) == wanted),
    };
    let chosen = match found {
        None => None,
        Some(project) => {
            let mut places = Vec::new();
            for environment in answer(ports.projects.environments(&actor, project.id).await)? {
                let live = answer(ports.releases.live(&actor, environment.id).await)?;
                let live_hooks = match &live {
                    None => Hooks::default(),
                    Some(live) => hooks_of(live.clone()).await?,
                };
                places.push(Place {
                    id: environment.id,
                    name: environment.name,
                    kind: environment.kind,
                    servers: environment.server_ids.len(),
                    live: live.map(|live| LiveCommit {
                        release_id: live.id,
                        git_ref: live.git_ref,
                        commit: live.commit,
                    }),
                    live_hooks: HookPoint::ALL.into_iter().filter(|point| live_hooks.at(*point).is_some()).count(),
                });
            }
            let templates = answer(ports.templates.list(&actor).await)?;
            let templates =
                templates.into_iter().map(|one| TemplateName { id: one.id, name: one.name, point: one.point });
            Some(Chosen {
                project: project.id,
                places,
                hooks: project.hooks.clone().unwrap_or_default(),
                refs: answer(ports.projects.choices(&actor, project.id, false).await)?,
                templates: templates.collect(),
            })
        }
    };
    Ok(NewRelease { projects: projects.into_iter().map(|one| (one.id, one.title)).collect(), chosen, origin })
}
needs!(GetNewRelease, CreateReleases);

/// Fetches, then says what there is to release.
#[server(prefix = "/api/fn", output = Json)]
pub async fn fetch_refs(project: ProjectId) -> Result<RefChoices, ApiError> {
    answer(ports()?.projects.choices(&actor()?, project, true).await)
}
needs!(FetchRefs, PickRefs);
