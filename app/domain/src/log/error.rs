//! What a line that tells of an error looks like.

/// Words that tell of an error, in small letters; they count as whole words only.
const WORDS: [&str; 16] = [
    "error",
    "fatal",
    "panic",
    "panicked",
    "exception",
    "traceback",
    "failed",
    "failure",
    "fail",
    "abort",
    "aborted",
    "denied",
    "segfault",
    "critical",
    "err",
    "cannot",
];

/// What else does, wherever it stands.
const PHRASES: [&str; 6] =
    ["not found", "no such file", "command not found", "undefined reference", "out of memory", "timed out"];

/// What takes the meaning out of such a word.
const HARMLESS: [&str; 10] = [
    "0 error",
    "no error",
    "0 fail",
    "no fail",
    "errors: 0",
    "error: 0",
    "failed: 0",
    "failures: 0",
    "errors=0",
    "without error",
];

/// Whether a line, as it is shown, looks as if it told of an error.
pub fn looks_like_error(line: &str) -> bool {
    // Most lines do not: one look without making anything.
    let has = |phrase: &str| contains(line, phrase, Edge::Any);
    let suspicious = WORDS.iter().any(|word| contains(line, word, Edge::Word))
        || PHRASES.iter().any(|phrase| has(phrase))
        // A type of exception: ValueError, NullPointerException.
        || line.contains("Error:")
        || line.contains("Exception:");
    suspicious && !HARMLESS.iter().any(|phrase| contains(line, phrase, Edge::Start))
}

/// What has to stand around a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    /// Anything.
    Any,
    /// No letter before it.
    Start,
    /// No letter before it, and none behind it but the `s` of a plural.
    Word,
}

/// Whether a text in small ASCII letters stands in a line, whatever the case.
fn contains(line: &str, small: &str, edge: Edge) -> bool {
    let (line, small) = (line.as_bytes(), small.as_bytes());
    let Some(last) = line.len().checked_sub(small.len()) else { return false };
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    (0..=last).any(|at| {
        line[at].to_ascii_lowercase() == small[0] && line[at..at + small.len()].eq_ignore_ascii_case(small) && {
            let before = at.checked_sub(1).and_then(|at| line.get(at));
            let end = at + small.len();
            let after = line.get(end);
            let plural = after.is_some_and(|byte| byte.eq_ignore_ascii_case(&b's')) && !is_word(line.get(end + 1));
            match edge {
                Edge::Any => true,
                Edge::Start => !is_word(before),
                Edge::Word => !is_word(before) && (!is_word(after) || plural),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_look_like_errors() {
        for line in [
            "error[E0308]: mismatched types",
            "npm ERR! code ELIFECYCLE",
            "make: *** [all] Error 2",
            "fatal: not a git repository",
            "sh: 1: foo: not found",
            "Traceback (most recent call last):",
            "ValueError: nope",
            "java.lang.NullPointerException: x",
            "thread 'main' panicked at src/main.rs:1:1",
            "10 errors, 1 warning",
            "test result: FAILED. 3 passed",
            "bash: ./x: Permission denied",
        ] {
            assert!(looks_like_error(line), "{line}");
        }
    }

    #[test]
    fn what_only_speaks_of_them_does_not() {
        for line in [
            "compiled with 0 errors, 3 warnings",
            "no errors found",
            "test result: ok. 12 passed; 0 failed; 0 ignored",
            "Errors: 0",
            "of terrors and mirrors",
            "downloading failsafe_2.0",
            "",
            "done",
        ] {
            assert!(!looks_like_error(line), "{line}");
        }
    }
}
