use reqwest::Method;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Client, send};

/// A project over a real repository with an environment that has no servers: the body of a release.
async fn ready(app: &TestApp, client: &Client) -> Value {
    let project = json!({"title": "Shop", "repo_url": app.repository()});
    let project = client.post("/api/v1/projects", project).await.id();
    let environment = json!({"name": "live", "kind": "test", "path": "/srv/shop"});
    let environment = client.post(&format!("/api/v1/projects/{project}/environments"), environment).await.id();
    json!({"project_id": project, "environment_id": environment, "ref": {"kind": "tag", "name": "v2"}})
}

#[tokio::test]
async fn a_release_is_made_from_a_tag_and_waits() {
    let (app, client) = TestApp::start().await;
    let mut body = ready(&app, &client).await;
    body["hooks"] = json!({"before_download": null, "after_deploy": "echo done"});
    body["note"] = json!("先试 <i>");
    let made = client.post("/api/v1/releases", body).await;
    let id = made.id();
    let release = made.json(201);
    assert_eq!(made.header("location"), format!("/api/v1/releases/{id}"));
    assert_eq!((release["kind"].clone(), release["status"].clone()), (json!("release"), json!("pending")));
    assert_eq!(release["commit"].as_str().unwrap().len(), 40);

    let one = client.get(&format!("/api/v1/releases/{id}")).await.json(200);
    assert!(one["seq"].is_i64() && one["hooks"]["after_deploy"] == "echo done", "{one}");
    let nodes = client.get(&format!("/api/v1/releases/{id}/nodes")).await.json(200);
    assert_eq!((nodes["items"].clone(), nodes["seq"].clone()), (json!([]), one["seq"].clone()));
    assert_eq!(client.get("/api/v1/releases").await.json(200)["items"][0]["id"], id);
    client.delete("/api/v1/releases/1").await.problem(405);
}

#[tokio::test]
async fn a_ref_that_is_not_there_is_bad_input() {
    let (app, client) = TestApp::start().await;
    let mut body = ready(&app, &client).await;
    for name in ["v9", "v1;$(touch owned)", "refs/../x"] {
        body["ref"]["name"] = json!(name);
        let answer = client.post("/api/v1/releases", body.clone()).await;
        assert!(answer.faults().iter().any(|(field, _)| field.starts_with("ref")), "{}", answer.text);
    }
    assert_eq!(client.get("/api/v1/releases").await.json(200)["items"], json!([]));
}

#[tokio::test]
async fn start_cancel_and_retry_follow_the_state() {
    let (app, client) = TestApp::start().await;
    let id = app.release("Shop").await.id;
    let act = |what: &str| format!("/api/v1/releases/{id}/{what}");
    client.act(&act("retry")).await.problem(409);
    client.act(&act("rollback")).await.problem(409);
    assert_eq!(client.act(&act("start")).await.json(202)["status"], "queued");
    client.act(&act("start")).await.problem(409);
    assert_eq!(client.post(&act("cancel"), json!({})).await.json(202)["status"], "canceled");
    client.act(&act("cancel")).await.problem(409);
    assert_eq!(client.act(&act("retry")).await.json(202)["status"], "queued");
    client.act("/api/v1/releases/999/start").await.problem(404);
}

#[tokio::test]
async fn a_second_cancel_hears_that_there_was_a_first() {
    let (app, client) = TestApp::start().await;
    let run = app.running("Shop").await;
    let path = format!("/api/v1/releases/{}/cancel", run.release);
    assert_eq!(client.act(&path).await.json(202)["cancel_requested"], true);
    let detail = client.act(&path).await.problem(409)["detail"].to_string();
    assert!(detail.contains("already"), "{detail}");
}

#[tokio::test]
async fn of_two_who_start_at_once_one_does() {
    let (app, client) = TestApp::start().await;
    let path = format!("/api/v1/releases/{}/start", app.release("Shop").await.id);
    let (one, other) = tokio::join!(client.act(&path), client.act(&path));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 409]);
}

#[tokio::test]
async fn lists_are_filtered_and_come_in_pages() {
    let (app, client) = TestApp::start().await;
    let mut ids = Vec::new();
    for title in ["A", "B", "C"] {
        ids.push(app.release(title).await);
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/releases?limit=2".to_owned();
    loop {
        let page = client.get(&path).await.json(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|r| r["id"].as_i64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/releases?limit=2&cursor={next}");
    }
    assert_eq!(seen, [ids[2].id.0, ids[1].id.0, ids[0].id.0]);
    let filtered = client.get(&format!("/api/v1/releases?project_id={}", ids[1].project_id)).await.json(200);
    assert_eq!(filtered["items"].as_array().unwrap().len(), 1);
    assert_eq!(client.get("/api/v1/releases?status=running").await.json(200)["items"], json!([]));
}

#[tokio::test]
async fn a_log_is_read_from_any_offset_as_json_or_text() {
    let (app, client) = TestApp::start().await;
    let run = app.running("Shop").await;
    for line in ["one", "二", "three"] {
        run.log(line).await;
    }
    let path = format!("/api/v1/releases/{}/log?node=start", run.release);
    let page = client.get(&path).await.json(200);
    let said: String = page["items"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!(said, "one\n二\nthree\n");
    assert_eq!((page["next"].clone(), page["done"].clone()), (json!(said.len()), json!(false)));
    let rest = client.get(&format!("{path}&offset={}", "one\n".len())).await.json(200);
    assert_eq!(rest["items"][0]["text"].as_str().unwrap().lines().next(), Some("二"));

    let text = send(client.request(Method::GET, &format!("{path}&offset=4")).header("accept", "text/plain")).await;
    assert_eq!((text.text.as_str(), text.header("content-type")), ("二\nthree\n", "text/plain; charset=utf-8"));
    client.get(&format!("/api/v1/releases/{}/log", run.release)).await.problem(422);
    client.get(&format!("/api/v1/releases/{}/log?node=nowhere", run.release)).await.problem(404);
    client.get("/api/v1/releases/999/log?node=start").await.problem(404);
}
