//! How often the API may be called.

use launchway::config::Rate;
use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn whoever_calls_too_often_is_told_when_to_go_on() {
    let app = TestApp::with(|config| config.caller_rate = Rate { burst: 5, per_second: 1 }).await;
    let client = app.administrator().await;
    let other = client.with_token(&app.token("second").await);
    let answers = futures::future::join_all((0..40).map(|_| client.get("/api/v1/servers"))).await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
    assert!(refused.len() >= 20, "{}", refused.len());
    for answer in refused {
        answer.problem(429);
        assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    }
    other.get("/api/v1/servers").await.json(200);
    app.stranger().get("/healthz").await.json(200);
}

#[tokio::test]
async fn strangers_are_counted_by_their_address_and_keep_nobody_out() {
    let app = TestApp::with(|config| config.stranger_rate = Rate { burst: 3, per_second: 1 }).await;
    let client = app.administrator().await;
    let stranger = app.stranger().with_token("lw_wrong");
    let answers = futures::future::join_all((0..40).map(|_| stranger.get("/api/v1/servers"))).await;
    let told: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(told.len() >= 20, "{}", told.len());
    assert!(told.iter().all(|answer| !answer.header("retry-after").is_empty()));
    // From the same address, with a token that is somebody's.
    client.get("/api/v1/servers").await.json(200);
}

#[tokio::test]
async fn the_usual_script_is_not_held_up() {
    let (_app, client) = TestApp::start().await;
    for answer in futures::future::join_all((0..500).map(|_| client.get("/api/v1/credentials"))).await {
        assert_eq!(answer.json(200)["items"], json!([]));
    }
}
