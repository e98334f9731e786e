use launchway_domain::ReleaseStatus;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Client, faults};

struct Shop<'a> {
    app: &'a TestApp,
    client: Client,
    project: i64,
    environment: i64,
}

impl<'a> Shop<'a> {
    async fn open(app: &'a TestApp, client: &Client) -> Self {
        let project = json!({"title": "Shop", "repo_url": app.repository()});
        let project = client.post("/api/v1/projects", project).await.id();
        let environment = json!({"name": "live", "kind": "test", "path": "/srv/shop"});
        let environment = client.post(&format!("/api/v1/projects/{project}/environments"), environment).await.id();
        Self { app, client: client.clone(), project, environment }
    }

    async fn release(&self, tag: &str) -> i64 {
        let body = json!({
            "project_id": self.project, "environment_id": self.environment, "ref": {"kind": "tag", "name": tag}
        });
        self.client.post("/api/v1/releases", body).await.id()
    }

    /// A release that made it.
    async fn live(&self, tag: &str) -> i64 {
        let id = self.release(tag).await;
        self.app.store().release_start(id.into()).await.unwrap();
        let (lease, _) = self.app.store().claim("test", 600_000).await.unwrap().unwrap();
        self.app.store().finish(&lease, ReleaseStatus::Succeeded, None).await.unwrap();
        id
    }

    async fn changes(&self, id: i64) -> Value {
        self.client.get(&format!("/api/v1/releases/{id}/changes")).await.json(200)
    }

    fn preview(&self, query: &str) -> String {
        format!("/api/v1/environments/{}/changes?{query}", self.environment)
    }
}

fn files(changes: &Value) -> Vec<(&str, &str)> {
    let text = |value: &'_ Value| -> &'static str { Box::leak(value.as_str().unwrap().to_owned().into_boxed_str()) };
    changes["files"].as_array().unwrap().iter().map(|file| (text(&file["path"]), text(&file["change"]))).collect()
}

#[tokio::test]
async fn a_release_says_what_it_changes_against_what_was_live() {
    let (app, client) = TestApp::start().await;
    let shop = Shop::open(&app, &client).await;
    let first = shop.live("v1").await;
    let changes = shop.changes(first).await;
    assert_eq!((changes["relation"].as_str(), changes["against"].clone()), (Some("first"), Value::Null));
    assert_eq!((files(&changes), changes["commits_total"].clone()), (vec![("page", "added")], json!(1)));

    let second = shop.live("v2").await;
    let changes = shop.changes(second).await;
    assert_eq!((changes["relation"].as_str(), changes["commits_total"].as_i64()), (Some("ahead"), Some(1)));
    assert_eq!(
        (changes["against"]["release_id"].clone(), changes["against"]["ref"]["name"].clone()),
        (json!(first), json!("v1"))
    );
    assert_eq!(changes["commits"][0]["summary"], "Two; $(touch owned)");
    let page = &changes["files"][0];
    assert_eq!((page["added"].clone(), page["removed"].clone()), (json!(1), json!(1)));

    // One that waits is held against what is live now; one that ended, against what was live then.
    let back = shop.release("v1").await;
    let changes = shop.changes(back).await;
    assert_eq!((changes["relation"].as_str(), changes["dropped_total"].as_i64()), (Some("behind"), Some(1)));
    assert_eq!(changes["against"]["release_id"], second);
    assert_eq!(shop.changes(first).await["relation"], "first");
    client.get("/api/v1/releases/999/changes").await.problem(404);
}

#[tokio::test]
async fn a_ref_says_what_it_would_change_before_there_is_a_release() {
    let (app, client) = TestApp::start().await;
    let shop = Shop::open(&app, &client).await;
    let changes = client.get(&shop.preview("ref=v2")).await.json(200);
    assert_eq!((changes["relation"].as_str(), changes["commits_total"].as_i64()), (Some("first"), Some(2)));
    shop.live("v1").await;
    let changes = client.get(&shop.preview("ref_kind=branch&ref=next")).await.json(200);
    assert_eq!((changes["relation"].as_str(), changes["commit"].as_str().unwrap().len()), (Some("ahead"), 40));
    let commit = changes["commit"].as_str().unwrap();
    let same = client.get(&shop.preview(&format!("ref_kind=commit&ref={commit}"))).await.json(200);
    assert_eq!(same, changes);

    assert_eq!(client.get(&shop.preview("ref=v9")).await.faults(), faults(&[("ref", "unknown_ref")]));
    let wrong = client.get(&shop.preview("ref_kind=tree")).await;
    assert_eq!(wrong.faults(), faults(&[("ref", "required"), ("ref_kind", "invalid")]));
    client.get("/api/v1/environments/999/changes?ref=v1").await.problem(404);
    app.stranger().get(&shop.preview("ref=v1")).await.problem(401);
}
