//! The nodes of the pipeline tree.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{ReleaseId, ServerId};
use crate::release::HookPoint;
use crate::status::NodeStatus;
use crate::text::Text;
use crate::time::Timestamp;
use crate::word::words;

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// The root: the release was taken up, its work folder made.
    Start,
    /// A local hook in the empty work folder.
    BeforeDownload,
    /// Fetch, and export of the commit.
    Download,
    /// A local hook in the work folder.
    AfterDownload,
    /// Packing of the artifact.
    Package,
    /// One server: connection and probe.
    Server,
    /// Staging and verification.
    Upload,
    /// A hook on the server before the switch.
    BeforeDeploy,
    /// The switch.
    Deploy,
    /// A hook on the server after the switch.
    AfterDeploy,
    /// Whether the server is well after the switch, where the policy says how to ask.
    Health,
}

impl NodeKind {
    /// Every kind, in the order of the run.
    pub const ALL: [NodeKind; 11] = [
        NodeKind::Start,
        NodeKind::BeforeDownload,
        NodeKind::Download,
        NodeKind::AfterDownload,
        NodeKind::Package,
        NodeKind::Server,
        NodeKind::Upload,
        NodeKind::BeforeDeploy,
        NodeKind::Deploy,
        NodeKind::AfterDeploy,
        NodeKind::Health,
    ];

    /// The word in JSON, in node keys and in the databases.
    pub fn as_str(self) -> &'static str {
        match self {
            NodeKind::Start => "start",
            NodeKind::BeforeDownload => "before_download",
            NodeKind::Download => "download",
            NodeKind::AfterDownload => "after_download",
            NodeKind::Package => "package",
            NodeKind::Server => "server",
            NodeKind::Upload => "upload",
            NodeKind::BeforeDeploy => "before_deploy",
            NodeKind::Deploy => "deploy",
            NodeKind::AfterDeploy => "after_deploy",
            NodeKind::Health => "health",
        }
    }

    /// Reads [`NodeKind::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The hook that the node runs, where it runs one.
    pub fn hook(self) -> Option<HookPoint> {
        match self {
            NodeKind::BeforeDownload => Some(HookPoint::BeforeDownload),
            NodeKind::AfterDownload => Some(HookPoint::AfterDownload),
            NodeKind::BeforeDeploy => Some(HookPoint::BeforeDeploy),
            NodeKind::AfterDeploy => Some(HookPoint::AfterDeploy),
            _ => None,
        }
    }

    /// What people read on the node; a server node shows its hostname instead.
    pub fn label(self) -> Text {
        match self {
            NodeKind::Start => Text::new("start", "开始"),
            NodeKind::BeforeDownload => Text::new("before download", "下载前"),
            NodeKind::Download => Text::new("download", "下载"),
            NodeKind::AfterDownload => Text::new("after download", "下载后"),
            NodeKind::Package => Text::new("package", "打包"),
            NodeKind::Server => Text::new("server", "服务器"),
            NodeKind::Upload => Text::new("upload", "上传"),
            NodeKind::BeforeDeploy => Text::new("before deploy", "发布前"),
            NodeKind::Deploy => Text::new("deploy", "发布"),
            NodeKind::AfterDeploy => Text::new("after deploy", "发布后"),
            NodeKind::Health => Text::new("health", "健康检查"),
        }
    }
}

/// A node's name within its release: `package`, `server:7`, `server:7/upload`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String))]
#[serde(transparent)]
pub struct NodeKey(pub String);

impl NodeKey {
    /// The key of a node on the Launchway host (`server` is none) or on a server.
    pub fn of(kind: NodeKind, server: Option<ServerId>) -> Self {
        Self(match (kind, server) {
            (NodeKind::Server, Some(server)) => format!("server:{server}"),
            (kind, Some(server)) => format!("server:{server}/{}", kind.as_str()),
            (kind, None) => kind.as_str().to_owned(),
        })
    }

    /// The server of a node that is one's: of `server:7` and `server:7/upload`.
    pub fn server(&self) -> Option<ServerId> {
        self.0.strip_prefix("server:")?.split('/').next()?.parse().ok()
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

words! {
    /// How what is live on a server came to be so, as far as one release is concerned.
    LiveChange {
        /// The release made it live.
        Switched: "switched", "switched", "已切换";
        /// The release made itself live, and was taken back.
        SwitchedBack: "switched_back", "switched back", "已切换回";
        /// It is what was live before.
        Unchanged: "unchanged", "unchanged", "未变";
        /// The server could not be asked.
        Unknown: "unknown", "not known", "未知";
    }
}

/// Which release is live on a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeLive {
    /// The release whose tree `current` names; none where nothing is live, where the link is none of ours, or where that
    /// is not known.
    pub release_id: Option<ReleaseId>,
    /// How it came to be so.
    pub change: LiveChange,
    /// Why it is not known, or why the server could not be switched back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Text>,
}

impl NodeLive {
    /// What is live by what `current` names, such as `releases/7`.
    pub fn of_link(link: Option<&str>, change: LiveChange) -> Self {
        // Whoever set a link by hand may have written the whole path.
        let name = link.and_then(|link| link.rsplit('/').find(|part| !part.is_empty()));
        let release_id = name.and_then(|name| name.parse().ok().map(ReleaseId)).filter(|id| id.0 > 0);
        Self { release_id, change, error: None }
    }
}

/// One step of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Node {
    /// Its name within the release.
    pub key: NodeKey,
    /// The node that it hangs from; none for the root.
    pub parent: Option<NodeKey>,
    /// What it does.
    pub kind: NodeKind,
    /// On which server, where it is a server's.
    pub server_id: Option<ServerId>,
    /// What a tree widget writes on it: the hostname of a server node, the kind of any other.
    pub text: String,
    /// Where it stands.
    pub status: NodeStatus,
    /// Which run of it this is; 0 before the first.
    pub attempt: u32,
    /// [`NodeStatus::color`] of the status.
    pub color: String,
    /// When this attempt began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// The hook's exit status (0 to 255; 128 plus the number for a signal).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_status: Option<i32>,
    /// Why it failed, was skipped, or waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Text>,
    /// Of a server node where there are several batches: the server's batch, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<u32>,
    /// Of a server node: which release is live there, as far as the release has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<NodeLive>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_as_the_contract_names_them() {
        assert_eq!(NodeKey::of(NodeKind::Package, None).as_str(), "package");
        assert_eq!(NodeKey::of(NodeKind::Server, Some(ServerId(7))).as_str(), "server:7");
        assert_eq!(NodeKey::of(NodeKind::AfterDeploy, Some(ServerId(7))).as_str(), "server:7/after_deploy");
        assert_eq!(NodeKey::of(NodeKind::AfterDeploy, Some(ServerId(7))).server(), Some(ServerId(7)));
        assert_eq!(NodeKey::of(NodeKind::Server, Some(ServerId(7))).server(), Some(ServerId(7)));
        assert_eq!(NodeKey::of(NodeKind::Package, None).server(), None);
    }
}
