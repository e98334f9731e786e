//! The program is killed (SIGKILL) and started again; the release ends by itself, right.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::repository::Repository;
use crate::run::running;
use crate::world::{Stall, World, add_noise};

/// Hooks that write down each run.
fn counted(world: &World, gates: &[(&str, &str)]) -> serde_json::Value {
    let folder = world.sites.path().display();
    let runs = world.sites.path().join("runs");
    std::fs::write(&runs, "").unwrap();
    std::fs::set_permissions(runs, std::fs::Permissions::from_mode(0o666)).unwrap();
    let mut hooks = serde_json::Map::new();
    for point in ["before_download", "after_download", "before_deploy", "after_deploy"] {
        let wait = gates
            .iter()
            .find(|(gated, _)| *gated == point)
            .map(|(_, gate)| format!("until [ -e '{folder}/{gate}' ]; do sleep 0.05; done"))
            .unwrap_or_default();
        // The line is one write: two runs at once would still show as two.
        hooks.insert(
            point.to_owned(),
            json!(format!("echo began\necho \"{point} $LAUNCHWAY_SERVER $LAUNCHWAY_ATTEMPT\" >> '{folder}/runs'\n{wait}\necho ended\n")),
        );
    }
    hooks.into()
}

fn runs(world: &World) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in std::fs::read_to_string(world.sites.path().join("runs")).unwrap().lines() {
        *counts.entry(line.to_owned()).or_default() += 1;
    }
    counts
}

fn once(servers: usize) -> BTreeMap<String, usize> {
    let here = ["before_download", "after_download"].map(|point| format!("{point}  1"));
    let there = (1..=servers).flat_map(|n| ["before_deploy", "after_deploy"].map(|point| format!("{point} web-{n} 1")));
    here.into_iter().chain(there).map(|line| (line, 1)).collect()
}

fn assert_live(world: &World, servers: usize) {
    for number in 1..=servers {
        assert_eq!(world.live(number), Some(world.repository.archive("v1")), "web-{number}");
        let left = std::fs::read_dir(world.site(number).join("releases")).unwrap().count();
        assert_eq!(left, 1, "web-{number} has more than the release");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_node_boundary() {
    let mut world = World::new(2).await;
    let release = world.create("v1", counted(&world, &[])).await;
    let mut seq = world.program.get(&format!("/releases/{release}")).await["seq"].as_i64().unwrap();
    world.program.post(&format!("/releases/{release}/start"), json!({})).await;
    let mut kills = 0;
    'killing: loop {
        let events = world.program.get(&format!("/events?topics=release:{release}&after={seq}&wait=30")).await;
        for event in events["items"].as_array().unwrap() {
            seq = event["seq"].as_i64().unwrap();
            let status = event["data"]["status"].as_str().unwrap_or_default();
            match event["kind"].as_str().unwrap() {
                "release.status" if matches!(status, "succeeded" | "failed" | "canceled") => break 'killing,
                "node.status" if matches!(status, "running" | "succeeded") => {
                    world.program.kill();
                    kills += 1;
                    world.program.serve().await;
                    continue 'killing;
                }
                _ => {}
            }
        }
    }
    assert_eq!(
        world.program.ended(release).await,
        "succeeded",
        "{}",
        world.program.get(&format!("/releases/{release}/nodes")).await
    );
    assert!(kills > 10, "{kills} kills are not every boundary");
    assert_live(&world, 2);
    assert_eq!(runs(&world), once(2));
    let log = world.program.log_text(release, &world.key(1, "after_deploy")).await;
    assert_eq!(log.matches("began").count(), 1, "{log}");
}

/// Kills while a hook waits at its gate, and opens the gate before or after the start.
async fn killed_in_a_hook(point: &str, node: impl Fn(&World) -> String, ends_meanwhile: bool) {
    let mut world = World::new(2).await;
    let release = world.start("v1", counted(&world, &[(point, "gate")])).await;
    let node = node(&world);
    world.program.until(release, "the hook", |_, nodes| running(nodes, &node)).await;
    // The node is `running` a moment before the hook is: wait for its own sign.
    let deadline = std::time::Instant::now() + crate::program::PATIENCE;
    while !std::fs::read_to_string(world.sites.path().join("runs")).unwrap_or_default().contains(point) {
        assert!(std::time::Instant::now() < deadline, "{point} does not begin");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    world.program.kill();
    let gate = world.sites.path().join("gate");
    if ends_meanwhile {
        std::fs::write(&gate, "").unwrap();
    }
    world.program.serve().await;
    if !ends_meanwhile {
        world.program.until(release, "the hook again", |_, nodes| running(nodes, &node)).await;
        std::fs::write(&gate, "").unwrap();
    }
    assert_eq!(world.program.ended(release).await, "succeeded");
    assert_live(&world, 2);
    assert_eq!(runs(&world), once(2));
    let log = world.program.log_text(release, &node).await;
    assert!(log.starts_with("began\n") && log.ends_with("ended\n"), "{log}");
    assert_eq!(log.matches("began").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_a_local_hook_that_goes_on() {
    killed_in_a_hook("after_download", |_| "after_download".to_owned(), false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_a_local_hook_that_ends_meanwhile() {
    killed_in_a_hook("after_download", |_| "after_download".to_owned(), true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_a_remote_hook_that_goes_on() {
    killed_in_a_hook("before_deploy", |world| world.key(2, "before_deploy"), false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_a_remote_hook_that_ends_meanwhile() {
    killed_in_a_hook("after_deploy", |world| world.key(2, "after_deploy"), true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_hooks_are_being_canceled() {
    let mut world = World::new(2).await;
    let folder = world.sites.path().display().to_string();
    // It does not listen to a polite word, so that ending it takes its time.
    let hook = format!("trap '' TERM; echo $$ > '{folder}/pid-'$LAUNCHWAY_SERVER; while :; do sleep 0.1; done");
    let release = world.start("v1", json!({"before_deploy": hook})).await;
    let pids = [1, 2].map(|n| crate::hooks::number_in(&world.sites.path().join(format!("pid-web-{n}"))));
    world.program.post(&format!("/releases/{release}/cancel"), json!({})).await;
    world.program.kill();
    assert!(pids.into_iter().any(crate::hooks::runs), "the check of the check: it was not over yet");
    world.program.serve().await;
    assert_eq!(world.program.ended(release).await, "canceled");
    assert!(!pids.into_iter().any(crate::hooks::runs));
    for number in [1, 2] {
        assert_eq!(world.program.node(release, &world.key(number, "before_deploy")).await["status"], "canceled");
        assert_eq!(world.live(number), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_an_upload() {
    let stall = Stall::new();
    let mut world = World::with(2, stall.sshd(), Repository::new(), &[]).await;
    add_noise(&world.repository);
    let release = world.start("v1", json!({})).await;
    stall.begun(&world.program, release).await;
    world.program.kill();
    assert_eq!(world.live(1), None);
    assert!(!world.site(1).join(format!("releases/{release}")).exists());
    stall.open();
    world.program.serve().await;
    assert_eq!(world.program.ended(release).await, "succeeded");
    assert_live(&world, 2);
    for number in 1..=2 {
        let incoming = world.site(number).join(".launchway/incoming");
        assert_eq!(std::fs::read_dir(incoming).into_iter().flatten().count(), 0, "a half upload is left");
    }
}
