//! What the page that makes a release stands on.

use launchway_domain::{
    EnvironmentId, EnvironmentKind, HookPoint, HookTemplateId, Hooks, LiveCommit, ProjectId, RefChoices,
};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};

use super::codec::Json;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
use super::{ApiError, needs};

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
}

/// What a release of `project` can be made of.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_new_release(project: Option<ProjectId>) -> Result<NewRelease, ApiError> {
    let (ports, actor) = (ports()?, actor()?);
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
    Ok(NewRelease { projects: projects.into_iter().map(|one| (one.id, one.title)).collect(), chosen })
}
needs!(GetNewRelease, CreateReleases);

/// Fetches, then says what there is to release.
#[server(prefix = "/api/fn", output = Json)]
pub async fn fetch_refs(project: ProjectId) -> Result<RefChoices, ApiError> {
    answer(ports()?.projects.choices(&actor()?, project, true).await)
}
needs!(FetchRefs, PickRefs);
