//! One secret line of standard input.

use std::io::{BufRead, IsTerminal, Read, Write};

use launchway_domain::Text;
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::say;

/// The most that is read: no password or token is longer.
const LINE: u64 = 4096;

/// One line of standard input; at a terminal with a prompt, and unseen. Blocks.
///
/// # Errors
/// Where standard input cannot be read.
pub(super) fn line(prompt: &Text) -> std::io::Result<Zeroizing<String>> {
    let stdin = std::io::stdin();
    let hidden = if stdin.is_terminal() {
        let before = tcgetattr(&stdin)?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&stdin, SetArg::TCSAFLUSH, &silent)?;
        eprint!("{}", prompt.get(say::lang()));
        std::io::stderr().flush()?;
        Some(before)
    } else {
        None
    };
    let mut line = Zeroizing::new(String::new());
    let outcome = stdin.lock().take(LINE).read_line(&mut line);
    if let Some(before) = hidden {
        tcsetattr(&stdin, SetArg::TCSAFLUSH, &before)?;
        eprintln!();
    }
    outcome?;
    while line.ends_with(['\n', '\r']) {
        line.pop();
    }
    Ok(line)
}
