use launchway_domain::Role;

use crate::app::TestApp;

#[tokio::test]
async fn what_goes_on_is_counted() {
    let (app, client) = TestApp::start().await;
    let stranger = app.stranger().get("/metrics").await;
    stranger.problem(401);
    let run = app.running("Shop").await;
    app.release("Other").await;
    client.get("/api/v1/servers/77").await.problem(404);
    client.get("/no/such/page").await;
    let viewer = app.person("vera", Role::Viewer).await;
    let answer = viewer.get("/metrics").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.header("content-type").starts_with("text/plain"), "{answer:?}");
    let has = |line: &str| assert!(answer.text.lines().any(|one| one == line), "{line} in\n{}", answer.text);
    has("launchway_releases{status=\"running\"} 1");
    has("launchway_releases{status=\"pending\"} 1");
    has("launchway_releases{status=\"failed\"} 0");
    has("launchway_nodes_running 1");
    has("launchway_queue_depth 0");
    has("launchway_feed_listeners 0");
    has("launchway_http_requests_total{method=\"GET\",route=\"/api/v1/servers/{id}\",status=\"404\"} 1");
    has("launchway_http_requests_total{method=\"GET\",route=\"/metrics\",status=\"401\"} 1");
    has("launchway_http_request_duration_seconds_count{method=\"GET\",route=\"/api/v1/servers/{id}\"} 1");
    assert!(answer.text.contains("launchway_build_info{version=\""), "{}", answer.text);
    assert!(answer.text.contains("launchway_db_connections{state=\"max\"}"));
    assert!(!answer.text.contains("/servers/77") && !answer.text.contains("/no/such/page"), "no end of series");
    run.cancel().await;
}
