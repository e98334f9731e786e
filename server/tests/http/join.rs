use launchway_app::api::account::Join;
use leptos::server_fn::ServerFn;
use reqwest::Method;

use crate::app::TestApp;
use crate::client::{Answer, Client, send};

/// The key in the address of an invitation.
pub(crate) fn key_of(url: &str) -> &str {
    url.split("key=").nth(1).unwrap()
}

/// Chooses a password with the key that a browser came by.
pub(crate) async fn choose(browser: &Client, password: &str) -> Answer {
    let form = [("form[password]", password)];
    send(browser.request(Method::POST, Join::PATH).form(&form).header("accept", "application/json")).await
}

/// A browser in which somebody followed an invitation.
pub(crate) async fn join(app: &TestApp, url: &str, password: &str) -> Client {
    let browser = app.stranger();
    let entered = browser.get(&format!("/join?key={}", key_of(url))).await;
    // The key goes out of the address, into a cookie that no script reads.
    assert_eq!((entered.status.as_u16(), entered.header("location")), (303, "/join"));
    assert_eq!(entered.header("referrer-policy"), "no-referrer");
    assert!(entered.header("set-cookie").contains("HttpOnly"));
    let page = browser.get("/join").await;
    assert!(page.text.contains("form[password]") && !page.text.contains("lwi_"), "{}", page.text);
    assert!(!page.text.contains("<script type=\"module\""), "a plain form");
    let chosen = choose(&browser, password).await;
    assert!(!chosen.status.is_client_error(), "{chosen:?}");
    browser
}

#[tokio::test]
async fn a_wrong_key_opens_nothing_and_says_what_to_do() {
    let (app, _client) = TestApp::start().await;
    for key in ["lwi_0000", "x%0d%0aset-cookie:a=b", "%00", ""] {
        let browser = app.stranger();
        let entered = browser.get(&format!("/join?key={key}")).await;
        assert!(entered.headers.get_all("set-cookie").iter().count() <= 1, "{entered:?}");
        let page = browser.get("/join").await;
        assert!(page.text.contains("administrator") && !page.text.contains("form[password]"));
        assert_eq!(choose(&browser, "some password").await.status, 409, "{key}");
        browser.get("/api/v1/me").await.problem(401);
    }
}

#[tokio::test]
async fn keys_cannot_be_tried_without_end() {
    let (app, _client) = TestApp::start().await;
    let browser = app.stranger();
    let mut refused = 0;
    for _ in 0..60 {
        refused += usize::from(choose(&browser, "some password").await.status == 429);
    }
    assert!(refused > 0);
}

#[tokio::test]
async fn without_javascript_a_refused_password_leads_back() {
    let (app, client) = TestApp::start().await;
    let body = serde_json::json!({"name": "kim", "role": "viewer"});
    let made = client.post("/api/v1/users", body).await.json(201);
    let browser = app.stranger();
    browser.get(&format!("/join?key={}", key_of(made["invitation"]["url"].as_str().unwrap()))).await;
    let form = [("form[password]", "short")];
    let post = browser.request(Method::POST, Join::PATH).form(&form).header("referer", browser.url("/join"));
    let answer = send(post.header("accept", "text/html")).await;
    let back = answer.header("location");
    assert!(back.contains("/join?") && back.contains("__err="), "{answer:?}");
    let page = browser.get(back.trim_start_matches(&browser.url(""))).await;
    assert!(page.text.contains("At least 8 characters"), "{}", page.text);
}
