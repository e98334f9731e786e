//! What people do on the servers of an environment besides releasing: run a command, fetch files.

use serde::{Deserialize, Serialize};

use super::{Form, message};
use crate::fault::FieldError;
use crate::id::ServerId;
use crate::text::Text;

/// The longest command, in bytes.
const MAX_COMMAND_BYTES: usize = 16 * 1024;
/// The longest time that a command may be given, in seconds, and what it is given where nobody says.
const MAX_COMMAND_SECONDS: u32 = 3600;
/// The time that a command is given where nobody says, in seconds.
pub const COMMAND_SECONDS: u32 = 60;
/// The longest path to fetch, in bytes.
const MAX_PATH: usize = 1024;
/// The most bytes that are fetched from one server.
pub const MAX_FILES_BYTES: u64 = 256 << 20;

/// One command for some servers, as somebody types it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CommandForm {
    /// The text, for `sh`.
    pub command: String,
    /// The servers, of the environment's; all of them where absent or empty.
    #[serde(default)]
    pub server_ids: Vec<ServerId>,
    /// How long it may take on each server, in seconds: 1 to 3600; 60 where absent.
    #[serde(default)]
    pub timeout_s: Option<u32>,
}

impl CommandForm {
    /// How long it may take, in seconds.
    pub fn seconds(&self) -> u32 {
        self.timeout_s.unwrap_or(COMMAND_SECONDS)
    }
}

impl Form for CommandForm {
    fn errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, code: &str, text: Text| errors.push(FieldError::new(field, code, text));
        if self.command.trim().is_empty() {
            wrong("command", "required", message("required"));
        } else if self.command.len() > MAX_COMMAND_BYTES {
            wrong("command", "too_long", message("too_long"));
        } else if self.command.contains('\0') {
            wrong("command", "nul", message("nul"));
        }
        if !(1..=MAX_COMMAND_SECONDS).contains(&self.seconds()) {
            wrong(
                "timeout_s",
                "out_of_range",
                crate::text!("From 1 to {MAX_COMMAND_SECONDS} seconds.", "应为 1 到 {MAX_COMMAND_SECONDS} 秒。"),
            );
        }
        errors
    }
}

/// A file or folder to fetch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FilesForm {
    /// The path below the environment's folder, such as `current/logs/app.log`; `.` is that folder itself. Administrators
    /// may name an absolute path instead.
    pub path: String,
    /// The servers, of the environment's; all of them where absent or empty.
    #[serde(default)]
    pub server_ids: Vec<ServerId>,
    /// The most bytes to take from one server; 268435456 at most, and where absent.
    #[serde(default)]
    pub max_bytes: Option<u64>,
}

impl FilesForm {
    /// Whether the path may lie anywhere on the server.
    pub fn is_absolute(&self) -> bool {
        self.path.starts_with('/')
    }

    /// The most bytes from one server.
    pub fn limit(&self) -> u64 {
        self.max_bytes.unwrap_or(MAX_FILES_BYTES)
    }
}

impl Form for FilesForm {
    fn errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, code: &str, text: Text| errors.push(FieldError::new(field, code, text));
        let path = self.path.as_str();
        if path.trim().is_empty() {
            wrong("path", "required", message("required"));
        } else if path.len() > MAX_PATH {
            wrong("path", "too_long", message("too_long"));
        } else if path.chars().any(char::is_control) {
            wrong("path", "control", message("control"));
        } else if path.split('/').any(|part| part == "..") {
            let text = Text::new("`..` is not allowed as a part of the path.", "路径中不能出现 .. 部分。");
            wrong("path", "path_dots", text);
        } else if path.split('/').any(|part| part == ".launchway") {
            let text = Text::new(
                "What lies in .launchway is Launchway's own and is not handed out.",
                ".launchway 中的内容供 Launchway 自用，不提供下载。",
            );
            wrong("path", "private", text);
        }
        if !(1..=MAX_FILES_BYTES).contains(&self.limit()) {
            wrong(
                "max_bytes",
                "out_of_range",
                crate::text!("From 1 to {MAX_FILES_BYTES} bytes.", "应为 1 到 {MAX_FILES_BYTES} 字节。"),
            );
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(form: &impl Form) -> Vec<String> {
        form.errors().into_iter().map(|error| format!("{} {}", error.field, error.code)).collect()
    }

    #[test]
    fn a_command_says_something_and_has_its_time() {
        let form = |command: &str, timeout_s| CommandForm { command: command.into(), timeout_s, server_ids: vec![] };
        assert!(codes(&form("uptime", None)).is_empty());
        assert_eq!(codes(&form(" \n", Some(0))), ["command required", "timeout_s out_of_range"]);
        assert_eq!(codes(&form("a\0b", Some(3601))), ["command nul", "timeout_s out_of_range"]);
        assert_eq!(codes(&form(&"x".repeat(MAX_COMMAND_BYTES + 1), None)), ["command too_long"]);
    }

    #[test]
    fn a_path_leads_nowhere_else() {
        let form = |path: &str| FilesForm { path: path.into(), ..Default::default() };
        for good in ["logs/app.log", ".", "current", "/var/log/nginx", "a..b/c"] {
            assert!(codes(&form(good)).is_empty(), "{good}");
        }
        for (bad, code) in [
            ("", "required"),
            ("../etc/passwd", "path_dots"),
            ("logs/..", "path_dots"),
            ("a\nb", "control"),
            (".launchway/hooks", "private"),
        ] {
            assert_eq!(codes(&form(bad)), [format!("path {code}")], "{bad}");
        }
        assert_eq!(codes(&FilesForm { max_bytes: Some(0), ..form("a") }), ["max_bytes out_of_range"]);
    }
}
