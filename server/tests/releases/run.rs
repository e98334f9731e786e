//! Releases that go well, and what may be asked of them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_goes_live_on_every_server() {
    let world = World::new(3).await;
    let (release, status) = world.release("v1", json!({})).await;
    assert_eq!(status, "succeeded", "{:#}", world.program.get(&format!("/releases/{release}/nodes")).await);
    let expected = world.repository.archive("v1");
    for number in 1..=3 {
        assert_eq!(world.live(number), Some(expected.clone()), "web-{number}");
        let link = std::fs::read_link(world.site(number).join("current")).unwrap();
        assert_eq!(link, std::path::Path::new(&format!("releases/{release}")));
    }
    let nodes = world.program.get(&format!("/releases/{release}/nodes")).await;
    for node in nodes["items"].as_array().unwrap() {
        assert_eq!((&node["status"], &node["attempt"]), (&json!("succeeded"), &json!(1)), "{node}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_see_where_they_run_and_build_what_is_packed() {
    let world = World::new(1).await;
    let hooks = json!({
        "before_download": "test -z \"$(ls -A)\" && echo cache > kept",
        "after_download": "mkdir dist && cat index.html kept > dist/page && env | sort",
        "before_deploy": "echo \"$LAUNCHWAY_SERVER $LAUNCHWAY_ATTEMPT\"; cd \"$LAUNCHWAY_RELEASE_PATH\" && cat page",
        "after_deploy": "readlink \"$LAUNCHWAY_CURRENT_PATH\"; echo \"$LAUNCHWAY_PROJECT/$LAUNCHWAY_ENVIRONMENT/$LAUNCHWAY_REF\""
    });
    let path = format!("{}/packed/{{hostname}}", world.sites.path().display());
    let environment = world
        .add_environment(json!({"name": "packed", "kind": "test", "path": path, "server_ids": world.servers, "package_root": "dist"}))
        .await;
    let mut body = world.body("v1", hooks);
    body["environment_id"] = json!(environment);
    let release = crate::world::id(&world.program.post("/releases", body).await);
    world.program.post(&format!("/releases/{release}/start"), json!({})).await;
    assert_eq!(world.program.ended(release).await, "succeeded");

    let page = world.sites.path().join("packed/web-1/current/page");
    assert_eq!(std::fs::read_to_string(page).unwrap(), "one\ncache\n");
    let environment = world.program.log_text(release, "after_download").await;
    assert!(environment.contains("LAUNCHWAY_REF=v1"), "{environment}");
    assert!(!environment.contains("CARGO"), "a local hook starts from an empty environment: {environment}");
    assert!(world.program.log_text(release, &world.key(1, "before_deploy")).await.contains("web-1 1\none\ncache"));
    let after = world.program.log_text(release, &world.key(1, "after_deploy")).await;
    assert!(after.contains(&format!("releases/{release}")) && after.contains("shop/packed/v1"), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_server_keeps_every_server_as_it_was_and_retry_goes_on_from_there() {
    let world = World::new(2).await;
    let (first, status) = world.release("v1", json!({})).await;
    assert_eq!(status, "succeeded");
    world.repository.write("index.html", b"two\n");
    world.repository.commit("Second");
    world.repository.tag("v2");

    let marker = world.sites.path().join("mended");
    let gate = format!("test \"$LAUNCHWAY_SERVER\" = web-1 || test -e '{}'", marker.display());
    let (release, status) = world.release("v2", json!({"before_deploy": gate})).await;
    assert_eq!(status, "failed");
    for number in 1..=2 {
        assert_eq!(world.live(number), Some(world.repository.archive("v1")), "web-{number}");
        let link = std::fs::read_link(world.site(number).join("current")).unwrap();
        assert_eq!(link, std::path::Path::new(&format!("releases/{first}")));
    }
    let failed = world.program.node(release, &world.key(2, "before_deploy")).await;
    assert_eq!((&failed["status"], &failed["exit_status"]), (&json!("failed"), &json!(1)), "{failed}");
    let skipped = world.program.node(release, &world.key(1, "deploy")).await;
    assert_eq!(skipped["status"], "skipped");

    std::fs::write(marker, "").unwrap();
    world.program.post(&format!("/releases/{release}/retry"), json!({})).await;
    assert_eq!(world.program.ended(release).await, "succeeded");
    for number in 1..=2 {
        assert_eq!(world.live(number), Some(world.repository.archive("v2")), "web-{number}");
    }
    // What succeeded was not repeated.
    for (key, attempt) in [
        ("package".to_owned(), 1),
        (world.key(1, "upload"), 1),
        (world.key(1, "before_deploy"), 1),
        (world.key(2, "before_deploy"), 2),
    ] {
        assert_eq!(world.program.node(release, &key).await["attempt"], attempt, "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_release_at_a_time_for_an_environment() {
    let world = World::new(1).await;
    let gate = world.sites.path().join("gate");
    let wait = format!("until [ -e '{}' ]; do sleep 0.05; done", gate.display());
    let first = world.start("v1", json!({"after_download": wait})).await;
    let second = world.start("v1", json!({})).await;
    world.program.until(first, "the hook", |_, nodes| running(nodes, "after_download")).await;
    assert_eq!(world.program.get(&format!("/releases/{second}")).await["status"], "queued");
    std::fs::write(gate, "").unwrap();
    assert_eq!(world.program.ended(first).await, "succeeded");
    assert_eq!(world.program.ended(second).await, "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_who_press_start_at_once_start_it_once() {
    let world = World::new(1).await;
    for _ in 0..5 {
        let release = world.create("v1", json!({})).await;
        let path = format!("/releases/{release}/start");
        let (one, two) =
            tokio::join!(world.program.call(Method::POST, &path, None), world.program.call(Method::POST, &path, None));
        let mut statuses = [one.0.as_u16(), two.0.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [202, 409], "{} {}", one.1, two.1);
        assert_eq!(world.program.ended(release).await, "succeeded");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_releases_go_but_never_the_live_one_or_the_one_before() {
    let world = World::new(1).await;
    world.program.call(Method::PATCH, &format!("/environments/{}", world.environment), Some(json!({"keep": 1}))).await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        let (release, status) = world.release("v1", json!({})).await;
        assert_eq!(status, "succeeded");
        ids.push(release);
    }
    let mut kept: Vec<i64> = std::fs::read_dir(world.site(1).join("releases"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap())
        .collect();
    kept.sort_unstable();
    assert_eq!(kept, ids[2..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_brings_an_earlier_release_back() {
    let world = World::new(2).await;
    let (first, _) = world.release("v1", json!({})).await;
    world.repository.write("index.html", b"two\n");
    world.repository.commit("Second");
    world.repository.tag("v2");
    let (_, status) = world.release("v2", json!({})).await;
    assert_eq!(status, "succeeded");
    let back = world.program.post(&format!("/releases/{first}/rollback"), json!({})).await;
    assert_eq!(
        (&back["kind"], &back["commit"]),
        (&json!("rollback"), &json!(world.repository.git(&["rev-parse", "v1"])))
    );
    assert_eq!(world.program.ended(crate::world::id(&back)).await, "succeeded");
    for number in 1..=2 {
        assert_eq!(world.live(number), Some(world.repository.archive("v1")), "web-{number}");
    }
}

pub fn running(nodes: &[Value], key: &str) -> bool {
    nodes.iter().any(|node| node["key"] == key && node["status"] == "running")
}
