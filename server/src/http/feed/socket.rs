//! The feed over WebSocket.

use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::http::StatusCode;
use axum::response::Response;
use launchway_domain::{Lang, Text};
use launchway_engine::store::StoreError;
use tokio::time::Instant;

use super::watch::{Wake, Watch};
use super::{PING, Subscription, message};
use crate::AppState;
use crate::http::auth::{self, Identity};
use crate::http::params::Reader;
use crate::http::problem::{Problem, Result};

/// The longest message of a client, in bytes.
const MAX_MESSAGE: usize = 64 * 1024;
/// The longest message that is taken in whole to be told that it is too long: who is in the middle of sending does not
/// hear anything.
const MAX_HEARD: usize = 1024 * 1024;
/// What the other side is told of one that is longer.
const TOO_LONG: &str = "at most 64 KiB";
/// How long one message may take to leave. Who takes longer has gone, or comes back and catches up.
const PATIENCE: Duration = Duration::from_secs(30);
/// So many pings without a sign of life, and the other side has gone.
const SILENT_PINGS: u32 = 2;

/// The feed: `{"subscribe":["release:7"],"after":1041}` begins, and replaces what was before.
#[utoipa::path(
    get, path = "/feed", tag = "feed",
    responses(
        (status = 101, description = "A WebSocket that carries events: `{seq, topic, kind, at, data}`"),
        (status = 403, body = crate::http::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 426, description = "No WebSocket was asked for", body = crate::http::problem::ProblemBody, content_type = "application/problem+json")
    )
)]
pub(crate) async fn connect(
    State(state): State<AppState>,
    Extension(identity): Extension<Identity>,
    Reader(lang): Reader,
    upgrade: std::result::Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response> {
    let upgrade = upgrade.map_err(|_| {
        Problem::new(
            StatusCode::UPGRADE_REQUIRED,
            Text::new(
                "This address speaks WebSocket. Without one, use /api/v1/feed/sse or /api/v1/events.",
                "此地址使用 WebSocket；如不支持，请使用 /api/v1/feed/sse 或 /api/v1/events。",
            ),
        )
    })?;
    let listen = move |socket| async move {
        let watch = Watch::new(state.clone(), identity);
        Listener { state, socket, watch, subscription: None, lang, heard: Instant::now() }.run().await;
    };
    Ok(upgrade.max_message_size(MAX_HEARD).max_frame_size(MAX_HEARD).on_upgrade(listen))
}

struct Listener {
    state: AppState,
    socket: WebSocket,
    watch: Watch,
    subscription: Option<Subscription>,
    lang: Lang,
    /// When the client last gave a sign of life.
    heard: Instant,
}

/// The connection is over.
struct Over;

impl Listener {
    async fn run(mut self) {
        let mut ping = tokio::time::interval_at(Instant::now() + PING, PING);
        ping.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let step = tokio::select! {
                said = self.socket.recv() => match said {
                    Some(Ok(said)) => self.hear(said).await,
                    Some(Err(error)) => self.misheard(error).await,
                    None => Err(Over),
                },
                wake = self.watch.next(self.subscription.as_ref()) => self.tell(wake).await,
                _ = ping.tick() => self.ping().await,
            };
            if step.is_err() {
                return;
            }
        }
    }

    /// What came is no message: the connection is over, and the other side is told why, where it may still listen.
    async fn misheard(&mut self, error: axum::Error) -> std::result::Result<(), Over> {
        match error.into_inner().downcast_ref::<tungstenite::Error>() {
            Some(tungstenite::Error::Utf8(_)) => self.close(close_code::INVALID, "text is UTF-8").await,
            Some(tungstenite::Error::Capacity(_)) => self.close(close_code::SIZE, TOO_LONG).await,
            Some(tungstenite::Error::Protocol(_)) => self.close(close_code::PROTOCOL, "not as RFC 6455 has it").await,
            _ => Err(Over),
        }
    }

    async fn hear(&mut self, said: Message) -> std::result::Result<(), Over> {
        self.heard = Instant::now();
        if matches!(&said, Message::Text(text) if text.len() > MAX_MESSAGE)
            || matches!(&said, Message::Binary(bytes) if bytes.len() > MAX_MESSAGE)
        {
            return self.close(close_code::SIZE, TOO_LONG).await;
        }
        let asked = match &said {
            Message::Text(text) => message::subscribe(text),
            Message::Binary(_) => message::subscribe(""),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(Over),
        };
        let (topics, after) = match asked {
            Ok(asked) => asked,
            Err(detail) => return self.say(message::error("bad_subscribe", &detail, self.lang)).await,
        };
        if let Err(problem) = self.state.feed.permit(self.watch.actor(), &topics).await {
            return self.say(message::error("forbidden", &problem.detail, self.lang)).await;
        }
        self.watch.sit(&topics);
        match self.state.feed.subscribe(topics, self.watch.actor().visible(), after).await {
            Ok(subscription) => {
                self.subscription = Some(subscription);
                Ok(())
            }
            Err(error) => self.fail(&error).await,
        }
    }

    async fn tell(&mut self, wake: Wake) -> std::result::Result<(), Over> {
        match wake {
            Wake::Events => {
                let Some(subscription) = &mut self.subscription else { return Ok(()) };
                match subscription.take().await {
                    Ok(lines) => {
                        for line in lines {
                            self.say(line.json).await?;
                        }
                        Ok(())
                    }
                    Err(error) => self.fail(&error).await,
                }
            }
            Wake::Passing(line) => self.say(line).await,
            Wake::Gone => {
                self.say(message::error("unauthenticated", &auth::gone(), self.lang)).await?;
                self.close(close_code::POLICY, "signed out").await
            }
            // What they may hear is another thing now: they come back and ask again.
            Wake::Changed => self.close(close_code::RESTART, "changed").await,
            Wake::Stopping => self.close(close_code::RESTART, "stopping").await,
        }
    }

    async fn ping(&mut self) -> std::result::Result<(), Over> {
        if self.heard.elapsed() > PING * (SILENT_PINGS + 1) {
            return Err(Over);
        }
        self.send(Message::Ping(Default::default())).await
    }

    /// The database does not answer: the client comes back and asks again.
    async fn fail(&mut self, error: &StoreError) -> std::result::Result<(), Over> {
        tracing::warn!("a socket cannot read the events: {error}");
        self.close(close_code::ERROR, "try again").await
    }

    async fn say(&mut self, text: Utf8Bytes) -> std::result::Result<(), Over> {
        self.send(Message::Text(text)).await
    }

    async fn close(&mut self, code: u16, reason: &'static str) -> std::result::Result<(), Over> {
        self.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await?;
        Err(Over)
    }

    async fn send(&mut self, message: Message) -> std::result::Result<(), Over> {
        match tokio::time::timeout(PATIENCE, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over),
        }
    }
}
