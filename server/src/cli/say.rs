//! What the command line says, in the language of the terminal.

use std::fmt::Display;
use std::io::Write;

use launchway_domain::{Fault, Lang, Text, text};

/// The exit status of a program whose output nobody reads: 128 and the number of SIGPIPE, as shells have it.
const PIPE: i32 = 141;

/// Why a command did not do its work.
#[derive(Debug)]
pub(super) enum Failure {
    /// What a service said.
    Fault(Fault),
    /// What people read.
    Said(Text),
}

impl Failure {
    /// Something failed while `doing`.
    pub(super) fn new(doing: &Text, cause: impl Display) -> Self {
        let Text { en, zh } = doing;
        Self::Said(text!("{en}: {cause}", "{zh}：{cause}"))
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Text> for Failure {
    fn from(text: Text) -> Self {
        Self::Said(text)
    }
}

/// The language of the terminal (POSIX: the first of these that is set decides).
pub(super) fn lang() -> Lang {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .and_then(|value| Lang::parse(value.split(['.', '@']).next().unwrap_or_default()))
        .unwrap_or_default()
}

/// Says on standard error why a command did not do its work.
pub(super) fn failure(failure: &Failure) {
    let lang = lang();
    match failure {
        Failure::Said(text) => eprintln!("launchway: {}", text.get(lang)),
        Failure::Fault(Fault::Invalid { errors }) => {
            for error in errors {
                eprintln!("launchway: {}: {}", error.field, error.message.get(lang));
            }
        }
        Failure::Fault(fault) => eprintln!("launchway: {}", fault.detail().get(lang)),
    }
}

/// One line on standard error.
pub(super) fn error(line: &str) {
    eprintln!("launchway: {line}");
}

/// One line on standard output.
pub(super) fn line(text: &Text) {
    out(text.get(lang()));
}

/// One line on standard output as it is. Ends the program in silence where nobody reads it any more (`| head`).
pub(super) fn out(line: &str) {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(line.as_bytes()).and_then(|()| stdout.write_all(b"\n"));
    if written.and_then(|()| stdout.flush()).is_err() {
        std::process::exit(PIPE);
    }
}
