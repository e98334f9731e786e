use launchway_domain::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{NAME, PASSWORD, TestApp};
use crate::client::{Client, faults, send};
use crate::join::{join, key_of};
use crate::listen::Socket;
use crate::sessions::sign_in;

async fn id_of(client: &Client, name: &str) -> i64 {
    let found = client.get(&format!("/api/v1/users?q={name}")).await.json(200);
    found["items"][0]["id"].as_i64().unwrap()
}

async fn put(client: &Client, path: &str, body: Value) -> crate::client::Answer {
    send(client.request(Method::PUT, path).json(&body)).await
}

#[tokio::test]
async fn an_invitation_is_shown_once_and_opens_once() {
    let (app, client) = TestApp::start().await;
    let project = app.release("Shop").await.project_id;
    let body = json!({"name": "kim", "role": "member", "memberships": [{"project_id": project, "role": "viewer"}]});
    let made = client.post("/api/v1/users", body.clone()).await;
    let user = made.json(201);
    assert_eq!((&user["state"], &user["role"], &user["version"]), (&json!("invited"), &json!("member"), &json!(1)));
    assert_eq!(user["memberships"], json!([{"project_id": project, "role": "viewer"}]));
    let url = user["invitation"]["url"].as_str().unwrap();
    assert!(url.starts_with(&format!("http://{}/join?key=lwi_", app.address)), "{url}");
    assert!(user["invitation"]["expires_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(made.header("location"), format!("/api/v1/users/{}", user["id"]));
    let read = client.get(made.header("location")).await;
    assert!(!read.text.contains("lwi_") && read.json(200)["invited_until"].is_string());
    assert_eq!(client.post("/api/v1/users", body).await.faults(), faults(&[("name", "taken")]));

    // The key is in no file.
    let key = key_of(url);
    for file in app.files() {
        let bytes = std::fs::read(file).unwrap();
        assert!(!bytes.windows(24).any(|window| window == &key.as_bytes()[..24]));
    }

    let browser = join(&app, url, "kims own password").await;
    assert_eq!(browser.get("/api/v1/me").await.json(200)["name"], "kim");
    let late = app.stranger();
    late.get(&format!("/join?key={key}")).await;
    assert_eq!(crate::join::choose(&late, "another password").await.status, 409, "used");
    assert!(late.get("/join").await.text.contains("administrator"), "and it says what to do");
    late.get("/api/v1/me").await.problem(401);
    sign_in(&late, "kim", "kims own password").await;
    assert_eq!(late.get("/api/v1/me").await.json(200)["name"], "kim");
    assert_eq!(client.get(made.header("location")).await.json(200)["state"], "active");
}

#[tokio::test]
async fn a_new_link_voids_the_old_one_and_resets_a_password() {
    let (app, client) = TestApp::start().await;
    app.person("kim", Role::Viewer).await;
    let kim = id_of(&client, "kim").await;
    let link = async || {
        let made = client.act(&format!("/api/v1/users/{kim}/invitation")).await.json(201);
        made["invitation"]["url"].as_str().unwrap().to_owned()
    };
    let (old, new) = (link().await, link().await);
    let before = app.stranger();
    sign_in(&before, "kim", PASSWORD).await;
    before.get("/api/v1/me").await.json(200);
    let late = app.stranger();
    late.get(&format!("/join?key={}", key_of(&old))).await;
    assert_eq!(crate::join::choose(&late, "another password").await.status, 409);
    let browser = join(&app, &new, "a new password").await;
    browser.get("/api/v1/me").await.json(200);
    before.get("/api/v1/me").await.problem(401);
    let again = sign_in(&app.stranger(), "kim", PASSWORD).await;
    assert!(again.status.is_client_error(), "the old password is gone: {again:?}");
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let (app, client) = TestApp::start().await;
    let ada = id_of(&client, NAME).await;
    client.act(&format!("/api/v1/users/{ada}/deactivate")).await.problem(409);
    client.delete(&format!("/api/v1/users/{ada}")).await.problem(409);
    client.patch(&format!("/api/v1/users/{ada}"), json!({"role": "viewer"})).await.problem(409);

    let eves = app.person("eve", Role::Admin).await;
    let eve = id_of(&client, "eve").await;
    let demote = |who: Client, id: i64| async move {
        who.patch(&format!("/api/v1/users/{id}"), json!({"role": "viewer"})).await.status.as_u16()
    };
    let (one, two) = tokio::join!(demote(client.clone(), eve), demote(eves.clone(), ada));
    let mut both = [one, two];
    both.sort_unstable();
    assert!(matches!(both, [200, 403 | 409]), "{both:?}");
    let mut admins = 0;
    for who in [&client, &eves] {
        admins += usize::from(who.get("/api/v1/me").await.json(200)["role"] == "admin");
    }
    assert_eq!(admins, 1);
}

#[tokio::test]
async fn deactivation_ends_session_token_and_socket_at_once() {
    let (app, client) = TestApp::start().await;
    let kims = app.person("kim", Role::Viewer).await;
    let kim = id_of(&client, "kim").await;
    let browser = app.stranger();
    sign_in(&browser, "kim", PASSWORD).await;
    let mut socket = Socket::open(&kims).await;
    socket.subscribe(&["wall"], None).await;
    let mut others = Socket::open(&client).await;
    others.subscribe(&["wall"], None).await;

    let gone = client.act(&format!("/api/v1/users/{kim}/deactivate")).await.json(200);
    assert_eq!(gone["state"], "deactivated");
    assert_eq!(socket.next().await.unwrap()["data"]["code"], "unauthenticated");
    assert_eq!(socket.next().await, None);
    browser.get("/api/v1/me").await.problem(401);
    kims.get("/api/v1/me").await.problem(401);
    assert!(sign_in(&browser, "kim", PASSWORD).await.status.is_client_error());
    client.act(&format!("/api/v1/users/{kim}/invitation")).await.problem(409);
    app.release("Shop").await;
    assert_eq!(others.next().await.unwrap()["kind"], "release.status", "the others stay");

    client.act(&format!("/api/v1/users/{kim}/reactivate")).await.json(200);
    kims.get("/api/v1/me").await.problem(401);
    sign_in(&browser, "kim", PASSWORD).await;
    browser.get("/api/v1/me").await.json(200);
}

#[tokio::test]
async fn people_are_listed_and_changed_by_those_who_may() {
    let (app, client) = TestApp::start().await;
    let kims = app.person("kim", Role::Manager).await;
    app.person("lee", Role::Viewer).await;
    let found = kims.get("/api/v1/users?sort=-name&limit=2").await.json(200);
    assert_eq!((&found["items"][0]["name"], &found["items"][1]["name"]), (&json!("lee"), &json!("kim")));
    let rest = kims.get(&format!("/api/v1/users?sort=-name&limit=2&cursor={}", found["next"].as_str().unwrap())).await;
    assert_eq!(rest.json(200)["items"][0]["name"], NAME);
    let viewers = kims.get("/api/v1/users?role=viewer&state=active").await.json(200);
    assert_eq!(viewers["items"].as_array().unwrap().len(), 1);
    let lee = viewers["items"][0]["id"].as_i64().unwrap();
    let address = format!("/api/v1/users/{lee}");
    kims.patch(&address, json!({"role": "admin"})).await.problem(403);
    kims.post("/api/v1/users", json!({"name": "max", "role": "viewer"})).await.problem(403);
    kims.act(&format!("{address}/invitation")).await.problem(403);
    kims.act(&format!("{address}/deactivate")).await.problem(403);
    assert_eq!(client.patch(&address, json!({"role": "king"})).await.faults(), faults(&[("role", "type")]));
    let stale = client.request(Method::PATCH, &address).header("if-match", "\"9\"").json(&json!({"role": "developer"}));
    send(stale).await.problem(412);
    assert_eq!(client.patch(&address, json!({"role": "developer"})).await.header("etag"), "\"2\"");
    assert_eq!(
        client.post("/api/v1/users", json!({"name": " ", "role": "viewer", "colour": 1})).await.faults(),
        faults(&[("colour", "unknown"), ("name", "required")])
    );
}

#[tokio::test]
async fn a_manager_of_one_project_gives_roles_there_alone() {
    let (app, client) = TestApp::start().await;
    let (shop, blog) = (app.release("Shop").await.project_id, app.release("Blog").await.project_id);
    let kims = app.person("kim", Role::Member).await;
    let lees = app.person("lee", Role::Member).await;
    let (kim, lee) = (id_of(&client, "kim").await, id_of(&client, "lee").await);
    let at = |project, user| format!("/api/v1/projects/{project}/members/{user}");

    kims.get(&format!("/api/v1/projects/{shop}/members")).await.problem(403);
    let set = put(&client, &at(shop, kim), json!({"role": "manager"})).await.json(200);
    assert_eq!((&set["name"], &set["role"]), (&json!("kim"), &json!("manager")));
    put(&kims, &at(shop, lee), json!({"role": "developer"})).await.json(200);
    put(&kims, &at(blog, lee), json!({"role": "viewer"})).await.problem(404);
    for role in ["admin", "member"] {
        assert_eq!(put(&kims, &at(shop, lee), json!({"role": role})).await.faults(), faults(&[("role", "invalid")]));
    }
    put(&lees, &at(shop, kim), json!({"role": "viewer"})).await.problem(403);
    put(&kims, &at(shop, 999), json!({"role": "viewer"})).await.problem(404);
    let members = lees.get(&format!("/api/v1/projects/{shop}/members")).await.json(200);
    let names: Vec<_> = members["items"].as_array().unwrap().iter().map(|member| &member["name"]).collect();
    assert_eq!(names, ["kim", "lee"]);

    // Whoever loses their place hears nothing more.
    let mut socket = Socket::open(&lees).await;
    socket.subscribe(&[&format!("project:{shop}")], None).await;
    kims.delete(&at(shop, lee)).await;
    while socket.next().await.is_some() {}
    lees.get(&format!("/api/v1/projects/{shop}")).await.problem(403);
    kims.delete(&at(shop, lee)).await.problem(404);
}

#[tokio::test]
async fn a_new_password_asks_for_the_old_one_and_ends_other_sessions() {
    let (app, client) = TestApp::start().await;
    let (here, there) = (app.stranger(), app.stranger());
    for browser in [&here, &there] {
        sign_in(browser, NAME, PASSWORD).await;
    }
    let change = |current: &str| json!({"current_password": current, "password": "a new password"});
    let wrong = here.post("/api/v1/me/password", change("wrong")).await;
    assert_eq!(wrong.faults(), faults(&[("current_password", "wrong")]));
    assert_eq!(here.post("/api/v1/me/password", change(PASSWORD)).await.status, 204);
    here.get("/api/v1/me").await.json(200);
    there.get("/api/v1/me").await.problem(401);
    client.get("/api/v1/me").await.json(200);
    assert!(sign_in(&there, NAME, PASSWORD).await.status.is_client_error());
}
