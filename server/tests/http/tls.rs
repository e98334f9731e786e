//! TLS without a proxy in front.

use std::path::Path;
use std::sync::Arc;

use futures::{SinkExt, StreamExt};
use launchway::config::TlsFiles;
use rcgen::generate_simple_self_signed;
use reqwest::{Certificate, Client, Version};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{client_async, tungstenite::Message};

use crate::app::TestApp;

/// A certificate for `localhost` that nobody has signed, in a folder.
fn write(folder: &Path) -> (TlsFiles, String) {
    let made = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let files = TlsFiles { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    (files, made.cert.pem())
}

async fn app(folder: &TempDir) -> (TestApp, String) {
    let (files, certificate) = write(folder.path());
    (TestApp::with(|config| config.tls = Some(files)).await, certificate)
}

/// A client that trusts this certificate and no other.
fn trusting(certificate: &str) -> reqwest::ClientBuilder {
    let certificate = Certificate::from_pem(certificate.as_bytes()).unwrap();
    Client::builder().tls_built_in_root_certs(false).add_root_certificate(certificate)
}

fn url(app: &TestApp, path: &str) -> String {
    format!("https://localhost:{}{path}", app.address.port())
}

#[tokio::test]
async fn pages_and_api_are_served_over_both_versions_of_http() {
    let folder = TempDir::new().unwrap();
    let (app, certificate) = app(&folder).await;
    let token = app.administrator().await.token.unwrap();
    for (client, version) in
        [(trusting(&certificate), Version::HTTP_2), (trusting(&certificate).http1_only(), Version::HTTP_11)]
    {
        let client = client.build().unwrap();
        let page = client.get(url(&app, "/sign-in")).send().await.unwrap();
        assert_eq!((page.status().as_u16(), page.version()), (200, version));
        assert_eq!(page.headers()["strict-transport-security"], "max-age=31536000");
        let own = format!("https://localhost:{}", app.address.port());
        let post = |origin: &str| {
            let body = serde_json::json!({"title": format!("{version:?}"), "repo_url": "/srv/shop.git"});
            client.post(url(&app, "/api/v1/projects")).bearer_auth(&token).header("origin", origin).json(&body).send()
        };
        assert_eq!(post("https://evil.example").await.unwrap().status(), 403);
        assert_eq!(post(&own).await.unwrap().status(), 201, "an origin of ours, wherever HTTP has the host");
    }
}

#[tokio::test]
async fn the_feed_speaks_websocket_over_it() {
    let folder = TempDir::new().unwrap();
    let (app, certificate) = app(&folder).await;
    let token = app.administrator().await.token.unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(app.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let mut request = url(&app, "/api/v1/feed").replace("https", "wss").into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    let (mut socket, _) = client_async(request, stream).await.unwrap();
    socket.send(Message::text(r#"{"subscribe":["wall"]}"#)).await.unwrap();
    let release = app.release("shop").await.id;
    let heard = loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) => break serde_json::from_str::<Value>(&text).unwrap(),
            _ => continue,
        }
    };
    assert_eq!((&heard["kind"], &heard["data"]["release_id"]), (&"release.status".into(), &release.0.into()));
}

#[tokio::test]
async fn a_certificate_that_is_exchanged_is_used_at_once_and_a_broken_one_is_not() {
    let folder = TempDir::new().unwrap();
    let (app, first) = app(&folder).await;
    let reaches = async |certificate: &str| {
        // A client of its own each time: connections that stand go on as they were.
        let answer = trusting(certificate).build().unwrap().get(url(&app, "/healthz")).send().await;
        answer.is_ok_and(|answer| answer.status() == 200)
    };
    assert!(reaches(&first).await);
    let (files, second) = write(folder.path());
    assert!(reaches(&second).await && !reaches(&first).await);
    std::fs::write(&files.certificate, "half a certif").unwrap();
    assert!(reaches(&second).await, "the one before stays in use");
    let (_, third) = write(folder.path());
    assert!(reaches(&third).await);
}

#[tokio::test]
async fn who_says_nothing_holds_nobody_up() {
    let folder = TempDir::new().unwrap();
    let (app, certificate) = app(&folder).await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(app.address).await.unwrap());
    }
    let client = trusting(&certificate).build().unwrap();
    assert_eq!(client.get(url(&app, "/healthz")).send().await.unwrap().status(), 200);
    // One who speaks plain HTTP is turned away, without an answer that could be taken for a page.
    let plain = Client::new().get(format!("http://{}/healthz", app.address)).send().await;
    assert!(plain.is_err(), "{plain:?}");
}
