//! Releases: what goes where, and what they said on the way.

use serde::{Deserialize, Serialize};

use crate::id::{EnvironmentId, ProjectId, ReleaseId, UserId};
use crate::policy::Hold;
use crate::record::EnvironmentKind;
use crate::status::ReleaseStatus;
use crate::text::Text;
use crate::time::Timestamp;

/// What a ref is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RefKind {
    /// A tag.
    #[default]
    Tag,
    /// A branch.
    Branch,
    /// A commit: a full or abbreviated object name.
    Commit,
}

impl RefKind {
    /// Every kind.
    pub const ALL: [RefKind; 3] = [RefKind::Tag, RefKind::Branch, RefKind::Commit];

    /// The word in JSON and in the databases.
    pub fn as_str(self) -> &'static str {
        match self {
            RefKind::Tag => "tag",
            RefKind::Branch => "branch",
            RefKind::Commit => "commit",
        }
    }

    /// Reads [`RefKind::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What people read.
    pub fn label(self) -> Text {
        match self {
            RefKind::Tag => Text::new("tag", "标签"),
            RefKind::Branch => Text::new("branch", "分支"),
            RefKind::Commit => Text::new("commit", "提交"),
        }
    }
}

/// What is released.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GitRef {
    /// Tag, branch or commit.
    pub kind: RefKind,
    /// Its short name (`v1.2`, not `refs/tags/v1.2`) or object name.
    pub name: String,
}

impl GitRef {
    /// Whether what has this name can be released: one that begins with `-` would be an option to the programs that
    /// hooks call.
    pub fn may_be_called(name: &str) -> bool {
        crate::form::rules::ref_name(name, &()).is_ok()
    }
}

/// One line of a ref picker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefItem {
    /// The tag's or branch's short name; for commits the abbreviated object name.
    pub name: String,
    /// The commit's full object name (40 hexadecimal digits).
    pub commit: String,
    /// Who wrote the commit.
    pub author: String,
    /// The first line of its message.
    pub summary: String,
    /// When it was committed.
    pub date: Timestamp,
}

/// One thing that can be released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefChoice {
    /// A tag, a branch or a commit.
    pub kind: RefKind,
    /// What there is to know about it.
    pub item: RefItem,
}

/// What there is to release, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefChoices {
    /// Tags, branches, and the latest commits of all branches.
    pub items: Vec<RefChoice>,
    /// Whether there is more than these.
    pub more: bool,
}

/// Where a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HookPoint {
    /// On the Launchway host, in the empty work folder.
    BeforeDownload,
    /// On the Launchway host, in the work folder with the tree: where people build.
    AfterDownload,
    /// On each server, before the switch.
    BeforeDeploy,
    /// On each server, after the switch.
    AfterDeploy,
}

impl HookPoint {
    /// The four points in the order in which they come.
    pub const ALL: [HookPoint; 4] =
        [HookPoint::BeforeDownload, HookPoint::AfterDownload, HookPoint::BeforeDeploy, HookPoint::AfterDeploy];

    /// The word in JSON, in node keys and in the databases.
    pub fn as_str(self) -> &'static str {
        match self {
            HookPoint::BeforeDownload => "before_download",
            HookPoint::AfterDownload => "after_download",
            HookPoint::BeforeDeploy => "before_deploy",
            HookPoint::AfterDeploy => "after_deploy",
        }
    }

    /// Reads [`HookPoint::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|point| point.as_str() == word)
    }

    /// What people read.
    pub fn label(self) -> Text {
        match self {
            HookPoint::BeforeDownload => Text::new("before download", "下载前"),
            HookPoint::AfterDownload => Text::new("after download", "下载后"),
            HookPoint::BeforeDeploy => Text::new("before deploy", "发布前"),
            HookPoint::AfterDeploy => Text::new("after deploy", "发布后"),
        }
    }
}

/// The scripts of a release; absent or blank means none at that point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Hooks {
    /// On the Launchway host, in the empty work folder.
    pub before_download: Option<String>,
    /// On the Launchway host, in the work folder with the tree.
    pub after_download: Option<String>,
    /// On each server, before the switch.
    pub before_deploy: Option<String>,
    /// On each server, after the switch.
    pub after_deploy: Option<String>,
}

impl Hooks {
    /// The script at a point, where there is one that says anything.
    pub fn at(&self, point: HookPoint) -> Option<&str> {
        match point {
            HookPoint::BeforeDownload => &self.before_download,
            HookPoint::AfterDownload => &self.after_download,
            HookPoint::BeforeDeploy => &self.before_deploy,
            HookPoint::AfterDeploy => &self.after_deploy,
        }
        .as_deref()
        .filter(|body| !body.trim().is_empty())
    }

    /// The same scripts with what browsers do to them undone: blank ones are none, and line ends are those of a shell
    /// (a form that was sent without JavaScript has CR LF).
    pub fn tidy(self) -> Self {
        let kept =
            |body: Option<String>| body.filter(|text| !text.trim().is_empty()).map(|text| text.replace("\r\n", "\n"));
        Self {
            before_download: kept(self.before_download),
            after_download: kept(self.after_download),
            before_deploy: kept(self.before_deploy),
            after_deploy: kept(self.after_deploy),
        }
    }
}

/// Where a release's tree comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReleaseKind {
    /// Built from its ref.
    #[default]
    Release,
    /// An earlier release, made live again.
    Rollback,
}

impl ReleaseKind {
    /// The word in JSON and in the databases.
    pub fn as_str(self) -> &'static str {
        match self {
            ReleaseKind::Release => "release",
            ReleaseKind::Rollback => "rollback",
        }
    }

    /// Reads [`ReleaseKind::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        [ReleaseKind::Release, ReleaseKind::Rollback].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One ref going to one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Release {
    /// The id; also the folder's name on the servers.
    pub id: ReleaseId,
    /// Built, or a rollback.
    pub kind: ReleaseKind,
    /// Whose it is.
    pub project_id: ProjectId,
    /// What that project is called now.
    pub project_title: String,
    /// Where it goes.
    pub environment_id: EnvironmentId,
    /// What that environment is called now.
    pub environment_name: String,
    /// How much care it needs.
    pub environment_kind: EnvironmentKind,
    /// What was asked for.
    #[serde(rename = "ref")]
    pub git_ref: GitRef,
    /// What that resolved to: 40 hexadecimal digits.
    pub commit: String,
    /// Where it stands.
    pub status: ReleaseStatus,
    /// Its scripts.
    pub hooks: Hooks,
    /// What its maker wrote about it.
    pub note: Option<String>,
    /// Of a rollback: the release whose tree it brings back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_of: Option<ReleaseId>,
    /// The release of another environment whose tree it takes over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promoted_from: Option<ReleaseId>,
    /// Why a rule of the environment's policy was broken for it, in the words of who broke it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
    /// When it is to start, where somebody chose a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_at: Option<Timestamp>,
    /// Between which batches it waits, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// Why it failed, in a sentence, where it did.
    pub error: Option<Text>,
    /// Whether somebody asked it to stop.
    pub cancel_requested: bool,
    /// Who made it, where that person still exists.
    pub created_by: Option<UserId>,
    /// The name of who made it.
    pub created_by_name: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last put into the queue.
    pub queued_at: Option<Timestamp>,
    /// When it was first taken up.
    pub started_at: Option<Timestamp>,
    /// When it last ended.
    pub finished_at: Option<Timestamp>,
    /// When housekeeping removed its log, as it was until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_removed_at: Option<Timestamp>,
    /// When housekeeping removed what it had built: its artifact, or the folder in which it worked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_removed_at: Option<Timestamp>,
}

impl Release {
    /// Whether all that it printed was removed, and nothing came since.
    pub fn log_is_gone(&self) -> bool {
        self.log_removed_at.is_some_and(|at| self.finished_at.is_some_and(|end| end <= at))
    }
}

/// Which of a process's outputs a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LogStream {
    /// What a command or hook printed; both of its outputs, in the order in which they came.
    Output,
    /// What Launchway has to say.
    System,
}

impl LogStream {
    /// The word in JSON and in the databases.
    pub fn as_str(self) -> &'static str {
        match self {
            LogStream::Output => "output",
            LogStream::System => "system",
        }
    }

    /// Reads [`LogStream::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        [LogStream::Output, LogStream::System].into_iter().find(|stream| stream.as_str() == word)
    }
}

/// A piece of a node's log: one or more whole lines that came together, or a part of a long one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogLine {
    /// When it came.
    pub at: Timestamp,
    /// From where.
    pub stream: LogStream,
    /// The text, line ends included; secrets masked; bytes that are not UTF-8 as U+FFFD.
    pub text: String,
}

/// A stretch of a node's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogPage {
    /// What was said, oldest first.
    pub items: Vec<LogLine>,
    /// The byte offset (of the stored UTF-8 text) at which the next stretch begins.
    pub next: u64,
    /// Whether the node has ended and nothing comes after `next`.
    pub done: bool,
}

/// A release with its nodes, all as of one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseSnapshot {
    /// The release.
    pub release: Release,
    /// Its nodes in the order of the plan; empty before it first ran.
    pub nodes: Vec<crate::node::Node>,
    /// The last event that both include: listen to the feed after this one.
    pub seq: i64,
}

/// Which releases a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReleaseFilter {
    /// Of one project.
    pub project_id: Option<ProjectId>,
    /// Of one environment.
    pub environment_id: Option<EnvironmentId>,
    /// In one status.
    pub status: Option<ReleaseStatus>,
    /// Where the page begins: `next` of the one before.
    pub cursor: Option<String>,
    /// How many, 1 to 200; 50 where absent.
    pub limit: Option<u32>,
}
