//! Which lines are read as one log.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::ServerId;
use crate::node::NodeKey;

/// Which runs of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogRuns {
    /// The latest.
    #[default]
    Latest,
    /// One of them, by its number.
    One(u32),
    /// All, one after the other.
    All,
}

impl FromStr for LogRuns {
    type Err = ();

    /// Reads a number or `all`.
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "all" => Ok(LogRuns::All),
            number => number.parse().map(LogRuns::One).map_err(drop),
        }
    }
}

/// Which lines of a release are read as one log. Its text, as in `node=package&attempt=2`, `server=7` or `scope=all`,
/// stands in addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LogScope {
    /// One node's.
    Node(NodeKey, LogRuns),
    /// All of one server's nodes, in the order in which they spoke.
    Server(ServerId),
    /// The whole release's: this host's and all servers', in the order in which they spoke.
    All,
}

impl LogScope {
    /// The latest run of a node.
    pub fn latest(node: NodeKey) -> Self {
        Self::Node(node, LogRuns::Latest)
    }

    /// Whether lines of several nodes may stand in it.
    pub fn is_mixed(&self) -> bool {
        !matches!(self, LogScope::Node(..))
    }
}

impl fmt::Display for LogScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogScope::Node(node, LogRuns::Latest) => write!(f, "node={node}"),
            LogScope::Node(node, LogRuns::One(attempt)) => write!(f, "node={node}&attempt={attempt}"),
            LogScope::Node(node, LogRuns::All) => write!(f, "node={node}&attempt=all"),
            LogScope::Server(server) => write!(f, "server={server}"),
            LogScope::All => f.write_str("scope=all"),
        }
    }
}

impl FromStr for LogScope {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "scope=all" {
            return Ok(LogScope::All);
        }
        if let Some(id) = text.strip_prefix("server=") {
            return id.parse().map(LogScope::Server).map_err(|_| "not the id of a server");
        }
        let node = text.strip_prefix("node=").ok_or("not a scope of a log")?;
        Ok(match node.split_once("&attempt=") {
            None => LogScope::latest(NodeKey(node.to_owned())),
            Some((node, runs)) => LogScope::Node(NodeKey(node.to_owned()), runs.parse().map_err(|()| "not a run")?),
        })
    }
}

impl TryFrom<String> for LogScope {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<LogScope> for String {
    fn from(scope: LogScope) -> Self {
        scope.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_back() {
        let node = NodeKey("server:7/upload".into());
        for scope in [
            LogScope::latest(node.clone()),
            LogScope::Node(node.clone(), LogRuns::One(2)),
            LogScope::Node(node, LogRuns::All),
            LogScope::Server(ServerId(7)),
            LogScope::All,
        ] {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        for wrong in ["", "scope=some", "server=x", "node=a&attempt=x", "node"] {
            assert!(wrong.parse::<LogScope>().is_err(), "{wrong}");
        }
    }
}
