//! What receives notifications: small servers on loopback that remember what came.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// Asks until there is an answer.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Came {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Came {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// What it answers: a status and a body; a location where it leads on.
#[derive(Clone)]
pub(crate) enum Says {
    /// This.
    This(u16, &'static str),
    /// That it is elsewhere.
    Elsewhere(String),
}

#[derive(Default)]
struct Memory {
    came: Vec<Came>,
    says: VecDeque<Says>,
}

/// A server that takes any request. It says what it was told to say, and then always 200 with the last body.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    memory: Arc<Mutex<Memory>>,
    task: AbortHandle,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let memory = Arc::new(Mutex::new(Memory::default()));
        let app = Router::new().fallback(take).with_state(memory.clone());
        let task = tokio::spawn(async move { axum::serve(listener, app).await }).abort_handle();
        Self { address, memory, task }
    }

    /// What it says next, in this order.
    pub(crate) fn say(&self, says: impl IntoIterator<Item = Says>) {
        self.memory.lock().unwrap().says.extend(says);
    }

    pub(crate) fn came(&self) -> Vec<Came> {
        self.memory.lock().unwrap().came.clone()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What has come, once it is so many.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Came> {
        until("so many requests", async || Some(self.came()).filter(|came| came.len() >= count)).await
    }
}

async fn take(State(memory): State<Arc<Mutex<Memory>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let path = parts.uri.path_and_query().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let says = {
        let mut memory = memory.lock().unwrap();
        memory.came.push(Came { path, headers: parts.headers, body });
        memory.says.pop_front()
    };
    match says.unwrap_or(Says::This(200, "{\"errcode\":0,\"code\":0,\"errmsg\":\"ok\"}")) {
        Says::This(status, body) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
        Says::Elsewhere(url) => (StatusCode::FOUND, [("location", url)]).into_response(),
    }
}

/// A mail server that takes everything, one connection at a time; the first connections may be turned away.
pub(crate) struct MailServer {
    pub(crate) address: SocketAddr,
    mails: Arc<Mutex<Vec<String>>>,
    task: AbortHandle,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl MailServer {
    /// Turns the first `refused` mails away for now.
    pub(crate) async fn start(mut refused: usize) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let kept = mails.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let busy = refused > 0;
                refused = refused.saturating_sub(1);
                if let Ok(Some(mail)) = talk(stream, busy).await {
                    kept.lock().unwrap().push(mail);
                }
            }
        });
        Self { address, mails, task: task.abort_handle() }
    }

    pub(crate) fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }
}

/// The envelope and the text of one mail.
async fn talk(stream: TcpStream, busy: bool) -> std::io::Result<Option<String>> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut mail = String::new();
    let mut taken = None;
    write.write_all(b"220 mail.example.com ESMTP\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let command = line.to_ascii_uppercase();
        let answer: &[u8] = if command.starts_with("EHLO") {
            b"250-mail.example.com\r\n250 8BITMIME\r\n"
        } else if command.starts_with("RCPT") && busy {
            b"451 try again later\r\n"
        } else if command.starts_with("DATA") {
            write.write_all(b"354 go on\r\n").await?;
            while let Some(line) = lines.next_line().await? {
                if line == "." {
                    break;
                }
                mail.push_str(&line);
                mail.push('\n');
            }
            taken = Some(mail.clone());
            b"250 taken\r\n"
        } else if command.starts_with("QUIT") {
            write.write_all(b"221 bye\r\n").await?;
            break;
        } else {
            if command.starts_with("MAIL") || command.starts_with("RCPT") {
                mail.push_str(&line);
                mail.push('\n');
            }
            b"250 ok\r\n"
        };
        write.write_all(answer).await?;
    }
    Ok(taken)
}
