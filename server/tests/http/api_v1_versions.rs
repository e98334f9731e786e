//! `ETag` and `If-Match`: nobody overwrites what somebody else wrote since they looked.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client, send};

async fn with(client: &Client, method: Method, path: &str, header: (&str, &str), body: Option<Value>) -> Answer {
    let request = client.request(method, path).header(header.0, header.1);
    send(match body {
        Some(body) => request.json(&body),
        None => request,
    })
    .await
}

/// One of each thing that has versions: its address, and a change of it.
async fn things(client: &Client) -> Vec<(String, Value)> {
    let secret = json!({"name": "deploy", "kind": "ssh_password", "username": "www", "secret": "hunter2-hunter2"});
    let credential = client.post("/api/v1/credentials", secret).await.id();
    let server = json!({"hostname": "web-1", "address": "192.0.2.1", "credential_id": credential});
    let server = client.post("/api/v1/servers", server).await.id();
    let project = client.post("/api/v1/projects", json!({"title": "Shop", "repo_url": "/srv/shop.git"})).await.id();
    let environment = json!({"name": "live", "kind": "prod", "path": "/srv/shop"});
    let environment = client.post(&format!("/api/v1/projects/{project}/environments"), environment).await.id();
    let template = client.post("/api/v1/hook-templates", json!({"name": "build", "body": "make"})).await.id();
    vec![
        (format!("/api/v1/environments/{environment}"), json!({"keep": 3})),
        (format!("/api/v1/projects/{project}"), json!({"title": "Shop front"})),
        (format!("/api/v1/servers/{server}"), json!({"port": 2222})),
        (format!("/api/v1/credentials/{credential}"), json!({"username": "root"})),
        (format!("/api/v1/hook-templates/{template}"), json!({"body": "make all"})),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_read_the_same_one_writes() {
    crate::api_v1_idempotency::on_both(async |_app, client| {
        for (address, change) in things(&client).await {
            let read = client.get(&address).await;
            assert_eq!((read.header("etag"), &read.json(200)["version"]), ("\"1\"", &json!(1)), "{address}");
            let patches =
                (0..8).map(|_| with(&client, Method::PATCH, &address, ("if-match", "\"1\""), Some(change.clone())));
            let answers = join_all(patches).await;
            let (written, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
            assert_eq!((written.len(), refused.len()), (1, 7), "{address}");
            assert_eq!(written[0].header("etag"), "\"2\"", "{address}");
            for answer in refused {
                answer.problem(412);
            }
            assert_eq!(client.get(&address).await.header("etag"), "\"2\"");

            assert_eq!(with(&client, Method::GET, &address, ("if-none-match", "\"2\""), None).await.status, 304);
            with(&client, Method::GET, &address, ("if-none-match", "\"1\""), None).await.json(200);
            with(&client, Method::PATCH, &address, ("if-match", "*"), Some(change.clone())).await.json(200);
            let list = "\"9\", \"3\"";
            with(&client, Method::PATCH, &address, ("if-match", list), Some(change.clone())).await.json(200);
            with(&client, Method::PATCH, &address, ("if-match", "W/\"4\""), Some(change.clone())).await.problem(412);
            with(&client, Method::PATCH, &address, ("if-match", "4"), Some(change.clone())).await.problem(400);
            client.patch(&address, change).await.json(200);
            with(&client, Method::DELETE, &address, ("if-match", "\"4\""), None).await.problem(412);
            assert_eq!(client.get(&address).await.header("etag"), "\"5\"", "{address}");
        }
        for (address, _) in things_of(&client).await {
            let tag = client.get(&address).await.header("etag").to_owned();
            assert_eq!(
                with(&client, Method::DELETE, &address, ("if-match", &tag), None).await.status,
                204,
                "{address}"
            );
            with(&client, Method::PATCH, &address, ("if-match", "*"), Some(json!({}))).await.problem(404);
        }
    })
    .await;
}

/// The things that are there, in an order in which they can be deleted.
async fn things_of(client: &Client) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (list, noun) in [
        ("projects/1/environments", "environments"),
        ("projects", "projects"),
        ("servers", "servers"),
        ("credentials", "credentials"),
        ("hook-templates", "hook-templates"),
    ] {
        for thing in client.get(&format!("/api/v1/{list}")).await.json(200)["items"].as_array().unwrap() {
            found.push((format!("/api/v1/{noun}/{}", thing["id"]), thing.clone()));
        }
    }
    assert_eq!(found.len(), 5);
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn patches_of_different_fields_do_not_undo_each_other() {
    let (_app, client) = TestApp::start().await;
    let (address, _) = things(&client).await.remove(2);
    let changes =
        [json!({"port": 2222}), json!({"address": "192.0.2.9"}), json!({"tags": ["eu"]}), json!({"hostname": "web-9"})];
    for answer in join_all(changes.iter().map(|change| client.patch(&address, change.clone()))).await {
        answer.json(200);
    }
    let now = client.get(&address).await.json(200);
    for change in &changes {
        for (field, value) in change.as_object().unwrap() {
            assert_eq!(&now[field], value, "{field}");
        }
    }
    assert_eq!(now["version"], 5);
}

#[tokio::test]
async fn a_refusal_says_what_is_there_now_and_no_secret() {
    let (_app, client) = TestApp::start().await;
    let (address, _) = things(&client).await.remove(3);
    client.patch(&address, json!({"username": "root"})).await.json(200);
    let body = json!({"username": "www", "secret": "hunter3-hunter3"});
    let refused = with(&client, Method::PATCH, &address, ("if-match", "\"1\""), Some(body)).await;
    let problem = refused.problem(412);
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("version 2") && detail.contains("username: \"root\""), "{detail}");
    assert!(!refused.text.contains("hunter"), "{}", refused.text);
}

#[tokio::test]
async fn what_is_made_and_what_is_pinned_have_their_tags() {
    let (_app, client) = TestApp::start().await;
    let made = client.post("/api/v1/hook-templates", json!({"name": "build", "body": "make"})).await;
    assert_eq!((made.header("etag"), &made.json(201)["version"]), ("\"1\"", &json!(1)));
    let (address, _) = things_but_template(&client).await;
    let key = json!({"fingerprint": format!("SHA256:{}", "A".repeat(43))});
    let pinned = client.post(&format!("{address}/host-key"), key).await;
    assert_eq!((pinned.header("etag"), &pinned.json(200)["version"]), ("\"2\"", &json!(2)), "an editor has to see it");
}

async fn things_but_template(client: &Client) -> (String, Value) {
    client.delete("/api/v1/hook-templates/1").await;
    things(client).await.remove(2)
}
