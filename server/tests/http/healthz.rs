use crate::app::TestApp;

#[tokio::test]
async fn both_answer_without_sign_in() {
    let app = TestApp::empty().await;
    for path in ["/healthz", "/readyz"] {
        let answer = app.stranger().get(path).await;
        assert!(answer.json(200)["status"].is_string());
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(!answer.header("x-request-id").is_empty());
    }
}
