use std::collections::BTreeSet;

use launchway_domain::{Actor, Hold, ReleaseStatus, Role, SetupForm, Timestamp, TokenScope};
use launchway_engine::store::NewSession;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::app::{NAME, PASSWORD, TestApp};
use crate::client::{Answer, Client, faults, send};
use crate::sessions::{sign_in, sign_out, signed_in};

const PATH: &str = "/api/v1/audit";

/// Walks calls that change something, and looks after each what the audit says.
struct Walk {
    app: TestApp,
    client: Client,
    /// The calls that were walked, as `POST /servers/{id}/check`.
    walked: BTreeSet<String>,
    /// The newest entry.
    seq: i64,
}

impl Walk {
    async fn entries(&self) -> Vec<Value> {
        self.client.get(PATH).await.json(200)["items"].as_array().unwrap().clone()
    }

    /// Makes a call, which leaves these entries, the newest first.
    async fn call(&mut self, method: Method, template: &str, id: i64, body: Value, whats: &[&str]) -> Answer {
        let path = template.replace("{id}", &id.to_string());
        self.call_at(method, template, &path, body, whats).await
    }

    /// The same at an address that has more in it than an id.
    async fn call_at(&mut self, method: Method, template: &str, path: &str, body: Value, whats: &[&str]) -> Answer {
        let request = self.client.request(method.clone(), &format!("/api/v1{path}"));
        let answer = send(if body.is_null() { request } else { request.json(&body) }).await;
        assert!(answer.status.is_success(), "{method} {path}: {} {}", answer.status, answer.text);
        self.walked.insert(format!("{method} {template}"));
        let new: Vec<_> = self.entries().await.into_iter().take_while(|e| e["seq"].as_i64() > Some(self.seq)).collect();
        let found: Vec<_> = new.iter().map(|entry| entry["what"].as_str().unwrap()).collect();
        assert_eq!(found, whats, "{method} {path}");
        for entry in &new {
            assert_eq!(entry["who"]["name"], NAME, "{entry}");
            assert_eq!(entry["who"]["from"], "127.0.0.1", "{entry}");
            assert_eq!((&entry["who"]["via"], &entry["who"]["token"]), (&json!("token"), &json!("test")), "{entry}");
            assert_eq!(entry["outcome"], "done");
            let noun = entry["what"].as_str().unwrap().split('.').next().unwrap();
            assert_eq!(entry["thing"]["kind"], noun, "{entry}");
            // A variable is known by its name, and there is one housekeeping.
            let has_id = entry["thing"]["id"].is_i64() || matches!(noun, "variable" | "housekeeping");
            assert!(has_id && entry["thing"]["name"].is_string(), "{entry}");
            let (before, after) = (entry["before"].is_object(), entry["after"].is_object());
            match entry["what"].as_str().unwrap().split_once('.').unwrap().1 {
                // There was nothing before, or there is nothing after.
                "create" => assert!(!before && after, "{entry}"),
                "delete" | "revoke" | "end" => assert!(before && !after, "{entry}"),
                // Nothing of these is kept but that they were.
                "password" | "test" => assert!(!before && !after, "{entry}"),
                "update" if noun != "variable" && noun != "member" => {
                    assert!(before && after && entry["before"] != entry["after"], "{entry}");
                }
                _ => assert!(before || after, "{entry}"),
            }
        }
        self.seq = new.first().map_or(self.seq, |entry| entry["seq"].as_i64().unwrap());
        answer
    }

    async fn post(&mut self, template: &str, id: i64, body: Value, whats: &[&str]) -> Answer {
        self.call(Method::POST, template, id, body, whats).await
    }

    async fn patch(&mut self, template: &str, id: i64, body: Value, what: &str) {
        self.call(Method::PATCH, template, id, body, &[what]).await;
    }

    async fn delete(&mut self, template: &str, id: i64, whats: &[&str]) {
        self.call(Method::DELETE, template, id, Value::Null, whats).await;
    }
}

/// Why calls that need real servers are left out: the tests of releases have some, and look at the entries.
const SERVERS: &str = "beside real servers";
/// The calls that are not walked here, and why.
const LEFT_OUT: [(&str, &str); 6] = [
    ("POST /environments/{id}/commands", SERVERS),
    ("POST /environments/{id}/files", SERVERS),
    ("POST /commands/{id}/cancel", SERVERS),
    ("POST /hooks/{public_id}", "takes a signed delivery: beside the webhooks"),
    ("POST /deliveries/{id}/redeliver", "takes a delivery: beside the webhooks"),
    ("POST /notifications/{id}/retry", "takes a message that was given up: beside the channels"),
];

#[tokio::test]
async fn every_call_that_changes_something_leaves_an_entry() {
    let (app, client) = TestApp::start().await;
    let seq = client.get(PATH).await.json(200)["items"][0]["seq"].as_i64().unwrap();
    let repo = app.repository();
    let mut walk = Walk { app, client, walked: BTreeSet::new(), seq };
    const KEY: &str = "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8";
    let none = Value::Null;

    let form = json!({"name": "key", "kind": "ssh_password", "username": "root", "secret": "canary-5190"});
    let credential = walk.post("/credentials", 0, form, &["credential.create"]).await.id();
    walk.patch("/credentials/{id}", credential, json!({"secret": "canary-5191"}), "credential.update").await;
    assert_eq!(walk.entries().await[0]["after"]["new_secret"], true);
    let form = json!({"hostname": "web-1", "address": "127.0.0.1", "port": 9, "credential_id": credential, "tags": []});
    let server = walk.post("/servers", 0, form, &["server.create"]).await.id();
    walk.patch("/servers/{id}", server, json!({"tags": ["eu"]}), "server.update").await;
    let entry = &walk.entries().await[0];
    assert_eq!((&entry["before"]["tags"], &entry["after"]["tags"]), (&json!([]), &json!(["eu"])));
    walk.post("/servers/{id}/host-key", server, json!({"fingerprint": KEY}), &["server.pin"]).await;
    walk.post("/servers/{id}/check", server, none.clone(), &[]).await;

    let form = json!({"title": "Shop", "repo_url": repo});
    let project = walk.post("/projects", 0, form, &["project.create"]).await.id();
    walk.patch("/projects/{id}", project, json!({"title": "Shop 2"}), "project.update").await;
    walk.post("/projects/{id}/host-key", project, json!({"fingerprint": KEY}), &["project.pin"]).await;
    walk.post("/projects/{id}/check", project, none.clone(), &[]).await;
    let form = json!({"name": "test", "kind": "test", "path": "/srv/x", "server_ids": []});
    let whats = &["environment.create"];
    let environment = walk.post("/projects/{id}/environments", project, form, whats).await.id();
    walk.patch("/environments/{id}", environment, json!({"path": "/srv/y"}), "environment.update").await;
    walk.post("/environments/{id}/check", environment, none.clone(), &[]).await;
    let change = json!({"server_ids": [server]});
    walk.patch("/environments/{id}", environment, change, "environment.update").await;
    walk.post("/environments/{id}/live/check", environment, none.clone(), &[]).await;
    walk.patch("/environments/{id}", environment, json!({"server_ids": []}), "environment.update").await;

    walk.delete("/environments/{id}/cache", environment, &["environment.clear_cache"]).await;
    walk.patch("/housekeeping", 0, json!({"log_days": 100}), "housekeeping.update").await;
    // There is nothing yet that could be removed.
    walk.post("/housekeeping/run", 0, none.clone(), &[]).await;

    let form = json!({"kind": "gitlab", "name": "w", "environment_id": environment, "secret": "canary-5192"});
    let webhook = walk.post("/projects/{id}/webhooks", project, form, &["webhook.create"]).await.id();
    walk.patch("/webhooks/{id}", webhook, json!({"start": true}), "webhook.update").await;
    walk.post("/webhooks/{id}/rotate", webhook, none.clone(), &["webhook.update_secret"]).await;
    walk.delete("/webhooks/{id}", webhook, &["webhook.delete"]).await;
    let form = json!({
        "kind": "webhook", "name": "c", "url": "http://127.0.0.1:9/canary-5193", "secret": "canary-5194",
        "events": ["release.failed"]
    });
    let channel = walk.post("/projects/{id}/channels", project, form, &["channel.create"]).await.id();
    walk.patch("/channels/{id}", channel, json!({"name": "d"}), "channel.update").await;
    walk.post("/channels/{id}/test", channel, none.clone(), &["channel.test"]).await;
    walk.delete("/channels/{id}", channel, &["channel.delete"]).await;

    let form = json!({"name": "n", "body": "true"});
    let template = walk.post("/hook-templates", 0, form, &["hook_template.create"]).await.id();
    walk.patch("/hook-templates/{id}", template, json!({"name": "m"}), "hook_template.update").await;
    walk.delete("/hook-templates/{id}", template, &["hook_template.delete"]).await;
    let link = walk.post("/wall-links", 0, json!({"label": "hall"}), &["wall_link.create"]).await.id();
    walk.delete("/wall-links/{id}", link, &["wall_link.delete"]).await;

    let form = json!({
        "project_id": project, "environment_id": environment, "ref": {"kind": "tag", "name": "v1"},
        "hooks": {"before_deploy": "true"}, "save_as": {"before_deploy": "nothing"}
    });
    let whats = &["release.create", "hook_template.create"];
    let release = walk.post("/releases", 0, form, whats).await.id();
    walk.post("/releases/{id}/start", release, none.clone(), &["release.start"]).await;
    walk.post("/releases/{id}/cancel", release, none.clone(), &["release.cancel"]).await;
    walk.post("/releases/{id}/retry", release, none.clone(), &["release.retry"]).await;
    let entry = &walk.entries().await[0];
    assert_eq!((&entry["before"]["status"], &entry["after"]["status"]), (&json!("canceled"), &json!("queued")));
    // What the runner does is no person's: events tell it, and the audit does not.
    walk.post("/releases/{id}/schedule", release, json!({"at": null}), &["release.schedule"]).await;
    let reason = json!({"reason": "stocktaking"});
    walk.post("/environments/{id}/lock", environment, reason, &["environment.lock"]).await;
    walk.delete("/environments/{id}/lock", environment, &["environment.unlock"]).await;
    let (lease, _) = walk.app.store().claim("test", 600_000).await.unwrap().unwrap();
    walk.app.store().plan(&lease, &json!({}), &[]).await.unwrap();
    let hold = Hold { batch: 1, of: 2, since: Timestamp::now(), until: None };
    walk.app.store().hold(&lease, &hold).await.unwrap();
    walk.post("/releases/{id}/continue", release, none.clone(), &["release.continue"]).await;
    walk.app.store().finish(&lease, ReleaseStatus::Succeeded, None).await.unwrap();
    let whats = &["release.start", "release.rollback"];
    walk.post("/releases/{id}/rollback", release, none.clone(), whats).await;
    walk.post("/environments/{id}/rollbacks", environment, json!({"release_id": release}), whats).await;
    let form = json!({"name": "live", "kind": "prod", "path": "/srv/live", "server_ids": []});
    let live = walk.post("/projects/{id}/environments", project, form, &["environment.create"]).await.id();
    walk.post("/environments/{id}/promote", live, none.clone(), &["release.start", "release.create"]).await;

    let (variable, path) = ("/environments/{id}/variables/{name}", format!("/environments/{live}/variables/KEY"));
    for (value, what) in [("canary-5195", "variable.create"), ("canary-5196", "variable.update")] {
        let form = json!({"value": value, "secret": true});
        walk.call_at(Method::PUT, variable, &path, form, &[what]).await;
    }
    walk.call_at(Method::DELETE, variable, &path, Value::Null, &["variable.delete"]).await;

    let form = json!({"name": "spare", "kind": "test", "path": "/srv/z", "server_ids": []});
    let spare = walk.post("/projects/{id}/environments", project, form.clone(), &["environment.create"]).await.id();
    walk.delete("/environments/{id}", spare, &["environment.delete"]).await;
    let other = walk.post("/projects", 0, json!({"title": "Other", "repo_url": repo}), &["project.create"]).await.id();
    walk.post("/projects/{id}/environments", other, form, &["environment.create"]).await;
    walk.delete("/projects/{id}", other, &["project.delete", "environment.delete"]).await;
    walk.delete("/servers/{id}", server, &["server.delete"]).await;
    walk.delete("/credentials/{id}", credential, &["credential.delete"]).await;

    people(&mut walk, project).await;

    // Nothing that was refused left an entry as if it were done, and nothing was left out.
    let seq = walk.seq;
    walk.client.delete(&format!("/api/v1/servers/{server}")).await.problem(404);
    assert_eq!(walk.entries().await[0]["seq"], seq);
    let api = walk.client.get("/api/v1/openapi.json").await.json(200);
    let mut missing = Vec::new();
    for (path, calls) in api["paths"].as_object().unwrap() {
        for method in calls.as_object().unwrap().keys().filter(|method| *method != "get" && *method != "parameters") {
            let call = format!("{} {}", method.to_uppercase(), path.trim_start_matches("/api/v1"));
            if !walk.walked.contains(&call) && !LEFT_OUT.iter().any(|(left, _)| *left == call) {
                missing.push(call);
            }
        }
    }
    assert!(missing.is_empty(), "walk these calls, so that a change without an entry fails: {missing:?}");

    // The whole is one chain, and no secret got into it.
    let verified = walk.app.store().audit_verify(None).await.unwrap();
    assert_eq!((verified.finding, verified.last.seq), (None, seq));
    let export = walk.client.get(&format!("{PATH}/export")).await;
    assert_eq!(export.text.lines().count() as u64, verified.entries);
    for canary in [
        "canary-5190",
        "canary-5191",
        "canary-5192",
        "canary-5193",
        "canary-5194",
        "canary-5195",
        "canary-5196",
        NEW_PASSWORD,
        PASSWORD,
    ] {
        assert!(!export.text.contains(canary), "{canary}");
    }
}

/// The password that the walk gives the one who walks.
const NEW_PASSWORD: &str = "canary-5197 battery";

/// Walks what concerns people: users, roles, tokens, sessions, the password.
async fn people(walk: &mut Walk, project: i64) {
    let none = Value::Null;
    let kim = walk.post("/users", 0, json!({"name": "kim", "role": "viewer"}), &["user.create"]).await.id();
    walk.patch("/users/{id}", kim, json!({"role": "developer"}), "user.update").await;
    walk.post("/users/{id}/invitation", kim, none.clone(), &["user.invite"]).await;
    let (member, path) = ("/projects/{id}/members/{user_id}", format!("/projects/{project}/members/{kim}"));
    for (role, what) in [("viewer", "member.create"), ("manager", "member.update")] {
        walk.call_at(Method::PUT, member, &path, json!({"role": role}), &[what]).await;
    }
    let entry = walk.entries().await[0].clone();
    assert_eq!((&entry["before"]["role"], &entry["after"]["role"]), (&json!("viewer"), &json!("manager")));
    walk.call_at(Method::DELETE, member, &path, none.clone(), &["member.delete"]).await;

    let token = walk.post("/tokens", 0, json!({"name": "ci", "scope": "read"}), &["token.create"]).await.id();
    walk.delete("/tokens/{id}", token, &["token.revoke"]).await;
    let form = json!({"current_password": PASSWORD, "password": NEW_PASSWORD});
    walk.post("/me/password", 0, form, &["user.password"]).await;

    let kim_is = launchway_domain::UserId(kim);
    let mut sessions = Vec::new();
    for digest in ["a", "b", "c", "d"] {
        let expires = Timestamp::now().plus_millis(600_000);
        let new = NewSession { digest, data: b"{}", user: Some(kim_is), address: None, agent: None, expires };
        walk.app.store().session_save(&new).await.unwrap();
        sessions.push(walk.app.store().sessions(kim_is).await.unwrap()[0].id.0);
    }
    let (session, path) = ("/users/{id}/sessions/{session_id}", format!("/users/{kim}/sessions/{}", sessions[0]));
    walk.call_at(Method::DELETE, session, &path, none.clone(), &["session.end"]).await;
    walk.delete("/users/{id}/sessions", kim, &["session.end"; 3]).await;
    let ada = walk.client.get("/api/v1/me").await.json(200)["id"].as_i64().unwrap();
    for digest in ["e", "f"] {
        let (user, expires) = (Some(launchway_domain::UserId(ada)), Timestamp::now().plus_millis(600_000));
        let new = NewSession { digest, data: b"{}", user, address: None, agent: None, expires };
        walk.app.store().session_save(&new).await.unwrap();
    }
    let own = walk.app.store().sessions(launchway_domain::UserId(ada)).await.unwrap()[0].id.0;
    walk.delete("/me/sessions/{id}", own, &["session.end"]).await;
    walk.delete("/me/sessions", 0, &["session.end"]).await;

    walk.post("/users/{id}/deactivate", kim, none.clone(), &["user.deactivate"]).await;
    walk.post("/users/{id}/reactivate", kim, none, &["user.reactivate"]).await;
    walk.delete("/users/{id}", kim, &["user.deactivate"]).await;
}

#[tokio::test]
async fn a_project_manager_reads_what_is_about_their_projects_and_nothing_else() {
    let (app, client) = TestApp::start().await;
    let (shop, bank) = (app.release("shop").await.project_id, app.release("bank").await.project_id);
    for (name, project) in [("shop", shop), ("bank", bank)] {
        let change = json!({"title": format!("{name} 2")});
        client.patch(&format!("/api/v1/projects/{project}"), change).await.json(200);
    }
    signed_in(&app).await;
    let mut of = std::collections::BTreeMap::new();
    for (name, role, there) in [
        ("meg", Role::Member, Some(Role::Manager)),
        ("max", Role::Manager, None),
        ("dev", Role::Developer, Some(Role::Manager)),
        ("von", Role::Viewer, Some(Role::Developer)),
        ("nil", Role::Member, None),
    ] {
        let somebody = app.person(name, role).await;
        let id = client.get(&format!("/api/v1/users?q={name}")).await.json(200)["items"][0]["id"].as_i64().unwrap();
        if let Some(role) = there {
            app.store().member_set(launchway_domain::UserId(id), shop, role).await.unwrap();
        }
        of.insert(name, somebody);
    }
    let projects = async |who: &Client, path: &str| -> BTreeSet<Option<i64>> {
        let answer = who.get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let entries: Vec<Value> = match serde_json::from_str::<Value>(&answer.text) {
            Ok(Value::Object(page)) if page.contains_key("items") => page["items"].as_array().unwrap().clone(),
            _ => answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        };
        entries.iter().map(|entry| entry["thing"]["project_id"].as_i64()).collect()
    };
    let export = format!("{PATH}/export");
    for path in [PATH, export.as_str()] {
        for name in ["meg", "dev"] {
            assert_eq!(projects(&of[name], path).await, [Some(shop.0)].into(), "{name} {path}");
        }
        assert_eq!(projects(&of["max"], path).await, [Some(shop.0), Some(bank.0)].into(), "{path}");
        let bound = app.stranger().with_token(&app.scoped_token(TokenScope::Read, Some(bank)).await);
        assert_eq!(projects(&bound, path).await, [Some(bank.0)].into(), "a token for one project");
        let all = app.stranger().with_token(&app.scoped_token(TokenScope::Read, None).await);
        assert!(projects(&all, path).await.contains(&None), "sign-ins, for who may read everything");
        of["von"].get(path).await.problem(403);
        of["nil"].get(path).await.problem(403);
    }
    // To ask for another project's is to find nothing.
    for question in [format!("?project={bank}"), format!("?thing=project:{bank}"), "?what=user.sign_in".into()] {
        assert_eq!(of["meg"].get(&format!("{PATH}{question}")).await.json(200)["items"], json!([]), "{question}");
    }
}

#[tokio::test]
async fn sign_ins_are_kept_with_their_addresses() {
    let (app, client) = TestApp::start().await;
    let newest = async || client.get(&format!("{PATH}?what=user&limit=1")).await.json(200)["items"][0].clone();
    let (browser, _) = signed_in(&app).await;
    let entry = newest().await;
    assert_eq!((&entry["what"], &entry["outcome"]), (&json!("user.sign_in"), &json!("done")));
    assert_eq!((&entry["who"]["from"], &entry["who"]["via"]), (&json!("127.0.0.1"), &json!("session")));
    assert_eq!((&entry["who"]["name"], &entry["thing"]["name"]), (&json!(NAME), &json!(NAME)));

    // By a session it says so.
    let id = browser.post("/api/v1/projects", json!({"title": "Shop", "repo_url": "/srv/x"})).await.id();
    let made = client.get(&format!("{PATH}?thing=project:{id}")).await.json(200)["items"][0]["who"].clone();
    assert_eq!((&made["via"], &made["token"]), (&json!("session"), &Value::Null));
    assert_eq!((&made["from"], &made["name"]), (&json!("127.0.0.1"), &json!(NAME)));

    sign_out(&browser).await;
    assert_eq!(newest().await["what"], "user.sign_out");
    sign_in(&app.stranger(), NAME, "wrong").await;
    let entry = newest().await;
    assert_eq!((&entry["outcome"], &entry["thing"]["name"]), (&json!("refused"), &json!(NAME)));
    // A password that was typed into the wrong field is not kept.
    sign_in(&app.stranger(), PASSWORD, "x").await;
    let entry = newest().await;
    assert_eq!((&entry["outcome"], &entry["thing"]["name"]), (&json!("refused"), &json!("")));
    assert!(!client.get(&format!("{PATH}/export")).await.text.contains(PASSWORD));
    // Beyond the limit, tries are kept too, but not all of them.
    for _ in 0..20 {
        sign_in(&app.stranger(), NAME, "wrong").await;
    }
    let limited = client.get(&format!("{PATH}?outcome=limited")).await.json(200)["items"].as_array().unwrap().len();
    assert_eq!(limited, 3);
}

#[tokio::test]
async fn entries_are_found_paged_and_exported() {
    let (app, client) = TestApp::start().await;
    for i in 0..5 {
        client.post("/api/v1/projects", json!({"title": format!("Shop n{i}n"), "repo_url": "/srv/x"})).await.id();
    }
    let titles = async |query: &str| -> Vec<String> {
        let found = client.get(&format!("{PATH}?{query}")).await.json(200);
        let items = found["items"].as_array().unwrap();
        items.iter().map(|entry| entry["thing"]["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(titles("what=project.create&limit=2").await, ["Shop n4n", "Shop n3n"]);
    let first = client.get(&format!("{PATH}?what=project&limit=2")).await.json(200);
    let next = first["next"].as_str().unwrap();
    assert_eq!(titles(&format!("what=project&limit=2&cursor={next}")).await, ["Shop n2n", "Shop n1n"]);
    assert_eq!(titles("q=shop+n3n").await, ["Shop n3n"]);
    assert_eq!(titles("who=ada&project=2").await, ["Shop n1n"]);
    assert_eq!(titles("thing=Shop+n2n").await, ["Shop n2n"]);
    assert!(titles("until=2020-01-01").await.is_empty() && titles("since=2999-01-01").await.is_empty());

    let bad = client.get(&format!("{PATH}?project=x&outcome=good&since=soon")).await;
    assert_eq!(bad.faults(), faults(&[("outcome", "invalid"), ("project", "invalid"), ("since", "invalid")]));
    assert_eq!(client.get(&format!("{PATH}?limit=0")).await.faults(), faults(&[("limit", "out_of_range")]));
    assert_eq!(client.get(&format!("{PATH}?cursor=x")).await.faults(), faults(&[("cursor", "invalid")]));

    let export = client.get(&format!("{PATH}/export?what=project")).await;
    assert_eq!(export.header("content-type"), "application/jsonl; charset=utf-8");
    let lines: Vec<Value> = export.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let titles: Vec<_> = lines.iter().map(|line| line["thing"]["name"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Shop n0n", "Shop n1n", "Shop n2n", "Shop n3n", "Shop n4n"]);
    assert!(lines.windows(2).all(|pair| pair[0]["hash"] == pair[1]["prev"]));

    // It tells of everybody: for administrators alone.
    let form = SetupForm { name: "vi".into(), password: PASSWORD.into() };
    app.services.accounts().create_user(&Actor::System, form, Role::Viewer).await.unwrap();
    let token = app.services.accounts().create_token(&Actor::System, "vi", "test").await.unwrap();
    let viewer = client.with_token(token.expose_secret());
    viewer.post("/api/v1/projects", json!({"title": "canary-5195", "repo_url": "/srv/x"})).await.problem(403);
    let refused = client.get(&format!("{PATH}?who=vi&outcome=refused")).await.json(200)["items"].clone();
    assert_eq!(refused.as_array().unwrap().len(), 1);
    assert_eq!(
        (&refused[0]["what"], &refused[0]["thing"]["name"]),
        (&json!("call.refuse"), &json!("POST /api/v1/projects"))
    );
    assert!(!refused.to_string().contains("canary-5195"));
    viewer.get(PATH).await.problem(403);
    viewer.get(&format!("{PATH}/export")).await.problem(403);
    app.stranger().get(PATH).await.problem(401);
}
