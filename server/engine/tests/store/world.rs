//! A database with something in it.

use std::sync::Arc;

use launchway_domain::{
    CredentialForm, CredentialKind, EnvironmentForm, EnvironmentId, GitRef, Hooks, Node, NodeKey, NodeKind, NodeStatus,
    ProjectForm, ProjectId, Release, ReleaseKind, ServerForm, ServerId,
};
use launchway_engine::store::{Lease, NewRelease, Store};
use launchway_engine::testing::Postgres;
use tempfile::TempDir;

/// Long enough that no lease expires while a test runs.
pub(crate) const TTL: i64 = 600_000;

/// An empty database of a test's own.
pub(crate) struct Db {
    pub(crate) url: String,
    _sqlite: Option<TempDir>,
    _postgres: Option<Arc<Postgres>>,
}

impl Db {
    pub(crate) fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // A path as odd as a person's folder may be.
        let url = Store::sqlite_url(&dir.path().join("my data? 100%#库.db")).unwrap();
        Self { url, _sqlite: Some(dir), _postgres: None }
    }

    pub(crate) fn postgres() -> Self {
        let postgres = Postgres::shared();
        Self { url: postgres.database(), _sqlite: None, _postgres: Some(postgres) }
    }

    /// Opens it as a process of its own would.
    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }
}

pub(crate) fn credential_form(name: &str) -> CredentialForm {
    CredentialForm {
        name: name.to_owned(),
        kind: CredentialKind::SshKey,
        username: "deploy".to_owned(),
        ..Default::default()
    }
}

/// A project with one environment on one server.
pub(crate) struct World {
    pub(crate) project: ProjectId,
    pub(crate) environment: EnvironmentId,
    pub(crate) server: ServerId,
}

/// Makes a project `name` with an environment `test` on a server `name`.
pub(crate) async fn world(store: &Store, name: &str) -> World {
    let credential = store.credential_create(&credential_form(name), b"sealed", false).await.unwrap();
    let server = store
        .server_create(&ServerForm {
            hostname: name.to_owned(),
            address: "127.0.0.1".to_owned(),
            credential_id: credential.id,
            ..Default::default()
        })
        .await
        .unwrap();
    let project = store
        .project_create(&ProjectForm {
            title: name.to_owned(),
            repo_url: format!("/srv/{name}.git"),
            ..Default::default()
        })
        .await
        .unwrap();
    let environment = environment(store, project.id, "test", &[server.id]).await;
    World { project: project.id, environment, server: server.id }
}

pub(crate) async fn environment(store: &Store, project: ProjectId, name: &str, servers: &[ServerId]) -> EnvironmentId {
    let form = EnvironmentForm {
        name: name.to_owned(),
        path: "/srv/app".to_owned(),
        server_ids: servers.to_vec(),
        ..Default::default()
    };
    store.environment_create(project, &form).await.unwrap().id
}

pub(crate) fn new_release(project: ProjectId, environment: EnvironmentId, tag: &str) -> NewRelease {
    NewRelease {
        kind: ReleaseKind::Release,
        project_id: project,
        environment_id: environment,
        git_ref: GitRef { name: tag.to_owned(), ..Default::default() },
        commit: "0123456789abcdef0123456789abcdef01234567".to_owned(),
        hooks: Hooks { before_deploy: Some("echo hello\n".to_owned()), ..Default::default() },
        note: None,
        created_by: None,
        created_by_name: "ada".to_owned(),
        rollback_of: None,
        promoted_from: None,
        exception: None,
    }
}

impl World {
    pub(crate) async fn pending(&self, store: &Store) -> Release {
        store.release_create(&new_release(self.project, self.environment, "v1.0")).await.unwrap()
    }

    pub(crate) async fn queued(&self, store: &Store) -> Release {
        let release = self.pending(store).await;
        store.release_start(release.id).await.unwrap()
    }

    /// A release that runs here, planned.
    pub(crate) async fn running(&self, store: &Store) -> (Lease, Vec<Node>) {
        let release = self.queued(store).await;
        let (lease, claimed) = store.claim("a", TTL).await.unwrap().unwrap();
        assert_eq!(claimed.id, release.id);
        let plan = plan(self.server);
        store.plan(&lease, &serde_json::json!({"path": "/srv/app"}), &plan).await.unwrap();
        (lease, plan)
    }
}

fn node(kind: NodeKind, server: Option<ServerId>, parent: Option<&NodeKey>) -> Node {
    Node {
        key: NodeKey::of(kind, server),
        parent: parent.cloned(),
        kind,
        server_id: server,
        text: kind.as_str().to_owned(),
        status: NodeStatus::Pending,
        attempt: 0,
        color: NodeStatus::Pending.color().to_owned(),
        started_at: None,
        finished_at: None,
        exit_status: None,
        message: None,
        batch: None,
        live: None,
    }
}

pub(crate) fn plan(server: ServerId) -> Vec<Node> {
    let start = node(NodeKind::Start, None, None);
    let download = node(NodeKind::Download, None, Some(&start.key));
    let package = node(NodeKind::Package, None, Some(&download.key));
    let host = node(NodeKind::Server, Some(server), Some(&package.key));
    let upload = node(NodeKind::Upload, Some(server), Some(&host.key));
    vec![start, download, package, host, upload]
}

/// The node in another status.
pub(crate) fn with(node: &Node, status: NodeStatus, attempt: u32) -> Node {
    Node { status, attempt, color: status.color().to_owned(), ..node.clone() }
}

/// Takes a node through `running` to a final status.
pub(crate) async fn run(store: &Store, lease: &Lease, node: &Node, end: NodeStatus) {
    store.set_nodes(lease, &[with(node, NodeStatus::Running, 1)]).await.unwrap();
    store.set_nodes(lease, &[with(node, end, 1)]).await.unwrap();
}
