//! The request that each kind of channel takes: body, signature, address.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use launchway_domain::{ChannelKind, Lang, Text, Timestamp};
use launchway_engine::store::Due;
use serde_json::{Value, json};
use url::Url;

use super::Address;
use super::message::Message;
use crate::sign;

/// A request that is ready to be sent.
pub(super) struct Request {
    pub(super) url: Url,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// Builds the request of a message.
///
/// # Errors
/// Where the address is none, or the kind takes no requests.
pub(super) fn request(kind: ChannelKind, address: &Address, due: &Due, message: &Message) -> Result<Request, Text> {
    request_at(kind, address, due, message, Timestamp::now())
}

fn request_at(
    kind: ChannelKind,
    address: &Address,
    due: &Due,
    message: &Message,
    now: Timestamp,
) -> Result<Request, Text> {
    let mut url =
        Url::parse(&address.url).map_err(|_| Text::new("The channel's address is none.", "通知渠道的地址无效。"))?;
    let secret = address.secret.as_deref().map(String::as_bytes);
    let mut headers = Vec::new();
    let body = match kind {
        ChannelKind::Webhook => {
            let event = due.notice.event.map_or("test", |event| event.as_str());
            let body = generic(due, message, event).to_string();
            let seconds = (now.0 / 1000).to_string();
            headers.push(("X-Launchway-Event", event.to_owned()));
            headers.push(("X-Launchway-Delivery", due.id.to_string()));
            headers.push(("X-Launchway-Timestamp", seconds.clone()));
            if let Some(secret) = secret {
                let mac = sign::hmac(secret, &[seconds.as_bytes(), b".", body.as_bytes()]);
                headers.push(("X-Launchway-Signature", format!("t={seconds},v1={}", hex::encode(mac))));
            }
            return Ok(Request { url, headers, body: body.into_bytes() });
        }
        ChannelKind::Slack => json!({ "text": slack(message) }),
        ChannelKind::DingTalk => {
            if let Some(secret) = secret {
                let time = now.0.to_string();
                let sign = BASE64.encode(sign::hmac(secret, &[time.as_bytes(), b"\n", secret]));
                url.query_pairs_mut().append_pair("timestamp", &time).append_pair("sign", &sign);
            }
            json!({ "msgtype": "markdown", "markdown": { "title": message.title, "text": markdown(message) } })
        }
        ChannelKind::Feishu => {
            let mut body = feishu(message);
            if let Some(secret) = secret {
                // The text that is elsewhere signed is the key here, and nothing is signed by it.
                let time = (now.0 / 1000).to_string();
                let key = [time.as_bytes(), b"\n", secret].concat();
                body["sign"] = json!(BASE64.encode(sign::hmac(&key, &[])));
                body["timestamp"] = json!(time);
            }
            body
        }
        ChannelKind::WeCom => json!({ "msgtype": "markdown", "markdown": { "content": markdown(message) } }),
        ChannelKind::Email => {
            return Err(Text::new("E-mail is not sent to an address of the web.", "电子邮件不通过网址发送。"));
        }
    };
    Ok(Request { url, headers, body: body.to_string().into_bytes() })
}

/// What a program reads: everything about the release but its hooks, or what was found on servers, with texts in one
/// language.
fn generic(due: &Due, message: &Message, event: &str) -> Value {
    let mut body = json!({
        "id": due.id,
        "event": event,
        "at": due.notice.at,
        "text": message.title,
        "url": message.link.as_ref().map(|(url, _)| url),
    });
    if let Some(release) = &due.notice.release {
        body["project"] = json!({ "id": release.project_id, "title": release.project_title });
        body["environment"] = json!({
            "id": release.environment_id, "name": release.environment_name, "kind": release.environment_kind
        });
        body["release"] = json!({
            "id": release.id,
            "kind": release.kind,
            "status": release.status,
            "ref": release.git_ref,
            "commit": release.commit,
            "note": release.note,
            "error": release.error.as_ref().map(|error| error.get(message.lang)),
            "created_by_name": release.created_by_name,
            "created_at": release.created_at,
            "started_at": release.started_at,
            "finished_at": release.finished_at,
        });
    }
    if let Some(live) = &due.notice.live {
        body["project"] = json!({ "id": live.project_id, "title": live.project_title });
        body["environment"] = json!({
            "id": live.environment_id, "name": live.environment_name, "kind": live.environment_kind
        });
        body["count"] = json!(live.count);
        body["servers"] = live
            .servers
            .iter()
            .map(|on| {
                json!({
                    "hostname": on.hostname,
                    "state": on.state,
                    "code": on.code,
                    "detail": on.detail.as_ref().map(|detail| detail.get(message.lang)),
                })
            })
            .collect();
    }
    body
}

/// Slack's own marks: three characters are its, the rest stands for itself.
fn slack(message: &Message) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut text = format!("*{}*", escaped(&message.title).replace('*', "∗"));
    for (name, value) in &message.facts {
        text.push_str(&format!("\n{}: {}", escaped(name), escaped(value)));
    }
    if let Some((url, label)) = &message.link {
        text.push_str(&format!("\n<{url}|{label}>"));
    }
    text
}

/// Markdown as DingTalk and WeCom take it. They know no escapes: what would make a link, a mention or code of what people
/// typed becomes its wide twin.
fn markdown(message: &Message) -> String {
    let harmless = |text: &str| -> String {
        text.chars()
            .map(|c| match c {
                '[' => '［',
                ']' => '］',
                '<' => '＜',
                '>' => '＞',
                '`' => '＇',
                c => c,
            })
            .collect()
    };
    let colon = if message.lang == Lang::Zh { "：" } else { ": " };
    let mut text = format!("### {}", harmless(&message.title));
    for (name, value) in &message.facts {
        text.push_str(&format!("\n\n{name}{colon}{}", harmless(value)));
    }
    if let Some((url, label)) = &message.link {
        text.push_str(&format!("\n\n[{label}]({url})"));
    }
    text
}

/// Feishu's rich text, in which nothing that people typed is a mark.
fn feishu(message: &Message) -> Value {
    let colon = if message.lang == Lang::Zh { "：" } else { ": " };
    let mut lines: Vec<Value> = message
        .facts
        .iter()
        .map(|(name, value)| json!([{ "tag": "text", "text": format!("{name}{colon}{value}") }]))
        .collect();
    if let Some((url, label)) = &message.link {
        lines.push(json!([{ "tag": "a", "text": label, "href": url }]));
    }
    let tag = if message.lang == Lang::Zh { "zh_cn" } else { "en_us" };
    json!({ "msg_type": "post", "content": { "post": { tag: { "title": message.title, "content": lines } } } })
}

#[cfg(test)]
mod tests {
    use launchway_domain::{ChannelId, NoticeEvent, NotificationId};
    use zeroize::Zeroizing;

    use super::super::message::tests::notice;
    use super::*;

    const NOW: Timestamp = Timestamp(1_600_000_000_123);

    fn ask(kind: ChannelKind, url: &str, lang: Lang) -> (Request, Value) {
        let address =
            Address { url: Zeroizing::new(url.into()), secret: Some(Zeroizing::new("this is secret".into())) };
        let due = Due { id: NotificationId(5), channel: ChannelId(1), attempt: 1, notice: notice(NoticeEvent::Failed) };
        let public = Url::parse("https://ship.example").unwrap();
        let message = Message::of(&due.notice, lang, Some(&public));
        let request = request_at(kind, &address, &due, &message, NOW).unwrap();
        let body = serde_json::from_slice(&request.body).unwrap();
        (request, body)
    }

    #[test]
    fn a_webhook_is_signed_over_time_and_body() {
        let (request, body) = ask(ChannelKind::Webhook, "https://example.com/x", Lang::Zh);
        let header = |name| request.headers.iter().find(|(known, _)| *known == name).unwrap().1.clone();
        let mac = sign::hmac(b"this is secret", &[b"1600000000.", &request.body]);
        assert_eq!(header("X-Launchway-Signature"), format!("t=1600000000,v1={}", hex::encode(mac)));
        assert_eq!(
            (header("X-Launchway-Event"), header("X-Launchway-Delivery")),
            ("release.failed".into(), "5".into())
        );
        assert_eq!(
            (&body["release"]["error"], &body["url"]),
            (&json!("磁盘已满。"), &json!("https://ship.example/releases/7"))
        );
        assert!(body["release"].get("hooks").is_none());
    }

    #[test]
    fn dingtalk_and_feishu_are_signed_as_they_document() {
        let (request, body) =
            ask(ChannelKind::DingTalk, "https://oapi.dingtalk.com/robot/send?access_token=t", Lang::Zh);
        let query: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
        // Computed by the example in DingTalk's documentation.
        assert_eq!(query[0], ("access_token".into(), "t".into()));
        assert_eq!(query[1], ("timestamp".into(), "1600000000123".into()));
        assert_eq!(query[2], ("sign".into(), "hmZeBQ+BO34hCBHyaguEvv3lgoG/01g+lfEO9Jri4Xg=".into()));
        assert!(body["markdown"]["text"].as_str().unwrap().contains("［two］(https://evil.example)"));
        let (_, body) = ask(ChannelKind::Feishu, "https://open.feishu.cn/open-apis/bot/v2/hook/x", Lang::En);
        assert_eq!(
            (&body["timestamp"], &body["sign"]),
            (&json!("1600000000"), &json!("KPGy2t/of6Xra/AnHPcFkxvTtTVcBl/AnCo8A9Y2Tto="))
        );
        assert_eq!(body["content"]["post"]["en_us"]["title"], "Shop <b>&: Release #7 to live failed");
    }

    #[test]
    fn what_people_typed_is_no_mark_in_slack_and_wecom() {
        let (_, body) = ask(ChannelKind::Slack, "https://hooks.slack.com/services/x", Lang::En);
        let text = body["text"].as_str().unwrap();
        assert!(text.starts_with("*Shop &lt;b&gt;&amp;: Release #7"), "{text}");
        assert!(text.ends_with("<https://ship.example/releases/7|Open the release>"), "{text}");
        let (_, body) = ask(ChannelKind::WeCom, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k", Lang::Zh);
        let text = body["markdown"]["content"].as_str().unwrap();
        assert!(text.starts_with("### Shop ＜b＞&：发布 #7") && !text.contains("<b>"), "{text}");
    }
}
