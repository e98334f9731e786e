//! One command of a person's on a server, from its start to its end: it runs as a hook does, in a process group of its own
//! that can be found and ended, and what it prints is collected up to a limit. Unlike a hook, nobody would find it again
//! after a crash: so where nobody looks after it any more, the server ends it.

use std::time::{Duration, Instant};

use launchway_domain::{Text, text};
use tokio_util::sync::CancellationToken;

use crate::process::{self, Bound, Bounds, ProcessError, Spec, State};
use crate::shell::{Command, Limits, Reach, Shell, ShellError};

/// How long one look waits for news on the server, and how much of the output it takes, in bytes.
const WAIT: Duration = Duration::from_millis(900);
const TAKE: usize = 256 << 10;
/// How long a single command of ours may take.
const COMMAND: Duration = Duration::from_secs(60);
/// Between TERM and KILL.
const GRACE: Duration = Duration::from_secs(2);
/// How often a connection that broke is made anew while a command is followed.
const RECONNECTS: u32 = 3;
/// For how long nobody may have looked after a command: somebody whose connection broke has this long to make it anew.
const ALONE: Duration = Duration::from_secs(20);
/// By how much its server is more patient than we are, who can say why we ended it.
const SLACK: Duration = Duration::from_secs(10);
/// Past the limit of what is kept, the file that a command writes into is emptied when it grows beyond this, in bytes.
const SPOOL: u64 = 64 << 20;

/// `$1` base. Makes the folder that we keep things in, as the probe before a release does, and removes what commands
/// have left there that nobody could tidy up after: none runs for a day.
const MAKE: &str = r#"
umask 022
mkdir -p -- "$1" && (umask 077; mkdir -p -- "$1/.launchway/commands") || exit 73
find "$1/.launchway/commands" ! -path "$1/.launchway/commands" -prune -mtime +0 -exec rm -rf -- {} + 2>/dev/null
exit 0
"#;

/// What is to run.
#[derive(Clone, Debug)]
pub struct Once<'a> {
    /// The environment's folder.
    pub base: &'a [u8],
    /// The folder where it runs.
    pub cwd: &'a [u8],
    /// What it gets as environment, besides the account's own.
    pub env: &'a [(String, String)],
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

/// Runs a command and follows it to its end, over a new connection where one breaks.
///
/// # Errors
/// A sentence where it could not be started, or the server was lost meanwhile.
pub fn once(reach: &mut dyn Reach, once: &Once<'_>) -> Result<Ended, Text> {
    let dir = [once.base, b"/.launchway/commands/", once.name.as_bytes()].concat();
    let spec = Spec {
        dir: &dir,
        body: once.body,
        cwd: once.cwd,
        env: once.env,
        clean_env: false,
        through: &[],
        private: &[],
        bounds: Bounds { most: Some(once.within + SLACK), alone: Some(ALONE) },
    };
    // Not the person's own token: whoever cancels wants it ended, which takes commands of ours.
    let limits = Limits::within(COMMAND, &CancellationToken::new());
    let shell = reach.shell().map_err(lost)?;
    let made = shell.call(&Command::script(MAKE).arg(once.base), &limits).map_err(lost)?;
    if !made.ok() {
        let (base, why) = (String::from_utf8_lossy(once.base), made.complaint());
        return Err(text!(
            "The folder {base} cannot be made or written to there: {why}",
            "无法在该服务器上创建或写入文件夹 {base}：{why}"
        ));
    }
    process::start(shell, &spec, &limits).map_err(refused)?;
    let began = Instant::now();
    let mut followed = Followed { output: Vec::new(), cut: false, offset: 0 };
    let mut tries = 0;
    let mut stopped = None;
    let end = loop {
        let why = if once.cancel.is_cancelled() {
            Some(Text::new("Canceled, with everything it had started.", "已取消，并终止了它启动的所有进程。"))
        } else if began.elapsed() > once.within {
            Some(late(once.within))
        } else {
            None
        };
        let outcome = reach.shell().map_err(ProcessError::from).and_then(|shell| match why {
            Some(why) if stopped.is_none() => process::stop(shell, &dir, GRACE, &limits).map(|()| {
                stopped = Some(why);
                None
            }),
            _ => {
                let wait = WAIT.min(once.within.saturating_sub(began.elapsed()));
                followed.look(shell, &dir, wait, once.max_output, &limits)
            }
        });
        match outcome {
            Ok(Some(end)) => break end,
            Ok(None) => {}
            Err(ProcessError::Shell(ShellError::Lost(_))) if tries < RECONNECTS => {
                tries += 1;
                // Not a wait for a condition: the server may be restarting.
                std::thread::sleep(Duration::from_millis(200 << tries));
                reach.hang_up();
            }
            Err(error) => return Err(refused(error)),
        }
    };
    let cleared = reach.shell().map_err(ProcessError::from).and_then(|shell| process::clear(shell, &dir, &limits));
    if let Err(error) = cleared {
        tracing::debug!(%error, "what a command left stays");
    }
    let Followed { output, cut, .. } = followed;
    let (status, error) = match (stopped, end) {
        (Some(why), _) => (None, Some(why)),
        (None, End::Status(status)) => (Some(status), None),
        (None, End::Bound(Bound::Most)) => (None, Some(late(once.within))),
        (None, End::Bound(Bound::Alone)) => {
            let seconds = ALONE.as_secs();
            let why = text!(
                "The connection was gone for {seconds} seconds, so the server ended it, with everything it had started.",
                "连接中断超过 {seconds} 秒，服务器已终止它及其启动的所有进程。"
            );
            (None, Some(why))
        }
        (None, End::Vanished) => {
            let why = Text::new(
                "It vanished without an exit status: it was killed, or the server restarted.",
                "没有留下退出状态就消失了：可能被强行结束，或服务器重启。",
            );
            (None, Some(why))
        }
    };
    Ok(Ended { status, error, output, cut })
}

fn late(within: Duration) -> Text {
    let seconds = within.as_secs();
    text!(
        "It did not end within {seconds} seconds and was ended, with everything it had started.",
        "未能在 {seconds} 秒内结束，已终止它及其启动的所有进程。"
    )
}

/// How a command ended, as its server tells it.
enum End {
    Status(i32),
    Bound(Bound),
    Vanished,
}

/// What was read of a command's output.
struct Followed {
    output: Vec<u8>,
    cut: bool,
    offset: u64,
}

impl Followed {
    /// Reads on; how it ended, once all is read.
    fn look(
        &mut self,
        shell: &mut dyn Shell,
        dir: &[u8],
        wait: Duration,
        max: usize,
        limits: &Limits,
    ) -> Result<Option<End>, ProcessError> {
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
        if is_full && look.size > SPOOL && look.state == State::Running {
            process::truncate(shell, dir, limits)?;
        }
        Ok(match look.state {
            State::Running => None,
            _ if rest && !is_full => None,
            State::Exited(status) => Some(End::Status(status)),
            State::Ended(bound) => Some(End::Bound(bound)),
            // It was started, so somebody has removed its folder.
            State::Lost | State::Absent => Some(End::Vanished),
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
