use reqwest::Method;

use crate::app::TestApp;
use crate::client::send;
use crate::sessions::signed_in;

#[tokio::test]
async fn the_first_visit_leads_to_the_set_up() {
    let app = TestApp::empty().await;
    for path in ["/", "/sign-in", "/releases/7"] {
        let answer = app.stranger().get(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/setup"), "{path}");
    }
    assert_eq!(app.stranger().get("/setup").await.status, 200);
}

#[tokio::test]
async fn strangers_are_led_to_the_sign_in_and_back() {
    let (app, _client) = TestApp::start().await;
    let answer = app.stranger().get("/releases/7?node=package").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, "/sign-in?next=%2Freleases%2F7%3Fnode%3Dpackage")
    );
    assert_eq!(app.stranger().get("/setup").await.header("location"), "/sign-in");
    assert_eq!(app.stranger().get("/sign-in").await.status, 200);

    let (browser, _) = signed_in(&app).await;
    assert_eq!(browser.get("/sign-in?next=%2Freleases%2F7").await.header("location"), "/releases/7");
    assert_eq!(browser.get("/sign-in?next=%2F%2Fevil.example").await.header("location"), "/");
}

#[tokio::test]
async fn a_page_is_rendered_here_in_the_readers_language() {
    let (app, _client) = TestApp::start().await;
    let (browser, _) = signed_in(&app).await;
    let page = send(browser.request(Method::GET, "/").header("accept-language", "zh-CN")).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html") && page.text.contains("zh-CN"), "{}", page.text);
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(page.header("cache-control"), "no-store");
    let missing = browser.get("/no/such/page").await;
    assert!(missing.status == 404 && missing.header("content-type").starts_with("text/html"), "{missing:?}");
}

#[tokio::test]
async fn answers_are_compressed_for_who_takes_that() {
    let (_app, client) = TestApp::start().await;
    for encoding in ["br", "gzip"] {
        let asked = client.request(Method::GET, "/api/v1/openapi.json").header("accept-encoding", encoding);
        assert_eq!(asked.send().await.unwrap().headers()["content-encoding"], encoding);
    }
}

#[tokio::test]
async fn a_missing_file_is_no_page() {
    let app = TestApp::empty().await;
    assert_eq!(app.stranger().get("/pkg/nothing.js").await.status, 404);
    assert_eq!(app.stranger().get("/pkg/../manifest.json").await.status.as_u16() / 100, 3);
}

#[tokio::test]
async fn the_front_page_is_sent_again_where_it_differs() {
    let (app, _client) = TestApp::start().await;
    let (browser, _) = signed_in(&app).await;
    let (path, _) = leptos::server_fn::axum::server_fn_paths().find(|(path, _)| path.contains("/get_front")).unwrap();
    assert_eq!(app.stranger().get(path).await.status, 401);

    let front = browser.get(path).await.json(200);
    let (html, mark) = (front["html"].as_str().unwrap(), front["mark"].as_str().unwrap());
    assert!(html.contains("No releases yet"), "{html}");
    let page = browser.get("/").await;
    assert!(page.text.contains(html) && page.text.contains(&format!("data-mark=\"{mark}\"")), "{}", page.text);

    let known = browser.get(&format!("{path}?known={mark}")).await.json(200);
    assert!(known["html"].is_null() && known["mark"] == mark, "{known}");
    app.release("<b>Shop</b>").await;
    let other = browser.get(&format!("{path}?known={mark}")).await.json(200);
    let html = other["html"].as_str().unwrap();
    assert!(html.contains("&lt;b&gt;Shop&lt;/b&gt;") && !html.contains("<b>Shop"), "{html}");

    let chinese = send(browser.request(Method::GET, path).header("accept-language", "zh-CN")).await.json(200);
    assert!(chinese["html"].as_str().unwrap().contains("待处理"), "{chinese}");
}
