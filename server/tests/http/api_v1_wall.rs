//! The wall's links: what a key opens, and above all what it does not.

use launchway_domain::{Actor, Role, SetupForm, WallLinkId};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::app::TestApp;
use crate::client::{Answer, Client, faults, send};
use crate::listen::handshake;

const COOKIE: &str = "launchway_wall";

async fn link(client: &Client) -> (i64, String) {
    let made = client.post("/api/v1/wall-links", json!({"label": "Office"})).await.json(201);
    (made["id"].as_i64().unwrap(), made["key"].as_str().unwrap().to_owned())
}

async fn with_cookie(app: &TestApp, key: &str, method: Method, path: &str) -> Answer {
    send(app.stranger().request(method, path).header("cookie", format!("{COOKIE}={key}"))).await
}

#[tokio::test]
async fn a_link_is_made_listed_and_revoked_and_its_key_told_once() {
    let (app, client) = TestApp::start().await;
    let (id, key) = link(&client).await;
    assert!(key.starts_with("lww_") && key.len() > 60, "{key}");
    let list = client.get("/api/v1/wall-links").await;
    assert!(!list.text.contains(&key));
    let item = &list.json(200)["items"][0];
    assert_eq!((&item["label"], &item["last_used_at"]), (&json!("Office"), &json!(null)));
    with_cookie(&app, &key, Method::GET, "/api/v1/overview").await.json(200);
    assert!(client.get("/api/v1/wall-links").await.json(200)["items"][0]["last_used_at"].is_string());
    assert_eq!(client.delete(&format!("/api/v1/wall-links/{id}")).await.status, 204);
    client.delete(&format!("/api/v1/wall-links/{id}")).await.problem(404);
    with_cookie(&app, &key, Method::GET, "/api/v1/overview").await.problem(401);
    assert_eq!(
        client.post("/api/v1/wall-links", json!({"label": " "})).await.faults(),
        faults(&[("label", "required")])
    );
    assert_eq!(
        client.post("/api/v1/wall-links", json!({"label": "x", "key": "y"})).await.faults(),
        faults(&[("key", "unknown")])
    );
}

#[tokio::test]
async fn only_managers_make_links() {
    let (app, _client) = TestApp::start().await;
    for (name, role, status) in [("max", Role::Manager, 201), ("dev", Role::Developer, 403), ("vic", Role::Viewer, 403)]
    {
        let form = SetupForm { name: name.into(), password: "correct horse battery".into() };
        app.services.accounts().create_user(&Actor::System, form, role).await.unwrap();
        let token = app.services.accounts().create_token(&Actor::System, name, "t").await.unwrap();
        let client = app.stranger().with_token(token.expose_secret());
        assert_eq!(client.post("/api/v1/wall-links", json!({"label": "x"})).await.status, status, "{name}");
        client.get("/api/v1/overview").await.json(200);
    }
}

#[tokio::test]
async fn the_first_use_moves_the_key_out_of_the_address() {
    let (app, client) = TestApp::start().await;
    let (_, key) = link(&client).await;
    let screen = app.stranger();
    let answer = screen.get(&format!("/wall?key={key}")).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/wall"));
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    let cookie = answer.header("set-cookie");
    for part in [COOKIE, "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let page = screen.get("/wall").await;
    assert_eq!((page.status.as_u16(), page.header("referrer-policy")), (200, "no-referrer"));
    assert!(!page.text.contains(&key));

    // A key that opens nothing takes the cookie away.
    let answer = screen.get("/wall?key=lww_0000").await;
    assert!(answer.header("set-cookie").contains("Max-Age=0"), "{answer:?}");
    assert!(!screen.get("/wall").await.text.contains("wall-card"));
}

#[tokio::test]
async fn behind_https_the_cookie_is_secure() {
    let app = TestApp::with(|config| config.public_url = Some("https://ship.example".parse().unwrap())).await;
    let client = app.administrator().await;
    let (_, key) = link(&client).await;
    assert!(app.stranger().get(&format!("/wall?key={key}")).await.header("set-cookie").contains("; Secure"));
}

#[tokio::test]
async fn a_key_is_refused_everywhere_else() {
    let (app, client) = TestApp::start().await;
    let release = app.release("Shop").await.id;
    let (_, key) = link(&client).await;
    let api = client.get("/api/v1/openapi.json").await.json(200);
    let opened = ["/api/v1/overview", "/api/v1/events", "/api/v1/feed", "/api/v1/feed/sse"];
    let mut asked = 0;
    for (path, calls) in api["paths"].as_object().unwrap() {
        let is_call = path.starts_with("/api/v1/") || path == "/metrics";
        if !is_call || opened.contains(&path.as_str()) {
            continue;
        }
        let address = path.replace("{id}", "1");
        for method in calls.as_object().unwrap().keys() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            with_cookie(&app, &key, method.clone(), &address).await.problem(401);
            asked += 1;
            // As a token it is worth nothing at all.
            let bearer = app.stranger().with_token(&key);
            assert_eq!(send(bearer.request(method, &address)).await.status, 401, "{address}");
        }
    }
    assert!(asked > 30, "{asked}");
    for page in ["/", "/releases", "/releases/1", "/servers", "/credentials", "/wall-links", "/wall/x", "/nowhere"] {
        let answer = with_cookie(&app, &key, Method::GET, page).await;
        assert!(answer.header("location").starts_with("/sign-in"), "{page}: {answer:?}");
    }
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        let name = path.trim_start_matches("/api/fn/").trim_end_matches(|c: char| c.is_ascii_digit());
        if ["get_board", "get_invitation", "get_visitor", "join", "prefer", "setup", "sign_in", "sign_out"]
            .contains(&name)
        {
            continue;
        }
        let answer = with_cookie(&app, &key, method, path).await;
        assert_eq!(answer.status, 401, "{path}");
    }
    // Of the feed it hears the wall, and nothing of a release or a project.
    for topics in ["release:1", "project:1", "wall,release:1"] {
        for way in ["/api/v1/events?wait=0&topics=", "/api/v1/feed/sse?topics="] {
            with_cookie(&app, &key, Method::GET, &format!("{way}{topics}")).await.problem(403);
        }
    }
    let events = with_cookie(&app, &key, Method::GET, "/api/v1/events?wait=0&after=0&topics=wall").await.json(200);
    assert_eq!(events["items"][0]["data"]["release_id"], json!(release));
}

#[tokio::test]
async fn a_socket_with_a_key_hears_the_wall_and_closes_when_it_is_revoked() {
    let (app, client) = TestApp::start().await;
    let (id, key) = link(&client).await;
    let cookie = format!("{COOKIE}={key}");
    let mut socket = handshake(&app.stranger(), &[("cookie", &cookie)]).await.unwrap();
    socket.subscribe(&["release:1"], None).await;
    assert_eq!(socket.next().await.unwrap()["data"]["code"], "forbidden");
    socket.subscribe(&["wall"], None).await;
    app.release("Shop").await;
    assert_eq!(socket.next().await.unwrap()["kind"], "release.status");
    client.delete(&format!("/api/v1/wall-links/{id}")).await;
    assert_eq!(socket.next().await.unwrap()["data"]["code"], "unauthenticated");
    assert_eq!(socket.next().await, None);
    assert!(handshake(&app.stranger(), &[("cookie", &cookie)]).await.is_err());
    assert_eq!(
        app.services.walls().delete(&Actor::Wall(WallLinkId(id)), WallLinkId(id)).await.unwrap_err().status(),
        403
    );
}
