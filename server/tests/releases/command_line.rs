//! Releases from a shell: `launchway` as a client of `launchway serve`.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Program, binary};
use crate::repository::Repository;
use crate::run::running;
use crate::world::World;

/// A person's shell: a home of its own, and no terminal.
pub struct Shell {
    home: TempDir,
}

impl Shell {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    /// One that has signed in.
    pub fn signed_in(program: &Program) -> Self {
        let shell = Self::new();
        let output = shell.with_input(&["login", program.base(), "--token", "-"], program.token());
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        shell
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LAUNCHWAY_")) {
            command.env_remove(name);
        }
        command.env("XDG_CONFIG_HOME", self.home.path()).env("LC_ALL", "C.UTF-8").env("CI", "1");
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.with_input(args, "")
    }

    fn with_input(&self, args: &[&str], input: &str) -> Output {
        let mut child = self
            .command(binary())
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that refuses its arguments reads nothing.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// What a command prints that is expected to work.
    pub fn say(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}{}", out(&output), err(&output));
        out(&output)
    }

    /// The JSON of a command.
    pub fn json(&self, args: &[&str], status: i32) -> Value {
        let output = self.run(&[args, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(status), "{args:?}: {}{}", out(&output), err(&output));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{args:?}: {e}: {}", out(&output)))
    }
}

pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

const CREATE: [&str; 6] = ["release", "create", "--project", "shop", "--env", "test"];

fn create<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&CREATE, more].concat()
}

/// Runs a script of the documentation as it stands, against a new Launchway and a new server.
async fn script(name: &str) -> (Output, World) {
    let world = World::bare().await;
    let shell = Shell::new();
    let file = |name: &str, text: &str| {
        let path = shell.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (token, key) = (file("token", world.program.token()), file("key", &world.sshd.private_key()));
    let bin = Path::new(binary()).parent().unwrap().display();
    let output = shell
        .command(&format!("{}/../docs/scripts/{name}", env!("CARGO_MANIFEST_DIR")))
        .env("PATH", format!("{bin}:{}", std::env::var("PATH").unwrap()))
        .env("LAUNCHWAY_URL", world.program.base())
        .env("TOKEN_FILE", &token)
        .env("REPOSITORY", world.repository.url())
        .env("TAG", "v1")
        .env("SSH_HOST", world.sshd.address())
        .env("SSH_PORT", world.sshd.port().to_string())
        .env("SSH_USER", world.sshd.username())
        .env("SSH_KEY_FILE", &key)
        .env("SSH_FINGERPRINT", world.sshd.fingerprint())
        .env("TARGET", world.path())
        .envs(name.contains("curl").then(|| ("LAUNCHWAY_TOKEN", world.program.token())))
        .output()
        .unwrap();
    (output, world)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_release_with_launchway_alone() {
    let (output, world) = script("release-with-launchway.sh").await;
    assert_eq!(output.status.code(), Some(0), "{}{}", out(&output), err(&output));
    assert_eq!(world.live(1), Some(world.repository.archive("v1")));
    let said = out(&output);
    for part in ["as ada.", "web-1 before deploy: succeeded", "web-1 deploy: succeeded", "Release #1 succeeded"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains('\u{1b}') && !err(&output).contains('\u{1b}'), "no escape codes without a terminal: {said}");
    assert!(!said.contains(world.program.token()), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_release_with_curl_alone() {
    let (output, world) = script("release-with-curl.sh").await;
    assert_eq!(output.status.code(), Some(0), "{}{}", out(&output), err(&output));
    assert_eq!(world.live(1), Some(world.repository.archive("v1")));
    assert!(out(&output).ends_with(": succeeded\n"), "{}", out(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_status_is_the_releases_result() {
    let world = World::new(1).await;
    let shell = Shell::signed_in(&world.program);

    let failing =
        shell.run(&create(&["--tag", "v1", "--hook", "before_deploy=echo it is broken; exit 7", "--start", "--wait"]));
    assert_eq!(failing.status.code(), Some(1), "{}{}", out(&failing), err(&failing));
    let said = out(&failing);
    assert!(said.contains("web-1 before deploy: failed, exit status 7"), "{said}");
    assert!(said.contains("web-1 before deploy | it is broken"), "the log of what fails: {said}");
    assert!(said.contains("launchway release retry 1 --wait"), "what to do next: {said}");
    assert!(!said.contains('\u{1b}'), "{said}");

    let gate = world.sites.path().join("gate");
    let hook = format!("before_deploy=until [ -e '{}' ]; do sleep 0.05; done", gate.display());
    let held = shell.json(&create(&["--tag", "v1", "--hook", &hook, "--start"]), 0);
    let id = held["id"].as_i64().unwrap();
    let key = world.key(1, "before_deploy");
    world.program.until(id, "the hook", |_, nodes| running(nodes, &key)).await;
    let waited = shell.run(&["release", "wait", &id.to_string(), "--timeout", "1"]);
    assert_eq!(waited.status.code(), Some(5), "time is up: {}{}", out(&waited), err(&waited));
    assert!(err(&waited).contains("The release goes on"), "{}", err(&waited));
    let canceled = shell.run(&["release", "cancel", &id.to_string(), "--wait"]);
    assert_eq!(canceled.status.code(), Some(3), "{}{}", out(&canceled), err(&canceled));
    assert!(out(&canceled).contains("Release #2 canceled"), "{}", out(&canceled));

    std::fs::write(gate, "").unwrap();
    let retried = shell.json(&["release", "retry", &id.to_string(), "--wait"], 0);
    assert_eq!((&retried["id"], &retried["status"]), (&json!(id), &json!("succeeded")));
    assert!(retried["nodes"].as_array().is_some_and(|nodes| nodes.len() > 4), "{retried:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_one_document_or_a_line_for_each_event() {
    let world = World::new(1).await;
    let shell = Shell::signed_in(&world.program);
    for (args, path) in [
        (vec!["projects"], "/projects"),
        (vec!["servers", "list"], "/servers"),
        (vec!["credentials"], "/credentials"),
        (vec!["templates"], "/hook-templates"),
    ] {
        assert_eq!(shell.json(&args, 0), world.program.get(path).await["items"], "{args:?}");
    }
    assert_eq!(shell.json(&["whoami"], 0)["user"]["name"], "ada");
    assert_eq!(shell.json(&["environments", "list", "--project", "shop"], 0)[0]["name"], "test");
    assert_eq!(shell.json(&["refs", "shop"], 0)[0]["name"], "v1");
    assert_eq!(shell.json(&["servers", "check", "web-1"], 0)["ok"], true);

    let made =
        shell.json(&create(&["--branch", "main", "--note", "From a script", "--hook", "after_deploy=echo done"]), 0);
    assert_eq!((&made["status"], &made["note"]), (&json!("pending"), &json!("From a script")));
    let id = made["id"].as_i64().unwrap().to_string();
    shell.say(&["release", "start", &id]);
    let watched = shell.run(&["release", "watch", &id, "--json"]);
    assert_eq!(watched.status.code(), Some(0), "{}", err(&watched));
    let events: Vec<Value> = out(&watched).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seqs: Vec<i64> = events.iter().filter_map(|event| event["seq"].as_i64()).collect();
    assert!(seqs.is_sorted() && seqs.windows(2).all(|two| two[0] < two[1]), "{seqs:?}");
    assert_eq!(shell.json(&["release", "show", &id], 0)["status"], "succeeded");
    assert_eq!(shell.json(&["release", "list", "--status", "succeeded"], 0)[0]["id"], json!(1));
    let log = shell.say(&["release", "log", &id, "--node", "web-1/after_deploy"]);
    assert_eq!(log, "done\n");
    assert!(shell.say(&["release", "log", &id, "--follow"]).contains("web-1 after deploy | done\n"));

    let refused = shell.json(&["release", "start", &id], 1);
    assert_eq!(refused["status"], 409, "a refusal is a document too: {refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_misspelt_is_answered_with_what_may_be_meant() {
    let world = World::new(1).await;
    let shell = Shell::signed_in(&world.program);
    let hint = |args: &[&str], status: i32, hint: &str| {
        let output = shell.run(args);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {}{}", out(&output), err(&output));
        assert!(err(&output).contains(hint), "{args:?}: {}", err(&output));
    };
    hint(&["projects", "show", "shp"], 1, "Did you mean “shop”?");
    hint(&["release", "create", "--project", "shop", "--env", "tset", "--tag", "v1"], 1, "Did you mean “test”?");
    hint(&create(&["--tag", "v11"]), 1, "Did you mean “v1”?");
    hint(&["servers", "check", "web-11"], 1, "Did you mean “web-1”?");
    hint(&create(&["--tag", "v1", "--wait"]), 2, "--start");
    hint(&create(&["--tag", "v1", "--branch", "main"]), 2, "--branch");
    hint(&create(&["--tag", "v1", "--hook", "befor_deploy=x"]), 2, "before_deploy");
    hint(&["release", "show", "99"], 1, "launchway: ");
    hint(&["relese"], 2, "release");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_makes_one_release_of_two_calls() {
    let world = World::new(1).await;
    let shell = Shell::signed_in(&world.program);
    let args = create(&["--tag", "v1", "--idempotency-key", "build-17", "--start", "--wait"]);
    let (first, second) = (shell.json(&args, 0), shell.json(&args, 0));
    assert_eq!((&first["id"], &first["status"]), (&second["id"], &json!("succeeded")));
    assert_eq!(world.program.get("/releases").await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_signed_in_or_reaches_nobody_has_a_status_of_their_own() {
    let program = {
        let data = tempfile::tempdir().unwrap();
        (Program::start(data.path(), &[]).await, data)
    };
    let (program, _data) = program;
    let shell = Shell::new();
    let stranger = shell.run(&["projects"]);
    assert_eq!(stranger.status.code(), Some(4), "{}", err(&stranger));
    assert!(err(&stranger).contains("launchway login"), "{}", err(&stranger));
    let wrong = shell.with_input(&["login", program.base(), "--token", "-"], "lw_wrong\n");
    assert_eq!(wrong.status.code(), Some(4), "{}", err(&wrong));
    let nowhere = shell.with_input(&["login", "http://127.0.0.1:1", "--token", "-"], "lw_x\n");
    assert_eq!(nowhere.status.code(), Some(5), "{}", err(&nowhere));
    assert!(!shell.home.path().join("launchway").exists(), "a login that failed is not kept");

    // In CI nobody signs in.
    let ci = |url: Option<&str>| {
        let mut command = shell.command(binary());
        command.arg("whoami").env("LAUNCHWAY_TOKEN", program.token()).envs(url.map(|url| ("LAUNCHWAY_URL", url)));
        command.output().unwrap()
    };
    assert_eq!(ci(Some(program.base())).status.code(), Some(0));
    assert_eq!(ci(None).status.code(), Some(4), "a token goes only where it was told to");

    let shell = Shell::signed_in(&program);
    let file = shell.home.path().join("launchway/logins.json");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert!(shell.say(&["whoami"]).contains("ada"));
    shell.say(&["logout"]);
    assert!(!std::fs::read_to_string(&file).unwrap().contains(program.token()));
    assert_eq!(shell.run(&["whoami"]).status.code(), Some(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_server_is_waited_out() {
    let repository = Repository::new();
    let mut world = World::with(1, launchway_engine::testing::sshd::Sshd::start(), repository, &[]).await;
    let shell = Shell::signed_in(&world.program);
    let gate = world.sites.path().join("gate");
    let hook = format!("until [ -e '{}' ]; do sleep 0.05; done", gate.display());
    let id = world.start("v1", json!({"after_download": hook})).await;
    world.program.until(id, "the hook", |_, nodes| running(nodes, "after_download")).await;
    let mut waiting = shell
        .command(binary())
        .args(["release", "wait", &id.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(waiting.stdout.take().unwrap()));
    let mut until = |word: &str| {
        let mut said = Vec::new();
        loop {
            let line = lines.next().unwrap_or_else(|| panic!("it never said {word:?}: {said:#?}")).unwrap();
            let found = line.contains(word);
            said.push(line);
            if found {
                return said;
            }
        }
    };
    until("after download: running");
    world.program.kill();
    until("The connection is lost");
    world.program.serve_again().await;
    until("The connection stands again");
    std::fs::write(gate, "").unwrap();
    let said = until("Release #1 succeeded");
    assert!(said.iter().any(|line| line.contains("web-1 deploy: succeeded")), "{said:#?}");
    assert_eq!(waiting.wait().unwrap().code(), Some(0));
}

#[test]
fn completions_are_made_for_every_shell() {
    let shell = Shell::new();
    for (name, word) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef launchway"),
        ("fish", "complete -c launchway"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let script = shell.say(&["completions", name]);
        assert!(script.contains(word) && script.contains("idempotency-key"), "{name}");
    }
    let help = shell.say(&["release", "--help"]);
    assert!(help.contains("Exit status: 0 succeeded; 1 the release failed"), "{help}");
}
