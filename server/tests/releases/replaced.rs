//! A retry on servers where something else went live since: nothing is called live that is not.

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::World;

fn link(world: &World, server: usize) -> PathBuf {
    world.site(server).join("current").read_link().unwrap()
}

/// One server may fail; a hook fails on web-2 until the file is there.
async fn tolerant(servers: usize) -> (World, Value, PathBuf) {
    let world = World::new(servers).await;
    let policy = json!({"policy": {"rollout": {"failure_budget": 1}}});
    let environment = format!("/environments/{}", world.environment);
    assert_eq!(world.program.call(Method::PATCH, &environment, Some(policy)).await.0, 200);
    let mended = world.sites.path().join("mended");
    let hook = format!("test \"$LAUNCHWAY_SERVER\" != web-2 || test -e '{}'", mended.display());
    (world, json!({"before_deploy": hook}), mended)
}

async fn retry(world: &World, release: i64) -> (StatusCode, Value) {
    world.program.call(Method::POST, &format!("/releases/{release}/retry"), Some(json!({}))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_another_one_has_replaced_is_not_retried() {
    let (world, hooks, mended) = tolerant(3).await;
    let (first, status) = world.release("v1", hooks.clone()).await;
    assert_eq!(status, "failed");
    // What never went live anywhere may be tried at any time.
    let (never, status) =
        world.release("v1", json!({"after_download": format!("test -e '{}'", mended.display())})).await;
    assert_eq!(status, "failed");
    let (second, status) = world.release("v1", json!({})).await;
    assert_eq!(status, "succeeded");
    std::fs::write(&mended, "").unwrap();

    let (code, refusal) = retry(&world, first).await;
    assert_eq!(code, 409, "{refusal}");
    assert!(refusal["detail"].as_str().unwrap().contains(&format!("Release {second} went live since")), "{refusal}");
    let state = world.program.get(&format!("/releases/{first}")).await;
    assert_eq!(state["status"], "failed");
    for server in 1..=3 {
        assert_eq!(link(&world, server), PathBuf::from(format!("releases/{second}")));
    }

    assert_eq!(retry(&world, never).await.0, 202);
    assert_eq!(world.program.ended(never).await, "succeeded");
    for server in 1..=3 {
        assert_eq!(link(&world, server), PathBuf::from(format!("releases/{never}")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_moved_by_hand_is_seen_before_a_retry_goes_on() {
    let (world, hooks, mended) = tolerant(2).await;
    let (before, status) = world.release("v1", json!({})).await;
    assert_eq!(status, "succeeded");
    let (release, status) = world.release("v1", hooks).await;
    assert_eq!(status, "failed");
    assert_eq!(link(&world, 1), PathBuf::from(format!("releases/{release}")));
    let old = PathBuf::from(format!("releases/{before}"));
    std::fs::remove_file(world.site(1).join("current")).unwrap();
    symlink(&old, world.site(1).join("current")).unwrap();
    std::fs::write(&mended, "").unwrap();

    assert_eq!(retry(&world, release).await.0, 202);
    assert_eq!(world.program.ended(release).await, "failed");
    let state = world.program.get(&format!("/releases/{release}")).await;
    assert!(state["error"].as_str().unwrap().contains("Something else went live on web-1"), "{state}");
    let nodes = world.program.get(&format!("/releases/{release}/nodes")).await;
    let server = nodes["items"].as_array().unwrap().iter().find(|node| node["text"] == "web-1").unwrap();
    assert_eq!((&server["live"]["release_id"], &server["live"]["change"]), (&json!(before), &json!("unchanged")));
    assert_eq!([link(&world, 1), link(&world, 2)], [old.clone(), old], "nothing was touched");

    // Who asks once more means it.
    assert_eq!(retry(&world, release).await.0, 202);
    assert_eq!(world.program.ended(release).await, "succeeded");
    for server in 1..=2 {
        assert_eq!(link(&world, server), PathBuf::from(format!("releases/{release}")));
    }
}
