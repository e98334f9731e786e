//! The same output, said once: outcomes of one script on many servers, put together where they are identical.

use std::collections::HashMap;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use crate::node::NodeKind;

/// Servers on which the same script ended alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OutputGroup {
    /// Their names, in the order of the servers.
    pub hosts: Vec<String>,
    /// How it ended there; none where that is not known.
    pub exit_status: Option<i32>,
    /// What it printed.
    pub output: String,
    /// How the output differs from that of the largest group, as a unified diff; none for that group itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

/// What one hook of a release printed on all its servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Outputs {
    /// Which hook.
    pub kind: NodeKind,
    /// On how many servers it has ended.
    pub servers: usize,
    /// On how many it has not.
    pub waiting: usize,
    /// Whether some server printed more than is compared.
    pub cut: bool,
    /// Servers by what was printed there, the most first.
    pub groups: Vec<OutputGroup>,
}

impl OutputGroup {
    /// Groups outcomes: name, exit status and output of each server, in the order of the servers. The largest group comes
    /// first. Without the diffs.
    pub fn of(outcomes: impl IntoIterator<Item = (String, Option<i32>, String)>) -> Vec<Self> {
        let outcomes = outcomes.into_iter().map(|(host, exit_status, output)| (host, (exit_status, output)));
        let group = |(hosts, (exit_status, output))| Self { hosts, exit_status, output, diff: None };
        alike(outcomes).into_iter().map(group).collect()
    }
}

/// Puts together who has the same outcome: the largest group first, of equals the one that was met first; within a group
/// in the order that they came in.
pub fn alike<H, O: Eq + Hash + Clone>(outcomes: impl IntoIterator<Item = (H, O)>) -> Vec<(Vec<H>, O)> {
    let mut places: HashMap<O, usize> = HashMap::new();
    let mut groups: Vec<(Vec<H>, O)> = Vec::new();
    for (host, outcome) in outcomes {
        let place = *places.entry(outcome).or_insert_with_key(|outcome| {
            groups.push((Vec::new(), outcome.clone()));
            groups.len() - 1
        });
        groups[place].0.push(host);
    }
    // Stable: of equals, the first one met stays first.
    groups.sort_by_key(|(hosts, _)| std::cmp::Reverse(hosts.len()));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(host: &str, exit_status: i32, output: &str) -> (String, Option<i32>, String) {
        (host.to_owned(), Some(exit_status), output.to_owned())
    }

    #[test]
    fn the_largest_group_comes_first_and_hosts_keep_their_order() {
        let groups = OutputGroup::of([
            outcome("c", 1, "odd"),
            outcome("b", 0, "up"),
            outcome("a", 0, "up"),
            outcome("d", 0, "odd"),
            outcome("e", 0, "up"),
        ]);
        let told: Vec<(Vec<&str>, Option<i32>, &str)> = groups
            .iter()
            .map(|group| (group.hosts.iter().map(String::as_str).collect(), group.exit_status, group.output.as_str()))
            .collect();
        let expected = [(vec!["b", "a", "e"], Some(0), "up"), (vec!["c"], Some(1), "odd"), (vec!["d"], Some(0), "odd")];
        assert_eq!(told, expected);
    }

    #[test]
    fn nobody_is_in_no_group() {
        assert!(OutputGroup::of([]).is_empty());
        assert_eq!(alike([(1, "x"), (2, "x")]), [(vec![1, 2], "x")]);
    }
}
