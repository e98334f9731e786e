//! Leases, nodes, and what people do to a release.

use launchway_domain::{
    EventData, Node, NodeKey, NodeStatus, ReleaseId, ReleaseStatus, ServerId, Text, Timestamp, Topic, Visible,
};
use launchway_engine::store::{Lease, Store, StoreError};
use serde_json::json;

use crate::world::{Db, TTL, plan, run, with, world};

fn stale<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Stale)), "{result:?}");
}

fn met<T: std::fmt::Debug>(result: Result<T, StoreError>, expected: ReleaseStatus) {
    assert!(matches!(&result, Err(StoreError::State(status)) if *status == expected), "{result:?}");
}

fn statuses(nodes: &[Node]) -> Vec<NodeStatus> {
    nodes.iter().map(|node| node.status).collect()
}

async fn every_write_is_stale(store: &Store, lease: &Lease, node: &Node) {
    stale(store.renew(lease, TTL).await);
    stale(store.frozen(lease).await);
    stale(store.plan(lease, &json!({"stolen": true}), std::slice::from_ref(node)).await);
    stale(store.set_nodes(lease, &[with(node, NodeStatus::Running, 9)]).await);
    stale(store.node_checkpoint(lease, &node.key, &json!(9)).await);
    stale(store.append_log(lease, &node.key, 9, &[]).await);
    stale(store.finish(lease, ReleaseStatus::Failed, None).await);
    stale(store.give_back(lease).await);
}

pub(crate) async fn a_lost_lease_writes_nothing(db: Db) {
    let (a, b) = (db.open().await, db.open().await);
    let shop = world(&a, "shop").await;
    let release = shop.queued(&a).await;
    // It expires as it is given.
    let (lost, first) = a.claim("a", 0).await.unwrap().unwrap();
    a.plan(&lost, &json!({"v": 1}), &plan(shop.server)).await.unwrap();
    let (held, second) = b.claim("b", TTL).await.unwrap().unwrap();
    assert_eq!((held.release, held.epoch), (release.id, lost.epoch + 1));
    assert_eq!(second.started_at, first.started_at, "started once");
    assert!(a.claim("a", TTL).await.unwrap().is_none(), "a live lease is not taken");

    let before = b.release_snapshot(release.id).await.unwrap();
    every_write_is_stale(&a, &lost, &before.nodes[0]).await;
    // The same instance in an earlier term is as lost as another one.
    every_write_is_stale(&b, &Lease { epoch: lost.epoch, ..held.clone() }, &before.nodes[0]).await;
    assert_eq!(b.release_snapshot(release.id).await.unwrap(), before);

    assert!(!b.renew(&held, TTL).await.unwrap());
    assert_eq!(b.frozen(&held).await.unwrap(), Some(json!({"v": 1})));
    b.finish(&held, ReleaseStatus::Succeeded, None).await.unwrap();
    every_write_is_stale(&b, &held, &before.nodes[0]).await;
    assert_eq!(b.release(release.id).await.unwrap().status, ReleaseStatus::Succeeded);
}

pub(crate) async fn a_lease_that_was_given_back_is_claimed_at_once(db: Db) {
    let (a, b) = (db.open().await, db.open().await);
    let shop = world(&a, "shop").await;
    let (lease, _) = shop.running(&a).await;
    let mut bell = a.queue_bell();
    bell.mark_unchanged();
    a.give_back(&lease).await.unwrap();
    assert!(bell.has_changed().unwrap());
    every_write_is_stale(&a, &lease, &a.nodes(lease.release).await.unwrap()[0]).await;
    assert_eq!(a.release(lease.release).await.unwrap().status, ReleaseStatus::Running);
    let (next, _) = b.claim("b", TTL).await.unwrap().unwrap();
    assert_eq!((next.release, next.epoch), (lease.release, lease.epoch + 1));

    // Whoever knows that an instance is gone ends its leases, and no other's.
    a.expire_leases("a").await.unwrap();
    assert!(a.claim("a", TTL).await.unwrap().is_none());
    a.expire_leases("b").await.unwrap();
    stale(b.renew(&next, TTL).await);
    let (last, _) = a.claim("a", TTL).await.unwrap().unwrap();
    assert_eq!((last.release, last.epoch), (lease.release, next.epoch + 1));
}

pub(crate) async fn a_plan_comes_back_in_its_order(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    shop.queued(&store).await;
    let (lease, release) = store.claim("a", TTL).await.unwrap().unwrap();
    assert_eq!(store.frozen(&lease).await.unwrap(), None);
    assert!(store.nodes(release.id).await.unwrap().is_empty());
    // More nodes than one INSERT of events holds.
    let mut nodes: Vec<Node> = (1..=40).flat_map(|server| plan(ServerId(server)).split_off(3)).collect();
    nodes.splice(0..0, plan(ServerId(1)).into_iter().take(3));
    let frozen = json!({"path": "/srv/发布", "servers": [1, 2.5, null]});
    store.plan(&lease, &frozen, &nodes).await.unwrap();
    assert_eq!(store.nodes(release.id).await.unwrap(), nodes);
    assert_eq!(store.frozen(&lease).await.unwrap(), Some(frozen));

    let (events, _) = store.events_after(0, &[Topic::Release(release.id)], &Visible::All, 1000).await.unwrap();
    let told: Vec<Node> = events
        .into_iter()
        .filter_map(|event| if let EventData::NodeStatus { node, .. } = event.data { Some(*node) } else { None })
        .collect();
    assert_eq!(told, nodes);

    let key = &nodes[0].key;
    assert_eq!(store.node_checkpoint_read(release.id, key).await.unwrap(), None);
    store.node_checkpoint(&lease, key, &json!({"attempt": 1})).await.unwrap();
    store.node_checkpoint(&lease, key, &json!({"attempt": 2})).await.unwrap();
    assert_eq!(store.node_checkpoint_read(release.id, key).await.unwrap(), Some(json!({"attempt": 2})));
    let unknown = NodeKey("server:999".to_owned());
    assert!(matches!(store.node_checkpoint(&lease, &unknown, &json!(1)).await, Err(StoreError::NotFound)));
    assert!(matches!(store.node_checkpoint_read(release.id, &unknown).await, Err(StoreError::NotFound)));
}

pub(crate) async fn a_transition_that_there_is_not_changes_nothing(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let (lease, nodes) = shop.running(&store).await;
    run(&store, &lease, &nodes[0], NodeStatus::Succeeded).await;
    let before = store.release_snapshot(lease.release).await.unwrap();
    let wrong = [with(&nodes[1], NodeStatus::Running, 1), with(&nodes[0], NodeStatus::Running, 2)];
    assert!(matches!(store.set_nodes(&lease, &wrong).await, Err(StoreError::Corrupt(_))));
    assert!(matches!(store.finish(&lease, ReleaseStatus::Queued, None).await, Err(StoreError::Corrupt(_))));
    assert_eq!(store.release_snapshot(lease.release).await.unwrap(), before, "neither rows nor events");

    // Everything of a node that may change does; what was planned stays.
    let mut node = with(&nodes[1], NodeStatus::Running, 3);
    (node.started_at, node.finished_at) = (Some(Timestamp(5)), Some(Timestamp(6)));
    (node.exit_status, node.message) = (Some(137), Some(Text::new("killed", "被终止")));
    node.text = "renamed".to_owned();
    store.set_nodes(&lease, &[node.clone()]).await.unwrap();
    node.text = nodes[1].text.clone();
    assert_eq!(store.nodes(lease.release).await.unwrap()[1], node);
    let again = with(&node, NodeStatus::Running, 4);
    store.set_nodes(&lease, &[again]).await.unwrap();
    assert_eq!(store.nodes(lease.release).await.unwrap()[1].attempt, 4);
}

pub(crate) async fn a_retry_keeps_what_succeeded(db: Db) {
    use NodeStatus::{Failed, Pending, Skipped, Succeeded};
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let (lease, nodes) = shop.running(&store).await;
    met(store.release_retry(lease.release).await, ReleaseStatus::Running);
    run(&store, &lease, &nodes[0], Succeeded).await;
    store.node_checkpoint(&lease, &nodes[0].key, &json!("kept")).await.unwrap();
    store.node_checkpoint(&lease, &nodes[1].key, &json!("dropped")).await.unwrap();
    run(&store, &lease, &nodes[1], Failed).await;
    let error = Text::new("download failed", "下载失败");
    let failed = store.finish(&lease, ReleaseStatus::Failed, Some(&error)).await.unwrap();
    assert_eq!(failed.error, Some(error));
    assert_eq!(statuses(&store.nodes(lease.release).await.unwrap()), [Succeeded, Failed, Skipped, Skipped, Skipped]);

    let seq = store.head().await.unwrap();
    let queued = store.release_retry(lease.release).await.unwrap();
    assert_eq!((queued.status, queued.error, queued.finished_at), (ReleaseStatus::Queued, None, None));
    let after = store.nodes(lease.release).await.unwrap();
    assert_eq!(statuses(&after), [Succeeded, Pending, Pending, Pending, Pending]);
    assert_eq!(after[1].attempt, 1, "attempts are counted on");
    let read = |node: usize| store.node_checkpoint_read(lease.release, &nodes[node].key);
    assert_eq!(read(0).await.unwrap(), Some(json!("kept")));
    assert_eq!(read(1).await.unwrap(), None);
    let (events, _) = store.events_after(seq, &[Topic::Wall], &Visible::All, 100).await.unwrap();
    let told: Vec<Node> = events
        .iter()
        .filter_map(|event| match &event.data {
            EventData::NodeStatus { node, .. } => Some((**node).clone()),
            _ => None,
        })
        .collect();
    assert_eq!(told, after[1..]);
    met(store.release_retry(lease.release).await, ReleaseStatus::Queued);

    let (again, claimed) = store.claim("a", TTL).await.unwrap().unwrap();
    assert_eq!((again.epoch, claimed.started_at), (lease.epoch + 1, failed.started_at));
    assert!(store.frozen(&again).await.unwrap().is_some(), "the plan is kept");
}

pub(crate) async fn what_has_not_begun_is_canceled_at_once(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let pending = shop.pending(&store).await;
    let canceled = store.release_cancel(pending.id).await.unwrap();
    assert_eq!(canceled.status, ReleaseStatus::Canceled);
    assert!(canceled.finished_at.is_some());
    met(store.release_cancel(pending.id).await, ReleaseStatus::Canceled);
    met(store.release_start(pending.id).await, ReleaseStatus::Canceled);

    // One that waits for its second run, with nodes.
    let (lease, nodes) = shop.running(&store).await;
    run(&store, &lease, &nodes[0], NodeStatus::Succeeded).await;
    store.finish(&lease, ReleaseStatus::Failed, None).await.unwrap();
    store.release_retry(lease.release).await.unwrap();
    store.release_cancel(lease.release).await.unwrap();
    let after = store.nodes(lease.release).await.unwrap();
    assert_eq!(after[0].status, NodeStatus::Succeeded);
    assert!(after[1..].iter().all(|node| node.status == NodeStatus::Canceled));
    assert!(store.claim("a", TTL).await.unwrap().is_none());
    assert!(matches!(store.release_cancel(ReleaseId(999)).await, Err(StoreError::NotFound)));
}

pub(crate) async fn what_runs_is_asked_to_stop(db: Db) {
    let (a, b) = (db.open().await, db.open().await);
    let shop = world(&a, "shop").await;
    let (lease, _) = shop.running(&a).await;
    assert!(!a.renew(&lease, TTL).await.unwrap());
    let mut bell = a.queue_bell();
    bell.mark_unchanged();
    // Two people at once, in two processes.
    let (one, other) = tokio::join!(a.release_cancel(lease.release), b.release_cancel(lease.release));
    let (won, lost) = if one.is_ok() { (one, other) } else { (other, one) };
    let asked = won.unwrap();
    assert_eq!((asked.status, asked.cancel_requested), (ReleaseStatus::Running, true));
    met(lost, ReleaseStatus::Running);
    bell.changed().await.unwrap();
    assert!(a.renew(&lease, TTL).await.unwrap());
    let (events, _) = a.events_after(0, &[Topic::Project(shop.project)], &Visible::All, 100).await.unwrap();
    let last = events.last().unwrap();
    assert!(matches!(last.data, EventData::ReleaseStatus { cancel_requested: true, .. }));

    a.finish(&lease, ReleaseStatus::Canceled, None).await.unwrap();
    assert!(!a.release_retry(lease.release).await.unwrap().cancel_requested);
}

pub(crate) async fn no_node_outlives_its_release(db: Db) {
    use NodeStatus::{Canceled, Failed, Running, Skipped, Waiting};
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    for (end, expected) in [
        (ReleaseStatus::Failed, [Failed, Skipped, Skipped, Skipped, Skipped]),
        (ReleaseStatus::Canceled, [Canceled, Canceled, Canceled, Canceled, Canceled]),
    ] {
        let (lease, nodes) = shop.running(&store).await;
        store.set_nodes(&lease, &[with(&nodes[0], Running, 1), with(&nodes[1], Waiting, 0)]).await.unwrap();
        let release = store.finish(&lease, end, None).await.unwrap();
        assert!(release.finished_at.is_some());
        assert_eq!(statuses(&store.nodes(lease.release).await.unwrap()), expected);
    }
}
