//! One installation for one test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use launchway::service::Services;
use launchway_domain::{
    Actor, Credential, CredentialForm, CredentialKind, Environment, EnvironmentForm, Fault, Project, ProjectForm, Role,
    Server, ServerForm, ServerId, Timestamp, User, UserId,
};
use launchway_engine::data::DataDir;
use launchway_engine::secret::Vault;
use launchway_engine::store::Store;
use launchway_engine::testing::Sshd;
use tempfile::TempDir;

/// Who acts where it does not matter.
pub(crate) const SYSTEM: Actor = Actor::System;

pub(crate) struct World {
    pub(crate) services: Services,
    pub(crate) folder: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let services = open(folder.path()).await;
        Self { services, folder }
    }

    /// A folder for one purpose.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    pub(crate) async fn credential(
        &self,
        name: &str,
        kind: CredentialKind,
        username: &str,
        secret: &str,
    ) -> Credential {
        let form = CredentialForm {
            name: name.into(),
            kind,
            username: username.into(),
            secret: Some(secret.into()),
            passphrase: None,
            project_id: None,
        };
        self.services.credentials().create(&SYSTEM, form).await.unwrap()
    }

    /// A server that is registered with the key that opens it, not pinned.
    pub(crate) async fn server(&self, hostname: &str, sshd: &Sshd) -> Server {
        let credentials = self.services.credentials().list(&SYSTEM).await.unwrap();
        let name = format!("key of {}", sshd.port());
        let credential = match credentials.into_iter().find(|c| c.name == name) {
            Some(credential) => credential,
            None => self.credential(&name, CredentialKind::SshKey, sshd.username(), &sshd.private_key()).await,
        };
        let form = ServerForm {
            hostname: hostname.into(),
            address: sshd.address().into(),
            port: sshd.port(),
            credential_id: credential.id,
            tags: vec![],
            project_id: None,
        };
        self.services.servers().create(&SYSTEM, form).await.unwrap()
    }

    pub(crate) async fn pinned(&self, hostname: &str, sshd: &Sshd) -> Server {
        let server = self.server(hostname, sshd).await;
        self.services.servers().pin_host_key(&SYSTEM, server.id, sshd.fingerprint()).await.unwrap()
    }

    pub(crate) async fn project(&self, title: &str, repo: &Path) -> Project {
        let form = ProjectForm {
            title: title.into(),
            repo_url: repo.to_str().unwrap().into(),
            credential_id: None,
            ..Default::default()
        };
        self.services.projects().create(&SYSTEM, form).await.unwrap()
    }

    pub(crate) async fn environment(&self, project: &Project, path: &str, servers: &[ServerId]) -> Environment {
        let form = environment_form(path, servers);
        self.services.projects().create_environment(&SYSTEM, project.id, form).await.unwrap()
    }

    /// A repository with one commit and the tag `v1`.
    pub(crate) fn repository(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        git(&path, &["init", "-q"]);
        git(&path, &["symbolic-ref", "HEAD", "refs/heads/main"]);
        commit(&path, "one");
        git(&path, &["tag", "v1"]);
        path
    }
}

/// The services on a data folder.
pub(crate) async fn open(folder: &Path) -> Services {
    let data = DataDir::open(&folder.join("data")).unwrap();
    let vault = Vault::open(data.root(), None).unwrap();
    let store = Store::open(&Store::sqlite_url(&data.database()).unwrap()).await.unwrap();
    Services::new(store, vault, data).unwrap()
}

pub(crate) fn environment_form(path: &str, servers: &[ServerId]) -> EnvironmentForm {
    EnvironmentForm { name: "test".into(), path: path.into(), server_ids: servers.to_vec(), ..Default::default() }
}

pub(crate) fn person(role: Role) -> Actor {
    Actor::from(User { id: UserId(1), name: "kim".into(), role, created_at: Timestamp(0) })
}

/// The one field that a fault is about, with its code.
pub(crate) fn at(fault: &Fault) -> (&str, &str) {
    match fault {
        Fault::Invalid { errors } if errors.len() == 1 => (&errors[0].field, &errors[0].code),
        other => panic!("not at one field: {other:?}"),
    }
}

/// Commits a file of that name and content; its commit.
pub(crate) fn commit(repo: &Path, text: &str) -> String {
    std::fs::write(repo.join(text), text).unwrap();
    git(repo, &["add", "-A"]);
    git(repo, &["commit", "-q", "-m", text]);
    git(repo, &["rev-parse", "HEAD"])
}

pub(crate) fn git(at: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(at)
        .args(["-c", "user.name=T", "-c", "user.email=t@example.com"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Asks until something is so.
pub(crate) async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !so().await {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
