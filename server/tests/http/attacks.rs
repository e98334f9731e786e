//! What somebody sends who means harm: every call of the API's description, whoever added it.

use std::collections::BTreeSet;

use launchway::config::Rate;
use launchway_app::api::account::SignIn;
use launchway_domain::{ProjectId, Role, UserId};
use leptos::server_fn::ServerFn;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{NAME, PASSWORD, TestApp};
use crate::client::{Client, send};
use crate::sessions::{sign_in, signed_in};

/// One that nobody counts the calls of, with one thing of each kind in it; all have the id 1.
async fn furnished() -> (TestApp, Client) {
    let endless = Rate { burst: 1_000_000, per_second: 1_000_000 };
    let app = TestApp::with(|config| (config.caller_rate, config.stranger_rate) = (endless, endless)).await;
    let client = app.administrator().await;
    let repository = app.repository();
    for (path, body) in [
        ("credentials", json!({"name": "key", "kind": "ssh_password", "username": "root", "secret": "s3cret"})),
        ("servers", json!({"hostname": "web-1", "address": "127.0.0.1", "port": 1, "credential_id": 1, "tags": []})),
        ("projects", json!({"title": "Shop", "repo_url": repository})),
        ("projects/1/environments", json!({"name": "test", "kind": "test", "path": "/srv/shop", "server_ids": [1]})),
        ("releases", json!({"project_id": 1, "environment_id": 1, "ref": {"kind": "tag", "name": "v1"}})),
        ("hook-templates", json!({"name": "Build", "body": "make"})),
        ("wall-links", json!({"label": "Kitchen"})),
        (
            "projects/1/webhooks",
            json!({"kind": "gitlab", "name": "hook", "environment_id": 1, "secret": "s3cret-hook"}),
        ),
        (
            "projects/1/channels",
            json!({"kind": "webhook", "name": "ops", "url": "https://192.0.2.1/", "events": ["release.failed"]}),
        ),
    ] {
        assert_eq!(client.post(&format!("/api/v1/{path}"), body).await.id(), 1, "{path}");
    }
    client.put("/api/v1/environments/1/variables/KEY", json!({"value": "x"})).await.json(200);
    app.store().member_set(UserId(1), ProjectId(1), Role::Viewer).await.unwrap();
    (app, client)
}

/// Everything that can be read of what there is.
async fn state(client: &Client) -> String {
    let mut all = String::new();
    for path in [
        "credentials",
        "servers",
        "projects",
        "projects/1/environments",
        "releases",
        "releases/1/nodes",
        "hook-templates",
        "wall-links",
        "users",
        "tokens",
        "me/sessions",
        "projects/1/members",
        "projects/1/webhooks",
        "webhooks/1/deliveries",
        "projects/1/channels",
        "channels/1/notifications",
        "environments/1/variables",
        "environments/1/commands",
    ] {
        let mut items = client.get(&format!("/api/v1/{path}")).await.json(200)["items"].take();
        // That it is asked is no change.
        for item in items.as_array_mut().unwrap().iter_mut().filter_map(Value::as_object_mut) {
            item.retain(|name, _| !matches!(name.as_str(), "last_seen_at" | "last_used_at"));
        }
        all += &items.to_string();
    }
    all += &client.get("/api/v1/environments/1/queue").await.json(200).to_string();
    all
}

/// The calls of the API by these methods: method, path with `1` for every id, schema of the body.
async fn calls(client: &Client, methods: &[&str]) -> Vec<(Method, String, Value)> {
    let api = client.get("/api/v1/openapi.json").await.json(200);
    let mut found = Vec::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        for method in methods {
            let Some(call) = item.get(*method) else { continue };
            let schema = &call["requestBody"]["content"]["application/json"]["schema"];
            let schema = match schema["$ref"].as_str() {
                Some(reference) => api.pointer(reference.trim_start_matches('#')).unwrap(),
                None => schema,
            };
            let path = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
            let path = path.collect::<Vec<_>>().join("/");
            found.push((Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), path, schema.clone()));
        }
    }
    assert!(found.len() >= 4, "{found:?}");
    found
}

/// Names of what a body may hold.
fn fields(schema: &Value) -> BTreeSet<String> {
    schema["properties"].as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
}

/// Refused with a problem, as the caller's mistake.
#[track_caller]
fn assert_refused(what: &str, answer: &crate::client::Answer) {
    assert!(answer.status.is_client_error(), "{what}: {} {}", answer.status, answer.text);
    answer.problem(answer.status.as_u16());
}

#[tokio::test]
async fn bodies_that_mean_harm_are_refused_by_every_call_and_change_nothing() {
    let (_app, client) = furnished().await;
    let before = state(&client).await;
    let long = "x".repeat(10_000);
    let values = [
        json!("nul\u{0}in it"),
        json!(long),
        json!([[[1]]]),
        json!({"x": {"y": 1}}),
        json!(-1),
        json!(1e99),
        json!(u64::MAX),
        json!(true),
        json!("\u{202e}\u{0}"),
    ];
    for (method, path, schema) in calls(&client, &["post", "patch", "put"]).await {
        let raw = |body: Vec<u8>| {
            send(client.request(method.clone(), &path).header("content-type", "application/json").body(body))
        };
        for body in
            ["[]", "1", "null", "\"x\"", "{", "{\"a\":1}", "{\"__proto__\":{}}", "\u{0}", "{\"id\":\"\\ud800\"}"]
        {
            assert_refused(&format!("{method} {path} {body}"), &raw(body.into()).await);
        }
        let deep = [r#"{"a":"#.repeat(50_000), "1".into(), "}".repeat(50_000)].concat();
        assert_refused(&format!("{method} {path} deep"), &raw(deep.into_bytes()).await);
        for value in &values {
            // All at once, where there are any: none of these is right for all fields of anything.
            let body: Value = fields(&schema).into_iter().map(|name| (name, value.clone())).collect();
            if body.as_object().is_some_and(|body| !body.is_empty()) {
                let shown: String = body.to_string().chars().take(120).collect();
                assert_refused(&format!("{method} {path} {shown}"), &raw(body.to_string().into_bytes()).await);
            }
        }
    }
    assert_eq!(state(&client).await, before);
}

#[tokio::test]
async fn a_body_of_50_mb_is_too_large_for_every_call_and_changes_nothing() {
    let (_app, client) = furnished().await;
    let before = state(&client).await;
    let body = bytes::Bytes::from(vec![b' '; 50 * 1024 * 1024]);
    let calls = calls(&client, &["post", "patch", "put", "delete"]).await;
    assert!(calls.len() > 60, "{}", calls.len());
    for (method, path, _) in calls {
        let request = client.request(method.clone(), &path).header("content-type", "application/json");
        let answer = send(request.body(body.clone())).await;
        assert_eq!(answer.status, 413, "{method} {path}: {}", answer.text);
        answer.problem(413);
    }
    assert_eq!(state(&client).await, before);
}

#[tokio::test]
async fn one_wrong_value_in_a_good_body_is_refused_and_changes_nothing() {
    let (_app, client) = furnished().await;
    let before = state(&client).await;
    let texts = [json!("nul\u{0}in it"), json!("x".repeat(10_000)), json!(7), json!(["x"]), json!({"x": 1})];
    let scripts = [json!("echo \u{0}"), json!(7), json!(["x"]), json!({"x": 1})];
    let numbers = [json!("1"), json!(-1), json!(1.5), json!(1e99), json!(u64::MAX), json!([1]), json!({"x": 1})];
    let lists = [json!("x"), json!({"x": 1}), json!([{"x": 1}]), json!([[1]]), json!(["a\u{0}b"]), json!([-1])];
    let good = [
        ("credentials", json!({"name": "new", "kind": "ssh_key", "username": "u", "secret": "s", "passphrase": "p"})),
        (
            "servers",
            json!({"hostname": "web-9", "address": "127.0.0.1", "port": 22, "credential_id": 1, "tags": ["a"]}),
        ),
        (
            "projects",
            json!({"title": "New", "repo_url": "/srv/x.git", "credential_id": 1, "hooks": {"after_download": "x"}}),
        ),
        (
            "projects/1/environments",
            json!({"name": "n", "kind": "prod", "path": "/srv/n", "server_ids": [1], "package_root": "dist", "keep": 3}),
        ),
        (
            "releases",
            json!({"project_id": 1, "environment_id": 1, "ref": {"kind": "tag", "name": "v1"},
                   "hooks": {"before_deploy": "x"}, "note": "n", "save_as": {"before_deploy": "t"}}),
        ),
        ("hook-templates", json!({"name": "n", "description": "d", "point": "after_deploy", "body": "make"})),
        ("wall-links", json!({"label": "l"})),
        (
            "projects/1/webhooks",
            json!({"kind": "gitea", "name": "n", "environment_id": 1, "events": ["tag"], "branches": ["main"],
                   "tags": ["v*"], "repository": "https://git.example.com/x.git", "start": true, "enabled": true,
                   "secret": "long enough"}),
        ),
        (
            "projects/1/channels",
            json!({"kind": "webhook", "name": "n", "url": "https://192.0.2.1/", "events": ["release.failed"],
                   "environments": [1], "lang": "zh", "enabled": true}),
        ),
        ("users", json!({"name": "kim", "role": "viewer", "memberships": [{"project_id": 1, "role": "viewer"}]})),
        ("tokens", json!({"name": "n", "scope": "read", "project_id": 1, "expires_in_days": 30})),
        ("environments/1/lock", json!({"reason": "why", "until": "2999-01-01T00:00:00Z", "release_id": 1})),
        ("environments/1/rollbacks", json!({"release_id": 1, "exception": "e"})),
        ("environments/1/promote", json!({"from": 1, "exception": "e"})),
        ("environments/1/commands", json!({"command": "true", "server_ids": [1], "timeout_s": 9})),
        ("environments/1/files", json!({"path": "current", "server_ids": [1], "max_bytes": 9})),
        ("releases/1/schedule", json!({"at": "2999-01-01T00:00:00Z"})),
        ("servers/1/host-key", json!({"fingerprint": "SHA256:x"})),
        ("projects/1/host-key", json!({"fingerprint": "SHA256:x"})),
    ];
    for (path, body) in good {
        let mut places = Vec::new();
        leaves(&body, &mut String::new(), &mut places);
        for place in places {
            let was = body.pointer(&place).unwrap();
            let is_script =
                place.contains("/hooks/") || matches!(place.as_str(), "/body" | "/secret" | "/passphrase" | "/command");
            let values = match was {
                Value::Number(_) => &numbers[..],
                Value::Array(_) => &lists[..],
                _ if is_script => &scripts[..],
                _ => &texts[..],
            };
            for value in values {
                let mut wrong = body.clone();
                *wrong.pointer_mut(&place).unwrap() = value.clone();
                let shown: String = value.to_string().chars().take(60).collect();
                let answer = client.post(&format!("/api/v1/{path}"), wrong).await;
                assert_refused(&format!("POST {path} {place} {shown}"), &answer);
            }
        }
    }
    assert_eq!(state(&client).await, before);
}

/// The addresses (RFC 6901) of everything in a body that holds no more fields.
fn leaves(value: &Value, at: &mut String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let length = at.len();
                at.push('/');
                at.push_str(name);
                leaves(field, at, found);
                at.truncate(length);
            }
        }
        _ => found.push(at.clone()),
    }
}

#[tokio::test]
async fn ids_of_nothing_are_not_found_by_any_call_and_change_nothing() {
    let (_app, client) = furnished().await;
    let before = state(&client).await;
    let ids = [
        "0",
        "-1",
        "2",
        "9223372036854775807",
        "-9223372036854775808",
        "99999999999999999999",
        "1e3",
        "%00",
        "%2e%2e",
        "1%2f2",
        "a",
        "１",
    ];
    for (method, path, _) in calls(&client, &["get", "post", "patch", "put", "delete"]).await {
        let parts: Vec<&str> = path.split('/').collect();
        let Some(place) = parts.iter().position(|part| *part == "1") else { continue };
        for id in ids {
            // A client resolves it: in the middle of an address that is another call.
            if id == "%2e%2e" && place + 1 < parts.len() {
                continue;
            }
            let mut parts = parts.clone();
            parts[place] = id;
            let address = parts.join("/");
            let answer = send(client.request(method.clone(), &address).json(&json!({}))).await;
            assert_refused(&format!("{method} {address}"), &answer);
        }
    }
    assert_eq!(state(&client).await, before);
}

#[tokio::test]
async fn things_of_other_projects_are_refused_as_fields() {
    let (_app, client) = furnished().await;
    let repository = &client.get("/api/v1/projects/1").await.json(200)["repo_url"];
    let other = client.post("/api/v1/projects", json!({"title": "Other", "repo_url": repository})).await.id();
    let place = json!({"name": "test", "kind": "test", "path": "/srv/other", "server_ids": [1]});
    let environment = client.post(&format!("/api/v1/projects/{other}/environments"), place).await.id();
    let before = state(&client).await;
    for (project, environment) in [(1, environment), (other, 1), (other, -1), (0, environment)] {
        let body = json!({"project_id": project, "environment_id": environment, "ref": {"kind": "tag", "name": "v1"}});
        assert_refused("a release of two projects", &client.post("/api/v1/releases", body).await);
    }
    assert_eq!(state(&client).await, before);
}

#[tokio::test]
async fn the_limit_on_tries_says_when_to_come_back_and_holds_for_the_right_password_too() {
    let (app, _client) = TestApp::start().await;
    let mut answer = sign_in(&app.stranger(), NAME, "wrong").await;
    for _ in 0..100 {
        if answer.status == 429 {
            break;
        }
        answer = sign_in(&app.stranger(), NAME, "wrong").await;
    }
    assert_eq!(answer.status, 429, "{answer:?}");
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1), "{answer:?}");
    // Written otherwise it is the same name.
    for name in [NAME, " ADA ", "Ada"] {
        assert_eq!(sign_in(&app.stranger(), name, PASSWORD).await.status, 429, "{name}");
    }
}

#[tokio::test]
async fn a_planted_session_is_worth_nothing_after_the_sign_in() {
    let (app, _client) = TestApp::start().await;
    // Somebody signs in on the victim's browser by a session that they know.
    app.person("mallory", launchway_domain::Role::Viewer).await;
    let mallory = app.stranger();
    let planted =
        sign_in(&mallory, "mallory", PASSWORD).await.header("set-cookie").split(';').next().unwrap().to_owned();
    let form = [("form[name]", NAME), ("form[password]", PASSWORD)];
    let victim = app.stranger().request(Method::POST, SignIn::PATH).form(&form).header("cookie", &planted);
    let fresh = send(victim).await.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_ne!(fresh, planted);
    // The one that was planted is nobody's now: not the victim's, and not theirs who planted it.
    send(app.stranger().request(Method::GET, "/api/v1/servers").header("cookie", &planted)).await.problem(401);
    send(app.stranger().request(Method::GET, "/api/v1/system").header("cookie", &fresh)).await.json(200);
}

#[tokio::test]
async fn forms_of_other_sites_change_nothing_with_a_session() {
    let (app, client) = TestApp::start().await;
    let (browser, _) = signed_in(&app).await;
    let own = format!("http://{}", app.address);
    let post = |path: &str| browser.request(Method::POST, path).form(&[("form[label]", "Planted")]);
    for path in ["/api/fn/create_wall_link", "/api/v1/wall-links", SignIn::PATH, "/api/fn/sign_out"] {
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", &own.replace("http:", "https:").replace("127.0.0.1", "127.0.0.1.evil.example")),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            assert_eq!(send(post(path).header(name, value)).await.status, 403, "{path} {name} {value}");
        }
    }
    assert_eq!(client.get("/api/v1/wall-links").await.json(200)["items"], json!([]));
    browser.get("/api/v1/servers").await.json(200);
    // A form cannot speak JSON, and what it can speak is not read.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let body = r#"{"label":"Planted"}"#;
        let request = browser.request(Method::POST, "/api/v1/wall-links").header("content-type", kind).body(body);
        send(request).await.problem(415);
    }
    assert_eq!(client.get("/api/v1/wall-links").await.json(200)["items"], json!([]));
}

#[tokio::test]
async fn pages_cannot_be_framed_and_their_kind_is_not_guessed() {
    let (app, client) = TestApp::start().await;
    for (who, path) in [(&client, "/api/v1/servers"), (&app.stranger(), "/sign-in"), (&client, "/api/v1/nowhere")] {
        let answer = who.get(path).await;
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
}
