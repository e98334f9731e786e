//! What people do on the servers of an environment besides releasing: commands, and files.

pub mod files;
pub mod run;

use launchway_domain::{Environment, EnvironmentId, Project, ProjectId, Server, Text};

use serde::{Deserialize, Serialize};

use super::no_such_page;
use crate::api::ApiError;
use crate::api::projects::{get_environment, get_project};
use crate::api::servers::list_servers;

/// An environment of a project, with its servers.
#[derive(Clone, Serialize, Deserialize)]
struct Place {
    project: Project,
    environment: Environment,
    servers: Vec<Server>,
}

impl Place {
    async fn find(project: Option<ProjectId>, id: Option<EnvironmentId>) -> Result<Self, ApiError> {
        let (Some(project), Some(id)) = (project, id) else { return Err(no_such_page()) };
        let environment = get_environment(id).await?;
        if environment.project_id != project {
            return Err(no_such_page());
        }
        let mut servers = list_servers().await?;
        servers.retain(|server| environment.server_ids.contains(&server.id));
        Ok(Self { project: get_project(project).await?, environment, servers })
    }

    /// The page above.
    fn up(&self) -> (String, Text) {
        let href = format!("/projects/{}/environments/{}", self.project.id, self.environment.id);
        (href, Text::verbatim(format!("{} · {}", self.project.title, self.environment.name)))
    }
}
