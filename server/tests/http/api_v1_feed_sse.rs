use futures::StreamExt;
use reqwest::Method;
use tokio::time::timeout;

use crate::app::TestApp;
use crate::listen::PATIENCE;

#[tokio::test]
async fn events_stream_with_their_numbers_as_ids() {
    let (app, client) = TestApp::start().await;
    let run = app.running("Shop").await;
    let path = format!("/api/v1/feed/sse?topics=release:{}&after=0", run.release);
    let response = client.request(Method::GET, &path).header("accept-encoding", "gzip, br").send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert!(!response.headers().contains_key("content-encoding"));

    let mut stream = response.bytes_stream();
    let mut text = String::new();
    let mut logged = false;
    while !text.contains("log.appended") {
        let chunk = timeout(PATIENCE, stream.next()).await.expect("nothing came").unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
        if !logged && text.contains("release.status") {
            logged = true;
            run.log("hello").await;
        }
    }
    let ids: Vec<i64> = text.lines().filter_map(|l| l.strip_prefix("id: ")).map(|id| id.parse().unwrap()).collect();
    assert!(ids.is_sorted() && ids.len() > 2, "{text}");

    // A browser that comes back names the last one in a header, which beats the address that it began with.
    let last = ids[ids.len() - 2].to_string();
    let again = client.request(Method::GET, &path).header("last-event-id", &last).send().await.unwrap();
    let mut stream = again.bytes_stream();
    let mut text = String::new();
    while !text.contains("log.appended") {
        let chunk = timeout(PATIENCE, stream.next()).await.expect("nothing came").unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    assert!(!text.contains("release.status"), "{text}");
}
