//! Starting, claiming, listing.

use std::collections::HashSet;

use futures::future::join_all;
use launchway_domain::{EventData, ReleaseFilter, ReleaseId, ReleaseStatus, Topic, Visible};
use launchway_engine::store::StoreError;

use crate::world::{Db, TTL, environment, new_release, world};

pub(crate) async fn of_two_starts_one_wins(db: Db) {
    let (a, b) = (db.open().await, db.open().await);
    let shop = world(&a, "shop").await;
    for _ in 0..5 {
        let release = shop.pending(&a).await;
        let tries = (0..6).map(|i| if i % 2 == 0 { a.release_start(release.id) } else { b.release_start(release.id) });
        let mut won = 0;
        for outcome in join_all(tries).await {
            match outcome {
                Ok(started) => {
                    won += 1;
                    assert_eq!(started.status, ReleaseStatus::Queued);
                }
                Err(StoreError::State(met)) => assert_eq!(met, ReleaseStatus::Queued),
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(won, 1);
        let (events, _) = a.events_after(0, &[Topic::Release(release.id)], &Visible::All, 100).await.unwrap();
        let told: Vec<_> = events
            .iter()
            .map(|event| match &event.data {
                EventData::ReleaseStatus { status, .. } => *status,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told, [ReleaseStatus::Pending, ReleaseStatus::Queued]);
    }
    assert!(matches!(a.release_start(ReleaseId(999)).await, Err(StoreError::NotFound)));
}

pub(crate) async fn a_release_is_claimed_by_one_instance(db: Db) {
    let (a, b) = (db.open().await, db.open().await);
    let shop = world(&a, "shop").await;
    let mut queued = HashSet::new();
    for i in 0..12 {
        let environment = environment(&a, shop.project, &format!("e{i}"), &[]).await;
        let release = a.release_create(&new_release(shop.project, environment, "v1")).await.unwrap();
        a.release_start(release.id).await.unwrap();
        queued.insert(release.id);
    }
    let claims = (0..16).map(|i| if i % 2 == 0 { a.claim("a", TTL) } else { b.claim("b", TTL) });
    let claimed: Vec<_> = join_all(claims).await.into_iter().filter_map(|claim| claim.unwrap()).collect();
    assert_eq!(claimed.len(), 12);
    assert_eq!(claimed.iter().map(|(lease, _)| lease.release).collect::<HashSet<_>>(), queued);
    for (lease, release) in claimed {
        assert_eq!((release.id, release.status, lease.epoch), (lease.release, ReleaseStatus::Running, 1));
        assert!(release.started_at.is_some());
    }
    assert!(a.claim("a", TTL).await.unwrap().is_none());
}

pub(crate) async fn one_release_at_a_time_runs_in_an_environment(db: Db) {
    let (a, b) = (db.open().await, db.open().await);
    let shop = world(&a, "shop").await;
    let first = shop.queued(&a).await;
    let second = shop.queued(&a).await;
    let claims = (0..8).map(|i| if i % 2 == 0 { a.claim("a", TTL) } else { b.claim("b", TTL) });
    let claimed: Vec<_> = join_all(claims).await.into_iter().filter_map(|claim| claim.unwrap()).collect();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].0.release, first.id);

    let mut bell = b.queue_bell();
    bell.mark_unchanged();
    a.finish(&claimed[0].0, ReleaseStatus::Succeeded, None).await.unwrap();
    bell.changed().await.unwrap();
    let (next, _) = b.claim("b", TTL).await.unwrap().unwrap();
    assert_eq!(next.release, second.id);
}

pub(crate) async fn the_queue_is_first_come_first_served(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let late = shop.pending(&store).await;
    let early = shop.queued(&store).await;
    // Started after the other, though made before it.
    while launchway_domain::Timestamp::now() <= early.queued_at.unwrap() {
        tokio::task::yield_now().await;
    }
    store.release_start(late.id).await.unwrap();
    let (lease, _) = store.claim("a", TTL).await.unwrap().unwrap();
    assert_eq!(lease.release, early.id);
}

pub(crate) async fn a_page_of_releases_ends_where_the_next_begins(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let blog = world(&store, "blog").await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(shop.pending(&store).await.id);
        blog.pending(&store).await;
    }
    ids.reverse();
    let mut filter = ReleaseFilter { project_id: Some(shop.project), limit: Some(2), ..Default::default() };
    let mut seen = Vec::new();
    loop {
        let page = store.releases(&filter, &Visible::All).await.unwrap();
        seen.extend(page.items.iter().map(|release| release.id));
        match page.next {
            Some(next) => filter.cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, ids);

    store.release_start(ids[0]).await.unwrap();
    let filter = ReleaseFilter { status: Some(ReleaseStatus::Queued), ..Default::default() };
    assert_eq!(
        store.releases(&filter, &Visible::All).await.unwrap().items.iter().map(|r| r.id).collect::<Vec<_>>(),
        [ids[0]]
    );
    let filter = ReleaseFilter { environment_id: Some(blog.environment), ..Default::default() };
    assert_eq!(store.releases(&filter, &Visible::All).await.unwrap().items.len(), 5);
    let filter = ReleaseFilter { cursor: Some("x'; --".to_owned()), ..Default::default() };
    assert!(matches!(store.releases(&filter, &Visible::All).await, Err(StoreError::NotFound)));
}

pub(crate) async fn the_live_release_is_the_one_that_succeeded_last(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    assert!(store.latest_succeeded(shop.environment, None).await.unwrap().is_none());
    let mut done = Vec::new();
    for status in [ReleaseStatus::Succeeded, ReleaseStatus::Succeeded, ReleaseStatus::Failed] {
        let (lease, _) = shop.running(&store).await;
        done.push(store.finish(&lease, status, None).await.unwrap().id);
    }
    let latest = |before| {
        let store = store.clone();
        async move { store.latest_succeeded(shop.environment, before).await.unwrap().map(|release| release.id) }
    };
    assert_eq!(latest(None).await, Some(done[1]));
    assert_eq!(latest(Some(done[2])).await, Some(done[1]));
    assert_eq!(latest(Some(done[1])).await, Some(done[0]));
    assert_eq!(latest(Some(done[0])).await, None);

    // A rollback names what it returns to.
    let mut new = new_release(shop.project, shop.environment, "v1");
    new.kind = launchway_domain::ReleaseKind::Rollback;
    new.rollback_of = Some(done[0]);
    let rollback = store.release_create(&new).await.unwrap();
    assert_eq!(rollback.kind, launchway_domain::ReleaseKind::Rollback);
    assert_eq!(store.release_rollback_of(rollback.id).await.unwrap(), Some(done[0]));
    assert_eq!(store.release_rollback_of(done[0]).await.unwrap(), None);
    assert!(matches!(store.release_rollback_of(ReleaseId(999)).await, Err(StoreError::NotFound)));
}
