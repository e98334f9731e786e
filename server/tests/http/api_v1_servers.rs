use serde_json::json;

use crate::app::TestApp;
use crate::client::{Client, faults};

async fn credential(client: &Client) -> i64 {
    let body = json!({"name": "deploy", "kind": "ssh_password", "username": "www", "secret": "hunter2-hunter2"});
    client.post("/api/v1/credentials", body).await.id()
}

#[tokio::test]
async fn a_server_is_made_read_changed_and_deleted() {
    let (_app, client) = TestApp::start().await;
    let credential = credential(&client).await;
    let body = json!({"hostname": "web-1", "address": "192.0.2.1", "credential_id": credential, "tags": ["eu"]});
    let id = client.post("/api/v1/servers", body.clone()).await.id();
    let address = format!("/api/v1/servers/{id}");

    let one = client.get(&address).await.json(200);
    assert_eq!((one["port"].clone(), one["host_key"].clone()), (json!(22), json!(null)));
    assert_eq!(client.get("/api/v1/servers").await.json(200)["items"], json!([one]));
    assert_eq!(client.post("/api/v1/servers", body).await.faults(), faults(&[("hostname", "taken")]));

    let changed = client.patch(&address, json!({"port": 2222, "tags": ["eu", "blue"]})).await.json(200);
    assert_eq!((changed["port"].clone(), changed["hostname"].clone()), (json!(2222), json!("web-1")));
    assert_eq!(client.patch(&address, json!({"hostname": null})).await.faults(), faults(&[("hostname", "required")]));
    assert_eq!(client.patch(&address, json!({"id": 9})).await.faults(), faults(&[("id", "unknown")]));

    assert_eq!(client.delete(&address).await.status, 204);
    client.get(&address).await.problem(404);
    client.patch(&address, json!({"port": 1})).await.problem(404);
}

#[tokio::test]
async fn a_host_key_is_pinned_and_leaves_with_the_address() {
    let (_app, client) = TestApp::start().await;
    let credential = credential(&client).await;
    let body = json!({"hostname": "web-1", "address": "192.0.2.1", "credential_id": credential});
    let address = format!("/api/v1/servers/{}", client.post("/api/v1/servers", body).await.id());
    let key = format!("SHA256:{}", "A".repeat(43));
    let pinned = client.post(&format!("{address}/host-key"), json!({"fingerprint": key})).await.json(200);
    assert_eq!(pinned["host_key"], json!(key));
    assert_eq!(
        client.post(&format!("{address}/host-key"), json!({})).await.faults(),
        faults(&[("fingerprint", "required")])
    );
    let moved = client.patch(&address, json!({"address": "192.0.2.2"})).await.json(200);
    assert_eq!(moved["host_key"], json!(null));
}

#[tokio::test]
async fn a_check_that_fails_is_an_answer() {
    let (_app, client) = TestApp::start().await;
    let credential = credential(&client).await;
    // A port that was free a moment ago: nothing listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let body = json!({"hostname": "web-1", "address": "127.0.0.1", "port": port, "credential_id": credential});
    let id = client.post("/api/v1/servers", body).await.id();
    let check = client.act(&format!("/api/v1/servers/{id}/check")).await.json(200);
    assert_eq!((check["ok"].clone(), check["code"].clone()), (json!(false), json!("refused")));
    assert!(check["latency_ms"].is_u64() && check["error"].is_string(), "{check}");
    client.act("/api/v1/servers/999/check").await.problem(404);
}
