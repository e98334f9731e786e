use launchway_domain::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};
use crate::client::{Client, faults, send};
use crate::listen::Socket;

async fn make(client: &Client, body: Value) -> (i64, Client) {
    let made = client.post("/api/v1/tokens", body).await;
    let token = made.json(201)["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("lw_"));
    (made.id(), client.with_token(&token))
}

#[tokio::test]
async fn a_token_is_shown_once_and_revoked_at_once() {
    let (app, client) = TestApp::start().await;
    let (id, token) = make(&client, json!({"name": "ci", "scope": "read", "expires_in_days": 30})).await;
    let listed = client.get("/api/v1/tokens").await;
    assert!(!listed.text.contains("lw_"));
    let listed = listed.json(200);
    let mine = listed["items"].as_array().unwrap().iter().find(|token| token["id"] == id).unwrap();
    assert_eq!((&mine["name"], &mine["scope"], &mine["last_used_at"]), (&json!("ci"), &json!("read"), &Value::Null));
    assert!(mine["expires_at"].is_string());
    let mut socket = Socket::open(&token).await;
    socket.subscribe(&["wall"], None).await;
    assert!(client.get("/api/v1/tokens").await.json(200)["items"][0]["last_used_at"].is_string());
    assert_eq!(client.delete(&format!("/api/v1/tokens/{id}")).await.status, 204);
    assert_eq!(socket.next().await.unwrap()["data"]["code"], "unauthenticated");
    token.get("/api/v1/me").await.problem(401);
    client.delete(&format!("/api/v1/tokens/{id}")).await.problem(404);

    // Sent again with its key, the same answer: from where it is sealed.
    let again = async || {
        let post = client.request(Method::POST, "/api/v1/tokens").header("idempotency-key", "k1");
        send(post.json(&json!({"name": "again", "scope": "read"}))).await
    };
    let (first, second) = (again().await.json(201), again().await.json(201));
    assert_eq!(first, second);
    let secret = &first["token"].as_str().unwrap().as_bytes()[..24];
    for file in app.files() {
        assert!(!std::fs::read(file).unwrap().windows(24).any(|window| window == secret));
    }
}

#[tokio::test]
async fn a_scope_narrows_what_its_owner_may() {
    let (app, client) = TestApp::start().await;
    let release = app.release("Shop").await;
    let (_, read) = make(&client, json!({"name": "r", "scope": "read"})).await;
    let (_, ship) = make(&client, json!({"name": "s", "scope": "release"})).await;
    for token in [&read, &ship] {
        token.get("/api/v1/servers").await.json(200);
        token.post("/api/v1/tokens", json!({"name": "x", "scope": "read"})).await.problem(403);
        token.get("/api/v1/tokens").await.problem(403);
        token.post("/api/v1/users", json!({"name": "x", "role": "admin"})).await.problem(403);
        let password = json!({"current_password": PASSWORD, "password": "something else"});
        token.post("/api/v1/me/password", password).await.problem(403);
        token.post("/api/v1/projects", json!({"title": "x", "repo_url": "/srv/x.git"})).await.problem(403);
    }
    let start = format!("/api/v1/releases/{}/start", release.id);
    read.act(&start).await.problem(403);
    ship.act(&start).await.json(202);
}

#[tokio::test]
async fn a_token_makes_none_wider_than_itself() {
    let (app, client) = TestApp::start().await;
    let project = app.release("Shop").await.project_id;
    let body = |extra: Value| {
        let mut body = json!({"name": "x", "scope": "administer"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        body
    };
    let (_, short) = make(&client, body(json!({"expires_in_days": 2}))).await;
    let (_, bound) = make(&client, body(json!({"project_id": project}))).await;
    short.post("/api/v1/tokens", body(json!({}))).await.problem(403);
    short.post("/api/v1/tokens", body(json!({"expires_in_days": 3}))).await.problem(403);
    make(&short, body(json!({"expires_in_days": 1}))).await;
    bound.post("/api/v1/tokens", body(json!({}))).await.problem(403);
    make(&bound, body(json!({"project_id": project, "expires_in_days": 1}))).await;
    // Nor does one make a link by which its owner would sign in.
    let me = client.get("/api/v1/me").await.json(200)["id"].as_i64().unwrap();
    short.act(&format!("/api/v1/users/{me}/invitation")).await.problem(403);
    for (extra, field, code) in [
        (json!({"expires_at": "2001-01-01T00:00:00Z"}), "expires_at", "past"),
        (json!({"expires_in_days": 0}), "expires_in_days", "out_of_range"),
        (json!({"project_id": 999}), "project_id", "not_found"),
    ] {
        assert_eq!(client.post("/api/v1/tokens", body(extra)).await.faults(), faults(&[(field, code)]));
    }
}

#[tokio::test]
async fn other_peoples_tokens_are_not_there() {
    let (app, client) = TestApp::start().await;
    let kims = app.person("kim", Role::Manager).await;
    let (id, _) = make(&kims, json!({"name": "x", "scope": "read"})).await;
    let lees = app.person("lee", Role::Manager).await;
    lees.delete(&format!("/api/v1/tokens/{id}")).await.problem(404);
    let kim = kims.get("/api/v1/me").await.json(200)["id"].as_i64().unwrap();
    lees.get(&format!("/api/v1/tokens?user_id={kim}")).await.problem(403);
    assert_eq!(client.get(&format!("/api/v1/tokens?user_id={kim}")).await.json(200)["items"][0]["id"], id);
    assert_eq!(client.delete(&format!("/api/v1/tokens/{id}")).await.status, 204);
}

#[tokio::test]
async fn what_is_another_projects_is_not_there_for_a_token_of_one() {
    let (app, client) = TestApp::start().await;
    let (shop, blog) = (app.release("Shop").await, app.release("Blog").await);
    let (_, token) = make(&client, json!({"name": "x", "scope": "administer", "project_id": shop.project_id})).await;
    let credential = json!({"name": "k", "kind": "ssh_password", "username": "root", "secret": "hunter22",
                            "project_id": blog.project_id});
    let credential = client.post("/api/v1/credentials", credential).await.id();
    let server = json!({"hostname": "b1", "address": "127.0.0.1", "port": 22, "credential_id": credential,
                        "project_id": blog.project_id});
    let server = client.post("/api/v1/servers", server).await.id();

    token.get(&format!("/api/v1/releases/{}", shop.id)).await.json(200);
    for path in [
        format!("/api/v1/releases/{}", blog.id),
        format!("/api/v1/releases/{}/nodes", blog.id),
        format!("/api/v1/releases/{}/log?node=start", blog.id),
        format!("/api/v1/releases/{}/log/text?scope=all", blog.id),
        format!("/api/v1/projects/{}", blog.project_id),
        format!("/api/v1/projects/{}/members", blog.project_id),
        format!("/api/v1/environments/{}", blog.environment_id),
        format!("/api/v1/servers/{server}"),
        format!("/api/v1/credentials/{credential}"),
        format!("/api/v1/events?topics=release:{}&after=0&wait=0", blog.id),
        format!("/api/v1/events?topics=project:{}&after=0&wait=0", blog.project_id),
    ] {
        token.get(&path).await.problem(404);
    }
    for call in ["start", "cancel", "retry", "rollback"] {
        token.act(&format!("/api/v1/releases/{}/{call}", blog.id)).await.problem(404);
    }
    let release = json!({"project_id": blog.project_id, "environment_id": blog.environment_id,
                         "ref": {"kind": "tag", "name": "v1"}});
    let refused = token.post("/api/v1/releases", release).await;
    assert!(matches!(refused.status.as_u16(), 404 | 422), "{refused:?}");
    for list in ["projects", "releases", "servers", "credentials", "audit"] {
        let found = token.get(&format!("/api/v1/{list}")).await.json(200).to_string();
        for theirs in ["Blog", "\"b1\"", "ssh_password"] {
            assert!(!found.contains(theirs), "{list}: {found}");
        }
    }
    let mut socket = Socket::open(&token).await;
    socket.subscribe(&[&format!("release:{}", blog.id)], Some(0)).await;
    assert_eq!(socket.next().await.unwrap()["data"]["code"], "forbidden");
    // What is for the whole installation is out of its reach, whoever made it.
    token.post("/api/v1/users", json!({"name": "x", "role": "viewer"})).await.problem(403);
}
