//! A program with servers, a project and an environment registered over its API.

use std::os::unix::fs::PermissionsExt;
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

    /// One in which nothing is registered yet.
    pub async fn bare() -> Self {
        let data = tempfile::tempdir().unwrap();
        let program = Program::start(data.path(), &[]).await;
        Self::empty(Sshd::start(), Repository::new(), program, data)
    }

    fn empty(sshd: Sshd, repository: Repository, program: Program, data: TempDir) -> Self {
        let sites = tempfile::tempdir().unwrap();
        // Hooks run as another user where the tests are root's, and leave their signs here.
        std::fs::set_permissions(sites.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        Self {
            project: 0,
            environment: 0,
            servers: Vec::new(),
            credential: 0,
            program,
            sshd,
            repository,
            sites,
            _data: data,
        }
    }

    pub async fn with(servers: usize, sshd: Sshd, repository: Repository, env: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let program = Program::start(data.path(), env).await;
        Self::around(servers, sshd, repository, program, data).await
    }

    /// The same for a program that runs already.
    pub async fn around(servers: usize, sshd: Sshd, repository: Repository, program: Program, data: TempDir) -> Self {
        let mut world = Self::empty(sshd, repository, program, data);
        let sshd = &world.sshd;
        let body = json!({"name": "key", "kind": "ssh_key", "username": sshd.username(), "secret": sshd.private_key()});
        world.credential = id(&world.program.post("/credentials", body).await);
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

/// A server on which unpacking anything big stops half-way until it is let go on: a `tar` before the
/// real one. So a test can act in the middle of an upload, however fast the machine is.
pub struct Stall {
    dir: TempDir,
}

impl Stall {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let here = dir.path().display();
        let script = format!(
            r#"#!/bin/sh
part='{here}'/part.$$
head -c 1000000 >"$part"
if [ "$(wc -c <"$part")" -ge 1000000 ] && [ ! -e '{here}/open' ]; then
  : >'{here}/begun'
  until [ -e '{here}/open' ]; do sleep 0.05; done
fi
cat "$part" - | PATH=/usr/bin:/bin tar "$@"
"#
        );
        let tar = dir.path().join("tar");
        std::fs::write(&tar, script).unwrap();
        std::fs::set_permissions(&tar, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { dir }
    }

    pub fn sshd(&self) -> Sshd {
        Sshd::builder().path(format!("{}:/usr/local/bin:/usr/bin:/bin", self.dir.path().display())).start()
    }

    /// Waits until an upload of a release stands half-way.
    pub async fn begun(&self, program: &Program, release: i64) {
        let deadline = std::time::Instant::now() + crate::program::PATIENCE;
        while !self.dir.path().join("begun").exists() {
            let over = std::time::Instant::now() > deadline;
            let nodes = program.get(&format!("/releases/{release}/nodes")).await;
            let failed = nodes["items"].as_array().unwrap().iter().any(|node| node["status"] == "failed");
            assert!(!over && !failed, "no upload begins: {nodes:#}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Lets it go on, and all that come after it.
    pub fn open(&self) {
        std::fs::write(self.dir.path().join("open"), "").unwrap();
    }
}

/// Commits 24 MiB that do not compress, so that all of it has to go over the wire.
pub fn add_noise(repository: &Repository) {
    let noise: Vec<u8> = (0..3_u64 << 20)
        .flat_map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(n | 1).to_le_bytes())
        .collect();
    repository.write("noise", &noise);
    repository.commit("Noise");
    repository.git(&["tag", "-f", "v1"]);
}

pub fn id(thing: &Value) -> i64 {
    thing["id"].as_i64().unwrap_or_else(|| panic!("no id in {thing}"))
}
