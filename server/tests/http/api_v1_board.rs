//! The overview, finding things, and lists that are looked through.

use launchway_domain::ReleaseStatus;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Client, faults};
use crate::listen::{Socket, handshake};
use crate::sessions::signed_in;

async fn servers(client: &Client, many: usize) {
    let body = json!({"name": "deploy", "kind": "ssh_password", "username": "www", "secret": "hunter2-hunter2"});
    let credential = client.post("/api/v1/credentials", body).await.id();
    for n in 1..=many {
        let tags = if n % 2 == 0 { json!(["eu"]) } else { json!(["us", "a\"b%_"]) };
        let address = format!("192.0.2.{n}");
        let body =
            json!({"hostname": format!("web-{n}"), "address": address, "credential_id": credential, "tags": tags});
        client.post("/api/v1/servers", body).await.id();
    }
}

fn names(list: &Value, field: &str) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_list_is_searched_sorted_filtered_and_paged() {
    let (_app, client) = TestApp::start().await;
    servers(&client, 12).await;
    assert_eq!(client.get("/api/v1/servers").await.json(200)["items"].as_array().unwrap().len(), 12, "whole");
    let found = client.get("/api/v1/servers?q=WEB%20192&tag=eu&sort=-added&limit=4").await.json(200);
    assert_eq!(names(&found, "hostname"), ["web-12", "web-10", "web-8", "web-6"]);
    let next = found["next"].as_str().unwrap();
    let rest = client.get(&format!("/api/v1/servers?q=web&tag=eu&sort=-added&limit=4&cursor={next}")).await.json(200);
    assert_eq!((names(&rest, "hostname"), &rest["next"]), (vec!["web-4".into(), "web-2".into()], &Value::Null));
    // What is typed stands for itself.
    for (q, many) in [("%", 6), ("a%22b", 0), ("web__", 0), ("web-1", 4), ("'%20OR%201=1", 0)] {
        let found = client.get(&format!("/api/v1/servers?q={q}")).await.json(200);
        assert_eq!(found["items"].as_array().unwrap().len(), many, "{q}");
    }
    assert_eq!(client.get("/api/v1/servers?tag=a%22b%25_").await.json(200)["items"].as_array().unwrap().len(), 6);
    assert_eq!(client.get("/api/v1/servers?sort=colour").await.faults(), faults(&[("sort", "invalid")]));
    assert_eq!(client.get("/api/v1/servers?limit=201").await.faults(), faults(&[("limit", "out_of_range")]));
    client.get(&format!("/api/v1/servers?q={}", "x".repeat(101))).await.problem(422);
    client.get("/api/v1/servers?q=%00").await.json(200);
}

#[tokio::test]
async fn releases_are_found_by_number_ref_and_place_without_their_hooks() {
    let (app, client) = TestApp::start().await;
    let shop = app.release("Shop").await;
    let blog = app.release("Blog").await;
    for (query, ids) in [
        ("q=shop", vec![shop.id]),
        ("q=%232", vec![blog.id]),
        ("q=v1%20live", vec![blog.id, shop.id]),
        ("q=0123456789ab", vec![blog.id, shop.id]),
        ("sort=where&status=pending", vec![blog.id, shop.id]),
        ("sort=number", vec![shop.id, blog.id]),
        ("kind=rollback", vec![]),
        ("q=nothing", vec![]),
    ] {
        let found = client.get(&format!("/api/v1/releases?{query}")).await.json(200);
        let found: Vec<i64> =
            found["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect();
        assert_eq!(found, ids.iter().map(|id| id.0).collect::<Vec<_>>(), "{query}");
    }
    let narrow = client.get(&format!("/api/v1/releases?q=v1&project_id={}", shop.project_id)).await.json(200);
    assert_eq!(narrow["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_begins_with_the_text_is_found_first() {
    let (app, client) = TestApp::start().await;
    for title in ["Workshop", "The shop", "Shop"] {
        app.release(title).await;
    }
    let found = client.get("/api/v1/search?q=shop").await.json(200);
    let projects: Vec<_> = found["items"].as_array().unwrap().iter().filter(|hit| hit["kind"] == "project").collect();
    let titles: Vec<_> = projects.iter().map(|hit| hit["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Shop", "The shop", "Workshop"]);
    let number = client.get("/api/v1/search?q=%233").await.json(200);
    assert_eq!(number["items"][0]["title"], "#3 v1");
    assert_eq!(client.get("/api/v1/search").await.faults(), faults(&[("q", "required")]));
}

#[tokio::test]
async fn the_overview_says_what_waits_runs_and_failed() {
    let (app, client) = TestApp::start().await;
    let waiting = app.release("Blog").await;
    let run = app.running("Shop").await;
    let overview = client.get("/api/v1/overview").await.json(200);
    assert_eq!(overview["waiting"][0]["id"], json!(waiting.id));
    assert_eq!(overview["running"][0]["release"]["id"], json!(run.release));
    assert_eq!(overview["running"][0]["host"][0]["status"], "running");
    assert_eq!(overview["live"].as_array().unwrap().len(), 2);
    assert_eq!(overview["live"][0]["release"], Value::Null);
    assert_eq!(overview["seq"], json!(app.store().head().await.unwrap()));
    app.store().finish(&run.lease, ReleaseStatus::Failed, None).await.unwrap();
    let overview = client.get("/api/v1/overview").await.json(200);
    assert_eq!(overview["broken"][0]["id"], json!(run.release));
    assert_eq!(overview["recent"][0]["id"], json!(run.release));
    assert!(overview["running"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn people_who_watch_a_release_are_told_who_else_does() {
    let (app, client) = TestApp::start().await;
    let release = app.release("Shop").await;
    let (browser, cookie) = signed_in(&app).await;
    let topic = format!("release:{}", release.id);
    let mut script = Socket::open(&client).await;
    script.subscribe(&[&topic], None).await;
    let mut window = handshake(&browser, &[("cookie", &cookie)]).await.unwrap();
    window.subscribe(&[&topic], None).await;
    let told = script.until("release.watching").await.pop().unwrap();
    assert_eq!(
        (&told["data"]["people"], &told["data"]["total"], &told["seq"]),
        (&json!(["ada"]), &json!(1), &Value::Null)
    );
    // Elsewhere, and gone.
    window.subscribe(&["wall"], None).await;
    let told = script.until("release.watching").await.pop().unwrap();
    assert_eq!(told["data"]["people"], json!([]));
}
