//! Sends requests to addresses that somebody typed: only where the guard allows, never on to somewhere else, and for a
//! bounded time.

use std::error::Error as _;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use launchway_domain::{ChannelKind, Text, text};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, header};
use serde_json::Value;
use url::{Host, Url};

use super::TRY;
use super::chat::Request;
use super::guard::{Guard, NotAllowed};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(8);
/// How much of an answer is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;
/// How much of a service's complaint is kept, in characters.
const MAX_COMPLAINT: usize = 200;

/// The client, made when the first message is sent: it reads the system's certificates.
pub(super) struct Post {
    guard: Guard,
    client: OnceLock<Option<Client>>,
}

impl Post {
    pub(super) fn new(guard: Guard) -> Self {
        Self { guard, client: OnceLock::new() }
    }

    fn client(&self) -> Result<&Client, Text> {
        let made = self.client.get_or_init(|| {
            Client::builder()
                .dns_resolver(Arc::new(self.guard.clone()))
                // A redirect leads where nobody has looked, and a proxy looks names up by itself.
                .redirect(Policy::none())
                .no_proxy()
                .referer(false)
                .pool_max_idle_per_host(0)
                .connect_timeout(CONNECT)
                .timeout(TRY)
                .user_agent(concat!("Launchway/", env!("CARGO_PKG_VERSION")))
                .build()
                .inspect_err(|error| tracing::error!(%error, "the client for notifications could not be made"))
                .ok()
        });
        made.as_ref()
            .ok_or_else(|| Text::new("The certificates of this host could not be read.", "无法读取本机的证书。"))
    }

    /// Sends a request and reads what came of it.
    ///
    /// # Errors
    /// Why it did not arrive.
    pub(super) async fn send(&self, kind: ChannelKind, request: Request) -> Result<(), Text> {
        // The resolver judges names; an address in the place of a name is never looked up.
        if let Some(address) = literal(&request.url) {
            self.guard.check(address).map_err(not_allowed)?;
        }
        let mut post = self
            .client()?
            .post(request.url)
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .body(request.body);
        for (name, value) in request.headers {
            post = post.header(name, value);
        }
        let response = post.send().await.map_err(|error| failed(&error))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(text!(
                "The address leads on to another one ({status}). Enter the one that it leads to.",
                "该地址跳转到其他地址（{status}），请直接填写最终地址。"
            ));
        }
        if !status.is_success() {
            return Err(text!("The other side answered {status}.", "对方返回 {status}。"));
        }
        match kind {
            ChannelKind::DingTalk | ChannelKind::Feishu | ChannelKind::WeCom => accepted(&start_of(response).await),
            ChannelKind::Webhook | ChannelKind::Slack | ChannelKind::Email => Ok(()),
        }
    }
}

fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

fn not_allowed(NotAllowed(address): NotAllowed) -> Text {
    text!(
        "{address} is not an address on the internet. An administrator can allow it: --allow-address {address}.",
        "{address} 不是互联网地址。管理员可用 --allow-address {address} 允许。"
    )
}

/// The beginning of an answer.
async fn start_of(mut response: Response) -> Vec<u8> {
    let mut answer = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = MAX_ANSWER - answer.len();
        answer.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if answer.len() >= MAX_ANSWER {
            break;
        }
    }
    answer
}

/// These services answer 200 also where they refuse; a number in the answer says so.
fn accepted(answer: &[u8]) -> Result<(), Text> {
    let answer: Value = serde_json::from_slice(answer)
        .map_err(|_| Text::new("The answer is not one of this service.", "返回内容不是该平台的响应。"))?;
    let code = ["errcode", "code", "StatusCode"].iter().find_map(|name| answer.get(name)?.as_i64());
    match code {
        Some(0) => Ok(()),
        Some(code) => {
            let said = ["errmsg", "msg", "StatusMessage"].iter().find_map(|name| answer.get(name)?.as_str());
            let said: String =
                said.unwrap_or_default().chars().filter(|c| !c.is_control()).take(MAX_COMPLAINT).collect();
            Err(text!("The service refused it: {code} {said}", "平台拒绝了消息：{code} {said}"))
        }
        None => Err(Text::new("The answer is not one of this service.", "返回内容不是该平台的响应。")),
    }
}

/// Why nothing was sent, or nothing came back, without the address: that is a secret.
fn failed(error: &reqwest::Error) -> Text {
    let mut cause = error.source();
    let mut last = String::new();
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<NotAllowed>() {
            return not_allowed(*refused);
        }
        last = inner.to_string();
        cause = inner.source();
    }
    if error.is_timeout() {
        return Text::new("The other side did not answer in time.", "对方没有及时响应。");
    }
    if error.is_connect() {
        let last: String = last.chars().take(MAX_COMPLAINT).collect();
        return text!("No connection: {last}", "无法连接：{last}");
    }
    Text::new("The connection broke before there was an answer.", "连接在返回响应前中断。")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_says_by_a_number_whether_it_took_it() {
        assert!(accepted(b"{\"errcode\":0,\"errmsg\":\"ok\"}").is_ok());
        assert!(accepted(b"{\"StatusCode\":0,\"code\":0,\"msg\":\"success\"}").is_ok());
        let refused = accepted(b"{\"errcode\":310000,\"errmsg\":\"sign not match\"}").unwrap_err();
        assert!(refused.en.contains("310000 sign not match"), "{refused}");
        assert!(accepted(b"ok").is_err() && accepted(b"{}").is_err());
    }

    #[tokio::test]
    async fn an_address_in_the_place_of_a_name_is_judged_however_it_is_written() {
        let post = Post::new(Guard::new(Vec::new()));
        for url in [
            "http://127.0.0.1:1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::1]/",
            "http://[::ffff:7f00:1]/",
            "http://169.254.169.254/latest/meta-data",
            "http://localhost:1/",
        ] {
            let request = Request { url: Url::parse(url).unwrap(), headers: Vec::new(), body: Vec::new() };
            let refused = post.send(ChannelKind::Webhook, request).await.unwrap_err();
            assert!(refused.en.contains("--allow-address"), "{url}: {refused}");
        }
    }
}
