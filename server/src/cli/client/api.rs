//! The server that the client talks to, by its public API and nothing else.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use launchway_domain::{Text, text};
use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::trouble::{Outcome, Problem, Trouble};
use crate::cli::say;

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(15);
/// How long an answer may take: checks and refs wait for other machines.
const ANSWER: Duration = Duration::from_secs(300);
/// How often a call that the server put off is made again, and how long it is waited for each time, at most.
const PUT_OFF: u32 = 5;
const PUT_OFF_MOST: u64 = 60;
/// The most pages of a list; a server that never says that a list ends is broken.
const MOST_PAGES: usize = 10_000;

/// A server and who asks it. Cheap to clone.
#[derive(Clone)]
pub(super) struct Api {
    http: reqwest::Client,
    url: Url,
}

impl Api {
    /// A client of one server.
    ///
    /// # Errors
    /// Where the token is none, or the file holds no certificates.
    pub(super) fn new(url: &Url, token: &SecretString, authority: Option<&Path>) -> Outcome<Self> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(say::lang().tag()));
        let bearer = format!("Bearer {}", token.expose_secret().trim());
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| {
            Trouble::SignedOut(Text::new(
                "The token has characters that no token has. Copy it again, without line breaks.",
                "令牌中含有无效字符，请重新复制，不要带换行。",
            ))
        })?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("launchway/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .connect_timeout(CONNECT)
            .tcp_keepalive(Duration::from_secs(20))
            // Elsewhere the token is nobody's business, and a POST would arrive as a GET.
            .redirect(Policy::none());
        for certificate in authority.map(certificates).transpose()?.unwrap_or_default() {
            builder = builder.add_root_certificate(certificate);
        }
        let http = builder.build().map_err(|e| Trouble::new(&Text::new("the HTTP client", "HTTP 客户端"), root(&e)))?;
        Ok(Self { http, url: url.clone() })
    }

    /// Where it is.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// A page for people on that server.
    pub(super) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.url.as_str().trim_end_matches('/'))
    }

    /// A call below `/api/v1`.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}api/v1{path}", self.url)).header(ACCEPT, "application/json")
    }

    /// The JSON at an address.
    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Outcome<Value> {
        self.json(self.request(Method::GET, path).query(query)).await
    }

    /// The same, read as what it is.
    pub(super) async fn read<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Outcome<T> {
        read(self.get(path, query).await?)
    }

    /// A whole list, page by page.
    pub(super) async fn list(&self, path: &str, query: &[(&str, &str)]) -> Outcome<Vec<Value>> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut request = self.request(Method::GET, path).query(query);
            if let Some(cursor) = &cursor {
                request = request.query(&[("cursor", cursor)]);
            }
            let mut page = self.json(request).await?;
            if let Some(Value::Array(found)) = page.get_mut("items").map(Value::take) {
                items.extend(found);
            }
            match page.get("next").and_then(Value::as_str) {
                Some(next) if cursor.as_deref() != Some(next) => cursor = Some(next.to_owned()),
                _ => break,
            }
        }
        Ok(items)
    }

    /// A POST; with a body where there is one.
    pub(super) async fn post(&self, path: &str, body: Option<&Value>) -> Outcome<Value> {
        let request = self.request(Method::POST, path);
        self.json(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    /// A PUT.
    pub(super) async fn put(&self, path: &str, body: &Value) -> Outcome<Value> {
        self.json(self.request(Method::PUT, path).json(body)).await
    }

    /// A DELETE.
    pub(super) async fn delete(&self, path: &str) -> Outcome<()> {
        self.send(self.request(Method::DELETE, path)).await.map(drop)
    }

    /// Sends a request and reads the JSON of its answer.
    pub(super) async fn json(&self, request: RequestBuilder) -> Outcome<Value> {
        let answer = self.send(request).await?;
        let bytes = answer.bytes().await.map_err(|e| self.unreached(&e))?;
        serde_json::from_slice(&bytes).map_err(|_| self.stranger())
    }

    /// Sends a request; what is no success is [`Trouble`]. A call that is put off (429) is made again.
    pub(super) async fn send(&self, request: RequestBuilder) -> Outcome<Response> {
        let mut request = request.timeout(ANSWER);
        for _ in 0..PUT_OFF {
            let again = request.try_clone();
            let answer = self.answer(request).await?;
            match (put_off(&answer), again) {
                (Some(wait), Some(again)) => {
                    tokio::time::sleep(wait).await;
                    request = again;
                }
                _ => return self.good(answer).await,
            }
        }
        let answer = self.answer(request).await?;
        self.good(answer).await
    }

    /// Sends a request whose answer may go on for hours.
    pub(super) async fn stream(&self, request: RequestBuilder) -> Outcome<Response> {
        let answer = self.answer(request).await?;
        self.good(answer).await
    }

    async fn answer(&self, request: RequestBuilder) -> Outcome<Response> {
        request.send().await.map_err(|e| self.unreached(&e))
    }

    async fn good(&self, answer: Response) -> Outcome<Response> {
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        if status.is_redirection() {
            let to = answer.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or("?");
            let url = &self.url;
            return Err(Trouble::Said(text!(
                "{url} leads on to {to}. Use that server's address: launchway login URL",
                "{url} 重定向到 {to}，请使用该服务器的地址：launchway login URL"
            )));
        }
        let bytes = answer.bytes().await.unwrap_or_default();
        Err(self.problem(status, &bytes))
    }

    fn problem(&self, status: StatusCode, body: &[u8]) -> Trouble {
        let Ok(json) = serde_json::from_slice::<Value>(body) else {
            return if status.is_server_error() {
                let url = &self.url;
                Trouble::Lost(text!(
                    "{url} answers {status}, and Launchway does not. Is it running behind its proxy?",
                    "{url} 返回 {status}，但并非 Launchway 的应答，请确认代理后面的 Launchway 正在运行。"
                ))
            } else {
                self.stranger()
            };
        };
        let detail = json.get("detail").and_then(Value::as_str).unwrap_or_default().to_owned();
        if status == StatusCode::UNAUTHORIZED {
            let url = &self.url;
            return Trouble::SignedOut(text!(
                "{detail} Then: launchway login {url}",
                "{detail}登录命令：launchway login {url}"
            ));
        }
        let errors = json.get("errors").cloned().and_then(|e| serde_json::from_value(e).ok()).unwrap_or_default();
        Trouble::Answered(Box::new(Problem { status: status.as_u16(), detail, errors, json }))
    }

    /// What is there is no Launchway.
    fn stranger(&self) -> Trouble {
        let url = &self.url;
        Trouble::Said(text!(
            "What answers at {url} is no Launchway. Check the address.",
            "{url} 上的服务不是 Launchway，请检查地址。"
        ))
    }

    /// Why there is no answer, and what to try.
    pub(super) fn unreached(&self, error: &reqwest::Error) -> Trouble {
        let (url, cause) = (&self.url, root(error));
        Trouble::Lost(if error.is_timeout() {
            text!("{url} does not answer in time. Try again later.", "{url} 没有及时应答，请稍后重试。")
        } else if cause.contains("certificate") {
            text!(
                "{url}: {cause}. Where the server has a certificate of your own authority, name it by --ca-file FILE.",
                "{url}：{cause}。如果服务器使用自建机构的证书，请用 --ca-file 文件 指定。"
            )
        } else {
            text!(
                "{url} is not reached: {cause}. Is the address right, and is Launchway running there?",
                "无法连接 {url}：{cause}。请检查地址，并确认 Launchway 正在运行。"
            )
        })
    }
}

/// Reads an answer as what it should be.
pub(super) fn read<T: DeserializeOwned>(json: Value) -> Outcome<T> {
    serde_json::from_value(json).map_err(|error| {
        Trouble::Said(text!(
            "The server's answer is not understood ({error}). Use the launchway of the server's version.",
            "无法理解服务器的应答（{error}），请使用与服务器相同版本的 launchway。"
        ))
    })
}

/// How long the server asks to wait before the same call.
fn put_off(answer: &Response) -> Option<Duration> {
    if answer.status() != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.parse::<u64>().ok()?;
    (seconds <= PUT_OFF_MOST).then(|| Duration::from_secs(seconds.max(1)))
}

/// The innermost cause: the outer ones only say that something failed.
fn root(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// The certificates in a PEM file.
fn certificates(path: &Path) -> Outcome<Vec<Certificate>> {
    let shown = path.display();
    let doing = text!("the certificates in {shown}", "{shown} 中的证书");
    let pem = std::fs::read(path).map_err(|e| Trouble::new(&doing, e))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|e| Trouble::new(&doing, root(&e)))?;
    if found.is_empty() {
        return Err(Trouble::new(&doing, "PEM?"));
    }
    Ok(found)
}
