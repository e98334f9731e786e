//! Waiting for file descriptors with a time limit that somebody may cut short.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio_util::sync::CancellationToken;

/// How long one wait lasts at most: within this time a cancellation is noticed.
const SLICE: Duration = Duration::from_millis(50);

/// Why a wait ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The time is up.
    Deadline,
    /// Somebody stopped it.
    Canceled,
}

/// A time limit and a token that ends it early.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    until: Instant,
    limit: Duration,
    cancel: CancellationToken,
}

impl Watch {
    /// From now on.
    pub(crate) fn new(limit: Duration, cancel: &CancellationToken) -> Self {
        let now = Instant::now();
        // A limit beyond what the clock can say is a year: nothing here runs that long.
        let until = now.checked_add(limit).unwrap_or_else(|| now + Duration::from_secs(31_536_000));
        Self { until, limit, cancel: cancel.clone() }
    }

    /// The limit that it began with.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    /// What is left of it.
    pub(crate) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// The same, but ending after `limit` if that is sooner.
    pub(crate) fn at_most(&self, limit: Duration) -> Self {
        Self { until: self.until.min(Instant::now() + limit), limit: self.limit, cancel: self.cancel.clone() }
    }

    /// Whether to go on.
    pub(crate) fn check(&self) -> Result<(), Stop> {
        if self.cancel.is_cancelled() {
            Err(Stop::Canceled)
        } else if self.left().is_zero() {
            Err(Stop::Deadline)
        } else {
            Ok(())
        }
    }

    /// Waits a little for any of the descriptors; returns also when nothing came, so that callers look
    /// again at whatever they wait for.
    pub(crate) fn poll(&self, fds: &mut [PollFd<'_>]) -> Result<(), Stop> {
        self.check()?;
        let slice = SLICE.min(self.left()).max(Duration::from_millis(1));
        match poll(fds, PollTimeout::try_from(slice).unwrap_or(PollTimeout::ZERO)) {
            Ok(_) | Err(Errno::EINTR) => self.check(),
            Err(_) => {
                std::thread::sleep(slice);
                self.check()
            }
        }
    }

    /// The same for one descriptor.
    pub(crate) fn poll_one(&self, fd: BorrowedFd<'_>, flags: PollFlags) -> Result<(), Stop> {
        self.poll(&mut [PollFd::new(fd, flags)])
    }

    /// Sleeps, or less where there is a reason to stop.
    pub(crate) fn sleep(&self, time: Duration) -> Result<(), Stop> {
        let end = Instant::now() + time;
        loop {
            self.check()?;
            let left = end.saturating_duration_since(Instant::now()).min(self.left());
            if left.is_zero() {
                return self.check();
            }
            std::thread::sleep(left.min(SLICE));
        }
    }
}
