//! Housekeeping: what is forgotten in time, and what that frees.
//!
//! Sessions that ran out and answers that nobody asks for again go every hour. What people may miss (events, logs,
//! artifacts, build caches) goes once a day, as the settings say, with an entry in the audit.

mod disk;
mod tidy;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use launchway_app::ports::{Answer, Housekeeper};
use launchway_domain::{
    Actor, BuildCache, DiskUse, EnvironmentId, Form, Housekeeping, HousekeepingForm, IfVersion, Permission, Text,
    TidyPlan, Tidying,
};

use super::Core;
use super::fault::{of_store, of_update};
use super::permission::permit;
pub(super) use disk::Disk;

/// How often what ran out is forgotten.
const INTERVAL: Duration = Duration::from_secs(3600);
/// Every how many times of those the rest is tidied up: once a day.
const TIDY_EVERY: u32 = 24;

/// Tidies up now and then, until the program stops.
pub(super) fn start(core: &Arc<Core>) {
    let tidier = Arc::clone(core);
    core.background.spawn(async move {
        let mut turn = 0_u32;
        loop {
            expire(&tidier).await;
            if turn.is_multiple_of(TIDY_EVERY)
                && let Err(fault) = tidier.tidy(&Actor::System).await
            {
                tracing::warn!(%fault, "tidying up");
            }
            turn = turn.wrapping_add(1);
            tokio::select! {
                () = tidier.stopping.cancelled() => return,
                () = tokio::time::sleep(INTERVAL) => {}
            }
        }
    });
}

/// Forgets what nobody can use any more.
async fn expire(core: &Core) {
    if let Err(error) = core.store.sessions_delete_expired().await {
        tracing::warn!(%error, "forgetting sessions that ran out");
    }
    if let Err(error) = core.store.idempotency_delete_expired().await {
        tracing::warn!(%error, "forgetting the answers of idempotent calls");
    }
}

pub(super) struct HousekeepingService(pub(super) Arc<Core>);

/// What the settings are called in a sentence.
fn thing() -> Text {
    Text::new("housekeeping", "清理设置")
}

#[async_trait]
impl Housekeeper for HousekeepingService {
    async fn settings(&self, actor: &Actor) -> Answer<Housekeeping> {
        permit(actor, Permission::ManageSystem)?;
        self.0.kept().await
    }

    async fn change(&self, actor: &Actor, form: HousekeepingForm, only: &IfVersion) -> Answer<Housekeeping> {
        permit(actor, Permission::ManageSystem)?;
        form.check()?;
        let changed = self.0.store.by(actor).only(only).housekeeping_update(&form).await;
        of_update(changed, &thing(), &form, self.0.store.housekeeping()).await
    }

    async fn disk(&self, actor: &Actor, fresh: bool) -> Answer<DiskUse> {
        permit(actor, Permission::ManageSystem)?;
        self.0.disk_use(fresh).await
    }

    async fn plan(&self, actor: &Actor) -> Answer<TidyPlan> {
        permit(actor, Permission::ManageSystem)?;
        self.0.tidy_plan().await
    }

    async fn tidy(&self, actor: &Actor) -> Answer<Tidying> {
        permit(actor, Permission::ManageSystem)?;
        self.0.tidy(actor).await
    }

    async fn cache(&self, actor: &Actor, id: EnvironmentId) -> Answer<BuildCache> {
        self.0.build_cache(actor, id).await
    }

    async fn clear_cache(&self, actor: &Actor, id: EnvironmentId) -> Answer<()> {
        self.0.clear_cache(actor, id).await
    }
}

impl Core {
    /// How long things are kept.
    async fn kept(&self) -> Answer<Housekeeping> {
        self.store.housekeeping().await.map_err(|e| of_store(e, &thing()))
    }
}
