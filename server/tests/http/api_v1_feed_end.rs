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
async fn without_a_websocket_there_is_a_problem() {
    let (_app, client) = TestApp::start().await;
    client.get("/api/v1/feed").await.problem(StatusCode::UPGRADE_REQUIRED.as_u16());
}
