//! The program is killed (SIGKILL) while a release waits between batches, at a health gate, or goes back.

use serde_json::{Value, json};

use super::{back, holds, switched};
use crate::run::running;
use crate::world::World;

/// Waits until a file is there that a hook or command makes.
async fn there(path: &std::path::Path) {
    let deadline = std::time::Instant::now() + crate::program::PATIENCE;
    while !path.exists() {
        assert!(std::time::Instant::now() < deadline, "{} does not come", path.display());
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_canary_waits_for_somebody() {
    let mut world = World::new(3).await;
    world.rollout(json!({"strategy": "canary", "batch": 1})).await;
    let release = world.start("v1", json!({"after_deploy": world.noting("")})).await;
    let before = world.program.until(release, "the hold", holds).await;
    world.program.kill();
    world.program.serve().await;
    let after = world.program.until(release, "the hold again", holds).await;
    assert_eq!(before["hold"], after["hold"], "it waits since when it did");
    assert_eq!(world.versions(), ["v1", "-", "-"]);
    world.program.post(&format!("/releases/{release}/continue"), json!({})).await;
    // Once let go on, it does not wait again.
    world.program.kill();
    world.program.serve().await;
    assert_eq!(world.program.ended(release).await, "succeeded");
    assert_eq!(world.versions(), ["v1"; 3]);
    assert_eq!(world.order(), ["web-1", "web-2", "web-3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_canary_waits_for_a_time() {
    let mut world = World::new(2).await;
    world.rollout(json!({"strategy": "canary", "wait_seconds": 2})).await;
    let release = world.start("v1", json!({})).await;
    let state = world.program.until(release, "the hold", holds).await;
    assert!(!state["hold"]["until"].is_null());
    world.program.kill();
    world.program.serve().await;
    assert_eq!(world.program.ended(release).await, "succeeded");
    assert_eq!(world.versions(), ["v1"; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_canceled_canary_ends() {
    let mut world = World::new(2).await;
    world.rollout(json!({"strategy": "canary"})).await;
    let release = world.start("v1", json!({})).await;
    world.program.until(release, "the hold", holds).await;
    world.program.post(&format!("/releases/{release}/cancel"), json!({})).await;
    world.program.kill();
    world.program.serve().await;
    assert_eq!(world.program.ended(release).await, "canceled");
    assert_eq!(world.versions(), ["v1", "-"]);
    let state = world.program.get(&format!("/releases/{release}")).await;
    assert!(state["hold"].is_null(), "{state}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_batches() {
    let mut world = World::new(3).await;
    world.rollout(json!({"strategy": "batches", "batch": 1})).await;
    let release = world.create("v1", json!({"after_deploy": world.noting("")})).await;
    let mut seq = world.program.get(&format!("/releases/{release}")).await["seq"].as_i64().unwrap();
    world.program.post(&format!("/releases/{release}/start"), json!({})).await;
    // At every beginning and end of a step on a server.
    let mut kills = 0;
    'killing: loop {
        let events = world.program.get(&format!("/events?topics=release:{release}&after={seq}&wait=30")).await;
        for event in events["items"].as_array().unwrap() {
            seq = event["seq"].as_i64().unwrap();
            let status = event["data"]["status"].as_str().unwrap_or_default();
            match event["kind"].as_str().unwrap() {
                "release.status" if matches!(status, "succeeded" | "failed" | "canceled") => break 'killing,
                "node.status" if !event["data"]["server_id"].is_null() && matches!(status, "running" | "succeeded") => {
                    world.program.kill();
                    kills += 1;
                    world.program.serve().await;
                    continue 'killing;
                }
                _ => {}
            }
        }
    }
    assert_eq!(world.program.ended(release).await, "succeeded");
    assert!(kills > 8, "{kills} kills are not every boundary");
    assert_eq!(world.versions(), ["v1"; 3]);
    assert_eq!(world.order(), ["web-1", "web-2", "web-3"]);
    assert_eq!(world.named(release).await, vec![switched(release); 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_the_health_gate() {
    let mut world = World::new(2).await;
    let folder = world.sites.path().display().to_string();
    let command = format!(": > '{folder}/asked'; [ -e '{folder}/well' ]");
    let gate = json!({"kind": "command", "command": command, "tries": 100, "interval_seconds": 1});
    world.rollout(json!({"strategy": "batches", "batch": 1, "health": gate})).await;
    let release = world.start("v1", json!({})).await;
    let node = world.key(1, "health");
    world.program.until(release, "the gate", |_, nodes| running(nodes, &node)).await;
    there(&world.sites.path().join("asked")).await;
    world.program.kill();
    world.program.serve().await;
    world.program.until(release, "the gate again", |_, nodes| running(nodes, &node)).await;
    assert_eq!(world.versions(), ["v1", "-"]);
    std::fs::write(world.sites.path().join("well"), "").unwrap();
    assert_eq!(world.program.ended(release).await, "succeeded");
    assert_eq!(world.versions(), ["v1", "v1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_on_the_way_back() {
    let mut world = World::new(3).await;
    let (first, _) = world.release("v1", json!({})).await;
    world.second_version();
    let gate = json!({"kind": "command", "command": "[ \"$LAUNCHWAY_SERVER\" != web-2 ]", "tries": 1});
    world.rollout(json!({"on_failure": "switch_back", "health": gate})).await;
    let release = world.start("v2", json!({})).await;
    // From the failure on, at every change, until it is over.
    let failed = |_: &Value, nodes: &[Value]| nodes.iter().any(|node| node["status"] == "failed");
    world.program.until(release, "the failure", failed).await;
    for _ in 0..3 {
        world.program.kill();
        world.program.serve().await;
    }
    assert_eq!(world.program.ended(release).await, "failed");
    assert_eq!(world.versions(), ["v1"; 3]);
    assert_eq!(world.named(release).await, vec![back(first); 3]);
}
