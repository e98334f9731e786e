//! What the nodes do: one file per kind of step.
//!
//! A step is repeatable: run again after a crash, it finds what is there and does the rest. It knows
//! nothing of other nodes or of their order; that is the runner's.

mod connections;
mod health;
mod hook;
mod local;
mod progress;
mod server;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use launchway_domain::{CredentialId, Event, Node, NodeKey, NodeKind, NodeLive, Release, ServerId, Text, text};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::artifact::Artifact;
use crate::credential::Opened;
use crate::data::DataDir;
use crate::guard::Guard;
use crate::log::LogHandle;
use crate::planner::{Frozen, Target};
use crate::redact::Redactor;
use crate::shell::{Limits, ShellError};
use crate::store::{Lease, Store, StoreError};
use crate::target::{Site, TargetError, Tools};
use crate::variable::Given;

pub(crate) use connections::Connections;
pub(crate) use hook::again;
pub(crate) use server::{housekeeping, look, note, switch_back};

/// How long things may take.
#[derive(Clone, Debug)]
pub struct TimeLimits {
    /// A hook, from its start to its end.
    pub hook: Duration,
    /// A connection to a server, sign-in included.
    pub connect: Duration,
    /// A single command on a server: a probe, a switch.
    pub command: Duration,
    /// A fetch and the export after it.
    pub download: Duration,
    /// An upload to one server, verification included.
    pub upload: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            hook: Duration::from_secs(30 * 60),
            connect: Duration::from_secs(20),
            command: Duration::from_secs(60),
            download: Duration::from_secs(30 * 60),
            upload: Duration::from_secs(60 * 60),
        }
    }
}

/// All that the steps of one run share.
pub(crate) struct Context {
    pub(crate) store: Store,
    pub(crate) lease: Lease,
    pub(crate) data: DataDir,
    pub(crate) guard: Guard,
    pub(crate) release: Release,
    pub(crate) frozen: Frozen,
    pub(crate) limits: TimeLimits,
    /// Set when somebody asks the release to stop; and with `leave`.
    pub(crate) cancel: CancellationToken,
    /// Set when the program stops or the lease is lost: leave everything as it is, somebody goes on.
    pub(crate) leave: CancellationToken,
    /// Credentials by id; a text where one could not be opened.
    pub(crate) credentials: HashMap<CredentialId, Result<Opened, Text>>,
    /// What hooks are given; a text where one of them could not be opened.
    pub(crate) variables: Result<Vec<Given>, Text>,
    pub(crate) redactor: Redactor,
    pub(crate) connections: Connections,
    pub(crate) progress: broadcast::Sender<Event>,
    /// The artifact, once a step has opened it.
    pub(crate) artifact: Mutex<Option<Arc<Artifact>>>,
    /// The switches for which it is noted in this run what was live before.
    pub(crate) noted: Mutex<HashSet<NodeKey>>,
    /// What the probe found on each server.
    pub(crate) found: Mutex<HashMap<ServerId, Found>>,
}

/// What the probe found on one server.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) tools: Tools,
    /// Host and folder, by which two names of one place are recognised.
    pub(crate) identity: String,
}

impl Context {
    /// Limits for one command.
    fn within(&self, deadline: Duration) -> Limits {
        Limits::within(deadline, &self.cancel)
    }

    /// Limits for a command that has to be carried out even while the release is being stopped.
    pub(crate) fn regardless(&self, deadline: Duration) -> Limits {
        Limits::within(deadline, &CancellationToken::new())
    }

    fn target(&self, node: &Node) -> Result<(&Target, Site), StepError> {
        let target = node.server_id.and_then(|id| self.frozen.target(id)).ok_or_else(|| {
            StepError::new(Text::new(
                "This server is not part of the release as it was planned. Create a new release.",
                "该服务器不在此次发布的计划之中，请新建发布。",
            ))
        })?;
        let site = Site {
            base: target.path.as_bytes().to_vec(),
            release: self.frozen.tree_of,
            hostname: target.hostname.clone(),
        };
        Ok((target, site))
    }
}

/// How a step ended well.
#[derive(Clone, Debug, Default)]
pub(crate) struct Done {
    pub(crate) exit_status: Option<i32>,
    /// What is live on the server now, where the step found out.
    pub(crate) live: Option<NodeLive>,
}

/// How a step ended otherwise.
#[derive(Debug)]
pub(crate) enum StepError {
    /// Something went wrong: what, and the exit status where a hook or command had one.
    Failed { text: Text, exit_status: Option<i32> },
    /// Somebody stopped the release.
    Canceled,
    /// The hook that was running before a crash has left no trace: it may be run again.
    Vanished,
    /// The store did not answer, or the lease is lost: nothing more can be written down.
    Store(StoreError),
}

impl StepError {
    pub(crate) fn new(text: Text) -> Self {
        StepError::Failed { text, exit_status: None }
    }
}

impl From<StoreError> for StepError {
    fn from(error: StoreError) -> Self {
        StepError::Store(error)
    }
}

impl From<ShellError> for StepError {
    fn from(error: ShellError) -> Self {
        match error {
            ShellError::Canceled => StepError::Canceled,
            ShellError::Deadline(limit) => {
                let seconds = limit.as_secs();
                StepError::new(text!(
                    "No end within {seconds} seconds. See whether the server is overloaded or the command waits for something, then retry.",
                    "{seconds} 秒内没有结束。请检查服务器是否过载或命令是否在等待，然后重试。"
                ))
            }
            ShellError::Lost(text) => StepError::new(text),
            ShellError::Input(error) => StepError::new(text!(
                "Reading what was to be sent failed: {error}. See the disk of the Launchway host.",
                "读取待发送内容失败：{error}。请检查 Launchway 主机的磁盘。"
            )),
        }
    }
}

impl From<TargetError> for StepError {
    fn from(error: TargetError) -> Self {
        match error {
            TargetError::Shell(error) => error.into(),
            TargetError::Refused { text, .. } => StepError::new(text),
        }
    }
}

/// Runs one step. `resumed` says that a run of it was cut off by a crash.
pub(crate) async fn perform(
    context: &Arc<Context>,
    node: &Node,
    resumed: bool,
    log: LogHandle,
) -> Result<Done, StepError> {
    match node.kind {
        NodeKind::Start => local::start(context, log).await,
        NodeKind::Download => local::download(context, node, log).await,
        NodeKind::Package => local::package(context, node, log).await,
        NodeKind::BeforeDownload | NodeKind::AfterDownload => hook::local(context, node, resumed, log).await,
        NodeKind::BeforeDeploy | NodeKind::AfterDeploy => hook::remote(context, node, resumed, log).await,
        NodeKind::Server => server::probe(context, node, log).await,
        NodeKind::Upload => server::upload(context, node, log).await,
        NodeKind::Deploy => server::deploy(context, node, log).await,
        NodeKind::Health => health::gate(context, node, log).await,
    }
}

/// Runs blocking work off the threads of tokio.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StepError> + Send + 'static,
) -> Result<T, StepError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(panic) => {
            tracing::error!(%panic, "a step ended in a panic");
            Err(StepError::new(Text::new(
                "Something broke inside Launchway; its log has the cause. Retry, and report it if it happens again.",
                "Launchway 内部出错，原因记录在其日志中。请重试；若再次发生请反馈。",
            )))
        }
    }
}
