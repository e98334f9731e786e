//! Hooks: processes that outlive the connection through which they were started.
//!
//! A hook runs on its host by itself, in a process group of its own, and writes into a folder of ours;
//! whoever wants to know looks into that folder, over any [`Shell`], as often as it likes. A dropped
//! connection or a crash of Launchway leaves it running, and it is found again: an exit status that is
//! recorded is taken; a group whose leader is alive (same process number, same start time, same boot)
//! is followed again; what is neither was lost, and what has no record never began.
//!
//! What may go on without anybody looking is for the [`Bounds`] of a run to say: a guard beside it, on its own host, ends
//! it when they are passed, whatever has become of Launchway.
//!
//! A child that starts a session of its own (`setsid`) leaves the group, and is out of reach for
//! [`stop`].

mod script;

use std::time::Duration;

use launchway_domain::{Text, text};

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::shell::{Command, Limits, Output, Shell, ShellError, quote};

/// The longest that one [`poll`] waits on the host.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// The block in which output is read, in bytes: `dd` skips whole blocks without reading them.
const BLOCK: u64 = 4_096;

/// One run of a hook.
#[derive(Clone, Copy, Debug)]
pub struct Spec<'a> {
    /// Our folder for this run, absolute; made if missing.
    pub dir: &'a [u8],
    /// The script that a person wrote. Run by `sh`, or by what its first line names after `#!`.
    pub body: &'a str,
    /// Where it starts.
    pub cwd: &'a [u8],
    /// What it gets as environment.
    pub env: &'a [(String, String)],
    /// What it gets besides, kept from whoever can look at this host's processes. The names are plain ones.
    pub private: &'a [(String, SecretString)],
    /// Whether it gets nothing else but `PATH`, `HOME` and `LANG`.
    pub clean_env: bool,
    /// The program that becomes the hook, with its arguments; the hook's own words come after them. Where there is
    /// one, the hook may be somebody else than the one who starts it, who can read it then. Empty: none.
    pub through: &'a [Vec<u8>],
    /// What ends it without anybody asking for it.
    pub bounds: Bounds,
}

/// When a run is ended by its own host, with everything in its process group. Counted in whole seconds, rounded up, and
/// never early.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// How long it may run.
    pub most: Option<Duration>,
    /// For how long nobody may have looked at it by [`poll`].
    pub alone: Option<Duration>,
}

/// What ended a run without anybody asking for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// It had run for as long as it may.
    Most,
    /// Nobody had looked at it for as long as that may be.
    Alone,
}

/// What has become of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It never began.
    Absent,
    /// It is running.
    Running,
    /// It ended with this status; 128 plus the number where a signal ended it.
    Exited(i32),
    /// Its guard ended it.
    Ended(Bound),
    /// It began, is gone, and nobody recorded how it ended: it was killed from outside, or the host
    /// was restarted.
    Lost,
}

/// What [`poll`] saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poll {
    /// What has become of it. Once it is final, so is `size`: read on until `next` reaches that.
    pub state: State,
    /// What it wrote from the asked offset on, standard output and error in one.
    pub output: Vec<u8>,
    /// The offset to ask for next, in bytes.
    pub next: u64,
    /// How much there is on the host, in bytes. Below the asked offset where it was truncated.
    pub size: u64,
}

/// Why a run could not be started, looked at or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The outcome is not known; ask again over a new connection.
    #[error(transparent)]
    Shell(#[from] ShellError),
    /// The host refused.
    #[error("{0}")]
    Refused(Text),
}

/// Starts a hook and returns when it has begun. Where it had begun before, nothing happens: a folder
/// stands for one run, however often somebody starts it.
///
/// # Errors
/// [`ProcessError::Refused`] where the folder cannot be made or written, or a tool is missing; after
/// [`ProcessError::Shell`] start it again, which is safe.
pub fn start(shell: &mut dyn Shell, spec: &Spec<'_>, limits: &Limits) -> Result<(), ProcessError> {
    // Forms send CRLF, which no shell understands.
    let body = spec.body.replace("\r\n", "\n");
    let mut command = Command::script(script::START)
        .arg(absolute(spec.dir)?)
        .arg(body.len().to_string())
        .arg(absolute(spec.cwd)?)
        .arg(if spec.clean_env { "1" } else { "0" })
        .arg(if spec.through.is_empty() { "0" } else { "1" })
        .arg(seconds(spec.bounds.most))
        .arg(seconds(spec.bounds.alone))
        .arg(script::GUARD);
    for (name, value) in spec.env {
        command = command.arg(format!("{name}={value}"));
    }
    command = command.args(spec.through);
    if !spec.private.is_empty() {
        let lines = exports(spec.private);
        let send = Command::script(script::VARIABLES).arg(spec.dir).arg(lines.len().to_string());
        accepted(spec.dir, &shell.run(&send, &mut lines.as_slice(), limits)?)?;
    }
    accepted(spec.dir, &shell.run(&command, &mut body.as_bytes(), limits)?)
}

/// A bound as the guard counts it; none is 0.
fn seconds(bound: Option<Duration>) -> String {
    bound.map_or(0, |bound| bound.as_millis().div_ceil(1000).max(1)).to_string()
}

/// What a shell reads variables from.
fn exports(variables: &[(String, SecretString)]) -> Zeroizing<Vec<u8>> {
    // As large as it can become, so that no part of it is left behind in memory by growing.
    let room = variables.iter().map(|(name, value)| name.len() + 4 * value.expose_secret().len() + 16).sum();
    let mut lines = Zeroizing::new(Vec::with_capacity(room));
    for (name, value) in variables {
        lines.extend_from_slice(b"export ");
        lines.extend_from_slice(name.as_bytes());
        lines.push(b'=');
        lines.extend_from_slice(&Zeroizing::new(quote(value.expose_secret().as_bytes())));
        lines.push(b'\n');
    }
    lines
}

/// What the scripts of [`start`] say by their exit status.
fn accepted(dir: &[u8], output: &Output) -> Result<(), ProcessError> {
    let (dir, why) = (String::from_utf8_lossy(dir), output.complaint());
    match output.status {
        0 => Ok(()),
        73 | 74 => Err(ProcessError::Refused(text!(
            "The hook was not started: {dir} cannot be written ({why}). Check the permissions and the free space there.",
            "钩子未启动：无法写入 {dir}（{why}）。请检查该目录的权限和剩余空间。"
        ))),
        76 => Err(ProcessError::Refused(Text::new(
            "The hook was not started: setsid is missing on that host. Install util-linux or BusyBox.",
            "钩子未启动：该主机缺少 setsid。请安装 util-linux 或 BusyBox。",
        ))),
        77 => Err(ProcessError::Refused(Text::new(
            "The hook was not started: it did not arrive whole. Check the disk space there, then retry.",
            "钩子未启动：脚本没有完整送达。请检查该主机的磁盘空间后重试。",
        ))),
        status => Err(ProcessError::Refused(text!(
            "The hook was not started in {dir} (exit status {status}): {why}",
            "钩子未能在 {dir} 中启动（退出状态 {status}）：{why}"
        ))),
    }
}

/// Looks at a run: its state, and what it wrote from `offset` on, at most `max` bytes. Waits up to
/// `wait` (on the host, no more than 5 s) until there is something to tell.
///
/// # Errors
/// [`ProcessError::Refused`] where the answer makes no sense.
pub fn poll(
    shell: &mut dyn Shell,
    dir: &[u8],
    offset: u64,
    wait: Duration,
    max: usize,
    limits: &Limits,
) -> Result<Poll, ProcessError> {
    let (skip, within) = (offset / BLOCK, (offset % BLOCK) as usize);
    let count = if max == 0 { 0 } else { (within + max).div_ceil(BLOCK as usize) };
    let tenths = wait.min(LONGEST_WAIT).as_millis() / 100;
    let command = Command::script(script::POLL)
        .arg(absolute(dir)?)
        .arg(skip.to_string())
        .arg(count.to_string())
        .arg(offset.to_string())
        .arg(tenths.to_string());
    let limits = limits.clone().max_output(count * BLOCK as usize + 65_536);
    let answer = shell.call(&command, &limits)?;
    let (state, size, block) = read_answer(&answer).ok_or_else(|| strange(dir, &answer))?;
    let output = block.get(within..).unwrap_or_default();
    let output = output[..output.len().min(max)].to_vec();
    // The size was read before the output, which may have grown since.
    let next = if offset > size { size } else { offset + output.len() as u64 };
    Ok(Poll { state, output, next, size: size.max(next) })
}

/// Empties what the hook has written so far, once nobody wants it any more; the hook goes on writing.
///
/// # Errors
/// [`ProcessError::Refused`] where the file cannot be written.
pub fn truncate(shell: &mut dyn Shell, dir: &[u8], limits: &Limits) -> Result<(), ProcessError> {
    plain(shell, Command::script(script::TRUNCATE).arg(absolute(dir)?), dir, limits)
}

/// Ends a running hook with everything in its process group: TERM, and after `grace` KILL. One that has
/// ended is left alone, with the daemons that it left behind on purpose. What was stopped counts as
/// exited: with its own status, else 143 or 137.
///
/// # Errors
/// [`ProcessError::Refused`] where something cannot be killed, such as another user's process.
pub fn stop(shell: &mut dyn Shell, dir: &[u8], grace: Duration, limits: &Limits) -> Result<(), ProcessError> {
    stop_all(shell, &[dir], grace, limits)
}

/// Does the same for several runs, one after the other.
///
/// # Errors
/// As [`stop`], once all were tried.
pub fn stop_all(shell: &mut dyn Shell, dirs: &[&[u8]], grace: Duration, limits: &Limits) -> Result<(), ProcessError> {
    let Some(first) = dirs.first() else { return Ok(()) };
    let tenths = grace.as_millis() / 100;
    let mut command = Command::script(script::STOP).arg(tenths.to_string());
    for dir in dirs {
        command = command.arg(absolute(dir)?);
    }
    plain(shell, command, first, limits)
}

/// Removes the folder of a run that is over.
///
/// # Errors
/// [`ProcessError::Refused`] where it cannot be removed.
pub fn clear(shell: &mut dyn Shell, dir: &[u8], limits: &Limits) -> Result<(), ProcessError> {
    plain(shell, Command::script(script::CLEAR).arg(absolute(dir)?), dir, limits)
}

fn plain(shell: &mut dyn Shell, command: Command, dir: &[u8], limits: &Limits) -> Result<(), ProcessError> {
    let output = shell.call(&command, limits)?;
    if output.ok() { Ok(()) } else { Err(strange(dir, &output)) }
}

fn strange(dir: &[u8], output: &Output) -> ProcessError {
    let (dir, status, why) = (String::from_utf8_lossy(dir), output.status, output.complaint());
    ProcessError::Refused(text!(
        "Looking after the hook in {dir} failed (exit status {status}): {why}",
        "处理 {dir} 中的钩子时失败（退出状态 {status}）：{why}"
    ))
}

/// Paths of ours are absolute and go somewhere: `rm -rf` is among what they are given to.
fn absolute(path: &[u8]) -> Result<&[u8], ProcessError> {
    if path.starts_with(b"/") && path.iter().any(|byte| !b"/.".contains(byte)) && !path.contains(&0) {
        return Ok(path);
    }
    let path = String::from_utf8_lossy(path);
    Err(ProcessError::Refused(text!(
        "{path} is not an absolute path to a folder of a hook.",
        "{path} 不是可用于钩子的绝对路径。"
    )))
}

fn read_answer(answer: &Output) -> Option<(State, u64, &[u8])> {
    const MARK: &[u8] = b"launchway: ";
    // What an account's profile prints stands before our line.
    let at = answer.stdout.windows(MARK.len()).position(|window| window == MARK)?;
    let rest = answer.stdout.get(at + MARK.len()..)?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let mut words = std::str::from_utf8(&rest[..end]).ok()?.split(' ');
    let state = match words.next()? {
        "absent" => State::Absent,
        "running" => State::Running,
        "lost" => State::Lost,
        "exited" => State::Exited(words.next()?.parse().ok()?),
        "ended" => State::Ended(if words.next()? == "alone" { Bound::Alone } else { Bound::Most }),
        _ => return None,
    };
    let size = words.next()?.parse().ok()?;
    Some((state, size, &rest[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_absolute_and_somewhere() {
        for path in ["", "/", "//", "/..", "relative", "/a\0b"] {
            assert!(absolute(path.as_bytes()).is_err(), "{path}");
        }
        assert!(absolute(b"/srv/app/.launchway/hooks/7").is_ok());
    }
}
