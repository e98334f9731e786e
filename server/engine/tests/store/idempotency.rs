//! Calls that are carried out once.

use futures::future::join_all;
use launchway_engine::store::StoreError;
use launchway_engine::store::idempotency::{Outcome, carrying_out};

use crate::world::{Db, TTL, credential_form};

pub(crate) async fn of_many_claims_of_one_call_one_holds(db: Db) {
    let (a, b) = (db.open().await, db.open().await);
    let claims = (0..16).map(|i| {
        let store = if i % 2 == 0 { &a } else { &b };
        store.idempotency_claim("user:1", "key", b"call", TTL, TTL)
    });
    let (held, others): (Vec<_>, Vec<_>) =
        join_all(claims).await.into_iter().map(Result::unwrap).partition(Result::is_ok);
    assert_eq!(held.len(), 1);
    for known in others {
        let known = known.unwrap_err();
        assert!(matches!(known.outcome, Outcome::Running));
        assert_eq!(known.call, b"call");
    }
    assert!(a.idempotency_claim("user:2", "key", b"call", TTL, TTL).await.unwrap().is_ok(), "another's key is another");

    let claim = held.into_iter().next().unwrap().unwrap();
    b.idempotency_answer(&claim, b"\x00answer").await.unwrap();
    let known = a.idempotency_claim("user:1", "key", b"call", TTL, TTL).await.unwrap().unwrap_err();
    assert!(matches!(known.outcome, Outcome::Answered(answer) if answer == b"\x00answer"));
}

pub(crate) async fn a_call_whose_holder_died_is_taken_over_unless_it_changed_something(db: Db) {
    let store = db.open().await;
    let dead = store.idempotency_claim("user:1", "key", b"call", -1, TTL).await.unwrap().unwrap();
    let next = store.idempotency_claim("user:1", "key", b"call", TTL, TTL).await.unwrap().unwrap();
    assert!(!store.idempotency_renew(&dead, TTL).await.unwrap());
    assert!(store.idempotency_renew(&next, TTL).await.unwrap());

    // The one that was taken for dead wakes up: it writes nothing, and keeps no answer.
    let late = carrying_out(dead.clone(), store.credential_create(&credential_form("late"), b"x", false)).await;
    assert!(matches!(late, Err(StoreError::Stale)), "{late:?}");
    store.idempotency_answer(&dead, b"late").await.unwrap();
    store.idempotency_release(&dead).await.unwrap();
    carrying_out(next.clone(), store.credential_create(&credential_form("one"), b"x", false)).await.unwrap();
    let names: Vec<_> = store
        .credentials(&launchway_domain::Visible::All)
        .await
        .unwrap()
        .into_iter()
        .map(|credential| credential.name)
        .collect();
    assert_eq!(names, ["one"]);

    // It dies after it wrote: nobody does it a second time.
    assert!(store.idempotency_renew(&next, -1).await.unwrap());
    let known = store.idempotency_claim("user:1", "key", b"call", TTL, TTL).await.unwrap().unwrap_err();
    assert!(matches!(known.outcome, Outcome::Lost), "{known:?}");
    store.idempotency_release(&next).await.unwrap();
    let known = store.idempotency_claim("user:1", "key", b"call", TTL, TTL).await.unwrap().unwrap_err();
    assert!(matches!(known.outcome, Outcome::Lost), "{known:?}");
}

pub(crate) async fn what_came_to_nothing_or_is_old_is_forgotten(db: Db) {
    let store = db.open().await;
    let claim = store.idempotency_claim("user:1", "failed", b"call", TTL, TTL).await.unwrap().unwrap();
    store.idempotency_release(&claim).await.unwrap();
    let claim = store.idempotency_claim("user:1", "failed", b"call", TTL, TTL).await.unwrap().unwrap();
    store.idempotency_answer(&claim, b"answer").await.unwrap();

    let old = store.idempotency_claim("user:1", "old", b"call", TTL, -1).await.unwrap().unwrap();
    store.idempotency_answer(&old, b"answer").await.unwrap();
    assert!(store.idempotency_claim("user:1", "old", b"another", TTL, -1).await.unwrap().is_ok(), "its time is over");
    assert_eq!(store.idempotency_delete_expired().await.unwrap(), 1);
    assert!(store.idempotency_claim("user:1", "failed", b"call", TTL, TTL).await.unwrap().is_err());
}
