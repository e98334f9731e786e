//! What is live where: asks the servers themselves, on demand and every few minutes.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt, stream};
use launchway_app::ports::{Answer, Lives};
use launchway_domain::{
    Actor, Environment, EnvironmentId, EnvironmentLive, Fault, Permission, ProjectId, ReleaseId, Server, ServerId,
    Text, Timestamp, Visible,
};
use launchway_engine::artifact::Artifact;
use launchway_engine::shell::{Limits, ShellError};
use launchway_engine::ssh::{Endpoint, Session};
use launchway_engine::store::{Found, History, Looked};
use launchway_engine::target::{self, How, Look, Site, TargetError};
use rand::Rng;
use tokio::sync::Semaphore;

use super::Core;
use super::environments::thing;
use super::fault::{internal, missing, of_store};
use super::permission::{permit, permit_in};

/// How long connecting to one server may take.
const CONNECT: Duration = Duration::from_secs(20);
/// How long looking at one server may take, all files read.
const LOOK: Duration = Duration::from_secs(300);
/// For how long an instance that looks at an environment is left alone, in milliseconds, and how often it asks for more.
/// Short: one that was killed is waited for no longer than whoever asks is patient.
const TURN: i64 = 30 * 1000;
const RENEWED: Duration = Duration::from_secs(10);
/// How many servers are looked at at once.
const PARALLEL: usize = 16;
/// How many environments are looked at at once in the background.
const ENVIRONMENTS: usize = 4;
/// How long the files of a server count as compared where nothing about them has moved, in milliseconds.
const FILES_KEPT: i64 = 3600 * 1000;
/// How long somebody who asks waits for a look that is under way, and how long between two tries.
const PATIENCE: Duration = Duration::from_secs(60);
const AGAIN: Duration = Duration::from_millis(250);

pub(super) struct LiveService(pub(super) Arc<Core>);

#[async_trait]
impl Lives for LiveService {
    async fn list(&self, actor: &Actor, project: Option<ProjectId>) -> Answer<Vec<EnvironmentLive>> {
        permit(actor, Permission::ViewReleases)?;
        if let Some(project) = project {
            self.0.permit_project(actor, Permission::ViewReleases, project).await?;
        }
        let seen = actor.visible();
        self.0.store.live(project, None, &seen).await.map_err(|e| internal("reading what is live", &e))
    }

    async fn get(&self, actor: &Actor, id: EnvironmentId) -> Answer<EnvironmentLive> {
        self.0.environment_for(actor, Permission::ViewReleases, id).await?;
        self.read(id).await
    }

    async fn check(&self, actor: &Actor, id: EnvironmentId) -> Answer<EnvironmentLive> {
        let environment = self.0.environment_for(actor, Permission::CreateReleases, id).await?;
        permit_in(actor, Permission::ViewReleases, environment.project_id)?;
        self.turn(id).await?;
        let looked = self.0.hold_turn(id, self.0.look(&environment, true)).await;
        self.0.store.live_release(id).await.map_err(|e| of_store(e, &thing(id)))?;
        looked?;
        self.read(id).await
    }
}

impl LiveService {
    async fn read(&self, id: EnvironmentId) -> Answer<EnvironmentLive> {
        let found = self.0.store.live(None, Some(id), &Visible::All).await.map_err(|e| of_store(e, &thing(id)))?;
        found.into_iter().next().ok_or_else(|| missing(&thing(id)))
    }

    /// Waits for the turn to look.
    async fn turn(&self, id: EnvironmentId) -> Answer<()> {
        let store = &self.0.store;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            if store.live_claim(id, TURN, None).await.map_err(|e| of_store(e, &thing(id)))? {
                return Ok(());
            }
            if let Some(release) = self.read(id).await?.running {
                return Err(Fault::conflict(launchway_domain::text!(
                    "Release {release} is running there, so what is live is about to change. Look again when it has ended.",
                    "发布 {release} 正在该环境中执行，线上内容即将变化。请在其结束后再检查。"
                )));
            }
            if tokio::time::Instant::now() > deadline {
                return Err(Fault::conflict(Text::new(
                    "Somebody else has been looking there for a while. Wait for what they find.",
                    "已有检查正在进行，请等待其结果。",
                )));
            }
            // Whoever looks may be another instance, which rings no bell here.
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Looks at every environment about as often as `every`, and after each release, until the program stops.
pub(super) fn start(core: &Arc<Core>, every: Duration) {
    let watcher = Arc::clone(core);
    core.background.spawn(async move {
        let places = Arc::new(Semaphore::new(ENVIRONMENTS));
        let mut bell = watcher.store.queue_bell();
        loop {
            pass(&watcher, every, &places).await;
            // Several instances should not ask at the same moment.
            let pause = (every / 10).clamp(Duration::from_millis(500), Duration::from_secs(30));
            let pause = pause.mul_f64(rand::rng().random_range(0.7..1.3));
            tokio::select! {
                () = watcher.stopping.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
                // A release may have ended.
                changed = bell.changed() => if changed.is_err() { return },
            }
        }
    });
}

/// Begins a look at every environment whose turn it is.
async fn pass(core: &Arc<Core>, every: Duration, places: &Arc<Semaphore>) {
    let before = Timestamp::now().plus_millis(-i64::try_from(every.as_millis()).unwrap_or(i64::MAX));
    let due = match core.store.live_due(before).await {
        Ok(due) => due,
        Err(error) => return tracing::warn!(%error, "finding what to look at"),
    };
    for (id, begun_at) in due {
        // The rest has its turn in a later pass: what waits here must not keep the bell from being heard.
        let Ok(place) = Arc::clone(places).try_acquire_owned() else { return };
        match core.store.live_claim(id, TURN, Some(begun_at)).await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => return tracing::warn!(%error, "taking the turn to look"),
        }
        let looker = Arc::clone(core);
        core.background.spawn(async move {
            let _place = place;
            let looked = match looker.store.environment(id).await {
                Ok(environment) => looker.hold_turn(id, looker.look(&environment, false)).await,
                Err(error) => Err(of_store(error, &thing(id))),
            };
            if let Err(fault) = looked {
                tracing::debug!(environment = %id, %fault, "looking at what is live");
            }
            if let Err(error) = looker.store.live_release(id).await {
                tracing::warn!(%error, "giving the turn to look back");
            }
        });
    }
}

/// The artifact of a release, opened once where somebody needs it.
type Kept = Arc<OnceLock<Option<Artifact>>>;

impl Core {
    /// Keeps the turn for as long as a look takes.
    async fn hold_turn<T>(&self, id: EnvironmentId, look: impl Future<Output = T>) -> T {
        let mut look = std::pin::pin!(look);
        let mut renewal = tokio::time::interval_at(tokio::time::Instant::now() + RENEWED, RENEWED);
        loop {
            tokio::select! {
                done = &mut look => return done,
                _ = renewal.tick() => {
                    if let Err(error) = self.store.live_renew(id, TURN).await {
                        tracing::warn!(%error, "keeping the turn to look");
                    }
                }
            }
        }
    }

    /// Looks at all servers of an environment and writes down what it found; `full` reads every file, whatever was read
    /// before. Whoever calls has the turn.
    async fn look(&self, environment: &Environment, full: bool) -> Answer<()> {
        let begun = Timestamp::now();
        let mut known = self.servers_by_id().await?;
        let servers: Vec<Server> = environment.server_ids.iter().filter_map(|id| known.remove(&id.0)).collect();
        let hostnames: HashMap<ServerId, String> =
            servers.iter().map(|server| (server.id, server.hostname.clone())).collect();
        let before = self.store.live_before(environment, &hostnames).await;
        let mut before = before.map_err(|e| of_store(e, &thing(environment.id)))?;
        let mut kept: HashMap<ReleaseId, Kept> = HashMap::new();
        let places = Semaphore::new(PARALLEL);
        let mut looks = Vec::with_capacity(servers.len());
        for server in servers {
            let (history, looked) = before.remove(&server.id).unwrap_or_default();
            let tree = history.as_ref().map_or(ReleaseId(0), |history| history.expected.tree);
            let artifact = Arc::clone(kept.entry(tree).or_default());
            let files =
                looked.filter(|looked| !full && is_fresh(looked, history.as_ref(), begun)).and_then(|l| l.files);
            looks.push(self.look_at(environment, server, Errand { history, files, artifact }, &places));
        }
        let found: Vec<Found> = stream::iter(looks).buffered(PARALLEL).collect::<Vec<_>>().await;
        if self.stopping.is_cancelled() {
            // Half of it was cut short by us, and says nothing of the servers.
            return Ok(());
        }
        let written = self.store.live_found(environment, &found, begun).await;
        written.map_err(|e| of_store(e, &thing(environment.id)))
    }

    async fn look_at(&self, environment: &Environment, server: Server, errand: Errand, places: &Semaphore) -> Found {
        let _place = places.acquire().await;
        let history = errand.history.clone();
        let done = |look| Found { server: server.id, hostname: server.hostname.clone(), history, look };
        let endpoint = match self.endpoint(&server).await {
            Ok(endpoint) => endpoint,
            Err(fault) => return done(Err(("auth".to_owned(), fault.detail()))),
        };
        let base = Environment::path_on(environment.path.trim_end_matches('/'), &server.hostname).into_bytes();
        let site = Site { base, release: ReleaseId(0), hostname: server.hostname.clone() };
        let limits = Limits::within(LOOK, &self.stopping.child_token());
        let folder = errand.history.as_ref().map(|history| self.data.artifact(history.expected.tree));
        let looked = self.outward(move || {
            let open = || {
                let open = || folder.as_ref().and_then(|folder| Artifact::open(folder).ok());
                errand.artifact.get_or_init(open).as_ref()
            };
            let expected = errand.history.as_ref().map(|history| &history.expected);
            let how = How { expected, artifact: &open, before: errand.files.as_ref() };
            ask(&endpoint, &site, &how, &limits)
        });
        done(looked.await.unwrap_or_else(|fault| Err(("unreachable".to_owned(), fault.detail()))))
    }
}

/// What to look for on one server.
struct Errand {
    history: Option<History>,
    files: Option<target::Files>,
    artifact: Kept,
}

/// Whether what was compared last still counts where nothing has moved since.
fn is_fresh(looked: &Looked, history: Option<&History>, now: Timestamp) -> bool {
    looked.release == history.map(|history| history.expected.release)
        && looked.files_at.is_some_and(|at| now.0 - at.0 < FILES_KEPT)
}

/// Connects and looks. Blocks.
fn ask(endpoint: &Endpoint, site: &Site, how: &How<'_>, limits: &Limits) -> Result<Look, (String, Text)> {
    let mut session = Session::connect(endpoint, CONNECT, &limits.cancel)
        .map_err(|error| (error.kind.code().to_owned(), error.text))?;
    target::look(&mut session, site, how, limits).map_err(|error| {
        let code = match &error {
            TargetError::Shell(ShellError::Deadline(_)) => "timeout",
            TargetError::Shell(_) => "unreachable",
            TargetError::Refused { .. } => "path",
        };
        (code.to_owned(), error.text())
    })
}
