//! What goes wrong on a server, sorted by what the person has to do about it.

use launchway_domain::{Text, text};

use crate::shell::{Output, ShellError};

/// Why a step on a server did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The outcome is not known: deadline, cancel, lost connection.
    #[error(transparent)]
    Shell(#[from] ShellError),
    /// The server did its part, and the answer is no.
    #[error("{text}")]
    Refused {
        /// For callers that branch.
        kind: Refusal,
        /// For people.
        text: Text,
    },
}

/// What kind of no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// A program that is needed is missing, or does not do what is needed of it.
    Tool,
    /// The folder cannot be made or written to.
    Path,
    /// `current` is there and is no symbolic link.
    CurrentIsDirectory,
    /// No room, or over quota.
    DiskFull,
    /// A copy is not exactly what its manifest says.
    Mismatch,
    /// Anything else.
    Other,
}

impl TargetError {
    /// The kind of refusal; none where the outcome is not known.
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            TargetError::Shell(_) => None,
            TargetError::Refused { kind, .. } => Some(*kind),
        }
    }

    /// What people read: what happened, where, what to do next.
    pub fn text(&self) -> Text {
        match self {
            TargetError::Refused { text, .. } | TargetError::Shell(ShellError::Lost(text)) => text.clone(),
            TargetError::Shell(ShellError::Deadline(limit)) => {
                let seconds = limit.as_secs();
                text!(
                    "The server did not finish within {seconds} s. Check its load and the network, then retry.",
                    "服务器未能在 {seconds} 秒内完成。请检查其负载和网络，然后重试。"
                )
            }
            TargetError::Shell(ShellError::Canceled) => Text::new("Canceled.", "已取消。"),
            TargetError::Shell(ShellError::Input(error)) => text!(
                "The kept artifact cannot be read: {error}. Check the data folder, then retry.",
                "无法读取保存的制品：{error}。请检查数据文件夹，然后重试。"
            ),
        }
    }

    pub(super) fn refused(kind: Refusal, text: Text) -> Self {
        Self::Refused { kind, text }
    }
}

/// Exit statuses of our scripts, out of the way of what tools use.
pub(super) mod exit {
    /// Tools are missing; standard output names them.
    pub(crate) const TOOL: i32 = 81;
    /// `current` is no link.
    pub(crate) const CURRENT: i32 = 82;
    /// The path cannot be made or written to.
    pub(crate) const PATH: i32 = 83;
    /// `mv -T` is missing.
    pub(crate) const RENAME: i32 = 84;
    /// The release's folder is not there.
    pub(crate) const ABSENT: i32 = 85;
    /// Unpacking failed.
    pub(crate) const UNPACK: i32 = 86;
    /// An old release could not be removed whole.
    pub(crate) const PRUNE: i32 = 87;
    /// Something shared is of another kind.
    pub(crate) const SHARED_KIND: i32 = 88;
    /// A shared file is nowhere.
    pub(crate) const SHARED_ABSENT: i32 = 89;
    /// The owner cannot be given.
    pub(crate) const OWNER: i32 = 90;
    /// What was live before is not there any more.
    pub(crate) const BEFORE: i32 = 91;
}

/// Turns an output that is not [`Output::ok`] into a refusal. `place` is the folder, as people read it.
pub(super) fn refusal(place: &str, output: &Output) -> TargetError {
    let said = output.complaint();
    let status = output.status;
    // The scripts set LC_ALL=C, so these are the words whatever the server's language is. GNU tar says
    // only how much it wrote where the disk fills up within a block.
    let full = [
        "No space left on device",
        "Disk quota exceeded",
        "File too large",
        "File size limit exceeded",
        ": Wrote only ",
    ];
    if full.iter().any(|words| said.contains(words)) {
        return TargetError::refused(
            Refusal::DiskFull,
            text!(
                "No room for the release in {place}: the disk is full, or a quota or size limit is reached. Free some space on the server, or keep fewer releases, then retry. The server said: {said}",
                "{place} 没有足够的空间存放发布内容：磁盘已满，或达到配额或大小限制。请在服务器上释放空间或减少保留的发布数量，然后重试。服务器返回：{said}"
            ),
        );
    }
    let (kind, text) = match status {
        exit::TOOL => missing(&String::from_utf8_lossy(&output.stdout)),
        exit::CURRENT => (
            Refusal::CurrentIsDirectory,
            text!(
                "{place}/current is not a symbolic link, so switching to a release would replace something of yours. Nothing was touched. Rename it there (to current.before, say) or choose another path, then retry.",
                "{place}/current 不是符号链接，切换发布会覆盖您的内容，因此未做任何改动。请在该服务器上将其改名（例如 current.before）或更换路径，然后重试。"
            ),
        ),
        exit::PATH => (
            Refusal::Path,
            text!(
                "{place} cannot be created or written to. Give the user that Launchway signs in as its ownership, or choose another path, then retry. The server said: {said}",
                "无法创建或写入 {place}。请把它的所有权交给 Launchway 登录所用的用户，或更换路径，然后重试。服务器返回：{said}"
            ),
        ),
        exit::RENAME => (
            Refusal::Tool,
            text!(
                "The server's mv cannot rename over a link in one step (mv -T), which the switch needs. Install GNU coreutils or BusyBox, then retry. The server said: {said}",
                "服务器上的 mv 不能一步替换链接（mv -T），而切换需要它。请安装 GNU coreutils 或 BusyBox，然后重试。服务器返回：{said}"
            ),
        ),
        exit::ABSENT => (
            Refusal::Other,
            text!(
                "The release's folder in {place}/releases is gone. Retry the release to upload it again.",
                "{place}/releases 中该发布的文件夹已不存在。请重试以重新上传。"
            ),
        ),
        exit::UNPACK => (
            Refusal::Other,
            text!(
                "Unpacking the release in {place} failed. Nothing was switched; retry. The server said: {said}",
                "在 {place} 解包失败，未进行切换，请重试。服务器返回：{said}"
            ),
        ),
        exit::PRUNE => (
            Refusal::Other,
            text!(
                "Old releases in {place} could not be removed whole; what is left is in {place}/.launchway/incoming. Remove it as a user who may: a hook may have written files there as somebody else. The server said: {said}",
                "{place} 中的旧发布未能完全删除，残留内容位于 {place}/.launchway/incoming。请用有权限的用户删除：可能有钩子以其他用户身份写入了文件。服务器返回：{said}"
            ),
        ),
        exit::BEFORE => (
            Refusal::Other,
            text!(
                "What was live in {place} before is not there any more, so it was not switched back to. Release an earlier version again.",
                "{place} 中原先生效的版本已不存在，未能切换回去。请重新发布较早的版本。"
            ),
        ),
        126 | 127 => missing("sh"),
        _ => (
            Refusal::Other,
            text!(
                "A command in {place} ended with status {status}. The server said: {said}",
                "在 {place} 执行的命令以状态 {status} 结束。服务器返回：{said}"
            ),
        ),
    };
    TargetError::refused(kind, text)
}

fn missing(names: &str) -> (Refusal, Text) {
    let names = names.rsplit('\0').find(|part| !part.trim().is_empty()).unwrap_or("sh").trim();
    (
        Refusal::Tool,
        text!(
            "The server lacks what a release needs, or what is there does not work: {names}. Install it (BusyBox counts), then retry.",
            "服务器缺少发布所需的工具，或工具不可用：{names}。请安装（BusyBox 也可以），然后重试。"
        ),
    )
}
