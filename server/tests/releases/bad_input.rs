//! What goes wrong, and what people get to read then.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use launchway_engine::testing::sshd::Sshd;
use reqwest::Method;
use serde_json::json;

use crate::repository::Repository;
use crate::world::{Stall, World, add_noise};

/// The English message of a failed node.
async fn message(world: &World, release: i64, key: &str) -> String {
    let node = world.program.node(release, key).await;
    assert_eq!(node["status"], "failed", "{node}");
    node["message"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ref_that_does_not_exist_is_refused_at_its_field() {
    let world = World::new(1).await;
    for (kind, name) in
        [("tag", "v9"), ("branch", "nope"), ("commit", "0123456789012345678901234567890123456789"), ("tag", "-x")]
    {
        let mut body = world.body(name, json!({}));
        body["ref"]["kind"] = json!(kind);
        let (status, problem) = world.program.call(Method::POST, "/releases", Some(body)).await;
        assert_eq!(status, 422, "{kind} {name}: {problem}");
        assert_eq!(problem["errors"][0]["field"], "ref.name", "{problem}");
    }
    assert_eq!(world.program.get("/releases").await["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn repositories_that_are_empty_or_gone() {
    let world = World::new(1).await;
    let empty = tempfile::tempdir().unwrap();
    assert!(std::process::Command::new("git").args(["init", "-q"]).arg(empty.path()).status().unwrap().success());
    for (url, word) in [(empty.path().to_str().unwrap(), "empty"), ("/nonexistent/shop.git", "/nonexistent/shop.git")] {
        let project = world.program.post("/projects", json!({"title": url, "repo_url": url})).await;
        let check = world.program.post(&format!("/projects/{}/check", project["id"]), json!({})).await;
        assert_eq!(check["ok"], false, "{check}");
        assert!(check["error"].to_string().contains(word), "{check}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_looks_like_a_command_is_a_tag() {
    let world = World::new(1).await;
    let tag = "v1;$(touch${IFS}owned)`id`'\"&|";
    world.repository.tag(tag);
    let hooks =
        json!({"after_download": "printf '%s' \"$LAUNCHWAY_REF\"", "before_deploy": "printf '%s' \"$LAUNCHWAY_REF\""});
    let (release, status) = world.release(tag, hooks).await;
    assert_eq!(status, "succeeded");
    assert_eq!(world.program.log_text(release, "after_download").await.trim_end(), tag);
    assert_eq!(world.program.log_text(release, &world.key(1, "before_deploy")).await.trim_end(), tag);
    for folder in [world.site(1), world.site(1).join("current"), world.program.data().to_owned()] {
        assert!(!folder.join("owned").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_and_titles_that_look_like_commands() {
    let world = World::new(1).await;
    let path = format!("{}/a b'\"$(touch owned);中文/{{hostname}}", world.sites.path().display());
    let environment = world
        .add_environment(json!({"name": "$(touch owned)", "kind": "test", "path": path, "server_ids": world.servers}))
        .await;
    let mut body = world.body(
        "v1",
        json!({"after_deploy": "cat \"$LAUNCHWAY_CURRENT_PATH/index.html\"; echo \"$LAUNCHWAY_ENVIRONMENT\""}),
    );
    body["environment_id"] = json!(environment);
    body["note"] = json!("`touch owned`");
    let release = crate::world::id(&world.program.post("/releases", body).await);
    world.program.post(&format!("/releases/{release}/start"), json!({})).await;
    assert_eq!(world.program.ended(release).await, "succeeded");
    assert_eq!(world.program.log_text(release, &world.key(1, "after_deploy")).await, "one\n$(touch owned)\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_file_names_arrive_as_they_are() {
    let world = World::new(2).await;
    let names: [&[u8]; 9] = [
        b"with space",
        b"new\nline",
        b"quote'\"",
        b"back\\slash\\n",
        "中文/文件".as_bytes(),
        b"-rf",
        b"\xff\xfe not utf8",
        b"$(touch owned)",
        b" leading and trailing ",
    ];
    for name in names {
        world.repository.write(std::ffi::OsStr::from_bytes(name), name);
    }
    std::os::unix::fs::symlink("nowhere\nat all", world.repository.path().join("dangling")).unwrap();
    world.repository.commit("Odd names");
    world.repository.tag("odd");
    let (_, status) = world.release("odd", json!({})).await;
    assert_eq!(status, "succeeded");
    for number in 1..=2 {
        assert_eq!(world.live(number), Some(world.repository.archive("odd")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_or_changed_its_key_fails_the_release_and_touches_nothing() {
    let mut world = World::new(1).await;
    world.release("v1", json!({})).await;
    let key = format!("server:{}", world.servers[0]);

    world.sshd.stop();
    let (release, status) = world.release("v1", json!({})).await;
    assert_eq!(status, "failed");
    let said = message(&world, release, &key).await;
    assert!(said.contains("refuses"), "{said}");

    world.sshd.rotate_host_key();
    if !world.sshd.is_running() {
        world.sshd.restart();
    }
    world.program.post(&format!("/releases/{release}/retry"), json!({})).await;
    assert_eq!(world.program.ended(release).await, "failed");
    let said = message(&world, release, &key).await;
    assert!(said.contains("key"), "{said}");
    let check = world.program.post(&format!("/servers/{}/check", world.servers[0]), json!({})).await;
    assert_eq!((&check["ok"], &check["host_key"]), (&json!(false), &json!(world.sshd.fingerprint())), "{check}");

    // Trusting the new key mends the same release.
    world
        .program
        .post(&format!("/servers/{}/host-key", world.servers[0]), json!({"fingerprint": world.sshd.fingerprint()}))
        .await;
    world.program.post(&format!("/releases/{release}/retry"), json!({})).await;
    assert_eq!(world.program.ended(release).await, "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_key_is_not_pinned_gets_no_release() {
    let world = World::new(0).await;
    let server = world
        .program
        .post(
            "/servers",
            json!({"hostname": "fresh", "address": world.sshd.address(),
        "port": world.sshd.port(), "credential_id": world.credential}),
        )
        .await;
    let server = crate::world::id(&server);
    let environment = format!("/environments/{}", world.environment);
    let (status, answer) = world.program.call(Method::PATCH, &environment, Some(json!({"server_ids": [server]}))).await;
    assert_eq!(status, 200, "{answer}");
    let (release, status) = world.release("v1", json!({})).await;
    assert_eq!(status, "failed");
    assert!(message(&world, release, &format!("server:{server}")).await.contains("key"));
    assert!(!world.sites.path().join("fresh").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn current_as_a_real_folder_stops_the_release_before_anything_is_touched() {
    let world = World::new(2).await;
    fs::create_dir_all(world.site(2).join("current")).unwrap();
    fs::write(world.site(2).join("current/precious"), "x").unwrap();
    let (release, status) = world.release("v1", json!({})).await;
    assert_eq!(status, "failed");
    assert!(message(&world, release, &format!("server:{}", world.servers[1])).await.contains("current"));
    assert_eq!(fs::read_to_string(world.site(2).join("current/precious")).unwrap(), "x");
    assert!(!world.site(1).join("current").exists());
    assert_eq!(fs::read_dir(world.site(1).join("releases")).into_iter().flatten().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_names_of_one_place_stop_the_release() {
    let world = World::new(2).await;
    let path = world.sites.path().join("same").display().to_string();
    let environment = format!("/environments/{}", world.environment);
    world.program.call(Method::PATCH, &environment, Some(json!({"path": path}))).await;
    let (_, status) = world.release("v1", json!({})).await;
    assert_eq!(status, "failed");
    assert!(!world.sites.path().join("same/current").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_tool_is_named() {
    let tools = [
        "sh",
        "mv",
        "mkdir",
        "rm",
        "ln",
        "readlink",
        "find",
        "cat",
        "sha256sum",
        "stat",
        "ls",
        "id",
        "rmdir",
        "setsid",
        "env",
        "printf",
        "test",
        "uname",
        "gzip",
        "hostname",
        "tr",
        "cut",
        "head",
        "tail",
        "wc",
        "sleep",
        "kill",
        "touch",
        "chmod",
        "xargs",
        "sed",
        "date",
        "dirname",
        "basename",
        "ps",
    ];
    let sshd = Sshd::builder().only_tools(tools).start();
    let world = World::with(1, sshd, Repository::new(), &[]).await;
    let (release, status) = world.release("v1", json!({})).await;
    assert_eq!(status, "failed");
    let said = message(&world, release, &format!("server:{}", world.servers[0])).await;
    assert!(said.contains("tar"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn busybox_is_enough() {
    let applets = [
        "sh",
        "tar",
        "mv",
        "setsid",
        "sha256sum",
        "mkdir",
        "rm",
        "rmdir",
        "ln",
        "readlink",
        "find",
        "cat",
        "gzip",
        "gunzip",
        "stat",
        "ls",
        "id",
        "env",
        "printf",
        "test",
        "[",
        "uname",
        "hostname",
        "tr",
        "cut",
        "head",
        "tail",
        "wc",
        "sleep",
        "kill",
        "touch",
        "chmod",
        "xargs",
        "sed",
        "date",
        "dirname",
        "basename",
        "ps",
        "grep",
        "awk",
        "dd",
        "true",
        "false",
        "echo",
        "cp",
        "sort",
        "mktemp",
        "df",
        "du",
        "expr",
        "nohup",
    ];
    let sshd = Sshd::builder().busybox(applets).start();
    let world = World::with(2, sshd, Repository::new(), &[]).await;
    let hooks = json!({"before_deploy": "echo before", "after_deploy": "echo after"});
    let (release, status) = world.release("v1", hooks).await;
    assert_eq!(status, "succeeded", "{:#}", world.program.get(&format!("/releases/{release}/nodes")).await);
    assert_eq!(world.live(2), Some(world.repository.archive("v1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_dropped_in_the_middle_of_an_upload_is_made_anew() {
    let stall = Stall::new();
    let world = World::with(1, stall.sshd(), Repository::new(), &[]).await;
    add_noise(&world.repository);
    let release = world.start("v1", json!({})).await;
    stall.begun(&world.program, release).await;
    assert_eq!(world.live(1), None);
    stall.open();
    world.sshd.drop_connections();
    assert_eq!(world.program.ended(release).await, "succeeded");
    assert_eq!(world.live(1), Some(world.repository.archive("v1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_in_the_middle_of_an_upload_leaves_nothing_half_done() {
    let stall = Stall::new();
    let mut world = World::with(1, stall.sshd(), Repository::new(), &[]).await;
    add_noise(&world.repository);
    let release = world.start("v1", json!({})).await;
    stall.begun(&world.program, release).await;
    world.sshd.stop();
    assert_eq!(world.program.ended(release).await, "failed");
    let said = message(&world, release, &world.key(1, "upload")).await;
    assert!(said.contains("web-1"), "{said}");
    assert_eq!(world.live(1), None);
    assert!(!world.site(1).join(format!("releases/{release}")).exists());

    stall.open();
    world.sshd.restart();
    world.program.post(&format!("/releases/{release}/retry"), json!({})).await;
    assert_eq!(world.program.ended(release).await, "succeeded");
    assert_eq!(world.live(1), Some(world.repository.archive("v1")));
}
