//! What is live where: read from real servers, drift found and settled.

use std::os::unix::fs::symlink;

use reqwest::Method;
use serde_json::{Value, json};

use crate::program::{PATIENCE, Program};
use crate::world::{World, id};

/// Looks now; what was found on a server, counted from 1.
async fn check(world: &World) -> Value {
    world.program.post(&format!("/environments/{}/live/check", world.environment), json!({})).await
}

fn on(live: &Value, number: usize) -> &Value {
    &live["servers"][number - 1]
}

fn state(live: &Value, number: usize) -> (&str, &str) {
    let server = on(live, number);
    (server["state"].as_str().unwrap(), server["code"].as_str().unwrap_or("-"))
}

/// Asks until what is live somewhere is as wanted.
async fn until(program: &Program, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let live = program.get(path).await;
        if wanted(&live) {
            return live;
        }
        assert!(std::time::Instant::now() < deadline, "not as wanted: {live:#}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_drift_is_found_on_twelve_servers_and_settles_when_it_is_mended() {
    let world = World::with(
        12,
        launchway_engine::testing::sshd::Sshd::start(),
        crate::repository::Repository::new(),
        &[("LAUNCHWAY_LIVE_CHECK_INTERVAL", "0")],
    )
    .await;
    let empty = check(&world).await;
    assert!((1..=12).all(|number| state(&empty, number) == ("empty", "-")), "{empty:#}");
    let (first, status) = world.release("v1", json!({})).await;
    assert_eq!(status, "succeeded");
    // Nobody has looked since: that is what it says, with the release of the history.
    let before = world.program.get(&format!("/environments/{}/live", world.environment)).await;
    assert_eq!(state(&before, 1), ("never", "-"));
    assert_eq!(on(&before, 1)["release"]["id"], first);
    let (release, status) = world.release("v1", json!({})).await;
    assert_eq!(status, "succeeded");

    let well = check(&world).await;
    for number in 1..=12 {
        assert_eq!(state(&well, number), ("ok", "-"), "{well:#}");
        let server = on(&well, number);
        assert_eq!(server["release"]["id"], release);
        assert_eq!(server["release"]["ref"]["name"], "v1");
        assert_eq!(server["link"], format!("releases/{release}"));
        assert!(server["files_checked_at"].is_string() && server["live_since"].is_string(), "{server}");
    }
    assert_eq!(well["state"], "ok");

    let current = |number: usize| world.site(number).join("current");
    let put = |number: usize, to: &str| {
        std::fs::remove_file(current(number)).unwrap();
        symlink(to, current(number)).unwrap();
    };
    let page = |number: usize| current(number).join("index.html");
    std::fs::write(page(1), "forged\n").unwrap();
    std::fs::remove_file(page(2)).unwrap();
    std::fs::write(current(3).join("extra.txt"), "more\n").unwrap();
    put(4, "/srv/elsewhere");
    std::fs::remove_file(current(5)).unwrap();
    put(6, &format!("releases/{first}"));
    std::fs::remove_file(current(7)).unwrap();
    std::fs::create_dir(current(7)).unwrap();
    let aside = world.site(8).join("releases/aside");
    std::fs::rename(world.site(8).join(format!("releases/{release}")), &aside).unwrap();
    // Another key is not this server: nothing is asked of it.
    let wrong = json!({"fingerprint": "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8"});
    world.program.post(&format!("/servers/{}/host-key", world.servers[8]), wrong).await;

    let seen = world.program.get("/events?topics=wall&wait=0").await["next"].as_i64().unwrap();
    let found = check(&world).await;
    for (number, wanted, named) in [
        (1, ("drift", "files"), "index.html (has other content)"),
        (2, ("drift", "files"), "index.html (is missing)"),
        (3, ("drift", "files"), "extra.txt (does not belong there)"),
        (4, ("drift", "link"), "/srv/elsewhere"),
        (5, ("drift", "missing"), "is missing"),
        (6, ("drift", "release"), "moved the link by hand"),
        (7, ("drift", "directory"), "not a symbolic link"),
        (8, ("drift", "missing"), "that folder is gone"),
        (9, ("unreachable", "key_changed"), "SHA256:"),
        (10, ("ok", "-"), ""),
    ] {
        assert_eq!(state(&found, number), wanted, "web-{number}: {found:#}");
        let detail = on(&found, number)["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(named), "web-{number}: {detail}");
    }
    assert_eq!(found["state"], "unreachable", "the worst of it");
    assert_eq!(on(&found, 6)["release"]["id"], first, "what is there");
    assert_eq!(on(&found, 6)["expected"]["id"], release, "what should be");
    let all = world.program.get(&format!("/live?project={}", world.project)).await;
    assert_eq!(all["items"][0], found);

    // Told on the feed, with what is wrong.
    let told = world.program.get(&format!("/events?topics=project:{}&after={seen}&wait=0", world.project)).await;
    let drifted: Vec<&Value> = told["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["kind"] == "live.changed" && event["data"]["state"] == "drift")
        .collect();
    assert_eq!(drifted.len(), 8, "{told:#}");
    assert!(drifted.iter().any(|event| event["data"]["hostname"] == "web-4"
        && event["data"]["detail"]["en"].as_str().unwrap().contains("/srv/elsewhere")));

    // A look that finds the same tells nobody.
    let after = world.program.get("/events?topics=wall&wait=0").await["next"].as_i64().unwrap();
    check(&world).await;
    let quiet = world.program.get(&format!("/events?topics=wall&after={after}&wait=0")).await;
    assert_eq!(quiet["items"], json!([]), "{quiet:#}");

    std::fs::write(page(1), b"one\n").unwrap();
    std::fs::copy(page(10), page(2)).unwrap();
    std::fs::remove_file(current(3).join("extra.txt")).unwrap();
    std::fs::remove_dir(current(7)).unwrap();
    for number in [4, 6] {
        put(number, &format!("releases/{release}"));
    }
    for number in [5, 7] {
        symlink(format!("releases/{release}"), current(number)).unwrap();
    }
    std::fs::rename(&aside, world.site(8).join(format!("releases/{release}"))).unwrap();
    let right = json!({"fingerprint": world.sshd.fingerprint()});
    world.program.post(&format!("/servers/{}/host-key", world.servers[8]), right).await;
    let mended = check(&world).await;
    for number in 1..=12 {
        assert_eq!(state(&mended, number), ("ok", "-"), "web-{number}: {mended:#}");
    }
    let settled = world.program.get(&format!("/events?topics=wall&after={after}&wait=0")).await;
    assert_eq!(settled["items"].as_array().unwrap().len(), 9, "{settled:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_looks_by_itself_after_a_release_and_now_and_then() {
    let env = [("LAUNCHWAY_LIVE_CHECK_INTERVAL", "1")];
    let world =
        World::with(2, launchway_engine::testing::sshd::Sshd::start(), crate::repository::Repository::new(), &env)
            .await;
    let (release, status) = world.release("v1", json!({"after_deploy": "echo warm > cache.txt"})).await;
    assert_eq!(status, "succeeded");
    let path = format!("/environments/{}/live", world.environment);
    let live = until(&world.program, &path, |live| live["state"] == "ok").await;
    assert_eq!(on(&live, 2)["release"]["id"], release, "what a hook made is no drift");
    std::fs::write(world.site(2).join("current/index.html"), "forged\n").unwrap();
    let live = until(&world.program, &path, |live| live["state"] == "drift").await;
    assert_eq!((state(&live, 1), state(&live, 2)), (("ok", "-"), ("drift", "files")));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_looks_while_a_release_runs() {
    let world = World::new(1).await;
    let gate = world.sites.path().join("gate");
    let wait = format!("until [ -e '{}' ]; do sleep 0.05; done", gate.display());
    let release = world.start("v1", json!({"after_download": wait})).await;
    world.program.until(release, "the hook", |_, nodes| crate::run::running(nodes, "after_download")).await;
    let path = format!("/environments/{}/live/check", world.environment);
    let (status, said) = world.program.call(Method::POST, &path, Some(json!({}))).await;
    assert_eq!(status, 409, "{said}");
    assert!(said["detail"].as_str().unwrap().contains(&format!("Release {release} is running")), "{said}");
    let live = world.program.get(&format!("/environments/{}/live", world.environment)).await;
    assert_eq!(live["running"], release);
    std::fs::write(gate, "").unwrap();
    assert_eq!(world.program.ended(release).await, "succeeded");
    let nothing = world.program.call(Method::GET, "/environments/4711/live", None).await;
    assert_eq!(nothing.0, 404);
    let nothing = world.program.call(Method::GET, "/live?project=4711", None).await;
    assert_eq!(nothing.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_was_changed_where_it_is_live_is_put_right_by_going_back_to_it() {
    let world = World::new(3).await;
    let (release, status) = world.release("v1", json!({})).await;
    assert_eq!(status, "succeeded");
    let current = |number: usize| world.site(number).join("current");
    std::fs::write(current(1).join("index.html"), "forged\n").unwrap();
    std::fs::create_dir(current(2).join("extra")).unwrap();
    assert_eq!(check(&world).await["state"], "drift");

    let back = id(&world.program.post(&format!("/releases/{release}/rollback"), json!({})).await);
    assert_eq!(world.program.ended(back).await, "succeeded");
    for number in 1..=3 {
        assert_eq!(world.live(number), Some(world.repository.archive("v1")), "web-{number}");
        assert_eq!(current(number).read_link().unwrap().to_str(), Some(format!("releases/{back}").as_str()));
        // What was live is evidence, and stays.
        assert!(world.site(number).join(format!("releases/{release}")).exists());
    }
    assert_eq!(check(&world).await["state"], "ok");
}
