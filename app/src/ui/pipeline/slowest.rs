//! Which server everybody waited for. Pure.
//!
//! All servers end a phase before any begins the next, so that what a release takes is what its slowest servers take.
//! The slowest path is the trunk and the chain of the server whose own steps took longest together; what it took is what
//! both took.

use launchway_domain::{Node, NodeStatus};

/// How long a server's steps took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// What has ended, in milliseconds.
    pub millis: i64,
    /// When the step that is on began, in milliseconds since the epoch.
    pub since: Option<i64>,
}

impl Spent {
    /// This, and then that.
    pub fn and(self, other: Self) -> Self {
        Self { millis: self.millis + other.millis, since: self.since.or(other.since) }
    }
}

/// The step that took longest of those that have ended, and how long, in milliseconds; the first of equals.
pub fn longest<'n>(nodes: impl IntoIterator<Item = &'n Node>) -> Option<(&'n Node, i64)> {
    let mut best: Option<(&Node, i64)> = None;
    for node in nodes {
        let took = node.started_at.zip(node.finished_at).map(|(began, ended)| ended.millis() - began.millis());
        if let Some(took) = took.filter(|took| best.is_none_or(|(_, most)| *took > most)) {
            best = Some((node, took));
        }
    }
    best
}

/// A server's own time, from its nodes.
pub fn spent(chain: &[&Node]) -> Spent {
    let mut all = Spent::default();
    for node in chain {
        match (node.started_at, node.finished_at) {
            (Some(began), Some(ended)) => all.millis += (ended.millis() - began.millis()).max(0),
            (Some(began), None) if node.status == NodeStatus::Running => all.since = Some(began.millis()),
            _ => {}
        }
    }
    all
}

/// The place of the slowest of several servers; none where there is nothing to compare. Of those with a step that is on,
/// the one that has taken longest so far, whatever the clock says: all of them count on alike. The first of equals.
pub fn slowest(servers: &[Spent]) -> Option<usize> {
    if servers.len() < 2 {
        return None;
    }
    let is_on = servers.iter().any(|one| one.since.is_some());
    let mut best: Option<(i64, usize)> = None;
    for (place, one) in servers.iter().enumerate() {
        let taken = match one.since {
            Some(since) => one.millis - since,
            None if is_on => continue,
            None => one.millis,
        };
        if best.is_none_or(|(most, _)| taken > most) {
            best = Some((taken, place));
        }
    }
    let (_, place) = best?;
    (servers[place] != Spent::default()).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(millis: i64) -> Spent {
        Spent { millis, since: None }
    }

    fn on(millis: i64, since: i64) -> Spent {
        Spent { millis, since: Some(since) }
    }

    #[test]
    fn of_what_has_ended_the_longest_counts() {
        assert_eq!(slowest(&[done(5), done(9), done(9), done(1)]), Some(1));
        assert_eq!(slowest(&[done(5)]), None, "one server waits for nobody");
        assert_eq!(slowest(&[done(0), done(0)]), None, "nothing has run");
        assert_eq!(slowest(&[]), None);
    }

    #[test]
    fn while_steps_are_on_the_one_that_has_taken_longest_so_far_counts() {
        // At any moment the second has taken 300 more than the first.
        assert_eq!(slowest(&[on(100, 5000), on(200, 4800), done(9000)]), Some(1));
        assert_eq!(slowest(&[on(500, 5000), on(200, 4800)]), Some(0));
    }

    #[test]
    fn the_trunk_counts() {
        assert_eq!(done(16).and(done(12)), done(28));
        assert_eq!(done(16).and(on(2, 40)), on(18, 40));
    }

    #[test]
    fn thousands_of_servers_have_one_slowest() {
        let servers: Vec<_> = (0..1000).map(|n| done(n * 7 % 1000)).collect();
        let place = slowest(&servers).unwrap();
        assert!(servers.iter().all(|one| one.millis <= servers[place].millis));
        assert_eq!(slowest(&servers), Some(place));
    }
}
