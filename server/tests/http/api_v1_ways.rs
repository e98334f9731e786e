//! What a release needs before it starts, and the ways between environments and back.

use launchway_domain::{ReleaseId, ReleaseStatus};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::Client;

/// A project with an environment for test and one for production, over a real repository.
pub(crate) struct Shop<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) client: &'a Client,
    pub(crate) project: i64,
    pub(crate) test: i64,
    pub(crate) prod: i64,
}

impl<'a> Shop<'a> {
    pub(crate) async fn new(app: &'a TestApp, client: &'a Client) -> Self {
        let project = json!({"title": "Shop", "repo_url": app.repository()});
        let project = client.post("/api/v1/projects", project).await.id();
        let mut shop = Self { app, client, project, test: 0, prod: 0 };
        shop.test = shop.environment("staging", "test").await;
        shop.prod = shop.environment("live", "prod").await;
        shop
    }

    pub(crate) async fn environment(&self, name: &str, kind: &str) -> i64 {
        let body = json!({"name": name, "kind": kind, "path": format!("/srv/{name}")});
        self.client.post(&format!("/api/v1/projects/{}/environments", self.project), body).await.id()
    }

    /// A release that nobody has started.
    pub(crate) async fn pending(&self, environment: i64, tag: &str) -> i64 {
        let body =
            json!({"project_id": self.project, "environment_id": environment, "ref": {"kind": "tag", "name": tag}});
        self.client.post("/api/v1/releases", body).await.id()
    }

    /// Has a queued release end.
    pub(crate) async fn end(&self, release: i64, status: ReleaseStatus) {
        let (lease, claimed) = self.app.store().claim("test", 60_000).await.unwrap().unwrap();
        assert_eq!(claimed.id, ReleaseId(release));
        self.app.store().plan(&lease, &json!({"tree_of": release}), &[]).await.unwrap();
        self.app.store().finish(&lease, status, None).await.unwrap();
    }

    /// A release that went well.
    pub(crate) async fn succeeded(&self, environment: i64, tag: &str) -> i64 {
        let release = self.pending(environment, tag).await;
        self.client.act(&format!("/api/v1/releases/{release}/start")).await.json(202);
        self.end(release, ReleaseStatus::Succeeded).await;
        release
    }

    pub(crate) async fn release(&self, id: i64) -> Value {
        self.client.get(&format!("/api/v1/releases/{id}")).await.json(200)
    }
}

#[tokio::test]
async fn production_takes_what_was_tested_and_an_administrator_writes_down_why_not() {
    let (app, client) = TestApp::start().await;
    let shop = Shop::new(&app, &client).await;
    let release = shop.pending(shop.prod, "v1").await;
    let start = format!("/api/v1/releases/{release}/start");
    let refused = client.act(&start).await.problem(409);
    let detail = refused["detail"].as_str().unwrap();
    // People read the sentence; programs read the field.
    assert!(detail.contains("test environment") && !detail.contains('`'), "{refused}");
    assert_eq!(
        (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
        (&json!("exception"), &json!("required"))
    );
    // A manager may run it, and may not break the rule.
    let manager = app.person("manager", launchway_domain::Role::Manager).await;
    manager.post(&start, json!({"exception": "in a hurry"})).await.problem(403);
    manager.post(&start, json!({"exception": "  "})).await.problem(409);
    for (body, field) in [
        (json!({"exception": 7}), "exception"),
        (json!({"exception": "x".repeat(2_001)}), "exception"),
        (json!({"because": "x"}), "because"),
    ] {
        assert_eq!(client.post(&start, body).await.faults()[0].0, field);
    }
    assert_eq!(shop.release(release).await["status"], "pending", "nothing half-done");

    // Whoever cancels and retries it has started it, too.
    client.act(&format!("/api/v1/releases/{release}/cancel")).await.json(202);
    let retry = format!("/api/v1/releases/{release}/retry");
    client.act(&retry).await.problem(409);
    let started = client.post(&retry, json!({"exception": "the shop is down"})).await.json(202);
    assert_eq!((&started["status"], &started["exception"]), (&json!("queued"), &json!("the shop is down")));
    let listed = client.get("/api/v1/releases").await.json(200);
    assert_eq!(listed["items"][0]["exception"], "the shop is down");
    let audited = client.get("/api/v1/audit").await.json(200).to_string();
    assert!(audited.contains("the shop is down"), "{audited}");
    shop.end(release, ReleaseStatus::Failed).await;
    // It was let through once: a retry needs no second reason.
    manager.act(&retry).await.json(202);
    shop.end(release, ReleaseStatus::Failed).await;

    let tested = shop.pending(shop.prod, "v1").await;
    let start = format!("/api/v1/releases/{tested}/start");
    // Another commit, one that failed, and another project's success do not count.
    shop.succeeded(shop.test, "v2").await;
    let failed = shop.pending(shop.test, "v1").await;
    client.act(&format!("/api/v1/releases/{failed}/start")).await.json(202);
    shop.end(failed, ReleaseStatus::Failed).await;
    manager.act(&start).await.problem(409);
    shop.succeeded(shop.test, "v1").await;
    let started = manager.post(&start, json!({"exception": "not needed"})).await.json(202);
    assert_eq!(started["exception"], Value::Null, "no rule was broken");
}

#[tokio::test]
async fn the_policy_says_whether_a_test_is_needed() {
    let (app, client) = TestApp::start().await;
    let shop = Shop::new(&app, &client).await;
    let rules = async |environment: i64, tested: Value| {
        let body = json!({"policy": {"rules": {"tested_first": tested}}});
        client.patch(&format!("/api/v1/environments/{environment}"), body).await.json(200);
    };
    let start = async |release: i64| client.act(&format!("/api/v1/releases/{release}/start")).await;
    rules(shop.prod, json!(false)).await;
    start(shop.pending(shop.prod, "v1").await).await.json(202);
    rules(shop.test, json!(true)).await;
    let refused = start(shop.pending(shop.test, "v1").await).await.problem(409);
    assert!(refused["detail"].as_str().unwrap().contains("the project has none"), "{refused}");
    rules(shop.test, Value::Null).await;
    start(shop.pending(shop.test, "v1").await).await.json(202);
}

#[tokio::test]
async fn what_cannot_be_gone_back_to_is_said() {
    let (app, client) = TestApp::start().await;
    let shop = Shop::new(&app, &client).await;
    let path = format!("/api/v1/environments/{}/rollbacks", shop.test);
    let empty = client.get(&path).await.json(200);
    assert_eq!((&empty["items"], &empty["next"]), (&json!([]), &Value::Null));
    client.act(&path).await.problem(409);
    let first = shop.succeeded(shop.test, "v1").await;
    let nothing = client.act(&path).await.problem(409);
    assert!(nothing["detail"].as_str().unwrap().contains("nothing to go back to"), "{nothing}");

    let pending = shop.pending(shop.test, "v2").await;
    let refused = client.post(&path, json!({"release_id": pending})).await.problem(409);
    assert!(refused["detail"].as_str().unwrap().contains("no server ever had"), "{refused}");
    client.act(&format!("/api/v1/releases/{pending}/rollback")).await.problem(409);
    let elsewhere = shop.succeeded(shop.prod, "v1").await;
    for (body, fault) in [
        (json!({"release_id": elsewhere}), ("release_id", "other_environment")),
        (json!({"release_id": 999}), ("release_id", "not_found")),
        (json!({"release_id": "x"}), ("release_id", "type")),
        (json!({"to": 1}), ("to", "unknown")),
    ] {
        let found = client.post(&path, body.clone()).await.faults();
        assert_eq!((found[0].0.as_str(), found[0].1.as_str()), fault, "{body}");
    }
    for query in ["limit=0", "limit=101", "limit=x", "cursor=x", "held=perhaps", "nonsense=1"] {
        client.get(&format!("{path}?{query}")).await.problem(422);
    }
    client.get("/api/v1/environments/999/rollbacks").await.problem(404);
    let viewer = app.person("viewer", launchway_domain::Role::Viewer).await;
    viewer.get(&path).await.json(200);
    viewer.get(&format!("{path}?held=true")).await.problem(403);
    viewer.act(&path).await.problem(403);
    let developer = app.person("developer", launchway_domain::Role::Developer).await;
    developer.act(&format!("/api/v1/environments/{}/rollbacks", shop.prod)).await.problem(403);

    // Back to the first, after a second; then each tree is listed once, and the live one is marked.
    client.act(&format!("/api/v1/releases/{pending}/start")).await.json(202);
    shop.end(pending, ReleaseStatus::Succeeded).await;
    let back = client.act(&path).await;
    assert!(back.header("location").starts_with("/api/v1/releases/"));
    let back = back.json(202);
    assert_eq!((&back["rollback_of"], &back["kind"]), (&json!(first), &json!("rollback")));
    let list = client.get(&format!("{path}?limit=1")).await.json(200);
    assert_eq!((&list["items"][0]["id"], &list["items"][0]["live"]), (&json!(pending), &json!(true)), "{list}");
    let rest = client.get(&format!("{path}?limit=1&cursor={}", list["next"].as_str().unwrap())).await.json(200);
    assert_eq!((&rest["items"][0]["id"], &rest["next"]), (&json!(first), &Value::Null));
}

#[tokio::test]
async fn what_cannot_be_promoted_is_said() {
    let (app, client) = TestApp::start().await;
    let shop = Shop::new(&app, &client).await;
    let promote = format!("/api/v1/environments/{}/promote", shop.prod);
    let nothing = client.act(&promote).await.problem(409);
    assert!(nothing["detail"].as_str().unwrap().contains("Nothing is live in any test environment"), "{nothing}");
    let nothing = client.post(&promote, json!({"from": shop.test})).await.problem(409);
    assert!(nothing["detail"].as_str().unwrap().contains("Nothing is live in staging"), "{nothing}");
    for (body, fault) in [
        (json!({"from": shop.prod}), ("from", "not_a_test")),
        (json!({"from": 999}), ("from", "not_a_test")),
        (json!({"from": "staging"}), ("from", "type")),
        (json!({"to": 1}), ("to", "unknown")),
    ] {
        let found = client.post(&promote, body.clone()).await.faults();
        assert_eq!((found[0].0.as_str(), found[0].1.as_str()), fault, "{body}");
    }
    let tested = shop.succeeded(shop.test, "v1").await;
    let other = shop.environment("nightly", "test").await;
    shop.succeeded(other, "v2").await;
    let several = client.act(&promote).await.faults();
    assert_eq!((several[0].0.as_str(), several[0].1.as_str()), ("from", "required"));
    client.get(&format!("/api/v1/environments/{}/promotion", shop.prod)).await.problem(422);
    let developer = app.person("developer", launchway_domain::Role::Developer).await;
    developer.post(&promote, json!({"from": shop.test})).await.problem(403);
    let made = client.post(&promote, json!({"from": shop.test})).await.json(202);
    assert_eq!((&made["promoted_from"], &made["status"]), (&json!(tested), &json!("queued")));
    let entry = client.get("/api/v1/audit").await.json(200).to_string();
    assert!(entry.contains("promoted_from"), "{entry}");
}

#[tokio::test]
async fn before_it_starts_a_release_says_what_goes_over_the_wire_and_what_the_policy_says() {
    let (app, client) = TestApp::start().await;
    let shop = Shop::new(&app, &client).await;
    let release = shop.pending(shop.prod, "v1").await;
    let changes = client.get(&format!("/api/v1/releases/{release}/changes")).await.json(200);
    assert_eq!(changes["upload"], json!({"bytes": 4, "files": 1, "exact": false, "servers": 0}), "{changes}");
    assert_eq!((&changes["rules"][0]["rule"], &changes["rules"][0]["ok"]), (&json!("tested_first"), &json!(false)));
    let rules = client.get(&format!("/api/v1/releases/{release}/rules")).await.json(200);
    assert_eq!(rules["items"], changes["rules"]);
    let tested = shop.succeeded(shop.test, "v1").await;
    let preview = client.get(&format!("/api/v1/environments/{}/changes?ref=v1", shop.prod)).await.json(200);
    assert_eq!((&preview["rules"][0]["ok"], &preview["rules"][0]["release_id"]), (&json!(true), &json!(tested)));
}
