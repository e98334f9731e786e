//! The program as people start it: the command line, the server, the demo.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long anything may take here; nothing should come near it.
const PATIENCE: Duration = Duration::from_secs(180);

fn launchway() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_launchway"));
    for name in ["DATA", "DATABASE_URL", "LISTEN", "PUBLIC_URL", "MASTER_KEY"] {
        command.env_remove(format!("LAUNCHWAY_{name}"));
    }
    command.env("LC_ALL", "C.UTF-8");
    command
}

/// A command with one line on its standard input, to its end.
fn run(data: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = launchway()
        .args(arguments)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that refuses its arguments reads nothing.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A program that stays up; ended with the test.
struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// The first line that holds `word`.
    fn says(&self, word: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let line = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            let line = line.unwrap_or_else(|e| panic!("it never said {word:?}: {e}"));
            if line.contains(word) {
                return line;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
    }

    /// Its exit status, once it has ended.
    fn ends(&mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "it never ended");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn users_and_tokens_are_made_beside_a_running_server() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Running::start(launchway().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data));
    let said = server.says("http://");
    assert!(said.contains("http://127.0.0.1:"), "{said}");
    server.says("first administrator");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&data).unwrap().permissions());
    // Others have no way in, nor does the group: where hooks get a user of their own but no view of their own, theirs may
    // pass through to the folder of their release, and list nothing.
    assert_eq!(mode & 0o767, 0o700, "{mode:o}");

    let added = run(&data, &["user", "add", "kim", "--role", "admin"], "correct horse\n");
    assert!(added.status.success(), "{}", stderr(&added));
    let again = run(&data, &["user", "add", "kim", "--role", "admin"], "correct horse\n");
    assert!(!again.status.success() && stderr(&again).contains("name:"), "{}", stderr(&again));
    let short = run(&data, &["user", "add", "lee", "--role", "viewer"], "short\n");
    assert!(stderr(&short).contains("password:") && !stderr(&short).contains("short\n"), "{}", stderr(&short));

    let token = run(&data, &["token", "create", "--user", "kim", "--name", "ci"], "");
    let text = String::from_utf8(token.stdout).unwrap();
    assert!(text.starts_with("lw_") && text.ends_with('\n') && text.trim().len() == 67, "the token alone");
    let nobody = run(&data, &["token", "create", "--user", "nobody", "--name", "ci"], "");
    assert!(!nobody.status.success() && nobody.stdout.is_empty(), "{}", stderr(&nobody));

    let second = run(&data, &["serve", "--listen", "127.0.0.1:0"], "");
    assert!(!second.status.success() && stderr(&second).contains("Another launchway"), "{}", stderr(&second));

    server.signal(Signal::SIGTERM);
    assert_eq!(server.ends(), Some(0));
}

#[test]
fn a_taken_address_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(folder.path(), &["serve", "--listen", &address], "");
    assert!(!output.status.success());
    assert!(stderr(&output).contains(&address) && stderr(&output).contains("--listen"), "{}", stderr(&output));
}

#[test]
fn a_database_that_is_none_is_an_error_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    for url in ["mysql://u:hunter2@127.0.0.1/x", "postgres://u:hunter2@127.0.0.1:1/x"] {
        let output = run(folder.path(), &["token", "create", "--user", "u", "--name", "n", "--database-url", url], "");
        assert!(!output.status.success());
        assert!(!stderr(&output).contains("hunter2"), "{}", stderr(&output));
    }
}

#[test]
fn commands_of_the_host_want_its_data_folder_and_those_of_a_client_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::write(&data, "no folder").unwrap();
    for line in ["serve", "demo", "user add kim --role viewer", "token create --user kim --name ci", "audit verify"] {
        let output = run(&data, &line.split(' ').collect::<Vec<_>>(), "correct horse\n");
        assert!(!output.status.success() && stderr(&output).contains("is no folder"), "{line}: {}", stderr(&output));
    }
    assert_eq!(std::fs::read(&data).unwrap(), b"no folder");
    for line in ["whoami", "projects", "servers", "environments list --project shop", "credentials", "templates"] {
        let mut command = launchway();
        command.env_remove("LAUNCHWAY_TOKEN").env_remove("LAUNCHWAY_URL").env("HOME", folder.path());
        let output = command.env_remove("XDG_CONFIG_HOME").args(line.split(' ')).output().unwrap();
        assert!(!output.status.success() && stderr(&output).contains("Sign in first"), "{line}: {}", stderr(&output));
    }
}

/// Processes whose command line names a folder.
fn about(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().unwrap().as_bytes();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .filter(|line| line.windows(folder.len()).any(|w| w == folder))
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .collect()
}

fn nothing_left(folder: &Path) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = about(folder);
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "still there: {left:#?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_demo_releases_and_leaves_nothing_running() {
    let folder = tempfile::tempdir().unwrap();
    for end in [Signal::SIGINT, Signal::SIGKILL] {
        let data = folder.path().join(end.as_str());
        let mut demo = Running::start(launchway().args(["demo", "--listen", "127.0.0.1:0", "--data"]).arg(&data));
        demo.says("http://127.0.0.1:");
        assert!(demo.says("Sign in as").contains("demo"));
        for server in ["web-1", "web-2", "web-3"] {
            let live = data.join("demo/servers").join(server).join("test/current");
            assert_eq!(std::fs::read_link(&live).unwrap(), Path::new("releases/1"));
            assert!(std::fs::read_to_string(live.join("index.html")).unwrap().contains("Tea, plain and good"));
            assert!(std::fs::read_to_string(live.join("version.txt")).unwrap().starts_with("v1.0 "));
        }
        assert_eq!(about(&data.join("demo/sshd")).iter().filter(|line| line.starts_with("sh -c")).count(), 3);
        demo.signal(end);
        let status = demo.ends();
        if end == Signal::SIGINT {
            assert_eq!(status, Some(0));
        }
        nothing_left(&data);
    }
}

#[test]
fn the_demo_wants_a_folder_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("launchway.db"), "somebody's").unwrap();
    let output = run(folder.path(), &["demo", "--listen", "127.0.0.1:0"], "");
    assert!(!output.status.success() && stderr(&output).contains("not empty"), "{}", stderr(&output));
    assert_eq!(std::fs::read(folder.path().join("launchway.db")).unwrap(), b"somebody's");
}
