//! The logs as lines.

use launchway_domain::log::find::Needle;
use launchway_domain::log::lines::LINE_MAX;
use launchway_domain::{
    LogLine, LogLines, LogRuns, LogScope, LogStream, Node, NodeKey, NodeStatus, ReleaseId, ServerId, Timestamp,
};
use launchway_engine::store::{Lease, Store, StoreError};

use crate::world::{Db, run, with, world};

fn line(at: i64, stream: LogStream, text: &str) -> LogLine {
    LogLine { at: Timestamp(at), stream, text: text.to_owned() }
}

async fn say(store: &Store, lease: &Lease, node: &Node, attempt: u32, text: &str) {
    store.append_log(lease, &node.key, attempt, &[line(1, LogStream::Output, text)]).await.unwrap();
}

/// Whose each line is, and what it says.
fn told(page: &LogLines) -> Vec<String> {
    let tell = |row: &launchway_domain::LogRow| {
        let source = &page.sources[row.source as usize];
        format!("{}#{} {}", source.node, source.attempt, row.text)
    };
    page.items.iter().map(tell).collect()
}

async fn all(store: &Store, release: ReleaseId, scope: &LogScope) -> Vec<String> {
    let page = store.log_lines(release, scope, Some(1), 100_000).await.unwrap();
    assert_eq!(page.total, page.items.len() as u64);
    told(&page)
}

pub(crate) async fn every_scope_numbers_its_lines(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let (lease, nodes) = shop.running(&store).await;
    let id = lease.release;
    let (download, host, upload) = (&nodes[1], &nodes[3], &nodes[4]);
    store.set_nodes(&lease, &[with(upload, NodeStatus::Running, 1)]).await.unwrap();
    say(&store, &lease, download, 1, "d1\nd2 beg").await;
    say(&store, &lease, host, 1, "h1\n").await;
    say(&store, &lease, upload, 1, "u1\nu2").await;
    say(&store, &lease, download, 1, "un\nd3\n").await;
    say(&store, &lease, upload, 1, "\n").await;
    store.set_nodes(&lease, &[with(upload, NodeStatus::Running, 2)]).await.unwrap();
    say(&store, &lease, upload, 2, "again").await;
    let lines = [line(5, LogStream::System, "why\n"), line(6, LogStream::Output, "no end")];
    store.append_log(&lease, &upload.key, 2, &lines).await.unwrap();

    let scope = |text: &str| text.parse::<LogScope>().unwrap();
    let server = shop.server;
    let up = &upload.key;
    assert_eq!(all(&store, id, &scope("node=download")).await, Vec::<String>::new(), "its latest run is the 0th");
    let of_download = ["download#1 d1", "download#1 d2 begun", "download#1 d3"];
    assert_eq!(all(&store, id, &scope("node=download&attempt=1")).await, of_download);
    let latest = [format!("{up}#2 again"), format!("{up}#2 why"), format!("{up}#2 no end")];
    assert_eq!(all(&store, id, &LogScope::latest(up.clone())).await, latest, "another voice begins a line");
    let first = [format!("{up}#1 u1"), format!("{up}#1 u2")];
    assert_eq!(all(&store, id, &LogScope::Node(up.clone(), LogRuns::One(1))).await, first);
    assert_eq!(all(&store, id, &LogScope::Node(up.clone(), LogRuns::All)).await, [&first[..], &latest[..]].concat());
    let h1 = format!("{}#1 h1", host.key);
    let on_server = [std::slice::from_ref(&h1), &first[..], &latest[..]].concat();
    assert_eq!(all(&store, id, &LogScope::Server(server)).await, on_server);
    let mut whole = vec![of_download[0].to_owned(), of_download[1].to_owned(), h1];
    whole.extend(first.clone());
    whole.push(of_download[2].to_owned());
    whole.extend(latest);
    assert_eq!(all(&store, id, &LogScope::All).await, whole, "in the order in which lines began");

    let page = store.log_lines(id, &LogScope::All, Some(2), 2).await.unwrap();
    assert_eq!((page.from_line, page.total, page.done), (2, 9, false));
    assert_eq!(told(&page), whole[1..3], "a line that goes on behind the page is whole");
    assert_eq!(page.sources[1].server_id, Some(server));
    assert!(page.items.iter().all(|row| !row.open));
    let tail = store.log_lines(id, &LogScope::All, None, 2).await.unwrap();
    assert_eq!((tail.from_line, told(&tail)), (8, whole[7..].to_vec()));
    assert_eq!(tail.items.iter().map(|row| row.open).collect::<Vec<_>>(), [false, true]);
    let beyond = store.log_lines(id, &LogScope::All, Some(u64::MAX), 2).await.unwrap();
    assert_eq!((beyond.from_line, beyond.items.len(), beyond.total), (10, 0, 9));

    for (wrong, release) in
        [(scope("node=nothing"), id), (LogScope::Server(ServerId(999)), id), (LogScope::All, ReleaseId(999))]
    {
        let answer = store.log_lines(release, &wrong, None, 1).await;
        assert!(matches!(answer, Err(StoreError::NotFound)), "{wrong}: {answer:?}");
    }
    let nul = LogScope::latest(NodeKey("a\0".into()));
    assert!(matches!(store.log_lines(id, &nul, None, 1).await, Err(StoreError::NotFound)));
    store.set_nodes(&lease, &[with(upload, NodeStatus::Succeeded, 2)]).await.unwrap();
    assert!(store.log_lines(id, &LogScope::latest(up.clone()), None, 1).await.unwrap().done);
    assert!(!store.log_lines(id, &LogScope::All, None, 1).await.unwrap().done);
}

/// Numbers from a seed.
fn random(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    }
}

pub(crate) async fn lines_keep_their_numbers_whatever_the_pieces(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let (lease, nodes) = shop.running(&store).await;
    let mut next = random(88_172_645_463_325_252);
    // The same told plainly: who spoke, whether the line is still open and in which voice, and the text.
    let mut model: Vec<(usize, bool, LogStream, String)> = Vec::new();
    for step in 0..120 {
        let node = [1, 3, 4][next(3)];
        let mut lines = Vec::new();
        for at in 0..next(3) {
            let stream = if next(4) == 0 { LogStream::System } else { LogStream::Output };
            let text = match next(6) {
                0 => "发布\n".repeat(next(40)),
                1 => "x".repeat(next(2 * LINE_MAX)),
                2 => format!("{}\n", "y".repeat(next(100))),
                3 => "\n".into(),
                4 => format!("a{step}\nb"),
                _ => format!("{step}"),
            };
            for c in text.chars() {
                let open = model.iter_mut().rev().find(|line| line.0 == node).filter(|line| line.1 && line.2 == stream);
                match (open, c) {
                    (Some(line), '\n') => line.1 = false,
                    (Some(line), c) if line.3.len() + c.len_utf8() <= LINE_MAX => line.3.push(c),
                    (_, '\n') => model.push((node, false, stream, String::new())),
                    (_, c) => model.push((node, true, stream, c.into())),
                }
            }
            // The same moment as before: what came together is stored together.
            lines.push(line((step + at / 2) as i64, stream, &text));
        }
        store.append_log(&lease, &nodes[node].key, 1, &lines).await.unwrap();
    }
    for (scope, of) in [
        (LogScope::All, vec![1, 3, 4]),
        (LogScope::Server(shop.server), vec![3, 4]),
        (LogScope::Node(nodes[1].key.clone(), LogRuns::One(1)), vec![1]),
        (LogScope::Node(nodes[4].key.clone(), LogRuns::All), vec![4]),
    ] {
        let expected: Vec<_> = model.iter().filter(|line| of.contains(&line.0)).collect();
        for _ in 0..25 {
            let (from, limit) = (next(expected.len() + 3), 1 + next(60));
            let page = store.log_lines(lease.release, &scope, Some(from as u64 + 1), limit as u32).await.unwrap();
            assert_eq!(page.total, expected.len() as u64, "{scope}");
            let wanted: Vec<_> = expected.iter().skip(from).take(limit).collect();
            assert_eq!(page.items.len(), wanted.len(), "{scope} from {from}");
            for (row, line) in page.items.iter().zip(wanted) {
                assert_eq!(page.sources[row.source as usize].node, nodes[line.0].key);
                assert!(row.stream == line.2 && row.text == line.3, "{scope} from {from}");
            }
        }
    }
}

pub(crate) async fn a_text_is_found_over_the_edges_of_chunks(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let (lease, nodes) = shop.running(&store).await;
    say(&store, &lease, &nodes[1], 1, "one nee").await;
    say(&store, &lease, &nodes[4], 1, "Nee\n").await;
    say(&store, &lease, &nodes[1], 1, "DLE, needle\n\u{1b}[31mnee\u{1b}[0mdle\nxx\rneedle\n").await;
    say(&store, &lease, &nodes[4], 1, "dle\nneedle").await;
    let find = |scope: LogScope, text: &str, listed| {
        let (store, needle, release) = (store.clone(), Needle::new(text).unwrap(), lease.release);
        async move { store.log_search(release, &scope, &needle, 1, listed, u64::MAX).await.unwrap() }
    };
    let found = find(LogScope::All, "needle", 100).await;
    assert_eq!((found.lines, found.matched, found.matches), (vec![1, 3, 4, 6], 4, 5));
    assert_eq!((found.next, found.total), (None, 6));
    let found = find(LogScope::All, "needle", 2).await;
    assert_eq!((found.lines, found.matched, found.matches), (vec![1, 3], 4, 5), "the rest is counted");
    assert_eq!(find(LogScope::Server(shop.server), "NEEDLE", 100).await.lines, [3]);
    assert_eq!(find(LogScope::All, "[31m", 100).await.matched, 0, "what is not shown is not found");
}

pub(crate) async fn a_search_goes_on_where_it_stopped(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let (lease, nodes) = shop.running(&store).await;
    for round in 0..150 {
        let text = format!("row {round} of the first\nand {} more", "x".repeat(round));
        say(&store, &lease, &nodes[1 + round % 2], 1, &text).await;
    }
    let needle = Needle::new("MORE").unwrap();
    let whole = store.log_search(lease.release, &LogScope::All, &needle, 1, 1000, u64::MAX).await.unwrap();
    assert_eq!(whole.matched, 150);
    let (mut lines, mut from, mut calls) = (Vec::new(), 1, 0);
    loop {
        let part = store.log_search(lease.release, &LogScope::All, &needle, from, 1000, 500).await.unwrap();
        assert_eq!(part.matched, part.lines.len() as u64);
        lines.extend(part.lines);
        calls += 1;
        let Some(next) = part.next else { break };
        assert!(next > from);
        from = next;
    }
    assert!(calls > 5, "{calls}");
    assert_eq!(lines, whole.lines);
}

pub(crate) async fn the_first_error_is_that_of_the_failed_step(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let (lease, nodes) = shop.running(&store).await;
    let first = |scope: LogScope| {
        let (store, release) = (store.clone(), lease.release);
        async move { store.log_first_error(release, &scope).await.unwrap() }
    };
    say(&store, &lease, &nodes[0], 1, "hello\n0 errors\n").await;
    assert_eq!(first(LogScope::All).await, None);
    say(&store, &lease, &nodes[1], 1, "error: harmless, it went on\n").await;
    assert_eq!(first(LogScope::All).await, Some(3));
    say(&store, &lease, &nodes[2], 1, "packing\n").await;
    run(&store, &lease, &nodes[2], NodeStatus::Failed).await;
    assert_eq!(first(LogScope::All).await, Some(4), "the last that the failed step said");
    assert_eq!(first(LogScope::latest(nodes[0].key.clone())).await, None);
    say(&store, &lease, &nodes[4], 1, "uploading\n\u{1b}[31mError\u{1b}[0m: disk full\nbye\n").await;
    run(&store, &lease, &nodes[4], NodeStatus::Failed).await;
    assert_eq!(first(LogScope::All).await, Some(6));
    assert_eq!(first(LogScope::Server(shop.server)).await, Some(2));
    let lines = [line(1, LogStream::System, "It could not be reached.\n")];
    store.append_log(&lease, &nodes[3].key, 1, &lines).await.unwrap();
    run(&store, &lease, &nodes[3], NodeStatus::Failed).await;
    assert_eq!(first(LogScope::latest(nodes[3].key.clone())).await, Some(1));
}

pub(crate) async fn what_is_older_than_the_index_is_indexed_when_asked_for(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let (lease, nodes) = shop.running(&store).await;
    let id = lease.release;
    for (at, node, text) in [(1, 1, "d1\nd"), (5, 4, "u1\n"), (7, 1, "2\n"), (3, 1, "d3\n"), (9, 4, "u2")] {
        let lines = [line(at, LogStream::Output, text)];
        store.append_log(&lease, &nodes[node].key, 1, &lines).await.unwrap();
    }
    let before = all(&store, id, &LogScope::All).await;
    // As the migration finds it.
    let old = sqlx::AnyPool::connect(&db.url).await.unwrap();
    for sql in ["DELETE FROM log_index", "INSERT INTO log_unindexed SELECT DISTINCT release_id FROM log_chunks"] {
        sqlx::query(sql).execute(&old).await.unwrap();
    }
    let (mine, theirs) = (db.open().await, db.open().await);
    let scope = LogScope::All;
    let (a, b) = tokio::join!(all(&mine, id, &scope), all(&theirs, id, &scope));
    assert_eq!((&a, &b), (&before, &before));
    // A writer who comes first indexes as well.
    for sql in ["DELETE FROM log_index", "INSERT INTO log_unindexed SELECT DISTINCT release_id FROM log_chunks"] {
        sqlx::query(sql).execute(&old).await.unwrap();
    }
    say(&store, &lease, &nodes[4], 1, " more\nu3\n").await;
    let after = all(&store, id, &LogScope::All).await;
    assert_eq!(after.last().map(|last| last.ends_with("#1 u3")), Some(true), "{after:?}");
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(after[..4], before[..4]);
}
