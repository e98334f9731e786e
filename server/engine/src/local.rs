//! This host as a [`Shell`].

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Stdio};
use std::time::Duration;

use launchway_domain::text;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::shell::{Command, Limits, Output, Reach, Shell, ShellError};
use crate::wait::{Stop, Watch};

/// How much is read or written at a time, in bytes.
const CHUNK: usize = 64 * 1024;

/// What commands may know of Launchway's own environment: its secrets (the master key, the database's
/// address) are not theirs.
const KEPT: [&str; 10] = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"];

/// Runs commands on this host, each in a process group of its own that ends with it when it is
/// abandoned. A command is over when its program has ended, even where something that it left behind
/// holds its outputs open.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalShell;

impl LocalShell {
    /// This host.
    pub fn new() -> Self {
        Self
    }
}

impl Reach for LocalShell {
    fn shell(&mut self) -> Result<&mut dyn Shell, ShellError> {
        Ok(self)
    }

    fn hang_up(&mut self) {}
}

impl Shell for LocalShell {
    fn run(&mut self, command: &Command, input: &mut dyn Read, limits: &Limits) -> Result<Output, ShellError> {
        let watch = Watch::new(limits.deadline, &limits.cancel);
        watch.check().map_err(|stop| stopped(stop, limits))?;
        let mut child = match spawn(command) {
            Ok(child) => child,
            // As a shell on a server would put it.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {
                let status = if error.kind() == ErrorKind::NotFound { 127 } else { 126 };
                let program = String::from_utf8_lossy(command.words().first().map_or(b"", Vec::as_slice)).into_owned();
                return Ok(Output { status, stdout: Vec::new(), stderr: format!("{program}: {error}").into_bytes() });
            }
            Err(error) => {
                return Err(ShellError::Lost(text!(
                    "A command could not be started on this host: {error}",
                    "无法在本机启动命令：{error}"
                )));
            }
        };
        let outcome = follow(&mut child, input, limits, &watch);
        if outcome.is_err() {
            // Its own group: it was made the leader when it was started, and has not been waited for.
            let _ = killpg(Pid::from_raw(child.id() as i32), Signal::SIGKILL);
            let _ = child.wait();
        }
        outcome
    }
}

fn stopped(stop: Stop, limits: &Limits) -> ShellError {
    match stop {
        Stop::Deadline => ShellError::Deadline(limits.deadline),
        Stop::Canceled => ShellError::Canceled,
    }
}

fn broken(error: std::io::Error) -> ShellError {
    ShellError::Lost(text!("Talking to a command on this host failed: {error}", "与本机命令的通信失败：{error}"))
}

fn spawn(command: &Command) -> std::io::Result<Child> {
    use std::os::unix::ffi::OsStrExt;
    let mut words = command.words().iter().map(|word| std::ffi::OsStr::from_bytes(word));
    let program = words.next().unwrap_or_default();
    std::process::Command::new(program)
        .args(words)
        .env_clear()
        .envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
}

fn follow(child: &mut Child, input: &mut dyn Read, limits: &Limits, watch: &Watch) -> Result<Output, ShellError> {
    let mut stdin = child.stdin.take();
    let mut stdout = Pipe::new(child.stdout.take(), limits.max_output).map_err(broken)?;
    let mut stderr = Pipe::new(child.stderr.take(), limits.max_output).map_err(broken)?;
    if let Some(pipe) = &stdin {
        unblock(pipe).map_err(broken)?;
    }
    let (mut buffer, mut chunk) = (vec![0_u8; CHUNK], vec![0_u8; CHUNK]);
    let (mut filled, mut sent) = (0, 0);
    let mut pause = Duration::from_millis(1);
    loop {
        // Its end is looked for first: whatever it wrote is then in the pipes, and read below. What
        // others write into them later is no concern of ours.
        let ended = child.try_wait().map_err(broken)?;
        let moved = stdout.drain(&mut buffer).map_err(broken)? | stderr.drain(&mut buffer).map_err(broken)?;
        if let Some(status) = ended {
            let status = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
            return Ok(Output { status, stdout: stdout.kept, stderr: stderr.kept });
        }
        if let Some(pipe) = &mut stdin {
            if sent == filled {
                (sent, filled) = (0, fill(input, &mut chunk).map_err(ShellError::Input)?);
            }
            if filled == 0 {
                stdin = None;
            } else {
                match pipe.write(&chunk[sent..filled]) {
                    Ok(n) => sent += n,
                    Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                    // It does not want to read on; its exit status tells whether that is well.
                    Err(_) => stdin = None,
                }
            }
        }
        let mut fds = Vec::with_capacity(3);
        fds.extend(stdout.source.as_ref().map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)));
        fds.extend(stderr.source.as_ref().map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)));
        fds.extend(stdin.as_ref().map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLOUT)));
        let waited = if moved {
            watch.check()
        } else if stdout.source.is_none() && stderr.source.is_none() && stdin.is_none() {
            // It has closed everything: as a rule it is just ending.
            pause = (pause * 2).min(Duration::from_millis(20));
            watch.sleep(pause)
        } else {
            watch.poll(&mut fds)
        };
        waited.map_err(|stop| stopped(stop, limits))?;
    }
}

fn unblock(fd: impl AsFd) -> std::io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(&fd, FcntlArg::F_GETFL)?);
    fcntl(&fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

fn fill(input: &mut dyn Read, chunk: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match input.read(chunk) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

/// One output of a program.
struct Pipe<R> {
    /// None once it is closed.
    source: Option<R>,
    kept: Vec<u8>,
    max: usize,
}

impl<R: Read + AsFd> Pipe<R> {
    fn new(source: Option<R>, max: usize) -> std::io::Result<Self> {
        source.as_ref().map(unblock).transpose()?;
        Ok(Self { source, kept: Vec::new(), max })
    }

    /// Reads what is there, in bounded rounds; beyond the limit it is dropped. Whether anything came.
    fn drain(&mut self, buffer: &mut [u8]) -> std::io::Result<bool> {
        let mut moved = false;
        for _ in 0..32 {
            let Some(source) = &mut self.source else { break };
            match source.read(buffer) {
                Ok(0) => self.source = None,
                Ok(n) => {
                    let room = self.max.saturating_sub(self.kept.len());
                    self.kept.extend_from_slice(&buffer[..n.min(room)]);
                    moved = true;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(moved)
    }
}
