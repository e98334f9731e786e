//! Which log is open, and which of its lines is marked, as it stands in the address.

use launchway_domain::{LogRuns, LogScope, NodeKey, ReleaseId, ServerId};
use leptos_router::params::ParamsMap;

use crate::ui::next;

/// The log that is open: it stands in the address, so that the server renders it as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenLog {
    /// One node's; none where a whole server's or the whole release's is open.
    pub node: Option<NodeKey>,
    /// Which of its runs.
    pub runs: LogRuns,
    /// All nodes of one server; the whole release where neither is named.
    pub server: Option<ServerId>,
}

impl OpenLog {
    /// The latest run's of a node.
    pub fn of(node: NodeKey) -> Self {
        Self { node: Some(node), ..Self::default() }
    }

    /// What an address says.
    pub fn read(query: &ParamsMap) -> Self {
        Self {
            node: query.get("node").map(NodeKey),
            runs: query.get("attempt").and_then(|text| text.parse().ok()).unwrap_or_default(),
            server: query.get("server").and_then(|text| text.parse().ok()),
        }
    }

    /// Which lines are read.
    pub fn scope(&self) -> LogScope {
        match (&self.node, self.server) {
            (Some(node), _) => LogScope::Node(node.clone(), self.runs),
            (None, Some(server)) => LogScope::Server(server),
            (None, None) => LogScope::All,
        }
    }

    /// The server that is open, or that the open node is on.
    pub fn on_server(&self) -> Option<ServerId> {
        self.node.as_ref().map_or(self.server, NodeKey::server)
    }

    /// The address of a release's page with this log open.
    pub fn href(&self, id: ReleaseId) -> String {
        let mut href = format!("/releases/{id}");
        let mut mark = '?';
        for (name, value) in self.parameters() {
            if let Some(value) = value {
                href.push(mark);
                href.push_str(name);
                href.push('=');
                href.push_str(&next::encode(&value));
                mark = '&';
            }
        }
        href
    }

    /// The parameters of an address; none takes one away. Another log has other lines, so that no line is marked.
    pub fn parameters(&self) -> [(&'static str, Option<String>); 4] {
        let attempt = match (&self.node, self.runs) {
            (None, _) | (_, LogRuns::Latest) => None,
            (_, LogRuns::One(attempt)) => Some(attempt.to_string()),
            (_, LogRuns::All) => Some("all".to_owned()),
        };
        let server = if self.node.is_none() { self.server } else { None };
        [
            ("node", self.node.as_ref().map(ToString::to_string)),
            ("attempt", attempt),
            ("server", server.map(|server| server.to_string())),
            ("line", None),
        ]
    }
}

/// The lines that are marked: the first and the last, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}

impl Marked {
    /// One line.
    pub fn one(line: u64) -> Self {
        Self { from: line, to: line }
    }

    /// Reads `120` or `120-140`, as in `?line=`; also `L120` and `#L120-L140`, as others write it.
    pub fn read(text: &str) -> Option<Self> {
        let number = |text: &str| text.trim_start_matches(['#', 'L']).parse::<u64>().ok()?.checked_sub(1);
        let (from, to) = match text.split_once('-') {
            None => (number(text)?, number(text)?),
            Some((from, to)) => (number(from)?, number(to)?),
        };
        Some(Self { from: from.min(to), to: from.max(to) })
    }

    /// What [`Marked::read`] reads.
    pub fn written(self) -> String {
        if self.from == self.to { (self.from + 1).to_string() } else { format!("{}-{}", self.from + 1, self.to + 1) }
    }

    /// Whether a line is among them.
    pub fn holds(self, line: u64) -> bool {
        (self.from..=self.to).contains(&line)
    }

    /// The same with the lines up to another one.
    pub fn up_to(self, line: u64) -> Self {
        Self { from: self.from.min(line), to: self.from.max(line) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_log_stands_in_the_address() {
        assert_eq!(OpenLog::default().href(ReleaseId(7)), "/releases/7");
        let node = NodeKey("server:3/upload".into());
        let open = OpenLog { node: Some(node.clone()), runs: LogRuns::One(2), server: None };
        assert_eq!(open.href(ReleaseId(7)), "/releases/7?node=server%3A3%2Fupload&attempt=2");
        assert_eq!((open.scope(), open.on_server()), (LogScope::Node(node, LogRuns::One(2)), Some(ServerId(3))));
        let open = OpenLog { server: Some(ServerId(3)), ..OpenLog::default() };
        assert_eq!(open.href(ReleaseId(7)), "/releases/7?server=3");
        assert_eq!(open.scope(), LogScope::Server(ServerId(3)));
    }

    #[test]
    fn marked_lines_are_read_back() {
        for (text, from, to) in [("120", 119, 119), ("120-140", 119, 139), ("#L120", 119, 119), ("#L9-L3", 2, 8)] {
            assert_eq!(Marked::read(text), Some(Marked { from, to }), "{text}");
        }
        for text in ["", "0", "x", "#content", "-", "1-x"] {
            assert_eq!(Marked::read(text), None, "{text}");
        }
        assert_eq!(Marked { from: 119, to: 139 }.written(), "120-140");
        assert_eq!(Marked::one(0).written(), "1");
        assert_eq!(Marked::one(5).up_to(2), Marked { from: 2, to: 5 });
    }
}
