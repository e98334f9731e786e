//! What is live where, and what people do on the servers besides releasing.

use async_trait::async_trait;
use launchway_domain::{Actor, EnvironmentId, EnvironmentLive, ProjectId};

use super::Answer;

/// What is live where, as the servers themselves say.
#[async_trait]
pub trait Lives: Send + Sync {
    /// What was found last in every environment, or in those of one project; by project and name.
    async fn list(&self, actor: &Actor, project: Option<ProjectId>) -> Answer<Vec<EnvironmentLive>>;
    /// What was found last in one environment.
    async fn get(&self, actor: &Actor, id: EnvironmentId) -> Answer<EnvironmentLive>;
    /// Looks now, at every file. A conflict while a release runs there.
    async fn check(&self, actor: &Actor, id: EnvironmentId) -> Answer<EnvironmentLive>;
}
