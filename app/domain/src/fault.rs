//! Why a call was not carried out, in the terms of the person who made it.

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// One thing that is wrong with one field of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field's name as in the JSON body, with dots for what is nested: `hooks.before_deploy`.
    pub field: String,
    /// A stable word for scripts: `required`, `too_long`, `taken` …
    pub code: String,
    /// What to do about it.
    pub message: Text,
}

impl FieldError {
    /// An error at `field`.
    pub fn new(field: impl Into<String>, code: impl Into<String>, message: Text) -> Self {
        Self { field: field.into(), code: code.into(), message }
    }
}

/// Why a service call was not carried out. The faces (REST, server functions, command line) turn it
/// into a status and into the reader's language; nothing in it is a secret or a stack trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nobody is signed in, or the token is unknown (401).
    Unauthenticated,
    /// The actor may not do this (403).
    Forbidden {
        /// Which permission is missing.
        detail: Text,
    },
    /// There is no such thing (404).
    NotFound {
        /// What was looked for.
        detail: Text,
    },
    /// It was there and was removed (410).
    Gone {
        /// What was, and why.
        detail: Text,
    },
    /// The state does not allow it (409).
    Conflict {
        /// Why not, and what would.
        detail: Text,
        /// The fields with which it would be, for callers that fill them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        errors: Vec<FieldError>,
    },
    /// Somebody changed the thing since it was read (412).
    Changed {
        /// What it is now, where that differs from what was wanted.
        detail: Text,
        /// The version that it has now.
        version: i64,
    },
    /// Fields are wrong (422).
    Invalid {
        /// At least one.
        errors: Vec<FieldError>,
    },
    /// Too many tries (429).
    TooMany {
        /// Seconds until the next try is heard.
        retry_after: u64,
    },
    /// Something that Launchway asked, such as a Git host, did not do its part (502).
    Upstream {
        /// What was asked and what went wrong.
        detail: Text,
    },
    /// A defect or a broken database (500). The cause is in the program's log under `reference`.
    Internal {
        /// What to look for in the log.
        reference: String,
    },
}

impl Fault {
    /// A fault at a single field.
    pub fn field(field: &str, code: &str, message: Text) -> Self {
        Self::Invalid { errors: vec![FieldError::new(field, code, message)] }
    }

    /// The state does not allow it.
    pub fn conflict(detail: Text) -> Self {
        Self::Conflict { detail, errors: Vec::new() }
    }

    /// There is no such thing.
    pub fn not_found(detail: Text) -> Self {
        Self::NotFound { detail }
    }

    /// The HTTP status (RFC 9110) that says it.
    pub fn status(&self) -> u16 {
        match self {
            Fault::Unauthenticated => 401,
            Fault::Forbidden { .. } => 403,
            Fault::NotFound { .. } => 404,
            Fault::Gone { .. } => 410,
            Fault::Conflict { .. } => 409,
            Fault::Changed { .. } => 412,
            Fault::Invalid { .. } => 422,
            Fault::TooMany { .. } => 429,
            Fault::Upstream { .. } => 502,
            Fault::Internal { .. } => 500,
        }
    }

    /// A sentence for the person.
    pub fn detail(&self) -> Text {
        match self {
            Fault::Unauthenticated => {
                Text::new("Sign in first, or send a valid API token.", "请先登录，或提供有效的 API 令牌。")
            }
            Fault::Forbidden { detail }
            | Fault::NotFound { detail }
            | Fault::Gone { detail }
            | Fault::Conflict { detail, .. }
            | Fault::Changed { detail, .. }
            | Fault::Upstream { detail } => detail.clone(),
            Fault::Invalid { errors } => match errors.as_slice() {
                [one] => one.message.clone(),
                _ => Text::new("Some fields need attention.", "有些字段需要修改。"),
            },
            Fault::TooMany { retry_after } => crate::text!(
                "Too many tries. Wait {retry_after} seconds, then try again.",
                "尝试次数过多，请等待 {retry_after} 秒后再试。"
            ),
            Fault::Internal { reference } => crate::text!(
                "Something broke inside Launchway. The log has the cause under reference {reference}.",
                "Launchway 内部出错，原因记录在日志中，编号 {reference}。"
            ),
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.detail().fmt(f)
    }
}

impl std::error::Error for Fault {}
