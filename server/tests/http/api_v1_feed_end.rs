use launchway_domain::{Actor, Fault};
use reqwest::StatusCode;
use secrecy::ExposeSecret;

use crate::app::{NAME, TestApp};
use crate::listen::{Socket, handshake};
use crate::sessions::signed_in;

#[tokio::test]
async fn revoking_a_token_closes_its_socket() {
    let (app, client) = TestApp::start().await;
    let token = app.services.accounts().create_token(&Actor::System, NAME, "second").await.unwrap();
    let second = client.with_token(token.expose_secret());
    let mut socket = Socket::open(&second).await;
    socket.subscribe(&["wall"], None).await;
    let grant = app.services.accounts().token_person(token.clone()).await.unwrap().grant.unwrap();
    app.store().token_delete(grant.token_id).await.unwrap();
    assert_eq!(socket.next().await.unwrap()["data"]["code"], "unauthenticated");
    assert_eq!(socket.next().await, None);
    assert_eq!(app.services.accounts().token_person(token).await, Err(Fault::Unauthenticated));
}

#[tokio::test]
async fn signing_out_closes_the_sockets_of_that_session_alone() {
    let (app, client) = TestApp::start().await;
    let (browser, cookie) = signed_in(&app).await;
    let mut mine = handshake(&browser, &[("cookie", &cookie)]).await.unwrap();
    let mut other = Socket::open(&client).await;
    mine.subscribe(&["wall"], None).await;
    other.subscribe(&["wall"], None).await;
    crate::sessions::sign_out(&browser).await;
    assert_eq!(mine.next().await.unwrap()["kind"], "error");
    assert_eq!(mine.next().await, None);
    app.release("Shop").await;
    assert_eq!(other.next().await.unwrap()["kind"], "release.status");
}

#[tokio::test]
async fn the_end_of_the_program_closes_every_socket() {
    let (app, client) = TestApp::start().await;
    let mut socket = Socket::open(&client).await;
    app.stop.cancel();
    assert_eq!(socket.next().await, None);
}

#[tokio::test]
async fn what_is_no_message_ends_with_its_code() {
    let (_app, client) = TestApp::start().await;
    for (bytes, code) in
        [(b"{\"subscribe\":[\"\xff\xfe\"]}".to_vec(), 1007), (vec![b' '; 70_000], 1009), (vec![b' '; 900_000], 1009)]
    {
        let mut socket = Socket::open(&client).await;
        let length = bytes.len();
        socket.say_bytes(bytes).await;
        assert_eq!(socket.end().await, Some(code), "{length} bytes");
    }
    // As long as they may be.
    let mut socket = Socket::open(&client).await;
    socket.say_bytes(vec![b' '; 64 * 1024]).await;
    assert_eq!(socket.next().await.unwrap()["data"]["code"], "bad_subscribe");
}

#[tokio::test]
async fn without_a_websocket_there_is_a_problem() {
    let (_app, client) = TestApp::start().await;
    client.get("/api/v1/feed").await.problem(StatusCode::UPGRADE_REQUIRED.as_u16());
}

#[tokio::test]
async fn ending_a_session_elsewhere_closes_its_sockets_at_once() {
    let (app, client) = TestApp::start().await;
    let (here, _) = signed_in(&app).await;
    let (there, cookie) = signed_in(&app).await;
    let mut socket = handshake(&there, &[("cookie", &cookie)]).await.unwrap();
    socket.subscribe(&["wall"], None).await;
    let listed = here.get("/api/v1/me/sessions").await.json(200)["items"].clone();
    let current: Vec<_> = listed.as_array().unwrap().iter().map(|s| s["current"].as_bool().unwrap()).collect();
    assert_eq!(current, [false, true], "the newest first, and which one asks");
    assert_eq!(listed[0]["address"], "127.0.0.1");
    here.delete(&format!("/api/v1/me/sessions/{}", listed[0]["id"])).await.json_less(204);
    assert_eq!(socket.next().await.unwrap()["data"]["code"], "unauthenticated");
    assert_eq!(socket.next().await, None);
    there.get("/api/v1/me/sessions").await.problem(401);
    here.get("/api/v1/me/sessions").await.json(200);
    let entry = client.get("/api/v1/audit?what=session.end").await.json(200)["items"][0].clone();
    assert_eq!((&entry["thing"]["name"], &entry["before"]["id"]), (&NAME.into(), &listed[0]["id"]));

    // All others: the one that asks stays.
    let (other, _) = signed_in(&app).await;
    here.delete("/api/v1/me/sessions").await.json_less(204);
    other.get("/api/v1/me").await.problem(401);
    here.get("/api/v1/me").await.json(200);
}

#[tokio::test]
async fn an_administrator_ends_anybodys_sessions_and_nobody_else_does() {
    let (app, client) = TestApp::start().await;
    let kim = app.person("kim", launchway_domain::Role::Manager).await;
    let browser = app.stranger();
    crate::sessions::sign_in(&browser, "kim", crate::app::PASSWORD).await;
    let (mine, _) = signed_in(&app).await;
    let id = client.get("/api/v1/users?q=kim").await.json(200)["items"][0]["id"].clone();
    let session = client.get(&format!("/api/v1/users/{id}/sessions")).await.json(200)["items"][0]["id"].clone();
    // A session of somebody else's is not there among one's own, nor is another person's beside a wrong owner.
    client.delete(&format!("/api/v1/me/sessions/{session}")).await.problem(404);
    client.delete(&format!("/api/v1/users/424242/sessions/{session}")).await.problem(404);
    kim.get("/api/v1/users/1/sessions").await.problem(403);
    kim.delete("/api/v1/users/1/sessions").await.problem(403);
    mine.get("/api/v1/me").await.json(200);
    client.delete(&format!("/api/v1/users/{id}/sessions/{session}")).await.json_less(204);
    browser.get("/api/v1/me").await.problem(401);
}
