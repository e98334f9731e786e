//! Commands as data, and whatever runs them: this host, or a server over SSH.
//!
//! Nothing that a person typed ever becomes part of a script's text. A command is a program with
//! arguments; where a shell is needed, the script is a constant of ours and every value reaches it as
//! a positional parameter. [`Command::line`] is the only place that quotes.

use std::fmt;
use std::io::Read;
use std::time::Duration;

use launchway_domain::Text;
use tokio_util::sync::CancellationToken;

/// A program and its arguments, each a byte string (paths need not be UTF-8).
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    words: Vec<Vec<u8>>,
}

impl Command {
    /// A program without arguments.
    pub fn new(program: &str) -> Self {
        Self { words: vec![program.as_bytes().to_vec()] }
    }

    /// `sh -c SCRIPT launchway ARG…`: a constant script; its arguments come by [`Command::arg`] and
    /// are `$1`, `$2` … in it.
    pub fn script(script: &'static str) -> Self {
        Self::new("sh").arg("-c").arg(script).arg("launchway")
    }

    /// One more argument.
    pub fn arg(mut self, word: impl AsRef<[u8]>) -> Self {
        self.words.push(word.as_ref().to_vec());
        self
    }

    /// More arguments.
    pub fn args<W: AsRef<[u8]>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.words.extend(words.into_iter().map(|word| word.as_ref().to_vec()));
        self
    }

    /// Program and arguments.
    pub fn words(&self) -> &[Vec<u8>] {
        &self.words
    }

    /// The command line that a POSIX shell splits into exactly these words.
    pub fn line(&self) -> Vec<u8> {
        let mut line = Vec::new();
        for (index, word) in self.words.iter().enumerate() {
            if index > 0 {
                line.push(b' ');
            }
            quote_into(word, &mut line);
        }
        line
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({})", String::from_utf8_lossy(&self.line()))
    }
}

/// One word, quoted for a POSIX shell: bare where every byte is harmless, else in single quotes, each
/// single quote within as `'\''` (POSIX.1-2024, Shell Command Language, 2.2.2).
pub fn quote(word: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(word.len() + 2);
    quote_into(word, &mut out);
    out
}

fn quote_into(word: &[u8], out: &mut Vec<u8>) {
    let harmless = |b: &u8| b.is_ascii_alphanumeric() || b"-_./:,+@%".contains(b);
    if !word.is_empty() && word.iter().all(harmless) {
        out.extend_from_slice(word);
        return;
    }
    out.push(b'\'');
    for byte in word {
        match byte {
            b'\'' => out.extend_from_slice(b"'\\''"),
            byte => out.push(*byte),
        }
    }
    out.push(b'\'');
}

/// What bounds one command.
#[derive(Clone, Debug)]
pub struct Limits {
    /// From its start to its end; the command is abandoned after that.
    pub deadline: Duration,
    /// The most that is kept of each output, in bytes; the rest is read and dropped.
    pub max_output: usize,
    /// Ends the wait early.
    pub cancel: CancellationToken,
}

impl Limits {
    /// A time limit, and 1 MiB of output.
    pub fn within(deadline: Duration, cancel: &CancellationToken) -> Self {
        Self { deadline, max_output: 1 << 20, cancel: cancel.clone() }
    }

    /// The same with room for more output, in bytes.
    pub fn max_output(mut self, bytes: usize) -> Self {
        self.max_output = bytes;
        self
    }
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its exit status; 128 plus the number where a signal ended it.
    pub status: i32,
    /// What it wrote to its standard output, up to the limit.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error, up to the limit.
    pub stderr: Vec<u8>,
}

impl Output {
    /// Whether it ended with 0.
    pub fn ok(&self) -> bool {
        self.status == 0
    }

    /// Its standard error (or, where that is empty, its standard output), for a message: trimmed,
    /// UTF-8, at most 2,000 bytes.
    pub fn complaint(&self) -> String {
        let bytes = if self.stderr.iter().all(u8::is_ascii_whitespace) { &self.stdout } else { &self.stderr };
        let end = bytes.len().min(2_000);
        String::from_utf8_lossy(&bytes[..end]).trim().to_owned()
    }
}

/// Why a command's outcome is not known.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    /// It did not end in time.
    #[error("no end within {} s", .0.as_secs())]
    Deadline(Duration),
    /// Somebody stopped the release.
    #[error("canceled")]
    Canceled,
    /// The connection broke, or could not be made.
    #[error("{0}")]
    Lost(Text),
    /// The input that was to be sent could not be read.
    #[error("reading what was to be sent: {0}")]
    Input(std::io::Error),
}

/// Something that runs commands: this host or a server. Calls block; run them on threads that may.
pub trait Shell: Send {
    /// Runs a command, feeds it `input` (then end of file), and waits for its end.
    ///
    /// # Errors
    /// Only where the outcome is not known; an exit status other than 0 is an [`Output`].
    fn run(&mut self, command: &Command, input: &mut dyn Read, limits: &Limits) -> Result<Output, ShellError>;

    /// The same without input.
    ///
    /// # Errors
    /// As [`Shell::run`].
    fn call(&mut self, command: &Command, limits: &Limits) -> Result<Output, ShellError> {
        self.run(command, &mut std::io::empty(), limits)
    }
}

/// A shell that may have to be reached anew: a server's, or this host's.
pub trait Reach {
    /// The shell, reached first where it is not.
    ///
    /// # Errors
    /// [`ShellError::Lost`] where it cannot be reached, [`ShellError::Canceled`].
    fn shell(&mut self) -> Result<&mut dyn Shell, ShellError>;

    /// Forgets a connection that broke.
    fn hang_up(&mut self);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_exactly_its_words() {
        let command = Command::new("mv").arg("-T").arg("--").arg("a b").arg("it's").arg("$(touch owned)").arg("");
        assert_eq!(String::from_utf8(command.line()).unwrap(), r"mv -T -- 'a b' 'it'\''s' '$(touch owned)' ''");
    }

    #[test]
    fn a_script_gets_values_as_parameters() {
        let command = Command::script("rm -rf -- \"$1\"").arg("/srv/;x");
        assert_eq!(String::from_utf8(command.line()).unwrap(), "sh -c 'rm -rf -- \"$1\"' launchway '/srv/;x'");
    }

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        let words: Vec<Vec<u8>> = vec![
            b"a\nb".to_vec(),
            b"'\"\\$`!*?[]{}~#&|;<>()".to_vec(),
            b"\xff\xfe".to_vec(),
            "中文".into(),
            b"-x".to_vec(),
        ];
        let command = Command::script(r#"for w do printf '%s\0' "$w"; done"#).args(&words);
        let line = <std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(command.line());
        let output = std::process::Command::new("sh").arg("-c").arg(line).output().unwrap();
        let expected: Vec<u8> = words.iter().flat_map(|w| w.iter().copied().chain([0])).collect();
        assert_eq!(output.stdout, expected);
    }
}
