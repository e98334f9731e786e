//! Messages out: what they say, how each kind of channel is reached, and where nothing may be sent to.

mod chat;
mod guard;
mod mail;
mod message;
mod post;

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use ipnet::IpNet;
use launchway_domain::{Channel, ChannelKind, Text};
use launchway_engine::store::Due;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

pub(crate) use guard::Guard;
pub(crate) use mail::sender;
use message::Message;

/// How long one try may take, from the look-up of the name to the end of the answer.
pub(crate) const TRY: Duration = Duration::from_secs(15);

/// What messages need to know of this installation.
#[derive(Clone, Debug)]
pub struct Outward {
    /// Where browsers find Launchway: what links in messages begin with. Without it they have none.
    pub public_url: Option<Url>,
    /// Networks that messages may go to although they are nobody's on the internet.
    pub allow: Vec<IpNet>,
    /// The server that e-mail goes through (`smtp://…`, `smtps://…`); may hold a password.
    pub smtp_url: Option<SecretString>,
    /// Who e-mails come from.
    pub smtp_from: Option<String>,
    /// How long after the first try the second one comes; the others come ever later.
    pub retry_after: Duration,
}

impl Default for Outward {
    fn default() -> Self {
        Self {
            public_url: None,
            allow: Vec::new(),
            smtp_url: None,
            smtp_from: None,
            retry_after: Duration::from_secs(15),
        }
    }
}

/// How often a message is tried.
const TRIES: usize = 8;
/// The longest time between two tries.
const LONGEST: Duration = Duration::from_secs(3600);

impl Outward {
    /// How long to wait after a try that failed, the first of which is 1; none where it was the last.
    pub(crate) fn wait_after(&self, attempt: u32) -> Option<Duration> {
        ExponentialBuilder::default()
            .with_min_delay(self.retry_after)
            .with_max_delay(LONGEST)
            .with_factor(3.0)
            .with_max_times(TRIES - 1)
            .with_jitter()
            .build()
            .nth(attempt.saturating_sub(1) as usize)
    }
}

/// The secret part of a channel, as it is sealed.
#[derive(Serialize, Deserialize)]
pub(crate) struct Address {
    /// Where messages go; blank for e-mail.
    pub(crate) url: zeroize::Zeroizing<String>,
    /// What they are signed with.
    pub(crate) secret: Option<zeroize::Zeroizing<String>>,
}

/// Sends messages, one try each.
pub(crate) struct Sender {
    outward: Outward,
    post: post::Post,
}

impl Sender {
    pub(crate) fn new(outward: Outward) -> Self {
        Self { post: post::Post::new(Guard::new(outward.allow.clone())), outward }
    }

    /// What it knows of this installation.
    pub(crate) fn outward(&self) -> &Outward {
        &self.outward
    }

    /// Sends a message by a channel.
    ///
    /// # Errors
    /// Why it did not arrive. Nothing of the address but its host is in it, and nothing of the secret.
    pub(crate) async fn send(&self, channel: &Channel, address: Option<&Address>, due: &Due) -> Result<(), Text> {
        let message = Message::of(&due.notice, channel.lang, self.outward.public_url.as_ref());
        let sending = async {
            if channel.kind == ChannelKind::Email {
                return mail::send(&self.outward, &channel.to, due.id, &message).await;
            }
            let address = address.ok_or_else(|| Text::new("The channel has no address.", "通知渠道没有地址。"))?;
            let request = chat::request(channel.kind, address, due, &message)?;
            self.post.send(channel.kind, request).await
        };
        match tokio::time::timeout(TRY, sending).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let seconds = TRY.as_secs();
                Err(launchway_domain::text!("No answer within {seconds} seconds.", "{seconds} 秒内没有响应。"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_come_ever_later_and_end() {
        let outward = Outward { retry_after: Duration::from_secs(10), ..Outward::default() };
        let waits: Vec<Option<Duration>> = (1..=8).map(|attempt| outward.wait_after(attempt)).collect();
        // With jitter each is between its delay and twice that.
        for (n, delay) in [(0, 10), (1, 30), (2, 90)] {
            let wait = waits[n].unwrap().as_secs();
            assert!((delay..=2 * delay).contains(&wait), "{n}: {wait}");
        }
        assert!(waits[6].is_some() && waits[7].is_none());
    }
}
