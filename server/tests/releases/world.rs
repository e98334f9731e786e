//! A program with servers, a project and an environment registered over its API.

use std::path::PathBuf;

use launchway_engine::testing::sshd::Sshd;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::Program;
use crate::repository::{Repository, Tree, tree};

/// Everything that a release needs. Several servers are one OpenSSH server under several names.
pub struct World {
    pub program: Program,
    pub sshd: Sshd,
    pub repository: Repository,
    pub project: i64,
    pub environment: i64,
    pub servers: Vec<i64>,
    pub credential: i64,
    pub sites: TempDir,
    _data: TempDir,
}

impl World {
    pub async fn new(servers: usize) -> Self {
        Self::with(servers, Sshd::start(), Repository::new(), &[]).await
    }

    pub async fn with(servers: usize, sshd: Sshd, repository: Repository, env: &[(&str, &str)]) -> Self {
        let (data, sites) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let program = Program::start(data.path(), env).await;
        let credential = program
            .post(
                "/credentials",
                json!({"name": "key", "kind": "ssh_key", "username": sshd.username(), "secret": sshd.private_key()}),
            )
            .await;
        let credential = id(&credential);
        let mut world = Self {
            project: 0,
            environment: 0,
            servers: Vec::new(),
            credential,
            program,
            sshd,
            repository,
            sites,
            _data: data,
        };
        for number in 1..=servers {
            let server = world.add_server(&format!("web-{number}")).await;
            world.servers.push(server);
        }
        let project =
            world.program.post("/projects", json!({"title": "shop", "repo_url": world.repository.url()})).await;
        world.project = id(&project);
        let path = world.path();
        world.environment = world
            .add_environment(json!({"name": "test", "kind": "test", "path": path, "server_ids": world.servers}))
            .await;
        world
    }

    /// A server at the test's OpenSSH, its key pinned as a person would.
    pub async fn add_server(&self, hostname: &str) -> i64 {
        let server = self
            .program
            .post(
                "/servers",
                json!({"hostname": hostname, "address": self.sshd.address(), "port": self.sshd.port(),
                       "credential_id": self.credential, "tags": ["test"]}),
            )
            .await;
        let id = id(&server);
        let first = self.program.post(&format!("/servers/{id}/check"), json!({})).await;
        assert_eq!(first["host_key"], self.sshd.fingerprint(), "{first}");
        self.program.post(&format!("/servers/{id}/host-key"), json!({"fingerprint": first["host_key"]})).await;
        let second = self.program.post(&format!("/servers/{id}/check"), json!({})).await;
        assert_eq!(second["ok"], true, "{second}");
        id
    }

    pub async fn add_environment(&self, body: Value) -> i64 {
        id(&self.program.post(&format!("/projects/{}/environments", self.project), body).await)
    }

    /// The environment's path, with a folder for each server.
    pub fn path(&self) -> String {
        format!("{}/{{hostname}}", self.sites.path().display())
    }

    /// The folder of one server, counted from 1.
    pub fn site(&self, number: usize) -> PathBuf {
        self.sites.path().join(format!("web-{number}"))
    }

    /// What is live on a server; none where nothing is.
    pub fn live(&self, number: usize) -> Option<Tree> {
        let current = self.site(number).join("current");
        current.exists().then(|| tree(&current.canonicalize().unwrap()))
    }

    /// Creates a release of a ref, as a tag.
    pub async fn create(&self, tag: &str, hooks: Value) -> i64 {
        id(&self.program.post("/releases", self.body(tag, hooks)).await)
    }

    pub fn body(&self, tag: &str, hooks: Value) -> Value {
        json!({"project_id": self.project, "environment_id": self.environment,
               "ref": {"kind": "tag", "name": tag}, "hooks": hooks})
    }

    /// Creates and starts a release.
    pub async fn start(&self, tag: &str, hooks: Value) -> i64 {
        let release = self.create(tag, hooks).await;
        self.program.post(&format!("/releases/{release}/start"), json!({})).await;
        release
    }

    /// Creates and starts a release, and waits for its end.
    pub async fn release(&self, tag: &str, hooks: Value) -> (i64, String) {
        let release = self.start(tag, hooks).await;
        let status = self.program.ended(release).await;
        (release, status)
    }

    /// The key of a node on a server, counted from 1.
    pub fn key(&self, number: usize, kind: &str) -> String {
        format!("server:{}/{kind}", self.servers[number - 1])
    }
}

pub fn id(thing: &Value) -> i64 {
    thing["id"].as_i64().unwrap_or_else(|| panic!("no id in {thing}"))
}
