//! The build caches of environments, and what is said where housekeeping has removed something.

use launchway_app::ports::Answer;
use launchway_domain::{
    Actor, BuildCache, EnvironmentId, Fault, Permission, Release, ReleaseId, Text, Timestamp, text,
};
use launchway_engine::disk;

use super::Core;
use super::environments::thing;
use super::fault::{internal, noun, of_store};

/// The day of a time, as people write it.
fn day(at: Timestamp) -> String {
    at.rfc3339().chars().take(10).collect()
}

impl Core {
    /// What local hooks of an environment keep between releases.
    pub(super) async fn build_cache(&self, actor: &Actor, id: EnvironmentId) -> Answer<BuildCache> {
        let environment = self.environment_for(actor, Permission::ViewProjects, id).await?;
        let folder = self.data.cache(id);
        let used_at = tokio::task::spawn_blocking(move || disk::changed(&folder));
        let used_at = used_at.await.map_err(|e| internal("work on a thread", &e))?;
        let bytes = self.cache_bytes(id).await?;
        Ok(BuildCache { environment_id: id, bytes, limit: environment.policy.takes.cache_bytes(), used_at })
    }

    /// Empties it, unless a release uses it: none begins to run before it is out of the way.
    pub(super) async fn clear_cache(&self, actor: &Actor, id: EnvironmentId) -> Answer<()> {
        self.environment_for(actor, Permission::ManageProjects, id).await?;
        let bytes = self.cache_bytes(id).await?;
        let failed = |error| of_store(error, &thing(id));
        {
            let _nobody_begins = self.data.tidying().await;
            if !self.store.environments_busy(&[id.0]).await.map_err(failed)?.is_empty() {
                return Err(Fault::conflict(Text::new(
                    "A release runs in this environment and may be using the build cache. Wait for its end, or cancel it, then clear the cache.",
                    "此环境中有发布正在运行，可能正在使用构建缓存。请等待其结束或取消后再清空。",
                )));
            }
            self.store.by(actor).cache_cleared(id, bytes).await.map_err(failed)?;
            let folder = self.data.cache(id);
            let retired = tokio::task::spawn_blocking(move || disk::retire(&folder)).await;
            retired.map_err(|e| internal("work on a thread", &e))?.map_err(|e| internal("clearing a cache", &e))?;
        }
        self.sweep_caches().await;
        Ok(())
    }

    /// Removes the build cache of an environment that is no more.
    pub(super) async fn forget_cache(&self, id: EnvironmentId) {
        let folder = self.data.cache(id);
        match tokio::task::spawn_blocking(move || disk::retire(&folder)).await {
            Ok(Ok(())) => self.sweep_caches().await,
            // It is found by its age later.
            outcome => tracing::warn!(?outcome, environment = %id, "removing the build cache of a deleted environment"),
        }
    }

    async fn sweep_caches(&self) {
        let folder = self.data.all(launchway_engine::data::Kept::Caches);
        let swept = tokio::task::spawn_blocking(move || disk::sweep(&folder)).await;
        if !matches!(swept, Ok(Ok(()))) {
            tracing::warn!(?swept, "removing build caches");
        }
        self.disk.forget().await;
    }

    /// A release whose log is there for the actor to read.
    pub(super) async fn release_with_log(&self, actor: &Actor, id: ReleaseId) -> Answer<Release> {
        let release = self.release_for(actor, Permission::ViewReleases, id).await?;
        match release.log_removed_at.filter(|_| release.log_is_gone()) {
            None => Ok(release),
            Some(at) => {
                let day = day(at);
                Err(Fault::Gone {
                    detail: text!(
                        "The log of release {id} was removed on {day}: logs are kept for as long as housekeeping says.",
                        "发布 {id} 的日志已于 {day} 按清理设置的保留期限移除。"
                    ),
                })
            }
        }
    }

    /// Makes sure that what a release goes on with is still there.
    pub(super) async fn has_what_it_built(&self, release: &Release) -> Answer<()> {
        let id = release.id;
        let failed = |error| of_store(error, &noun("release", "发布", id));
        let tree = self.store.release_tree_of(id).await.map_err(failed)?;
        let removed = match release.artifact_removed_at {
            None if tree != id => self.store.release(tree).await.map_err(failed)?.artifact_removed_at,
            removed => removed,
        };
        match removed {
            None => Ok(()),
            Some(at) => {
                let day = day(at);
                Err(Fault::conflict(text!(
                    "What release {tree} had built was removed on {day}, so there is nothing to go on with. Create a new release from its commit.",
                    "发布 {tree} 的构建产物已于 {day} 被清理，无法继续。请基于其提交新建发布。"
                )))
            }
        }
    }
}
