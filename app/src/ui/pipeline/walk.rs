//! From node to node by keyboard: along the links, and between the rows. Pure.

use launchway_domain::NodeKey;

use super::layout::{Layout, Placed};

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the parent.
    Left,
    /// To the nearest child.
    Right,
    /// To the next node above in the same column.
    Up,
    /// To the next node below in the same column.
    Down,
    /// To the first node of the plan.
    First,
    /// To the last node of the plan.
    Last,
}

impl Step {
    /// What a key means.
    pub fn of(key: &str) -> Option<Self> {
        Some(match key {
            "ArrowLeft" => Step::Left,
            "ArrowRight" => Step::Right,
            "ArrowUp" => Step::Up,
            "ArrowDown" => Step::Down,
            "Home" => Step::First,
            "End" => Step::Last,
            _ => return None,
        })
    }
}

/// Where a step leads; none at the edge of the picture.
pub fn walk(picture: &Layout, from: &NodeKey, step: Step) -> Option<NodeKey> {
    let placed = |key: &NodeKey| picture.nodes.iter().find(|node| node.key == *key);
    let here = placed(from)?;
    let column = || picture.nodes.iter().filter(|node| node.x == here.x && node.key != *from);
    let found: Option<&Placed> = match step {
        Step::First => picture.nodes.first(),
        Step::Last => picture.nodes.last(),
        Step::Left => picture.links.iter().find(|link| link.to == *from).and_then(|link| placed(&link.from)),
        Step::Right => {
            let children = picture.links.iter().filter(|link| link.from == *from).filter_map(|link| placed(&link.to));
            children.min_by_key(|node| (node.y - here.y).abs())
        }
        Step::Up => column().filter(|node| node.y < here.y).max_by_key(|node| node.y),
        Step::Down => column().filter(|node| node.y > here.y).min_by_key(|node| node.y),
    };
    found.map(|node| node.key.clone()).filter(|key| key != from)
}

#[cfg(test)]
mod tests {
    use launchway_domain::{Lang, NodeKind, ServerId};

    use super::*;
    use crate::ui::pipeline::layout::{Planned, layout};

    fn picture() -> Layout {
        let node = |kind, server: Option<i64>, parent: Option<(NodeKind, Option<i64>)>| Planned {
            key: NodeKey::of(kind, server.map(ServerId)),
            parent: parent.map(|(kind, server)| NodeKey::of(kind, server.map(ServerId))),
            kind,
            server_id: server.map(ServerId),
            batch: None,
            note: None,
            text: "web".into(),
        };
        let mut plan =
            vec![node(NodeKind::Start, None, None), node(NodeKind::Package, None, Some((NodeKind::Start, None)))];
        for id in 1..=3 {
            plan.push(node(NodeKind::Server, Some(id), Some((NodeKind::Package, None))));
            plan.push(node(NodeKind::Upload, Some(id), Some((NodeKind::Server, Some(id)))));
        }
        layout(&plan, Lang::En)
    }

    fn go(from: &str, steps: &[Step]) -> Vec<String> {
        let picture = picture();
        let mut at = NodeKey(from.into());
        let mut way = Vec::new();
        for step in steps {
            if let Some(next) = walk(&picture, &at, *step) {
                at = next;
            }
            way.push(at.to_string());
        }
        way
    }

    #[test]
    fn arrows_follow_the_links_and_the_rows() {
        use Step::*;
        assert_eq!(go("start", &[Right, Right, Right]), ["package", "server:2", "server:2/upload"]);
        assert_eq!(
            go("server:2/upload", &[Up, Up, Left, Left]),
            ["server:1/upload", "server:1/upload", "server:1", "package"]
        );
        assert_eq!(go("server:2", &[Down, Down, First, Last]), ["server:3", "server:3", "start", "server:3/upload"]);
    }

    #[test]
    fn every_node_is_reached_by_arrows_alone() {
        use Step::*;
        let picture = picture();
        let mut seen = vec![NodeKey("start".into())];
        let mut next = 0;
        while next < seen.len() {
            for step in [Left, Right, Up, Down] {
                if let Some(key) = walk(&picture, &seen[next], step)
                    && !seen.contains(&key)
                {
                    seen.push(key);
                }
            }
            next += 1;
        }
        assert_eq!(seen.len(), picture.nodes.len());
    }

    #[test]
    fn a_node_that_is_not_there_leads_nowhere() {
        assert_eq!(walk(&picture(), &NodeKey("gone".into()), Step::Right), None);
    }
}
