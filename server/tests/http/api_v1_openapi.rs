use crate::app::TestApp;
use crate::client::{faults, send};

#[tokio::test]
async fn every_call_of_the_contract_is_described() {
    let (_app, client) = TestApp::start().await;
    let api = client.get("/api/v1/openapi.json").await.json(200);
    for (method, path) in [
        ("post", "/credentials"),
        ("patch", "/credentials/{id}"),
        ("post", "/servers"),
        ("post", "/servers/{id}/check"),
        ("post", "/servers/{id}/host-key"),
        ("delete", "/servers/{id}"),
        ("post", "/projects"),
        ("post", "/projects/{id}/check"),
        ("post", "/projects/{id}/host-key"),
        ("get", "/projects/{id}/refs"),
        ("post", "/projects/{id}/environments"),
        ("post", "/environments/{id}/check"),
        ("post", "/releases"),
        ("post", "/releases/{id}/start"),
        ("post", "/releases/{id}/cancel"),
        ("post", "/releases/{id}/continue"),
        ("post", "/releases/{id}/retry"),
        ("post", "/releases/{id}/rollback"),
        ("get", "/releases/{id}"),
        ("get", "/releases/{id}/nodes"),
        ("get", "/releases/{id}/log"),
        ("get", "/releases/{id}/log/lines"),
        ("get", "/releases/{id}/log/search"),
        ("get", "/releases/{id}/log/first-error"),
        ("get", "/releases/{id}/log/text"),
        ("get", "/hook-templates"),
        ("patch", "/hook-templates/{id}"),
        ("get", "/releases/{id}/changes"),
        ("get", "/environments/{id}/changes"),
        ("get", "/feed"),
        ("get", "/feed/sse"),
        ("get", "/events"),
    ] {
        assert!(api["paths"][format!("/api/v1{path}")][method].is_object(), "{method} {path}");
    }
    // What is referred to is there.
    let text = api.to_string();
    for reference in text.split("\"$ref\":\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(api.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
    assert_eq!(api["components"]["schemas"]["Text"]["type"], "string");
}

#[tokio::test]
async fn no_call_takes_a_parameter_that_is_not_described() {
    let (_app, client) = TestApp::start().await;
    let api = client.get("/api/v1/openapi.json").await.json(200);
    let mut calls = 0;
    for (path, item) in api["paths"].as_object().unwrap() {
        // Those need no sign-in, and are asked by programs that add what they like.
        if matches!(path.as_str(), "/healthz" | "/readyz" | "/hooks/{public_id}") {
            continue;
        }
        let address = path.replace("{id}", "1").replace("{user_id}", "1").replace("{file}", "docs.js");
        for method in item.as_object().unwrap().keys() {
            let method = method.to_uppercase().parse().unwrap();
            let answer = send(client.request(method, &format!("{address}?colour=red&n=1&n=2"))).await;
            assert_eq!(answer.faults(), faults(&[("colour", "unknown"), ("n", "unknown")]), "{path}");
            calls += 1;
        }
    }
    assert!(calls > 45, "{calls}");
}
