//! What a release changes: the commits and files between what is live and what comes.

use serde::{Deserialize, Serialize};

use crate::id::ReleaseId;
use crate::policy::RuleState;
use crate::release::{GitRef, RefItem};

/// How what comes stands to what is live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Nothing was live before: everything is new.
    #[default]
    First,
    /// The very same commit.
    Same,
    /// It holds all that is live, and more.
    Ahead,
    /// It is an ancestor of what is live: commits go away.
    Behind,
    /// Each has commits that the other lacks.
    Diverged,
    /// The live commit is not in the repository any more, so that nothing can be said.
    Unknown,
}

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FileChange {
    /// It is new.
    Added,
    /// Its content, its mode or its kind is another.
    Changed,
    /// It is gone.
    Removed,
    /// It has another name, and perhaps another content.
    Renamed,
}

impl FileChange {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            FileChange::Added => "added",
            FileChange::Changed => "changed",
            FileChange::Removed => "removed",
            FileChange::Renamed => "renamed",
        }
    }
}

/// One file that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangedFile {
    /// Its path in the tree; bytes that are not UTF-8 as U+FFFD.
    pub path: String,
    /// Of a renamed file: its path before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What becomes of it.
    pub change: FileChange,
    /// Lines that are new; absent where they were not counted: binary, large, or one of too many files.
    pub added: Option<u32>,
    /// Lines that are gone; absent likewise.
    pub removed: Option<u32>,
}

/// How many files of each kind, whatever is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileTotals {
    /// New ones.
    pub added: u64,
    /// Changed ones.
    pub changed: u64,
    /// Those that are gone.
    pub removed: u64,
    /// Those with another name.
    pub renamed: u64,
}

impl FileTotals {
    /// All of them.
    pub fn all(self) -> u64 {
        self.added + self.changed + self.removed + self.renamed
    }
}

/// Two commits held against each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Comparison {
    /// How they stand to each other.
    pub relation: Relation,
    /// What comes: the commits that are not live yet, newest first, 200 at most.
    pub commits: Vec<RefItem>,
    /// How many there are, up to 50,000.
    pub commits_total: u64,
    /// What goes: the live commits that will not be there any more, newest first, 200 at most.
    pub dropped: Vec<RefItem>,
    /// How many there are, up to 50,000.
    pub dropped_total: u64,
    /// The files that are not as they were, by path, 1,000 at most.
    pub files: Vec<ChangedFile>,
    /// How many there are of each kind.
    pub files_total: FileTotals,
}

/// What is live, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveCommit {
    /// The release that brought it.
    pub release_id: ReleaseId,
    /// Its ref.
    #[serde(rename = "ref")]
    pub git_ref: GitRef,
    /// Its commit (40 hexadecimal digits).
    pub commit: String,
}

/// What has to go over the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Upload {
    /// Bytes for each server that does not hold it yet.
    pub bytes: u64,
    /// The files in them.
    pub files: u64,
    /// Whether that is the artifact, packed and compressed; if not, these are the files of the commit, before any hook
    /// has built something and before they are compressed.
    pub exact: bool,
    /// How many servers the environment has.
    pub servers: u32,
}

/// What a release changes in its environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Changes {
    /// What comes (40 hexadecimal digits).
    pub commit: String,
    /// What it is held against; null where nothing was live before.
    pub against: Option<LiveCommit>,
    /// The difference.
    #[serde(flatten)]
    pub comparison: Comparison,
    /// What has to go over the wire; null where that shows only once it is built.
    pub upload: Option<Upload>,
    /// How it stands to the environment's policy; nothing once it was started.
    pub rules: Vec<RuleState>,
}
