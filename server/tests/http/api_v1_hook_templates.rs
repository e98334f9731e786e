use launchway_domain::{Actor, Role, SetupForm};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Client, faults};

const PATH: &str = "/api/v1/hook-templates";

#[tokio::test]
async fn a_template_is_made_read_changed_and_deleted() {
    let (_app, client) = TestApp::start().await;
    let body = json!({"name": " 构建 <b> ", "body": "npm ci\r\nnpm run build\n", "point": "after_download"});
    let made = client.post(PATH, body).await;
    let address = format!("{PATH}/{}", made.id());
    assert_eq!(made.header("location"), address);
    let one = client.get(&address).await.json(200);
    assert_eq!((one["name"].as_str(), one["body"].as_str()), (Some("构建 <b>"), Some("npm ci\nnpm run build\n")));
    assert_eq!((one["point"].as_str(), one["description"].clone()), (Some("after_download"), Value::Null));
    assert_eq!(client.get(PATH).await.json(200)["items"], json!([one]));

    let changed = client.patch(&address, json!({"description": "with npm", "point": null})).await.json(200);
    assert_eq!((changed["description"].as_str(), changed["point"].clone()), (Some("with npm"), Value::Null));
    assert_eq!(changed["body"], one["body"]);
    assert_eq!(client.delete(&address).await.status, 204);
    client.get(&address).await.problem(404);
    client.patch(&address, json!({})).await.problem(404);
    client.delete(&address).await.problem(404);
}

#[tokio::test]
async fn every_mistake_of_a_template_is_named() {
    let (_app, client) = TestApp::start().await;
    let answer = client.post(PATH, json!({"name": "", "body": "a\u{0}b", "point": "lunch", "x": 1})).await;
    let wanted = [("body", "nul"), ("name", "required"), ("point", "type"), ("x", "unknown")];
    assert_eq!(answer.faults(), faults(&wanted));
    let answer = client.post(PATH, json!({"name": "n", "body": "x".repeat(64 * 1024 + 1)})).await;
    assert_eq!(answer.faults(), faults(&[("body", "too_long")]));
    client.post(PATH, json!({"name": "n", "body": "true"})).await.id();
    assert_eq!(client.post(PATH, json!({"name": "n", "body": "false"})).await.faults(), faults(&[("name", "taken")]));
}

#[tokio::test]
async fn who_releases_keeps_templates_and_who_looks_on_reads_them() {
    let (app, admin) = TestApp::start().await;
    let somebody = async |name: &str, role: Role| -> Client {
        let form = SetupForm { name: name.into(), password: "correct horse battery".into() };
        app.services.accounts().create_user(&Actor::System, form, role).await.unwrap();
        let token = app.services.accounts().create_token(&Actor::System, name, "test").await.unwrap();
        Client::new(app.address).with_token(token.expose_secret())
    };
    let viewer = somebody("vi", Role::Viewer).await;
    let developer = somebody("dev", Role::Developer).await;
    let id = developer.post(PATH, json!({"name": "n", "body": "true"})).await.id();
    assert_eq!(viewer.get(PATH).await.json(200)["items"][0]["id"], id);
    viewer.post(PATH, json!({"name": "m", "body": "true"})).await.problem(403);
    viewer.patch(&format!("{PATH}/{id}"), json!({"name": "m"})).await.problem(403);
    viewer.delete(&format!("{PATH}/{id}")).await.problem(403);
    app.stranger().get(PATH).await.problem(401);
    assert_eq!(admin.delete(&format!("{PATH}/{id}")).await.status, 204);
}

#[tokio::test]
async fn a_hook_is_kept_as_a_template_with_its_release_or_not_at_all() {
    let (app, client) = TestApp::start().await;
    let project = json!({"title": "Shop", "repo_url": app.repository()});
    let project = client.post("/api/v1/projects", project).await.id();
    let environment = json!({"name": "live", "kind": "test", "path": "/srv/shop"});
    let environment = client.post(&format!("/api/v1/projects/{project}/environments"), environment).await.id();
    let with = |hooks: Value, save_as: Value| {
        json!({
            "project_id": project, "environment_id": environment, "ref": {"kind": "tag", "name": "v2"},
            "hooks": hooks, "save_as": save_as
        })
    };
    let hooks = json!({"after_download": "make\r\n", "after_deploy": "restart"});
    let body = with(hooks.clone(), json!({"after_download": " build ", "after_deploy": ""}));
    let made = client.post("/api/v1/releases", body).await.json(201);
    assert_eq!(made["hooks"]["after_download"], "make\n");
    let list = client.get(PATH).await.json(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let kept = &list["items"][0];
    assert_eq!((kept["name"].as_str(), kept["body"].as_str()), (Some("build"), Some("make\n")));
    assert_eq!(kept["point"], "after_download");

    // The first name would do, the second is taken: neither a template nor a release comes of it.
    let body = with(hooks.clone(), json!({"after_download": "new", "after_deploy": "build"}));
    assert_eq!(client.post("/api/v1/releases", body).await.faults(), faults(&[("save_as.after_deploy", "taken")]));
    assert_eq!(client.get(PATH).await.json(200), list);
    assert_eq!(client.get("/api/v1/releases").await.json(200)["items"].as_array().unwrap().len(), 1);
    let body = with(hooks, json!({"before_deploy": "nothing"}));
    assert_eq!(client.post("/api/v1/releases", body).await.faults(), faults(&[("save_as.before_deploy", "no_hook")]));
}

#[tokio::test]
async fn a_project_keeps_the_hooks_that_its_releases_start_with() {
    let (_app, client) = TestApp::start().await;
    let body = json!({"title": "Shop", "repo_url": "/srv/shop", "hooks": {"before_deploy": "check\r\n"}});
    let address = format!("/api/v1/projects/{}", client.post("/api/v1/projects", body).await.id());
    let hooks = |value: Value| value["hooks"].clone();
    assert_eq!(hooks(client.get(&address).await.json(200))["before_deploy"], "check\n");
    let changed = client.patch(&address, json!({"hooks": {"after_deploy": "restart"}})).await.json(200);
    assert_eq!(
        (hooks(changed.clone())["before_deploy"].clone(), hooks(changed)["after_deploy"].clone()),
        (json!("check\n"), json!("restart"))
    );
    let cleared = client.patch(&address, json!({"hooks": {"before_deploy": null}})).await.json(200);
    assert_eq!(hooks(cleared)["before_deploy"], Value::Null);
    let long = client.patch(&address, json!({"hooks": {"after_deploy": "x".repeat(64 * 1024 + 1)}})).await;
    assert_eq!(long.faults(), faults(&[("hooks.after_deploy", "too_long")]));
}
