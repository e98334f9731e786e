//! A server that is reached when it is needed, and again after a connection broke.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Endpoint, Session};
use crate::shell::{Reach, Shell, ShellError};

/// One server, and the session with it while there is one.
#[derive(Debug)]
pub struct Redial<'a> {
    endpoint: &'a Endpoint,
    deadline: Duration,
    session: Option<Session>,
}

impl<'a> Redial<'a> {
    /// A server that is not connected to yet; each connecting may take as long as `deadline`. Nobody cuts it short: what
    /// was begun there has to be tidied up, also for whoever does not want it any more.
    pub fn new(endpoint: &'a Endpoint, deadline: Duration) -> Self {
        Self { endpoint, deadline, session: None }
    }
}

impl Reach for Redial<'_> {
    fn shell(&mut self) -> Result<&mut dyn Shell, ShellError> {
        let session = match self.session.take() {
            Some(session) => session,
            None => Session::connect(self.endpoint, self.deadline, &CancellationToken::new())?,
        };
        Ok(self.session.insert(session))
    }

    fn hang_up(&mut self) {
        self.session = None;
    }
}
