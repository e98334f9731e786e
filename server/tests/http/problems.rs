use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;

use crate::app::TestApp;
use crate::client::{Client, faults, send};

/// Every call that takes a body, and those that need none.
const WITH_BODY: [&str; 6] = [
    "/api/v1/credentials",
    "/api/v1/servers",
    "/api/v1/projects",
    "/api/v1/releases",
    "/api/v1/projects/1/environments",
    "/api/v1/servers/1/host-key",
];
const WITHOUT: [&str; 7] = [
    "/api/v1/servers/1/check",
    "/api/v1/environments/1/check",
    "/api/v1/releases/1/start",
    "/api/v1/releases/1/cancel",
    "/api/v1/releases/1/continue",
    "/api/v1/releases/1/retry",
    "/api/v1/releases/1/rollback",
];

fn raw(client: &Client, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
    client.request(Method::POST, path).header(CONTENT_TYPE, kind).body(body)
}

#[tokio::test]
async fn a_body_of_50_mb_is_too_large_everywhere() {
    let (app, client) = TestApp::start().await;
    let body = bytes::Bytes::from(vec![b' '; 50 * 1024 * 1024]);
    for path in [WITH_BODY[0], WITH_BODY[3], WITHOUT[2], "/api/fn/sign_in", "/api/v1/nowhere"] {
        send(raw(&client, path, "application/json", body.clone())).await.problem(413);
    }
    // Without a length, too.
    let chunks = (0..50).map(|_| Ok::<_, std::io::Error>(bytes::Bytes::from(vec![b'x'; 1024 * 1024])));
    let stream = reqwest::Body::wrap_stream(futures::stream::iter(chunks.collect::<Vec<_>>()));
    send(raw(&client, WITH_BODY[1], "application/json", stream)).await.problem(413);
    send(raw(&app.stranger(), WITH_BODY[1], "application/json", body)).await.problem(413);
    client.get("/api/v1/servers").await.json(200);
}

#[tokio::test]
async fn what_is_no_json_is_said_to_be_none() {
    let (_app, client) = TestApp::start().await;
    for path in WITH_BODY.into_iter().chain(WITHOUT) {
        for body in ["not json", "{", "[1]", "\"x\"", "{\"a\":}", "\u{0}"] {
            let problem = send(raw(&client, path, "application/json", body)).await.problem(400);
            assert!(!problem["detail"].as_str().unwrap().contains("serde"), "{problem}");
        }
        send(raw(&client, path, "application/json", vec![0xff_u8, 0xfe])).await.problem(400);
    }
}

#[tokio::test]
async fn deep_json_is_refused_without_harm() {
    let (_app, client) = TestApp::start().await;
    let deep = "[".repeat(500_000);
    let object = format!("{}1{}", "{\"a\":".repeat(50_000), "}".repeat(50_000));
    for path in WITH_BODY.into_iter().chain(WITHOUT) {
        send(raw(&client, path, "application/json", deep.clone())).await.problem(400);
        send(raw(&client, path, "application/json", object.clone())).await.problem(400);
    }
}

#[tokio::test]
async fn another_kind_of_content_is_refused() {
    let (_app, client) = TestApp::start().await;
    for path in WITH_BODY.into_iter().chain(WITHOUT) {
        send(raw(&client, path, "text/plain", "{}")).await.problem(415);
        send(raw(&client, path, "application/x-www-form-urlencoded", "a=b")).await.problem(415);
    }
}

#[tokio::test]
async fn an_empty_body_lacks_its_fields() {
    let (_app, client) = TestApp::start().await;
    let answer = client.act("/api/v1/projects").await;
    assert_eq!(answer.faults(), faults(&[("repo_url", "required"), ("title", "required")]));
    let untold =
        client.request(Method::POST, "/api/v1/projects").body(r#"{"title":"Shop","repo_url":"/srv/shop.git"}"#);
    send(untold).await.json(201);
}

#[tokio::test]
async fn unknown_and_wrong_fields_are_named() {
    let (_app, client) = TestApp::start().await;
    let answer = client.post("/api/v1/servers", json!({"hostname": "a b", "port": 70000, "colour": 1})).await;
    assert_eq!(
        answer.faults(),
        faults(&[
            ("address", "required"),
            ("colour", "unknown"),
            ("credential_id", "required"),
            ("hostname", "hostname"),
            ("port", "type"),
        ])
    );
    assert_eq!(client.post(WITHOUT[2], json!({"force": true})).await.faults(), faults(&[("force", "unknown")]));
}

#[tokio::test]
async fn unknown_routes_and_methods_are_problems() {
    let (_app, client) = TestApp::start().await;
    for path in ["/api/v1/nowhere", "/api/v2/servers", "/api", "/api/fn/nowhere", "/api/v1/servers/1/nowhere"] {
        client.get(path).await.problem(404);
    }
    let answer = send(client.request(Method::PUT, "/api/v1/servers")).await;
    answer.problem(405);
    assert!(answer.header("allow").contains("POST"));
    client.delete("/api/v1/releases/1").await.problem(405);
    client.get("/api/v1/servers/x").await.problem(404);
    client.get("/api/v1/servers/99999999999999999999").await.problem(404);
    client.get("/api/v1/servers/7").await.problem(404);
}

#[tokio::test]
async fn parameters_at_fault_are_named() {
    let (_app, client) = TestApp::start().await;
    let answer = client.get("/api/v1/releases?limit=0&status=odd&project_id=x").await;
    assert_eq!(answer.faults(), faults(&[("limit", "invalid"), ("project_id", "invalid"), ("status", "invalid")]));
}

#[tokio::test]
async fn the_readers_language_is_spoken() {
    let (_app, client) = TestApp::start().await;
    let asked = || client.request(Method::GET, "/api/v1/servers/7");
    let english = send(asked()).await.problem(404);
    let chinese = send(asked().header("accept-language", "zh-CN,zh;q=0.9,en;q=0.8")).await;
    assert_eq!(chinese.header("content-language"), "zh-CN");
    assert_ne!(chinese.problem(404)["detail"], english["detail"]);
    let chosen = send(asked().header("cookie", "lang=zh").header("accept-language", "en")).await;
    assert_eq!(chosen.problem(404)["detail"], chinese.problem(404)["detail"]);
}

#[tokio::test]
async fn strangers_get_nothing() {
    let app = TestApp::empty().await;
    app.administrator().await;
    let stranger = app.stranger();
    for path in
        ["/api/v1/servers", "/api/v1/releases/1", "/api/v1/feed", "/api/v1/events?topics=wall", "/api/v1/openapi.json"]
    {
        let answer = stranger.get(path).await;
        answer.problem(401);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    stranger.post("/api/v1/credentials", json!({})).await.problem(401);
    stranger.with_token("lw_wrong").get("/api/v1/servers").await.problem(401);
}
