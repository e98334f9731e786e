//! Events: their order, their topics, and who is woken.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use launchway_domain::{
    Event, EventData, LogLine, LogStream, NodeKey, NodeStatus, ProjectId, ReleaseFilter, ReleaseId, ReleaseStatus,
    Timestamp, Topic, Visible,
};
use launchway_engine::store::Store;

use crate::world::{Db, TTL, environment, new_release, with, world};

/// How long a condition may take to come true before the test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

fn numbers(events: &[Event]) -> Vec<i64> {
    events.iter().map(|event| event.seq.unwrap()).collect()
}

/// Reads as the feed does, woken by the bell alone, until it has seen what `enough` asks for.
async fn tail(store: Store, topics: Vec<Topic>, mut enough: impl FnMut(&[Event]) -> bool) -> Vec<Event> {
    let mut bell = store.bell();
    let mut seen = Vec::new();
    let mut after = 0;
    let read = async {
        loop {
            bell.mark_unchanged();
            loop {
                let (events, reached) = store.events_after(after, &topics, &Visible::All, 7).await.unwrap();
                assert!(reached >= after);
                if reached == after {
                    break;
                }
                seen.extend(events);
                after = reached;
            }
            if enough(&seen) {
                break;
            }
            bell.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, read).await.expect("the tail never saw everything");
    seen
}

pub(crate) async fn events_are_numbered_in_the_order_of_their_commits(db: Db) {
    const WRITERS: usize = 6;
    const ROUNDS: usize = 20;
    let (a, b) = (db.open().await, db.open().await);
    let shop = world(&a, "shop").await;
    // Each round writes three events in two transactions.
    let total = WRITERS * (ROUNDS * 3 + 3);
    let readers: Vec<_> = [a.clone(), b.clone(), db.open().await]
        .into_iter()
        .map(|store| tokio::spawn(tail(store, vec![Topic::Project(shop.project)], move |seen| seen.len() >= total)))
        .collect();
    let writers: Vec<_> = (0..WRITERS)
        .map(|i| {
            let store = if i % 2 == 0 { a.clone() } else { b.clone() };
            tokio::spawn(async move {
                let environment = environment(&store, shop.project, &format!("e{i}"), &[]).await;
                let release = store.release_create(&new_release(shop.project, environment, "v1")).await.unwrap();
                store.release_start(release.id).await.unwrap();
                // Whichever it is: each writer claims one.
                let (lease, release) = store.claim(&format!("i{i}"), TTL).await.unwrap().unwrap();
                let plan = crate::world::plan(shop.server);
                for round in 0..ROUNDS {
                    if round == 0 {
                        store.plan(&lease, &serde_json::json!({}), &plan[..3]).await.unwrap();
                        continue;
                    }
                    let attempt = round as u32;
                    store.set_nodes(&lease, &[with(&plan[0], NodeStatus::Running, attempt)]).await.unwrap();
                    let two = [1, 2].map(|n: usize| with(&plan[n], NodeStatus::Running, attempt));
                    store.set_nodes(&lease, &two).await.unwrap();
                }
                release.id
            })
        })
        .collect();
    let mut releases = Vec::new();
    for writer in writers {
        releases.push(writer.await.unwrap());
    }
    let head = a.head().await.unwrap();
    assert_eq!(head, total as i64);
    let mut first: Option<Vec<Event>> = None;
    for reader in readers {
        let seen = reader.await.unwrap();
        // Had a number been given before an earlier one was committed, a tail would have passed it by.
        assert_eq!(numbers(&seen), (1..=head).collect::<Vec<_>>(), "each once, in order, none missed");
        if let Some(first) = &first {
            assert_eq!(&seen, first);
        }
        first = Some(seen);
    }
    // What each release was told is in the order in which it happened.
    for release in releases {
        let attempts: Vec<u32> = first
            .iter()
            .flatten()
            .filter_map(|event| match &event.data {
                EventData::NodeStatus { release_id, node }
                    if *release_id == release && node.key.as_str() == "start" =>
                {
                    Some(node.attempt)
                }
                _ => None,
            })
            .collect();
        assert_eq!(attempts, (0..ROUNDS as u32).collect::<Vec<_>>());
    }
}

pub(crate) async fn a_snapshot_and_its_number_are_of_one_moment(db: Db) {
    let (a, b) = (db.open().await, db.open().await);
    let shop = world(&a, "shop").await;
    let (lease, nodes) = shop.running(&a).await;
    let release = lease.release;
    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (stop, a) = (stop.clone(), a.clone());
        async move {
            let mut attempt = 0;
            while !stop.load(Ordering::Relaxed) {
                attempt += 1;
                let both = [0, 1].map(|i: usize| with(&nodes[i], NodeStatus::Running, attempt));
                a.set_nodes(&lease, &both).await.unwrap();
            }
        }
    });
    for _ in 0..60 {
        let snapshot = b.release_snapshot(release).await.unwrap();
        assert_eq!(snapshot.nodes[0].attempt, snapshot.nodes[1].attempt, "both or neither");
        let (events, _) = b.events_after(0, &[Topic::Release(release)], &Visible::All, 100_000).await.unwrap();
        let mut told = HashMap::new();
        for event in events.into_iter().filter(|event| event.seq.unwrap() <= snapshot.seq) {
            if let EventData::NodeStatus { node, .. } = event.data {
                told.insert(node.key.clone(), *node);
            }
        }
        for node in &snapshot.nodes {
            assert_eq!(&told[&node.key], node, "the snapshot is the sum of the events up to its number");
        }
    }
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();
}

pub(crate) async fn every_topic_hears_its_own(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let blog = world(&store, "blog").await;
    let (lease, nodes) = shop.running(&store).await;
    let line = LogLine { at: Timestamp(1), stream: LogStream::Output, text: "hello\n".to_owned() };
    store.append_log(&lease, &nodes[0].key, 1, &[line]).await.unwrap();
    let other = blog.pending(&store).await;
    let head = store.head().await.unwrap();

    let hear = |topics: Vec<Topic>| {
        let store = store.clone();
        async move {
            let (events, reached) = store.events_after(0, &topics, &Visible::All, 1000).await.unwrap();
            assert_eq!(reached, head);
            let kinds = |kind: &str| events.iter().filter(|event| event.data.kind() == kind).count();
            let mut named: Vec<String> = events.iter().map(|event| event.topic.clone()).collect();
            named.dedup();
            (kinds("release.status"), kinds("node.status"), kinds("log.appended"), named)
        }
    };
    let (release, project) = (Topic::Release(lease.release), Topic::Project(shop.project));
    assert_eq!(hear(vec![release]).await, (3, 5, 1, vec![release.to_string()]));
    assert_eq!(hear(vec![project]).await, (3, 5, 0, vec![project.to_string()]), "logs are the release's alone");
    assert_eq!(hear(vec![Topic::Wall]).await, (4, 5, 0, vec!["wall".to_owned()]));
    // The first that fits names the event.
    assert_eq!(
        hear(vec![project, release, Topic::Wall]).await,
        (4, 5, 1, vec![project.to_string(), release.to_string(), "wall".to_owned()])
    );
    assert_eq!(hear(vec![Topic::Release(other.id), release]).await.0, 4);

    // Nothing for us, and yet it moves on.
    for topics in [vec![Topic::Release(ReleaseId(999))], vec![Topic::Project(ProjectId(-1))], vec![]] {
        assert_eq!(store.events_after(0, &topics, &Visible::All, 10).await.unwrap(), (Vec::new(), head));
    }
    let (events, reached) = store.events_after(2, &[release], &Visible::All, 2).await.unwrap();
    assert_eq!((numbers(&events), reached), (vec![3, 4], 4), "a full page moves on to its last");
    assert_eq!(store.events_after(head, &[release], &Visible::All, 2).await.unwrap(), (Vec::new(), head));
}

pub(crate) async fn a_caller_that_goes_away_leaves_nothing_half_done(db: Db) {
    let (a, b) = (db.open().await, db.open().await);
    let shop = world(&a, "shop").await;
    let new = new_release(shop.project, shop.environment, "v1");
    let (mut dropped, mut patience) = (0, 0);
    // As when a browser hangs up: the call is dropped wherever it happens to be, each time a little later.
    while dropped < 100 {
        patience += 3;
        let mut call = Box::pin(a.release_create(&new));
        let mut done = false;
        for _ in 0..patience {
            done = futures::poll!(call.as_mut()).is_ready();
            if done {
                break;
            }
            tokio::task::yield_now().await;
        }
        if done {
            patience = 0;
        }
        drop(call);
        dropped += 1;
    }
    // Every writer finds its way, and each release has its event.
    for store in [&a, &b, &a] {
        shop.pending(store).await;
    }
    let (events, head) = a.events_after(0, &[Topic::Wall], &Visible::All, 1000).await.unwrap();
    assert_eq!(numbers(&events), (1..=head).collect::<Vec<_>>());
    let mut told: Vec<_> = events.iter().filter_map(|event| event.data.release_id()).collect();
    let filter = ReleaseFilter { limit: Some(200), ..Default::default() };
    let mut there: Vec<_> =
        b.releases(&filter, &Visible::All).await.unwrap().items.iter().map(|release| release.id).collect();
    told.sort();
    there.sort();
    assert_eq!(told, there);
}

pub(crate) async fn another_process_is_heard(db: Db) {
    let (here, there) = (db.open().await, db.open().await);
    let (mut feed, mut queue) = (here.bell(), here.queue_bell());
    let shop = world(&there, "shop").await;
    let release = shop.pending(&there).await;
    let head = there.head().await.unwrap();
    tokio::time::timeout(PATIENCE, feed.wait_for(|seen| *seen >= head)).await.unwrap().unwrap();
    queue.mark_unchanged();
    there.release_start(release.id).await.unwrap();
    tokio::time::timeout(PATIENCE, queue.changed()).await.unwrap().unwrap();
    let (lease, _) = here.claim("here", TTL).await.unwrap().unwrap();
    here.finish(&lease, ReleaseStatus::Succeeded, None).await.unwrap();
    let head = here.head().await.unwrap();
    assert_eq!(*feed.borrow(), head, "one's own commits are heard at once");
}

pub(crate) async fn what_is_trimmed_is_named(db: Db) {
    let store = db.open().await;
    assert_eq!((store.head().await.unwrap(), store.oldest().await.unwrap()), (0, 1));
    let shop = world(&store, "shop").await;
    for _ in 0..4 {
        shop.pending(&store).await;
    }
    assert_eq!(store.events_trim(Timestamp(1)).await.unwrap(), 0);
    assert_eq!(store.oldest().await.unwrap(), 1);
    assert_eq!(store.events_trim(Timestamp::now().plus_millis(1_000)).await.unwrap(), 4);
    assert_eq!(store.oldest().await.unwrap(), 5);
    shop.pending(&store).await;
    let (events, reached) = store.events_after(4, &[Topic::Wall], &Visible::All, 10).await.unwrap();
    assert_eq!((numbers(&events), reached), (vec![5], 5), "numbers go on");
    let key = NodeKey("start".to_owned());
    assert!(store.log_page(ReleaseId(1), &key, None, 0, 10).await.is_err());
}
