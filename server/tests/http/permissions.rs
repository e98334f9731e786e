//! Every call with every role: what each route says it takes against what the services let through.

use launchway::service::permit;
use launchway_domain::{
    Actor, CredentialForm, CredentialKind, Grant, HookTemplateForm, Membership, Needs, Permission, Person, ProjectId,
    Reach, Role, ServerForm, Timestamp, TokenScope, User, UserId,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client, send};
use crate::listen::Socket;

/// An id that nothing has.
const NOBODY: &str = "424242";

/// A call of the API as its description has it.
struct Call {
    method: Method,
    path: String,
    needs: Option<Needs>,
    /// What a query must have, as described.
    query: String,
    /// A body that is right, where one is described.
    example: Option<Value>,
}

impl Call {
    /// Makes it, with ids in the address.
    async fn make(&self, client: &Client, id: impl Fn(&str) -> String) -> Answer {
        let mut address = self.path.clone();
        while let (Some(from), Some(to)) = (address.find('{'), address.find('}')) {
            let value = id(&address[from + 1..to]);
            address.replace_range(from..=to, &value);
        }
        address += &self.query;
        let request = client.request(self.method.clone(), &address);
        send(match (&self.example, &self.method) {
            (_, &Method::GET | &Method::DELETE) => request,
            (Some(example), _) => request.json(example),
            (None, _) => request.json(&json!({})),
        })
        .await
    }

    /// Whether it stays open for as long as the client does.
    fn is_stream(&self) -> bool {
        self.path.ends_with("/feed/sse")
    }
}

async fn calls(client: &Client) -> Vec<Call> {
    let api = client.get("/api/v1/openapi.json").await.json(200);
    let mut calls = Vec::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let mut query = url::form_urlencoded::Serializer::new(String::from("?"));
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                if parameter["in"] == "query" && parameter["required"] == true {
                    let value = match name {
                        "topics" => "wall",
                        _ => parameter["example"].as_str().unwrap_or("x"),
                    };
                    query.append_pair(name, value);
                } else if name == "node" && parameter["in"] == "query" {
                    query.append_pair(name, "start");
                } else if name == "wait" {
                    query.append_pair(name, "0");
                }
            }
            let body = &operation["requestBody"]["content"]["application/json"];
            let example = [&body["example"], &body["examples"]].into_iter().find(|e| !e.is_null()).cloned();
            calls.push(Call {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                query: query.finish(),
                needs: operation["x-permission"].as_str().and_then(Needs::parse),
                example: example.map(|e| {
                    e.as_object().and_then(|all| all.values().find_map(|v| v.get("value").cloned())).unwrap_or(e)
                }),
            });
        }
    }
    calls
}

fn actor(role: Role, memberships: &[Membership], grant: Option<Grant>) -> Actor {
    let user = User { id: UserId(1), name: "kim".into(), role, created_at: Timestamp(0) };
    Actor::User(Box::new(Person { memberships: memberships.to_vec(), grant, ..Person::new(user) }))
}

/// What a call answers somebody who may not, or who may.
#[track_caller]
fn judge(call: &Call, who: &str, may: bool, known: bool, answer: &Answer) {
    let (method, path, status) = (&call.method, &call.path, answer.status.as_u16());
    // 502: it went on to ask a host that is not there.
    assert!(status < 500 || status == 502, "{who}: {method} {path}: {status} {}", answer.text);
    // A form that is wrong may be told so before anybody asks whose it is, and so may an id that nothing has.
    let refused = status == 403
        || (status == 422 && call.example.is_none() && call.method != Method::GET)
        || (status == 404 && !known);
    match may {
        // A webhook asks for the proof of its service, whoever else one is.
        true if path.starts_with("/hooks/") => assert_eq!(status, 401, "{who}: {path}: {}", answer.text),
        true => assert!(status != 403 && status != 401, "{who} may: {method} {path}: {}", answer.text),
        false => assert!(refused, "{who} may not: {method} {path}: {status} {}", answer.text),
    }
}

#[tokio::test]
async fn every_route_says_what_it_takes() {
    let (_app, client) = TestApp::start().await;
    let calls = calls(&client).await;
    assert!(calls.len() > 50, "{}", calls.len());
    let silent: Vec<_> = calls.iter().filter(|call| call.needs.is_none()).map(|call| &call.path).collect();
    assert!(silent.is_empty(), "register them by `permitted` or `needing`: {silent:?}");
    let open: Vec<_> =
        calls.iter().filter(|call| call.needs == Some(Needs::Nothing)).map(|c| c.path.as_str()).collect();
    for path in &open {
        assert!(["/healthz", "/readyz"].contains(path) || path.starts_with("/hooks/"), "{path} is open to strangers");
    }
}

#[tokio::test]
async fn every_route_lets_each_role_do_what_it_says_and_nothing_else() {
    let (app, client) = TestApp::start().await;
    let calls = calls(&client).await;
    let things = Things::of(&app, "shop").await;
    // The least trusted first: what the others may delete is there for those who may not.
    for role in Role::ALL.into_iter().rev() {
        let somebody = app.person(&format!("the-{}", role.as_str()), role).await;
        for call in calls.iter().filter(|call| !call.is_stream()) {
            let may = match call.needs {
                Some(Needs::Permission(permission)) => permit(&actor(role, &[], None), permission).is_ok(),
                _ => true,
            };
            let id = things.id(&call.path);
            let known = id.is_some() || !call.path.contains('{');
            let id = id.unwrap_or_else(|| NOBODY.to_owned());
            let answer = call.make(&somebody, |name| if name == "id" { id.clone() } else { NOBODY.to_owned() }).await;
            judge(call, role.as_str(), may, known, &answer);
        }
    }
    for call in calls.iter().filter(|call| !matches!(call.needs, Some(Needs::Nothing))) {
        let answer = call.make(&app.stranger(), |_| NOBODY.to_owned()).await;
        let status = answer.status.as_u16();
        assert!(status == 401 || status == 303, "a stranger: {} {}: {status}", call.method, call.path);
    }
}

#[tokio::test]
async fn every_route_holds_a_token_to_its_scope() {
    let (app, client) = TestApp::start().await;
    for scope in TokenScope::ALL {
        let token = app.scoped_token(scope, None).await;
        let script = app.stranger().with_token(&token);
        let grant = Grant { token_id: 1, label: "ci".into(), scope, project: None };
        for call in calls(&client).await.iter().filter(|call| !call.is_stream()) {
            let may = match call.needs {
                Some(Needs::Permission(permission)) => {
                    permit(&actor(Role::Admin, &[], Some(grant.clone())), permission).is_ok()
                }
                _ => true,
            };
            let answer = call.make(&script, |_| NOBODY.to_owned()).await;
            judge(call, scope.as_str(), may, !call.path.contains('{'), &answer);
        }
    }
}

/// Ids of things of one project, by what stands in an address.
struct Things {
    project: i64,
    environment: i64,
    release: i64,
    server: i64,
    credential: i64,
    template: i64,
}

impl Things {
    async fn of(app: &TestApp, title: &str) -> Self {
        let release = app.release(title).await;
        let project_id = Some(release.project_id);
        let form = CredentialForm {
            name: format!("{title} key"),
            kind: CredentialKind::SshPassword,
            username: "deploy".into(),
            secret: Some("x".into()),
            passphrase: None,
            project_id,
        };
        let credential = app.services.credentials().create(&Actor::System, form).await.unwrap();
        let form = ServerForm {
            hostname: format!("{title}-1"),
            address: "192.0.2.1".into(),
            port: 22,
            credential_id: credential.id,
            tags: Vec::new(),
            project_id,
        };
        let server = app.services.servers().create(&Actor::System, form).await.unwrap();
        let form = HookTemplateForm { name: format!("{title} hook"), body: "true".into(), ..Default::default() };
        let template = app.services.templates().create(&Actor::System, form).await.unwrap();
        Self {
            project: release.project_id.0,
            environment: release.environment_id.0,
            release: release.id.0,
            server: server.id.0,
            credential: credential.id.0,
            template: template.id.0,
        }
    }

    /// The id that belongs into an address.
    fn id(&self, path: &str) -> Option<String> {
        let noun = path.strip_prefix("/api/v1/")?.split('/').next()?;
        let id = match noun {
            "projects" => self.project,
            "environments" => self.environment,
            "releases" => self.release,
            "servers" => self.server,
            "credentials" => self.credential,
            "hook-templates" => self.template,
            _ => return None,
        };
        Some(id.to_string())
    }
}

#[tokio::test]
async fn what_is_another_projects_is_not_there() {
    let (app, client) = TestApp::start().await;
    let (own, other) = (Things::of(&app, "shop").await, Things::of(&app, "bank").await);
    let member = app.person("meg", Role::Member).await;
    let meg =
        app.services.accounts().users(&Actor::System).await.unwrap().into_iter().find(|u| u.name == "meg").unwrap();
    app.store().member_set(meg.id, ProjectId(own.project), Role::Manager).await.unwrap();
    let bound =
        app.stranger().with_token(&app.scoped_token(TokenScope::Administer, Some(ProjectId(own.project))).await);
    let mut tried = 0;
    for (who, somebody) in [("a manager of one project", &member), ("a token for one project", &bound)] {
        for call in calls(&client).await.iter().filter(|call| call.path.contains("{id}") && !call.is_stream()) {
            let Some(Needs::Permission(permission)) = call.needs else { continue };
            let (Reach::Project, Some(theirs)) = (permission.reach(), other.id(&call.path)) else { continue };
            let answer =
                call.make(somebody, |name| if name == "id" { theirs.clone() } else { NOBODY.to_owned() }).await;
            let status = answer.status.as_u16();
            let is_form = call.example.is_none() && matches!(call.method, Method::POST | Method::PUT | Method::PATCH);
            assert!(
                status == 404 || (status == 422 && is_form),
                "{who}: {} {}: {status} {}",
                call.method,
                call.path,
                answer.text
            );
            assert!(!answer.text.contains("bank"), "{who}: {}: {}", call.path, answer.text);
            tried += 1;
        }
        for list in
            ["/projects", "/releases", "/servers", "/credentials", "/overview", "/search?q=bank", "/releases?limit=5"]
        {
            let answer = somebody.get(&format!("/api/v1{list}")).await;
            answer.json(200);
            assert!(!answer.text.contains("bank"), "{who}: {list}: {}", answer.text);
        }
        for noun in ["projects", "environments", "releases", "servers", "credentials"] {
            let path = format!("/api/v1/{noun}");
            somebody.get(&format!("{path}/{}", own.id(&format!("{path}/")).unwrap())).await.json(200);
        }
        let events = format!("/api/v1/events?wait=0&after=0&topics=release:{}", other.release);
        somebody.get(&events).await.problem(404);
        let heard = somebody.get("/api/v1/events?wait=0&after=0&topics=wall").await.json(200);
        let heard = heard["items"].as_array().unwrap();
        assert!(!heard.is_empty());
        assert!(heard.iter().all(|event| event["data"]["project_id"] == own.project), "{heard:?}");
        let mut socket = Socket::open(somebody).await;
        socket.subscribe(&[&format!("project:{}", other.project)], None).await;
        assert_eq!(socket.next().await.unwrap()["data"]["code"], "forbidden");
    }
    assert!(tried > 60, "{tried}");
}

#[tokio::test]
async fn a_project_manager_takes_no_secret_and_no_server_that_is_everybodys() {
    let (app, client) = TestApp::start().await;
    let own = Things::of(&app, "shop").await;
    let shared = client
        .post("/api/v1/credentials", json!({"name": "root", "kind": "ssh_password", "username": "root", "secret": "x"}))
        .await
        .id();
    let server = json!({"hostname": "all-1", "address": "192.0.2.9", "credential_id": shared});
    let shared_server = client.post("/api/v1/servers", server).await.id();
    let member = app.person("meg", Role::Member).await;
    let meg =
        app.services.accounts().users(&Actor::System).await.unwrap().into_iter().find(|u| u.name == "meg").unwrap();
    app.store().member_set(meg.id, ProjectId(own.project), Role::Manager).await.unwrap();

    // A server of theirs, by their credential: yes. By everybody's, or moved to an address of their own: no.
    let mine = |credential: i64| json!({"hostname": "mine", "address": "192.0.2.7", "credential_id": credential, "project_id": own.project});
    assert_eq!(member.post("/api/v1/servers", mine(shared)).await.faults()[0].0, "credential_id");
    let made = member.post("/api/v1/servers", mine(own.credential)).await.id();
    let everybodys = json!({"hostname": "free", "address": "192.0.2.7", "credential_id": own.credential});
    member.post("/api/v1/servers", everybodys).await.problem(403);
    let moved = member.patch(&format!("/api/v1/servers/{made}"), json!({"credential_id": shared})).await;
    assert_eq!(moved.faults()[0].0, "credential_id");
    let moved = member.patch(&format!("/api/v1/servers/{made}"), json!({"project_id": null})).await;
    moved.problem(403);

    // A repository elsewhere with everybody's credential: no.
    let https = json!({"name": "git", "kind": "git_https", "username": "x", "secret": "x"});
    let https = client.post("/api/v1/credentials", https).await.id();
    let project = format!("/api/v1/projects/{}", own.project);
    let away = json!({"repo_url": "https://192.0.2.7/x.git", "credential_id": https});
    assert_eq!(member.patch(&project, away).await.faults()[0].0, "credential_id");

    // Environments take the project's servers, not everybody's.
    let environment = |servers: Value| json!({"name": "new", "kind": "test", "path": "/srv/x", "server_ids": servers});
    let path = format!("{project}/environments");
    assert_eq!(member.post(&path, environment(json!([shared_server]))).await.faults()[0].0, "server_ids");
    let id = member.post(&path, environment(json!([made]))).await.id();
    let environment = format!("/api/v1/environments/{id}");
    client.patch(&environment, json!({"server_ids": [made, shared_server]})).await.json(200);
    // What an administrator put there stays, but only where it was.
    member.patch(&environment, json!({"keep": 3})).await.json(200);
    assert_eq!(member.patch(&environment, json!({"path": "/srv/bank"})).await.faults()[0].0, "server_ids");
}

#[tokio::test]
async fn developers_run_releases_for_test_and_not_for_prod() {
    let (app, client) = TestApp::start().await;
    let things = Things::of(&app, "shop").await;
    let dev = app.person("dev", Role::Developer).await;
    let environment = format!("/api/v1/environments/{}", things.environment);
    client.patch(&environment, json!({"kind": "prod"})).await.json(200);
    for act in ["start", "cancel", "continue", "retry", "rollback"] {
        let refused = dev.act(&format!("/api/v1/releases/{}/{act}", things.release)).await.problem(403);
        assert!(refused["detail"].as_str().unwrap().contains("prod"), "{refused}");
    }
    client.patch(&environment, json!({"kind": "test"})).await.json(200);
    dev.act(&format!("/api/v1/releases/{}/start", things.release)).await.json(202);
}

#[tokio::test]
async fn every_server_function_lets_each_role_do_what_it_says() {
    let (app, _client) = TestApp::start().await;
    for role in Role::ALL {
        let somebody = app.person(&format!("the-{}", role.as_str()), role).await;
        for (path, method) in leptos::server_fn::axum::server_fn_paths() {
            let needs = launchway_app::api::needs_of(path).unwrap_or_else(|| panic!("{path} says nothing"));
            let may = match needs {
                Needs::Permission(permission) => permit(&actor(role, &[], None), permission).is_ok(),
                _ => true,
            };
            let status = send(somebody.request(method, path)).await.status.as_u16();
            assert_eq!(status != 403, may, "{}: {path} takes {needs:?}: {status}", role.as_str());
        }
    }
}

#[tokio::test]
async fn every_topic_lets_each_role_listen_where_it_may() {
    let (app, _client) = TestApp::start().await;
    let release = app.release("shop").await;
    let topics = [
        ("wall".to_owned(), Permission::ViewWall),
        (format!("project:{}", release.project_id), Permission::ViewReleases),
        (format!("release:{}", release.id), Permission::ViewReleases),
    ];
    for role in Role::ALL {
        let somebody = app.person(&format!("the-{}", role.as_str()), role).await;
        for (topic, permission) in &topics {
            let may = permit(&actor(role, &[], None), *permission).is_ok();
            let answer = somebody.get(&format!("/api/v1/events?wait=0&after=0&topics={topic}")).await;
            assert_eq!(answer.status == 200, may, "{}: {topic}: {}", role.as_str(), answer.text);
        }
    }
}
