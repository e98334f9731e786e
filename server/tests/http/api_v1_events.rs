use std::time::Duration;

use serde_json::json;

use crate::app::TestApp;
use crate::client::faults;
use crate::listen::seqs;

#[tokio::test]
async fn next_moves_on_also_when_nothing_was_for_the_caller() {
    let (app, client) = TestApp::start().await;
    let mine = app.release("Mine").await;
    let topics = format!("release:{}", mine.id);
    let first = client.get(&format!("/api/v1/events?topics={topics}&after=0&wait=0")).await.json(200);
    assert_eq!(first["items"][0]["kind"], "release.status");
    assert_eq!(first["items"][0]["topic"], json!(topics));
    let after = first["next"].as_i64().unwrap();

    app.release("Other").await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let mut next = after;
    while next == after {
        assert!(tokio::time::Instant::now() < deadline, "next stands still");
        let empty = client.get(&format!("/api/v1/events?topics={topics}&after={next}&wait=1")).await.json(200);
        assert_eq!(empty["items"], json!([]));
        next = empty["next"].as_i64().unwrap();
    }
    assert_eq!(next, app.store().head().await.unwrap());
}

#[tokio::test]
async fn a_call_waits_for_what_comes() {
    let (app, client) = TestApp::start().await;
    let run = app.running("Shop").await;
    let topic = format!("release:{}", run.release);
    let head = app.store().head().await.unwrap();
    let path = format!("/api/v1/events?topics={topic},wall&after={head}");
    let waiting = tokio::spawn(async move { client.get(&path).await.json(200) });
    run.log("hello").await;
    let answer = waiting.await.unwrap();
    assert_eq!(answer["items"][0]["kind"], "log.appended");
    assert_eq!(seqs(answer["items"].as_array().unwrap()), [head + 1]);
    assert_eq!(answer["next"], json!(head + 1));
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let (_app, client) = TestApp::start().await;
    for (query, field, code) in [
        ("", "topics", "required"),
        ("topics=nothing", "topics", "invalid"),
        ("topics=wall&topics=nothing", "topics", "invalid"),
        ("topics=wall&after=x", "after", "invalid"),
        ("topics=wall&after=-1", "after", "invalid"),
        ("topics=wall&wait=x", "wait", "invalid"),
    ] {
        assert_eq!(client.get(&format!("/api/v1/events?{query}")).await.faults(), faults(&[(field, code)]), "{query}");
    }
}

#[tokio::test]
async fn a_number_from_elsewhere_is_reset() {
    let (app, client) = TestApp::start().await;
    app.release("Shop").await;
    let head = app.store().head().await.unwrap();
    let answer = client.get("/api/v1/events?topics=wall&after=99999").await.json(200);
    assert_eq!(answer["items"][0]["kind"], "reset");
    assert_eq!(answer["next"], json!(head));
}
