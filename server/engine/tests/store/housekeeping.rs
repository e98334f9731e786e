//! What is old enough to go, and what stays however old it is.

use std::collections::HashMap;

use launchway_domain::{
    AuditFilter, EnvironmentForm, HousekeepingForm, IfVersion, ListQuery, LiveState, LogLine, LogScope, LogStream,
    NodeKey, NodeStatus, Pile, Release, ReleaseId, ReleaseKind, ReleaseStatus, Tidying, Timestamp,
};
use launchway_engine::store::{Found, NewRelease, Store, StoreError};
use launchway_engine::target::Look;
use launchway_engine::testing::age;

use crate::live::{live, live_and};
use crate::world::{Db, TTL, World, new_release, run, with, world};

/// Everything that has ended by now is older than this.
fn soon() -> Timestamp {
    Timestamp::now().plus_millis(3_600_000)
}

/// How many releases stay on the servers.
async fn keep(store: &Store, shop: &World, keep: u32) {
    let environment = store.environment(shop.environment).await.unwrap();
    let form = EnvironmentForm { keep: Some(keep), ..environment.into() };
    store.environment_update(shop.environment, &form).await.unwrap();
}

/// The releases whose artifacts may go, of all that there are.
async fn due(store: &Store, before: Timestamp, keep: u32) -> Vec<i64> {
    let all: Vec<i64> = (1..100).collect();
    store.artifacts_due(&all, before, keep).await.unwrap().into_iter().map(|id| id.0).collect()
}

async fn lives(store: &Store, shop: &World, count: usize) -> Vec<i64> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(live(shop, store, false).await.0);
    }
    ids
}

pub(crate) async fn the_last_artifacts_of_an_environment_stay(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let ids = lives(&store, &shop, 5).await;
    keep(&store, &shop, 1).await;
    assert_eq!(due(&store, soon(), 1).await, ids[..4], "what is live stays");
    assert_eq!(due(&store, soon(), 2).await, ids[..3]);
    keep(&store, &shop, 3).await;
    assert_eq!(due(&store, soon(), 1).await, ids[..2], "what the servers keep stays");
    assert_eq!(due(&store, Timestamp::now().plus_millis(-60_000), 1).await, [0_i64; 0], "used not long ago");
    assert_eq!(due(&store, soon(), 100).await, [0_i64; 0]);
}

pub(crate) async fn what_is_live_somewhere_stays(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    keep(&store, &shop, 1).await;
    let first = live(&shop, &store, false).await;
    // It failed, and yet this server has it.
    let failed = live_and(&shop, &store, false, ReleaseStatus::Failed).await;
    assert_eq!(due(&store, soon(), 1).await, [0_i64; 0], "the one is live, the other can be gone back to");

    let ids = lives(&store, &shop, 3).await;
    assert_eq!(due(&store, soon(), 1).await, [first.0, failed.0, ids[0], ids[1]]);
    // Somebody has set the link by hand.
    let environment = store.environment(shop.environment).await.unwrap();
    let names = HashMap::from([(shop.server, "shop".to_owned())]);
    let (history, _) = store.live_before(&environment, &names).await.unwrap().remove(&shop.server).unwrap();
    let link = format!("releases/{}", ids[0]);
    let look =
        Look { state: LiveState::Drift, code: None, detail: None, link: Some(link), files: None, compared: false };
    let found = Found { server: shop.server, hostname: "shop".to_owned(), history, look: Ok(look) };
    store.live_found(&environment, &[found], Timestamp::now().plus_millis(1_000)).await.unwrap();
    assert_eq!(due(&store, soon(), 1).await, [first.0, failed.0, ids[1]]);
}

pub(crate) async fn what_a_release_uses_that_has_not_ended_stays(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    keep(&store, &shop, 1).await;
    let ids = lives(&store, &shop, 4).await;
    assert_eq!(due(&store, soon(), 1).await, ids[..3]);
    let new = |rollback_of: Option<ReleaseId>, promoted_from| NewRelease {
        kind: if rollback_of.is_some() { ReleaseKind::Rollback } else { ReleaseKind::Release },
        rollback_of,
        promoted_from,
        ..new_release(shop.project, shop.environment, "v1.0")
    };
    let back = store.release_create(&new(Some(ReleaseId(ids[0])), None)).await.unwrap();
    assert_eq!(due(&store, soon(), 1).await, ids[1..3], "gone back to");
    let on = store.release_create(&new(None, Some(ReleaseId(ids[1])))).await.unwrap();
    assert_eq!(due(&store, soon(), 1).await, ids[2..3], "taken on");
    for release in [back, on] {
        store.release_cancel(release.id).await.unwrap();
    }
    age(&db.url, 10).await;
    let before = Timestamp::now().plus_millis(-86_400_000);
    assert_eq!(due(&store, before, 1).await[..3], ids[..3], "that has ended, and long ago");
}

/// A release that failed, with a log.
async fn failed(store: &Store, shop: &World) -> (Release, NodeKey) {
    let (lease, nodes) = shop.running(store).await;
    let line = LogLine { at: Timestamp::now(), stream: LogStream::Output, text: "one\ntwo\n".to_owned() };
    store.set_nodes(&lease, &[with(&nodes[0], NodeStatus::Running, 1)]).await.unwrap();
    store.append_log(&lease, &nodes[0].key, 1, &[line]).await.unwrap();
    store.set_nodes(&lease, &[with(&nodes[0], NodeStatus::Failed, 1)]).await.unwrap();
    (store.finish(&lease, ReleaseStatus::Failed, None).await.unwrap(), nodes[0].key.clone())
}

fn logs(count: u64, bytes: u64) -> Tidying {
    Tidying { logs: Pile { count, bytes }, ..Default::default() }
}

pub(crate) async fn a_log_goes_with_its_lines_and_says_so(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let (release, node) = failed(&store, &shop).await;
    let (running, _) = shop.running(&store).await;
    let found = store.logs_due(soon(), 10).await.unwrap();
    assert_eq!(found.iter().map(|log| (log.release, log.bytes)).collect::<Vec<_>>(), [(release.id, 8)]);
    assert!(store.logs_due(Timestamp::now().plus_millis(-60_000), 10).await.unwrap().is_empty());
    assert_eq!(store.logs_by_project().await.unwrap(), [(shop.project, 8)]);

    store.tidy_begin(Timestamp::now(), &[], &[release.id, running.release], &logs(1, 8)).await.unwrap();
    let gone = store.release(release.id).await.unwrap();
    assert!(gone.log_is_gone() && gone.artifact_removed_at.is_none());
    assert!(store.release(running.release).await.unwrap().log_removed_at.is_none(), "it runs");
    let lines = store.log_lines(release.id, &LogScope::All, Some(1), 10).await.unwrap();
    assert_eq!((lines.total, lines.items.len()), (0, 0), "nobody finds a line of it, whether the text is there or not");
    assert!(store.logs_due(soon(), 10).await.unwrap().is_empty());
    assert_eq!(store.logs_sweep().await.unwrap(), 1);
    assert_eq!(store.logs_sweep().await.unwrap(), 0);
    assert!(store.log_page(release.id, &node, Some(1), 0, 100).await.unwrap().items.is_empty());
    assert_eq!(store.tidied_last().await.unwrap().unwrap().removed, logs(1, 8));
    let query = ListQuery { limit: Some(10), ..Default::default() };
    let filter = AuditFilter { what: Some("housekeeping.tidy".to_owned()), ..Default::default() };
    assert_eq!(store.audit_list(&filter, None, &query).await.unwrap().items.len(), 1);
}

pub(crate) async fn a_release_that_is_retried_keeps_its_log_and_has_a_new_one(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let (release, node) = failed(&store, &shop).await;
    // Retried after somebody looked and before it was said to be gone.
    let planned = Timestamp::now().plus_millis(-60_000);
    store.tidy_begin(planned, &[release.id], &[release.id], &logs(1, 8)).await.unwrap();
    let kept = store.release(release.id).await.unwrap();
    assert!(kept.log_removed_at.is_none() && kept.artifact_removed_at.is_none());
    assert_eq!(store.logs_sweep().await.unwrap(), 0);

    // Gone, and retried then: what comes is numbered from the first line, and what was goes all the same.
    store.tidy_begin(Timestamp::now(), &[release.id], &[release.id], &logs(1, 8)).await.unwrap();
    let gone = store.release(release.id).await.unwrap();
    assert!(gone.artifact_removed_at.is_some() && gone.log_is_gone());
    store.release_retry(release.id).await.unwrap();
    let (lease, _) = store.claim("a", TTL).await.unwrap().unwrap();
    let nodes = store.nodes(release.id).await.unwrap();
    store.set_nodes(&lease, &[with(&nodes[0], NodeStatus::Running, 2)]).await.unwrap();
    let line =
        LogLine { at: Timestamp::now().plus_millis(1_000), stream: LogStream::Output, text: "three\n".to_owned() };
    store.append_log(&lease, &node, 2, &[line]).await.unwrap();
    assert_eq!(store.logs_sweep().await.unwrap(), 1);
    let lines = store.log_lines(release.id, &LogScope::All, Some(1), 10).await.unwrap();
    assert_eq!(lines.items.iter().map(|row| row.text.as_str()).collect::<Vec<_>>(), ["three"]);
    run(&store, &lease, &nodes[1], NodeStatus::Failed).await;
    let ended = store.finish(&lease, ReleaseStatus::Failed, None).await.unwrap();
    assert!(ended.log_removed_at.is_some() && !ended.log_is_gone());
}

pub(crate) async fn the_settings_have_versions(db: Db) {
    let store = db.open().await;
    let first = store.housekeeping().await.unwrap();
    assert_eq!((HousekeepingForm::from(first.clone()), first.version), (HousekeepingForm::default(), 1));
    let form = HousekeepingForm { log_days: None, keep_artifacts: 3, ..Default::default() };
    let changed = store.only(&IfVersion::of(Some(1))).housekeeping_update(&form).await.unwrap();
    assert_eq!((HousekeepingForm::from(changed.clone()), changed.version), (form.clone(), 2));
    assert_eq!(db.open().await.housekeeping().await.unwrap(), changed);
    let late = store.only(&IfVersion::of(Some(1))).housekeeping_update(&form).await;
    assert!(matches!(late, Err(StoreError::Changed(2))), "{late:?}");
}

pub(crate) async fn a_database_says_how_large_it_is(db: Db) {
    let store = db.open().await;
    let (size, unused) = store.database_size().await.unwrap();
    assert!(size > 4096 && unused < size, "{size} {unused}");
    let far = Timestamp::now().plus_millis(-60_000);
    assert_eq!(store.rows_due(far, far).await.unwrap(), (0, 0));
    let shop = world(&store, "shop").await;
    shop.queued(&store).await;
    assert!(store.rows_due(soon(), far).await.unwrap().0 > 0);
}
