//! Where the pipeline's nodes and links stand: pure geometry, in whole pixels.
//!
//! The tree runs from left to right. Every kind of node has its column, every chain that ends in a
//! leaf has its row, and a node stands in the middle of the rows below it. Rows are dealt in the order
//! of the plan, so that the rows of two siblings never mix: that is why no link crosses another or runs
//! through a node. Whole numbers make the server's page and the browser's the same to the byte.

use std::collections::{HashMap, HashSet};

use launchway_domain::{Lang, Node, NodeKey, NodeKind, ServerId};

/// The height of every node.
pub const NODE_HEIGHT: i32 = 50;
/// The space between two rows.
pub const ROW_GAP: i32 = 14;
/// The space between two columns: room for a bend and an arrow head.
pub const COLUMN_GAP: i32 = 30;
/// The space around the whole: room for focus rings.
pub const MARGIN: i32 = 10;
/// Where a node's label begins, counted from its left edge: after the sign.
pub const LABEL_X: i32 = 32;

/// The space after a label.
const LABEL_END: i32 = 14;
/// The narrowest node: what the line under the label ("waiting", "1 min 05 s") needs.
const MIN_WIDTH: i32 = 112;
/// The narrowest node that says how far it is: "99 % · 99.8/99.9 MB".
const PROGRESS_WIDTH: i32 = 158;
/// The longest label in units; what is longer is elided in the middle.
const MAX_UNITS: i32 = 26;
/// The width of one unit, half of a CJK character, in half pixels.
const UNIT_HALF_PX: i32 = 15;
/// The same in the smaller letters under a label.
const NOTE_HALF_PX: i32 = 13;
/// The radius of a link's corners.
const RADIUS: i32 = 8;

/// What the layout needs to know of a node: nothing in it changes while the release runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its name.
    pub key: NodeKey,
    /// The node that it hangs from.
    pub parent: Option<NodeKey>,
    /// Its column.
    pub kind: NodeKind,
    /// Whose it is, where it is a server's.
    pub server_id: Option<ServerId>,
    /// The hostname of a server node.
    pub text: String,
    /// Of a server node, which batch the server is in, where there are several.
    pub batch: Option<u32>,
    /// The longest line that will stand under its label, where that is more than its kind's.
    pub note: Option<String>,
}

impl From<&Node> for Planned {
    fn from(node: &Node) -> Self {
        Self {
            key: node.key.clone(),
            parent: node.parent.clone(),
            kind: node.kind,
            server_id: node.server_id,
            text: node.text.clone(),
            batch: node.batch,
            note: None,
        }
    }
}

impl Planned {
    /// What is written on the node, in full.
    pub fn label(&self, lang: Lang) -> String {
        match self.kind {
            NodeKind::Server => self.text.clone(),
            kind => kind.label().get(lang).to_owned(),
        }
    }
}

/// A node with its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Placed {
    /// Which node.
    pub key: NodeKey,
    /// Its left edge.
    pub x: i32,
    /// Its upper edge.
    pub y: i32,
    /// Its width: that of its column.
    pub width: i32,
    /// How far from the root, which is at 1.
    pub level: usize,
    /// Its label as shown, elided where it is too long.
    pub label: String,
    /// Its label in full, where it was elided.
    pub full_label: Option<String>,
}

/// A link from a parent to a child.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// The parent.
    pub from: NodeKey,
    /// The child, which gives the link its name and its look: every node has one parent at most.
    pub to: NodeKey,
    /// Its corners, ends included; every stretch is level or upright.
    pub points: Vec<(i32, i32)>,
}

impl Link {
    /// The line as SVG path data, with rounded corners; it ends where the arrow head begins.
    pub fn line(&self) -> String {
        let mut path = String::new();
        let count = self.points.len();
        for (index, &(x, y)) in self.points.iter().enumerate() {
            if index == 0 {
                path.push_str(&format!("M{x} {y}"));
            } else if index + 1 == count {
                path.push_str(&format!("L{} {y}", x - 4));
            } else {
                let (before, after) = (self.points[index - 1], self.points[index + 1]);
                let radius = RADIUS.min(distance(before, (x, y)) / 2).min(distance((x, y), after) / 2);
                let (ax, ay) = toward((x, y), before, radius);
                let (bx, by) = toward((x, y), after, radius);
                path.push_str(&format!("L{ax} {ay}Q{x} {y} {bx} {by}"));
            }
        }
        path
    }

    /// The arrow head as SVG path data.
    pub fn head(&self) -> String {
        match self.points.last() {
            Some((x, y)) => format!("M{} {}L{x} {y}L{} {}Z", x - 8, y - 5, x - 8, y + 5),
            None => String::new(),
        }
    }
}

/// The whole picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Its width.
    pub width: i32,
    /// Its height.
    pub height: i32,
    /// The nodes in the order of the plan.
    pub nodes: Vec<Placed>,
    /// The links, in the order of their children.
    pub links: Vec<Link>,
}

/// Gives every node and link its place. A node whose parent is not there (or that would be its own
/// ancestor) stands as a root of its own.
pub fn layout(nodes: &[Planned], lang: Lang) -> Layout {
    if nodes.is_empty() {
        return Layout::default();
    }
    let tree = Tree::of(nodes);
    let column_of = tree.columns(nodes);
    let rows = tree.rows(nodes.len());

    let labels: Vec<String> = nodes.iter().map(|node| node.label(lang)).collect();
    let columns = column_of.iter().max().map_or(0, |last| last + 1);
    let mut widths = vec![0; columns];
    for (index, label) in labels.iter().enumerate() {
        let width = &mut widths[column_of[index]];
        *width = (*width).max(width_of(label, &nodes[index]));
    }
    let mut lefts = Vec::with_capacity(columns);
    let mut x = MARGIN;
    for width in &widths {
        lefts.push(x);
        // A column without a node takes no room.
        x += if *width == 0 { 0 } else { width + COLUMN_GAP };
    }

    let placed: Vec<Placed> = nodes
        .iter()
        .enumerate()
        .map(|(index, node)| {
            let label = elide(&labels[index]);
            Placed {
                key: node.key.clone(),
                x: lefts[column_of[index]],
                y: MARGIN + rows.half_rows[index] * (NODE_HEIGHT + ROW_GAP) / 2,
                width: widths[column_of[index]],
                level: tree.level(index),
                full_label: (label != labels[index]).then(|| labels[index].clone()),
                label,
            }
        })
        .collect();
    let links = (0..nodes.len())
        .filter_map(|index| {
            let (from, to) = (&placed[tree.parent[index]?], &placed[index]);
            Some(Link { from: from.key.clone(), to: to.key.clone(), points: route(from, to) })
        })
        .collect();
    Layout {
        width: x - COLUMN_GAP + MARGIN,
        height: 2 * MARGIN + rows.count * NODE_HEIGHT + (rows.count - 1).max(0) * ROW_GAP,
        nodes: placed,
        links,
    }
}

/// The nodes as a forest of indices.
struct Tree {
    parent: Vec<Option<usize>>,
    children: Vec<Vec<usize>>,
    roots: Vec<usize>,
}

/// The rows that the nodes stand in, counted in halves: a parent may stand between two.
struct Rows {
    half_rows: Vec<i32>,
    count: i32,
}

impl Tree {
    fn of(nodes: &[Planned]) -> Self {
        let index_of: HashMap<&NodeKey, usize> =
            nodes.iter().enumerate().rev().map(|(index, node)| (&node.key, index)).collect();
        let mut parent: Vec<Option<usize>> =
            nodes.iter().map(|node| node.parent.as_ref().and_then(|key| index_of.get(key)).copied()).collect();
        for start in 0..nodes.len() {
            let mut seen = HashSet::from([start]);
            let mut at = start;
            while let Some(up) = parent[at] {
                if !seen.insert(up) {
                    parent[at] = None;
                    break;
                }
                at = up;
            }
        }
        let mut children = vec![Vec::new(); nodes.len()];
        let mut roots = Vec::new();
        for (index, up) in parent.iter().enumerate() {
            match up {
                Some(up) => children[*up].push(index),
                None => roots.push(index),
            }
        }
        Self { parent, children, roots }
    }

    /// How far from its root a node stands; the root is at 1.
    fn level(&self, index: usize) -> usize {
        std::iter::successors(self.parent[index], |up| self.parent[*up]).count() + 1
    }

    /// Every node's column: that of its kind among the kinds that are there, and right of its parent.
    fn columns(&self, nodes: &[Planned]) -> Vec<usize> {
        let kinds: Vec<NodeKind> =
            NodeKind::ALL.into_iter().filter(|kind| nodes.iter().any(|node| node.kind == *kind)).collect();
        let mut columns: Vec<usize> =
            nodes.iter().map(|node| kinds.iter().position(|kind| *kind == node.kind).unwrap_or(0)).collect();
        let mut open: Vec<usize> = self.roots.clone();
        while let Some(index) = open.pop() {
            for &child in &self.children[index] {
                columns[child] = columns[child].max(columns[index] + 1);
                open.push(child);
            }
        }
        columns
    }

    /// Leaves take the rows from top to bottom; every other node the middle of its children.
    fn rows(&self, count: usize) -> Rows {
        let mut half_rows = vec![0; count];
        let mut next = 0;
        // Depth first without recursion: a node comes back, `true`, once its children have their rows.
        let mut open: Vec<(usize, bool)> = self.roots.iter().rev().map(|root| (*root, false)).collect();
        while let Some((index, children_done)) = open.pop() {
            match (self.children[index].as_slice(), children_done) {
                ([], _) => {
                    half_rows[index] = next;
                    next += 2;
                }
                ([first, .., last], true) => half_rows[index] = (half_rows[*first] + half_rows[*last]) / 2,
                ([only], true) => half_rows[index] = half_rows[*only],
                (children, false) => {
                    open.push((index, true));
                    open.extend(children.iter().rev().map(|child| (*child, false)));
                }
            }
        }
        Rows { half_rows, count: next / 2 }
    }
}

/// From the middle of the parent's right edge to the middle of the child's left one. All bends of one
/// parent lie on one upright line just right of it, so that a fan-out reads as a bus.
fn route(from: &Placed, to: &Placed) -> Vec<(i32, i32)> {
    let start = (from.x + from.width, from.y + NODE_HEIGHT / 2);
    let end = (to.x, to.y + NODE_HEIGHT / 2);
    if start.1 == end.1 {
        return vec![start, end];
    }
    let bend = start.0 + COLUMN_GAP / 2;
    vec![start, (bend, start.1), (bend, end.1), end]
}

fn distance(a: (i32, i32), b: (i32, i32)) -> i32 {
    (a.0 - b.0).abs() + (a.1 - b.1).abs()
}

/// The point `by` pixels from `from` on the level or upright way to `to`.
fn toward(from: (i32, i32), to: (i32, i32), by: i32) -> (i32, i32) {
    (from.0 + by * (to.0 - from.0).signum(), from.1 + by * (to.1 - from.1).signum())
}

fn width_of(label: &str, node: &Planned) -> i32 {
    let around = |units: i32, half_px: i32| LABEL_X + (units * half_px + 1) / 2 + LABEL_END;
    let least = if has_progress(node.kind) { PROGRESS_WIDTH } else { MIN_WIDTH };
    let note = node.note.as_ref().map_or(0, |note| around(units(note), NOTE_HALF_PX));
    around(units(label).min(MAX_UNITS), UNIT_HALF_PX).max(least).max(note)
}

/// Whether nodes of this kind say how far they are.
pub fn has_progress(kind: NodeKind) -> bool {
    matches!(kind, NodeKind::Download | NodeKind::Package | NodeKind::Upload)
}

/// How wide a text is: one for most characters, two for those that East Asian type sets in a square.
pub fn units(text: &str) -> i32 {
    text.chars().map(char_units).sum()
}

fn char_units(c: char) -> i32 {
    match u32::from(c) {
        0x1100..=0x115F
        | 0x2E80..=0x303E
        | 0x3041..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1F9FF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// The label with its middle replaced by `…` where it is too long: hostnames differ at both ends.
fn elide(label: &str) -> String {
    if units(label) <= MAX_UNITS {
        return label.to_owned();
    }
    let room = MAX_UNITS - 1;
    let head = take_units(label.chars(), room - room / 2);
    let tail: String = take_units(label.chars().rev(), room / 2).chars().rev().collect();
    format!("{head}…{tail}")
}

fn take_units(chars: impl Iterator<Item = char>, room: i32) -> String {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += char_units(*c);
            used <= room
        })
        .collect()
}

#[cfg(test)]
mod tests;
