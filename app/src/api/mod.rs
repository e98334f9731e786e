//! Server functions: what the pages call. Each finds who acts, calls one port, and returns its answer.

pub mod account;
pub mod audit;
pub mod board;
pub mod codec;
pub mod create;
pub mod credentials;
pub mod housekeeping;
pub mod integrations;
pub mod live;
pub mod log;
pub mod people;
pub mod policy;
pub mod projects;
pub mod queue;
pub mod releases;
pub mod remote;
pub mod rollout;
pub mod servers;
pub mod snapshot;
pub mod system;
pub mod takes;
pub mod templates;
pub mod walls;
pub mod ways;

/// Says what it takes to call a server function: a permission, or `Nothing`. It stands behind each of them; one without
/// is refused by the program, and fails a test.
macro_rules! needs {
    ($function:ident, Nothing) => {
        $crate::api::needs!(@ $function, launchway_domain::Needs::Nothing);
    };
    ($function:ident, $permission:ident) => {
        $crate::api::needs!(@ $function, launchway_domain::Needs::Permission(launchway_domain::Permission::$permission));
    };
    (@ $function:ident, $needs:expr) => {
        #[cfg(feature = "ssr")]
        inventory::submit! {
            $crate::api::Declared { path: <$function as leptos::server_fn::ServerFn>::PATH, needs: $needs }
        }
    };
}
pub(crate) use needs;

use std::fmt;

use launchway_domain::{Fault, Text};
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use crate::text::common;

/// What it takes to call the server function at a path.
#[cfg(feature = "ssr")]
pub struct Declared {
    /// The function's address.
    pub path: &'static str,
    /// What it takes.
    pub needs: launchway_domain::Needs,
}

#[cfg(feature = "ssr")]
inventory::collect!(Declared);

/// What it takes to call the server function at a path; none where nothing was said.
#[cfg(feature = "ssr")]
pub fn needs_of(path: &str) -> Option<launchway_domain::Needs> {
    inventory::iter::<Declared>.into_iter().find(|declared| declared.path == path).map(|declared| declared.needs)
}

/// Why a call came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiError {
    /// The backend refused it.
    Fault(Fault),
    /// It never arrived, or its answer did not: the connection.
    Lost,
    /// One side did not understand the other: a form without its fields, a page older than the program.
    Garbled(String),
}

impl ApiError {
    /// A sentence for the person.
    pub fn detail(&self) -> Text {
        match self {
            ApiError::Fault(fault) => fault.detail(),
            ApiError::Lost => common::LOST,
            ApiError::Garbled(_) => common::UNKNOWN_ANSWER,
        }
    }

    /// The backend's refusal, where it is one.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            ApiError::Fault(fault) => Some(fault),
            _ => None,
        }
    }

    /// Whether the visitor has to sign in first.
    pub fn is_signed_out(&self) -> bool {
        matches!(self, ApiError::Fault(Fault::Unauthenticated))
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.detail().fmt(f)
    }
}

impl std::error::Error for ApiError {}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl FromServerFnError for ApiError {
    type Encoder = codec::TextJson;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => ApiError::Lost,
            other => {
                #[cfg(feature = "ssr")]
                host::misunderstood(&other);
                ApiError::Garbled(other.to_string())
            }
        }
    }
}

/// What the server functions stand on.
#[cfg(feature = "ssr")]
pub(crate) mod host {
    use std::sync::Arc;

    use http::request::Parts;
    use http::{HeaderValue, StatusCode, header};
    use launchway_domain::{Actor, Fault};
    use leptos::prelude::use_context;
    use leptos::server_fn::error::ServerFnErrorErr;
    use leptos_axum::ResponseOptions;

    use super::ApiError;
    use crate::ports::{BrowserSession, Ports};

    fn missing(what: &str) -> Fault {
        Fault::Internal { reference: format!("no {what} in the context") }
    }

    /// Who acts: the one that the session or the token names.
    pub(crate) fn actor() -> Result<Actor, Fault> {
        use_context::<Actor>().ok_or(Fault::Unauthenticated)
    }

    /// The backend.
    pub(crate) fn ports() -> Result<Ports, Fault> {
        use_context::<Ports>().ok_or_else(|| missing("ports"))
    }

    /// The session of the browser that asks.
    pub(crate) fn session() -> Result<Arc<dyn BrowserSession>, Fault> {
        use_context::<Arc<dyn BrowserSession>>().ok_or_else(|| missing("session"))
    }

    /// Passes a port's answer on. A refusal also becomes the response's status where a script asks; a form that was
    /// sent without JavaScript is led back to its page instead, and a page decides by itself.
    pub(crate) fn answer<T>(result: Result<T, Fault>) -> Result<T, ApiError> {
        result.map_err(|fault| {
            if let Ok(status) = StatusCode::from_u16(fault.status()) {
                let wait = match &fault {
                    Fault::TooMany { retry_after } => Some(*retry_after),
                    _ => None,
                };
                set_status(status, wait);
            }
            ApiError::Fault(fault)
        })
    }

    /// Arguments that cannot be read are the caller's mistake (400), not ours.
    pub(super) fn misunderstood(error: &ServerFnErrorErr) {
        use ServerFnErrorErr::{Args, Deserialization, MissingArg};
        if matches!(error, Args(_) | MissingArg(_) | Deserialization(_)) {
            set_status(StatusCode::BAD_REQUEST, None);
        }
    }

    /// The status of what a script asked for, and in how many seconds it may ask again.
    fn set_status(status: StatusCode, wait: Option<u64>) {
        let called = use_context::<Parts>().is_some_and(|parts| {
            let accept = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
            parts.uri.path().starts_with("/api/fn/") && !accept.contains("text/html")
        });
        if let (true, Some(response)) = (called, use_context::<ResponseOptions>()) {
            response.set_status(status);
            if let Some(seconds) = wait {
                response.insert_header(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
        }
    }
}
