//! Deadlines and cancellation for calls that know neither.
//!
//! libgit2 calls back only while bytes come in, so a stalled server would hold its caller for as long
//! as it likes. The work runs on a thread of its own: the caller waits for it, for the deadline or for
//! the token, whichever comes first, and then leaves it behind. A thread that was left behind ends at
//! its next callback, or at the latest when the socket has been silent for [`SILENCE`].

use std::sync::Once;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::error::GitError;
use super::{Bounds, Progress};

/// The longest that a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(30);
/// The longest that a connection may be silent. Servers that pack say something every five seconds.
const SILENCE: Duration = Duration::from_secs(60);
/// How often the token is looked at.
const TICK: Duration = Duration::from_millis(25);
/// How long work that was told to stop may take to say how far it came.
const GRACE: Duration = Duration::from_millis(200);

/// When to give up.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    deadline: Instant,
    cancel: CancellationToken,
    place: String,
}

impl Guard {
    pub(super) fn new(bounds: &Bounds, place: &str) -> Self {
        // A deadline beyond what the clock can count is as good as a year.
        let now = Instant::now();
        let year = Duration::from_secs(365 * 24 * 3600);
        let deadline = now.checked_add(bounds.deadline).unwrap_or(now + year);
        Self { deadline, cancel: bounds.cancel.clone(), place: place.to_owned() }
    }

    /// An error once it is time to give up.
    pub(super) fn check(&self) -> Result<(), GitError> {
        if self.cancel.is_cancelled() {
            Err(GitError::canceled())
        } else if Instant::now() >= self.deadline {
            Err(GitError::timeout(&self.place))
        } else {
            Ok(())
        }
    }

    /// The same for callbacks.
    pub(super) fn goes_on(&self) -> bool {
        self.check().is_ok()
    }

    /// What is left, for a part of the work.
    pub(super) fn bounds(&self) -> Bounds {
        Bounds { deadline: self.deadline.saturating_duration_since(Instant::now()), cancel: self.cancel.clone() }
    }

    /// Waits a moment before something is tried again.
    pub(super) fn pause(&self) -> Result<(), GitError> {
        self.check()?;
        std::thread::sleep(TICK.min(self.deadline.saturating_duration_since(Instant::now())));
        self.check()
    }
}

/// Where work reports how far it is; reports that nobody reads in time are dropped.
#[derive(Clone)]
pub(super) struct Reporter<T>(SyncSender<Message<T>>);

impl<T> Reporter<T> {
    pub(super) fn tell(&self, progress: Progress) {
        let _ = self.0.try_send(Message::Progress(progress));
    }
}

enum Message<T> {
    Progress(Progress),
    Done(Result<T, GitError>),
}

/// Runs work that may block for ever, for no longer than the guard allows.
pub(super) fn run<T: Send + 'static>(
    guard: &Guard,
    progress: &mut dyn FnMut(Progress),
    work: impl FnOnce(&Guard, &Reporter<T>) -> Result<T, GitError> + Send + 'static,
) -> Result<T, GitError> {
    limit_sockets();
    guard.check()?;
    let (sender, receiver) = sync_channel(16);
    let theirs = guard.clone();
    std::thread::Builder::new()
        .name("git".to_owned())
        .spawn(move || {
            let reporter = Reporter(sender);
            let result = work(&theirs, &reporter);
            // Nobody listens any more where the caller has given up.
            let _ = reporter.0.send(Message::Done(result));
        })
        .map_err(|error| GitError::io("git", &error))?;
    loop {
        match receiver.recv_timeout(TICK) {
            Ok(Message::Progress(now)) => progress(now),
            // What a callback broke off says "canceled by callback": the guard knows why.
            Ok(Message::Done(Err(error))) => return Err(guard.check().err().unwrap_or(error)),
            Ok(Message::Done(Ok(value))) => return Ok(value),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(broken()),
        }
        if let Err(error) = guard.check() {
            drain(&receiver);
            return Err(error);
        }
    }
}

/// Gives the work a moment to end by itself, so that its locks are free again as a rule.
fn drain<T>(receiver: &Receiver<Message<T>>) {
    let until = Instant::now() + GRACE;
    while let Ok(Message::Progress(_)) = receiver.recv_timeout(until.saturating_duration_since(Instant::now())) {}
}

fn broken() -> GitError {
    GitError::other(launchway_domain::Text::new(
        "Reading the repository broke inside Launchway. The program's log has the cause.",
        "Launchway 在读取仓库时内部出错，原因见程序日志。",
    ))
}

/// Bounds libgit2's sockets, once per process.
fn limit_sockets() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: each call stores one C int. Every connection of this program is made by this module,
        // after this has returned, so nothing reads them meanwhile.
        #[allow(unsafe_code)]
        let set = unsafe {
            git2::opts::set_server_connect_timeout_in_milliseconds(CONNECT.as_millis() as i32)
                .and_then(|()| git2::opts::set_server_timeout_in_milliseconds(SILENCE.as_millis() as i32))
        };
        if let Err(error) = set {
            tracing::warn!(%error, "libgit2 takes no socket timeouts");
        }
    });
}
