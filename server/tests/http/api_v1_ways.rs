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
    assert!(refused["detail"].as_str().unwrap().contains("test environment"), "{refused}");
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
