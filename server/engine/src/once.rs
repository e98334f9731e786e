//! One command of a person's on a server, from its start to its end: it runs as a hook does, in a process group of its own
//! that can be found and ended, and what it prints is collected up to a limit.

use std::time::{Duration, Instant};

use launchway_domain::{Text, text};
use tokio_util::sync::CancellationToken;

use crate::process::{self, ProcessError, Spec, State};
use crate::shell::{Command, Limits, Shell, ShellError};

/// How long one look waits for news on the server, and how much of the output it takes, in bytes.
const WAIT: Duration = Duration::from_millis(900);
const TAKE: usize = 256 << 10;
/// How long a single command of ours may take.
const COMMAND: Duration = Duration::from_secs(60);
/// Between TERM and KILL.
const GRACE: Duration = Duration::from_secs(2);
/// How often a connection that broke is made anew while a command is followed.
const RECONNECTS: u32 = 3;

/// `$1` base. Makes the folder that we keep things in, as the probe before a release does.
const MAKE: &str = "umask 022; mkdir -p -- \"$1\" && (umask 077; mkdir -p -- \"$1/.launchway/commands\") || exit 73";

/// What is to run.
#[derive(Clone, Debug)]
pub struct Once<'a> {
    /// The environment's folder, where it runs.
    pub base: &'a [u8],
    /// A name of ours for this run, without a slash.
    pub name: &'a str,
    /// The person's text, for `sh`.
    pub body: &'a str,
    /// How long it may take.
    pub within: Duration,
    /// The most that is kept of its output, in bytes.
    pub max_output: usize,
    /// Ends it, with everything it started.
    pub cancel: CancellationToken,
}

/// How a command ended on one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit status, where it came to its own end.
    pub status: Option<i32>,
    /// Why it did not.
    pub error: Option<Text>,
    /// What it printed, both of its outputs in one, up to the limit.
    pub output: Vec<u8>,
    /// Whether it printed more than that.
    pub cut: bool,
}

/// Runs a command and follows it to its end; `connect` reaches the server, also again where the connection breaks.
///
/// # Errors
/// A sentence where it could not be started, or the server was lost meanwhile.
pub fn once<S: Shell>(connect: &mut dyn FnMut() -> Result<S, Text>, once: &Once<'_>) -> Result<Ended, Text> {
    let dir = [once.base, b"/.launchway/commands/", once.name.as_bytes()].concat();
    let spec =
        Spec { dir: &dir, body: once.body, cwd: once.base, env: &[], clean_env: false, through: &[], private: &[] };
    // Not the person's own token: whoever cancels wants it ended, which takes commands of ours.
    let limits = Limits::within(COMMAND, &CancellationToken::new());
    let mut shell = connect()?;
    let made = shell.call(&Command::script(MAKE).arg(once.base), &limits).map_err(lost)?;
    if !made.ok() {
        let (base, why) = (String::from_utf8_lossy(once.base), made.complaint());
        return Err(text!(
            "The folder {base} cannot be made or written to there: {why}",
            "无法在该服务器上创建或写入文件夹 {base}：{why}"
        ));
    }
    process::start(&mut shell, &spec, &limits).map_err(refused)?;
    let began = Instant::now();
    let mut followed = Followed { output: Vec::new(), cut: false, offset: 0 };
    let mut tries = 0;
    let mut stopped = None;
    let status = loop {
        let why = if once.cancel.is_cancelled() {
            Some(Text::new("Canceled, with everything it had started.", "已取消，并终止了它启动的所有进程。"))
        } else if began.elapsed() > once.within {
            let seconds = once.within.as_secs();
            Some(text!(
                "It did not end within {seconds} seconds and was ended, with everything it had started.",
                "未能在 {seconds} 秒内结束，已终止它及其启动的所有进程。"
            ))
        } else {
            None
        };
        let outcome = match why {
            Some(why) if stopped.is_none() => process::stop(&mut shell, &dir, GRACE, &limits).map(|()| {
                stopped = Some(why);
                None
            }),
            _ => {
                let wait = WAIT.min(once.within.saturating_sub(began.elapsed()));
                followed.look(&mut shell, &dir, wait, once.max_output, &limits)
            }
        };
        match outcome {
            Ok(Some(status)) => break status,
            Ok(None) => {}
            Err(ProcessError::Shell(ShellError::Lost(_))) if tries < RECONNECTS => {
                tries += 1;
                // Not a wait for a condition: the server may be restarting.
                std::thread::sleep(Duration::from_millis(200 << tries));
                shell = connect()?;
            }
            Err(error) => return Err(refused(error)),
        }
    };
    if let Err(error) = process::clear(&mut shell, &dir, &limits) {
        tracing::debug!(%error, "what a command left stays");
    }
    let Followed { output, cut, .. } = followed;
    Ok(match (stopped, status) {
        (Some(error), _) => Ended { status: None, error: Some(error), output, cut },
        (None, Some(status)) => Ended { status: Some(status), error: None, output, cut },
        (None, None) => {
            let error = Text::new(
                "It vanished without an exit status: it was killed, or the server restarted.",
                "没有留下退出状态就消失了：可能被强行结束，或服务器重启。",
            );
            Ended { status: None, error: Some(error), output, cut }
        }
    })
}

/// What was read of a command's output.
struct Followed {
    output: Vec<u8>,
    cut: bool,
    offset: u64,
}

impl Followed {
    /// Reads on; the exit status once all is read, where there is one.
    fn look(
        &mut self,
        shell: &mut dyn Shell,
        dir: &[u8],
        wait: Duration,
        max: usize,
        limits: &Limits,
    ) -> Result<Option<Option<i32>>, ProcessError> {
        let room = max.saturating_sub(self.output.len());
        // Beyond the limit nothing travels: only its end is waited for.
        let offset = if room == 0 { u64::MAX >> 16 } else { self.offset };
        let look = process::poll(shell, dir, offset, wait, room.min(TAKE), limits)?;
        if room > 0 {
            self.output.extend_from_slice(&look.output);
            self.offset = look.next;
        }
        let rest = look.size > self.offset;
        let is_full = self.output.len() >= max;
        self.cut |= rest && is_full;
        Ok(match look.state {
            State::Running | State::Absent => None,
            State::Exited(_) | State::Lost if rest && !is_full => None,
            State::Exited(status) => Some(Some(status)),
            State::Lost => Some(None),
        })
    }
}

fn lost(error: ShellError) -> Text {
    match error {
        ShellError::Lost(text) => text,
        error => Text::verbatim(error.to_string()),
    }
}

fn refused(error: ProcessError) -> Text {
    match error {
        ProcessError::Shell(error) => lost(error),
        ProcessError::Refused(text) => text,
    }
}
