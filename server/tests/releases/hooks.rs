//! Hooks that behave as hooks do.

use std::path::Path;

use serde_json::json;

use crate::run::running;
use crate::world::World;

/// Whether a process runs whose command line holds a word.
fn is_alive(word: &str) -> bool {
    std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        std::fs::read(entry.path().join("cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(word))
    })
}

fn gone(word: &str) {
    let deadline = std::time::Instant::now() + crate::program::PATIENCE;
    while is_alive(word) {
        assert!(std::time::Instant::now() < deadline, "{word} is still there");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Waits for a condition.
pub fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + crate::program::PATIENCE;
    while !reached() {
        assert!(std::time::Instant::now() < deadline, "never came true: {what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// The number of a process that writes it into a file.
pub fn number_in(path: &Path) -> i32 {
    let read = || std::fs::read_to_string(path).ok().filter(|text| text.ends_with('\n'));
    until("a process writes its number", || read().is_some());
    read().unwrap().trim().parse().unwrap()
}

/// Whether there is such a process, and it is no zombie.
pub fn runs(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z') && !rest.starts_with('X'))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_could_not_be_ended_does_not_go_on_beside_its_retry() {
    let mut world = World::new(1).await;
    let folder = world.sites.path().display().to_string();
    // The first one never ends; the second says whether the first is there.
    let hook = format!(
        "if [ $LAUNCHWAY_ATTEMPT = 1 ]; then echo $$ > '{folder}/first'; while :; do sleep 0.1; done; fi\n\
         if kill -0 \"$(cat '{folder}/first')\" 2>/dev/null; then echo both; else echo alone; fi"
    );
    let release = world.start("v1", json!({"before_deploy": hook})).await;
    let first = number_in(&world.sites.path().join("first"));
    world.sshd.stop();
    assert_eq!(world.program.ended(release).await, "failed");
    assert!(runs(first), "the check of the check: it survives its connection");
    world.sshd.restart();
    world.program.post(&format!("/releases/{release}/retry"), json!({})).await;
    assert_eq!(world.program.ended(release).await, "succeeded");
    assert_eq!(world.program.log_text(release, &world.key(1, "before_deploy")).await, "alone\n");
    assert!(!runs(first));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_ends_past_its_time_where_the_program_never_comes_back() {
    let mut world = World::with(
        1,
        launchway_engine::testing::sshd::Sshd::start(),
        crate::repository::Repository::new(),
        &[("LAUNCHWAY_HOOK_TIMEOUT", "1")],
    )
    .await;
    let pid = world.sites.path().join("pid");
    let hook = format!("echo $$ > '{}'; while :; do sleep 0.1; done", pid.display());
    let release = world.start("v1", json!({"before_deploy": hook})).await;
    let pid = number_in(&pid);
    world.program.kill();
    until("the server ends the hook", || !runs(pid));
    // Whoever comes back knows why it ended.
    world.program.serve().await;
    assert_eq!(world.program.ended(release).await, "failed");
    let node = world.program.node(release, &world.key(1, "before_deploy")).await;
    assert!(node["message"].as_str().unwrap().contains("time limit"), "{node}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_hook_shows_its_exit_status_and_output() {
    let world = World::new(1).await;
    for (point, node) in
        [("after_download", "after_download".to_owned()), ("before_deploy", world.key(1, "before_deploy"))]
    {
        let (release, status) = world.release("v1", json!({point: "echo out; echo broken >&2; exit 7"})).await;
        assert_eq!(status, "failed");
        assert_eq!(world.program.node(release, &node).await["exit_status"], 7);
        let log = world.program.log_text(release, &node).await;
        assert!(log.contains("out\nbroken\n"), "{log}");
    }
    assert_eq!(world.live(1), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_hangs_is_ended_with_all_it_started() {
    let world = World::with(
        1,
        launchway_engine::testing::sshd::Sshd::start(),
        crate::repository::Repository::new(),
        &[("LAUNCHWAY_HOOK_TIMEOUT", "2")],
    )
    .await;
    for (number, (point, node)) in
        [("after_download", "after_download".to_owned()), ("before_deploy", world.key(1, "before_deploy"))]
            .into_iter()
            .enumerate()
    {
        let word = format!("98765{number}{}", std::process::id());
        let (release, status) =
            world.release("v1", json!({point: format!("echo began; sleep {word} & sleep {word}")})).await;
        assert_eq!(status, "failed");
        let node = world.program.node(release, &node).await;
        assert!(node["message"].as_str().unwrap().contains("time limit"), "{node}");
        gone(&word);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_ends_a_hook_on_the_server_too() {
    let world = World::new(1).await;
    for (number, (point, node)) in
        [("after_download", "after_download".to_owned()), ("before_deploy", world.key(1, "before_deploy"))]
            .into_iter()
            .enumerate()
    {
        let word = format!("87654{number}{}", std::process::id());
        let release = world.start("v1", json!({point: format!("(sleep {word}) & sleep {word}")})).await;
        world.program.until(release, "the hook", |_, nodes| running(nodes, &node)).await;
        world.program.post(&format!("/releases/{release}/cancel"), json!({})).await;
        assert_eq!(world.program.ended(release).await, "canceled");
        assert_eq!(world.program.node(release, &node).await["status"], "canceled");
        gone(&word);
    }
    assert_eq!(world.live(1), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_holds_the_output_open_does_not_hold_the_release() {
    let world = World::new(1).await;
    let word = format!("76543{}", std::process::id());
    let hook = format!("sleep {word} & echo $! > '{}'", world.sites.path().join("pid").display());
    for point in ["after_download", "after_deploy"] {
        let (_, status) = world.release("v1", json!({point: hook})).await;
        assert_eq!(status, "succeeded", "{point}");
        assert!(is_alive(&word), "the daemon was to go on");
        let pid: i32 = std::fs::read_to_string(world.sites.path().join("pid")).unwrap().trim().parse().unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).unwrap();
        gone(&word);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_reads_its_input_finds_it_empty() {
    let world = World::new(1).await;
    let (release, status) =
        world.release("v1", json!({"after_download": "cat; echo end", "before_deploy": "cat; echo end"})).await;
    assert_eq!(status, "succeeded");
    assert_eq!(world.program.log_text(release, "after_download").await, "end\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_prints_150_mb_is_cut_with_a_mark_and_its_end_is_kept() {
    let world = World::new(1).await;
    let flood =
        "echo first; yes 'a line that is repeated very often, thirty bytes long' | head -c 150000000; echo; echo last";
    let (release, status) = world.release("v1", json!({"after_download": flood, "before_deploy": flood})).await;
    assert_eq!(status, "succeeded");
    for node in ["after_download".to_owned(), world.key(1, "before_deploy")] {
        let log = world.program.log_text(release, &node).await;
        let end = &log[log.floor_char_boundary(log.len().saturating_sub(200))..];
        assert!(log.starts_with("first\n") && end.ends_with("\nlast\n"), "{node}: {} bytes, … {end:?}", log.len());
        assert!(log.contains("the log of a node is capped at"), "{node}");
        assert!(log.len() < 130 << 20, "{node}: {}", log.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_not_utf8_are_shown_as_such() {
    let world = World::new(1).await;
    let hook = r"printf 'a\377\376b\000c \344\275\240\n'";
    let (release, status) = world.release("v1", json!({"after_download": hook, "before_deploy": hook})).await;
    assert_eq!(status, "succeeded");
    for node in ["after_download".to_owned(), world.key(1, "before_deploy")] {
        assert_eq!(world.program.log_text(release, &node).await, "a\u{fffd}\u{fffd}b\u{fffd}c 你\n", "{node}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_do_not_reach_the_log() {
    let world = World::new(1).await;
    let key = world.sshd.private_key();
    let line = key.lines().nth(1).unwrap();
    let hook = format!("printf '%s' '{}'; sleep 0.3; printf '%s\\n' '{}'", &line[..20], &line[20..]);
    let (release, status) = world.release("v1", json!({"before_deploy": hook})).await;
    assert_eq!(status, "succeeded");
    let log = world.program.log_text(release, &world.key(1, "before_deploy")).await;
    assert!(!log.contains(&line[..20]) && !log.contains(&line[20..]), "{log}");
    assert_eq!(log, format!("{}\n", launchway_engine::redact::MASK));
    assert!(!world.program.log().contains(line), "the program's own log");
    assert!(!contains(world.program.data(), line.as_bytes()), "the data folder");
}

/// Whether any file below a folder holds these bytes. Hooks as they ran are the user's own text.
fn contains(dir: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(dir).unwrap().flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            contains(&path, needle)
        } else {
            std::fs::read(&path).is_ok_and(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
        }
    })
}
