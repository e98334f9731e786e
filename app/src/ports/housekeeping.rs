//! How long things are kept, what they take up, and tidying up.

use async_trait::async_trait;
use launchway_domain::{
    Actor, BuildCache, DiskUse, EnvironmentId, Housekeeping, HousekeepingForm, IfVersion, TidyPlan, Tidying,
};

use super::Answer;

/// How long things are kept, what they take up, and tidying up.
#[async_trait]
pub trait Housekeeper: Send + Sync {
    /// How long things are kept.
    async fn settings(&self, actor: &Actor) -> Answer<Housekeeping>;
    /// Changes that.
    async fn change(&self, actor: &Actor, form: HousekeepingForm, only: &IfVersion) -> Answer<Housekeeping>;
    /// What Launchway takes up on its host; not older than some minutes, or (`fresh`) measured now.
    async fn disk(&self, actor: &Actor, fresh: bool) -> Answer<DiskUse>;
    /// What tidying up would remove now, and what it removed last.
    async fn plan(&self, actor: &Actor) -> Answer<TidyPlan>;
    /// Removes what is old enough and needed by nothing; what that was.
    async fn tidy(&self, actor: &Actor) -> Answer<Tidying>;
    /// What local hooks of an environment keep between releases.
    async fn cache(&self, actor: &Actor, id: EnvironmentId) -> Answer<BuildCache>;
    /// Empties it. A conflict while a release runs there.
    async fn clear_cache(&self, actor: &Actor, id: EnvironmentId) -> Answer<()>;
}
