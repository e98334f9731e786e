//! Back to an earlier release, and on to another environment.

use launchway_domain::{
    Changes, Environment, EnvironmentId, Project, ProjectId, Promotion, ReleaseId, Standing, WaysBack,
};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};

use super::codec::Json;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
use super::{ApiError, needs};
#[cfg(feature = "ssr")]
use {
    crate::said::{Did, Said, Thing, tell},
    launchway_domain::{EnvironmentKind, Fault, PromoteForm, Text},
};

/// What the list of earlier releases stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Back {
    /// Whose.
    pub project: Project,
    /// The environment.
    pub environment: Environment,
    /// What it can go back to.
    pub ways: WaysBack,
    /// Whether a freeze keeps everything from being started there now.
    pub frozen: bool,
}

/// What promoting to an environment stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forward {
    /// Whose.
    pub project: Project,
    /// The environment that it goes to.
    pub environment: Environment,
    /// The test environments that it may come from: id and name.
    pub sources: Vec<(EnvironmentId, String)>,
    /// What would happen, where one is chosen; or why it cannot.
    pub promotion: Option<Result<Promotion, ApiError>>,
}

/// An environment of a project, with the project.
#[cfg(feature = "ssr")]
async fn place(project: ProjectId, id: EnvironmentId) -> Result<(Project, Environment), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let environment = answer(ports.projects.environment(&actor, id).await)?;
    if environment.project_id != project {
        let text = Text::new("There is no such page.", "没有此页面。");
        return Err(ApiError::from(Fault::not_found(text)));
    }
    Ok((answer(ports.projects.get(&actor, project).await)?, environment))
}

/// What an environment can go back to; `held` asks its servers.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_ways_back(
    project: ProjectId,
    id: EnvironmentId,
    cursor: Option<String>,
    held: Option<bool>,
) -> Result<Back, ApiError> {
    let (project, environment) = place(project, id).await?;
    let (ports, actor) = (ports()?, actor()?);
    let ways = answer(ports.ways.back(&actor, id, cursor, None, held == Some(true)).await)?;
    let frozen = answer(ports.queues.calendar(&actor, id).await)?.frozen;
    Ok(Back { project, environment, ways, frozen })
}
needs!(GetWaysBack, ViewReleases);

/// What promoting to an environment would do.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_way_forward(
    project: ProjectId,
    id: EnvironmentId,
    from: Option<EnvironmentId>,
) -> Result<Forward, ApiError> {
    let (project, environment) = place(project, id).await?;
    let (ports, actor) = (ports()?, actor()?);
    let all = answer(ports.projects.environments(&actor, project.id).await)?;
    let sources: Vec<_> = all
        .into_iter()
        .filter(|one| one.kind == EnvironmentKind::Test && one.id != id)
        .map(|one| (one.id, one.name))
        .collect();
    // The only one there is needs no choosing.
    let from = from.or(if let [(only, _)] = sources.as_slice() { Some(*only) } else { None });
    let promotion = match from {
        None => None,
        Some(from) => Some(answer(ports.ways.promotion(&actor, id, Some(from)).await)),
    };
    Ok(Forward { project, environment, sources, promotion })
}
needs!(GetWayForward, ViewReleases);

/// What promoting to an environment would change there.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_promotion_changes(id: EnvironmentId, from: EnvironmentId) -> Result<Changes, ApiError> {
    answer(ports()?.ways.promotion_changes(&actor()?, id, Some(from)).await)
}
needs!(GetPromotionChanges, ViewReleases);

/// Takes what is live in a test environment to another one, and leads to the new release.
#[server(prefix = "/api/fn", output = Json)]
pub async fn promote(
    id: EnvironmentId,
    from: Option<EnvironmentId>,
    exception: Option<String>,
) -> Result<(), ApiError> {
    let release = answer(ports()?.ways.promote(&actor()?, id, PromoteForm { from, exception }).await)?;
    let path = format!("/releases/{}", release.id);
    tell(Said::new(Thing::Release, Did::Started, format!("#{}", release.id)).at(path.clone()));
    leptos_axum::redirect(&path);
    Ok(())
}
needs!(Promote, RunTest);

/// How a release stands in its environment: its rules, what is live there, and what it can be put back to.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_standing(id: ReleaseId) -> Result<Standing, ApiError> {
    answer(ports()?.ways.standing(&actor()?, id).await)
}
needs!(GetStanding, ViewReleases);
