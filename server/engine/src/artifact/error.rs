//! Why a tree could not be packed, or a packed one not be read back.

use std::io;
use std::path::PathBuf;

use launchway_domain::{Text, text};

use super::pack::MAX_PATH;
use super::shown;

/// Why a tree could not be packed, or a packed one not be read back.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The tree holds something that a release cannot: a FIFO, a socket, a device.
    #[error("{} is a {kind}", shown(.path))]
    Special {
        /// Where, relative to the tree's root.
        path: Vec<u8>,
        /// What it is, as the manual pages call it: `FIFO`, `socket`, `device`.
        kind: &'static str,
    },
    /// A file changed while it was being read.
    #[error("{} changed while it was being packed", shown(.path))]
    Changed {
        /// Where, relative to the tree's root.
        path: Vec<u8>,
    },
    /// A file is another user's, and stands elsewhere too: what a hook cannot read must not come into a release.
    #[error("{} is a second name of another user's file", shown(.path))]
    Foreign {
        /// Where, relative to the tree's root.
        path: Vec<u8>,
    },
    /// A path is longer than servers can have it.
    #[error("{}… is too long a path", shown(.path))]
    TooLong {
        /// How it begins.
        path: Vec<u8>,
    },
    /// The patterns of the policy leave every file out.
    #[error("nothing is left to be packed")]
    NothingLeft,
    /// Reading the tree or writing the artifact failed.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The kept artifact is not what was once written.
    #[error("{}: {reason}", .path.display())]
    Corrupt {
        /// Its folder.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// Somebody stopped the release.
    #[error("canceled")]
    Canceled,
}

impl PackError {
    /// What people read: what happened, where, what to do next.
    pub fn text(&self) -> Text {
        match self {
            PackError::Special { path, kind } => {
                let path = shown(path);
                text!(
                    "Packing stopped: \"{path}\" is a {kind}. A release holds files, folders and symbolic links only; remove it, or remove it in the after_download hook.",
                    "打包中止：“{path}”是 {kind}。发布内容只能包含文件、文件夹和符号链接；请删除它，或在 after_download 钩子中删除。"
                )
            }
            PackError::Changed { path } => {
                let path = shown(path);
                text!(
                    "Packing stopped: \"{path}\" changed while it was being read. A process that a hook left behind may still be writing to it; let the hook wait for it, then retry.",
                    "打包中止：“{path}”在读取过程中发生了变化。可能有钩子遗留的进程仍在写入；请让钩子等待其结束，然后重试。"
                )
            }
            PackError::Foreign { path } => {
                let path = shown(path);
                text!(
                    "Packing stopped: \"{path}\" is a hard link to a file of another user. Copy the file instead.",
                    "打包中止：“{path}”是指向其他用户文件的硬链接。请改为复制该文件。"
                )
            }
            PackError::TooLong { path } => {
                let path = shown(path);
                text!(
                    "Packing stopped: the path \"{path}…\" is longer than {MAX_PATH} bytes. Remove it in the after_download hook, or leave it out by the environment's policy.",
                    "打包中止：路径“{path}…”超过 {MAX_PATH} 字节。请在 after_download 钩子中删除，或在环境的发布策略中排除。"
                )
            }
            PackError::Io { path, source } if source.raw_os_error().is_some_and(is_full) => {
                let path = path.display();
                text!(
                    "The disk of the Launchway host is full ({path}). Free some space, then retry.",
                    "Launchway 主机的磁盘已满（{path}）。请释放空间后重试。"
                )
            }
            PackError::Io { path, source } => {
                let path = path.display();
                text!(
                    "Packing failed at {path}: {source}. Check the data folder's permissions, then retry.",
                    "在 {path} 打包失败：{source}。请检查数据文件夹的权限，然后重试。"
                )
            }
            PackError::Corrupt { path, reason } => {
                let path = path.display();
                text!(
                    "The kept artifact in {path} is damaged: {reason}. Start a new release of the same ref to pack it afresh.",
                    "{path} 中保存的制品已损坏：{reason}。请用同一版本新建一次发布以重新打包。"
                )
            }
            PackError::NothingLeft => Text::new(
                "Nothing is left to be packed: the environment's policy leaves every file out. Mend its patterns, then create a new release.",
                "没有可打包的内容：环境的发布策略排除了所有文件。请修改排除模式，然后新建发布。",
            ),
            PackError::Canceled => Text::new("Packing was canceled.", "打包已取消。"),
        }
    }
}

fn is_full(errno: i32) -> bool {
    errno == nix::errno::Errno::ENOSPC as i32 || errno == nix::errno::Errno::EDQUOT as i32
}
