//! Back to an earlier release, on to another environment, and a retry that leaves alone what is done.

use std::path::PathBuf;

use launchway_engine::testing::sshd::Sshd;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, id};

/// Commits another page and tags it.
fn next(world: &World, tag: &str) {
    world.repository.write("index.html", format!("{tag}\n").as_bytes());
    world.repository.commit(tag);
    world.repository.tag(tag);
}

/// Releases v1 and then v2; their ids.
async fn two(world: &World) -> (i64, i64) {
    let (first, status) = world.release("v1", json!({})).await;
    assert_eq!(status, "succeeded");
    next(world, "v2");
    let (second, status) = world.release("v2", json!({})).await;
    assert_eq!(status, "succeeded");
    (first, second)
}

fn folder(world: &World, server: usize, release: i64) -> PathBuf {
    world.site(server).join(format!("releases/{release}"))
}

fn kinds(nodes: &Value) -> Vec<&str> {
    nodes["items"].as_array().unwrap().iter().map(|node| node["kind"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_sends_only_what_a_server_no_longer_holds() {
    let world = World::new(3).await;
    let (first, second) = two(&world).await;
    // web-2 holds it no longer, and on web-3 a file was changed.
    std::fs::remove_dir_all(folder(&world, 2, first)).unwrap();
    std::fs::write(folder(&world, 3, first).join("index.html"), "forged\n").unwrap();
    let path = format!("/environments/{}/rollbacks", world.environment);
    let list = world.program.get(&format!("{path}?held=true")).await;
    let items = list["items"].as_array().unwrap();
    let told: Vec<_> = items.iter().map(|one| (&one["id"], &one["live"], &one["held"], &one["stored"])).collect();
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(told, [(&json!(second), &yes, &json!(3), &yes), (&json!(first), &no, &json!(2), &yes)], "{list}");
    assert_eq!((&list["servers"], &list["unasked"]), (&json!(3), &json!([])));

    let back = world.program.post(&path, json!({"release_id": first})).await;
    assert_eq!((&back["kind"], &back["rollback_of"]), (&json!("rollback"), &json!(first)));
    let back = id(&back);
    assert_eq!(world.program.ended(back).await, "succeeded");
    for number in 1..=3 {
        assert_eq!(world.live(number), Some(world.repository.archive("v1")), "web-{number}");
    }
    for (number, said) in [(1, "already and verified, nothing sent"), (2, " sent"), (3, "not what was packed")] {
        let log = world.program.log_text(back, &world.key(number, "upload")).await;
        assert!(log.contains(said), "web-{number}: {log}");
        assert_eq!(log.contains("nothing sent"), number == 1, "web-{number}: {log}");
    }
    // Without a number: what was live before, which now is the second.
    let forth = id(&world.program.post(&path, json!({})).await);
    assert_eq!(world.program.ended(forth).await, "succeeded");
    assert_eq!(world.live(1), Some(world.repository.archive("v2")));
    let list = world.program.get(&path).await;
    assert_eq!((&list["items"][0]["id"], &list["items"][0]["live"]), (&json!(second), &yes), "each tree once: {list}");
    assert_eq!(list["items"][0]["held"], Value::Null, "nobody was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_release_has_left_half_done_is_put_back() {
    let world = World::new(3).await;
    let (first, second) = two(&world).await;
    let path = format!("/environments/{}/rollbacks", world.environment);
    let told = async || {
        let list = world.program.get(&path).await;
        let items = list["items"].as_array().unwrap().iter();
        let items: Vec<_> = items.map(|one| json!([one["id"], one["live"], one["live_on"]])).collect();
        let parts = list["parts"].as_array().unwrap().iter();
        (items, parts.map(|part| json!([part["release_id"], part["hostnames"]])).collect::<Vec<_>>())
    };
    let all = json!([second, ["web-1", "web-2", "web-3"]]);
    assert_eq!(told().await, (vec![json!([second, true, 3]), json!([first, false, 0])], vec![all.clone()]));

    world.rollout(json!({"strategy": "canary"})).await;
    let third = world.start("v1", json!({})).await;
    world.program.until(third, "the hold", crate::rollout::holds).await;
    world.program.post(&format!("/releases/{third}/cancel"), json!({})).await;
    assert_eq!(world.program.ended(third).await, "canceled");
    let half = vec![json!([second, ["web-2", "web-3"]]), json!([third, ["web-1"]])];
    assert_eq!(told().await, (vec![json!([second, false, 2]), json!([first, false, 0])], half));
    // Nobody has tried what is live on a part of the servers: it does not go on to production.
    let live = production(&world, json!({})).await;
    let promote = format!("/environments/{live}/promote");
    let (status, refusal) = world.program.call(Method::POST, &promote, Some(json!({}))).await;
    assert_eq!(status, 409, "{refusal}");
    let said = format!("web-1 has release {third} by now");
    assert!(refusal["detail"].as_str().unwrap().contains(&said), "{refusal}");

    // Without a number: what it has replaced, and not what was there before that.
    let back = world.program.post(&path, json!({})).await;
    assert_eq!(back["rollback_of"], second, "{back}");
    assert_eq!(world.program.ended(id(&back)).await, "succeeded");
    assert_eq!(world.live(1), Some(world.repository.archive("v2")));
    assert_eq!(told().await, (vec![json!([second, true, 3]), json!([first, false, 0])], vec![all]));

    // One that failed after it had switched everywhere is as little what is live as what it has replaced.
    world.rollout(json!({"strategy": "all_at_once"})).await;
    let (failed, status) = world.release("v1", json!({"after_deploy": "exit 3"})).await;
    assert_eq!(status, "failed");
    let gone = vec![json!([failed, ["web-1", "web-2", "web-3"]])];
    assert_eq!(told().await, (vec![json!([second, false, 0]), json!([first, false, 0])], gone));
    let back = world.program.post(&path, json!({})).await;
    assert_eq!(back["rollback_of"], second, "{back}");
    assert_eq!(world.program.ended(id(&back)).await, "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_artifact_a_rollback_builds_again_and_says_so() {
    let world = World::new(1).await;
    let build = json!({"after_download": "echo built > built"});
    let (first, status) = world.release("v1", build).await;
    assert_eq!(status, "succeeded");
    next(&world, "v2");
    world.release("v2", json!({})).await;
    std::fs::remove_dir_all(world.program.data().join(format!("artifacts/{first}"))).unwrap();
    let list = world.program.get(&format!("/environments/{}/rollbacks", world.environment)).await;
    assert_eq!(list["items"][1]["stored"], false, "{list}");

    let back = id(&world.program.post(&format!("/releases/{first}/rollback"), json!({})).await);
    assert_eq!(world.program.ended(back).await, "succeeded");
    let nodes = world.program.get(&format!("/releases/{back}/nodes")).await;
    assert_eq!(kinds(&nodes)[..4], ["start", "download", "after_download", "package"], "{nodes:#}");
    let log = world.program.log_text(back, "start").await;
    assert!(log.contains("built again from the commit"), "{log}");
    let live = world.site(1).join("current");
    assert_eq!(std::fs::read_to_string(live.join("built")).unwrap(), "built\n");
    assert_eq!(std::fs::read_to_string(live.join("index.html")).unwrap(), "one\n");
    // It has an artifact of its own now, to which one can go back without building.
    let forth = id(&world.program.post(&format!("/environments/{}/rollbacks", world.environment), json!({})).await);
    assert_eq!(world.program.ended(forth).await, "succeeded");
    let again = world.program.post(&format!("/releases/{back}/rollback"), json!({})).await;
    assert_eq!(again["rollback_of"], back);
    let again = id(&again);
    assert_eq!(world.program.ended(again).await, "succeeded");
    let nodes = world.program.get(&format!("/releases/{again}/nodes")).await;
    assert!(!kinds(&nodes).contains(&"package"), "{nodes:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_needs_nothing_from_a_server_that_is_done() {
    let mut world = World::new(1).await;
    let mut quiet = Sshd::start();
    let key = json!({"name": "quiet", "kind": "ssh_key", "username": quiet.username(), "secret": quiet.private_key()});
    let credential = id(&world.program.post("/credentials", key).await);
    let server =
        json!({"hostname": "web-2", "address": quiet.address(), "port": quiet.port(), "credential_id": credential});
    let server = id(&world.program.post("/servers", server).await);
    world.program.post(&format!("/servers/{server}/host-key"), json!({"fingerprint": quiet.fingerprint()})).await;
    world.servers.push(server);
    let body = json!({"server_ids": world.servers});
    world.program.call(Method::PATCH, &format!("/environments/{}", world.environment), Some(body)).await;

    let (mended, runs) = (world.sites.path().join("mended"), world.sites.path().join("runs"));
    let hook = format!(
        "echo \"$LAUNCHWAY_SERVER $LAUNCHWAY_ATTEMPT\" >> '{}'; test \"$LAUNCHWAY_SERVER\" = web-2 || test -e '{}'",
        runs.display(),
        mended.display()
    );
    let (release, status) = world.release("v1", json!({"after_deploy": hook})).await;
    assert_eq!(status, "failed");
    // Whoever needed it from here on would fail.
    quiet.stop();
    let packed = world.program.data().join(format!("artifacts/{release}/meta.json"));
    let written = std::fs::metadata(&packed).unwrap().modified().unwrap();

    std::fs::write(&mended, "").unwrap();
    world.program.post(&format!("/releases/{release}/retry"), json!({})).await;
    assert_eq!(world.program.ended(release).await, "succeeded");
    assert!(!world.program.log().contains("tidying up a server"), "{}", world.program.log());
    assert_eq!(std::fs::metadata(&packed).unwrap().modified().unwrap(), written, "the same artifact");
    let mut runs: Vec<String> = std::fs::read_to_string(runs).unwrap().lines().map(str::to_owned).collect();
    runs.sort();
    assert_eq!(runs, ["web-1 1", "web-1 2", "web-2 1"]);
    for (number, kind, attempt) in [(1, "upload", 1), (1, "deploy", 1), (1, "after_deploy", 2), (2, "after_deploy", 1)]
    {
        let node = world.program.node(release, &world.key(number, kind)).await;
        assert_eq!((&node["status"], &node["attempt"]), (&json!("succeeded"), &json!(attempt)), "{node}");
    }
    // Nothing is left in our folder of the hooks of either.
    for number in 1..=2 {
        let hooks = world.site(number).join(".launchway/hooks");
        assert_eq!(std::fs::read_dir(hooks).into_iter().flatten().count(), 0, "web-{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_staged_before_a_retry_is_verified_again_before_it_goes_live() {
    let world = World::new(3).await;
    let (_, status) = world.release("v1", json!({})).await;
    assert_eq!(status, "succeeded");
    next(&world, "v2");
    // On web-3 something lies in the way, so that nothing switches.
    let release = world.create("v2", json!({})).await;
    std::fs::write(folder(&world, 3, release), "").unwrap();
    world.program.post(&format!("/releases/{release}/start"), json!({})).await;
    assert_eq!(world.program.ended(release).await, "failed");
    assert_eq!(world.live(1), Some(world.repository.archive("v1")));
    std::fs::remove_file(folder(&world, 3, release)).unwrap();
    std::fs::remove_dir_all(folder(&world, 1, release)).unwrap();
    std::fs::write(folder(&world, 2, release).join("index.html"), "forged\n").unwrap();
    world.program.post(&format!("/releases/{release}/retry"), json!({})).await;
    assert_eq!(world.program.ended(release).await, "succeeded");
    for number in 1..=3 {
        assert_eq!(world.live(number), Some(world.repository.archive("v2")), "web-{number}");
    }
}

/// A second environment of the project, for production, with folders of its own.
async fn production(world: &World, more: Value) -> i64 {
    let path = format!("{}/live-{{hostname}}", world.sites.path().display());
    let mut body = json!({"name": "live", "kind": "prod", "path": path, "server_ids": world.servers});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.add_environment(body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_live_in_test_goes_to_production_as_the_same_bytes() {
    let world = World::new(2).await;
    let live = production(&world, json!({})).await;
    let promote = format!("/environments/{live}/promote");
    let (status, problem) = world.program.call(Method::POST, &promote, Some(json!({}))).await;
    assert_eq!(status, 409, "nothing is live in test: {problem}");
    // What a build makes of chance would not be the same twice.
    let build = json!({"after_download": "head -c 16 /dev/urandom | od -An -tx1 > chance", "after_deploy": "echo \"$LAUNCHWAY_ENVIRONMENT\""});
    let (tested, status) = world.release("v1", build).await;
    assert_eq!(status, "succeeded");
    let plan = world.program.get(&format!("/environments/{live}/promotion")).await;
    assert_eq!(
        (&plan["release"]["id"], &plan["same_artifact"], &plan["rules"][0]["ok"]),
        (&json!(tested), &json!(true), &json!(true)),
        "{plan}"
    );
    let made = world.program.post(&promote, json!({"from": world.environment})).await;
    assert_eq!((&made["promoted_from"], &made["kind"]), (&json!(tested), &json!("release")), "{made}");
    let made = id(&made);
    assert_eq!(world.program.ended(made).await, "succeeded");
    let nodes = world.program.get(&format!("/releases/{made}/nodes")).await;
    assert!(!kinds(&nodes).iter().any(|kind| ["download", "after_download", "package"].contains(kind)), "{nodes:#}");
    let meta = |release: i64| {
        let text = std::fs::read(world.program.data().join(format!("artifacts/{release}/meta.json"))).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()
    };
    assert_eq!(meta(made), meta(tested), "archive and manifest");
    for number in 1..=2 {
        let there = world.sites.path().join(format!("live-web-{number}/current/chance"));
        let here = world.site(number).join("current/chance");
        assert_eq!(std::fs::read(there).unwrap(), std::fs::read(here).unwrap(), "web-{number}");
    }
    let log = world.program.log_text(made, &world.key(1, "after_deploy")).await;
    assert!(log.contains("live"), "hooks on servers see where they are: {log}");

    // The policy may want it built again, and then that is said.
    let policy = json!({"policy": {"rules": {"promote_rebuilds": true}}});
    world.program.call(Method::PATCH, &format!("/environments/{live}"), Some(policy)).await;
    let plan = world.program.get(&format!("/environments/{live}/promotion")).await;
    assert_eq!(plan["same_artifact"], false, "{plan}");
    let built = id(&world.program.post(&promote, json!({})).await);
    assert_eq!(world.program.ended(built).await, "succeeded");
    assert!(world.program.log_text(built, "start").await.contains("built again"));
    assert_ne!(meta(built), meta(tested));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_asks_where_it_goes_is_made_for_each_environment() {
    let world = World::new(1).await;
    let live = production(&world, json!({})).await;
    let build = json!({"after_download": "echo \"for $LAUNCHWAY_ENVIRONMENT\" > place"});
    assert_eq!(world.release("v1", build).await.1, "succeeded");
    let plan = world.program.get(&format!("/environments/{live}/promotion")).await;
    assert!(plan["rebuilt"].as_str().unwrap().contains("LAUNCHWAY_ENVIRONMENT"), "{plan}");
    let made = id(&world.program.post(&format!("/environments/{live}/promote"), json!({})).await);
    assert_eq!(world.program.ended(made).await, "succeeded");
    let place = world.sites.path().join("live-web-1/current/place");
    assert_eq!(std::fs::read_to_string(place).unwrap(), "for live\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_node_boundary_of_a_rollback_and_of_a_retry() {
    let mut world = World::new(2).await;
    let (first, _) = two(&world).await;
    std::fs::remove_dir_all(folder(&world, 2, first)).unwrap();
    let back = id(&world.program.post(&format!("/releases/{first}/rollback"), json!({})).await);
    let kills = killed(&mut world, back).await;
    assert!(kills > 5, "{kills} kills are not every boundary");
    assert_eq!(world.program.get(&format!("/releases/{back}")).await["status"], "succeeded");
    for number in 1..=2 {
        assert_eq!(world.live(number), Some(world.repository.archive("v1")), "web-{number}");
        let link = std::fs::read_link(world.site(number).join("current")).unwrap();
        assert_eq!(link, PathBuf::from(format!("releases/{first}")), "web-{number}");
    }

    let mended = world.sites.path().join("mended");
    let gate = format!("test \"$LAUNCHWAY_SERVER\" = web-1 || test -e '{}'", mended.display());
    let (release, status) = world.release("v2", json!({"before_deploy": gate, "after_deploy": "true"})).await;
    assert_eq!(status, "failed");
    std::fs::write(&mended, "").unwrap();
    world.program.post(&format!("/releases/{release}/retry"), json!({})).await;
    let kills = killed(&mut world, release).await;
    assert!(kills > 5, "{kills} kills are not every boundary");
    assert_eq!(world.program.get(&format!("/releases/{release}")).await["status"], "succeeded");
    for number in 1..=2 {
        assert_eq!(world.live(number), Some(world.repository.archive("v2")), "web-{number}");
    }
    for (key, attempt) in
        [("package".to_owned(), 1), (world.key(1, "before_deploy"), 1), (world.key(2, "before_deploy"), 2)]
    {
        assert_eq!(world.program.node(release, &key).await["attempt"], attempt, "{key}");
    }
}

/// Kills the program whenever a node of the release begins or ends, until the release has ended; how often.
async fn killed(world: &mut World, release: i64) -> usize {
    let mut seq = world.program.get(&format!("/releases/{release}")).await["seq"].as_i64().unwrap() - 1;
    let mut kills = 0;
    loop {
        let events = world.program.get(&format!("/events?topics=release:{release}&after={seq}&wait=30")).await;
        for event in events["items"].as_array().unwrap() {
            seq = event["seq"].as_i64().unwrap();
            let status = event["data"]["status"].as_str().unwrap_or_default();
            match event["kind"].as_str().unwrap() {
                "release.status" if matches!(status, "succeeded" | "failed" | "canceled") => return kills,
                "node.status" if matches!(status, "running" | "succeeded") => {
                    world.program.kill();
                    kills += 1;
                    world.program.serve().await;
                    break;
                }
                _ => {}
            }
        }
    }
}
