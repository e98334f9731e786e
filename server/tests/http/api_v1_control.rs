//! What cannot be, said in both languages, and nothing is changed by it.

use launchway_domain::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api_v1_ways::Shop;
use crate::app::TestApp;
use crate::client::{Answer, Client, send};

/// Where a refusal stands, by what it is known, and what it says in each language.
struct Case<'a> {
    method: Method,
    path: &'a str,
    body: Value,
    status: u16,
    /// Of a field: its name and code.
    field: Option<(&'a str, &'a str)>,
    en: &'a str,
    zh: &'a str,
}

async fn ask(client: &Client, case: &Case<'_>, lang: &str) -> Answer {
    send(client.request(case.method.clone(), case.path).header("accept-language", lang).json(&case.body)).await
}

#[tokio::test]
async fn bad_input_is_a_clear_error_in_both_languages() {
    let (app, client) = TestApp::start().await;
    let shop = Shop::new(&app, &client).await;
    let live = shop.succeeded(shop.test, "v1").await;
    let never = shop.pending(shop.test, "v2").await;
    let next = shop.pending(shop.test, "v2").await;
    client.act(&format!("/api/v1/releases/{never}/cancel")).await.json(202);
    let empty = shop.environment("nightly", "test").await;
    let (environment, prod) =
        (format!("/api/v1/environments/{}", shop.test), format!("/api/v1/environments/{}", shop.prod));
    let lock = format!("{environment}/lock");
    client.post(&lock, json!({"reason": "Stocktaking"})).await.json(201);
    let (rollback, promote) = (format!("{environment}/rollbacks"), format!("{prod}/promote"));
    let of_release = format!("/api/v1/releases/{never}/rollback");
    let start = format!("/api/v1/releases/{next}/start");
    let rollout = |rollout: Value| json!({"policy": {"rollout": rollout}});
    let calendar = |calendar: Value| json!({"policy": {"calendar": calendar}});
    let http = |url: &str| rollout(json!({"health": {"kind": "http", "url": url}}));
    let backwards = json!({"dates": [{"from": "2026-12-26", "to": "2026-12-24"}]});
    let past = json!({"at": Timestamp(0)});
    let patch = |body: Value, field: &'static str, code: &'static str, en: &'static str, zh: &'static str| {
        let path = environment.as_str();
        Case { method: Method::PATCH, path, body, status: 422, field: Some((field, code)), en, zh }
    };
    let post = |path, body: Value, field, en: &'static str, zh: &'static str| {
        let status = if Option::<(&str, &str)>::is_some(&field) { 422 } else { 409 };
        Case { method: Method::POST, path, body, status, field, en, zh }
    };
    let batch = |size: Value| rollout(json!({"strategy": "batches", "batch": size}));
    let cases = [
        patch(batch(json!(0)), "policy.rollout.batch", "batch_servers", "at least one", "至少一台"),
        patch(batch(json!("0%")), "policy.rollout.batch", "batch_percent", "1% to 100%", "1% 到 100%"),
        patch(batch(json!("101%")), "policy.rollout.batch", "batch_percent", "1% to 100%", "1% 到 100%"),
        patch(
            rollout(json!({"failure_budget": "101%"})),
            "policy.rollout.failure_budget",
            "budget_percent",
            "0% to 100%",
            "0% 到 100%",
        ),
        patch(http("ftp://{address}/"), "policy.rollout.health.url", "url", "http", "http"),
        patch(calendar(backwards), "policy.calendar.dates[0].to", "before_begin", "later end", "更晚"),
        patch(
            calendar(json!({"time_zone": "Mars/Olympus"})),
            "policy.calendar.time_zone",
            "time_zone",
            "Europe/",
            "Asia/",
        ),
        post(&rollback, json!({"release_id": never}), None, "no server ever had", "从未完整上线"),
        post(&of_release, json!({}), None, "no server ever had", "从未完整上线"),
        post(&rollback, json!({"release_id": 4711}), Some(("release_id", "not_found")), "", ""),
        post(&lock, json!({"reason": "mine"}), None, "Stocktaking", "Stocktaking"),
        post(&promote, json!({"from": empty}), None, "Nothing is live in nightly", "nightly"),
        post(&start, past, Some(("at", "past")), "has passed", "已过"),
    ];
    let before = client.get(&environment).await.json(200);
    for case in &cases {
        let what = format!("{} {} {}", case.method, case.path, case.body);
        let mut said = Vec::new();
        for lang in ["en", "zh"] {
            let answer = ask(&client, case, lang).await;
            let problem = answer.problem(case.status);
            let text = match case.field {
                None => problem["detail"].clone(),
                Some((field, code)) => {
                    let error = &problem["errors"][0];
                    assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!(code)), "{what}: {problem}");
                    error["message"].clone()
                }
            };
            said.push(text.as_str().unwrap().to_owned());
        }
        let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        assert!(said[0].contains(case.en) && !is_chinese(&said[0]), "{what}: {}", said[0]);
        assert!(said[1].contains(case.zh) && is_chinese(&said[1]), "{what}: {}", said[1]);
    }
    // Nothing of it was half-done.
    assert_eq!(client.get(&environment).await.json(200), before);
    assert_eq!(client.get(&lock).await.json(200)["reason"], "Stocktaking");
    let releases = client.get("/api/v1/releases?limit=100").await.json(200);
    let states: Vec<_> =
        releases["items"].as_array().unwrap().iter().map(|r| (r["id"].as_i64().unwrap(), &r["status"])).collect();
    assert_eq!(states, [(next, &json!("pending")), (never, &json!("canceled")), (live, &json!("succeeded"))]);
}
