//! One command on a session: its input, both outputs and its end, all at once.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags};
use ssh2::Channel;

use super::session::{Broken, Session, code, number};
use super::{Place, SshError};
use crate::shell::{Command, Limits, Output, Shell, ShellError};
use crate::wait::{Stop, Watch};

/// How much is read or sent at a time, in bytes.
const CHUNK: usize = 256 * 1024;

/// Runs what it is given, and says 200 where that was well. A server may close a channel without a word
/// about the command (`ChannelTimeout`), or run another one (`ForceCommand`); libssh2 makes 0 of silence,
/// and 0 must not be mistaken for success.
const REPORT: &str = r#""$@"; s=$?; case $s in 0) exit 200 ;; 200) exit 199 ;; esac; exit "$s""#;
/// What [`REPORT`] makes of 0.
const WELL: i32 = 200;

impl Shell for Session {
    fn run(&mut self, command: &Command, input: &mut dyn Read, limits: &Limits) -> Result<Output, ShellError> {
        let mut stdout = Vec::new();
        let mut keep = |bytes: &[u8]| {
            stdout.extend_from_slice(&bytes[..bytes.len().min(limits.max_output.saturating_sub(stdout.len()))]);
            Ok(())
        };
        let output = self.carry_out(command, input, &mut keep, limits)?;
        Ok(Output { stdout, ..output })
    }
}

impl Session {
    /// Runs a command and hands what it prints to `sink` as it comes, whatever its length; the output that is answered has
    /// its standard error alone. Where `sink` fails the command is abandoned.
    ///
    /// # Errors
    /// As [`Shell::run`]; [`ShellError::Input`] with the error of `sink`.
    pub fn pull(
        &mut self,
        command: &Command,
        sink: &mut dyn FnMut(&[u8]) -> std::io::Result<()>,
        limits: &Limits,
    ) -> Result<Output, ShellError> {
        self.carry_out(command, &mut std::io::empty(), sink, limits)
    }

    fn carry_out(
        &mut self,
        command: &Command,
        input: &mut dyn Read,
        sink: &mut dyn FnMut(&[u8]) -> std::io::Result<()>,
        limits: &Limits,
    ) -> Result<Output, ShellError> {
        if let Some(error) = &self.broken {
            return Err(ShellError::Lost(error.text.clone()));
        }
        let watch = Watch::new(limits.deadline, &limits.cancel);
        let outcome = self.exec(command, input, sink, limits, &watch);
        outcome.map_err(|failure| {
            // Whatever it was, the channel is in a state that nobody knows: the connection goes with it,
            // and the server ends what it can.
            self.link.cut();
            let (error, lost) = match failure {
                Failure::Broken(Broken::Stop(Stop::Deadline)) => {
                    (ShellError::Deadline(limits.deadline), self.place.lost("a command took too long"))
                }
                Failure::Broken(Broken::Stop(Stop::Canceled)) => {
                    (ShellError::Canceled, self.place.lost("a command was canceled"))
                }
                Failure::Broken(Broken::Ssh(error)) => {
                    let lost = self.place.lost(error.message());
                    (ShellError::Lost(lost.text.clone()), lost)
                }
                Failure::Lost(lost) => (ShellError::Lost(lost.text.clone()), lost),
                Failure::Input(error) => (ShellError::Input(error), self.place.lost("its input failed")),
            };
            self.broken = Some(lost);
            error
        })
    }
}

enum Failure {
    Broken(Broken),
    Lost(SshError),
    Input(std::io::Error),
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        Failure::Broken(broken)
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Failure::Broken(Broken::Stop(stop))
    }
}

impl Session {
    fn exec(
        &self,
        command: &Command,
        input: &mut dyn Read,
        sink: &mut dyn FnMut(&[u8]) -> std::io::Result<()>,
        limits: &Limits,
        watch: &Watch,
    ) -> Result<Output, Failure> {
        watch.check()?;
        let link = &self.link;
        let line = as_text(Command::script(REPORT).args(command.words()).line());
        let mut channel = link.drive(watch, || link.ssh.channel_session())?;
        link.drive(watch, || channel.exec(&line))?;

        let mut buffer = vec![0_u8; CHUNK];
        let mut feed = Feed::new(input);
        let mut stderr = Vec::new();
        loop {
            let mut moved = drain(&mut channel.stream(0), &mut buffer, sink, &self.place)?;
            let mut keep = |bytes: &[u8]| {
                stderr.extend_from_slice(&bytes[..bytes.len().min(limits.max_output.saturating_sub(stderr.len()))]);
                Ok(())
            };
            moved |= drain(&mut channel.stderr(), &mut buffer, &mut keep, &self.place)?;
            if channel.eof() {
                // Its outputs are closed, but it may go on reading, and its exit status is yet to come:
                // only the server's own close is the end.
                match channel.wait_close() {
                    Ok(()) => break,
                    Err(error) if number(&error) == code::EAGAIN => {}
                    Err(error) => return Err(Broken::Ssh(error).into()),
                }
            }
            moved |= self.feed(&mut feed, &mut channel)?;
            if moved {
                watch.check()?;
            } else {
                link.wait(watch)?;
            }
        }
        link.drive(watch, || channel.close())?;
        let signal = channel.exit_signal().map_err(Broken::Ssh)?.exit_signal;
        let status = match signal {
            Some(name) => 128 + signal_number(&name),
            None => match channel.exit_status().map_err(Broken::Ssh)? {
                WELL => 0,
                0 => return Err(Failure::Lost(self.place.unsaid())),
                status => status,
            },
        };
        Ok(Output { status, stdout: Vec::new(), stderr })
    }

    /// Sends what the server takes at the moment. Whether anything moved.
    fn feed(&self, feed: &mut Feed<'_>, channel: &mut Channel) -> Result<bool, Failure> {
        let mut moved = false;
        // A bounded number of rounds, so that outputs are drained in between.
        for _ in 0..16 {
            match feed.state {
                Sending::Done => break,
                Sending::Eof => {
                    // libssh2 keeps this packet on the stack: it must go out in one piece, so only where
                    // the socket takes it.
                    let mut fds = [PollFd::new(self.link.tcp.as_fd(), PollFlags::POLLOUT)];
                    let ready = nix::poll::poll(&mut fds, nix::poll::PollTimeout::ZERO).unwrap_or(0);
                    if ready == 0 {
                        break;
                    }
                    match channel.send_eof() {
                        Ok(()) => feed.state = Sending::Done,
                        Err(error) if number(&error) == code::EAGAIN => break,
                        Err(error) if is_closed(number(&error)) => feed.state = Sending::Done,
                        Err(error) => return Err(Broken::Ssh(error).into()),
                    }
                    moved = true;
                }
                Sending::Data => {
                    if feed.sent == feed.filled {
                        feed.fill().map_err(Failure::Input)?;
                        continue;
                    }
                    match channel.write(&feed.buffer[feed.sent..feed.filled]) {
                        // The window is full.
                        Ok(0) => break,
                        Ok(n) => feed.sent += n,
                        Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                        Err(error) => {
                            if channel.eof() {
                                // The command has ended and wants no more; its status tells.
                                feed.state = Sending::Done;
                                break;
                            }
                            return Err(Failure::Lost(self.place.lost(&error.to_string())));
                        }
                    }
                    moved = true;
                }
            }
        }
        Ok(moved)
    }
}

fn is_closed(number: i32) -> bool {
    matches!(number, code::CHANNEL_CLOSED | code::CHANNEL_EOF_SENT)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sending {
    Data,
    Eof,
    Done,
}

struct Feed<'a> {
    input: &'a mut dyn Read,
    buffer: Vec<u8>,
    filled: usize,
    sent: usize,
    state: Sending,
}

impl<'a> Feed<'a> {
    fn new(input: &'a mut dyn Read) -> Self {
        Self { input, buffer: Vec::new(), filled: 0, sent: 0, state: Sending::Data }
    }

    fn fill(&mut self) -> std::io::Result<()> {
        self.buffer.resize(CHUNK, 0);
        (self.filled, self.sent) = (0, 0);
        loop {
            match self.input.read(&mut self.buffer) {
                Ok(0) => {
                    self.state = Sending::Eof;
                    return Ok(());
                }
                Ok(n) => {
                    self.filled = n;
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Hands on what is there. Whether anything came.
fn drain(
    stream: &mut ssh2::Stream,
    buffer: &mut [u8],
    sink: &mut dyn FnMut(&[u8]) -> std::io::Result<()>,
    place: &Place,
) -> Result<bool, Failure> {
    let mut moved = false;
    for _ in 0..16 {
        match stream.read(buffer) {
            Ok(0) => break,
            Ok(n) => {
                sink(&buffer[..n]).map_err(Failure::Input)?;
                moved = true;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(Failure::Lost(place.lost(&error.to_string()))),
        }
    }
    Ok(moved)
}

/// ssh2 takes commands as text only. A line with other bytes is sent in ASCII, for the server's shell to
/// put together again: `eval` of what `printf %b` makes of the escapes.
fn as_text(line: Vec<u8>) -> String {
    match String::from_utf8(line) {
        Ok(line) => line,
        Err(error) => {
            let mut text = String::from("eval \"$(printf %b '");
            for byte in error.into_bytes() {
                match byte {
                    b'\'' | b'\\' | 0x80.. | 0..0x20 => text.push_str(&format!("\\0{byte:03o}")),
                    byte => text.push(char::from(byte)),
                }
            }
            text.push_str("')\"");
            text
        }
    }
}

/// The number of a signal on Linux by its name in SSH (RFC 4254, section 6.10); 0 for others.
fn signal_number(name: &str) -> i32 {
    use std::str::FromStr;
    nix::sys::signal::Signal::from_str(&format!("SIG{name}")).map_or(0, |signal| signal as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_reach_a_shell_as_they_are() {
        let words: [&[u8]; 4] = [b"\xff\xfe'\\ \n", "中".as_bytes(), b"$(x) `y` \"", b"\\0101\n\n"];
        let command = Command::script(r#"for w do printf '%s\0' "$w"; done"#).args(words);
        for shell in ["dash", "bash", "busybox"] {
            let text = as_text(command.line());
            let mut program = std::process::Command::new(shell);
            if shell == "busybox" {
                program.arg("sh");
            }
            let Ok(output) = program.arg("-c").arg(&text).output() else { continue };
            let expected: Vec<u8> = words.iter().flat_map(|w| w.iter().copied().chain([0])).collect();
            assert_eq!(output.stdout, expected, "{shell}: {text}");
        }
    }

    #[test]
    fn signals_are_counted_as_a_shell_does() {
        assert_eq!((signal_number("TERM"), signal_number("KILL"), signal_number("odd")), (15, 9, 0));
    }
}
