//! The ports, implemented. Every call goes the same way: may the actor do this, is the form right,
//! then the store and the engine. Pages, REST and the command line all come through here.

mod access;
mod accounts;
mod audits;
mod board;
mod caches;
mod changes;
pub(crate) mod channels;
mod commands;
mod credentials;
mod environments;
mod fault;
mod files;
mod housekeeping;
pub(crate) mod idempotency;
pub(crate) mod inbox;
mod key;
mod lists;
mod live;
mod logs;
mod members;
mod outbox;
mod outputs;
mod password;
mod people;
mod permission;
mod projects;
mod queue;
mod refs;
mod releases;
mod servers;
mod sessions;
mod standing;
mod start;
mod system;
mod templates;
mod tokens;
mod tries;
mod variables;
mod walls;
mod ways;
pub(crate) mod webhooks;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::HeaderMap;
use launchway_app::ports::{
    Audits, Board, Channels, Credentials, HookTemplates, Housekeeper, Lives, Members, People, Ports, Projects,
    Releases, Servers, Tokens, Walls, Webhooks,
};
use launchway_domain::{Actor, Fault, HookGuard, Permission, ProjectId, WallLink};
use launchway_engine::data::DataDir;
use launchway_engine::secret::Vault;
use launchway_engine::store::{Counts, Store, StoreError};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use accounts::Accounts;
pub use permission::{permit, permit_in, permit_of};

use crate::notify::{Outward, Sender};
use fault::internal;

/// How many checks, ref look-ups and fetches talk to other hosts at once.
const OUTWARD: usize = 32;

/// How many test messages a channel sends at once, and after how long one more.
const TESTS: (u32, Duration) = (5, Duration::from_secs(10));

/// What all services stand on.
pub(crate) struct Core {
    store: Store,
    vault: Vault,
    data: DataDir,
    /// Places for work that talks to other hosts.
    outward: Arc<Semaphore>,
    /// Places for packing what was fetched from servers.
    archives: Semaphore,
    mirrors: refs::MirrorLocks,
    /// What keeps local hooks from this host; unset where none are run.
    hooks: OnceLock<HookGuard>,
    /// By which name this program holds leases; unset where it serves nobody.
    instance: OnceLock<String>,
    /// Sends notifications.
    sender: Sender,
    /// What was measured of the disk.
    disk: housekeeping::Disk,
    /// How often webhooks are called.
    inbox: inbox::Limits,
    /// How often test messages are sent, by channel.
    tests: tries::Tries<i64>,
    /// Counts sign-outs and what else may end or change what somebody may, so that listeners look at once.
    left: watch::Sender<u64>,
    /// Work that outlives the call that began it.
    background: TaskTracker,
    stopping: CancellationToken,
}

/// All services. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    core: Arc<Core>,
    accounts: Arc<Accounts>,
    ports: Ports,
}

impl Services {
    /// The services on one store and one data folder.
    ///
    /// # Errors
    /// Where the system has no random bytes.
    pub fn new(store: Store, vault: Vault, data: DataDir) -> Result<Self, Fault> {
        Self::open(store, vault, data, Outward::default())
    }

    /// The same, for an installation that tells the outside what happens.
    ///
    /// # Errors
    /// Where the system has no random bytes.
    pub fn open(store: Store, vault: Vault, data: DataDir, outward: Outward) -> Result<Self, Fault> {
        store.seal_with(&vault);
        let core = Arc::new(Core {
            store,
            vault,
            data,
            outward: Arc::new(Semaphore::new(OUTWARD)),
            archives: files::places(),
            mirrors: refs::MirrorLocks::default(),
            hooks: OnceLock::new(),
            instance: OnceLock::new(),
            sender: Sender::new(outward),
            disk: housekeeping::Disk::default(),
            inbox: inbox::Limits::default(),
            tests: tries::Tries::new(TESTS.0, TESTS.1),
            left: watch::Sender::new(0),
            background: TaskTracker::new(),
            stopping: CancellationToken::new(),
        });
        let accounts = Arc::new(Accounts::new(core.clone())?);
        let ports = Ports {
            credentials: Arc::new(credentials::CredentialService(core.clone())),
            servers: Arc::new(servers::ServerService(core.clone())),
            projects: Arc::new(projects::ProjectService(core.clone())),
            releases: Arc::new(releases::ReleaseService(core.clone())),
            ways: Arc::new(ways::WayService(core.clone())),
            queues: Arc::new(queue::QueueService(core.clone())),
            logs: Arc::new(logs::LogService(core.clone())),
            templates: Arc::new(templates::TemplateService(core.clone())),
            variables: Arc::new(variables::VariableService(core.clone())),
            board: Arc::new(board::BoardService::new(core.clone())),
            walls: Arc::new(walls::WallService(core.clone())),
            system: Arc::new(system::SystemService(core.clone())),
            webhooks: Arc::new(webhooks::WebhookService(core.clone())),
            channels: Arc::new(channels::ChannelService(core.clone())),
            audits: Arc::new(audits::AuditService(core.clone())),
            people: Arc::new(people::PeopleService(core.clone())),
            members: Arc::new(members::MemberService(core.clone())),
            tokens: Arc::new(tokens::TokenService(core.clone())),
            sessions: Arc::new(sessions::SessionService(core.clone())),
            live: Arc::new(live::LiveService(core.clone())),
            remote: Arc::new(commands::RemoteService(core.clone())),
            housekeeping: Arc::new(housekeeping::HousekeepingService(core.clone())),
        };
        Ok(Self { core, accounts, ports })
    }

    /// The ports, for the context of pages and for REST handlers.
    pub fn ports(&self) -> Ports {
        self.ports.clone()
    }

    /// Users, their passwords and their tokens.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Credentials.
    pub fn credentials(&self) -> &dyn Credentials {
        &*self.ports.credentials
    }

    /// Servers.
    pub fn servers(&self) -> &dyn Servers {
        &*self.ports.servers
    }

    /// Projects and environments.
    pub fn projects(&self) -> &dyn Projects {
        &*self.ports.projects
    }

    /// Hook templates.
    pub fn templates(&self) -> &dyn HookTemplates {
        &*self.ports.templates
    }

    /// Releases.
    pub fn releases(&self) -> &dyn Releases {
        &*self.ports.releases
    }

    /// What goes on, and finding things.
    pub fn board(&self) -> &dyn Board {
        &*self.ports.board
    }

    /// Links that open the wall.
    pub fn walls(&self) -> &dyn Walls {
        &*self.ports.walls
    }

    /// What Git services call.
    pub fn webhooks(&self) -> &dyn Webhooks {
        &*self.ports.webhooks
    }

    /// Where projects tell what happens.
    pub fn channels(&self) -> &dyn Channels {
        &*self.ports.channels
    }

    /// What is live where.
    pub fn live(&self) -> &dyn Lives {
        &*self.ports.live
    }

    /// How long things are kept.
    pub fn housekeeping(&self) -> &dyn Housekeeper {
        &*self.ports.housekeeping
    }

    /// Whether a webhook has this address. False where the database does not answer.
    pub(crate) async fn has_webhook(&self, public_id: &str) -> bool {
        self.core.store.webhook_by_address(public_id).await.is_ok_and(|found| found.is_some())
    }

    /// Lists a call whose body is longer than `max` bytes, where there is such a webhook.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub(crate) async fn note_too_long(&self, public_id: &str, max: usize) -> Result<(), Fault> {
        inbox::note_too_long(&self.core, public_id, max).await
    }

    /// Takes a call of a webhook in.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub(crate) async fn receive(
        &self,
        public_id: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<inbox::Arrival, Fault> {
        inbox::receive(&self.core, public_id, headers, body).await
    }

    /// Who changed what.
    pub fn audits(&self) -> &dyn Audits {
        &*self.ports.audits
    }

    /// People.
    pub fn people(&self) -> &dyn People {
        &*self.ports.people
    }

    /// Who has a role in which project.
    pub fn members(&self) -> &dyn Members {
        &*self.ports.members
    }

    /// API tokens.
    pub fn tokens(&self) -> &dyn Tokens {
        &*self.ports.tokens
    }

    /// Rings where somebody may have signed out, been shut out, or may do more or less than before.
    pub(crate) fn left(&self) -> watch::Sender<u64> {
        self.core.left.clone()
    }

    /// The link that has this key; none where it was revoked or never was.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub(crate) async fn wall_by_key(&self, key: &secrecy::SecretString) -> Result<Option<WallLink>, Fault> {
        walls::by_key(&self.core.store, key).await
    }

    /// What goes on, in numbers.
    ///
    /// # Errors
    /// [`Fault::Forbidden`]; where the database does not answer.
    pub async fn counts(&self, actor: &Actor) -> Result<Counts, Fault> {
        permit_of(actor, Permission::ViewReleases, None)?;
        self.core.store.counts().await.map_err(|e| internal("counting", &e))
    }

    /// Remembers what keeps local hooks from this host, for administrators. The first word counts.
    pub fn hooks_are_kept_by(&self, guard: HookGuard) {
        let _ = self.core.hooks.set(guard);
    }

    /// Remembers by which name this program holds leases (the first word counts), and settles what the last program of this
    /// name left. To be called before anything begins.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn serve_as(&self, instance: &str) -> Result<(), StoreError> {
        let _ = self.core.instance.set(instance.to_owned());
        commands::settle(&self.core).await
    }

    /// The store, for what has no rules of its own: sessions, and the tail of the events.
    pub fn store(&self) -> &Store {
        &self.core.store
    }

    /// Begins the work in the background: works off what webhooks brought, sends notifications, fetches what releases that were not started need, as far as it
    /// is not there (the program may have stopped in between), and forgets what is old.
    pub fn resume(&self) {
        releases::resume(&self.core);
        housekeeping::start(&self.core);
        queue::start(&self.core);
        inbox::start(&self.core);
        commands::start(&self.core);
        outbox::start(&self.core);
    }

    /// Looks at what is live where, about as often as `every`, and after each release.
    pub fn look_every(&self, every: Duration) {
        live::start(&self.core, every);
    }

    /// Stops the work in the background and waits for its end.
    pub async fn shutdown(&self) {
        self.core.stopping.cancel();
        self.core.background.close();
        self.core.background.wait().await;
    }
}

impl Core {
    /// By which name this program holds leases, where it does.
    fn instance(&self) -> Option<&str> {
        self.instance.get().map(String::as_str)
    }

    /// Whether the actor may do something to a project that is there.
    async fn permit_project(&self, actor: &Actor, permission: Permission, id: ProjectId) -> Result<(), Fault> {
        let thing = projects::thing(id);
        permit(actor, permission)?;
        permit_in(actor, permission, id).map_err(|fault| fault::unseen(fault, &thing))?;
        self.store.project(id).await.map(drop).map_err(|e| fault::of_store(e, &thing))
    }

    /// Lets listeners look who they are, where something about that changed.
    fn told<T>(&self, changed: Result<T, Fault>) -> Result<T, Fault> {
        if changed.is_ok() {
            self.left.send_modify(|count| *count += 1);
        }
        changed
    }

    /// Runs blocking work that talks to another host, in one of the places for it.
    async fn outward<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        let place = self.outward.clone().acquire_owned().await.map_err(|e| internal("waiting for a place", &e))?;
        tokio::task::spawn_blocking(move || {
            // Held by the thread and not by the caller: one who gives up leaves the work running.
            let _place = place;
            work()
        })
        .await
        .map_err(|e| internal("work on a thread", &e))
    }
}
