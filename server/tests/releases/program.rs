//! The program as users run it, and a client that speaks its API.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::Value;

/// How long anything here may take before a test gives up; no test measures it.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Where the program is.
pub fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_launchway")
}

/// `launchway serve` on a data folder, ended when dropped.
pub struct Program {
    data: PathBuf,
    child: Option<Child>,
    base: String,
    token: String,
    http: reqwest::Client,
    env: Vec<(String, String)>,
    /// Another file to start, as another user.
    other: Option<(PathBuf, u32)>,
}

impl Program {
    /// Adds an administrator and a token, then serves.
    pub async fn start(data: &Path, env: &[(&str, &str)]) -> Self {
        Self::start_as(data, env, None).await
    }

    /// The same by another file and as another user.
    pub async fn start_as(data: &Path, env: &[(&str, &str)], other: Option<(PathBuf, u32)>) -> Self {
        let env: Vec<(String, String)> = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let run = |args: &[&str], input: &str| to_the_end(start(other.as_ref()), data, &env, args, input);
        run(&["user", "add", "ada", "--role", "admin"], "nine planted herons wade\n");
        let token = run(&["token", "create", "--user", "ada", "--name", "tests"], "");
        let mut program = Self {
            data: data.to_owned(),
            child: None,
            base: String::new(),
            token: token.trim().to_owned(),
            http: reqwest::Client::new(),
            env,
            other,
        };
        program.serve().await;
        program
    }

    /// Serves (again) on a free port, and waits until it is ready.
    pub async fn serve(&mut self) {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        self.serve_at(port).await;
    }

    /// Serves again where it was.
    pub async fn serve_again(&mut self) {
        let port = self.base.rsplit(':').next().unwrap().parse().unwrap();
        self.serve_at(port).await;
    }

    async fn serve_at(&mut self, port: u16) {
        let log = std::fs::File::options().create(true).append(true).open(self.data.join("program.log")).unwrap();
        let child = start(self.other.as_ref())
            .args(["--data", self.data.to_str().unwrap(), "serve", "--listen", &format!("127.0.0.1:{port}")])
            .envs(self.env.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
        self.base = format!("http://127.0.0.1:{port}");
        let deadline = Instant::now() + PATIENCE;
        while !matches!(self.http.get(format!("{}/readyz", self.base)).send().await, Ok(r) if r.status().is_success()) {
            assert!(Instant::now() < deadline, "the program does not get ready: {}", self.log());
            let gone = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(gone.is_none(), "the program ended: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// SIGKILL: no chance to tidy anything up.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// What the program printed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.data.join("program.log")).unwrap_or_default()
    }

    /// Its address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The administrator's token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.base)
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = self.http.request(method, self.url(path)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        let value =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
        (status, value)
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, value) = self.call(Method::GET, path, None).await;
        assert_eq!(status, 200, "GET {path}: {value}");
        value
    }

    /// A POST that is expected to work.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, value) = self.call(Method::POST, path, Some(body)).await;
        assert!(status.is_success(), "POST {path}: {status} {value}\n{}", self.log());
        value
    }

    /// The bare text of a node's log.
    pub async fn log_text(&self, release: i64, node: &str) -> String {
        let answer = self
            .http
            .get(self.url(&format!("/releases/{release}/log")))
            .query(&[("node", node)])
            .bearer_auth(&self.token)
            .header("accept", "text/plain")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "log of {node}");
        answer.text().await.unwrap()
    }

    /// Waits, on the feed, until the release and its nodes are as asked.
    pub async fn until(&self, release: i64, what: &str, reached: impl Fn(&Value, &[Value]) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let nodes = self.get(&format!("/releases/{release}/nodes")).await;
            let seq = nodes["seq"].as_i64().unwrap();
            let state = self.get(&format!("/releases/{release}")).await;
            if reached(&state, nodes["items"].as_array().unwrap()) {
                return state;
            }
            assert!(Instant::now() < deadline, "waiting for {what}: {state:#}\n{nodes:#}\n{}", self.log());
            self.get(&format!("/events?topics=release:{release}&after={seq}&wait=5")).await;
        }
    }

    /// Waits until the release is over; gives its status.
    pub async fn ended(&self, release: i64) -> String {
        let over =
            |state: &Value, _: &[Value]| matches!(state["status"].as_str(), Some("succeeded" | "failed" | "canceled"));
        self.until(release, "the end", over).await["status"].as_str().unwrap().to_owned()
    }

    /// A node as it is now.
    pub async fn node(&self, release: i64, key: &str) -> Value {
        let nodes = self.get(&format!("/releases/{release}/nodes")).await;
        let found = nodes["items"].as_array().unwrap().iter().find(|node| node["key"] == key).cloned();
        found.unwrap_or_else(|| panic!("no node {key} in {nodes:#}"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the program's log:\n{}", self.log());
        }
        self.kill();
    }
}

/// The program, or another file as another user.
fn start(other: Option<&(PathBuf, u32)>) -> Command {
    use std::os::unix::process::CommandExt;
    match other {
        None => Command::new(binary()),
        Some((path, user)) => {
            let mut command = Command::new(path);
            command.uid(*user).gid(*user).env("HOME", "/nonexistent");
            command
        }
    }
}

/// One subcommand to its end; gives what it printed.
fn to_the_end(mut program: Command, data: &Path, env: &[(String, String)], args: &[&str], input: &str) -> String {
    use std::io::Write;
    let mut child = program
        .arg("--data")
        .arg(data)
        .args(args)
        .envs(env.iter().map(|(k, v)| (k, v)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
