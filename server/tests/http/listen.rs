//! A WebSocket client of the feed.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::client::Client;

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// Shakes hands with extra headers.
pub(crate) async fn handshake(client: &Client, headers: &[(&'static str, &str)]) -> tungstenite::Result<Socket> {
    let mut request = format!("ws://{}/api/v1/feed", client.address).into_client_request().unwrap();
    if let Some(token) = &client.token {
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    Ok(Socket(connect_async(request).await?.0))
}

impl Socket {
    pub(crate) async fn open(client: &Client) -> Self {
        handshake(client, &[]).await.unwrap()
    }

    pub(crate) async fn say(&mut self, text: impl Into<String>) {
        self.0.send(Message::text(text.into())).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, topics: &[&str], after: Option<i64>) {
        let mut message = json!({"subscribe": topics});
        if let Some(after) = after {
            message["after"] = after.into();
        }
        self.say(message.to_string()).await;
    }

    /// The next message; none once the other side has closed.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("nothing came over the socket") {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Sends bytes as a text message, whatever they are.
    pub(crate) async fn say_bytes(&mut self, bytes: Vec<u8>) {
        let frame = Frame::message(bytes, OpCode::Data(Data::Text), true);
        self.0.send(Message::Frame(frame)).await.unwrap();
    }

    /// The code with which the other side closes; none where it just goes away.
    pub(crate) async fn end(&mut self) -> Option<u16> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("nothing came over the socket") {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// So many messages.
    pub(crate) async fn take(&mut self, count: usize) -> Vec<Value> {
        let mut messages = Vec::new();
        while messages.len() < count {
            messages.push(self.next().await.expect("the socket was closed"));
        }
        messages
    }

    /// Messages until one of this kind, which is the last.
    pub(crate) async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut messages = Vec::new();
        loop {
            messages.push(self.next().await.expect("the socket was closed"));
            if messages.last().is_some_and(|message| message["kind"] == kind) {
                return messages;
            }
        }
    }
}

/// The numbers of some events.
pub(crate) fn seqs(events: &[Value]) -> Vec<i64> {
    events.iter().filter_map(|event| event["seq"].as_i64()).collect()
}
