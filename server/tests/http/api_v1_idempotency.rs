//! `Idempotency-Key`: what is sent again is not done again.

use futures::future::join_all;
use launchway_engine::testing::postgres::Postgres;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::app::TestApp;
use crate::client::{Answer, Client, faults, send};

async fn post(client: &Client, path: &str, key: &str, body: &Value) -> Answer {
    send(client.request(Method::POST, path).header("Idempotency-Key", key).json(body)).await
}

/// Tells a story on each database.
pub(crate) async fn on_both(story: impl AsyncFn(TestApp, Client)) {
    let (app, client) = TestApp::start().await;
    story(app, client).await;
    let postgres = tokio::task::spawn_blocking(Postgres::shared).await.unwrap();
    let app = TestApp::with(|config| config.database_url = Some(postgres.database().into())).await;
    let client = app.administrator().await;
    story(app, client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_is_carried_out() {
    on_both(async |_app, client| {
        let credential =
            json!({"name": "deploy", "kind": "ssh_password", "username": "www", "secret": "hunter2-hunter2"});
        let credential = client.post("/api/v1/credentials", credential).await.id();
        let body = json!({"hostname": "web-1", "address": "192.0.2.1", "credential_id": credential});
        let answers = join_all((0..24).map(|_| post(&client, "/api/v1/servers", "make-web-1", &body))).await;
        let (first, others): (Vec<_>, Vec<_>) = answers
            .into_iter()
            .partition(|answer| answer.status == 201 && answer.header("idempotency-replayed").is_empty());
        assert_eq!(first.len(), 1, "one makes it");
        for other in others {
            match other.status.as_u16() {
                201 => assert_eq!(other.text, first[0].text),
                _ => {
                    other.problem(409);
                    assert_eq!(other.header("retry-after"), "1");
                }
            }
        }
        assert_eq!(client.get("/api/v1/servers").await.json(200)["items"].as_array().unwrap().len(), 1);

        let again = post(&client, "/api/v1/servers", "make-web-1", &body).await;
        assert_eq!((again.status, &again.text), (first[0].status, &first[0].text));
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.header("location"), first[0].header("location"));
        assert!(again.header("location").starts_with("/api/v1/servers/"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_one_call_of_one_user() {
    let (app, client) = TestApp::start().await;
    let body = json!({"title": "Shop", "repo_url": "/srv/shop.git"});
    post(&client, "/api/v1/projects", "k", &body).await.json(201);
    let other = json!({"title": "Shop 2", "repo_url": "/srv/shop.git"});
    assert_eq!(post(&client, "/api/v1/projects", "k", &other).await.faults(), faults(&[("Idempotency-Key", "reused")]));
    assert_eq!(post(&client, "/api/v1/servers", "k", &body).await.status, 422);
    post(&client, "/api/v1/projects", "k2", &other).await.json(201);
    // A refusal is an answer like any other.
    let refused = post(&client, "/api/v1/projects", "k3", &body).await;
    assert_eq!(refused.faults(), faults(&[("title", "taken")]));
    let again = post(&client, "/api/v1/projects", "k3", &body).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.faults(), refused.faults());
    let chinese = client.request(Method::POST, "/api/v1/projects").header("Idempotency-Key", "k3").json(&body);
    let chinese = send(chinese.header("accept-language", "zh")).await.problem(422);
    assert_ne!(chinese["detail"], refused.problem(422)["detail"], "in the language of whoever reads");

    let (browser, _) = crate::sessions::signed_in(&app).await;
    let by_hand = post(&browser, "/api/v1/projects", "k", &body).await;
    assert_eq!(by_hand.header("idempotency-replayed"), "true", "the same user in another way");

    let spaced = client.request(Method::POST, "/api/v1/projects").header("Idempotency-Key", "a b").json(&body);
    send(spaced).await.problem(400);
    post(&client, "/api/v1/projects", &"k".repeat(256), &body).await.problem(400);
    post(&app.stranger(), "/api/v1/projects", "k", &body).await.problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_hand_is_not_begun_again_though_its_sender_left() {
    let (_app, client) = TestApp::start().await;
    // A repository that takes calls and says nothing until it is told to hang up.
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let repository = format!("http://{}/shop.git", silent.local_addr().unwrap());
    let made = client.post("/api/v1/projects", json!({"title": "Shop", "repo_url": repository})).await.id();
    let path = format!("/api/v1/projects/{made}/check");
    let sent = tokio::spawn({
        let request = client.request(Method::POST, &path).header("Idempotency-Key", "check-1");
        async move { request.send().await }
    });
    let (held, _) = silent.accept().await.unwrap();
    sent.abort();
    let again = || send(client.request(Method::POST, &path).header("Idempotency-Key", "check-1"));
    let waiting = again().await;
    waiting.problem(409);
    assert_eq!(waiting.header("retry-after"), "1");
    drop(silent);
    drop(held);
    let answer = loop {
        let answer = again().await;
        if answer.status != 409 {
            break answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(answer.json(200)["ok"], false);
    assert_eq!(answer.header("idempotency-replayed"), "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_shown_once_is_not_in_the_database() {
    let (app, client) = TestApp::start().await;
    let made = post(&client, "/api/v1/wall-links", "wall", &json!({"label": "Hall"})).await;
    let key = made.json(201)["key"].as_str().unwrap().to_owned();
    let again = post(&client, "/api/v1/wall-links", "wall", &json!({"label": "Hall"})).await;
    assert_eq!(again.json(201)["key"], json!(key), "the one who made it gets it again");
    let secret = json!({"name": "deploy", "kind": "ssh_password", "username": "www", "secret": "hunter2-hunter2"});
    post(&client, "/api/v1/credentials", "credential", &secret).await.json(201);
    app.store().ping().await.unwrap();
    for file in app.files() {
        let bytes = std::fs::read(&file).unwrap();
        for word in [key.as_bytes(), b"hunter2-hunter2"] {
            assert!(!bytes.windows(word.len()).any(|window| window == word), "{}", file.display());
        }
    }
}
