//! Why a client command did not do its work, and the exit status that says so.

use launchway_domain::{Text, text};
use serde::Deserialize;
use serde_json::Value;

use crate::cli::say;

/// The exit status of a release that failed, and of every error that has none of its own.
pub(super) const FAILED: u8 = 1;
/// The exit status of a command line that means nothing; clap's own.
pub(super) const USAGE: u8 = 2;
/// The exit status of a release that was canceled.
pub(super) const CANCELED: u8 = 3;
/// The exit status of somebody who may not do that.
pub(super) const REFUSED: u8 = 4;
/// The exit status where the server is not reached, or not any more, or not in time.
pub(super) const LOST: u8 = 5;
/// The exit status after Ctrl-C: 128 and the signal's number, as shells have it.
pub(super) const INTERRUPTED: u8 = 130;

/// What every answer of a command is about, for `--help` and the documentation.
pub(super) const STATUSES: &str = "Exit status: 0 succeeded; 1 the release failed, or an error; 2 the command line means \
nothing; 3 the release was canceled; 4 not signed in, or not allowed; 5 the server was not reached, or not in time; \
130 interrupted by Ctrl-C.";

/// Why a command did not do its work.
#[derive(Debug)]
pub(super) enum Trouble {
    /// What people read.
    Said(Text),
    /// The command line means nothing.
    Usage(Text),
    /// The server was not reached, or not any more, or not in time.
    Lost(Text),
    /// Nobody is signed in.
    SignedOut(Text),
    /// What the server said.
    Answered(Box<Problem>),
    /// Everything is said; only the exit status is left.
    Ended(u8),
}

/// The result of every step of a command.
pub(super) type Outcome<T> = Result<T, Trouble>;

/// The server's reason (RFC 9457).
#[derive(Debug, Default)]
pub(super) struct Problem {
    /// The HTTP status.
    pub(super) status: u16,
    /// What went wrong and what to do.
    pub(super) detail: String,
    /// What is wrong with which field.
    pub(super) errors: Vec<FieldProblem>,
    /// The whole document.
    pub(super) json: Value,
}

/// What is wrong with one field.
#[derive(Debug, Deserialize)]
pub(super) struct FieldProblem {
    /// The field's name.
    pub(super) field: String,
    /// What to do about it.
    pub(super) message: String,
}

impl Problem {
    /// Whether it is about one field.
    pub(super) fn is_at(&self, field: &str) -> bool {
        self.errors.iter().any(|error| error.field == field)
    }
}

impl Trouble {
    /// Something failed while `doing`.
    pub(super) fn new(doing: &Text, cause: impl std::fmt::Display) -> Self {
        let Text { en, zh } = doing;
        Self::Said(text!("{en}: {cause}", "{zh}：{cause}"))
    }

    /// The exit status.
    pub(super) fn status(&self) -> u8 {
        match self {
            Trouble::Said(_) => FAILED,
            Trouble::Usage(_) => USAGE,
            Trouble::Lost(_) => LOST,
            Trouble::SignedOut(_) => REFUSED,
            Trouble::Answered(problem) => match problem.status {
                401 | 403 => REFUSED,
                502..=504 => LOST,
                _ => FAILED,
            },
            Trouble::Ended(status) => *status,
        }
    }

    /// Says it on standard error; as JSON on standard output too, where that was asked for.
    pub(super) fn tell(&self, json: bool) {
        match self {
            Trouble::Said(text) | Trouble::Usage(text) | Trouble::Lost(text) | Trouble::SignedOut(text) => {
                say::error(text.get(say::lang()));
            }
            Trouble::Answered(problem) => {
                if json {
                    say::out(&problem.json.to_string());
                }
                if problem.errors.is_empty() {
                    say::error(&problem.detail);
                }
                for FieldProblem { field, message } in &problem.errors {
                    say::error(&format!("{field}: {message}"));
                }
            }
            Trouble::Ended(_) => {}
        }
    }
}

impl From<Text> for Trouble {
    fn from(text: Text) -> Self {
        Self::Said(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_and_unreached_have_a_status_of_their_own() {
        let answered = |status| Trouble::Answered(Box::new(Problem { status, ..Problem::default() })).status();
        assert_eq!([401, 403, 404, 409, 422, 429, 500, 502, 503].map(answered), [4, 4, 1, 1, 1, 1, 1, 5, 5]);
    }
}
