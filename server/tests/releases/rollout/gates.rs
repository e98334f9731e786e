//! Health gates, each kind well and not well; and policies that cannot be.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::world::World;

/// Answers every request with a status, from the `well`th request on with 200; counts them. Gives the port.
async fn serve(status: u16, well: usize) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let status = if counted.fetch_add(1, Ordering::SeqCst) + 1 >= well { 200 } else { status };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let answer = format!(
                "HTTP/1.1 {status} x\r\nlocation: http://127.0.0.1:{port}/well\r\ncontent-length: 0\r\n\
                 connection: close\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (port, count)
}

/// A port on which nobody listens.
async fn closed() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_gate_lets_the_well_pass_and_the_others_fail() {
    let world = World::new(1).await;
    let (well, _) = serve(200, 0).await;
    let (ill, asked) = serve(503, usize::MAX).await;
    let (later, late) = serve(503, 3).await;
    let (moved, _) = serve(302, usize::MAX).await;
    let closed = closed().await;
    let http = |url: String| json!({"kind": "http", "url": url});
    for (gate, status, says) in [
        (http(format!("http://{{address}}:{well}/{{hostname}}?v={{release}}")), "succeeded", "answers 200"),
        (http(format!("http://{{address}}:{ill}/")), "failed", "answers 503"),
        (http(format!("http://{{address}}:{later}/")), "succeeded", "try 3 of 3"),
        // Not followed to where it leads.
        (http(format!("http://{{address}}:{moved}/")), "failed", "answers 302"),
        (http(format!("http://{{address}}:{closed}/")), "failed", "no answer"),
        (http("http://169.254.169.254/latest/".to_owned()), "failed", "none of this environment"),
        (http("http://[::ffff:169.254.169.254]/".to_owned()), "failed", "none of this environment"),
        (json!({"kind": "tcp", "port": well}), "succeeded", "accepts connections"),
        (json!({"kind": "tcp", "port": closed}), "failed", "refuses"),
        (json!({"kind": "command", "command": "grep one index.html"}), "succeeded", "one"),
        (json!({"kind": "command", "command": "echo ill; exit 3"}), "failed", "exit status 3"),
        (json!({"kind": "command", "command": "exit 3", "status": 3}), "succeeded", "exit status 3"),
        (json!({"kind": "command", "command": "exec sleep 600", "timeout_seconds": 1}), "failed", "within 1 s"),
    ] {
        let mut gate = gate;
        gate["tries"] = json!(3);
        gate["interval_seconds"] = json!(0);
        world.rollout(json!({"health": null})).await;
        world.rollout(json!({"health": gate})).await;
        let (release, ended) = world.release("v1", json!({})).await;
        let log = world.program.log_text(release, &world.key(1, "health")).await;
        assert_eq!(ended, status, "{gate}: {log}");
        assert!(log.contains(says), "{gate}: {log}");
        assert_eq!(world.status_of(release, 1, "health").await, status);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    assert_eq!(late.load(Ordering::SeqCst), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_port_is_said_in_both_languages_and_the_release_names_it() {
    let world = World::new(1).await;
    let closed = closed().await;
    let url = format!("http://{{address}}:{closed}/");
    world.rollout(json!({"health": {"kind": "http", "url": url, "tries": 1}})).await;
    let (release, ended) = world.release("v1", json!({})).await;
    assert_eq!(ended, "failed");
    for (lang, says) in [("en", "is not well after the switch"), ("zh", "健康检查未通过")] {
        let nodes = reqwest::Client::new()
            .get(world.program.url(&format!("/releases/{release}/nodes")))
            .bearer_auth(world.program.token())
            .header("accept-language", lang)
            .send()
            .await
            .unwrap();
        let nodes: Value = nodes.json().await.unwrap();
        let node = nodes["items"].as_array().unwrap().iter().find(|node| node["key"] == world.key(1, "health"));
        let message = node.unwrap()["message"].as_str().unwrap();
        assert!(message.contains(says) && message.contains(&closed.to_string()), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_that_hangs_leaves_nothing_behind_on_the_server() {
    let world = World::new(1).await;
    let pid = world.sites.path().join("pid");
    let command = format!("echo $$ > '{}'; sleep 1000; true", pid.display());
    let gate = json!({"kind": "command", "command": command, "tries": 1, "timeout_seconds": 1});
    world.rollout(json!({"health": gate})).await;
    let (_, ended) = world.release("v1", json!({})).await;
    assert_eq!(ended, "failed");
    assert!(!crate::hooks::runs(crate::hooks::number_in(&pid)));
    assert!(!world.site(1).join(".launchway/commands").read_dir().unwrap().any(|entry| entry.is_ok()), "tidied up");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_gate_there_is_no_such_node() {
    let world = World::new(1).await;
    let (release, _) = world.release("v1", json!({})).await;
    let nodes = world.program.get(&format!("/releases/{release}/nodes")).await;
    assert!(nodes["items"].as_array().unwrap().iter().all(|node| node["kind"] != "health"), "{nodes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_cannot_be_is_refused_where_it_is_wrong() {
    let world = World::new(1).await;
    let path = format!("/environments/{}", world.environment);
    let good = json!({"kind": "http", "url": "http://{address}/"});
    let with = |name: &str, value: Value| {
        let mut health = good.clone();
        health[name] = value;
        json!({"health": health})
    };
    for (rollout, field) in [
        (json!({"strategy": "batches"}), "batch"),
        (json!({"strategy": "batches", "batch": 0}), "batch"),
        (json!({"strategy": "batches", "batch": -3}), "batch"),
        (json!({"strategy": "batches", "batch": "0%"}), "batch"),
        (json!({"strategy": "batches", "batch": "101%"}), "batch"),
        (json!({"strategy": "batches", "batch": "some"}), "batch"),
        (json!({"strategy": "batches", "batch": 1.5}), "batch"),
        (json!({"strategy": "by moonlight"}), "strategy"),
        (json!({"strategy": "canary", "first": 0}), "first"),
        (json!({"strategy": "canary", "first": "200%"}), "first"),
        (json!({"strategy": "canary", "wait_seconds": 0}), "wait_seconds"),
        (json!({"strategy": "canary", "wait_seconds": 999_999_999}), "wait_seconds"),
        (json!({"failure_budget": -1}), "failure_budget"),
        (json!({"failure_budget": "101%"}), "failure_budget"),
        (json!({"on_failure": "panic"}), "on_failure"),
        (json!({"batches": 3}), "batches"),
        (json!({"health": {"kind": "http"}}), "health.url"),
        (json!({"health": {"kind": "tcp"}}), "health.port"),
        (json!({"health": {"kind": "tcp", "port": 70_000}}), "health.port"),
        (json!({"health": {"kind": "command"}}), "health.command"),
        (with("url", json!("ftp://{address}/")), "health.url"),
        (with("url", json!("http://{adress}/")), "health.url"),
        (with("url", json!("http://me:secret@{address}/")), "health.url"),
        (with("url", json!("http://{address}:99999/")), "health.url"),
        (with("status", json!(42)), "health.status"),
        (with("tries", json!(0)), "health.tries"),
        (with("interval_seconds", json!(-1)), "health.interval_seconds"),
        (with("timeout_seconds", json!(601)), "health.timeout_seconds"),
    ] {
        let body = json!({"policy": {"rollout": rollout}});
        let (status, problem) = world.program.call(Method::PATCH, &path, Some(body)).await;
        assert_eq!(status, 422, "{rollout}: {problem}");
        let fields: Vec<&str> =
            problem["errors"].as_array().unwrap().iter().filter_map(|error| error["field"].as_str()).collect();
        assert!(fields.contains(&format!("policy.rollout.{field}").as_str()), "{rollout}: {problem}");
    }
    // What was there is there still.
    let environment = world.program.get(&path).await;
    assert_eq!(environment["policy"]["rollout"]["strategy"], "all_at_once");
}
