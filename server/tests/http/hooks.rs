//! What Git services send: payloads in the form that each documents, proven as each does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac};
use launchway_domain::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::app::TestApp;
use crate::client::{Answer, Client, send};

/// The secret of every webhook of these tests.
pub(crate) const SECRET: &str = "correct horse battery staple";
/// What a ref names that is not there any more.
pub(crate) const NOTHING: &str = "0000000000000000000000000000000000000000";

/// A project on a repository that the service calls by another address, and a webhook of it.
pub(crate) struct Hooked {
    pub(crate) app: TestApp,
    pub(crate) client: Client,
    pub(crate) project: i64,
    pub(crate) environment: i64,
    pub(crate) webhook: i64,
    /// Where the service calls.
    pub(crate) address: String,
    pub(crate) repository: std::path::PathBuf,
}

impl Hooked {
    /// With more about the webhook than it needs.
    pub(crate) async fn new(kind: &str, more: Value) -> Self {
        let (app, client) = TestApp::start().await;
        app.services.resume();
        let repository = app.repository();
        let project = json!({"title": "Shop", "repo_url": repository});
        let project = client.post("/api/v1/projects", project).await.id();
        let environment = json!({"name": "live", "kind": "test", "path": "/srv/shop"});
        let environment = client.post(&format!("/api/v1/projects/{project}/environments"), environment).await.id();
        let mut form = json!({
            "kind": kind, "name": "main", "environment_id": environment, "events": ["tag", "push"],
            "repository": "git@git.example.com:acme/shop.git", "secret": SECRET
        });
        form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = client.post(&format!("/api/v1/projects/{project}/webhooks"), form).await.json(201);
        let (webhook, address) = (made["id"].as_i64().unwrap(), made["address"].as_str().unwrap().to_owned());
        Self { app, client, project, environment, webhook, address, repository }
    }

    /// What a ref of the repository names.
    pub(crate) fn commit(&self, name: &str) -> String {
        let name = format!("{name}^{{commit}}");
        let git = std::process::Command::new("git").arg("-C").arg(&self.repository).args(["rev-parse", &name]).output();
        String::from_utf8(git.unwrap().stdout).unwrap().trim().to_owned()
    }

    /// Makes an annotated tag; its own object.
    pub(crate) fn annotated(&self, name: &str) -> String {
        let git = |args: &[&str]| {
            let who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
            let git = std::process::Command::new("git").arg("-C").arg(&self.repository).args(who).args(args).output();
            let output = git.unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        git(&["tag", "-a", "-m", name, name]);
        git(&["rev-parse", name])
    }

    /// What GitHub and Gitea send of a push.
    pub(crate) fn push(&self, full: &str, commit: &str) -> Value {
        json!({
            "ref": full, "before": NOTHING, "after": commit, "created": true, "deleted": commit == NOTHING,
            "head_commit": if commit == NOTHING { Value::Null } else { json!({"id": commit}) },
            "repository": {
                "full_name": "acme/shop", "clone_url": "https://git.example.com/acme/shop.git",
                "ssh_url": "git@git.example.com:acme/shop.git", "html_url": "https://git.example.com/acme/shop"
            },
            "pusher": {"name": "ada", "login": "ada"}, "sender": {"login": "ada"}
        })
    }

    /// The same of a tag that is there.
    pub(crate) fn tag(&self, name: &str) -> Value {
        self.push(&format!("refs/tags/{name}"), &self.commit(name))
    }

    /// Calls the webhook as its service does not: with these headers alone.
    pub(crate) async fn call(&self, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let mut request = self.app.stranger().request(Method::POST, &self.address).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(request).await
    }

    /// Calls it as GitHub does.
    pub(crate) async fn github(&self, event: &str, delivery: &str, body: &Value) -> Answer {
        let body = body.to_string().into_bytes();
        let signature = format!("sha256={}", hex::encode(sign(SECRET, &body)));
        let headers = [
            ("content-type", "application/json"),
            ("x-github-event", event),
            ("x-github-delivery", delivery),
            ("x-hub-signature-256", &signature),
        ];
        self.call(&headers, body).await
    }

    /// The deliveries, newest first.
    pub(crate) async fn deliveries(&self) -> Vec<Value> {
        let list = self.client.get(&format!("/api/v1/webhooks/{}/deliveries", self.webhook)).await.json(200);
        list["items"].as_array().unwrap().clone()
    }

    /// A delivery once it has its outcome.
    pub(crate) async fn outcome(&self, accepted: &Answer) -> Value {
        let id = accepted.json(202)["id"].as_i64().unwrap();
        let address = format!("/api/v1/deliveries/{id}");
        crate::receivers::until("a delivery is worked off", async || {
            let delivery = self.client.get(&address).await.json(200);
            (delivery["outcome"] != "received").then_some(delivery)
        })
        .await
    }
}

/// HMAC-SHA256.
pub(crate) fn sign(secret: &str, text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// What GitLab sends of a push.
pub(crate) fn gitlab(kind: &str, full: &str, commit: &str) -> Value {
    json!({
        "object_kind": kind, "event_name": kind, "before": NOTHING, "after": commit, "ref": full, "checkout_sha": commit,
        "user_name": "Ada", "user_username": "ada", "project_id": 15, "total_commits_count": 0,
        "project": {
            "web_url": "https://git.example.com/acme/shop", "git_ssh_url": "git@git.example.com:acme/shop.git",
            "git_http_url": "https://git.example.com/acme/shop.git"
        },
        "repository": {"url": "git@git.example.com:acme/shop.git"}
    })
}

/// What Gitee signs: the time, by the secret.
pub(crate) fn gitee_headers(secret: &str) -> (String, String) {
    let time = Timestamp::now().0.to_string();
    let token = BASE64.encode(sign(secret, format!("{time}\n{secret}").as_bytes()));
    (time, token)
}
