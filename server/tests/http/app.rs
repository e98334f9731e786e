//! A program to ask: the real router on a port of its own, over a new data folder.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use axum::serve::ListenerExt;
use launchway::config::Config;
use launchway::service::Services;
use launchway::{AppState, TlsListener, router};
use launchway_domain::form::{EnvironmentForm, ProjectForm};
use launchway_domain::{
    Actor, Event, GitRef, Hooks, LogLine, LogStream, Node, NodeKey, NodeKind, NodeStatus, ProjectId, Release,
    ReleaseId, ReleaseKind, Role, SetupForm, Timestamp, TokenScope,
};
use launchway_engine::data::DataDir;
use launchway_engine::secret::Vault;
use launchway_engine::store::{Lease, NewRelease, Store};
use secrecy::ExposeSecret;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::client::Client;

/// The first administrator of every test.
pub(crate) const NAME: &str = "ada";
pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    pub(crate) services: Services,
    pub(crate) progress: broadcast::Sender<Event>,
    pub(crate) stop: CancellationToken,
    folder: TempDir,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl TestApp {
    /// One without any user.
    pub(crate) async fn empty() -> Self {
        Self::with(|_| ()).await
    }

    /// One without any user, configured otherwise.
    pub(crate) async fn with(configure: impl FnOnce(&mut Config)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut config = Config::new(folder.path().join("data"));
        configure(&mut config);
        let data = DataDir::open(&config.data).unwrap();
        let vault = Vault::open(data.root(), None).unwrap();
        let store = Store::open(config.database(&data).unwrap().expose_secret()).await.unwrap();
        let services = Services::open(store, vault, data, config.outward()).unwrap();
        let (progress, _) = broadcast::channel(256);
        let stop = CancellationToken::new();
        let tls = config.tls.clone();
        let state = AppState::new(config, services.clone(), progress.clone(), stop.clone());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = router(state).into_make_service_with_connect_info::<SocketAddr>();
        let stopped = stop.clone().cancelled_owned();
        match tls {
            None => tokio::spawn(axum::serve(listener, app).with_graceful_shutdown(stopped).into_future()),
            Some(files) => {
                let listener = TlsListener::new(listener, files).unwrap().tap_io(|_| ());
                tokio::spawn(axum::serve(listener, app).with_graceful_shutdown(stopped).into_future())
            }
        };
        Self { address, services, progress, stop, folder }
    }

    /// One with an administrator, and a client that holds their token.
    pub(crate) async fn start() -> (Self, Client) {
        let app = Self::empty().await;
        let client = app.administrator().await;
        (app, client)
    }

    /// Adds the administrator; a client that holds their token.
    pub(crate) async fn administrator(&self) -> Client {
        self.person(NAME, Role::Admin).await
    }

    /// Adds somebody; a client that holds their token.
    pub(crate) async fn person(&self, name: &str, role: Role) -> Client {
        let form = SetupForm { name: name.into(), password: PASSWORD.into() };
        self.services.accounts().create_user(&Actor::System, form, role).await.unwrap();
        let token = self.services.accounts().create_token(&Actor::System, name, "test").await.unwrap();
        Client::new(self.address).with_token(token.expose_secret())
    }

    /// A token of the administrator's that allows less than they may.
    pub(crate) async fn scoped_token(&self, scope: TokenScope, project: Option<ProjectId>) -> String {
        let owner = Client::new(self.address).with_token(&self.token("owner").await);
        let form = serde_json::json!({"name": "scoped", "scope": scope, "project_id": project});
        owner.post("/api/v1/tokens", form).await.json(201)["token"].as_str().unwrap().to_owned()
    }

    /// Another token of the administrator's.
    pub(crate) async fn token(&self, label: &str) -> String {
        let token = self.services.accounts().create_token(&Actor::System, NAME, label).await.unwrap();
        token.expose_secret().to_owned()
    }

    /// Somebody without token or session, who keeps cookies.
    pub(crate) fn stranger(&self) -> Client {
        Client::new(self.address)
    }

    pub(crate) fn store(&self) -> &Store {
        self.services.store()
    }

    /// Every file of the database, the write-ahead log included.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let data = std::fs::read_dir(self.folder.path().join("data")).unwrap().map(|entry| entry.unwrap().path());
        let files: Vec<_> = data.filter(|path| path.to_string_lossy().contains("launchway.db")).collect();
        assert!(!files.is_empty());
        files
    }

    /// A repository with a file, two tags and a branch.
    pub(crate) fn repository(&self) -> PathBuf {
        let path = self.folder.path().join("shop");
        let script = "git init -q -b main . && echo one > page && git add . && git commit -qm One && git tag v1 \
                      && echo two > page && git commit -qam 'Two; $(touch owned)' && git tag -a v2 -m v2 && git branch next";
        std::fs::create_dir_all(&path).unwrap();
        let done = Command::new("sh")
            .args(["-ec", script])
            .current_dir(&path)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs([("GIT_AUTHOR_NAME", "Ada"), ("GIT_AUTHOR_EMAIL", "ada@example.com")])
            .envs([("GIT_COMMITTER_NAME", "Ada"), ("GIT_COMMITTER_EMAIL", "ada@example.com")])
            .status()
            .unwrap();
        assert!(done.success());
        path
    }

    /// A release that nobody has started, of a new project.
    pub(crate) async fn release(&self, title: &str) -> Release {
        let store = self.store();
        let project = ProjectForm {
            title: title.into(),
            repo_url: "/srv/shop.git".into(),
            credential_id: None,
            ..Default::default()
        };
        let project = store.project_create(&project).await.unwrap();
        let environment = EnvironmentForm { name: "live".into(), path: "/srv/shop".into(), ..Default::default() };
        let environment = store.environment_create(project.id, &environment).await.unwrap();
        let new = NewRelease {
            kind: ReleaseKind::Release,
            project_id: project.id,
            environment_id: environment.id,
            git_ref: GitRef { name: "v1".into(), ..Default::default() },
            commit: "0123456789abcdef0123456789abcdef01234567".into(),
            hooks: Hooks::default(),
            note: None,
            created_by: None,
            created_by_name: NAME.into(),
            rollback_of: None,
            promoted_from: None,
            exception: None,
        };
        store.release_create(&new).await.unwrap()
    }

    /// A release that runs, with one node that does.
    pub(crate) async fn running(&self, title: &str) -> Run<'_> {
        let release = self.release(title).await.id;
        self.store().release_start(release).await.unwrap();
        let (lease, _) = self.store().claim("test", 600_000).await.unwrap().unwrap();
        assert_eq!(lease.release, release);
        let mut node = node(NodeStatus::Pending);
        self.store().plan(&lease, &serde_json::json!({}), std::slice::from_ref(&node)).await.unwrap();
        node.status = NodeStatus::Running;
        node.attempt = 1;
        self.store().set_nodes(&lease, std::slice::from_ref(&node)).await.unwrap();
        Run { app: self, release, lease, key: node.key }
    }
}

/// A release that the test runs.
pub(crate) struct Run<'a> {
    app: &'a TestApp,
    pub(crate) release: ReleaseId,
    pub(crate) lease: Lease,
    pub(crate) key: NodeKey,
}

impl Run<'_> {
    /// Asks it to stop: one more event that everybody hears of.
    pub(crate) async fn cancel(&self) {
        self.app.store().release_cancel(self.release).await.ok();
    }

    /// Writes a line to the node's log: one event.
    pub(crate) async fn log(&self, text: &str) {
        let line = LogLine { at: Timestamp::now(), stream: LogStream::Output, text: format!("{text}\n") };
        self.app.store().append_log(&self.lease, &self.key, 1, &[line]).await.unwrap();
    }
}

/// A step that is nothing but a start.
pub(crate) fn node(status: NodeStatus) -> Node {
    Node {
        key: NodeKey::of(NodeKind::Start, None),
        parent: None,
        kind: NodeKind::Start,
        server_id: None,
        text: "start".into(),
        status,
        attempt: 0,
        color: status.color().into(),
        started_at: None,
        finished_at: None,
        exit_status: None,
        message: None,
        batch: None,
        live: None,
    }
}
