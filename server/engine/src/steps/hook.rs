//! The steps that run a hook: on this host, or on a server.
//!
//! Both go the same way: the hook is started detached, in a folder of ours that names release, hook
//! and attempt, and is then followed. Whoever follows may vanish and come back: the hook does not
//! notice, and is found again by its folder.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use launchway_domain::{HookPoint, Node, Text, Timestamp, text};

use secrecy::SecretString;

use super::connections::Line;
use super::{Context, Done, StepError, blocking};
use crate::guard;
use crate::local::LocalShell;
use crate::log::{self, LogHandle, size};
use crate::process::{self, Bounds, ProcessError, Spec, State};
use crate::shell::{Limits, Reach, ShellError};

/// How long one look at a hook waits for news, on its host.
const WAIT: Duration = Duration::from_millis(900);
/// The most output that one look takes, in bytes.
const TAKE: usize = 1 << 20;
/// Past the log's cap, a running hook's output file is emptied when it grows beyond this, in bytes. What
/// it prints in that moment is lost, so it is not done often.
const SPOOL: u64 = 64 << 20;
/// Between TERM and KILL.
const GRACE: Duration = Duration::from_secs(5);
/// By how much the host of a hook is more patient than we are: it ends a hook that nobody else ended in time.
const SLACK: Duration = Duration::from_secs(30);
/// Beyond any attempt: the runs of hooks after a switch was taken back.
const AGAIN: u32 = 1_000_000;
/// How many times in a row a broken connection is made anew while a hook is followed.
const RECONNECTS: u32 = 5;

/// A hook on the Launchway host, in the work folder.
pub(super) async fn local(
    context: &Arc<Context>,
    node: &Node,
    resumed: bool,
    log: LogHandle,
) -> Result<Done, StepError> {
    let (context, node) = (Arc::clone(context), node.clone());
    blocking(move || {
        let (point, body) = script(&context, &node)?;
        let work = context.data.work(context.release.id);
        let tree = context.data.tree(context.release.id);
        let dir = work.join("hooks").join(format!("{}-{}", point.as_str(), node.attempt));
        context.guard.prepare(&work).map_err(|error| super::local::disk(&work, &error))?;
        let cache = cache(&context, &log)?;
        let through = context.guard.words(&work, &dir, cache.as_deref());
        let tree_text = tree.to_string_lossy().into_owned();
        let mut env = environment(&context, &node, &tree_text, "", "");
        env.push(("PATH".to_owned(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()));
        for (name, folder) in [("HOME", "home"), ("TMPDIR", "tmp")] {
            env.push((name.to_owned(), work.join(folder).to_string_lossy().into_owned()));
        }
        if let Some(cache) = &cache {
            env.push(("LAUNCHWAY_CACHE".to_owned(), cache.to_string_lossy().into_owned()));
        }
        env.push(("LANG".to_owned(), "C.UTF-8".to_owned()));
        let dir = dir.to_string_lossy().into_owned();
        let cwd = tree_text.as_bytes();
        let private = private(&context)?;
        let spec = Spec {
            dir: dir.as_bytes(),
            body,
            cwd,
            env: &env,
            private: &private,
            clean_env: true,
            through: &through,
            bounds: bounds(&context),
        };
        run(&context, &node, resumed, &spec, &[], &mut LocalShell::new(), &log)
    })
    .await
}

/// The folder that local hooks of the environment keep, where they have one: emptied where it grew too large. No other
/// release of the environment runs meanwhile.
fn cache(context: &Context, log: &LogHandle) -> Result<Option<PathBuf>, StepError> {
    let Some(most) = context.frozen.policy.takes.cache_bytes() else { return Ok(None) };
    let cache = context.data.cache(context.release.environment_id);
    let held = guard::size_of(&cache);
    if held > most {
        log.note(format!("The build cache held {}, more than its {}: it was emptied.", size(held), size(most)));
        guard::clean(&cache).map_err(|error| super::local::disk(&cache, &error))?;
    }
    context.guard.prepare_cache(&cache).map_err(|error| super::local::disk(&cache, &error))?;
    Ok(Some(cache))
}

/// A hook on a server, in the release's folder.
pub(super) async fn remote(
    context: &Arc<Context>,
    node: &Node,
    resumed: bool,
    log: LogHandle,
) -> Result<Done, StepError> {
    let live = format!("releases/{}", context.frozen.tree_of);
    there(context, node, resumed, log, live, node.attempt).await
}

/// The hook after the switch once more, after the switch was taken back: what it makes take up a new tree has to take up
/// the one before again. `live` is what `current` names now.
pub(crate) async fn again(
    context: &Arc<Context>,
    node: &Node,
    log: LogHandle,
    live: String,
) -> Result<Done, StepError> {
    // Of a folder that no retry has.
    there(context, node, false, log, live, AGAIN + node.attempt).await
}

/// A hook on a server, in the folder that `live` names, and known there by `number`.
async fn there(
    context: &Arc<Context>,
    node: &Node,
    resumed: bool,
    log: LogHandle,
    live: String,
    number: u32,
) -> Result<Done, StepError> {
    let (context, node) = (Arc::clone(context), node.clone());
    blocking(move || {
        let (point, body) = script(&context, &node)?;
        let (target, _) = context.target(&node)?;
        // A link that somebody set by hand may be a whole path.
        let release = if live.starts_with('/') { live } else { format!("{}/{live}", target.path) };
        let current = format!("{}/current", target.path);
        let env = environment(&context, &node, &release, &current, &target.hostname);
        let dir = hook_dir(&target.path, &context, point, number);
        let cwd = release.as_bytes();
        let private = private(&context)?;
        let spec = Spec {
            dir: dir.as_bytes(),
            body,
            cwd,
            env: &env,
            private: &private,
            clean_env: false,
            through: &[],
            bounds: bounds(&context),
        };
        let earlier: Vec<String> =
            earlier(number).map(|number| hook_dir(&target.path, &context, point, number)).collect();
        let earlier: Vec<&[u8]> = earlier.iter().map(String::as_bytes).collect();
        // Not cut short by a cancel: a hook that was found again after a crash has to be ended all the same.
        let reaching = Limits::within(context.limits.connect, &context.leave);
        let mut line = Line::new(&context, target, reaching);
        let result = run(&context, &node, resumed, &spec, &earlier, &mut line, &log);
        // Whatever the hook said, the connection is sound unless it could not be made.
        line.keep();
        result
    })
    .await
}

/// When the host of a hook ends it: past its time limit, where whoever should have done so is gone. That nobody looks ends
/// no hook: it is found again.
fn bounds(context: &Context) -> Bounds {
    Bounds { most: Some(context.limits.hook + SLACK), alone: None }
}

/// The runs of a hook before this one.
fn earlier(number: u32) -> impl Iterator<Item = u32> {
    let attempts = if number > AGAIN { number - AGAIN } else { number - 1 };
    (1..=attempts).chain(AGAIN + 1..number)
}

/// Where a hook's run keeps its files on a server.
pub(super) fn hook_dir(base: &str, context: &Context, point: HookPoint, attempt: u32) -> String {
    format!("{base}/.launchway/hooks/{}-{}-{attempt}", context.release.id, point.as_str())
}

fn script<'a>(context: &'a Context, node: &Node) -> Result<(HookPoint, &'a str), StepError> {
    let point = node.kind.hook();
    point.and_then(|point| Some((point, context.frozen.hooks.at(point)?))).ok_or_else(|| {
        StepError::new(Text::new("This hook has no script. Create a new release.", "该钩子没有脚本，请新建发布。"))
    })
}

/// What the environment's variables give every hook.
fn private(context: &Context) -> Result<Vec<(String, SecretString)>, StepError> {
    let given = context.variables.as_ref().map_err(|why| StepError::new(why.clone()))?;
    Ok(given.iter().map(|given| (given.name.clone(), given.value.clone())).collect())
}

/// What every hook sees.
pub(super) fn environment(
    context: &Context,
    node: &Node,
    release_path: &str,
    current_path: &str,
    server: &str,
) -> Vec<(String, String)> {
    [
        ("PROJECT", context.frozen.project.as_str()),
        ("ENVIRONMENT", context.frozen.environment.as_str()),
        ("REF", context.release.git_ref.name.as_str()),
        ("COMMIT", context.release.commit.as_str()),
        ("RELEASE_ID", &context.release.id.to_string()),
        ("RELEASE_PATH", release_path),
        ("CURRENT_PATH", current_path),
        ("SERVER", server),
        ("ATTEMPT", &node.attempt.to_string()),
    ]
    .into_iter()
    .map(|(name, value)| (format!("LAUNCHWAY_{name}"), value.to_owned()))
    .collect()
}

/// Starts the hook, or finds it again, and follows it to its end. One of its `earlier` runs may go on still, where the
/// server was out of reach when it should have been ended.
fn run(
    context: &Context,
    node: &Node,
    resumed: bool,
    spec: &Spec<'_>,
    earlier: &[&[u8]],
    reach: &mut dyn Reach,
    log: &LogHandle,
) -> Result<Done, StepError> {
    // Not the release's own token: a look is short, and a canceled hook has to be ended by us.
    let limits = context.regardless(context.limits.command);
    let began = node.started_at.unwrap_or_else(Timestamp::now);
    let deadline = began.plus_millis(i64::try_from(context.limits.hook.as_millis()).unwrap_or(i64::MAX));

    if !resumed {
        patiently(reach, |reach| Ok(process::stop_all(reach.shell()?, earlier, GRACE, &limits)?))?;
        patiently(reach, |reach| Ok(process::start(reach.shell()?, spec, &limits)?))?;
    }
    let mut offset = 0;
    loop {
        if context.leave.is_cancelled() {
            return Err(StepError::Canceled);
        }
        if context.cancel.is_cancelled() {
            log.note("Canceled: ending the hook and everything it started.");
            patiently(reach, |reach| Ok(process::stop(reach.shell()?, spec.dir, GRACE, &limits)?))?;
            return Err(StepError::Canceled);
        }
        if Timestamp::now() > deadline {
            patiently(reach, |reach| Ok(process::stop(reach.shell()?, spec.dir, GRACE, &limits)?))?;
            return Err(timed_out(context.limits.hook));
        }
        let look = patiently(reach, |reach| Ok(process::poll(reach.shell()?, spec.dir, offset, WAIT, TAKE, &limits)?))?;
        log.output(&look.output);
        offset = look.next;
        if log.is_full() {
            // Only the end is kept from here on: what lies before it need not travel.
            let end = look.size.saturating_sub(log::TAIL as u64);
            log.skip(end.saturating_sub(offset));
            offset = offset.max(end);
            if look.size > SPOOL && look.state == State::Running {
                log.skip(look.size - offset);
                patiently(reach, |reach| Ok(process::truncate(reach.shell()?, spec.dir, &limits)?))?;
                offset = 0;
            }
        }
        match look.state {
            State::Running => {}
            State::Exited(_) | State::Ended(_) if offset < look.size => {}
            State::Ended(_) => return Err(timed_out(context.limits.hook)),
            State::Exited(0) => return Ok(Done { exit_status: Some(0), ..Done::default() }),
            State::Exited(status) => return Err(failed(status)),
            // Only a hook from before a crash may not have been started yet; to start is idempotent.
            State::Absent => patiently(reach, |reach| Ok(process::start(reach.shell()?, spec, &limits)?))?,
            State::Lost if resumed => return Err(StepError::Vanished),
            State::Lost => {
                return Err(StepError::new(Text::new(
                    "The hook vanished without an exit status: it was killed, or its host restarted. Look into its host's log, then retry.",
                    "钩子没有留下退出状态就消失了：可能被强行结束，或主机重启。请查看该主机的日志后重试。",
                )));
            }
        }
    }
}

/// Does something over a connection that may break, making it anew a few times.
fn patiently<T>(
    reach: &mut dyn Reach,
    mut work: impl FnMut(&mut dyn Reach) -> Result<T, Trouble>,
) -> Result<T, StepError> {
    let mut tries = 0;
    loop {
        match work(reach) {
            Ok(value) => return Ok(value),
            Err(Trouble::Lost(_)) if tries < RECONNECTS => {
                tries += 1;
                reach.hang_up();
                // Not a wait for a condition: the server may be restarting, and to ask it at once
                // would use up the tries.
                std::thread::sleep(Duration::from_millis(200 << tries));
            }
            Err(Trouble::Lost(text)) => return Err(StepError::new(text)),
            Err(Trouble::Step(error)) => return Err(error),
        }
    }
}

enum Trouble {
    Lost(Text),
    Step(StepError),
}

impl From<StepError> for Trouble {
    fn from(error: StepError) -> Self {
        Trouble::Step(error)
    }
}

/// What [`Reach::shell`] says: connecting has had its own time.
impl From<ShellError> for Trouble {
    fn from(error: ShellError) -> Self {
        Trouble::Step(error.into())
    }
}

impl From<ProcessError> for Trouble {
    fn from(error: ProcessError) -> Self {
        match error {
            ProcessError::Shell(ShellError::Lost(text)) => Trouble::Lost(text),
            ProcessError::Shell(error) => Trouble::Step(error.into()),
            ProcessError::Refused(text) => Trouble::Step(StepError::new(text)),
        }
    }
}

fn failed(status: i32) -> StepError {
    StepError::Failed {
        text: text!(
            "The hook ended with exit status {status}. Its log says why. Mend what it found and retry; where the hook itself is wrong, make a new release from this one with another hook.",
            "钩子以退出状态 {status} 结束，原因见其日志。修正环境后重试；若钩子本身有误，请以此发布为模板新建发布并修改钩子。"
        ),
        exit_status: Some(status),
    }
}

fn timed_out(limit: Duration) -> StepError {
    let seconds = limit.as_secs();
    StepError::new(text!(
        "The hook did not end within its time limit of {seconds} seconds and was ended, with everything it had started.",
        "钩子在 {seconds} 秒的时限内没有结束，已连同其启动的进程一并终止。"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_those_before_it_and_no_other() {
        let before = |number| earlier(number).collect::<Vec<_>>();
        assert_eq!(before(1), [0_u32; 0]);
        assert_eq!(before(3), [1, 2]);
        assert_eq!(before(AGAIN + 1), [1]);
        assert_eq!(before(AGAIN + 3), [1, 2, 3, AGAIN + 1, AGAIN + 2]);
    }
}
