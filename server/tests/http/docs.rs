//! The page to read and try out the API.

use reqwest::Method;

use crate::app::TestApp;
use crate::client::send;

#[tokio::test]
async fn the_page_is_for_people_who_signed_in_and_needs_nothing_from_elsewhere() {
    let (app, client) = TestApp::start().await;
    let led = app.stranger().get("/api/docs").await;
    assert_eq!((led.status.as_u16(), led.header("location")), (303, "/sign-in?next=%2Fapi%2Fdocs"));
    app.stranger().get("/api/docs/swagger-ui.css").await.problem(401);

    let page = client.get("/api/docs").await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
    assert!(!page.text.contains("http://") && !page.text.contains("https://"), "{}", page.text);
    assert!(!page.text.contains("<script>") && !page.text.contains("style="), "{}", page.text);
    let quoted = page.text.split('"').filter(|text| text.starts_with("/api/"));
    let mut files = 0;
    for address in quoted {
        let answer = client.get(address).await;
        assert_eq!(answer.status, 200, "{address}");
        assert!(!answer.text.is_empty(), "{address}");
        files += 1;
    }
    assert_eq!(files, 5, "two styles, two scripts, the description");

    let chinese = send(client.request(Method::GET, "/api/docs").header("accept-language", "zh")).await;
    assert!(chinese.text.contains("lang=\"zh-CN\"") && chinese.text.contains("返回"), "{}", chinese.text);
    for name in ["index.html", "swagger-initializer.js", "..%2Fdocs.js"] {
        client.get(&format!("/api/docs/{name}")).await.problem(404);
    }
}
