//! What the pages ask of the program: the traits that the backend implements.
//!
//! Server functions reach them through [`Ports`] in the context. Every call takes the [`Actor`] who
//! makes it, and the implementation alone decides whether that actor may. What changes or deletes a thing names the
//! versions that it may have (`only`): [`Fault::Changed`] where somebody changed it since.

mod housekeeping;
mod live;
mod people;
mod queue;
mod remote;
mod ways;

use std::sync::Arc;

use async_trait::async_trait;
use launchway_domain::log::groups::Outputs;
use launchway_domain::{
    Actor, AuditEntry, AuditFilter, AuditRow, Changes, Channel, ChannelForm, ChannelId, Check, Credential,
    CredentialForm, CredentialId, Delivery, DeliveryId, Environment, EnvironmentForm, EnvironmentId, Fault, GitRef,
    Hit, HookTemplate, HookTemplateForm, HookTemplateId, IfVersion, Installation, JoinForm, ListQuery, Listed,
    LogFound, LogLines, LogPage, LogScope, NewWallLink, NewWebhook, NodeKey, NodeKind, Notification, NotificationId,
    Overview, Page, PasswordForm, Project, ProjectForm, ProjectId, RefChoices, RefItem, RefKind, Release,
    ReleaseFilter, ReleaseForm, ReleaseId, ReleaseSnapshot, Server, ServerForm, ServerId, SetupForm, SignInForm,
    StartForm, Variable, VariableForm, WallLink, WallLinkForm, WallLinkId, Webhook, WebhookForm, WebhookId,
};

pub use housekeeping::Housekeeper;
pub use live::Lives;
pub use people::{Members, People, Sessions, Tokens};
pub use queue::Queues;
pub use remote::{FilesArchive, Remote};
pub use ways::Ways;

/// The answer of every port.
pub type Answer<T> = Result<T, Fault>;

/// All ports, as the context carries them.
#[derive(Clone)]
pub struct Ports {
    /// Sealed secrets.
    pub credentials: Arc<dyn Credentials>,
    /// Target hosts.
    pub servers: Arc<dyn Servers>,
    /// Repositories and environments.
    pub projects: Arc<dyn Projects>,
    /// Releases.
    pub releases: Arc<dyn Releases>,
    /// Back to an earlier release, and on to another environment.
    pub ways: Arc<dyn Ways>,
    /// What stands between releases and their runs.
    pub queues: Arc<dyn Queues>,
    /// The logs of releases, as lines.
    pub logs: Arc<dyn Logs>,
    /// Named hook bodies.
    pub templates: Arc<dyn HookTemplates>,
    /// What hooks are given.
    pub variables: Arc<dyn Variables>,
    /// What goes on, and finding things.
    pub board: Arc<dyn Board>,
    /// Links that open the wall.
    pub walls: Arc<dyn Walls>,
    /// The installation itself.
    pub system: Arc<dyn System>,
    /// What Git services call.
    pub webhooks: Arc<dyn Webhooks>,
    /// Where projects tell what happens.
    pub channels: Arc<dyn Channels>,
    /// Who changed what.
    pub audits: Arc<dyn Audits>,
    /// People.
    pub people: Arc<dyn People>,
    /// Who has a role in which project.
    pub members: Arc<dyn Members>,
    /// API tokens.
    pub tokens: Arc<dyn Tokens>,
    /// Sessions of browsers.
    pub sessions: Arc<dyn Sessions>,
    /// What is live where.
    pub live: Arc<dyn Lives>,
    /// Commands and files on servers.
    pub remote: Arc<dyn Remote>,
    /// How long things are kept.
    pub housekeeping: Arc<dyn Housekeeper>,
}

/// The session of the browser that makes the request; one per request, in the context as
/// `Arc<dyn BrowserSession>`.
#[async_trait]
pub trait BrowserSession: Send + Sync {
    /// Whether there is no user yet, so that the first visit makes the first administrator.
    async fn needs_setup(&self) -> Answer<bool>;
    /// Makes the first administrator and signs them in. A conflict once there is any user.
    async fn setup(&self, form: SetupForm) -> Answer<()>;
    /// Signs in: a new session replaces whatever the browser held before.
    async fn sign_in(&self, form: SignInForm) -> Answer<()>;
    /// Ends the session, in the database too.
    async fn sign_out(&self) -> Answer<()>;
    /// Who the link is for that this browser came by; none where it opens nothing (any more).
    async fn invited(&self) -> Answer<Option<String>>;
    /// Uses that link: gives its owner a password and signs them in. A conflict where it opens nothing.
    async fn join(&self, form: JoinForm) -> Answer<()>;
    /// Gives the actor another password; their other sessions end.
    async fn change_password(&self, actor: &Actor, form: PasswordForm) -> Answer<()>;
}

/// Sealed secrets.
#[async_trait]
pub trait Credentials: Send + Sync {
    /// All of them, by name.
    async fn list(&self, actor: &Actor) -> Answer<Vec<Credential>>;
    /// A page of what is looked for; sorts: `name`, `kind`, `username`, `added`; filter: `kind`.
    async fn search(&self, actor: &Actor, query: ListQuery) -> Answer<Listed<Credential>>;
    /// One of them.
    async fn get(&self, actor: &Actor, id: CredentialId) -> Answer<Credential>;
    /// Seals a new one.
    async fn create(&self, actor: &Actor, form: CredentialForm) -> Answer<Credential>;
    /// Changes one; a blank secret stays as it was.
    async fn update(
        &self,
        actor: &Actor,
        id: CredentialId,
        form: CredentialForm,
        only: &IfVersion,
    ) -> Answer<Credential>;
    /// Deletes one; a conflict while something uses it.
    async fn delete(&self, actor: &Actor, id: CredentialId, only: &IfVersion) -> Answer<()>;
}

/// Target hosts.
#[async_trait]
pub trait Servers: Send + Sync {
    /// All of them, by hostname.
    async fn list(&self, actor: &Actor) -> Answer<Vec<Server>>;
    /// A page of what is looked for; sorts: `hostname`, `address`, `key`, `added`; filters: `tag`, `key` (`pinned`, `missing`).
    async fn search(&self, actor: &Actor, query: ListQuery) -> Answer<Listed<Server>>;
    /// The tags that servers have, to filter by.
    async fn tags(&self, actor: &Actor) -> Answer<Vec<String>>;
    /// One of them.
    async fn get(&self, actor: &Actor, id: ServerId) -> Answer<Server>;
    /// Adds one.
    async fn create(&self, actor: &Actor, form: ServerForm) -> Answer<Server>;
    /// Changes one; a new address or port takes its pinned host key away.
    async fn update(&self, actor: &Actor, id: ServerId, form: ServerForm, only: &IfVersion) -> Answer<Server>;
    /// Deletes one; a conflict while an environment uses it.
    async fn delete(&self, actor: &Actor, id: ServerId, only: &IfVersion) -> Answer<()>;
    /// Connects and says what a release would meet.
    async fn check(&self, actor: &Actor, id: ServerId) -> Answer<Check>;
    /// Trusts a host key from now on.
    async fn pin_host_key(&self, actor: &Actor, id: ServerId, fingerprint: String) -> Answer<Server>;
}

/// Repositories and environments.
#[async_trait]
pub trait Projects: Send + Sync {
    /// All of them, by title.
    async fn list(&self, actor: &Actor) -> Answer<Vec<Project>>;
    /// A page of what is looked for; sorts: `title`, `repository`, `added`; filter: `has` (`prod`, `test`, `none`).
    async fn search(&self, actor: &Actor, query: ListQuery) -> Answer<Listed<Project>>;
    /// One of them.
    async fn get(&self, actor: &Actor, id: ProjectId) -> Answer<Project>;
    /// Adds one.
    async fn create(&self, actor: &Actor, form: ProjectForm) -> Answer<Project>;
    /// Changes one.
    async fn update(&self, actor: &Actor, id: ProjectId, form: ProjectForm, only: &IfVersion) -> Answer<Project>;
    /// Deletes one with its environments; a conflict once it has releases.
    async fn delete(&self, actor: &Actor, id: ProjectId, only: &IfVersion) -> Answer<()>;
    /// Asks the repository for its refs.
    async fn check(&self, actor: &Actor, id: ProjectId) -> Answer<Check>;
    /// Trusts the host key of a repository over SSH from now on.
    async fn pin_host_key(&self, actor: &Actor, id: ProjectId, fingerprint: String) -> Answer<Project>;
    /// Fetches, then lists tags, branches, or the last 50 commits of a branch.
    async fn refs(&self, actor: &Actor, id: ProjectId, kind: RefKind, branch: Option<String>) -> Answer<Vec<RefItem>>;
    /// Everything that can be picked, newest first: after a fetch, or as of the last one.
    async fn choices(&self, actor: &Actor, id: ProjectId, fetch: bool) -> Answer<RefChoices>;
    /// A project's environments, by name.
    async fn environments(&self, actor: &Actor, id: ProjectId) -> Answer<Vec<Environment>>;
    /// One environment.
    async fn environment(&self, actor: &Actor, id: EnvironmentId) -> Answer<Environment>;
    /// Adds one.
    async fn create_environment(&self, actor: &Actor, id: ProjectId, form: EnvironmentForm) -> Answer<Environment>;
    /// Changes one.
    async fn update_environment(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        form: EnvironmentForm,
        only: &IfVersion,
    ) -> Answer<Environment>;
    /// Deletes one; a conflict once it has releases.
    async fn delete_environment(&self, actor: &Actor, id: EnvironmentId, only: &IfVersion) -> Answer<()>;
    /// Probes the path on every server of it.
    async fn check_environment(&self, actor: &Actor, id: EnvironmentId) -> Answer<Check>;
}

/// Named hook bodies.
#[async_trait]
pub trait HookTemplates: Send + Sync {
    /// All of them, by name.
    async fn list(&self, actor: &Actor) -> Answer<Vec<HookTemplate>>;
    /// A page of what is looked for, in the scripts too; sorts: `name`, `point`, `changed`; filter: `point` (a point's
    /// word, `any`).
    async fn search(&self, actor: &Actor, query: ListQuery) -> Answer<Listed<HookTemplate>>;
    /// One of them.
    async fn get(&self, actor: &Actor, id: HookTemplateId) -> Answer<HookTemplate>;
    /// Adds one.
    async fn create(&self, actor: &Actor, form: HookTemplateForm) -> Answer<HookTemplate>;
    /// Changes one; hooks that were filled from it stay as they are.
    async fn update(
        &self,
        actor: &Actor,
        id: HookTemplateId,
        form: HookTemplateForm,
        only: &IfVersion,
    ) -> Answer<HookTemplate>;
    /// Deletes one.
    async fn delete(&self, actor: &Actor, id: HookTemplateId, only: &IfVersion) -> Answer<()>;
}

/// What the hooks of an environment are given.
#[async_trait]
pub trait Variables: Send + Sync {
    /// An environment's, by name; secret ones without their values.
    async fn list(&self, actor: &Actor, id: EnvironmentId) -> Answer<Vec<Variable>>;
    /// Gives one a value, or another one.
    async fn set(&self, actor: &Actor, id: EnvironmentId, name: String, form: VariableForm) -> Answer<Variable>;
    /// Takes one away.
    async fn remove(&self, actor: &Actor, id: EnvironmentId, name: String) -> Answer<()>;
}

/// Releases.
#[async_trait]
pub trait Releases: Send + Sync {
    /// Newest first.
    async fn list(&self, actor: &Actor, filter: ReleaseFilter) -> Answer<Page<Release>>;
    /// A page of what is looked for, without the hooks; sorts: `number`, `status`, `where`, `who`, `when`; filters:
    /// `status`, `project`, `environment`, `kind`.
    async fn search(&self, actor: &Actor, query: ListQuery) -> Answer<Listed<Release>>;
    /// A release, its nodes, and the event up to which both are told.
    async fn get(&self, actor: &Actor, id: ReleaseId) -> Answer<ReleaseSnapshot>;
    /// A stretch of a node's log from a byte offset on; `attempt` none means the latest.
    async fn log(
        &self,
        actor: &Actor,
        id: ReleaseId,
        node: NodeKey,
        attempt: Option<u32>,
        offset: u64,
    ) -> Answer<LogPage>;
    /// Resolves the ref at the remote and writes the release down, `pending`.
    async fn create(&self, actor: &Actor, form: ReleaseForm) -> Answer<Release>;
    /// What it changes, or changed: against what was live when it ended, or is live now where it has not.
    async fn changes(&self, actor: &Actor, id: ReleaseId) -> Answer<Changes>;
    /// What a ref would change in an environment, if it were released now. Asks the remote for the ref.
    async fn changes_of_ref(&self, actor: &Actor, id: EnvironmentId, git_ref: GitRef) -> Answer<Changes>;
    /// What is live in an environment: the release that succeeded there last.
    async fn live(&self, actor: &Actor, id: EnvironmentId) -> Answer<Option<Release>>;
    /// Puts it into the queue of its environment. A conflict where a rule of the environment's policy does not hold and
    /// nobody who may makes an exception.
    async fn start(&self, actor: &Actor, id: ReleaseId, form: StartForm) -> Answer<Release>;
    /// Asks it to stop.
    async fn cancel(&self, actor: &Actor, id: ReleaseId) -> Answer<Release>;
    /// Lets one go on that waits between two batches.
    async fn proceed(&self, actor: &Actor, id: ReleaseId) -> Answer<Release>;
    /// Puts a failed or canceled one into the queue again; what succeeded is not repeated.
    async fn retry(&self, actor: &Actor, id: ReleaseId, form: StartForm) -> Answer<Release>;
    /// Makes a new release that brings an earlier, succeeded one back.
    async fn rollback(&self, actor: &Actor, id: ReleaseId, form: StartForm) -> Answer<Release>;
}

/// What goes on, and finding things.
#[async_trait]
pub trait Board: Send + Sync {
    /// What runs, waits, is live, and ended last.
    async fn overview(&self, actor: &Actor) -> Answer<Overview>;
    /// A few projects, servers and releases that have the text in their names, the best first.
    async fn find(&self, actor: &Actor, q: String) -> Answer<Vec<Hit>>;
}

/// Links that open the wall, and nothing else.
#[async_trait]
pub trait Walls: Send + Sync {
    /// All of them, newest first; never their keys.
    async fn list(&self, actor: &Actor) -> Answer<Vec<WallLink>>;
    /// Makes one. Its key is in this answer and nowhere else.
    async fn create(&self, actor: &Actor, form: WallLinkForm) -> Answer<NewWallLink>;
    /// Revokes one: its screens go blank within seconds.
    async fn delete(&self, actor: &Actor, id: WallLinkId) -> Answer<()>;
}

/// What Git services call.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// A project's, by name; never their secrets.
    async fn list(&self, actor: &Actor, project: ProjectId) -> Answer<Vec<Webhook>>;
    /// One of them.
    async fn get(&self, actor: &Actor, id: WebhookId) -> Answer<Webhook>;
    /// Adds one. Its secret is in this answer and nowhere else.
    async fn create(&self, actor: &Actor, project: ProjectId, form: WebhookForm) -> Answer<NewWebhook>;
    /// Changes one; a blank secret stays as it was.
    async fn update(&self, actor: &Actor, id: WebhookId, form: WebhookForm, only: &IfVersion) -> Answer<Webhook>;
    /// Makes a new secret, which is in this answer and nowhere else; the one before opens nothing any more.
    async fn rotate(&self, actor: &Actor, id: WebhookId) -> Answer<NewWebhook>;
    /// Deletes one with its deliveries.
    async fn delete(&self, actor: &Actor, id: WebhookId, only: &IfVersion) -> Answer<()>;
    /// A page of what was delivered, newest first; `cursor` is `next` of the page before.
    async fn deliveries(
        &self,
        actor: &Actor,
        id: WebhookId,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Answer<Page<Delivery>>;
    /// One delivery.
    async fn delivery(&self, actor: &Actor, id: DeliveryId) -> Answer<Delivery>;
    /// Works a delivery off again, as a new one.
    async fn redeliver(&self, actor: &Actor, id: DeliveryId) -> Answer<Delivery>;
}

/// Where projects tell what happens.
#[async_trait]
pub trait Channels: Send + Sync {
    /// A project's, by name; never their addresses and secrets.
    async fn list(&self, actor: &Actor, project: ProjectId) -> Answer<Vec<Channel>>;
    /// One of them.
    async fn get(&self, actor: &Actor, id: ChannelId) -> Answer<Channel>;
    /// Adds one.
    async fn create(&self, actor: &Actor, project: ProjectId, form: ChannelForm) -> Answer<Channel>;
    /// Changes one; a blank address or secret stays as it was.
    async fn update(&self, actor: &Actor, id: ChannelId, form: ChannelForm, only: &IfVersion) -> Answer<Channel>;
    /// Deletes one with its messages.
    async fn delete(&self, actor: &Actor, id: ChannelId, only: &IfVersion) -> Answer<()>;
    /// Sends a test message now, once, and says what became of it.
    async fn test(&self, actor: &Actor, id: ChannelId) -> Answer<Notification>;
    /// A page of its messages, newest first; `cursor` is `next` of the page before.
    async fn notifications(
        &self,
        actor: &Actor,
        id: ChannelId,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Answer<Page<Notification>>;
    /// Has a message that was given up sent again.
    async fn retry(&self, actor: &Actor, id: NotificationId) -> Answer<Notification>;
}

/// Who changed what, when, and from where.
#[async_trait]
pub trait Audits: Send + Sync {
    /// A page of what is looked for, newest first; filters: [`launchway_domain::audit::FILTERS`].
    async fn search(&self, actor: &Actor, query: ListQuery) -> Answer<Listed<AuditRow>>;
    /// The same with everything that an entry has, from page to page: `cursor` is `next` of the page before.
    async fn list(
        &self,
        actor: &Actor,
        filter: AuditFilter,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Answer<Page<AuditEntry>>;
    /// Some entries after the one with the number `after`, the oldest first; none where there are no more.
    async fn after(&self, actor: &Actor, filter: &AuditFilter, after: i64) -> Answer<Vec<AuditEntry>>;
}

/// The logs of releases, as lines.
#[async_trait]
pub trait Logs: Send + Sync {
    /// Up to `limit` (1 to [`MAX_LOG_LINES`]) lines from the number `from` on (the first is 1), or the last ones where
    /// none is named.
    async fn lines(
        &self,
        actor: &Actor,
        id: ReleaseId,
        scope: LogScope,
        from: Option<u64>,
        limit: u32,
    ) -> Answer<LogLines>;
    /// Looks for a text from the line `from` on: in what a terminal would show, whatever the case. One call looks
    /// through a bounded stretch and says where to go on.
    async fn search(&self, actor: &Actor, id: ReleaseId, scope: LogScope, text: String, from: u64) -> Answer<LogFound>;
    /// What a hook printed on all servers of a release: identical outputs together.
    async fn outputs(&self, actor: &Actor, id: ReleaseId, kind: NodeKind) -> Answer<Outputs>;
    /// The number of the line to look at first where something failed; none where nothing looks like an error.
    async fn first_error(&self, actor: &Actor, id: ReleaseId, scope: LogScope) -> Answer<Option<u64>>;
}

/// The most lines of a log that one call answers.
pub const MAX_LOG_LINES: u32 = 1000;

/// The installation itself.
#[async_trait]
pub trait System: Send + Sync {
    /// What it is, and how safely it runs.
    async fn installation(&self, actor: &Actor) -> Answer<Installation>;
}
