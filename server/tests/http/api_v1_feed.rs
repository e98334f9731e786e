use launchway_domain::{Event, EventData, Timestamp};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::Client;
use crate::listen::{Socket, seqs};

#[tokio::test]
async fn all_hear_the_same_in_the_same_order() {
    let (app, client) = TestApp::start().await;
    let run = app.running("Shop").await;
    let topic = format!("release:{}", run.release);
    let (mut one, mut other) = (Socket::open(&client).await, Socket::open(&client).await);
    one.subscribe(&[&topic], Some(0)).await;
    other.subscribe(&[&topic], Some(0)).await;
    for line in 0..50 {
        run.log(&format!("line {line}")).await;
    }
    let before = one.until("log.appended").await.len();
    other.until("log.appended").await;
    let (one, other) = (one.take(49).await, other.take(49).await);
    assert_eq!(one, other);
    assert!(before > 3 && seqs(&one).is_sorted());
    for field in ["seq", "topic", "kind", "at", "data"] {
        assert!(!one[0][field].is_null(), "{}", one[0]);
    }
    assert_eq!(one[48]["data"]["text"], "line 49\n");
}

#[tokio::test]
async fn who_comes_back_misses_nothing_and_gets_nothing_twice() {
    let (app, client) = TestApp::start().await;
    come_and_go(&app, &client).await;
}

/// Reads a release's events while they are written, over sockets that are dropped again and again.
pub(crate) async fn come_and_go(app: &TestApp, client: &Client) {
    let run = app.running("Shop").await;
    let topic = format!("release:{}", run.release);
    let total = 400;
    let writer = async {
        for line in 0..total {
            run.log(&format!("line {line}")).await;
        }
    };
    let reader = async {
        let (mut heard, mut after): (Vec<Value>, i64) = (Vec::new(), 0);
        // Every socket is dropped after a few messages, wherever that is.
        for round in 0.. {
            let mut socket = Socket::open(client).await;
            socket.subscribe(&[&topic], Some(after)).await;
            for _ in 0..(17 + round * 7) {
                let event = socket.next().await.unwrap();
                after = event["seq"].as_i64().unwrap();
                heard.push(event);
                if heard.iter().filter(|e| e["kind"] == "log.appended").count() == total {
                    return heard;
                }
            }
        }
        heard
    };
    let ((), heard) = tokio::join!(writer, reader);
    let numbers = seqs(&heard);
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "out of order or twice");
    let lines: Vec<&str> =
        heard.iter().filter_map(|event| event["data"]["text"].as_str()).filter(|t| t.starts_with("line")).collect();
    let expected: Vec<String> = (0..total).map(|line| format!("line {line}\n")).collect();
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn who_is_slow_loses_nothing() {
    let (app, client) = TestApp::start().await;
    let run = app.running("Shop").await;
    let mut socket = Socket::open(&client).await;
    socket.subscribe(&[&format!("release:{}", run.release)], None).await;
    socket.say("?").await;
    socket.until("error").await;
    // More than the buffers of a connection hold, and than the feed keeps at hand, before the first is read.
    let (total, long) = (2500, "x".repeat(4000));
    for line in 0..total {
        run.log(&format!("{line} {long}")).await;
    }
    let heard = socket.take(total).await;
    let numbers: Vec<usize> = heard
        .iter()
        .map(|event| event["data"]["text"].as_str().unwrap().split(' ').next().unwrap().parse().unwrap())
        .collect();
    assert!(numbers.iter().copied().eq(0..total));
}

#[tokio::test]
async fn a_new_subscription_replaces_the_old() {
    let (app, client) = TestApp::start().await;
    let first = app.running("First").await;
    let second = app.running("Second").await;
    let mut socket = Socket::open(&client).await;
    socket.subscribe(&[&format!("release:{}", first.release)], None).await;
    socket.subscribe(&[&format!("release:{}", second.release)], Some(0)).await;
    let old = socket.until("node.status").await;
    first.log("not heard").await;
    second.log("heard").await;
    let heard = socket.until("log.appended").await;
    assert!(old.iter().chain(&heard).all(|event| event["data"]["release_id"] == second.release.0));
    assert_eq!(heard.last().unwrap()["data"]["text"], "heard\n");
}

#[tokio::test]
async fn from_now_on_means_from_now_on() {
    let (app, client) = TestApp::start().await;
    let run = app.running("Shop").await;
    run.log("before").await;
    let mut socket = Socket::open(&client).await;
    socket.subscribe(&[&format!("release:{}", run.release)], None).await;
    // The answer to a bad message shows that the one before it was heard.
    socket.say("?").await;
    socket.until("error").await;
    run.log("after").await;
    assert_eq!(socket.next().await.unwrap()["data"]["text"], "after\n");
}

#[tokio::test]
async fn a_wall_hears_statuses_and_no_logs() {
    let (app, client) = TestApp::start().await;
    let run = app.running("Shop").await;
    run.log("private").await;
    let project = app.store().release(run.release).await.unwrap().project_id;
    for topic in ["wall".to_owned(), format!("project:{project}")] {
        let mut socket = Socket::open(&client).await;
        socket.subscribe(&[&topic], Some(0)).await;
        run.cancel().await;
        let heard = socket.take(3).await;
        assert!(heard.iter().all(|event| event["kind"] != "log.appended" && event["topic"] == topic), "{heard:?}");
    }
}

#[tokio::test]
async fn what_is_not_understood_is_answered_and_changes_nothing() {
    let (app, client) = TestApp::start().await;
    let run = app.running("Shop").await;
    let mut socket = Socket::open(&client).await;
    socket.subscribe(&[&format!("release:{}", run.release)], None).await;
    for bad in ["", "no json", "[]", "{}", r#"{"subscribe":["nothing"]}"#, r#"{"subscribe":["wall"],"after":"x"}"#] {
        socket.say(bad).await;
        let error = socket.next().await.unwrap();
        assert_eq!(
            (error["kind"].clone(), error["data"]["code"].clone()),
            (json!("error"), json!("bad_subscribe")),
            "{bad}"
        );
        assert!(error["data"]["detail"].is_string());
    }
    run.log("still there").await;
    assert_eq!(socket.next().await.unwrap()["data"]["text"], "still there\n");
}

#[tokio::test]
async fn a_number_that_is_not_known_here_is_reset() {
    let (app, client) = TestApp::start().await;
    let run = app.running("Shop").await;
    let mut socket = Socket::open(&client).await;
    socket.subscribe(&[&format!("release:{}", run.release)], Some(1_000_000)).await;
    let reset = socket.next().await.unwrap();
    assert_eq!(
        (reset["kind"].clone(), reset["seq"].clone()),
        (json!("reset"), json!(app.store().head().await.unwrap()))
    );
    run.log("and on").await;
    assert_eq!(socket.next().await.unwrap()["data"]["text"], "and on\n");
}

#[tokio::test]
async fn what_is_no_longer_kept_is_reset() {
    let (app, client) = TestApp::start().await;
    let run = app.running("Shop").await;
    run.log("old").await;
    let head = app.store().head().await.unwrap();
    app.store().events_trim(Timestamp::now().plus_millis(60_000)).await.unwrap();
    run.log("new").await;
    let topic = format!("release:{}", run.release);
    let mut socket = Socket::open(&client).await;
    socket.subscribe(&[&topic], Some(1)).await;
    let reset = socket.next().await.unwrap();
    assert_eq!((reset["kind"].clone(), reset["seq"].clone()), (json!("reset"), json!(head + 1)));
    // The last number before what is kept, and the beginning, are no gaps.
    for after in [head, 0] {
        socket.subscribe(&[&topic], Some(after)).await;
        assert_eq!(socket.next().await.unwrap()["data"]["text"], "new\n");
    }
}

#[tokio::test]
async fn progress_is_told_without_a_number_and_not_too_often() {
    let (app, client) = TestApp::start().await;
    let run = app.running("Shop").await;
    let mut socket = Socket::open(&client).await;
    socket.subscribe(&[&format!("release:{}", run.release)], None).await;
    socket.say("?").await;
    socket.until("error").await;
    for done in 0..200 {
        let data =
            EventData::NodeProgress { release_id: run.release, node: run.key.clone(), attempt: 1, done, total: 200 };
        let tick = Event { seq: None, topic: String::new(), at: Timestamp::now(), data };
        app.progress.send(tick).unwrap();
    }
    run.log("end").await;
    let heard = socket.until("log.appended").await;
    let ticks: Vec<&Value> = heard.iter().filter(|event| event["kind"] == "node.progress").collect();
    assert!(!ticks.is_empty() && ticks.len() < 20, "{}", ticks.len());
    assert!(ticks.iter().all(|tick| tick.get("seq").is_none() && tick["topic"] == format!("release:{}", run.release)));
}
