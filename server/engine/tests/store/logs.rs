//! The logs of nodes.

use launchway_domain::{
    EventData, LogLine, LogPage, LogStream, NodeKey, NodeStatus, ReleaseId, Timestamp, Topic, Visible,
};
use launchway_engine::store::{Store, StoreError};

use crate::world::{Db, run, with, world};

fn line(at: i64, stream: LogStream, text: &str) -> LogLine {
    LogLine { at: Timestamp(at), stream, text: text.to_owned() }
}

fn text(page: &LogPage) -> String {
    page.items.iter().map(|line| line.text.as_str()).collect()
}

/// The whole log, page by page.
async fn whole(store: &Store, release: ReleaseId, node: &NodeKey, attempt: Option<u32>, max: usize) -> String {
    let (mut all, mut offset) = (String::new(), 0);
    loop {
        let page = store.log_page(release, node, attempt, offset, max).await.unwrap();
        if page.next == offset {
            return all;
        }
        let part = text(&page);
        assert!(part.len() <= max.max(4), "{} > {max}", part.len());
        assert_eq!(page.next, offset + part.len() as u64);
        all += &part;
        offset = page.next;
    }
}

pub(crate) async fn an_offset_is_counted_in_bytes(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let (lease, nodes) = shop.running(&store).await;
    let (release, key) = (lease.release, &nodes[0].key);
    store.set_nodes(&lease, &[with(&nodes[0], NodeStatus::Running, 1)]).await.unwrap();
    let lines = [line(1, LogStream::System, "开始\n"), line(2, LogStream::Output, "🚀 go\n")];
    assert_eq!(store.append_log(&lease, key, 1, &lines).await.unwrap(), 15);
    assert_eq!(store.append_log(&lease, key, 1, &[line(3, LogStream::Output, "end")]).await.unwrap(), 18);
    assert_eq!(store.append_log(&lease, key, 1, &[]).await.unwrap(), 18);

    let page = store.log_page(release, key, None, 0, 1000).await.unwrap();
    assert_eq!(page.items, [lines[0].clone(), lines[1].clone(), line(3, LogStream::Output, "end")]);
    assert_eq!((page.next, page.done), (18, false));
    let from = |offset| store.log_page(release, key, Some(1), offset, 1000);
    assert_eq!(text(&from(3).await.unwrap()), "始\n🚀 go\nend");
    assert_eq!(text(&from(4).await.unwrap()), "始\n🚀 go\nend", "within a character is that character");
    assert_eq!(text(&from(7).await.unwrap()), "🚀 go\nend");
    assert_eq!(text(&from(17).await.unwrap()), "d");
    assert_eq!(from(18).await.unwrap(), LogPage { items: vec![], next: 18, done: false });
    assert_eq!(from(u64::MAX).await.unwrap(), LogPage { items: vec![], next: 18, done: false });
    for max in [1, 4, 5, 8, 100] {
        assert_eq!(whole(&store, release, key, None, max).await, "开始\n🚀 go\nend");
    }

    store.set_nodes(&lease, &[with(&nodes[0], NodeStatus::Succeeded, 1)]).await.unwrap();
    assert!(!from(0).await.unwrap().items.is_empty());
    assert!(from(0).await.unwrap().done);
    assert!(!store.log_page(release, key, None, 0, 4).await.unwrap().done, "the end was not reached");
    assert!(from(18).await.unwrap().done);
    let unknown = NodeKey("nothing".to_owned());
    assert!(matches!(store.append_log(&lease, &unknown, 1, &lines).await, Err(StoreError::NotFound)));
    assert!(matches!(store.log_page(release, &unknown, None, 0, 10).await, Err(StoreError::NotFound)));
}

pub(crate) async fn any_bytes_of_text_come_back(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let (lease, nodes) = shop.running(&store).await;
    let odd = "a\0b\r\n\u{fffd}\u{1b}[31m' \\ \u{10ffff}\n";
    store.append_log(&lease, &nodes[0].key, 0, &[line(1, LogStream::Output, odd)]).await.unwrap();
    assert_eq!(whole(&store, lease.release, &nodes[0].key, None, 1000).await, odd);
    let (events, _) = store.events_after(0, &[Topic::Release(lease.release)], &Visible::All, 100).await.unwrap();
    let EventData::LogAppended { text, .. } = &events.last().unwrap().data else { panic!("no log event") };
    assert_eq!(text.as_deref(), Some(odd));
}

pub(crate) async fn a_long_log_is_kept_in_bounded_pieces(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let (lease, nodes) = shop.running(&store).await;
    let key = &nodes[0].key;
    let long = format!("x{}\n", "发布".repeat(50_000));
    store.append_log(&lease, key, 0, &[line(1, LogStream::Output, &long)]).await.unwrap();
    let mut expected = long.clone();
    for i in 0..100 {
        let short = format!("line {i}\n");
        store.append_log(&lease, key, 0, &[line(i, LogStream::Output, &short)]).await.unwrap();
        expected += &short;
    }
    let page = store.log_page(lease.release, key, None, 0, 1_000_000).await.unwrap();
    assert!(page.items.iter().all(|piece| piece.text.len() <= 64 * 1024), "no piece is longer than a chunk");
    for max in [1_000, 70_000, 1_000_000] {
        assert_eq!(whole(&store, lease.release, key, None, max).await, expected);
    }
    // Its event is short: who wants the text asks for it.
    let (events, _) = store.events_after(0, &[Topic::Release(lease.release)], &Visible::All, 1000).await.unwrap();
    let told = events.iter().find_map(|event| match &event.data {
        EventData::LogAppended { from: 0, to, text, .. } => Some((*to, text.clone())),
        _ => None,
    });
    assert_eq!(told, Some((long.len() as u64, None)));
}

pub(crate) async fn every_attempt_has_its_own_log(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let (lease, nodes) = shop.running(&store).await;
    let key = &nodes[0].key;
    for attempt in [1, 2] {
        store.set_nodes(&lease, &[with(&nodes[0], NodeStatus::Running, attempt)]).await.unwrap();
        let said = format!("attempt {attempt}\n");
        assert_eq!(store.append_log(&lease, key, attempt, &[line(1, LogStream::Output, &said)]).await.unwrap(), 10);
    }
    let first = store.log_page(lease.release, key, Some(1), 0, 100).await.unwrap();
    assert_eq!((text(&first).as_str(), first.done), ("attempt 1\n", true), "what was run again is over");
    let latest = store.log_page(lease.release, key, None, 0, 100).await.unwrap();
    assert_eq!((text(&latest).as_str(), latest.done), ("attempt 2\n", false));
    // Nodes do not hear each other.
    run(&store, &lease, &nodes[1], NodeStatus::Succeeded).await;
    let other = store.log_page(lease.release, &nodes[1].key, None, 0, 100).await.unwrap();
    assert_eq!(other, LogPage { items: vec![], next: 0, done: true });
}

pub(crate) async fn short_text_travels_with_its_event(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let (lease, nodes) = shop.running(&store).await;
    let seq = store.head().await.unwrap();
    let lines = [
        line(1, LogStream::System, "a\n"),
        line(1, LogStream::Output, "b\n"),
        line(2, LogStream::Output, "c\n"),
        line(3, LogStream::Output, ""),
    ];
    store.append_log(&lease, &nodes[0].key, 3, &lines).await.unwrap();
    let (events, _) = store.events_after(seq, &[Topic::Release(lease.release)], &Visible::All, 100).await.unwrap();
    let told: Vec<_> = events
        .into_iter()
        .map(|event| match event.data {
            EventData::LogAppended { attempt: 3, from, to, stream, text, .. } => (from, to, stream, text.unwrap()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, [(0, 2, LogStream::System, "a\n".to_owned()), (2, 6, LogStream::Output, "b\nc\n".to_owned())]);
}
