use launchway_domain::variable::{MAX_VALUE, MAX_VARIABLES};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Client, faults};

/// An environment, by its address.
async fn environment(app: &TestApp, client: &Client, title: &str) -> String {
    let project = json!({"title": title, "repo_url": app.repository()});
    let project = client.post("/api/v1/projects", project).await.id();
    let form = json!({"name": "test", "kind": "test", "path": "/srv/x", "server_ids": []});
    let id = client.post(&format!("/api/v1/projects/{project}/environments"), form).await.id();
    format!("/api/v1/environments/{id}")
}

#[tokio::test]
async fn secrets_go_in_and_never_come_back() {
    let (app, client) = TestApp::start().await;
    let list = format!("{}/variables", environment(&app, &client, "Shop").await);
    let at = |name: &str| format!("{list}/{name}");
    let plain = client.put(&at("REGION"), json!({"value": "eu\nwest"})).await.json(200);
    assert_eq!((&plain["value"], &plain["secret"]), (&json!("eu\nwest"), &json!(false)));
    let secret = client.put(&at("TOKEN"), json!({"value": "canary-7001", "secret": true})).await.json(200);
    assert_eq!((&secret["value"], &secret["secret"]), (&Value::Null, &json!(true)));
    let listed = client.get(&list).await;
    assert!(!listed.text.contains("canary-7001"));
    let names: Vec<Value> =
        listed.json(200)["items"].as_array().unwrap().iter().map(|item| item["name"].clone()).collect();
    assert_eq!(names, ["REGION", "TOKEN"]);

    // A secret becomes plain only together with a new value, and the other way round.
    client.put(&at("REGION"), json!({"value": "canary-7002", "secret": true})).await.json(200);
    assert!(!client.get(&list).await.text.contains("canary-7002"));
    assert_eq!(client.delete(&at("TOKEN")).await.status, 204);
    client.delete(&at("TOKEN")).await.problem(404);

    let entries = client.get("/api/v1/audit?what=variable").await.json(200);
    let entries = entries["items"].as_array().unwrap();
    let whats: Vec<&str> = entries.iter().rev().map(|entry| entry["what"].as_str().unwrap()).collect();
    assert_eq!(whats, ["variable.create", "variable.create", "variable.update", "variable.delete"]);
    assert_eq!(entries[0]["thing"]["name"], "TOKEN");
    assert!(!format!("{entries:?}").contains("canary-7") && !format!("{entries:?}").contains("west"));
}

#[tokio::test]
async fn what_hooks_cannot_be_given_is_refused() {
    let (app, client) = TestApp::start().await;
    let environment = environment(&app, &client, "Shop").await;
    let at = |name: &str| format!("{environment}/variables/{name}");
    let form = |value: &str, secret: bool| json!({"value": value, "secret": secret});
    for (name, value, secret, expected) in [
        ("1A", "x", false, ("name", "variable_name")),
        ("A-B", "x", false, ("name", "variable_name")),
        ("A%3DB", "x", false, ("name", "variable_name")),
        ("PATH", "x", false, ("name", "reserved")),
        ("LD_PRELOAD", "x", false, ("name", "reserved")),
        ("LAUNCHWAY_REF", "x", false, ("name", "reserved")),
        ("A", "abc", true, ("value", "secret_short")),
        ("A", "a\0b", false, ("value", "nul")),
    ] {
        let refused = client.put(&at(name), form(value, secret)).await;
        assert_eq!(refused.faults(), faults(&[expected]), "{name}={value}");
    }
    let long = client.put(&at("A"), form(&"x".repeat(MAX_VALUE + 1), false)).await;
    assert_eq!(long.faults(), faults(&[("value", "too_long")]));
    assert_eq!(client.put(&at("A"), json!({"secret": true})).await.faults(), faults(&[("value", "required")]));
    client.put("/api/v1/environments/999/variables/A", form("x", false)).await.problem(404);
    // Too many, and too much in them.
    for i in 0..8 {
        client.put(&at(&format!("LONG_{i}")), form(&"x".repeat(MAX_VALUE), false)).await.json(200);
    }
    let full = client.put(&at("MORE"), form("x", false)).await.problem(409);
    assert!(full["detail"].as_str().unwrap().contains("512 KiB together"), "{full}");
    for i in 0..8 {
        client.delete(&at(&format!("LONG_{i}"))).await;
    }
    for i in 0..MAX_VARIABLES {
        client.put(&at(&format!("V_{i}")), form("x", false)).await.json(200);
    }
    client.put(&at("MORE"), form("x", false)).await.problem(409);
    client.put(&at("V_7"), form("another", false)).await.json(200);
}

#[tokio::test]
async fn what_a_release_takes_along_is_checked() {
    let (app, client) = TestApp::start().await;
    let environment = environment(&app, &client, "Shop").await;
    let takes = |takes: Value| json!({"policy": {"takes": takes}});
    for (bad, field, code) in [
        (json!({"exclude": ["*.map", "a["]}), "policy.takes.exclude", "pattern"),
        (json!({"exclude": vec!["x"; 101]}), "policy.takes.exclude", "too_many"),
        (json!({"exclude": ["x".repeat(201)]}), "policy.takes.exclude", "too_long"),
        (json!({"shared_folders": ["/srv"]}), "policy.takes.shared_folders", "shared_relative"),
        (json!({"shared_folders": ["a/../b"]}), "policy.takes.shared_folders", "path_dots"),
        (json!({"shared_files": ["a//b"]}), "policy.takes.shared_files", "shared_path"),
        (json!({"shared_folders": ["a", "a/"]}), "policy.takes.shared_folders", "duplicate"),
        (json!({"shared_folders": ["a", "a/b"]}), "policy.takes.shared_folders", "nested"),
        (json!({"owner": "www data"}), "policy.takes.owner", "owner"),
        (json!({"file_mode": "999"}), "policy.takes.file_mode", "octal"),
        (json!({"folder_mode": "644"}), "policy.takes.folder_mode", "owner_enters"),
        (json!({"cache_mib": 4_000_000}), "policy.takes.cache_mib", "out_of_range"),
    ] {
        let refused = client.patch(&environment, takes(bad.clone())).await;
        assert_eq!(refused.faults(), faults(&[(field, code)]), "{bad}");
    }
    let pattern = client.patch(&environment, takes(json!({"exclude": ["fine", "a["]}))).await.problem(422);
    assert!(pattern["errors"][0]["message"].as_str().unwrap().starts_with("a[ is no pattern"), "{pattern}");
    let good = json!({"exclude": ["*.map", ""], "shared_folders": ["storage/"], "shared_files": ["config/app.env"],
        "owner": "www-data", "file_mode": "0640", "folder_mode": "750"});
    let kept = client.patch(&environment, takes(good)).await.json(200)["policy"]["takes"].clone();
    assert_eq!((&kept["exclude"], &kept["shared_folders"]), (&json!(["*.map"]), &json!(["storage"])));
    assert_eq!((&kept["owner"], &kept["file_mode"]), (&json!("www-data"), &json!("0640")));
}

#[tokio::test]
async fn variables_are_their_projects_own() {
    use launchway_domain::Role;
    let (app, client) = TestApp::start().await;
    let list = format!("{}/variables", environment(&app, &client, "Shop").await);
    let developer = app.person("dev", Role::Developer).await;
    developer.get(&list).await.json(200);
    developer.put(&format!("{list}/A"), json!({"value": "x"})).await.problem(403);
    developer.delete(&format!("{list}/A")).await.problem(403);
    let member = app.person("kim", Role::Member).await;
    member.get(&list).await.problem(403);
}
