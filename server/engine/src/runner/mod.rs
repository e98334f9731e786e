//! Takes releases from the queue and sees them to their end.
//!
//! A running release is held by a lease. Whoever holds it renews it while the release runs; a program
//! that dies lets it run out, and whoever claims the release then goes on where the rows say it stood.

mod back;
mod batches;
mod end;
mod execution;
mod prepare;
mod replaced;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use launchway_domain::{Event, Release, ReleaseId, ReleaseStatus, Text};
use tokio::sync::{Semaphore, broadcast};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::data::{DataDir, Instance};
use crate::guard::Guard;
use crate::log;
use crate::secret::Vault;
pub use crate::steps::TimeLimits;
use crate::store::{Lease, Store, StoreError};
use execution::Execution;

/// How long a lease holds without being renewed.
const LEASE: Duration = Duration::from_secs(15);
/// How often it is renewed.
const RENEW: Duration = Duration::from_secs(4);
/// How often the queue is looked at without anyone ringing: expired leases ring no bell.
const LOOK: Duration = Duration::from_secs(2);
/// Progress ticks that a slow listener may be behind; then it misses the oldest.
const PROGRESS_BUFFER: usize = 1024;

/// How many servers are worked on at once unless told otherwise.
pub const DEFAULT_PARALLEL: usize = 64;

/// What the runner works with.
pub struct RunnerConfig {
    /// Where releases are.
    pub store: Store,
    /// What opens credentials.
    pub vault: Vault,
    /// Where files go.
    pub data: DataDir,
    /// What keeps local hooks from this host.
    pub guard: Guard,
    /// Whose name the leases bear; held as long as the runner runs.
    pub instance: Instance,
    /// How many servers are worked on at once, over all releases.
    pub parallel: usize,
    /// How long things may take.
    pub limits: TimeLimits,
    /// How much of each node's output is kept, in bytes.
    pub log_cap: u64,
}

impl RunnerConfig {
    /// With the defaults: 64 servers at once. `guard` keeps local hooks from this host.
    pub fn new(store: Store, vault: Vault, data: DataDir, instance: Instance, guard: Guard) -> Self {
        Self {
            store,
            vault,
            data,
            guard,
            instance,
            parallel: DEFAULT_PARALLEL,
            limits: TimeLimits::default(),
            log_cap: log::DEFAULT_CAP,
        }
    }
}

/// What the runs share.
struct Shared {
    store: Store,
    vault: Vault,
    data: DataDir,
    guard: Guard,
    instance: Instance,
    limits: TimeLimits,
    log_cap: u64,
    servers: Arc<Semaphore>,
    progress: broadcast::Sender<Event>,
    stop: CancellationToken,
}

/// Claims releases and runs them.
pub struct Runner;

impl Runner {
    /// Starts to look at the queue.
    pub fn spawn(config: RunnerConfig) -> RunnerHandle {
        let (progress, _) = broadcast::channel(PROGRESS_BUFFER);
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            store: config.store,
            vault: config.vault,
            data: config.data,
            guard: config.guard,
            instance: config.instance,
            limits: config.limits,
            log_cap: config.log_cap,
            servers: Arc::new(Semaphore::new(config.parallel.max(1))),
            progress: progress.clone(),
            stop: stop.clone(),
        });
        RunnerHandle { progress, stop, task: tokio::spawn(work(shared)) }
    }
}

/// A running runner.
pub struct RunnerHandle {
    progress: broadcast::Sender<Event>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl RunnerHandle {
    /// Where progress ticks are sent.
    pub fn progress(&self) -> broadcast::Sender<Event> {
        self.progress.clone()
    }

    /// Stops at the next place where it can be gone on from, and hands the leases back. Hooks go on;
    /// they are found again by whoever claims the release.
    pub async fn shutdown(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the runner ended badly");
        }
    }
}

async fn work(shared: Arc<Shared>) {
    let name = shared.instance.name().to_owned();
    // The lock on the data folder says that whoever held leases by this name is gone.
    while let Err(error) = shared.store.expire_leases(&name).await {
        tracing::error!(%error, "freeing the leases of the program before");
        if pause(&shared.stop, LOOK).await {
            return;
        }
    }
    let mut bell = shared.store.queue_bell();
    let mut runs: JoinSet<ReleaseId> = JoinSet::new();
    let mut ended: HashMap<ReleaseId, CancellationToken> = HashMap::new();
    while !shared.stop.is_cancelled() {
        loop {
            match shared.store.claim(&name, millis(LEASE)).await {
                Ok(Some((lease, release))) => {
                    // Where the lease ran out under a run of our own, that one has to be gone first.
                    let before = ended.insert(release.id, CancellationToken::new());
                    let done = ended.entry(release.id).or_default().clone();
                    let shared = Arc::clone(&shared);
                    runs.spawn(async move {
                        if let Some(before) = before {
                            before.cancelled().await;
                        }
                        let _done = done.drop_guard();
                        run(shared, lease, release).await
                    });
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(%error, "looking at the queue");
                    break;
                }
            }
        }
        tokio::select! {
            _ = bell.changed() => {}
            _ = tokio::time::sleep(LOOK) => {}
            Some(id) = runs.join_next() => {
                if let Ok(id) = id && ended.get(&id).is_some_and(CancellationToken::is_cancelled) {
                    ended.remove(&id);
                }
            }
            () = shared.stop.cancelled() => {}
        }
    }
    while runs.join_next().await.is_some() {}
}

/// Runs one release to its end, or until the lease is lost or the program stops.
async fn run(shared: Arc<Shared>, lease: Lease, release: Release) -> ReleaseId {
    let id = release.id;
    let leave = shared.stop.child_token();
    let cancel = leave.child_token();
    let keeper = tokio::spawn(keep(shared.store.clone(), lease.clone(), cancel.clone(), leave.clone()));
    let outcome = {
        let (shared, lease) = (Arc::clone(&shared), lease.clone());
        // Its own task, so that a panic ends this release alone.
        tokio::spawn(async move { Execution::run(&shared, lease, release, cancel, leave).await }).await
    };
    keeper.abort();
    let end = match outcome {
        Ok(Ok(end)) => end,
        Ok(Err(StepEnd::Stopped)) => {
            if let Err(error) = shared.store.give_back(&lease).await {
                tracing::warn!(%error, release = %id, "handing a lease back");
            }
            return id;
        }
        Ok(Err(StepEnd::Store(error))) => {
            // Whoever claims it when the lease has run out goes on, this program perhaps.
            tracing::error!(%error, release = %id, "the store failed a running release");
            return id;
        }
        Err(panic) => {
            tracing::error!(%panic, release = %id, "a release ended in a panic");
            End {
                status: ReleaseStatus::Failed,
                error: Some(Text::new(
                    "Something broke inside Launchway; its log has the cause. Retry, and report it if it happens again.",
                    "Launchway 内部出错，原因记录在其日志中。请重试；若再次发生请反馈。",
                )),
            }
        }
    };
    if let Err(error) = shared.store.finish(&lease, end.status, end.error.as_ref()).await {
        tracing::error!(%error, release = %id, "writing down how a release ended");
    }
    id
}

/// How a release ended.
struct End {
    status: ReleaseStatus,
    error: Option<Text>,
}

/// Why a run ended before the release did.
enum StepEnd {
    /// The program stops.
    Stopped,
    /// The store failed, or the lease is lost.
    Store(StoreError),
}

/// Renews the lease: `leave` is set when it is lost, `cancel` when somebody asked the release to stop.
async fn keep(store: Store, lease: Lease, cancel: CancellationToken, leave: CancellationToken) {
    let mut bell = store.queue_bell();
    let mut last = tokio::time::Instant::now();
    loop {
        match store.renew(&lease, millis(LEASE)).await {
            Ok(asked_to_stop) => {
                last = tokio::time::Instant::now();
                if asked_to_stop {
                    cancel.cancel();
                }
            }
            Err(StoreError::Stale) => {
                leave.cancel();
                return;
            }
            // Without an answer nobody knows whether the lease still holds: it does until it is due.
            Err(error) => {
                tracing::warn!(%error, release = %lease.release, "renewing a lease");
                if last.elapsed() >= LEASE {
                    leave.cancel();
                    return;
                }
            }
        }
        tokio::select! {
            _ = tokio::time::sleep(RENEW) => {}
            _ = bell.changed() => {}
        }
    }
}

/// Waits; says whether the program stops meanwhile.
async fn pause(stop: &CancellationToken, time: Duration) -> bool {
    tokio::select! {
        () = stop.cancelled() => true,
        () = tokio::time::sleep(time) => false,
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
