use serde_json::{Value, json};

use crate::client::faults;
use crate::hooks::{Hooked, NOTHING, SECRET, gitee_headers, gitlab, sign};

fn reason(delivery: &Value) -> &str {
    delivery["reason"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_webhook_is_made_changed_and_deleted_and_its_secret_shown_once() {
    let hooked = Hooked::new("github", json!({})).await;
    let (client, list) = (&hooked.client, format!("/api/v1/projects/{}/webhooks", hooked.project));
    let form = json!({"kind": "gitlab", "name": "second", "environment_id": hooked.environment});
    let made = client.post(&list, form.clone()).await;
    assert_eq!(made.header("location"), format!("/api/v1/webhooks/{}", made.id()));
    let made = made.json(201);
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_") && secret.len() > 40, "{secret}");
    assert!(made["address"].as_str().unwrap().starts_with("/hooks/"));
    assert_eq!((&made["start"], &made["enabled"], &made["events"]), (&json!(false), &json!(true), &json!(["tag"])));

    let address = format!("/api/v1/webhooks/{}", made["id"]);
    for read in [client.get(&address).await.text, client.get(&list).await.text] {
        assert!(!read.contains(&secret) && !read.contains("secret"), "{read}");
    }
    let changed = client.patch(&address, json!({"branches": ["release/*"], "events": ["push"], "start": true})).await;
    assert_eq!(changed.json(200)["branches"], json!(["release/*"]));
    let again = client.act(&format!("{address}/rotate")).await.json(200);
    assert_ne!(again["secret"], secret.as_str());
    assert_eq!(client.post(&list, form).await.faults(), faults(&[("name", "taken")]));
    assert_eq!(client.delete(&address).await.status, 204);
    client.get(&address).await.problem(404);
    // An environment that a webhook releases to stays.
    client.delete(&format!("/api/v1/environments/{}", hooked.environment)).await.problem(409);
}

#[tokio::test]
async fn every_mistake_of_a_webhook_is_named() {
    let hooked = Hooked::new("github", json!({})).await;
    let list = format!("/api/v1/projects/{}/webhooks", hooked.project);
    let form = json!({"kind": "svn", "name": "", "events": [], "branches": ["-x"], "secret": "short", "colour": 1});
    let wanted = [
        ("branches", "ref_name"),
        ("colour", "unknown"),
        ("environment_id", "required"),
        ("events", "required"),
        ("kind", "type"),
        ("name", "required"),
        ("secret", "too_short"),
    ];
    assert_eq!(hooked.client.post(&list, form).await.faults(), faults(&wanted));
    let form = json!({"kind": "gitea", "name": "x", "environment_id": 999});
    assert_eq!(hooked.client.post(&list, form).await.faults(), faults(&[("environment_id", "not_found")]));
    hooked.client.post("/api/v1/projects/999/webhooks", json!({"kind": "gitea", "name": "x"})).await.problem(422);
    hooked.app.stranger().get(&list).await.problem(401);
}

#[tokio::test]
async fn a_tag_of_github_becomes_a_release_with_the_projects_hooks() {
    let hooked = Hooked::new("github", json!({})).await;
    let hooks = json!({"hooks": {"after_deploy": "restart"}});
    hooked.client.patch(&format!("/api/v1/projects/{}", hooked.project), hooks).await.json(200);
    // An annotated tag: `after` is the tag's own object, the commit stands in `head_commit`.
    let mut body = hooked.tag("v2");
    body["after"] = json!("1234567890123456789012345678901234567890");
    let delivery = hooked.outcome(&hooked.github("push", "d1", &body).await).await;
    assert_eq!(delivery["outcome"], "created", "{delivery}");
    assert_eq!((&delivery["ref"], &delivery["pushed_by"]), (&json!({"kind": "tag", "name": "v2"}), &json!("ada")));
    let release = hooked.client.get(&format!("/api/v1/releases/{}", delivery["release_id"])).await.json(200);
    assert_eq!((&release["status"], &release["commit"]), (&json!("pending"), &json!(hooked.commit("v2"))));
    assert_eq!(
        (&release["created_by_name"], &release["hooks"]["after_deploy"]),
        (&json!("webhook main"), &json!("restart"))
    );
}

#[tokio::test]
async fn an_annotated_tag_told_by_its_own_object_alone_is_where_it_is() {
    for kind in ["github", "gitlab", "gitea", "gitee"] {
        let hooked = Hooked::new(kind, json!({})).await;
        let object = hooked.annotated("v9");
        assert_ne!(object, hooked.commit("v9"), "the check of the check");
        let mut body = match kind {
            "gitlab" => gitlab("tag_push", "refs/tags/v9", &object),
            _ => hooked.push("refs/tags/v9", &object),
        };
        body["hook_name"] = json!("tag_push_hooks");
        for key in ["head_commit", "checkout_sha"] {
            body.as_object_mut().unwrap().remove(key);
        }
        let bytes = body.to_string().into_bytes();
        let signature = hex::encode(sign(SECRET, &bytes));
        let (json, signed) = (("content-type", "application/json"), format!("sha256={signature}"));
        let headers = match kind {
            "github" => [json, ("x-github-event", "push"), ("x-hub-signature-256", &signed)],
            "gitlab" => [json, ("x-gitlab-event", "Tag Push Hook"), ("x-gitlab-token", SECRET)],
            "gitea" => [json, ("x-gitea-event", "push"), ("x-gitea-signature", &signature)],
            _ => [json, ("x-gitee-event", "Tag Push Hook"), ("x-gitee-token", SECRET)],
        };
        let delivery = hooked.outcome(&hooked.call(&headers, bytes).await).await;
        assert_eq!(delivery["outcome"], "created", "{kind}: {delivery}");
        let release = hooked.client.get(&format!("/api/v1/releases/{}", delivery["release_id"])).await.json(200);
        assert_eq!(release["commit"], json!(hooked.commit("v9")), "{kind}");
    }
}

#[tokio::test]
async fn a_release_starts_where_webhook_and_environment_both_say_so() {
    let hooked = Hooked::new("gitlab", json!({"start": true})).await;
    let call = async |event: &str, uuid: &str, body: Value| {
        let headers = [
            ("content-type", "application/json"),
            ("x-gitlab-event", event),
            ("x-gitlab-event-uuid", uuid),
            ("x-gitlab-token", SECRET),
        ];
        hooked.outcome(&hooked.call(&headers, body.to_string().into_bytes()).await).await
    };
    let delivery = call("Tag Push Hook", "u1", gitlab("tag_push", "refs/tags/v1", &hooked.commit("v1"))).await;
    assert_eq!(delivery["outcome"], "started", "{delivery}");
    let release = hooked.client.get(&format!("/api/v1/releases/{}", delivery["release_id"])).await.json(200);
    assert_eq!(release["status"], "queued");
    // Production does not, unless somebody says so.
    let environment = format!("/api/v1/environments/{}", hooked.environment);
    let prod = hooked.client.patch(&environment, json!({"kind": "prod"})).await.json(200);
    assert_eq!(prod["auto_start"], false);
    let delivery = call("Push Hook", "u2", gitlab("push", "refs/heads/next", &hooked.commit("next"))).await;
    assert_eq!(delivery["outcome"], "created", "{delivery}");
    assert!(reason(&delivery).contains("live"), "{delivery}");
}

#[tokio::test]
async fn gitea_and_gitee_prove_themselves_in_their_ways() {
    let hooked = Hooked::new("gitea", json!({})).await;
    let body = hooked.push("refs/heads/main", &hooked.commit("main")).to_string().into_bytes();
    let signature = hex::encode(sign(SECRET, &body));
    let headers = [
        ("content-type", "application/json"),
        ("x-gitea-event", "push"),
        ("x-gitea-delivery", "g1"),
        ("x-gitea-signature", &signature),
    ];
    assert_eq!(hooked.outcome(&hooked.call(&headers, body).await).await["outcome"], "created");

    let hooked = Hooked::new("gitee", json!({})).await;
    let (time, token) = gitee_headers(SECRET);
    let mut body = hooked.tag("v1");
    body["hook_name"] = json!("tag_push_hooks");
    let headers = [
        ("content-type", "application/json"),
        ("x-gitee-event", "Tag Push Hook"),
        ("x-gitee-timestamp", &time),
        ("x-gitee-token", &token),
    ];
    let answer = hooked.call(&headers, body.to_string().into_bytes()).await;
    assert_eq!(hooked.outcome(&answer).await["outcome"], "created");
    // The signature is of the time alone: another body under it is a repetition as well.
    body["ref"] = json!("refs/tags/v2");
    hooked.call(&headers, body.to_string().into_bytes()).await.problem(409);
    // The password itself, as Gitee's other way has it.
    let headers = [headers[0], headers[1], ("x-gitee-timestamp", "1"), ("x-gitee-token", SECRET)];
    let answer = hooked.call(&headers, hooked.tag("v2").to_string().into_bytes()).await;
    assert_eq!(hooked.outcome(&answer).await["outcome"], "created");
}

#[tokio::test]
async fn who_does_not_know_the_secret_gets_one_answer_and_is_listed_without_a_body() {
    let hooked = Hooked::new("github", json!({})).await;
    let body = hooked.tag("v1").to_string().into_bytes();
    let forged = format!("sha256={}", hex::encode(sign("another secret", &body)));
    let headers =
        [("content-type", "application/json"), ("x-github-event", "push"), ("x-hub-signature-256", forged.as_str())];
    let answer = hooked.call(&headers, body.clone()).await;
    answer.problem(401);
    hooked.call(&headers[..2], body.clone()).await.problem(401);
    // A webhook that there is not answers the same.
    let nowhere = Hooked { address: "/hooks/00000000000000000000000000000000".into(), ..hooked };
    assert_eq!(nowhere.call(&headers, body).await.text, answer.text);
    let listed = nowhere.deliveries().await;
    assert_eq!(listed.len(), 2);
    for delivery in &listed {
        assert_eq!(
            (&delivery["outcome"], &delivery["ref"], &delivery["event"]),
            (&json!("refused"), &Value::Null, &json!(""))
        );
    }
    let (missing, wrong) = (reason(&listed[0]), reason(&listed[1]));
    assert!(missing.contains("no signature") && wrong.contains("does not fit"), "{missing} {wrong}");
    nowhere.client.act(&format!("/api/v1/deliveries/{}/redeliver", listed[0]["id"])).await.problem(409);
}

#[tokio::test]
async fn what_came_before_makes_no_second_release() {
    let hooked = Hooked::new("github", json!({})).await;
    let body = hooked.tag("v1");
    let first = hooked.github("push", "d1", &body).await;
    assert_eq!(hooked.outcome(&first).await["outcome"], "created");
    hooked.github("push", "d1", &body).await.problem(409);
    // The id is not signed: a repetition under another one is known by its body.
    hooked.github("push", "d2", &body).await.problem(409);
    // The same id under another body.
    hooked.github("push", "d1", &hooked.tag("v2")).await.problem(409);
    let listed = hooked.deliveries().await;
    let outcomes: Vec<_> = listed.iter().map(|delivery| delivery["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["refused", "refused", "refused", "created"]);
    assert!(reason(&listed[0]).contains("came before"));
    // By hand it is worked off again.
    let again = hooked.client.act(&format!("/api/v1/deliveries/{}/redeliver", listed[3]["id"])).await;
    let again = hooked.outcome(&again).await;
    assert_eq!((&again["outcome"], &again["repeats"]), (&json!("created"), &listed[3]["id"]));
    let releases = hooked.client.get("/api/v1/releases").await.json(200);
    assert_eq!(releases["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_asks_for_nothing_here_is_ignored_with_its_reason() {
    let hooked = Hooked::new("github", json!({"branches": ["release/*", "main"], "tags": ["v1*"]})).await;
    let ping = hooked.github("ping", "p1", &json!({"zen": "Design for failure.", "hook_id": 1})).await.json(200);
    assert_eq!(ping["outcome"], "ignored");
    let other = hooked.github("issues", "p2", &json!({"action": "opened"})).await.json(200);
    assert!(reason(&other).contains("issues"), "{other}");
    let ask = async |id: &str, body: Value| hooked.outcome(&hooked.github("push", id, &body).await).await;
    let mut elsewhere = hooked.tag("v1");
    elsewhere["repository"] = json!({"clone_url": "https://git.example.com/evil/shop.git"});
    for (id, body, outcome, word) in [
        ("a", hooked.push("refs/heads/next", &hooked.commit("next")), "ignored", "release/*, main"),
        ("b", hooked.tag("v2"), "ignored", "v1*"),
        ("c", hooked.push("refs/tags/v1", NOTHING), "ignored", "deleted"),
        ("d", hooked.push("refs/notes/x", &hooked.commit("v1")), "ignored", "neither"),
        ("e", elsewhere, "refused", "evil/shop"),
        ("f", hooked.push("refs/tags/v1.9", &hooked.commit("v1")), "failed", "v1.9"),
        ("g", hooked.push("refs/heads/main", &hooked.commit("v1")), "ignored", "by now"),
    ] {
        let delivery = ask(id, body).await;
        assert_eq!(delivery["outcome"], outcome, "{id}: {delivery}");
        assert!(reason(&delivery).contains(word), "{id}: {delivery}");
    }
    let chinese =
        hooked.client.request(reqwest::Method::GET, &format!("/api/v1/webhooks/{}/deliveries", hooked.webhook));
    let chinese = crate::client::send(chinese.header("accept-language", "zh")).await.json(200);
    assert!(chinese["items"].to_string().contains("已被删除"));
    hooked.client.patch(&format!("/api/v1/webhooks/{}", hooked.webhook), json!({"enabled": false})).await.json(200);
    let mut off = hooked.tag("v1");
    off["n"] = json!(2);
    assert!(reason(&ask("h", off).await).contains("switched off"));
    let releases = hooked.client.get("/api/v1/releases").await.json(200);
    assert_eq!(releases["items"], json!([]));
}

#[tokio::test]
async fn a_form_is_taken_and_what_is_neither_is_refused() {
    let hooked = Hooked::new("github", json!({})).await;
    let form: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &hooked.tag("v1").to_string())
        .finish();
    let call = async |media: &str, id: &str, body: Vec<u8>| {
        let signature = format!("sha256={}", hex::encode(sign(SECRET, &body)));
        let headers = [
            ("content-type", media),
            ("x-github-event", "push"),
            ("x-github-delivery", id),
            ("x-hub-signature-256", signature.as_str()),
        ];
        hooked.call(&headers, body).await
    };
    let answer = call("application/x-www-form-urlencoded", "f1", form.clone().into_bytes()).await;
    assert_eq!(hooked.outcome(&answer).await["outcome"], "created");
    call("text/xml", "f2", b"<push/>".to_vec()).await.problem(415);
    call("application/json", "f3", b"[1, 2".to_vec()).await.problem(400);
    call("application/json", "f4", "[".repeat(100_000).into_bytes()).await.problem(400);
    call("application/json", "f5", b"{\"ref\":\"refs/tags/v1\\u0000\",\"after\":\"x\"}".to_vec()).await.problem(400);
    call("application/json", "f6", vec![b' '; 2 * 1024 * 1024]).await.problem(400);
    let listed = hooked.deliveries().await;
    assert_eq!(listed.iter().filter(|delivery| delivery["outcome"] == "failed").count(), 5);
}

#[tokio::test]
async fn a_push_of_many_commits_is_taken_and_what_is_longer_still_is_listed() {
    let hooked = Hooked::new("github", json!({})).await;
    let mut body = hooked.tag("v1");
    let commit = json!({"id": hooked.commit("v1"), "message": "x".repeat(4096), "added": ["a", "b"]});
    body["commits"] = json!(vec![commit; 5_200]);
    assert!(body.to_string().len() > 20 << 20, "the check of the check");
    let delivery = hooked.outcome(&hooked.github("push", "d1", &body).await).await;
    assert_eq!(delivery["outcome"], "created", "{delivery}");

    body["more"] = json!("y".repeat(6 << 20));
    hooked.github("push", "d2", &body).await.problem(413);
    let listed = hooked.deliveries().await;
    assert_eq!((listed.len(), &listed[0]["outcome"]), (2, &json!("refused")));
    assert!(reason(&listed[0]).contains("longer than 25"), "{}", listed[0]);
    // An address that there is not: nothing is kept of what comes there, and nothing told.
    let nowhere = Hooked { address: "/hooks/00000000000000000000000000000000".into(), ..hooked };
    nowhere.github("push", "d3", &body).await.problem(413);
    body["more"] = json!(null);
    nowhere.github("push", "d4", &body).await.problem(401);
    // What lies deeper is no webhook's, and has the limit of everything else.
    let deeper = Hooked { address: "/hooks/a/b".into(), ..nowhere };
    deeper.call(&[("content-type", "application/json")], vec![b' '; 2 << 20]).await.problem(413);
    assert_eq!(deeper.deliveries().await.len(), 2);
}

#[tokio::test]
async fn an_origin_or_a_cookie_changes_nothing_for_a_service() {
    let hooked = Hooked::new("gitlab", json!({})).await;
    let headers = [
        ("content-type", "application/json"),
        ("x-gitlab-event", "Push Hook"),
        ("x-gitlab-token", SECRET),
        ("origin", "https://gitlab.example.com"),
        ("cookie", "id=made-up"),
    ];
    let body = gitlab("push", "refs/heads/next", &hooked.commit("next")).to_string().into_bytes();
    assert_eq!(hooked.outcome(&hooked.call(&headers, body).await).await["outcome"], "created");
}

#[tokio::test]
async fn who_calls_too_often_waits() {
    let hooked = Hooked::new("github", json!({"enabled": false})).await;
    let mut limited = None;
    for n in 0..200 {
        let answer = hooked.github("ping", &format!("d{n}"), &json!({"n": n})).await;
        if answer.status == 429 {
            limited = Some(answer);
            break;
        }
    }
    let limited = limited.unwrap();
    limited.problem(429);
    assert!(limited.header("retry-after").parse::<u64>().unwrap() >= 1);
}

#[tokio::test]
async fn its_pages_read_without_javascript_in_both_languages() {
    let hooked = Hooked::new("gitlab", json!({"tags": ["v1"]})).await;
    let headers = [("content-type", "application/json"), ("x-gitlab-event", "Push Hook"), ("x-gitlab-token", SECRET)];
    let body = gitlab("tag_push", "refs/tags/v2", &hooked.commit("v2")).to_string().into_bytes();
    hooked.outcome(&hooked.call(&headers, body).await).await;
    let list = format!("/projects/{}/webhooks", hooked.project);
    let page = async |path: &str, lang: &str| {
        let request = hooked.client.request(reqwest::Method::GET, path).header("accept-language", lang);
        let answer = crate::client::send(request).await;
        assert_eq!(answer.status, 200, "{path}");
        answer.text
    };
    assert!(page(&list, "en").await.contains(&format!("href=\"{list}/{}\"", hooked.webhook)));
    assert!(page(&format!("{list}/new"), "zh").await.contains("代码托管平台"));
    let one = page(&format!("{list}/{}", hooked.webhook), "en").await;
    assert!(one.contains(&hooked.address) && one.contains("v2 is none of: v1."), "{one}");
    assert!(one.contains("value=\"gitlab\"") && !one.contains(SECRET));
    assert!(page(&format!("{list}/{}", hooked.webhook), "zh").await.contains("v2 不匹配"));
}

#[tokio::test]
async fn of_two_editors_the_second_is_told() {
    let hooked = Hooked::new("github", json!({})).await;
    let address = format!("/api/v1/webhooks/{}", hooked.webhook);
    let tag = hooked.client.get(&address).await.header("etag").to_owned();
    let patch = async |name: &str| {
        let request = hooked.client.request(reqwest::Method::PATCH, &address).header("if-match", &tag);
        crate::client::send(request.json(&json!({"name": name}))).await
    };
    assert_eq!(patch("first").await.json(200)["version"], 2);
    patch("second").await.problem(412);
    assert_eq!(hooked.client.get(&address).await.json(200)["name"], "first");
}
