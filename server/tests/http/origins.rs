use reqwest::Method;
use serde_json::json;
use tokio_tungstenite::tungstenite::Error;

use crate::app::TestApp;
use crate::client::send;
use crate::listen::handshake;

#[tokio::test]
async fn a_foreign_origin_changes_nothing_with_a_token_too() {
    let (_app, client) = TestApp::start().await;
    let body = json!({"title": "Shop", "repo_url": "/srv/shop.git"});
    let post = || client.request(Method::POST, "/api/v1/projects").json(&body);
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"] {
        send(post().header("origin", origin)).await.problem(403);
    }
    send(post().header("sec-fetch-site", "cross-site")).await.problem(403);
    assert_eq!(client.get("/api/v1/projects").await.json(200)["items"], json!([]));
    for (method, path) in [(Method::PATCH, "/api/v1/projects/1"), (Method::DELETE, "/api/v1/projects/1")] {
        send(client.request(method, path).header("origin", "https://evil.example")).await.problem(403);
    }

    let own = format!("http://{}", client.address);
    send(post().header("origin", own).header("sec-fetch-site", "same-origin")).await.json(201);
    send(client.request(Method::GET, "/api/v1/projects").header("origin", "https://evil.example")).await.json(200);
}

#[tokio::test]
async fn a_foreign_origin_hears_nothing_of_the_feed() {
    let (_app, client) = TestApp::start().await;
    for origin in ["https://evil.example", "null"] {
        match handshake(&client, &[("origin", origin)]).await.err() {
            Some(Error::Http(response)) => assert_eq!(response.status(), 403),
            other => panic!("{other:?}"),
        }
    }
    for path in ["/api/v1/feed/sse?topics=wall", "/api/v1/events?topics=wall&wait=0"] {
        for origin in ["https://evil.example", "null"] {
            send(client.request(Method::GET, path).header("origin", origin)).await.problem(403);
        }
    }
    let own = format!("http://{}", client.address);
    let events = client.request(Method::GET, "/api/v1/events?topics=wall&wait=0");
    send(events.header("origin", &own)).await.json(200);
    assert!(handshake(&client, &[("origin", &own)]).await.is_ok());
}

#[tokio::test]
async fn the_public_url_is_an_origin_of_ours() {
    let app = TestApp::with(|config| config.public_url = Some("https://ship.example".parse().unwrap())).await;
    let client = app.administrator().await;
    let body = json!({"title": "Shop", "repo_url": "/srv/shop.git"});
    let post = client.request(Method::POST, "/api/v1/projects").json(&body);
    send(post.header("origin", "https://ship.example")).await.json(201);
}
