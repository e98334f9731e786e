//! Back to an earlier release, and on to another environment.

use async_trait::async_trait;
use launchway_domain::{
    Actor, Changes, EnvironmentId, PromoteForm, Promotion, Release, ReleaseId, RollbackForm, RuleState, Standing,
    WaysBack,
};

use super::Answer;

/// Back to an earlier release, and on to another environment.
#[async_trait]
pub trait Ways: Send + Sync {
    /// What an environment can go back to, the latest first; `look` asks its servers what they hold.
    async fn back(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        cursor: Option<String>,
        limit: Option<u32>,
        look: bool,
    ) -> Answer<WaysBack>;
    /// Goes back: a new release, started. Without a release, to what was live before.
    async fn roll_back(&self, actor: &Actor, id: EnvironmentId, form: RollbackForm) -> Answer<Release>;
    /// What promoting to an environment would do; `from` none means the only test environment with something live.
    async fn promotion(&self, actor: &Actor, id: EnvironmentId, from: Option<EnvironmentId>) -> Answer<Promotion>;
    /// What that would change there.
    async fn promotion_changes(&self, actor: &Actor, id: EnvironmentId, from: Option<EnvironmentId>)
    -> Answer<Changes>;
    /// Takes what is live in a test environment to another one: a new release, started.
    async fn promote(&self, actor: &Actor, id: EnvironmentId, form: PromoteForm) -> Answer<Release>;
    /// How a release stands to the policy of its environment, before it starts.
    async fn rules(&self, actor: &Actor, id: ReleaseId) -> Answer<Vec<RuleState>>;
    /// How a release stands in its environment: its rules, what is live there, and what it can be put back to.
    async fn standing(&self, actor: &Actor, id: ReleaseId) -> Answer<Standing>;
}
