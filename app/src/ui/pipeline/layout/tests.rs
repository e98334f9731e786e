use super::*;

fn node(key: &str, parent: Option<&str>, kind: NodeKind, text: &str) -> Planned {
    Planned {
        key: NodeKey(key.into()),
        parent: parent.map(|key| NodeKey(key.into())),
        kind,
        server_id: None,
        text: text.into(),
        batch: None,
        note: None,
    }
}

/// What the planner makes: a trunk, and per server a chain.
fn plan(servers: usize, local_hooks: bool, remote_hooks: bool) -> Vec<Planned> {
    let mut nodes = Vec::new();
    let mut last: Option<String> = None;
    for kind in
        [NodeKind::Start, NodeKind::BeforeDownload, NodeKind::Download, NodeKind::AfterDownload, NodeKind::Package]
    {
        if kind.hook().is_some() && !local_hooks {
            continue;
        }
        nodes.push(node(kind.as_str(), last.as_deref(), kind, kind.as_str()));
        last = Some(kind.as_str().to_owned());
    }
    for server in 0..servers {
        let root = format!("server:{server}");
        nodes.push(node(&root, Some("package"), NodeKind::Server, &format!("web-{server}")));
        let mut last = root.clone();
        for kind in [NodeKind::Upload, NodeKind::BeforeDeploy, NodeKind::Deploy, NodeKind::AfterDeploy] {
            if kind.hook().is_some() && !remote_hooks {
                continue;
            }
            let key = format!("{root}/{}", kind.as_str());
            nodes.push(node(&key, Some(&last), kind, kind.as_str()));
            last = key;
        }
    }
    nodes
}

fn segments(link: &Link) -> Vec<((i32, i32), (i32, i32))> {
    link.points.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

fn touches(a: ((i32, i32), (i32, i32)), b: ((i32, i32), (i32, i32))) -> bool {
    let span = |s: ((i32, i32), (i32, i32))| (s.0.0.min(s.1.0), s.0.0.max(s.1.0), s.0.1.min(s.1.1), s.0.1.max(s.1.1));
    let (a, b) = (span(a), span(b));
    a.0 <= b.1 && b.0 <= a.1 && a.2 <= b.3 && b.2 <= a.3
}

/// No two nodes overlap, no link runs through a node, no two links of different parents meet, and
/// everything lies inside the picture.
fn assert_sound(nodes: &[Planned], picture: &Layout) {
    assert_eq!(picture.nodes.len(), nodes.len());
    for (index, a) in picture.nodes.iter().enumerate() {
        assert!(a.x >= MARGIN && a.x + a.width + MARGIN <= picture.width, "{} is out of sight", a.key);
        assert!(a.y >= MARGIN && a.y + NODE_HEIGHT + MARGIN <= picture.height, "{} is out of sight", a.key);
        for b in &picture.nodes[index + 1..] {
            let apart =
                a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + NODE_HEIGHT <= b.y || b.y + NODE_HEIGHT <= a.y;
            assert!(apart, "{} and {} overlap", a.key, b.key);
        }
    }
    let parent = |key: &NodeKey| nodes.iter().find(|node| node.key == *key).and_then(|node| node.parent.clone());
    for link in &picture.links {
        for segment in segments(link) {
            assert!(segment.0.0 == segment.1.0 || segment.0.1 == segment.1.1, "a slanting link to {}", link.to);
            for other in &picture.nodes {
                if other.key == link.to || Some(&other.key) == parent(&link.to).as_ref() {
                    continue;
                }
                let (l, r, t, b) = (other.x, other.x + other.width, other.y, other.y + NODE_HEIGHT);
                let frame = [((l, t), (r, t)), ((l, b), (r, b)), ((l, t), (l, b)), ((r, t), (r, b))];
                assert!(
                    !frame.iter().any(|edge| touches(*edge, segment)),
                    "the link to {} runs through {}",
                    link.to,
                    other.key
                );
            }
        }
        for other in &picture.links {
            if parent(&other.to) == parent(&link.to) {
                continue;
            }
            for (a, b) in segments(link).into_iter().flat_map(|a| segments(other).into_iter().map(move |b| (a, b))) {
                assert!(!touches(a, b), "the links to {} and {} cross", link.to, other.to);
            }
        }
    }
}

#[test]
fn every_shape_of_plan_is_drawn_without_overlaps_or_crossings() {
    for servers in [0, 1, 2, 3, 7, 10, 64] {
        for (local, remote) in [(false, false), (true, false), (false, true), (true, true)] {
            let nodes = plan(servers, local, remote);
            assert_sound(&nodes, &layout(&nodes, Lang::En));
            assert_sound(&nodes, &layout(&nodes, Lang::Zh));
        }
    }
}

#[test]
fn trees_of_any_shape_are_drawn_without_overlaps_or_crossings() {
    // A small generator of our own: the same trees on every run.
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below as u64) as usize
    };
    for _ in 0..200 {
        let mut nodes = vec![node("0", None, NodeKind::Start, "start")];
        for index in 1..1 + next(25) {
            let parent = next(index).to_string();
            let kind = NodeKind::ALL[next(NodeKind::ALL.len())];
            nodes.push(node(&index.to_string(), Some(&parent), kind, &"x".repeat(next(60))));
        }
        assert_sound(&nodes, &layout(&nodes, Lang::En));
    }
}

#[test]
fn one_kind_stands_in_one_column() {
    let nodes = plan(3, true, true);
    let picture = layout(&nodes, Lang::En);
    for kind in NodeKind::ALL {
        let mut places =
            nodes.iter().zip(&picture.nodes).filter(|(node, _)| node.kind == kind).map(|(_, p)| (p.x, p.width));
        let first = places.next();
        assert!(places.all(|place| Some(place) == first), "{kind:?} is not aligned");
    }
}

#[test]
fn a_server_keeps_its_row_and_the_trunk_stands_in_the_middle() {
    let nodes = plan(3, false, true);
    let picture = layout(&nodes, Lang::En);
    let y = |key: &str| picture.nodes.iter().find(|node| node.key.as_str() == key).map(|node| node.y);
    assert_eq!(y("server:0"), y("server:0/after_deploy"));
    assert_eq!(y("package"), y("server:1"));
    assert!(y("server:0") < y("server:1") && y("server:1") < y("server:2"));
}

#[test]
fn any_number_of_servers_has_a_row_each_at_even_distances() {
    for servers in [1, 10, 100, 1000] {
        let nodes = plan(servers, true, true);
        let picture = layout(&nodes, Lang::En);
        assert_eq!(picture, layout(&nodes, Lang::En), "{servers} servers");
        for (row, chain) in picture.nodes[5..].chunks(5).enumerate() {
            let y = MARGIN + row as i32 * (NODE_HEIGHT + ROW_GAP);
            assert!(chain.iter().all(|node| node.y == y), "row {row} of {servers}");
            assert!(chain.windows(2).all(|pair| pair[0].x + pair[0].width + COLUMN_GAP == pair[1].x));
        }
        // A chain's links are level, so that only the one bus behind the trunk runs up and down.
        let bent = picture.links.iter().filter(|link| link.points.len() > 2);
        assert!(bent.clone().all(|link| link.from.as_str() == "package"));
        assert!(bent.map(|link| link.points[1].0).all(|x| x == picture.links[4].points[1].0 || servers == 1));
    }
}

#[test]
fn a_hundred_servers_are_drawn_without_overlaps_or_crossings() {
    let nodes = plan(100, true, true);
    assert_sound(&nodes, &layout(&nodes, Lang::En));
}

#[test]
fn the_same_plan_is_drawn_the_same() {
    let nodes = plan(5, true, true);
    assert_eq!(layout(&nodes, Lang::Zh), layout(&nodes, Lang::Zh));
}

#[test]
fn chinese_counts_double() {
    assert_eq!(units("web-1"), 5);
    assert_eq!(units("服务器"), 6);
}

#[test]
fn a_long_hostname_is_elided_in_the_middle_and_kept_in_full() {
    let long = "frontend-application-server-number-17.eu-west.example.org";
    let mut nodes = plan(0, false, false);
    nodes.push(node("server:1", Some("package"), NodeKind::Server, long));
    let picture = layout(&nodes, Lang::En);
    let server = picture.nodes.last().unwrap();
    assert_eq!(server.full_label.as_deref(), Some(long));
    assert_eq!(units(&server.label), MAX_UNITS);
    assert!(server.label.starts_with("frontend-") && server.label.ends_with("example.org"));
}

#[test]
fn links_have_round_corners_and_end_in_a_head() {
    let picture = layout(&plan(2, false, false), Lang::En);
    let bent = picture.links.iter().find(|link| link.points.len() == 4).unwrap();
    assert_eq!(bent.line().matches('Q').count(), 2);
    let (x, y) = *bent.points.last().unwrap();
    assert!(bent.head().contains(&format!("L{x} {y}")));
}

#[test]
fn a_broken_plan_is_still_drawn() {
    assert_eq!(layout(&[], Lang::En), Layout::default());
    let circle = vec![
        node("a", Some("b"), NodeKind::Start, ""),
        node("b", Some("a"), NodeKind::Download, ""),
        node("c", Some("gone"), NodeKind::Package, ""),
    ];
    assert_eq!(layout(&circle, Lang::En).nodes.len(), 3);
}

#[test]
fn a_box_has_room_for_what_stands_under_its_label() {
    let mut fleet = node("fleet", None, NodeKind::Server, "320 servers");
    let narrow = layout(&[fleet.clone()], Lang::En).nodes[0].width;
    fleet.note = Some("before deploy 320 / 320".into());
    assert!(layout(&[fleet], Lang::En).nodes[0].width > narrow);
}
