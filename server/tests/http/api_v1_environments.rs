use serde_json::json;

use crate::app::TestApp;
use crate::client::faults;

#[tokio::test]
async fn an_environment_is_made_read_changed_and_deleted() {
    let (_app, client) = TestApp::start().await;
    let credential = json!({"name": "k", "kind": "ssh_password", "username": "www", "secret": "hunter2-hunter2"});
    let credential = client.post("/api/v1/credentials", credential).await.id();
    let server = |name: &str| json!({"hostname": name, "address": "192.0.2.1", "credential_id": credential});
    let first = client.post("/api/v1/servers", server("web-1")).await.id();
    let second = client.post("/api/v1/servers", server("web-2")).await.id();
    let project = json!({"title": "Shop", "repo_url": "/srv/shop.git"});
    let project = client.post("/api/v1/projects", project).await.id();
    let list = format!("/api/v1/projects/{project}/environments");

    let body = json!({"name": "live", "kind": "prod", "path": "/srv/{hostname}/shop", "server_ids": [second, first]});
    let id = client.post(&list, body.clone()).await.id();
    let address = format!("/api/v1/environments/{id}");
    let one = client.get(&address).await.json(200);
    assert_eq!((one["server_ids"].clone(), one["keep"].clone()), (json!([second, first]), json!(5)));
    assert_eq!(client.get(&list).await.json(200)["items"], json!([one]));
    assert_eq!(client.post(&list, body).await.faults(), faults(&[("name", "taken")]));
    client
        .post("/api/v1/projects/999/environments", json!({"name": "x", "kind": "test", "path": "/srv/x"}))
        .await
        .problem(404);

    let changed = client.patch(&address, json!({"server_ids": [first], "package_root": "dist"})).await.json(200);
    assert_eq!((changed["server_ids"].clone(), changed["kind"].clone()), (json!([first]), json!("prod")));
    let faulty = client.patch(&address, json!({"path": "relative", "keep": 0})).await;
    assert_eq!(faulty.faults(), faults(&[("keep", "out_of_range"), ("path", "path_absolute")]));

    client.delete(&format!("/api/v1/servers/{first}")).await.problem(409);
    assert_eq!(client.delete(&address).await.status, 204);
    client.get(&address).await.problem(404);
    assert_eq!(client.delete(&format!("/api/v1/servers/{first}")).await.status, 204);
}
