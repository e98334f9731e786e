//! Tidying up: what is old enough and needed by nothing is first said to be gone, then put out of the way, then removed.
//!
//! Between looking whether something is needed and putting it out of the way no release of this data folder begins to
//! run ([`launchway_engine::data::DataDir::tidying`]); the slow part, removing, comes after that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use launchway_app::ports::Answer;
use launchway_domain::{Actor, Fault, Housekeeping, Pile, ReleaseId, TidyPlan, Tidying, Timestamp};
use launchway_engine::data::{DataDir, Kept};
use launchway_engine::disk::{self, Measured};
use launchway_engine::guard;
use launchway_engine::store::{LogSize, StoreError};

use super::super::Core;
use super::super::fault::{internal, of_store};
use super::thing;

/// Logs of so many releases are said to be gone in one transaction.
const LOGS_AT_ONCE: u32 = 200;
/// A day, in milliseconds.
const DAY: i64 = 24 * 3600 * 1000;

fn failed(error: StoreError) -> Fault {
    of_store(error, &thing())
}

/// Since when something has to be unused for it to go; none where it is kept for ever.
fn before(now: Timestamp, days: Option<u32>) -> Option<Timestamp> {
    days.map(|days| now.plus_millis(-i64::from(days) * DAY))
}

/// The folders that there are, by number.
type Folders = BTreeMap<i64, PathBuf>;

/// What may go.
struct Due {
    /// When it was looked at.
    planned: Timestamp,
    artifacts: Folders,
    work: Folders,
    caches: Folders,
    logs: Vec<LogSize>,
    /// Releases that cannot be retried without what goes.
    built: BTreeSet<ReleaseId>,
}

impl Core {
    /// What tidying up would remove now.
    pub(super) async fn tidy_plan(&self) -> Answer<TidyPlan> {
        let kept = self.kept().await?;
        let due = self.due(&kept, u32::MAX >> 1).await?;
        let now = due.planned;
        let (events, deliveries) = self
            .store
            .rows_due(
                before(now, Some(kept.event_days)).unwrap_or(now),
                before(now, Some(kept.delivery_days)).unwrap_or(now),
            )
            .await
            .map_err(failed)?;
        let next = Tidying { events, deliveries, ..measure(due).await? };
        Ok(TidyPlan { next, last: self.store.tidied_last().await.map_err(failed)? })
    }

    /// Removes what is old enough and needed by nothing, and what somebody was killed while removing.
    pub(in crate::service) async fn tidy(&self, actor: &Actor) -> Answer<Tidying> {
        let _alone = self.disk.tidying.lock().await;
        self.sweep().await?;
        let kept = self.kept().await?;
        let now = Timestamp::now();
        let mut all = Tidying::default();
        let (events, deliveries) = (before(now, Some(kept.event_days)), before(now, Some(kept.delivery_days)));
        if let (Some(events), Some(deliveries)) = (events, deliveries) {
            all.events = self.store.events_trim(events).await.map_err(failed)?;
            all.deliveries = self.store.deliveries_trim(deliveries).await.map_err(failed)?
                + self.store.notifications_trim(deliveries).await.map_err(failed)?;
        }
        let mut part = all;
        loop {
            // Measured before anything waits for it.
            let first = measure(self.due(&kept, LOGS_AT_ONCE).await?).await?;
            if first.is_empty() && part.is_empty() {
                break;
            }
            let (removed, logs) = self.tidy_some(actor, &kept, part, first).await?;
            self.sweep().await?;
            all = sum(all, removed);
            if logs < LOGS_AT_ONCE as usize {
                break;
            }
            part = Tidying::default();
        }
        self.disk.forget().await;
        Ok(all)
    }

    /// Says that some of it is gone and puts it out of the way; what that was, without `part`, which went before, and
    /// how many logs were among it. `measured` is how large it was when it was looked at for the first time.
    async fn tidy_some(
        &self,
        actor: &Actor,
        kept: &Housekeeping,
        part: Tidying,
        measured: Tidying,
    ) -> Answer<(Tidying, usize)> {
        let _nobody_begins = self.data.tidying().await;
        let due = self.due(kept, LOGS_AT_ONCE).await?;
        let logs: Vec<ReleaseId> = due.logs.iter().map(|log| log.release).collect();
        let count = |folders: &Folders| folders.len() as u64;
        // Whatever a release took up meanwhile is not among it any more; what it takes up was measured before.
        let removed = Tidying {
            artifacts: Pile { count: count(&due.artifacts), ..measured.artifacts },
            work: Pile { count: count(&due.work), ..measured.work },
            caches: Pile { count: count(&due.caches), ..measured.caches },
            logs: Pile { count: logs.len() as u64, bytes: due.logs.iter().map(|log| log.bytes).sum() },
            ..Tidying::default()
        };
        let told = sum(removed, part);
        if told.is_empty() {
            return Ok((removed, 0));
        }
        let built: Vec<ReleaseId> = due.built.iter().copied().collect();
        self.store.by(actor).tidy_begin(due.planned, &built, &logs, &told).await.map_err(failed)?;
        let folders: Vec<PathBuf> =
            [due.artifacts, due.work, due.caches].into_iter().flat_map(BTreeMap::into_values).collect();
        blocking(move || {
            for folder in folders {
                disk::retire(&folder).inspect_err(|error| {
                    tracing::warn!(%error, folder = %folder.display(), "putting a folder out of the way");
                })?;
            }
            Ok(())
        })
        .await?;
        Ok((removed, logs.len()))
    }

    /// Removes what was put out of the way, and the text of logs that are said to be gone.
    async fn sweep(&self) -> Answer<()> {
        let folders = [Kept::Artifacts, Kept::Work, Kept::Caches].map(|of| self.data.all(of));
        let swept = blocking(move || folders.iter().try_for_each(|folder| disk::sweep(folder))).await;
        if let Err(fault) = swept {
            // The rest is tidied up all the same; the next time tries again.
            tracing::warn!(%fault, "removing what was put out of the way");
        }
        while self.store.logs_sweep().await.map_err(failed)? > 0 {}
        Ok(())
    }

    /// What is old enough and needed by nothing.
    async fn due(&self, kept: &Housekeeping, logs: u32) -> Answer<Due> {
        let planned = Timestamp::now();
        let data = self.data.clone();
        let (artifacts, work, caches) = blocking(move || folders(&data)).await?;
        let mut due = Due {
            planned,
            artifacts: Folders::new(),
            work: Folders::new(),
            caches: Folders::new(),
            logs: Vec::new(),
            built: BTreeSet::new(),
        };
        if let Some(before) = before(planned, kept.log_days) {
            due.logs = self.store.logs_due(before, logs).await.map_err(failed)?;
        }
        if let Some(before) = before(planned, kept.artifact_days) {
            let ids: BTreeSet<i64> = artifacts.keys().chain(work.keys()).copied().collect();
            let ids: Vec<i64> = ids.into_iter().collect();
            let old = self.store.artifacts_due(&ids, before, kept.keep_artifacts).await.map_err(failed)?;
            due.artifacts = only(&artifacts, |id| old.contains(&ReleaseId(id)));
            due.work = only(&work, |id| old.contains(&ReleaseId(id)));
            due.built = old;
        }
        // Whoever succeeded needs no work folder; that it is there is due to a crash.
        let ids: Vec<i64> = work.keys().copied().collect();
        let done = self.store.succeeded_among(&ids).await.map_err(failed)?;
        due.work.extend(only(&work, |id| done.contains(&ReleaseId(id))));
        if let Some(before) = before(planned, kept.cache_days) {
            let ids: Vec<i64> = caches.keys().copied().collect();
            let busy = self.store.environments_busy(&ids).await.map_err(failed)?;
            due.caches = only(&caches, |id| !busy.iter().any(|environment| environment.0 == id));
            due.caches.retain(|_, folder| disk::changed(folder).is_some_and(|used| used < before));
        }
        Ok(due)
    }
}

fn only(folders: &Folders, wanted: impl Fn(i64) -> bool) -> Folders {
    folders.iter().filter(|(id, _)| wanted(**id)).map(|(id, folder)| (*id, folder.clone())).collect()
}

/// The artifacts, work folders and build caches that there are. Blocks.
fn folders(data: &DataDir) -> std::io::Result<(Folders, Folders, Folders)> {
    let of = |kept| disk::numbered(&data.all(kept)).map(|found| found.into_iter().collect());
    Ok((of(Kept::Artifacts)?, of(Kept::Work)?, of(Kept::Caches)?))
}

/// How much it is.
async fn measure(due: Due) -> Answer<Tidying> {
    blocking(move || {
        let mut artifacts = Measured::default();
        for folder in due.artifacts.values() {
            artifacts.add(folder);
        }
        let pile = |folders: &Folders| Pile {
            count: folders.len() as u64,
            bytes: folders.values().map(|folder| guard::size_of(folder)).sum(),
        };
        Ok(Tidying {
            artifacts: Pile { count: due.artifacts.len() as u64, bytes: artifacts.freed() },
            work: pile(&due.work),
            caches: pile(&due.caches),
            logs: Pile { count: due.logs.len() as u64, bytes: due.logs.iter().map(|log| log.bytes).sum() },
            ..Tidying::default()
        })
    })
    .await
}

fn sum(one: Tidying, other: Tidying) -> Tidying {
    let pile = |a: Pile, b: Pile| Pile { count: a.count + b.count, bytes: a.bytes + b.bytes };
    Tidying {
        artifacts: pile(one.artifacts, other.artifacts),
        work: pile(one.work, other.work),
        logs: pile(one.logs, other.logs),
        caches: pile(one.caches, other.caches),
        events: one.events + other.events,
        deliveries: one.deliveries + other.deliveries,
    }
}

/// Runs work with files on a thread of its own.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Answer<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| internal("work on a thread", &e))?
        .map_err(|e| internal("the data folder", &e))
}
