//! What keeps a queued release: locks, times, freezes; and what everybody is told of it.

use launchway_domain::policy::{Calendar, DateFreeze, Policy};
use launchway_domain::{
    By, EnvironmentForm, EnvironmentId, Event, EventData, IfVersion, LockForm, ReleaseId, ReleaseStatus, Timestamp,
    Topic, Via, Visible, WaitFor,
};
use launchway_engine::store::{Locking, Start, Store, StoreError};

use crate::world::{Db, TTL, World, new_release, world};

fn form(reason: &str) -> LockForm {
    LockForm { reason: reason.to_owned(), ..LockForm::default() }
}

async fn locked(store: &Store, id: EnvironmentId, form: &LockForm) -> launchway_domain::Lock {
    match store.lock_create(id, form).await.unwrap() {
        Locking::Locked(lock) => lock,
        Locking::Held(lock) => panic!("held: {lock:?}"),
    }
}

async fn claimed(store: &Store) -> Option<ReleaseId> {
    store.claim("a", TTL).await.unwrap().map(|(lease, _)| lease.release)
}

async fn told(store: &Store, topic: Topic, after: i64) -> Vec<Event> {
    store.events_after(after, &[topic], &Visible::All, 100).await.unwrap().0
}

fn soon(millis: i64) -> Timestamp {
    Timestamp::now().plus_millis(millis)
}

pub(crate) async fn nothing_is_claimed_where_it_is_locked(db: Db) {
    let (a, b) = (db.open().await, db.open().await);
    let shop = world(&a, "shop").await;
    let other = world(&a, "other").await;
    let before = a.head().await.unwrap();
    let by = a.by(By { name: "ada".into(), via: Via::Session, ..By::system() });
    let lock = locked(&by, shop.environment, &form("stocktaking")).await;
    assert_eq!((lock.locked_by_name.as_str(), lock.reason.as_str()), ("ada", "stocktaking"));
    assert_eq!((lock.project_id, lock.until, lock.release_id), (shop.project, None, None));
    assert_eq!(b.lock(shop.environment).await.unwrap().as_ref(), Some(&lock));
    assert_eq!(b.locks(shop.project).await.unwrap(), std::slice::from_ref(&lock));
    // Somebody else is told who holds it, and why.
    assert_eq!(b.lock_create(shop.environment, &form("mine")).await.unwrap(), Locking::Held(lock.clone()));

    let kept = shop.queued(&a).await;
    let elsewhere = other.queued(&a).await;
    assert_eq!(claimed(&a).await, Some(elsewhere.id), "a lock is its environment's alone");
    assert_eq!(claimed(&b).await, None);
    let queue = a.queue(shop.environment).await.unwrap();
    assert_eq!(queue.lock.as_ref(), Some(&lock));
    assert_eq!(queue.items[0].waits.iter().map(|wait| wait.what).collect::<Vec<_>>(), [WaitFor::Lock]);

    let mut bell = b.queue_bell();
    bell.mark_unchanged();
    b.by(By { name: "bob".into(), via: Via::Session, ..By::system() }).lock_lift(shop.environment).await.unwrap();
    assert!(bell.has_changed().unwrap(), "the queue goes on at once");
    assert!(matches!(a.lock_lift(shop.environment).await, Err(StoreError::NotFound)));
    assert_eq!(claimed(&a).await, Some(kept.id));

    let events = told(&a, Topic::Project(shop.project), before).await;
    let kinds: Vec<_> = events.iter().map(|event| event.data.kind()).filter(|kind| kind.starts_with("env")).collect();
    assert_eq!(kinds, ["environment.locked", "environment.unlocked"]);
    assert!(events.iter().any(|event| event.data == EventData::EnvironmentLocked(Box::new(lock.clone()))));
    assert!(
        events.iter().any(
            |event| matches!(&event.data, EventData::EnvironmentUnlocked { by, .. } if by.as_deref() == Some("bob"))
        )
    );
    assert!(told(&a, Topic::Project(other.project), before).await.iter().all(|e| e.data.release_id().is_some()));
    assert!(told(&a, Topic::Release(ReleaseId(0)), 0).await.is_empty(), "no release has the number 0");
}

pub(crate) async fn what_runs_goes_on_under_a_lock(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let (lease, _) = shop.running(&store).await;
    locked(&store, shop.environment, &form("no more")).await;
    assert!(!store.renew(&lease, 0).await.unwrap());
    // Also where its runner died: it is carried on.
    let (again, _) = store.claim("b", TTL).await.unwrap().unwrap();
    assert_eq!(again.release, lease.release);
    store.finish(&again, ReleaseStatus::Succeeded, None).await.unwrap();
    assert!(store.lock(shop.environment).await.unwrap().is_some(), "it is nobody's release's");
}

pub(crate) async fn a_lock_runs_out_by_itself(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let release = shop.queued(&store).await;
    let short = LockForm { until: Some(soon(3000)), ..form("a moment") };
    locked(&store, shop.environment, &short).await;
    assert_eq!(claimed(&store).await, None);
    while store.lock(shop.environment).await.unwrap().is_some() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // Nobody has taken it away yet; it counts no more all the same.
    assert_eq!(claimed(&store).await, Some(release.id));
    let before = store.head().await.unwrap();
    assert_eq!(store.locks_expire().await.unwrap(), 1);
    assert_eq!(store.locks_expire().await.unwrap(), 0);
    let events = told(&store, Topic::Wall, before).await;
    assert!(matches!(&events[..], [Event { data: EventData::EnvironmentUnlocked { by: None, .. }, .. }]), "{events:?}");
    // One that has run out, but is still there, is in nobody's way.
    locked(&store, shop.environment, &LockForm { until: Some(Timestamp::now()), ..form("over") }).await;
    let next = locked(&store, shop.environment, &form("next")).await;
    assert_eq!(store.locks_expire().await.unwrap(), 0);
    assert_eq!(store.lock(shop.environment).await.unwrap(), Some(next));
}

pub(crate) async fn no_lock_outlives_its_release(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let other = world(&store, "other").await;
    let (first, second) = (shop.queued(&store).await, shop.queued(&store).await);
    let of = |release: ReleaseId| LockForm { release_id: Some(release), ..form("for it alone") };
    locked(&store, shop.environment, &of(second.id)).await;
    // It overtakes who was there before.
    let queue = store.queue(shop.environment).await.unwrap();
    assert_eq!(queue.items.iter().map(|item| item.release_id).collect::<Vec<_>>(), [second.id, first.id]);
    let (lease, _) = store.claim("a", TTL).await.unwrap().unwrap();
    assert_eq!(lease.release, second.id);
    store.plan(&lease, &serde_json::json!({}), &[]).await.unwrap();
    let before = store.head().await.unwrap();
    store.finish(&lease, ReleaseStatus::Failed, None).await.unwrap();
    assert_eq!(store.lock(shop.environment).await.unwrap(), None);
    let events = told(&store, Topic::Project(shop.project), before).await;
    assert!(events.iter().any(|event| event.data.kind() == "environment.unlocked"));
    assert_eq!(claimed(&store).await, Some(first.id));

    // Canceled before it ran: the same.
    let third = shop.queued(&store).await;
    locked(&store, shop.environment, &of(third.id)).await;
    store.release_cancel(third.id).await.unwrap();
    assert_eq!(store.lock(shop.environment).await.unwrap(), None);
    let ended = store.lock_create(shop.environment, &of(third.id)).await;
    assert!(matches!(ended, Err(StoreError::State(ReleaseStatus::Canceled))), "{ended:?}");
    for wrong in [other.queued(&store).await.id, ReleaseId(999)] {
        let refused = store.lock_create(shop.environment, &of(wrong)).await;
        assert!(matches!(&refused, Err(StoreError::Missing { field }) if field == "release_id"), "{refused:?}");
    }
    assert!(matches!(store.lock_create(EnvironmentId(999), &form("x")).await, Err(StoreError::NotFound)));
}

pub(crate) async fn of_many_locks_one_is_taken(db: Db) {
    let (a, b) = (db.open().await, db.open().await);
    let shop = world(&a, "shop").await;
    let queued = shop.queued(&a).await;
    for round in 0..4 {
        let reason = form(&round.to_string());
        let stores = [&a, &b, &a, &b];
        let tries = futures::future::join_all(stores.map(|store| store.lock_create(shop.environment, &reason))).await;
        let won = tries.iter().filter(|outcome| matches!(outcome, Ok(Locking::Locked(_)))).count();
        assert_eq!(won, 1, "{tries:?}");
        assert_eq!(b.claim("b", TTL).await.unwrap(), None);
        a.lock_lift(shop.environment).await.unwrap();
    }
    assert_eq!(claimed(&b).await, Some(queued.id));
}

pub(crate) async fn a_time_is_waited_for_and_keeps_nobody_behind(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let at = |at| Start { start_at: Some(at), ..Start::default() };
    let far = shop.pending(&store).await;
    let far = store.release_start_with(far.id, &at(soon(3_600_000))).await.unwrap();
    assert!(far.start_at.is_some());
    assert_eq!(claimed(&store).await, None);
    let now = shop.queued(&store).await;
    let queue = store.queue(shop.environment).await.unwrap();
    assert_eq!(
        queue.items.iter().map(|item| (item.release_id, item.place)).collect::<Vec<_>>(),
        [(now.id, 1), (far.id, 2)]
    );
    assert_eq!(queue.items[1].waits[0].what, WaitFor::Time);
    assert_eq!(queue.items[1].waits[0].until, far.start_at);
    let (lease, _) = store.claim("a", TTL).await.unwrap().unwrap();
    assert_eq!(lease.release, now.id, "who has no time goes first");
    store.plan(&lease, &serde_json::json!({}), &[]).await.unwrap();
    let queue = store.queue(shop.environment).await.unwrap();
    assert_eq!((queue.running, queue.items[0].place), (Some(now.id), 1));
    assert!(queue.items[0].waits.iter().any(|w| w.what == WaitFor::Running && w.release_id == Some(now.id)));
    store.finish(&lease, ReleaseStatus::Succeeded, None).await.unwrap();
    assert_eq!(claimed(&store).await, None);

    // Put forward, it starts; everybody is told of the new time.
    let before = store.head().await.unwrap();
    let moved = store.release_schedule(far.id, Some(soon(100))).await.unwrap();
    let events = told(&store, Topic::Release(far.id), before).await;
    assert!(
        matches!(&events[..], [Event { data: EventData::ReleaseStatus { start_at, .. }, .. }] if *start_at == moved.start_at)
    );
    while Timestamp::now() < moved.start_at.unwrap() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(claimed(&store).await, Some(far.id));
    let refused = store.release_schedule(far.id, None).await;
    assert!(matches!(refused, Err(StoreError::State(ReleaseStatus::Running))), "{refused:?}");
    assert!(matches!(store.release_schedule(ReleaseId(999), None).await, Err(StoreError::NotFound)));

    let third = shop.pending(&store).await;
    store.release_start_with(third.id, &at(soon(3_600_000))).await.unwrap();
    let canceled = store.release_cancel(third.id).await.unwrap();
    assert_eq!(canceled.status, ReleaseStatus::Canceled);
    let again = store.release_retry(third.id).await.unwrap();
    assert_eq!(again.start_at, None, "a retry starts as soon as it can");
}

async fn freeze(store: &Store, shop: &World, from: i64, to: i64) {
    let local = |at: Timestamp| at.rfc3339()[..16].to_owned();
    let window = DateFreeze { from: local(soon(from)), to: local(soon(to)), label: Some("holidays".into()) };
    let calendar = Calendar { dates: vec![window], ..Calendar::default() };
    let was = store.environment(shop.environment).await.unwrap();
    let policy = Some(Policy { calendar, ..Policy::default() });
    let form = EnvironmentForm { policy, ..was.into() };
    store.only(&IfVersion::Any).environment_update(shop.environment, &form).await.unwrap();
}

pub(crate) async fn nothing_is_claimed_in_a_freeze_without_an_exception(db: Db) {
    const DAY: i64 = 24 * 3600 * 1000;
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let other = world(&store, "other").await;
    let (kept, elsewhere) = (shop.queued(&store).await, other.queued(&store).await);
    freeze(&store, &shop, -DAY, DAY).await;
    assert_eq!(claimed(&store).await, Some(elsewhere.id));
    assert_eq!(claimed(&store).await, None);
    let queue = store.queue(shop.environment).await.unwrap();
    assert!(queue.calendar.frozen);
    assert_eq!(queue.items[0].waits[0].what, WaitFor::Freeze);
    assert_eq!(
        (queue.items[0].waits[0].reason.as_deref(), queue.items[0].waits[0].until),
        (Some("holidays"), queue.calendar.until)
    );

    // One with a reason goes before those that wait.
    let urgent = store.release_create(&new_release(shop.project, shop.environment, "v2")).await.unwrap();
    let settled = Start { exception: Some("the shop is down".into()), ..Start::default() };
    store.release_start_with(urgent.id, &settled).await.unwrap();
    let queue = store.queue(shop.environment).await.unwrap();
    assert_eq!(queue.items.iter().map(|item| item.release_id).collect::<Vec<_>>(), [urgent.id, kept.id]);
    let (lease, _) = store.claim("a", 0).await.unwrap().unwrap();
    assert_eq!(lease.release, urgent.id);
    // What runs is carried on after a crash, freeze or not.
    let (lease, _) = store.claim("b", TTL).await.unwrap().unwrap();
    assert_eq!(lease.release, urgent.id);
    store.plan(&lease, &serde_json::json!({}), &[]).await.unwrap();
    store.finish(&lease, ReleaseStatus::Succeeded, None).await.unwrap();
    assert_eq!(claimed(&store).await, None);

    freeze(&store, &shop, DAY, 2 * DAY).await;
    assert_eq!(claimed(&store).await, Some(kept.id));
}
