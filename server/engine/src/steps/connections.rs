//! One SSH session per server and release, kept between its steps.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use launchway_domain::{ServerId, Text};

use super::Context;
use crate::planner::Target;
use crate::shell::{Limits, Reach, Shell, ShellError};
use crate::ssh::{Endpoint, Session};

/// The sessions of one run.
#[derive(Default)]
pub(crate) struct Connections {
    sessions: Mutex<HashMap<ServerId, Session>>,
}

impl Connections {
    /// Ends them all: the run pauses for long.
    pub(crate) fn close(&self) {
        let open = std::mem::take(&mut *self.sessions.lock().unwrap_or_else(PoisonError::into_inner));
        // Saying good-bye may block.
        drop(tokio::task::spawn_blocking(move || drop(open)));
    }

    fn take(&self, server: ServerId) -> Option<Session> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).remove(&server)
    }

    fn keep(&self, server: ServerId, session: Session) {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).insert(server, session);
    }
}

/// A new session with a server.
fn connect(context: &Context, target: &Target, limits: &Limits) -> Result<Session, ShellError> {
    let opened = match context.credentials.get(&target.credential_id) {
        Some(Ok(opened)) => opened,
        Some(Err(text)) => return Err(ShellError::Lost(text.clone())),
        None => {
            return Err(ShellError::Lost(Text::new(
                "The server's credential is gone. Choose another one for it, then retry.",
                "该服务器的凭据已不存在，请为其选择其他凭据后重试。",
            )));
        }
    };
    let (username, auth) = opened.for_server().map_err(|fault| ShellError::Lost(fault.detail()))?;
    let endpoint = Endpoint {
        hostname: target.hostname.clone(),
        address: target.address.clone(),
        port: target.port,
        username,
        auth,
        host_key: target.host_key.clone(),
    };
    Ok(Session::connect(&endpoint, limits.deadline, &limits.cancel)?)
}

/// What a step speaks with a server through: it takes over the session of the step before, connects
/// when it is first used, and again after [`Reach::hang_up`]. A step that went well hands the session
/// on by [`Line::keep`]; after one that did not, the next connects anew.
pub(super) struct Line<'a> {
    context: &'a Context,
    target: &'a Target,
    limits: Limits,
    session: Option<Session>,
}

impl<'a> Line<'a> {
    /// A line to a server; `limits` bound each connecting.
    pub(super) fn new(context: &'a Context, target: &'a Target, limits: Limits) -> Self {
        Self { context, target, limits, session: context.connections.take(target.server_id) }
    }

    /// Hands the session on to the server's next step.
    pub(super) fn keep(mut self) {
        if let Some(session) = self.session.take() {
            self.context.connections.keep(self.target.server_id, session);
        }
    }
}

impl Reach for Line<'_> {
    fn shell(&mut self) -> Result<&mut dyn Shell, ShellError> {
        let session = match self.session.take() {
            Some(session) => session,
            None => connect(self.context, self.target, &self.limits)?,
        };
        Ok(self.session.insert(session))
    }

    fn hang_up(&mut self) {
        self.session = None;
    }
}
