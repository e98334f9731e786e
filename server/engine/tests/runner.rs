//! The runner without a face: a queued release in the store goes live on a real server, on both databases.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

use launchway_domain::{
    CredentialForm, CredentialKind, EnvironmentForm, EnvironmentKind, EventData, GitRef, Hooks, NodeStatus,
    ProjectForm, RefKind, Release, ReleaseId, ReleaseKind, ReleaseStatus, ServerForm, Topic, Visible,
};
use launchway_engine::credential::Secret;
use launchway_engine::data::DataDir;
use launchway_engine::guard::Guard;
use launchway_engine::runner::{Runner, RunnerConfig};
use launchway_engine::secret::Vault;
use launchway_engine::store::{NewRelease, Store};
use launchway_engine::testing::sshd::Sshd;

fn repository(dir: &Path) -> String {
    let git = |args: &[&str]| {
        let output = Command::new("git")
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"])
            .args(args)
            .current_dir(dir)
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "-q", "-b", "main"]);
    std::fs::write(dir.join("index.html"), "one\n").unwrap();
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "First"]);
    git(&["tag", "v1"]);
    git(&["rev-parse", "HEAD"])
}

struct World {
    store: Store,
    vault: Vault,
    data: DataDir,
    sites: tempfile::TempDir,
    release: ReleaseId,
    _sshd: Sshd,
    _folders: (tempfile::TempDir, tempfile::TempDir),
}

impl World {
    async fn new(database: Option<&str>) -> Self {
        let (folder, repo, sites) =
            (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let data = DataDir::open(folder.path()).unwrap();
        let url = database.map_or_else(|| Store::sqlite_url(&data.database()).unwrap(), str::to_owned);
        let store = Store::open(&url).await.unwrap();
        let vault = Vault::open(data.root(), None).unwrap();
        let commit = repository(repo.path());
        let sshd = Sshd::start();

        let form = CredentialForm {
            name: "key".into(),
            kind: CredentialKind::SshKey,
            username: sshd.username().into(),
            ..Default::default()
        };
        let secret = Secret { secret: sshd.private_key().into(), passphrase: None };
        let credential = store.credential_create(&form, &secret.seal(&vault).unwrap(), false).await.unwrap();
        let mut server_ids = Vec::new();
        for number in 1..=3 {
            let form = ServerForm {
                hostname: format!("web-{number}"),
                address: sshd.address().into(),
                port: sshd.port(),
                credential_id: credential.id,
                tags: Vec::new(),
                project_id: None,
            };
            let server = store.server_create(&form).await.unwrap();
            store.server_pin(server.id, Some(&sshd.fingerprint())).await.unwrap();
            server_ids.push(server.id);
        }
        let form = ProjectForm {
            title: "shop".into(),
            repo_url: repo.path().to_str().unwrap().into(),
            credential_id: None,
            ..Default::default()
        };
        let project = store.project_create(&form).await.unwrap();
        let form = EnvironmentForm {
            name: "test".into(),
            kind: EnvironmentKind::Test,
            path: format!("{}/{{hostname}}", sites.path().display()),
            server_ids,
            ..EnvironmentForm::default()
        };
        let environment = store.environment_create(project.id, &form).await.unwrap();
        let release = store
            .release_create(&NewRelease {
                kind: ReleaseKind::Release,
                project_id: project.id,
                environment_id: environment.id,
                git_ref: GitRef { kind: RefKind::Tag, name: "v1".into() },
                commit,
                hooks: Hooks {
                    after_download: Some("echo built > built".into()),
                    after_deploy: Some("echo live on $LAUNCHWAY_SERVER".into()),
                    ..Hooks::default()
                },
                note: None,
                created_by: None,
                created_by_name: "ada".into(),
                rollback_of: None,
                promoted_from: None,
                exception: None,
            })
            .await
            .unwrap();
        store.release_start(release.id).await.unwrap();
        Self { store, vault, data, sites, release: release.id, _sshd: sshd, _folders: (folder, repo) }
    }

    async fn ended(&self) -> Release {
        let mut bell = self.store.bell();
        loop {
            bell.borrow_and_update();
            let release = self.store.release(self.release).await.unwrap();
            if release.status.is_final() {
                return release;
            }
            tokio::time::timeout(std::time::Duration::from_secs(120), bell.changed()).await.unwrap().unwrap();
        }
    }
}

async fn a_release_goes_live(database: Option<&str>) {
    let world = World::new(database).await;
    let instance = world.data.lock().unwrap();
    let guard = Guard::off(&world.data);
    let config = RunnerConfig::new(world.store.clone(), world.vault.clone(), world.data.clone(), instance, guard);
    let runner = Runner::spawn(config);
    let release = world.ended().await;
    let nodes = world.store.nodes(world.release).await.unwrap();
    assert_eq!(release.status, ReleaseStatus::Succeeded, "{:?} {nodes:#?}", release.error);
    for number in 1..=3 {
        let current = world.sites.path().join(format!("web-{number}/current"));
        assert_eq!(std::fs::read_to_string(current.join("index.html")).unwrap(), "one\n");
        assert_eq!(std::fs::read_to_string(current.join("built")).unwrap(), "built\n");
    }
    assert!(nodes.iter().all(|node| node.status == NodeStatus::Succeeded && node.attempt == 1), "{nodes:#?}");

    // The servers went through each phase together: no switch before the last upload was verified.
    let (events, _) =
        world.store.events_after(0, &[Topic::Release(world.release)], &Visible::All, 10_000).await.unwrap();
    let last_upload = events.iter().rposition(|event| is(&event.data, "upload", NodeStatus::Succeeded)).unwrap();
    let first_switch = events.iter().position(|event| is(&event.data, "deploy", NodeStatus::Running)).unwrap();
    assert!(last_upload < first_switch);
    runner.shutdown().await;
}

fn is(data: &EventData, kind: &str, status: NodeStatus) -> bool {
    matches!(data, EventData::NodeStatus { node, .. } if node.kind.as_str() == kind && node.status == status)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_goes_live_on_sqlite() {
    a_release_goes_live(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_goes_live_on_postgresql() {
    let server = launchway_engine::testing::postgres::Postgres::shared();
    a_release_goes_live(Some(&server.database())).await;
}
