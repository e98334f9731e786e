//! E-mail, through the one SMTP server that the administrator has set up.

use launchway_domain::{NotificationId, Text, text};
use lettre::message::{Mailbox, MultiPart, SinglePart, header};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message as Mail, Tokio1Executor};
use secrecy::ExposeSecret;

use super::message::Message;
use super::{Outward, TRY};

/// Reads who e-mails come from: `ship@example.com` or `Launchway <ship@example.com>`.
///
/// # Errors
/// A sentence that says what is wrong.
pub(crate) fn sender(text: &str) -> Result<String, String> {
    text.parse::<Mailbox>()
        .map(|mailbox| mailbox.to_string())
        .map_err(|error| format!("{error}; write it as ship@example.com or \"Launchway <ship@example.com>\""))
}

/// Sends one e-mail to everybody at once.
pub(super) async fn send(outward: &Outward, to: &[String], id: NotificationId, message: &Message) -> Result<(), Text> {
    let (Some(url), Some(from)) = (&outward.smtp_url, &outward.smtp_from) else {
        return Err(Text::new(
            "No mail server is set up. An administrator starts Launchway with LAUNCHWAY_SMTP_URL and --smtp-from.",
            "尚未设置邮件服务器。请管理员以 LAUNCHWAY_SMTP_URL 和 --smtp-from 启动 Launchway。",
        ));
    };
    let mail = write(from, to, id, message).ok_or_else(|| {
        Text::new("The addresses make no e-mail. Look at the recipients.", "邮件地址有误，请检查收件人。")
    })?;
    let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())
        .map_err(|_| {
            Text::new(
                "LAUNCHWAY_SMTP_URL is no address of a mail server.",
                "LAUNCHWAY_SMTP_URL 不是有效的邮件服务器地址。",
            )
        })?
        .timeout(Some(TRY))
        .build();
    transport.send(mail).await.map(drop).map_err(|error| refused(&error))
}

fn write(from: &str, to: &[String], id: NotificationId, message: &Message) -> Option<Mail> {
    let from: Mailbox = from.parse().ok()?;
    // The same for every try, so that mail programs know a repetition.
    let domain = from.email.domain().to_owned();
    let mut mail = Mail::builder()
        .from(from)
        .subject(message.title.as_str())
        .message_id(Some(format!("<launchway-notification-{id}@{domain}>")));
    for address in to {
        mail = mail.to(address.parse().ok()?);
    }
    let html = SinglePart::builder().header(header::ContentType::TEXT_HTML).body(html(message));
    let plain = SinglePart::builder().header(header::ContentType::TEXT_PLAIN).body(message.plain());
    mail.multipart(MultiPart::alternative().singlepart(plain).singlepart(html)).ok()
}

fn html(message: &Message) -> String {
    let escaped =
        |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let mut html =
        format!("<html lang=\"{}\"><body><p><b>{}</b></p><table>", message.lang.tag(), escaped(&message.title));
    for (name, value) in &message.facts {
        html.push_str(&format!("<tr><td>{}</td><td>{}</td></tr>", escaped(name), escaped(value)));
    }
    html.push_str("</table>");
    if let Some((url, label)) = &message.link {
        html.push_str(&format!("<p><a href=\"{}\">{}</a></p>", escaped(url), escaped(label)));
    }
    html + "</body></html>"
}

/// What the mail server said, or that it said nothing.
fn refused(error: &lettre::transport::smtp::Error) -> Text {
    if let Some(code) = error.status() {
        return text!("The mail server answered {code}.", "邮件服务器返回 {code}。");
    }
    if error.is_timeout() {
        return Text::new("The mail server did not answer in time.", "邮件服务器没有及时响应。");
    }
    if error.is_tls() {
        return Text::new("The mail server's certificate is not trusted.", "邮件服务器的证书不受信任。");
    }
    Text::new("The mail server could not be reached.", "无法连接邮件服务器。")
}

#[cfg(test)]
mod tests {
    use launchway_domain::{Lang, NoticeEvent};

    use super::super::message::tests::notice;
    use super::*;

    #[test]
    fn what_people_typed_is_text_in_both_parts() {
        let message = Message::of(&notice(NoticeEvent::Failed), Lang::Zh, None);
        assert!(html(&message).contains("Shop &lt;b&gt;&amp;"), "{}", html(&message));
        let mail = write("Ship <ship@example.com>", &["ops@example.com".into()], NotificationId(5), &message).unwrap();
        let sent = String::from_utf8(mail.formatted()).unwrap();
        assert!(sent.contains("Message-ID: <launchway-notification-5@example.com>"), "{sent}");
        assert!(sent.contains("To: ops@example.com") && sent.contains("multipart/alternative"));
        assert!(
            write("ship@example.com", &["a@b\r\nBcc: evil@example.com".into()], NotificationId(5), &message).is_none()
        );
    }

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        assert!(sender("ship@example.com").is_ok() && sender("Launchway <ship@example.com>").is_ok());
        assert!(sender("ship").is_err() && sender("").is_err());
    }
}
