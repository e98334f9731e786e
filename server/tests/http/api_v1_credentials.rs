use serde_json::json;

use crate::app::TestApp;
use crate::client::faults;

const SECRET: &str = "hunter2-hunter2";

#[tokio::test]
async fn a_credential_is_kept_without_its_secret_ever_coming_back() {
    let (_app, client) = TestApp::start().await;
    let body = json!({"name": "deploy", "kind": "ssh_password", "username": "www", "secret": SECRET});
    let made = client.post("/api/v1/credentials", body).await;
    let id = made.id();
    let address = format!("/api/v1/credentials/{id}");
    assert_eq!(made.header("location"), address);

    let one = client.get(&address).await;
    let list = client.get("/api/v1/credentials").await;
    let changed = client.patch(&address, json!({"username": "deploy"})).await;
    assert_eq!(one.json(200)["name"], "deploy");
    assert_eq!(list.json(200)["items"][0]["id"], id);
    assert_eq!(list.json(200)["next"], json!(null));
    assert_eq!(changed.json(200)["username"], "deploy");
    for answer in [&made, &one, &list, &changed] {
        assert!(!answer.text.contains("hunter2") && !answer.text.contains("\"secret\""), "{}", answer.text);
    }

    let gone = client.delete(&address).await;
    assert_eq!((gone.status.as_u16(), gone.text.as_str()), (204, ""));
    client.get(&address).await.problem(404);
    client.delete(&address).await.problem(404);
}

#[tokio::test]
async fn a_credential_without_its_parts_is_refused() {
    let (_app, client) = TestApp::start().await;
    let answer = client.post("/api/v1/credentials", json!({"name": " ", "kind": "telnet"})).await;
    assert_eq!(
        answer.faults(),
        faults(&[("kind", "type"), ("name", "required"), ("secret", "required"), ("username", "required")])
    );
}

#[tokio::test]
async fn a_credential_in_use_stays() {
    let (_app, client) = TestApp::start().await;
    let body = json!({"name": "deploy", "kind": "ssh_password", "username": "www", "secret": SECRET});
    let id = client.post("/api/v1/credentials", body).await.id();
    let server = json!({"hostname": "web-1", "address": "127.0.0.1", "port": 2222, "credential_id": id, "tags": []});
    client.post("/api/v1/servers", server).await.id();
    let problem = client.delete(&format!("/api/v1/credentials/{id}")).await.problem(409);
    assert!(problem["detail"].as_str().unwrap().contains("web-1"), "{problem}");
}
