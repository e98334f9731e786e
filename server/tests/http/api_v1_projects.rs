use serde_json::json;

use crate::app::TestApp;
use crate::client::faults;

#[tokio::test]
async fn a_project_is_made_read_changed_and_deleted() {
    let (_app, client) = TestApp::start().await;
    let body = json!({"title": "商店 <b>", "repo_url": "https://git.example/shop.git"});
    let id = client.post("/api/v1/projects", body).await.id();
    let address = format!("/api/v1/projects/{id}");
    let one = client.get(&address).await.json(200);
    assert_eq!(one["title"], "商店 <b>");
    assert_eq!(client.get("/api/v1/projects").await.json(200)["items"], json!([one]));
    assert_eq!(client.patch(&address, json!({"title": "Shop"})).await.json(200)["title"], "Shop");
    let faulty = client.patch(&address, json!({"repo_url": "https://me:pw@git.example/shop"})).await;
    assert_eq!(faulty.faults(), faults(&[("repo_url", "url_password")]));
    // Turned round by a mark that nobody sees, it reads like another.
    let faulty = client.patch(&address, json!({"title": "Sh\u{202e}po"})).await;
    assert_eq!(faulty.faults(), faults(&[("title", "control")]));
    assert_eq!(client.delete(&address).await.status, 204);
    client.get(&address).await.problem(404);
}

#[tokio::test]
async fn a_folder_of_this_host_is_named_by_those_who_manage_projects_everywhere() {
    let (app, client) = TestApp::start().await;
    let repository = app.repository();
    let body = json!({"title": "Shop", "repo_url": repository});
    let address = format!("/api/v1/projects/{}", client.post("/api/v1/projects", body).await.id());
    let meg = app.person("meg", launchway_domain::Role::Member).await;
    let id = &meg.get("/api/v1/me").await.json(200)["id"];
    client.put(&format!("{address}/members/{id}"), json!({"role": "manager"})).await;

    for url in ["/srv/other.git", "file:///srv/other.git"] {
        let refused = meg.patch(&address, json!({"repo_url": url})).await;
        assert_eq!(refused.faults(), faults(&[("repo_url", "local")]), "{url}");
    }
    // What stands there stays, and what others can reach is theirs to choose.
    assert_eq!(meg.patch(&address, json!({"title": "Shop 2"})).await.json(200)["repo_url"], json!(repository));
    meg.patch(&address, json!({"repo_url": "https://git.example/shop.git"})).await.json(200);
    client.patch(&address, json!({"repo_url": "/srv/other.git"})).await.json(200);
}

#[tokio::test]
async fn refs_come_from_the_repository() {
    let (app, client) = TestApp::start().await;
    let repository = app.repository();
    let body = json!({"title": "Shop", "repo_url": repository});
    let address = format!("/api/v1/projects/{}", client.post("/api/v1/projects", body).await.id());

    let check = client.act(&format!("{address}/check")).await.json(200);
    assert_eq!(check["ok"], json!(true), "{check}");

    let names = |list: serde_json::Value| {
        let mut names: Vec<String> =
            list["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let tags = client.get(&format!("{address}/refs?kind=tag")).await.json(200);
    assert_eq!(names(tags.clone()), ["v1", "v2"]);
    for field in ["name", "commit", "author", "summary", "date"] {
        assert!(tags["items"][0][field].is_string(), "{tags}");
    }
    assert_eq!(names(client.get(&format!("{address}/refs?kind=branch")).await.json(200)), ["main", "next"]);
    let commits = client.get(&format!("{address}/refs?kind=commit&branch=main")).await.json(200);
    assert_eq!(commits["items"].as_array().unwrap().len(), 2);

    assert_eq!(client.get(&format!("{address}/refs?kind=tree")).await.faults(), faults(&[("kind", "invalid")]));
    assert_eq!(client.get(&format!("{address}/refs?kind=commit")).await.faults(), faults(&[("branch", "required")]));
}
