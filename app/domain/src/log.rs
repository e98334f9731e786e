//! Logs as lines: what is read of them, how stored text falls into lines, what a terminal would show of
//! it, and where a text is found in it. Pure: the server and the browser count and search alike.

pub mod error;
pub mod find;
pub mod groups;
pub mod lines;
pub mod scope;
pub mod screen;

use serde::{Deserialize, Serialize};

pub use self::groups::OutputGroup;
pub use self::scope::{LogRuns, LogScope};

use crate::id::ServerId;
use crate::node::NodeKey;
use crate::release::LogStream;
use crate::time::Timestamp;

/// Whose lines some of a log are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogSource {
    /// Of which node.
    pub node: NodeKey,
    /// Of which run.
    pub attempt: u32,
    /// On which server, where it is a server's.
    pub server_id: Option<ServerId>,
}

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogRow {
    /// When its beginning came.
    pub at: Timestamp,
    /// From where.
    pub stream: LogStream,
    /// Whose it is: an index into `sources`.
    pub source: u32,
    /// The text as it came, escape sequences included, without the line end. A line of more than 16 KiB is cut
    /// into several.
    pub text: String,
    /// Whether its end has not come yet: more may be added to it. Absent where it has.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
}

/// Some lines of a log, by their numbers. A line keeps its number for ever; only the last one of a node may still
/// grow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogLines {
    /// The number of the first of `items`; the first line of a log is 1.
    pub from_line: u64,
    /// How many lines the log has now.
    pub total: u64,
    /// Whether nothing more will come.
    pub done: bool,
    /// Whose the lines are.
    pub sources: Vec<LogSource>,
    /// The lines, without gaps.
    pub items: Vec<LogRow>,
}

/// Where a text was found in a stretch of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogFound {
    /// The numbers of lines that hold it, ascending: the first ones, as many as are listed.
    pub lines: Vec<u64>,
    /// How many lines hold it in all, listed or not.
    pub matched: u64,
    /// How often it stands there.
    pub matches: u64,
    /// Where to search on; none where everything was looked through.
    pub next: Option<u64>,
    /// How many lines the log has now.
    pub total: u64,
}
