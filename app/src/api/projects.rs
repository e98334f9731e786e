//! Projects and environments.

use launchway_domain::{
    Check, Environment, EnvironmentForm, EnvironmentId, ListQuery, Listed, Project, ProjectForm, ProjectId, RefItem,
    RefKind,
};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use super::codec::Json;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
use super::{ApiError, needs};
#[cfg(feature = "ssr")]
use crate::said::{Did, Said, Thing, tell};
#[cfg(feature = "ssr")]
use launchway_domain::IfVersion;

/// All projects, without their hooks.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn list_projects() -> Result<Vec<Project>, ApiError> {
    let mut list = answer(ports()?.projects.list(&actor()?).await)?;
    list.iter_mut().for_each(|project| project.hooks = None);
    Ok(list)
}
needs!(ListProjects, ViewProjects);

/// One project.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_project(id: ProjectId) -> Result<Project, ApiError> {
    answer(ports()?.projects.get(&actor()?, id).await)
}
needs!(GetProject, ViewProjects);

/// Adds a project, or changes the one with `id`, where it is still at `version`.
#[server(prefix = "/api/fn", output = Json)]
pub async fn save_project(id: Option<ProjectId>, version: Option<i64>, form: ProjectForm) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let (did, project) = match id {
        Some(id) => (Did::Saved, answer(ports.projects.update(&actor, id, form, &IfVersion::of(version)).await)?),
        None => (Did::Created, answer(ports.projects.create(&actor, form).await)?),
    };
    tell(Said::new(Thing::Project, did, project.title));
    leptos_axum::redirect(&format!("/projects/{}", project.id));
    Ok(())
}
needs!(SaveProject, ManageProjects);

/// Deletes a project with its environments.
#[server(prefix = "/api/fn", output = Json)]
pub async fn delete_project(id: ProjectId) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let project = answer(ports.projects.get(&actor, id).await)?;
    answer(ports.projects.delete(&actor, id, &IfVersion::Any).await)?;
    tell(Said::new(Thing::Project, Did::Deleted, project.title));
    leptos_axum::redirect("/projects");
    Ok(())
}
needs!(DeleteProject, ManageProjects);

/// Asks the repository for its refs.
#[server(prefix = "/api/fn", output = Json)]
pub async fn check_project(id: ProjectId) -> Result<Check, ApiError> {
    answer(ports()?.projects.check(&actor()?, id).await)
}
needs!(CheckProject, ManageProjects);

/// Trusts the host key of a repository over SSH from now on.
#[server(prefix = "/api/fn", output = Json)]
pub async fn pin_project(id: ProjectId, fingerprint: String) -> Result<Project, ApiError> {
    let project = answer(ports()?.projects.pin_host_key(&actor()?, id, fingerprint).await)?;
    tell(Said::new(Thing::HostKey, Did::Pinned, project.title.as_str()));
    Ok(project)
}
needs!(PinProject, ManageProjects);

/// Fetches, then lists tags, branches, or the last 50 commits of a branch.
#[server(prefix = "/api/fn", output = Json)]
pub async fn list_refs(id: ProjectId, kind: RefKind, branch: Option<String>) -> Result<Vec<RefItem>, ApiError> {
    answer(ports()?.projects.refs(&actor()?, id, kind, branch).await)
}
needs!(ListRefs, PickRefs);

/// A project's environments.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn list_environments(id: ProjectId) -> Result<Vec<Environment>, ApiError> {
    answer(ports()?.projects.environments(&actor()?, id).await)
}
needs!(ListEnvironments, ViewProjects);

/// One environment.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_environment(id: EnvironmentId) -> Result<Environment, ApiError> {
    answer(ports()?.projects.environment(&actor()?, id).await)
}
needs!(GetEnvironment, ViewProjects);

/// Adds an environment to `project`, or changes the one with `id`, where it is still at `version`.
#[server(prefix = "/api/fn", output = Json)]
pub async fn save_environment(
    project: ProjectId,
    id: Option<EnvironmentId>,
    version: Option<i64>,
    form: EnvironmentForm,
) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let (did, environment) = match id {
        Some(id) => {
            (Did::Saved, answer(ports.projects.update_environment(&actor, id, form, &IfVersion::of(version)).await)?)
        }
        None => (Did::Created, answer(ports.projects.create_environment(&actor, project, form).await)?),
    };
    tell(Said::new(Thing::Environment, did, environment.name));
    leptos_axum::redirect(&format!("/projects/{}/environments/{}", environment.project_id, environment.id));
    Ok(())
}
needs!(SaveEnvironment, ManageProjects);

/// Deletes an environment of `project`.
#[server(prefix = "/api/fn", output = Json)]
pub async fn delete_environment(project: ProjectId, id: EnvironmentId) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let environment = answer(ports.projects.environment(&actor, id).await)?;
    answer(ports.projects.delete_environment(&actor, id, &IfVersion::Any).await)?;
    tell(Said::new(Thing::Environment, Did::Deleted, environment.name));
    leptos_axum::redirect(&format!("/projects/{project}"));
    Ok(())
}
needs!(DeleteEnvironment, ManageProjects);

/// Probes the path on every server of an environment.
#[server(prefix = "/api/fn", output = Json)]
pub async fn check_environment(id: EnvironmentId) -> Result<Check, ApiError> {
    answer(ports()?.projects.check_environment(&actor()?, id).await)
}
needs!(CheckEnvironment, ManageProjects);

/// A page of what is looked for. In JSON, since an empty query would leave nothing of a form.
#[server(prefix = "/api/fn", input = Json, output = Json)]
pub async fn search_projects(query: ListQuery) -> Result<Listed<Project>, ApiError> {
    answer(ports()?.projects.search(&actor()?, query).await)
}
needs!(SearchProjects, ViewProjects);
