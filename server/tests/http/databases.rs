//! What stands on the database, on PostgreSQL as well; every other test has SQLite.

use launchway_engine::testing::postgres::Postgres;
use serde_json::json;

use crate::api_v1_feed::come_and_go;
use crate::app::TestApp;
use crate::sessions::{sign_out, signed_in};

#[tokio::test]
async fn the_same_on_postgresql() {
    let postgres = tokio::task::spawn_blocking(Postgres::shared).await.unwrap();
    let app = TestApp::with(|config| config.database_url = Some(postgres.database().into())).await;
    assert_eq!(app.stranger().get("/").await.header("location"), "/setup");
    let client = app.administrator().await;
    client.get("/readyz").await.json(200);
    client.get("/api/v1/releases/1/log?node=%00").await.problem(404);

    let (browser, _) = signed_in(&app).await;
    let project = json!({"title": "Shop front", "repo_url": "/srv/front.git"});
    let id = browser.post("/api/v1/projects", project).await.id();
    let address = format!("/api/v1/projects/{id}");
    assert_eq!(browser.patch(&address, json!({"title": "Front"})).await.json(200)["title"], "Front");
    assert_eq!(browser.delete(&address).await.status, 204);
    sign_out(&browser).await;
    browser.get(&address).await.problem(401);

    come_and_go(&app, &client).await;
}
