use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use launchway::notify::Outward;
use launchway::service::Services;
use launchway_domain::{Actor, NotificationStatus, ReleaseId};
use launchway_engine::data::DataDir;
use launchway_engine::secret::Vault;
use launchway_engine::store::Store;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Client, faults, send};
use crate::hooks::sign;
use crate::receivers::{MailServer, Receiver, Says, until};

const SECRET: &str = "this is secret";

/// A project that tells what happens, on a host that may be told.
struct Telling {
    app: TestApp,
    client: Client,
    project: i64,
    release: ReleaseId,
}

impl Telling {
    async fn new(mail: Option<&MailServer>) -> Self {
        let smtp = mail.map(|mail| format!("smtp://{}", mail.address).into());
        let app = TestApp::with(|config| {
            config.public_url = Some("https://ship.example".parse().unwrap());
            config.notify.allow = vec!["127.0.0.0/8".parse().unwrap()];
            config.notify.smtp_url = smtp;
            config.notify.smtp_from = Some("Launchway <ship@example.com>".into());
            config.notify.retry_after = Duration::from_millis(5);
        })
        .await;
        let client = app.administrator().await;
        let release = app.release("Shop").await;
        app.services.resume();
        Self { client, project: release.project_id.0, release: release.id, app }
    }

    async fn channel(&self, kind: &str, more: Value) -> i64 {
        let mut form = json!({"kind": kind, "name": kind, "events": ["release.canceled"], "secret": SECRET});
        form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.client.post(&format!("/api/v1/projects/{}/channels", self.project), form).await.id()
    }

    /// Something happens: the release is canceled.
    async fn cancel(&self) {
        self.client.act(&format!("/api/v1/releases/{}/cancel", self.release)).await.json(202);
    }

    async fn notifications(&self, channel: i64) -> Vec<Value> {
        let list = self.client.get(&format!("/api/v1/channels/{channel}/notifications")).await.json(200);
        list["items"].as_array().unwrap().clone()
    }

    /// The newest message once it does not wait any more.
    async fn ended(&self, channel: i64) -> Value {
        until("a message ends", async || {
            let newest = self.notifications(channel).await.into_iter().next()?;
            (newest["status"] != "waiting").then_some(newest)
        })
        .await
    }
}

#[tokio::test]
async fn a_channel_never_shows_its_address_and_secret() {
    let telling = Telling::new(None).await;
    let client = &telling.client;
    let url = "https://hooks.slack.com/services/T0/B0/topsecret?token=hunter2";
    let id = telling.channel("slack", json!({"url": url, "lang": "zh"})).await;
    let address = format!("/api/v1/channels/{id}");
    let one = client.get(&address).await;
    assert_eq!(
        (one.json(200)["host"].as_str(), one.json(200)["lang"].as_str()),
        (Some("https://hooks.slack.com"), Some("zh"))
    );
    let list = format!("/api/v1/projects/{}/channels", telling.project);
    for text in [one.text, client.get(&list).await.text, client.patch(&address, json!({"name": "ops"})).await.text] {
        assert!(!text.contains("topsecret") && !text.contains("hunter2") && !text.contains(SECRET), "{text}");
        assert!(text.contains("\"has_secret\":true"), "{text}");
    }
    // Another address does not get the secret that belonged to the one before.
    let moved = client.patch(&address, json!({"url": "https://example.com/x"})).await.json(200);
    assert_eq!((&moved["has_secret"], &moved["host"]), (&json!(false), &json!("https://example.com")));
    assert_eq!(client.delete(&address).await.status, 204);
    client.get(&address).await.problem(404);

    let form = json!({"kind": "fax", "name": "", "url": "ftp://x", "to": ["nobody"], "events": [], "x": 1});
    let wanted = [
        ("events", "required"),
        ("kind", "type"),
        ("name", "required"),
        ("to", "email"),
        ("url", "url"),
        ("x", "unknown"),
    ];
    assert_eq!(client.post(&list, form).await.faults(), faults(&wanted));
    let form = json!({"kind": "webhook", "name": "x", "events": ["release.failed"]});
    assert_eq!(client.post(&list, form).await.faults(), faults(&[("url", "required")]));
}

#[tokio::test]
async fn a_webhook_gets_a_signed_message_after_failures() {
    let telling = Telling::new(None).await;
    let receiver = Receiver::start().await;
    receiver.say([Says::This(500, "no"), Says::This(503, ""), Says::Elsewhere("http://127.0.0.1:1/".into())]);
    let id = telling.channel("webhook", json!({"url": receiver.url("/in?token=hunter2")})).await;
    telling.cancel().await;
    let ended = telling.ended(id).await;
    assert_eq!((&ended["status"], &ended["attempts"], &ended["error"]), (&json!("sent"), &json!(4), &Value::Null));
    let came = receiver.came();
    assert_eq!(came.len(), 4);
    let last = &came[3];
    assert_eq!(last.path, "/in?token=hunter2");
    let time = last.header("x-launchway-timestamp");
    let signed = [time.as_bytes(), b".", &last.body].concat();
    let expected = format!("t={time},v1={}", hex::encode(sign(SECRET, &signed)));
    assert_eq!(last.header("x-launchway-signature"), expected);
    let delivery = ended["id"].to_string();
    assert!(came.iter().all(|one| one.header("x-launchway-delivery") == delivery));
    let body = last.json();
    assert_eq!((&body["event"], &body["release"]["ref"]["name"]), (&json!("release.canceled"), &json!("v1")));
    assert_eq!(body["url"], format!("https://ship.example/releases/{}", telling.release));
    assert!(body["release"].get("hooks").is_none());
}

#[tokio::test]
async fn every_chat_gets_its_form_in_its_language() {
    let telling = Telling::new(None).await;
    let receiver = Receiver::start().await;
    for (kind, lang) in [("slack", "en"), ("dingtalk", "zh"), ("feishu", "zh"), ("wecom", "zh")] {
        telling.channel(kind, json!({"url": receiver.url(&format!("/{kind}?key=k")), "lang": lang})).await;
    }
    telling.cancel().await;
    let came = receiver.wait_for(4).await;
    let one = |kind: &str| came.iter().find(|one| one.path.starts_with(&format!("/{kind}"))).unwrap();
    let text = one("slack").json()["text"].as_str().unwrap().to_owned();
    assert!(text.contains("was canceled") && text.contains("|Open the release>"), "{text}");
    let dingtalk = one("dingtalk");
    let query: Vec<(String, String)> =
        url::Url::parse(&receiver.url(&dingtalk.path)).unwrap().query_pairs().into_owned().collect();
    let value = |name: &str| query.iter().find(|(key, _)| key == name).unwrap().1.clone();
    let expected = BASE64.encode(sign(SECRET, format!("{}\n{SECRET}", value("timestamp")).as_bytes()));
    assert_eq!((value("sign"), value("key")), (expected, "k".into()));
    assert!(dingtalk.json()["markdown"]["title"].as_str().unwrap().contains("已取消"));
    let feishu = one("feishu").json();
    let key = format!("{}\n{SECRET}", feishu["timestamp"].as_str().unwrap());
    assert_eq!(feishu["sign"], BASE64.encode(sign(&key, b"")));
    assert!(feishu["content"]["post"]["zh_cn"]["title"].as_str().unwrap().contains("已取消"));
    assert!(one("wecom").json()["markdown"]["content"].as_str().unwrap().contains("版本"));
}

#[tokio::test]
async fn a_service_that_refuses_with_200_is_believed() {
    let telling = Telling::new(None).await;
    let receiver = Receiver::start().await;
    let id = telling.channel("dingtalk", json!({"url": receiver.url("/d")})).await;
    receiver.say([Says::This(200, "{\"errcode\":310000,\"errmsg\":\"sign not match\"}")]);
    let test = telling.client.act(&format!("/api/v1/channels/{id}/test")).await.json(200);
    assert_eq!(test["status"], "dead");
    assert!(test["error"].as_str().unwrap().contains("310000 sign not match"), "{test}");
    let test = telling.client.act(&format!("/api/v1/channels/{id}/test")).await.json(200);
    assert_eq!((&test["status"], &test["event"], &test["attempts"]), (&json!("sent"), &Value::Null, &json!(1)));
}

#[tokio::test]
async fn e_mail_arrives_after_the_server_was_busy() {
    let mail = MailServer::start(1).await;
    let telling = Telling::new(Some(&mail)).await;
    let id = telling.channel("email", json!({"to": ["ops@example.com", "release@example.com"], "lang": "zh"})).await;
    telling.cancel().await;
    let ended = telling.ended(id).await;
    assert_eq!((&ended["status"], &ended["attempts"]), (&json!("sent"), &json!(2)));
    let mails = mail.mails();
    assert_eq!(mails.len(), 1);
    for part in [
        "RCPT TO:<ops@example.com>",
        "RCPT TO:<release@example.com>",
        "From: Launchway <ship@example.com>",
        "multipart/alternative",
    ] {
        assert!(mails[0].contains(part), "{part}: {}", mails[0]);
    }
    assert!(mails[0].contains(&format!("launchway-notification-{}@example.com", ended["id"])));
}

#[tokio::test]
async fn what_is_never_taken_is_given_up_and_sent_again_by_hand() {
    let telling = Telling::new(None).await;
    let receiver = Receiver::start().await;
    receiver.say((0..8).map(|_| Says::This(500, "")));
    let id = telling.channel("webhook", json!({"url": receiver.url("/in")})).await;
    telling.cancel().await;
    let dead = telling.ended(id).await;
    assert_eq!((&dead["status"], &dead["attempts"]), (&json!("dead"), &json!(8)));
    assert!(dead["error"].as_str().unwrap().contains("500"), "{dead}");
    let retry = format!("/api/v1/notifications/{}/retry", dead["id"]);
    assert_eq!(telling.client.act(&retry).await.json(202)["status"], "waiting");
    assert_eq!(telling.ended(id).await["status"], "sent");
    telling.client.act(&retry).await.problem(409);
}

#[tokio::test]
async fn nothing_goes_to_this_host_or_its_neighbours_unless_it_may() {
    let (app, client) = TestApp::start().await;
    let receiver = Receiver::start().await;
    let project = app.release("Shop").await.project_id;
    let list = format!("/api/v1/projects/{project}/channels");
    let port = receiver.address.port();
    for (n, url) in [
        receiver.url("/in?token=hunter2"),
        format!("http://localhost:{port}/in?token=hunter2"),
        format!("http://[::ffff:127.0.0.1]:{port}/hunter2"),
        format!("http://2130706433:{port}/hunter2"),
        "http://169.254.169.254/latest/hunter2".into(),
        "https://10.0.0.1/hunter2".into(),
    ]
    .into_iter()
    .enumerate()
    {
        let form = json!({"kind": "webhook", "name": format!("c{n}"), "url": url, "events": ["release.failed"]});
        let id = client.post(&list, form).await.id();
        let test = client.act(&format!("/api/v1/channels/{id}/test")).await.json(200);
        assert_eq!(test["status"], "dead", "{url}");
        let error = test["error"].as_str().unwrap();
        assert!(error.contains("--allow-address") && !error.contains("hunter2"), "{url}: {error}");
    }
    assert!(receiver.came().is_empty());
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_a_broken_line_tells_nothing_of_the_address() {
    let telling = Telling::new(None).await;
    let (first, second) = (Receiver::start().await, Receiver::start().await);
    first.say([Says::Elsewhere(second.url("/"))]);
    let id = telling.channel("webhook", json!({"url": first.url("/hunter2")})).await;
    let test = telling.client.act(&format!("/api/v1/channels/{id}/test")).await.json(200);
    assert!(test["error"].as_str().unwrap().contains("302"), "{test}");
    assert!(second.came().is_empty());
    // HTTPS where there is none.
    let https = json!({"url": first.url("/hunter2").replace("http:", "https:")});
    telling.client.patch(&format!("/api/v1/channels/{id}"), https).await.json(200);
    let test = telling.client.act(&format!("/api/v1/channels/{id}/test")).await.json(200);
    let error = test["error"].as_str().unwrap();
    assert!(error.starts_with("No connection") && !error.contains("hunter2"), "{error}");
}

#[tokio::test]
async fn a_channel_tells_what_and_whence_it_was_asked_to() {
    let telling = Telling::new(None).await;
    let receiver = Receiver::start().await;
    let url = receiver.url("/in");
    let environments = format!("/api/v1/projects/{}/environments", telling.project);
    let other = json!({"name": "other", "kind": "test", "path": "/srv/other"});
    let other = telling.client.post(&environments, other).await.id();
    telling.channel("webhook", json!({"name": "a", "url": url, "events": ["release.failed"]})).await;
    telling.channel("webhook", json!({"name": "b", "url": url, "environments": [other]})).await;
    telling.channel("webhook", json!({"name": "c", "url": url, "enabled": false})).await;
    let told = telling.channel("webhook", json!({"name": "d", "url": url})).await;
    telling.cancel().await;
    assert_eq!(telling.ended(told).await["status"], "sent");
    assert_eq!(receiver.came().len(), 1);
    let form = json!({"environments": [other + 1000]});
    let answer = telling.client.patch(&format!("/api/v1/channels/{told}"), form).await;
    assert_eq!(answer.faults(), faults(&[("environments", "not_found")]));
}

#[tokio::test]
async fn a_reader_chooses_the_language_of_the_reasons() {
    let telling = Telling::new(None).await;
    let id = telling.channel("email", json!({"to": ["ops@example.com"]})).await;
    let request = telling.client.request(Method::POST, &format!("/api/v1/channels/{id}/test"));
    let test = send(request.header("accept-language", "zh")).await.json(200);
    assert!(test["error"].as_str().unwrap().contains("邮件服务器"), "{test}");
    drop(telling.app);
}

#[tokio::test]
async fn what_was_written_down_before_a_restart_is_sent_once_after_it() {
    let receiver = Receiver::start().await;
    let mut folder = std::path::PathBuf::new();
    let app = TestApp::with(|config| folder.clone_from(&config.data)).await;
    let client = app.administrator().await;
    // The first program never sends: it ends between the writing and the sending.
    let release = app.release("Shop").await;
    let form = json!({"kind": "webhook", "name": "x", "url": receiver.url("/"), "events": ["release.canceled"]});
    client.post(&format!("/api/v1/projects/{}/channels", release.project_id), form).await.id();
    client.act(&format!("/api/v1/releases/{}/cancel", release.id)).await.json(202);
    assert!(receiver.came().is_empty());
    let second = async || {
        let data = DataDir::open(&folder).unwrap();
        let store = Store::open(&Store::sqlite_url(&data.database()).unwrap()).await.unwrap();
        let outward = Outward { allow: vec!["127.0.0.0/8".parse().unwrap()], ..Outward::default() };
        let services = Services::open(store, Vault::open(data.root(), None).unwrap(), data, outward).unwrap();
        services.resume();
        services
    };
    let services = second().await;
    receiver.wait_for(1).await;
    services.shutdown().await;
    // A third finds nothing to send; what is sent by hand shows that it works.
    let services = second().await;
    let channel = services.channels().list(&Actor::System, release.project_id).await.unwrap()[0].id;
    let sent = services.channels().notifications(&Actor::System, channel, None, None).await.unwrap();
    assert_eq!((sent.items.len(), sent.items[0].status), (1, NotificationStatus::Sent));
    services.channels().test(&Actor::System, channel).await.unwrap();
    assert_eq!(receiver.came().len(), 2);
    services.shutdown().await;
}

#[tokio::test]
async fn its_pages_read_without_javascript() {
    let telling = Telling::new(None).await;
    let url = "https://hooks.slack.com/services/T0/B0/topsecret";
    let id = telling.channel("slack", json!({"url": url})).await;
    let list = format!("/projects/{}/notifications", telling.project);
    for (path, word) in [
        (list.clone(), "https://hooks.slack.com"),
        (format!("{list}/new"), "Signing secret"),
        (format!("{list}/{id}"), "Send a test"),
    ] {
        let page = telling.client.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.text.contains(word) && !page.text.contains("topsecret"), "{path}: {}", page.text);
    }
}
