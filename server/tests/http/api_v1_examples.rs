//! The examples of the description, sent to the real router in their order; the answers held against their schemas.
//!
//! `LAUNCHWAY_RECORD=1` writes what was answered into `examples.json`, after a call was added or an answer changed.

use std::collections::BTreeSet;
use std::path::Path;

use jsonschema::Validator;
use launchway_domain::{NodeKey, NodeKind, NodeStatus, ReleaseStatus};
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{TestApp, node};
use crate::client::{Answer, Client, send};

/// What stands in the examples for what a test has.
const REPOSITORY: &str = "https://git.example.com/shop.git";
const HOST: &str = "web-1.example.com";

#[tokio::test(flavor = "multi_thread")]
async fn every_example_is_what_happens() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/rest/examples.json");
    let record = std::env::var_os("LAUNCHWAY_RECORD").is_some();
    let mut examples: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let (app, client) = TestApp::start().await;
    let repository = app.repository().display().to_string();
    let document = client.get("/api/v1/openapi.json").await.json(200);
    let mut wrong = Vec::new();
    for example in &mut examples {
        match example["prepare"].as_str() {
            Some("run") => run(&app).await,
            Some("hold") => hold(&app).await,
            Some("browsers") => browsers(&app).await,
            _ => {}
        }
        let call = format!("{} → {}", example["call"].as_str().unwrap(), example["status"]);
        let answer = ask(&client, example, &repository).await;
        let mut faults = check(&document, example, &answer);
        let told = body(&answer, &repository);
        if record && example["large"] != true && example["stream"] != true && !answer.text.is_empty() {
            example["response"] = told.clone();
        } else if let Some(shown) = example.get("response") {
            let (shown, told) = (shape(shown), shape(&told));
            if shown != told {
                faults.push(format!("the example shows {shown}, the answer is {told}"));
            }
        }
        wrong.extend(faults.into_iter().map(|fault| format!("{call}: {fault}")));
    }
    if record {
        let hidden = |example: &mut Value| {
            if example["hidden"] == true {
                example.as_object_mut().unwrap().remove("response");
            }
        };
        examples.iter_mut().for_each(hidden);
        std::fs::write(&file, serde_json::to_string_pretty(&examples).unwrap() + "\n").unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_call_has_its_example() {
    let (_app, client) = TestApp::start().await;
    let document = client.get("/api/v1/openapi.json").await.json(200);
    let examples: Vec<Value> = serde_json::from_str(include_str!("../../src/http/rest/examples.json")).unwrap();
    let shown: BTreeSet<&str> = examples
        .iter()
        .filter(|example| example["hidden"] != true)
        .map(|example| example["call"].as_str().unwrap())
        .collect();
    let mut missing = Vec::new();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let call = format!("{} {path}", method.to_uppercase());
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{call}");
            if !shown.contains(call.as_str()) {
                missing.push(call);
                continue;
            }
            if let Some(body) = operation["requestBody"].get("content") {
                assert!(body["application/json"].get("example").is_some(), "{call}: no example of a request");
            }
            let answers = operation["responses"].as_object().unwrap();
            let has_example = |answer: &Value| {
                answer["content"]
                    .as_object()
                    .is_none_or(|kinds| kinds.values().any(|kind| kind.get("example").is_some()))
            };
            let is_large = examples
                .iter()
                .any(|example| example["call"] == call && (example["large"] == true || example["stream"] == true));
            assert!(is_large || answers.values().any(has_example), "{call}: no example of an answer");
            if method == "post" {
                let names: Vec<_> =
                    operation["parameters"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
                assert!(names.contains(&&json!("Idempotency-Key")) || path.starts_with("/hooks/"), "{call}");
            }
        }
    }
    assert!(missing.is_empty(), "without an example: {missing:#?}");
    for call in shown {
        let (method, path) = call.split_once(' ').unwrap();
        assert!(document["paths"][path].get(method.to_lowercase()).is_some(), "{call} is not described");
    }
}

async fn ask(client: &Client, example: &Value, repository: &str) -> Answer {
    let method: Method = example["call"].as_str().unwrap().split(' ').next().unwrap().parse().unwrap();
    let mut request = client.request(method, example["address"].as_str().unwrap());
    for (name, value) in example["headers"].as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap());
    }
    if let Some(body) = example.get("request") {
        let body = body.to_string().replace(REPOSITORY, repository).replace(HOST, "127.0.0.1");
        request = request.header("content-type", "application/json").body(body);
    }
    if example["stream"] != true {
        return send(request).await;
    }
    let response = request.send().await.unwrap();
    Answer { status: response.status(), headers: response.headers().clone(), text: String::new() }
}

fn is_json(answer: &Answer) -> bool {
    let kind = answer.header("content-type").split(';').next().unwrap_or_default();
    kind == "application/json" || kind.ends_with("+json")
}

/// The answer as an example shows it.
fn body(answer: &Answer, repository: &str) -> Value {
    let text = answer.text.replace(repository, REPOSITORY).replace("127.0.0.1", HOST);
    if is_json(answer) { serde_json::from_str(&text).unwrap() } else { json!(text) }
}

/// What is wrong with an answer, and with the example of it, as the description has it.
fn check(document: &Value, example: &Value, answer: &Answer) -> Vec<String> {
    let (method, path) = example["call"].as_str().unwrap().split_once(' ').unwrap();
    if example["status"] != answer.status.as_u16() {
        return vec![format!("{} {}", answer.status, answer.text)];
    }
    let operation = &document["paths"][path][method.to_lowercase()];
    let Some(described) = operation["responses"].get(answer.status.as_str()) else {
        return vec!["this status is not described".to_owned()];
    };
    let kind = answer.header("content-type").split(';').next().unwrap_or_default();
    let Some(kinds) = described.get("content").and_then(Value::as_object) else {
        return if answer.text.is_empty() {
            Vec::new()
        } else {
            vec![format!("a body that is not described: {}", answer.text)]
        };
    };
    let Some(content) = kinds.get(kind) else { return vec![format!("{kind:?} is not described")] };
    if !is_json(answer) {
        return Vec::new();
    }
    let validator = validator(document, &content["schema"]);
    let mut faults: Vec<String> = faults(&validator, &serde_json::from_str(&answer.text).unwrap());
    if let Some(shown) = example.get("response") {
        faults.extend(self::faults(&validator, shown).into_iter().map(|fault| format!("the example: {fault}")));
    }
    if let (Some(request), true) = (example.get("request"), answer.status.is_success()) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        // A patch has some of the fields.
        if method != "PATCH" {
            let validator = self::validator(document, schema);
            faults.extend(self::faults(&validator, request).into_iter().map(|fault| format!("the request: {fault}")));
        }
    }
    faults
}

fn validator(document: &Value, schema: &Value) -> Validator {
    let mut schema = schema.clone();
    schema["components"] = document["components"].clone();
    jsonschema::draft202012::new(&schema).unwrap()
}

fn faults(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{} at {}", error, error.instance_path())).collect()
}

/// What an answer is made of: names and kinds, and no values. Lists count by their first item, nothing by nothing.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(_) => json!("flag"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("text"),
        Value::Array(items) => items.first().map_or(json!([]), |item| json!([shape(item)])),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
    }
}

/// Release 1 waits after its first batch.
async fn hold(app: &TestApp) {
    use launchway_domain::{Hold, Timestamp};
    let store = app.store();
    let (lease, _) = store.claim("test", 600_000).await.unwrap().unwrap();
    store.hold(&lease, &Hold { batch: 1, of: 3, since: Timestamp::now(), until: None }).await.unwrap();
    store.give_back(&lease).await.unwrap();
}

/// The administrator is signed in with three browsers.
async fn browsers(app: &TestApp) {
    use launchway_domain::{Timestamp, UserId};
    use launchway_engine::store::NewSession;
    let agent = Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
    let expires = Timestamp::now().plus_millis(600_000);
    for digest in ["one", "two", "three"] {
        let (user, address) = (Some(UserId(1)), Some("198.51.100.7"));
        app.store().session_save(&NewSession { digest, data: b"{}", user, address, agent, expires }).await.unwrap();
    }
}

/// Release 1 runs to its good end: one step, with a log.
async fn run(app: &TestApp) {
    use launchway_domain::{LogLine, LogStream, Timestamp};
    let store = app.store();
    let (lease, _) = store.claim("test", 600_000).await.unwrap().unwrap();
    let key = NodeKey::of(NodeKind::Start, None);
    let mut step = node(NodeStatus::Pending);
    store.plan(&lease, &json!({}), std::slice::from_ref(&step)).await.unwrap();
    step.attempt = 1;
    step.started_at = Some(Timestamp::now());
    for status in [NodeStatus::Running, NodeStatus::Succeeded] {
        step.status = status;
        if status == NodeStatus::Running {
            store.set_nodes(&lease, std::slice::from_ref(&step)).await.unwrap();
            let text = "connected to 1 server\nerror: none\n".to_owned();
            let line = LogLine { at: Timestamp::now(), stream: LogStream::Output, text };
            store.append_log(&lease, &key, 1, &[line]).await.unwrap();
        }
    }
    step.finished_at = Some(Timestamp::now());
    store.set_nodes(&lease, std::slice::from_ref(&step)).await.unwrap();
    store.finish(&lease, ReleaseStatus::Succeeded, None).await.unwrap();
}
