//! The feed of everything, for the wall and the list of releases: it comes back by itself, for weeks.

use futures::channel::mpsc::UnboundedReceiver;
use futures::future::{Fuse, LocalBoxFuture};
use futures::{FutureExt, SinkExt, StreamExt, select};
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, State};
use gloo_timers::future::TimeoutFuture;
use launchway_domain::{Event, EventData, Topic};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Connection;
use super::backoff::delay;
use super::board::LiveBoard;
use super::client::address;
use super::nudge::{Nudge, gone, listen, pause};
use crate::api::ApiError;
use crate::api::board::{BoardNow, get_board};

/// How long a handshake or an answer may take, in milliseconds: a network that swallows everything says nothing.
const PATIENCE: u32 = 15_000;
/// The shortest time between two looks, in milliseconds.
const GAP: f64 = 250.0;
/// How often the page looks where nothing happens, in milliseconds: what is registered changes without an event, and a
/// connection may be dead without saying so.
const QUIET: u32 = 20_000;
/// How long a page that was let go waits before it asks again, in milliseconds.
const LET_GO: u32 = 15_000;

/// How a connection ended.
enum End {
    /// For good.
    Stopped,
    /// Nobody is signed in here any more.
    SignedOut,
    /// It may come back. Whether the program answered.
    Lost { answered: bool },
}

/// Who is told what.
#[derive(Clone, Copy)]
enum Listener {
    /// A page that shows the overview.
    Board(LiveBoard),
    /// A page that only wants to know that something happened which it is about.
    Count(RwSignal<u32>, fn(&EventData) -> bool),
}

/// Keeps an overview up to date until the owner of this call is gone.
pub fn follow(board: LiveBoard) {
    start(Listener::Board(board));
}

/// Counts `changed` up whenever a release was made or changed its status, until the owner of this call is gone. Once
/// also for every new connection: what happened before it is not told.
pub fn count_changes(changed: RwSignal<u32>) {
    start(Listener::Count(changed, |data| matches!(data, EventData::ReleaseStatus { .. })));
}

/// The same for queues: also whenever an environment was locked, unlocked or changed.
pub fn count_door_changes(changed: RwSignal<u32>) {
    start(Listener::Count(changed, |data| data.at_door_of().is_some()));
}

/// The same for what is live: also whenever something else was found on a server.
pub fn count_live_changes(changed: RwSignal<u32>) {
    let is_news = |data: &EventData| {
        use EventData::{EnvironmentChanged, LiveChanged, ReleaseStatus};
        matches!(data, ReleaseStatus { .. } | LiveChanged { .. } | EnvironmentChanged { .. })
    };
    start(Listener::Count(changed, is_news));
}

fn start(listener: Listener) {
    spawn_local(run(listener, listen()));
}

async fn run(listener: Listener, mut nudges: UnboundedReceiver<Nudge>) {
    let mut failed = 0;
    loop {
        let wait = match connection(listener, &mut nudges).await {
            End::Stopped => return,
            End::SignedOut => {
                listener.connected(Connection::SignedOut);
                LET_GO
            }
            End::Lost { answered } => {
                failed = if answered { 0 } else { failed + 1 };
                listener.connected(Connection::Reconnecting);
                delay(failed, js_sys::Math::random())
            }
        };
        if !pause(wait, &mut nudges).await {
            return;
        }
    }
}

/// One connection, from the handshake to its end.
async fn connection(listener: Listener, nudges: &mut UnboundedReceiver<Nudge>) -> End {
    // First a look: it says whether somebody is signed in, which a refused handshake does not, and after which event
    // to listen.
    let after = match listener {
        Listener::Count(..) => None,
        Listener::Board(board) => match look(0).await {
            Ok(now) => {
                let seq = now.overview.seq;
                show(board, now);
                Some(seq)
            }
            Err(error) => return refused(board, &error),
        },
    };
    let lost = End::Lost { answered: after.is_some() };
    let Some(mut socket) = address().and_then(|url| WebSocket::open(&url).ok()) else { return lost };
    let mut hello = serde_json::json!({ "subscribe": [Topic::Wall.to_string()] });
    if let Some(after) = after {
        hello["after"] = after.into();
    }
    // Sending waits until the handshake is over.
    let sent = {
        let mut sending = std::pin::pin!(socket.send(Message::Text(hello.to_string())).fuse());
        let mut late = TimeoutFuture::new(PATIENCE).fuse();
        let mut left = std::pin::pin!(gone(nudges).fuse());
        select! {
            sent = sending => sent.is_ok(),
            () = late => false,
            () = left => return End::Stopped,
        }
    };
    // Into a socket whose handshake was refused one may send as well.
    if !sent || !matches!(socket.state(), State::Open) {
        return lost;
    }
    listener.connected(Connection::Live);
    match listener {
        Listener::Count(changed, is_news) => {
            changed.try_update(|changed| *changed += 1);
            count(changed, is_news, &mut socket, nudges).await
        }
        Listener::Board(board) => keep(board, &mut socket, nudges).await,
    }
}

/// Keeps an overview up to date until the connection is gone.
async fn keep(board: LiveBoard, socket: &mut WebSocket, nudges: &mut UnboundedReceiver<Nudge>) -> End {
    let mut looking: Fuse<LocalBoxFuture<'static, Result<BoardNow, ApiError>>> = Fuse::terminated();
    let mut looked_at = js_sys::Date::now();
    // Whether something happened that the look under way may not show.
    let mut again = false;
    let mut quiet = TimeoutFuture::new(QUIET).fuse();
    let mut is_routine = false;
    use futures::future::FusedFuture;
    loop {
        select! {
            message = socket.next().fuse() => match message {
                Some(Ok(Message::Text(text))) => match heard(&text) {
                    Heard::Event(data) => again |= board.take(&data),
                    Heard::Reset => again = true,
                    Heard::Gone => return End::SignedOut,
                    Heard::Nothing => {}
                },
                Some(Ok(Message::Bytes(_))) => {}
                Some(Err(_)) | None => return End::Lost { answered: true },
            },
            answer = looking => {
                looked_at = js_sys::Date::now();
                match answer {
                    Ok(now) => {
                        // The socket should have told of this: it is dead, and does not know.
                        let is_deaf = is_routine && !again && board.now.try_with_untracked(|known| {
                            known.overview.running != now.overview.running || known.overview.recent != now.overview.recent
                        }) == Some(true);
                        show(board, now);
                        if is_deaf {
                            return End::Lost { answered: true };
                        }
                    }
                    Err(error) => return refused(board, &error),
                }
                quiet = TimeoutFuture::new(QUIET).fuse();
            },
            () = quiet => {
                if looking.is_terminated() {
                    is_routine = true;
                    looking = look(0).boxed_local().fuse();
                }
            },
            nudge = nudges.next() => match nudge {
                // A sleep may have cut the connection without a word.
                Some(Nudge::Wake) => again = true,
                Some(Nudge::Offline) => return End::Lost { answered: false },
                Some(Nudge::Stop) | None => return End::Stopped,
            },
        }
        if again && looking.is_terminated() {
            again = false;
            is_routine = false;
            let wait = (looked_at + GAP - js_sys::Date::now()).clamp(0.0, GAP);
            looking = look(wait as u32).boxed_local().fuse();
        }
    }
}

/// Counts changes until the connection is gone.
async fn count(
    changed: RwSignal<u32>,
    is_news: fn(&EventData) -> bool,
    socket: &mut WebSocket,
    nudges: &mut UnboundedReceiver<Nudge>,
) -> End {
    loop {
        select! {
            message = socket.next().fuse() => match message {
                Some(Ok(Message::Text(text))) => match heard(&text) {
                    // A reset says that something was left out: as good a reason to look again.
                    Heard::Event(data) if !is_news(&data) => {}
                    Heard::Event(_) | Heard::Reset => {
                        changed.try_update(|changed| *changed += 1);
                    }
                    Heard::Gone => return End::SignedOut,
                    Heard::Nothing => {}
                },
                Some(Ok(Message::Bytes(_))) => {}
                Some(Err(_)) | None => return End::Lost { answered: true },
            },
            nudge = nudges.next() => match nudge {
                Some(Nudge::Wake) => {}
                Some(Nudge::Offline) => return End::Lost { answered: false },
                Some(Nudge::Stop) | None => return End::Stopped,
            },
        }
    }
}

impl Listener {
    fn connected(self, connection: Connection) {
        if let Listener::Board(board) = self {
            board.connection.try_set(connection);
        }
    }
}

/// What a message says.
enum Heard {
    Event(EventData),
    /// Something was left out.
    Reset,
    /// Whoever listens may not any more.
    Gone,
    /// A kind of message that this page is too old for.
    Nothing,
}

fn heard(text: &str) -> Heard {
    if let Ok(event) = serde_json::from_str::<Event>(text) {
        return Heard::Event(event.data);
    }
    // Of what is no event there are two kinds; their words are in no other message's first part.
    if text.contains("\"kind\":\"reset\"") {
        Heard::Reset
    } else if text.contains("\"code\":\"unauthenticated\"") {
        Heard::Gone
    } else {
        Heard::Nothing
    }
}

/// Asks the program what goes on, after a while.
async fn look(wait: u32) -> Result<BoardNow, ApiError> {
    if wait > 0 {
        TimeoutFuture::new(wait).await;
    }
    let mut asking = std::pin::pin!(get_board().fuse());
    let mut late = TimeoutFuture::new(PATIENCE).fuse();
    select! {
        answer = asking => answer,
        () = late => Err(ApiError::Lost),
    }
}

/// What a look that came to nothing means.
fn refused(board: LiveBoard, error: &ApiError) -> End {
    if error.is_signed_out() {
        return End::SignedOut;
    }
    // It answered, and not to this page: the program has become another.
    if matches!(error, ApiError::Garbled(_)) {
        board.outdated.try_set(true);
    }
    End::Lost { answered: false }
}

fn show(board: LiveBoard, now: BoardNow) {
    board.heard.try_set(Some(js_sys::Date::now()));
    board.show(now);
}
