//! Locks, queues, chosen times and freezes, as a script meets them.

use launchway_domain::{Role, Timestamp};
use serde_json::{Value, json};

use crate::api_v1_ways::Shop;
use crate::app::TestApp;

fn ahead(millis: i64) -> String {
    Timestamp::now().plus_millis(millis).rfc3339()
}

const HOUR: i64 = 3600 * 1000;
const DAY: i64 = 24 * HOUR;

fn waits(answer: &Value) -> Vec<&str> {
    answer["waits"].as_array().unwrap().iter().map(|wait| wait["for"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_environment_is_locked_once_and_says_by_whom_and_why() {
    let (app, client) = TestApp::start().await;
    let shop = Shop::new(&app, &client).await;
    let lock = format!("/api/v1/environments/{}/lock", shop.test);
    client.get(&lock).await.problem(404);
    client.delete(&lock).await.problem(404);
    let until = ahead(HOUR);
    let made = client.post(&lock, json!({"reason": " Stocktaking ", "until": until})).await;
    assert_eq!(made.header("location"), lock);
    let made = made.json(201);
    assert_eq!((&made["reason"], &made["until"]), (&json!("Stocktaking"), &json!(until)));
    assert_eq!((&made["environment_id"], &made["locked_by_name"]), (&json!(shop.test), &json!("ada")));
    assert_eq!(client.get(&lock).await.json(200), made);
    let held = client.post(&lock, json!({"reason": "mine"})).await.problem(409);
    let detail = held["detail"].as_str().unwrap();
    assert!(detail.contains("ada") && detail.contains("Stocktaking"), "{detail}");
    // Who waits reads it before and after pressing Start.
    let release = shop.pending(shop.test, "v1").await;
    let queue = format!("/api/v1/releases/{release}/queue");
    let before = client.get(&queue).await.json(200);
    assert_eq!((&before["place"], waits(&before)), (&Value::Null, vec!["lock"]));
    client.act(&format!("/api/v1/releases/{release}/start")).await.json(202);
    let after = client.get(&queue).await.json(200);
    assert_eq!((&after["place"], &after["of"], waits(&after)), (&json!(1), &json!(1), vec!["lock"]));
    assert_eq!(after["waits"][0]["reason"], "Stocktaking");
    assert!(app.store().claim("test", 1000).await.unwrap().is_none());
    assert_eq!(client.delete(&lock).await.status, 204);
    let free = client.get(&queue).await.json(200);
    assert_eq!((&free["place"], waits(&free)), (&json!(1), vec![]));
}

#[tokio::test]
async fn what_is_wrong_with_a_lock_is_said_at_its_field() {
    let (app, client) = TestApp::start().await;
    let shop = Shop::new(&app, &client).await;
    let release = shop.pending(shop.prod, "v1").await;
    let over = shop.pending(shop.test, "v1").await;
    client.act(&format!("/api/v1/releases/{over}/cancel")).await.json(202);
    let lock = format!("/api/v1/environments/{}/lock", shop.test);
    for (body, field, code) in [
        (json!({}), "reason", "required"),
        (json!({"reason": "   "}), "reason", "required"),
        (json!({"reason": "x".repeat(501)}), "reason", "too_long"),
        (json!({"reason": "a\u{0}b"}), "reason", "nul"),
        (json!({"reason": 7}), "reason", "type"),
        (json!({"reason": "x", "until": "tomorrow"}), "until", "type"),
        (json!({"reason": "x", "until": "2020-01-01T00:00:00Z"}), "until", "past"),
        (json!({"reason": "x", "until": ahead(400 * DAY)}), "until", "too_far"),
        (json!({"reason": "x", "release_id": 4242}), "release_id", "not_found"),
        (json!({"reason": "x", "release_id": release}), "release_id", "not_found"),
        (json!({"reason": "x", "release_id": over}), "release_id", "ended"),
        (json!({"reason": "x", "force": true}), "force", "unknown"),
    ] {
        let (found, said) = client.post(&lock, body.clone()).await.faults()[0].clone();
        assert_eq!((found.as_str(), said.as_str()), (field, code), "{body}");
    }
    client.get(&lock).await.problem(404);
    client.post("/api/v1/environments/4242/lock", json!({"reason": "x"})).await.problem(404);
    // Who releases may not keep others from it.
    let developer = app.person("dev", Role::Developer).await;
    developer.post(&lock, json!({"reason": "x"})).await.problem(403);
    client.post(&lock, json!({"reason": "x"})).await.json(201);
    developer.delete(&lock).await.problem(403);
    developer.get(&lock).await.json(200);
    let entries = client.get("/api/v1/audit?what=environment.lock").await.json(200);
    assert_eq!(entries["items"][0]["after"]["reason"], "x");
}

#[tokio::test]
async fn a_release_starts_at_its_time_and_the_time_may_be_changed() {
    let (app, client) = TestApp::start().await;
    let shop = Shop::new(&app, &client).await;
    let release = shop.pending(shop.test, "v1").await;
    let (start, schedule) =
        (format!("/api/v1/releases/{release}/start"), format!("/api/v1/releases/{release}/schedule"));
    for (at, code) in [
        (json!("2020-01-01T00:00:00Z"), "past"),
        (json!(ahead(400 * DAY)), "too_far"),
        (json!("2026-02-30T00:00:00Z"), "type"),
        (json!(7), "type"),
    ] {
        for path in [&start, &schedule] {
            if *path == schedule && shop.release(release).await["status"] == "pending" {
                client.post(path, json!({"at": ahead(HOUR)})).await.problem(409);
                continue;
            }
            let (field, said) = client.post(path, json!({"at": at})).await.faults()[0].clone();
            assert_eq!((field.as_str(), said.as_str()), ("at", code), "{at}");
        }
    }
    let at = ahead(HOUR);
    let queued = client.post(&start, json!({"at": at})).await.json(202);
    assert_eq!((&queued["status"], &queued["start_at"]), (&json!("queued"), &json!(at)));
    let queue = client.get(&format!("/api/v1/releases/{release}/queue")).await.json(200);
    assert_eq!((waits(&queue), &queue["waits"][0]["until"]), (vec!["time"], &json!(at)));
    // It keeps nobody who comes later.
    let next = shop.pending(shop.test, "v2").await;
    client.act(&format!("/api/v1/releases/{next}/start")).await.json(202);
    let door = client.get(&format!("/api/v1/environments/{}/queue", shop.test)).await.json(200);
    let order: Vec<_> = door["items"].as_array().unwrap().iter().map(|item| item["release_id"].clone()).collect();
    assert_eq!(order, [json!(next), json!(release)]);
    let later = ahead(2 * HOUR);
    let moved = client.post(&schedule, json!({"at": later})).await.json(202);
    assert_eq!(moved["start_at"], later);
    for wrong in ["2020-01-01T00:00:00Z".to_owned(), ahead(400 * DAY)] {
        assert_eq!(client.post(&schedule, json!({"at": wrong})).await.faults()[0].0, "at");
    }
    let now = client.post(&schedule, json!({"at": null})).await.json(202);
    assert_eq!(now["start_at"], Value::Null);
    shop.end(release, launchway_domain::ReleaseStatus::Succeeded).await;
    client.post(&schedule, json!({"at": later})).await.problem(409);
    let canceled = client.act(&format!("/api/v1/releases/{next}/cancel")).await.json(202);
    assert_eq!(canceled["status"], "canceled");
}

/// The days from yesterday to tomorrow, or as many days later.
fn days(later: i64) -> Value {
    let day = |at: i64| ahead(at)[..10].to_owned();
    json!([{"from": day((later - 1) * DAY), "to": day((later + 1) * DAY), "label": "Holidays"}])
}

#[tokio::test]
async fn in_a_freeze_nothing_starts_without_an_administrators_reason() {
    let (app, client) = TestApp::start().await;
    let shop = Shop::new(&app, &client).await;
    let environment = format!("/api/v1/environments/{}", shop.test);
    let calendar = format!("{environment}/calendar");
    let open = client.get(&calendar).await.json(200);
    assert_eq!((&open["frozen"], &open["next"], &open["time_zone"]), (&json!(false), &Value::Null, &json!("UTC")));
    let before = shop.pending(shop.test, "v1").await;
    client.act(&format!("/api/v1/releases/{before}/start")).await.json(202);
    client.patch(&environment, json!({"policy": {"calendar": {"dates": days(0)}}})).await.json(200);
    let frozen = client.get(&calendar).await.json(200);
    assert_eq!((&frozen["frozen"], &frozen["now"]["label"]), (&json!(true), &json!("Holidays")));
    assert_eq!(frozen["until"], format!("{}T00:00:00.000Z", &ahead(2 * DAY)[..10]));
    // What was queued before waits.
    let place = client.get(&format!("/api/v1/releases/{before}/queue")).await.json(200);
    assert_eq!((waits(&place), &place["waits"][0]["until"]), (vec!["freeze"], &frozen["until"]));
    assert!(app.store().claim("test", 1000).await.unwrap().is_none());
    // What starts now is refused, at once and at a time within.
    let release = shop.pending(shop.test, "v2").await;
    let start = format!("/api/v1/releases/{release}/start");
    let until = ahead(2 * DAY)[..10].to_owned();
    for body in [json!({}), json!({"at": ahead(HOUR)})] {
        let refused = client.post(&start, body).await.problem(409);
        assert!(refused["detail"].as_str().unwrap().contains(&until), "{refused}");
    }
    let manager = app.person("manager", Role::Manager).await;
    manager.post(&start, json!({"exception": "in a hurry"})).await.problem(403);
    assert_eq!(shop.release(release).await["status"], "pending");
    // After it, anybody may; within, an administrator with a reason.
    let after = client.post(&start, json!({"at": ahead(3 * DAY)})).await.json(202);
    assert_eq!(after["exception"], Value::Null);
    let schedule = format!("/api/v1/releases/{release}/schedule");
    client.post(&schedule, json!({"at": ahead(HOUR)})).await.problem(409);
    client.post(&schedule, json!({"at": null})).await.problem(409);
    let urgent = shop.pending(shop.test, "v2").await;
    let started = client
        .post(&format!("/api/v1/releases/{urgent}/start"), json!({"exception": "The shop is down"}))
        .await
        .json(202);
    assert_eq!((&started["status"], &started["exception"]), (&json!("queued"), &json!("The shop is down")));
    shop.end(urgent, launchway_domain::ReleaseStatus::Succeeded).await;
    assert!(app.store().claim("test", 1000).await.unwrap().is_none());
    // The freeze is taken back: what waited goes on.
    client.patch(&environment, json!({"policy": {"calendar": {"dates": days(7)}}})).await.json(200);
    let next = client.get(&calendar).await.json(200);
    assert_eq!((&next["frozen"], &next["next"]["label"]), (&json!(false), &json!("Holidays")));
    shop.end(before, launchway_domain::ReleaseStatus::Succeeded).await;
}

#[tokio::test]
async fn a_release_is_created_and_started_or_neither() {
    let (app, client) = TestApp::start().await;
    let shop = Shop::new(&app, &client).await;
    let body = |environment: i64, start: Value| {
        let git_ref = json!({"kind": "tag", "name": "v1"});
        json!({"project_id": shop.project, "environment_id": environment, "ref": git_ref, "start": start})
    };
    let count = async || client.get("/api/v1/releases").await.json(200)["items"].as_array().unwrap().len();
    for (start, field, code) in [
        (json!({"at": "2020-01-01T00:00:00Z"}), "start.at", "past"),
        (json!({"at": ahead(400 * DAY)}), "start.at", "too_far"),
        (json!({"exception": "x".repeat(2_001)}), "start.exception", "too_long"),
        (json!({"now": true}), "start.now", "unknown"),
        (json!(true), "start", "type"),
    ] {
        let (found, said) = client.post("/api/v1/releases", body(shop.test, start.clone())).await.faults()[0].clone();
        assert_eq!((found.as_str(), said.as_str()), (field, code), "{start}");
    }
    // Production takes what was tested, and who may run it.
    client.post("/api/v1/releases", body(shop.prod, json!({}))).await.problem(409);
    let developer = app.person("dev", Role::Developer).await;
    developer.post("/api/v1/releases", body(shop.prod, json!({}))).await.problem(403);
    assert_eq!(count().await, 0, "nothing half-done");

    let at = ahead(HOUR);
    let made = client.post("/api/v1/releases", body(shop.test, json!({"at": at}))).await.json(201);
    assert_eq!((&made["status"], &made["start_at"]), (&json!("queued"), &json!(at)));
    let why = json!({"exception": "The shop is down"});
    let made = client.post("/api/v1/releases", body(shop.prod, why)).await.json(201);
    assert_eq!((&made["status"], &made["exception"]), (&json!("queued"), &json!("The shop is down")));
    let written = client.post("/api/v1/releases", body(shop.test, Value::Null)).await.json(201);
    assert_eq!(written["status"], "pending");
    let entries = client.get("/api/v1/audit?what=release.start").await.json(200);
    assert_eq!(entries["items"].as_array().unwrap().len(), 2, "{entries}");
    // Whoever listens reads why, as whoever asks does.
    let topics = format!("/api/v1/events?topics=release:{}&after=0", made["id"]);
    let told = client.get(&topics).await.json(200);
    let last = told["items"].as_array().unwrap().iter().rfind(|event| event["kind"] == "release.status").unwrap();
    assert_eq!(last["data"]["exception"], "The shop is down");
}

#[tokio::test]
async fn a_change_of_a_policy_is_told_to_whoever_listens_to_its_project() {
    let (app, client) = TestApp::start().await;
    let shop = Shop::new(&app, &client).await;
    let environment = format!("/api/v1/environments/{}", shop.test);
    client.patch(&environment, json!({"policy": {"calendar": {"dates": days(0)}}})).await.json(200);
    let changed = |answer: Value| {
        let is_changed = |event: &&Value| event["kind"] == "environment.changed";
        answer["items"].as_array().unwrap().iter().find(is_changed).map(|event| event["data"].clone())
    };
    let told = client.get(&format!("/api/v1/events?topics=project:{}&after=0", shop.project)).await.json(200);
    assert_eq!(changed(told), Some(json!({"environment_id": shop.test, "project_id": shop.project})));
}

#[tokio::test]
async fn what_is_wrong_with_a_calendar_is_said_at_its_field() {
    let (app, client) = TestApp::start().await;
    let shop = Shop::new(&app, &client).await;
    let environment = format!("/api/v1/environments/{}", shop.test);
    let weekly = |days: Value, from: &str, to: &str| json!({"weekly": [{"days": days, "from": from, "to": to}]});
    let dates = |from: &str, to: &str| json!({"dates": [{"from": from, "to": to}]});
    let many: Vec<Value> = (0..51).map(|_| json!({"from": "2026-12-24", "to": "2026-12-25"})).collect();
    for (calendar, field, code) in [
        (json!({"time_zone": "Mars/Olympus"}), "time_zone", "time_zone"),
        (json!({"time_zone": "$(reboot)"}), "time_zone", "time_zone"),
        (dates("2026-12-26", "2026-12-24"), "dates[0].to", "before_begin"),
        (dates("2026-12-26T10:00", "2026-12-26T09:00"), "dates[0].to", "before_begin"),
        (dates("2026-02-30", "2026-12-24"), "dates[0].from", "local_time"),
        (weekly(json!([]), "18:00", "20:00"), "weekly[0].days", "no_days"),
        (weekly(json!(["mon"]), "25:00", "20:00"), "weekly[0].from", "clock"),
        (weekly(json!(["mon"]), "20:00", "20:00"), "weekly[0].to", "empty_window"),
        (json!({"dates": many}), "dates", "too_many"),
    ] {
        let answer = client.patch(&environment, json!({"policy": {"calendar": calendar}})).await;
        let (found, said) = answer.faults()[0].clone();
        assert_eq!((found, said.as_str()), (format!("policy.calendar.{field}"), code), "{calendar}");
    }
    let wrong = client.patch(&environment, json!({"policy": {"calendar": weekly(json!(["someday"]), "1", "2")}})).await;
    assert!(wrong.faults()[0].0.starts_with("policy.calendar.weekly"), "{:?}", wrong.faults());
}
