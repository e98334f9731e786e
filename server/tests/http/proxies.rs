//! Behind a proxy: who asks, and what browsers are told.

use futures::future::join_all;
use launchway::config::{Rate, network};
use launchway_app::api::account::SignIn;
use launchway_domain::audit::AuditFilter;
use leptos::server_fn::ServerFn;
use reqwest::Method;

use crate::app::{NAME, PASSWORD, TestApp};
use crate::client::{Answer, send};
use crate::sessions::signed_in;

/// Signs in with headers as a proxy writes them.
async fn sign_in(app: &TestApp, password: &str, headers: &[(&str, &str)]) -> Answer {
    let form = [("form[name]", NAME), ("form[password]", password)];
    let mut request =
        app.stranger().request(Method::POST, SignIn::PATH).form(&form).header("accept", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(request).await
}

/// The address that the newest entry of the audit names.
async fn noted(app: &TestApp) -> String {
    let page = app.store().audit_before(&AuditFilter::default(), None, None, 1).await.unwrap();
    page.items[0].facts.who.from.clone().unwrap()
}

#[tokio::test]
async fn a_trusted_proxy_says_who_asks() {
    let app = TestApp::with(|config| config.trusted_proxies = vec![network("127.0.0.1").unwrap()]).await;
    app.administrator().await;
    for (headers, from) in [
        (vec![("x-forwarded-for", "198.51.100.7")], "198.51.100.7"),
        (vec![("x-forwarded-for", "6.6.6.6, 198.51.100.8")], "198.51.100.8"),
        (vec![("forwarded", "for=\"[2001:db8::1]:4711\";proto=https")], "2001:db8::1"),
        (vec![("x-forwarded-for", "198.51.100.9"), ("forwarded", "for=6.6.6.6")], "127.0.0.1"),
        (vec![], "127.0.0.1"),
    ] {
        assert_eq!(sign_in(&app, PASSWORD, &headers).await.status, 200, "{headers:?}");
        assert_eq!(noted(&app).await, from, "{headers:?}");
    }
}

#[tokio::test]
async fn nobody_else_is_believed() {
    for trusted in [vec![], vec![network("192.0.2.0/24").unwrap()]] {
        let app = TestApp::with(|config| config.trusted_proxies = trusted).await;
        app.administrator().await;
        let spoofed = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-proto", "https")];
        let answer = sign_in(&app, PASSWORD, &spoofed).await;
        assert_eq!(answer.status, 200);
        assert_eq!(noted(&app).await, "127.0.0.1");
        assert_eq!(answer.header("strict-transport-security"), "", "nobody trustworthy says that it came by HTTPS");
    }
}

#[tokio::test]
async fn each_client_behind_the_proxy_has_tries_of_its_own() {
    let app = TestApp::with(|config| {
        config.trusted_proxies = vec![network("127.0.0.0/8").unwrap()];
        config.stranger_rate = Rate { burst: 3, per_second: 1 };
    })
    .await;
    app.administrator().await;
    let stranger = app.stranger().with_token("lw_wrong");
    let calls = |from: String| send(stranger.request(Method::GET, "/api/v1/projects").header("x-forwarded-for", from));
    // What stands to the left is made up, and another one each time.
    let answers = join_all((0..40).map(|n| calls(format!("192.0.2.{n}, 198.51.100.7")))).await;
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    assert!(refused >= 20, "made-up addresses are no way around the limit: {refused}");
    assert_eq!(calls("198.51.100.8".into()).await.status, 401, "the neighbour is heard");
}

#[tokio::test]
async fn pages_run_their_own_scripts_alone() {
    let (app, client) = TestApp::start().await;
    let (browser, _) = signed_in(&app).await;
    let mut numbers = Vec::new();
    for path in ["/", "/releases", "/wall", "/no/such/page"] {
        let page = browser.get(path).await;
        let policy = page.header("content-security-policy");
        let number = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default();
        assert!(number.len() >= 16, "{path}: {policy}");
        numbers.push(number.to_owned());
        let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src ")).unwrap();
        assert!(!scripts.contains("unsafe-inline") && !scripts.contains("'unsafe-eval'"), "{scripts}");
        assert!(policy.contains("default-src 'none'") && policy.contains("style-src 'self';"), "{policy}");
        for script in page.text.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(tag.contains(&format!("nonce=\"{number}\"")), "{path}: <script{tag}>");
        }
        assert!(!page.text.contains("<style"), "{path}");
    }
    numbers.dedup();
    assert_eq!(numbers.len(), 4, "another number each time");

    let answer = client.get("/api/v1/projects").await;
    assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{answer:?}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("strict-transport-security", ""),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(answer.header("permissions-policy").contains("camera=()"));
}

#[tokio::test]
async fn who_comes_by_https_is_told_to_stay_there() {
    let app = TestApp::with(|config| config.public_url = Some("https://ship.example".parse().unwrap())).await;
    assert_eq!(app.stranger().get("/healthz").await.header("strict-transport-security"), "max-age=31536000");
    let app = TestApp::with(|config| config.trusted_proxies = vec![network("127.0.0.1").unwrap()]).await;
    let by = |proto| send(app.stranger().request(Method::GET, "/healthz").header("x-forwarded-proto", proto));
    assert_eq!(by("https").await.header("strict-transport-security"), "max-age=31536000");
    assert_eq!(by("http").await.header("strict-transport-security"), "");
}
