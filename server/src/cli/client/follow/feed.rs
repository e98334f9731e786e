//! The feed, listened to for as long as it takes: over Server-Sent Events, or by long polling where a proxy holds
//! those back. A broken connection is made again, and goes on after the last event that was heard.

use std::time::Duration;

use futures::TryStreamExt;
use launchway_domain::{Event, text};
use reqwest::header::ACCEPT;
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::io::StreamReader;
use tokio_util::task::AbortOnDropHandle;

use super::super::api::Api;
use super::super::trouble::{Outcome, REFUSED, Trouble};

/// The server says something at least every 20 seconds; after so long the connection is dead.
const SILENCE: Duration = Duration::from_secs(60);
/// The server greets at once; where that does not come through, somebody between holds the stream back.
const GREETING: Duration = Duration::from_secs(10);
/// How long the pause before another try is, at first and at most.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MOST: Duration = Duration::from_secs(10);
/// How long a server may stay away: a restart, an update, a laptop that was closed.
const PATIENCE: Duration = Duration::from_secs(300);
/// How many seconds a call of long polling waits.
const WAIT: &str = "30";

/// What is heard.
pub(crate) enum Heard {
    /// Something happened. With the JSON that said so.
    Event(Box<Event>, Value),
    /// Events are missing: read anew what is shown.
    Reset,
    /// The connection broke; why.
    Lost(String),
    /// It stands again.
    Back,
    /// Nothing will come any more.
    Ended(Trouble),
}

/// Somebody who listens. Stops when dropped.
pub(crate) struct Feed {
    heard: mpsc::Receiver<Heard>,
    _task: AbortOnDropHandle<()>,
}

impl Feed {
    /// Listens to topics, with commas between them, after an event.
    pub(crate) fn listen(api: Api, topics: String, after: i64) -> Self {
        let (sender, heard) = mpsc::channel(64);
        let listener = Listener { api, topics, after, sender, polls: false };
        Self { heard, _task: AbortOnDropHandle::new(tokio::spawn(listener.run())) }
    }

    /// What comes next. May be dropped at any time.
    pub(crate) async fn next(&mut self) -> Heard {
        // The listener ends with `Ended`, always.
        self.heard.recv().await.unwrap_or(Heard::Ended(Trouble::Ended(super::super::trouble::LOST)))
    }
}

struct Listener {
    api: Api,
    topics: String,
    after: i64,
    sender: mpsc::Sender<Heard>,
    /// Whether long polling is the way.
    polls: bool,
}

/// Nobody listens any more.
struct Deaf;

/// Why a stretch of listening ended.
enum Break {
    Deaf,
    Trouble(Trouble),
}

impl From<Deaf> for Break {
    fn from(_: Deaf) -> Self {
        Break::Deaf
    }
}

impl From<Trouble> for Break {
    fn from(trouble: Trouble) -> Self {
        Break::Trouble(trouble)
    }
}

impl Listener {
    async fn run(mut self) {
        let mut pause = PAUSE;
        let mut lost: Option<Instant> = None;
        loop {
            let before = self.after;
            let mut stood = false;
            let why = match self.stretch(&mut lost, &mut stood).await {
                Ok(()) => text!("the server ended it", "服务器已断开"),
                Err(Break::Deaf) => return,
                Err(Break::Trouble(trouble)) => match lasting(trouble) {
                    Ok(why) => why,
                    Err(trouble) => return drop(self.sender.send(Heard::Ended(trouble)).await),
                },
            };
            if stood || self.after != before {
                pause = PAUSE;
            }
            let since = match lost {
                Some(since) => since,
                None => {
                    lost = Some(Instant::now());
                    let why = why.get(crate::cli::say::lang()).to_owned();
                    if self.sender.send(Heard::Lost(why)).await.is_err() {
                        return;
                    }
                    Instant::now()
                }
            };
            if since.elapsed() > PATIENCE {
                let (url, seconds) = (self.api.url().clone(), PATIENCE.as_secs());
                let trouble = Trouble::Lost(text!(
                    "{url} has not come back for {seconds} seconds ({}).",
                    "{url} 已断开超过 {seconds} 秒（{}）。"; why
                ));
                return drop(self.sender.send(Heard::Ended(trouble)).await);
            }
            tokio::time::sleep(pause.mul_f64(0.5 + rand::random::<f64>() / 2.0)).await;
            pause = (pause * 2).min(PAUSE_MOST);
        }
    }

    /// One connection, until it breaks.
    async fn stretch(&mut self, lost: &mut Option<Instant>, stood: &mut bool) -> Result<(), Break> {
        if self.polls {
            loop {
                self.poll(lost).await?;
                *stood = true;
            }
        }
        let answer = self.open().await?;
        let bytes = answer.bytes_stream().map_err(std::io::Error::other);
        let mut lines = StreamReader::new(bytes);
        let mut message = String::new();
        let mut patience = GREETING;
        loop {
            let line = match timeout(patience, line(&mut lines)).await {
                Ok(Ok(Some(line))) => line,
                Ok(Ok(None)) => return Ok(()),
                Ok(Err(error)) => return Err(Trouble::Lost(launchway_domain::Text::verbatim(error.to_string())).into()),
                Err(_) => {
                    self.polls = !*stood;
                    return Err(Trouble::Lost(text!("nothing is heard any more", "连接没有响应")).into());
                }
            };
            *stood = true;
            patience = SILENCE;
            self.back(lost).await?;
            match line.strip_prefix("data:") {
                Some(data) => {
                    if !message.is_empty() {
                        message.push('\n');
                    }
                    message.push_str(data.strip_prefix(' ').unwrap_or(data));
                }
                None if line.is_empty() && !message.is_empty() => {
                    let json = serde_json::from_str(&message).unwrap_or_default();
                    message.clear();
                    self.tell(json).await?;
                }
                // Numbers stand in the events themselves; comments keep the connection alive.
                None => {}
            }
        }
    }

    async fn open(&self) -> Outcome<Response> {
        let after = self.after.to_string();
        let query = [("topics", self.topics.as_str()), ("after", &after)];
        let request = self.api.request(Method::GET, "/feed/sse").query(&query).header(ACCEPT, "text/event-stream");
        self.api.stream(request).await
    }

    async fn poll(&mut self, lost: &mut Option<Instant>) -> Result<(), Break> {
        let after = self.after.to_string();
        let query = [("topics", self.topics.as_str()), ("after", &after), ("wait", WAIT)];
        let mut answer = self.api.get("/events", &query).await?;
        self.back(lost).await?;
        if let Some(Value::Array(events)) = answer.get_mut("items").map(Value::take) {
            for event in events {
                self.tell(event).await?;
            }
        }
        self.after = answer.get("next").and_then(Value::as_i64).unwrap_or(self.after).max(self.after);
        Ok(())
    }

    async fn back(&self, lost: &mut Option<Instant>) -> Result<(), Deaf> {
        match lost.take() {
            Some(_) => self.send(Heard::Back).await,
            None => Ok(()),
        }
    }

    /// Passes on what one message says.
    async fn tell(&mut self, json: Value) -> Result<(), Deaf> {
        if let Some(seq) = json.get("seq").and_then(Value::as_i64) {
            if seq <= self.after {
                return Ok(());
            }
            self.after = seq;
        }
        if json.get("kind").and_then(Value::as_str) == Some("reset") {
            return self.send(Heard::Reset).await;
        }
        // Kinds that came after this program are none of its business.
        match serde_json::from_value::<Event>(json.clone()) {
            Ok(event) => self.send(Heard::Event(Box::new(event), json)).await,
            Err(_) => Ok(()),
        }
    }

    async fn send(&self, heard: Heard) -> Result<(), Deaf> {
        self.sender.send(heard).await.map_err(|_| Deaf)
    }
}

/// What another try may mend, as the reason; else what ends it.
fn lasting(trouble: Trouble) -> Result<launchway_domain::Text, Trouble> {
    match trouble {
        Trouble::Lost(text) => Ok(text),
        Trouble::Answered(problem) if problem.status >= 500 || problem.status == 429 => {
            Ok(launchway_domain::Text::verbatim(problem.detail.clone()))
        }
        trouble if trouble.status() == REFUSED => Err(trouble),
        trouble => Err(trouble),
    }
}

/// The next line without its end; none at the end of the stream. Bytes that are no UTF-8 are shown as such.
async fn line(reader: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    if reader.read_until(b'\n', &mut bytes).await? == 0 {
        return Ok(None);
    }
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
