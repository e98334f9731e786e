use crate::app::TestApp;

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
