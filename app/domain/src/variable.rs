//! What the hooks of an environment are given besides what Launchway says of the release.

use serde::{Deserialize, Serialize};

use crate::fault::FieldError;
use crate::form::{Form, message};
use crate::text;
use crate::text::Text;
use crate::time::Timestamp;

/// The most variables of one environment.
pub const MAX_VARIABLES: usize = 100;
/// The longest value, in bytes. Linux hands no program a longer one than twice that.
pub const MAX_VALUE: usize = 64 << 10;
/// The most that all values of an environment come to, in bytes: all of them go through one call of the system.
pub const MAX_VALUES: usize = 512 << 10;
/// The longest name, in bytes.
const MAX_NAME: usize = 100;
/// Shorter secrets cannot be masked: every place where those letters stand would be. In characters.
const SHORTEST_SECRET: usize = 4;

/// Names that are not given: what a shell, the system's loader and Launchway go by.
const RESERVED: [&str; 25] = [
    "PATH",
    "IFS",
    "ENV",
    "HOME",
    "PWD",
    "OLDPWD",
    "TMPDIR",
    "SHELL",
    "UID",
    "EUID",
    "PPID",
    "PS1",
    "PS2",
    "PS4",
    "_",
    "OPTIND",
    "OPTARG",
    "LINENO",
    "CDPATH",
    "BASH_ENV",
    "BASHOPTS",
    "SHELLOPTS",
    "BASH_VERSINFO",
    "POSIXLY_CORRECT",
    "FUNCNAME",
];

/// One variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Variable {
    /// What hooks call it.
    pub name: String,
    /// Whether nobody is shown its value, and logs are masked.
    pub secret: bool,
    /// Its value; null where it is secret.
    pub value: Option<String>,
    /// When it was last set.
    pub updated_at: Timestamp,
    /// Who set it.
    pub updated_by_name: String,
}

/// The value that a variable is to have.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct VariableForm {
    /// The value, at most 64 KiB; may have several lines.
    pub value: String,
    /// Whether it is a secret: sealed, never shown again, and masked in every log.
    #[serde(default)]
    pub secret: bool,
}

impl std::fmt::Debug for VariableForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VariableForm").field("secret", &self.secret).finish_non_exhaustive()
    }
}

impl Form for VariableForm {
    fn errors(&self) -> Vec<FieldError> {
        let error = |code: &str, text| vec![FieldError::new("value", code, text)];
        if self.value.len() > MAX_VALUE {
            return error("too_long", Text::new("At most 64 KiB.", "最多 64 KiB。"));
        }
        if self.value.contains('\0') {
            return error("nul", message("nul"));
        }
        // What is looked for in a log is each line of it.
        let longest = self.value.lines().map(|line| line.trim().chars().count()).max().unwrap_or(0);
        if self.secret && longest < SHORTEST_SECRET {
            return error(
                "secret_short",
                text!(
                    "A secret has at least {SHORTEST_SECRET} characters in a line: shorter ones cannot be masked without masking half of every log.",
                    "密文至少有一行不少于 {SHORTEST_SECRET} 个字符：更短的内容无法在日志中遮盖。"
                ),
            );
        }
        Vec::new()
    }
}

/// What is wrong with a name; none where it may be given to hooks.
pub fn name_error(name: &str) -> Option<FieldError> {
    let well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let error = |code: &str, text| Some(FieldError::new("name", code, text));
    if name.is_empty() {
        error("required", message("required"))
    } else if name.len() > MAX_NAME {
        error("too_long", message("too_long"))
    } else if !well {
        error(
            "variable_name",
            Text::new(
                "Letters, digits and underscores only, not beginning with a digit: DATABASE_URL.",
                "只能使用字母、数字和下划线，且不以数字开头，例如 DATABASE_URL。",
            ),
        )
    } else if name.starts_with("LAUNCHWAY_") {
        error(
            "reserved",
            Text::new(
                "Names that begin with LAUNCHWAY_ are Launchway's own.",
                "以 LAUNCHWAY_ 开头的名称由 Launchway 保留。",
            ),
        )
    } else if RESERVED.contains(&name) || name.starts_with("LD_") {
        error(
            "reserved",
            text!(
                "{name} is what the shell itself goes by. Set it within the hook.",
                "{name} 是 shell 自身使用的变量，请在钩子内设置。"
            ),
        )
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_hooks_may_be_given() {
        for (name, expected) in [
            ("DATABASE_URL", ""),
            ("_x1", ""),
            ("PATHS", ""),
            ("", "required"),
            ("1A", "variable_name"),
            ("A-B", "variable_name"),
            ("A=B", "variable_name"),
            ("A\nB", "variable_name"),
            ("名称", "variable_name"),
            ("LAUNCHWAY_TOKEN", "reserved"),
            ("PATH", "reserved"),
            ("LD_PRELOAD", "reserved"),
            ("UID", "reserved"),
        ] {
            assert_eq!(name_error(name).map(|error| error.code).unwrap_or_default(), expected, "{name:?}");
        }
        assert_eq!(name_error(&"A".repeat(101)).unwrap().code, "too_long");
    }

    #[test]
    fn secrets_that_cannot_be_masked_are_refused() {
        let code = |value: &str, secret| {
            let form = VariableForm { value: value.into(), secret };
            form.errors().first().map(|error| error.code.clone()).unwrap_or_default()
        };
        assert_eq!(code("abc", true), "secret_short");
        assert_eq!(code("密码", true), "secret_short");
        assert_eq!(code("a\nb\nc\nd\n", true), "secret_short");
        assert_eq!(code("  abc  ", true), "secret_short");
        assert_eq!(code("abcd", true), "");
        assert_eq!(code("", false), "");
        assert_eq!(code("a\0b", false), "nul");
        assert_eq!(code(&"x".repeat(MAX_VALUE + 1), false), "too_long");
        assert!(!format!("{:?}", VariableForm { value: "hunter2".into(), secret: true }).contains("hunter2"));
    }
}
