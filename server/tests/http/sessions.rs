use launchway_app::api::account::{Setup, SignIn, SignOut};
use launchway_app::api::releases::StartRelease;
use leptos::server_fn::ServerFn;
use reqwest::Method;

use crate::app::{NAME, PASSWORD, TestApp};
use crate::client::{Answer, Client, send};

const COOKIE: &str = "launchway_session";

pub(crate) async fn sign_in(client: &Client, name: &str, password: &str) -> Answer {
    let form = [("form[name]", name), ("form[password]", password)];
    send(client.request(Method::POST, SignIn::PATH).form(&form).header("accept", "application/json")).await
}

pub(crate) async fn sign_out(client: &Client) -> Answer {
    send(client.request(Method::POST, SignOut::PATH).form(&[("", "")]).header("accept", "application/json")).await
}

/// A browser in which the administrator is signed in, and its cookie.
pub(crate) async fn signed_in(app: &TestApp) -> (Client, String) {
    let browser = app.stranger();
    let answer = sign_in(&browser, NAME, PASSWORD).await;
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with(COOKIE), "{answer:?}");
    (browser, cookie)
}

#[tokio::test]
async fn a_session_begins_with_a_guarded_cookie_and_ends_for_good() {
    let (app, _client) = TestApp::start().await;
    let browser = app.stranger();
    let answer = sign_in(&browser, NAME, PASSWORD).await;
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{cookie}");
    assert!(!cookie.contains("Secure"), "{cookie}");
    browser.get("/api/v1/servers").await.json(200);

    sign_out(&browser).await;
    browser.get("/api/v1/servers").await.problem(401);
    // The cookie is worth nothing any more, even where somebody kept it.
    let kept = cookie.split(';').next().unwrap();
    send(app.stranger().request(Method::GET, "/api/v1/servers").header("cookie", kept)).await.problem(401);
}

#[tokio::test]
async fn behind_https_the_cookie_is_secure() {
    let app = TestApp::with(|config| config.public_url = Some("https://ship.example".parse().unwrap())).await;
    app.administrator().await;
    let answer = sign_in(&app.stranger(), NAME, PASSWORD).await;
    assert!(answer.header("set-cookie").contains("Secure"), "{answer:?}");
}

#[tokio::test]
async fn signing_in_takes_a_new_id() {
    let (app, _client) = TestApp::start().await;
    let (browser, first) = signed_in(&app).await;
    let answer = sign_in(&browser, NAME, PASSWORD).await;
    let second = answer.header("set-cookie").split(';').next().unwrap();
    assert_ne!(first, second);
    send(app.stranger().request(Method::GET, "/api/v1/servers").header("cookie", &first)).await.problem(401);
    send(app.stranger().request(Method::GET, "/api/v1/servers").header("cookie", second)).await.json(200);
    // One that somebody made up is not taken over.
    let planted = format!("{COOKIE}=AAAAAAAAAAAAAAAAAAAAAA");
    let form = [("form[name]", NAME), ("form[password]", PASSWORD)];
    let post = app.stranger().request(Method::POST, SignIn::PATH).form(&form).header("cookie", &planted);
    assert!(!send(post).await.header("set-cookie").starts_with(&planted));
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_look_the_same() {
    let (app, _client) = TestApp::start().await;
    let name = sign_in(&app.stranger(), "nobody", PASSWORD).await;
    let password = sign_in(&app.stranger(), NAME, "wrong").await;
    assert_eq!((name.status, &name.text), (password.status, &password.text));
    assert!(name.status.is_client_error(), "{name:?}");
    for answer in [&name, &password] {
        assert!(!answer.headers.contains_key("set-cookie"));
    }
}

#[tokio::test]
async fn the_first_visitor_becomes_the_administrator_and_the_second_does_not() {
    let app = TestApp::empty().await;
    let set_up = |client: Client, name: &'static str| async move {
        let form = [("form[name]", name), ("form[password]", PASSWORD)];
        send(client.request(Method::POST, Setup::PATH).form(&form).header("accept", "application/json")).await
    };
    let (first, second) = (app.stranger(), app.stranger());
    assert!(!set_up(first.clone(), "ada").await.status.is_client_error());
    first.get("/api/v1/servers").await.json(200);
    assert_eq!(set_up(second.clone(), "eve").await.status, 409);
    second.get("/api/v1/servers").await.problem(401);
}

#[tokio::test]
async fn without_javascript_a_form_leads_on() {
    let (app, _client) = TestApp::start().await;
    let browser = app.stranger();
    let form = [("form[name]", NAME), ("form[password]", PASSWORD), ("next", "/releases/7")];
    let post = browser.request(Method::POST, SignIn::PATH).form(&form);
    let answer = send(post.header("accept", "text/html,application/xhtml+xml")).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (302, "/releases/7"), "{answer:?}");
    browser.get("/api/v1/servers").await.json(200);
}

#[tokio::test]
async fn server_functions_are_closed_to_strangers() {
    let (app, _client) = TestApp::start().await;
    let post =
        |accept| app.stranger().request(Method::POST, StartRelease::PATH).form(&[("id", "1")]).header("accept", accept);
    let answer = send(post("application/json")).await;
    assert_eq!((answer.status.as_u16(), answer.text.contains("unauthenticated")), (401, true), "{answer:?}");
    assert_eq!(send(post("text/html")).await.header("location"), "/sign-in");
    let foreign = app.stranger().request(Method::POST, SignIn::PATH).form(&[("form[name]", NAME)]);
    send(foreign.header("origin", "https://evil.example")).await.problem(403);
}

#[tokio::test]
async fn arguments_that_cannot_be_read_are_the_callers_mistake() {
    let (app, client) = TestApp::start().await;
    let stranger = app.stranger();
    for request in [
        stranger.request(Method::POST, SignIn::PATH).form(&[("id", "1")]),
        client.request(Method::POST, StartRelease::PATH).form(&[("id", "abc")]),
        client.request(Method::POST, StartRelease::PATH).body(vec![0xff, 0xfe]),
    ] {
        let answer = send(request.header("accept", "application/json")).await;
        assert_eq!((answer.status.as_u16(), answer.text.contains("garbled")), (400, true), "{answer:?}");
    }
}

#[tokio::test]
async fn tries_run_out() {
    let (app, _client) = TestApp::start().await;
    let mut last = sign_in(&app.stranger(), NAME, "wrong").await;
    for _ in 0..100 {
        if last.status == 429 {
            break;
        }
        last = sign_in(&app.stranger(), NAME, "wrong").await;
    }
    assert_eq!(last.status, 429, "{last:?}");
    assert_eq!(sign_in(&app.stranger(), NAME, PASSWORD).await.status, 429);
}
