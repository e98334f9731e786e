//! Users, sessions, tokens.

use futures::future::join_all;
use launchway_domain::{Role, Timestamp};
use launchway_engine::store::StoreError;

use crate::world::Db;

pub(crate) async fn of_many_first_administrators_there_is_one(db: Db) {
    let (a, b) = (db.open().await, db.open().await);
    let names: Vec<String> = (0..8).map(|i| format!("user{i}")).collect();
    let tries = names.iter().enumerate().map(|(i, name)| {
        let store = if i % 2 == 0 { &a } else { &b };
        store.create_first_user(name, "hash")
    });
    let made: Vec<_> = join_all(tries).await.into_iter().filter_map(|user| user.unwrap()).collect();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].role, Role::Admin);
    assert_eq!(a.count_users().await.unwrap(), 1);
    assert_eq!(b.users().await.unwrap(), made);

    let again = a.create_user(&made[0].name, "hash", Role::Viewer).await;
    assert!(matches!(again, Err(StoreError::Taken { field }) if field == "name"));
    let (found, hash) = b.user_with_hash(&made[0].name).await.unwrap().unwrap();
    assert_eq!((found, hash.as_str()), (made[0].clone(), "hash"));
    assert!(b.user_with_hash("nobody\0").await.unwrap().is_none());
}

pub(crate) async fn a_session_is_kept_changed_and_ended(db: Db) {
    let store = db.open().await;
    let user = store.create_user("ada", "hash", Role::Admin).await.unwrap();
    let later = Timestamp(Timestamp::now().plus_millis(60_000).millis());
    store.session_save("s1", b"\x00\xffone", None, later).await.unwrap();
    store.session_save("s1", b"\x00\xfftwo", Some(user.id), later).await.unwrap();
    assert_eq!(store.session_load("s1").await.unwrap(), Some((b"\x00\xfftwo".to_vec(), later)));
    assert_eq!(store.session_load("s2").await.unwrap(), None);

    store.session_save("old", b"x", Some(user.id), Timestamp(1)).await.unwrap();
    assert_eq!(store.session_load("old").await.unwrap(), None, "expired is gone");
    assert_eq!(store.sessions_delete_expired().await.unwrap(), 1);

    store.session_delete("s1").await.unwrap();
    store.session_delete("s1").await.unwrap();
    assert_eq!(store.session_load("s1").await.unwrap(), None);
}

pub(crate) async fn a_token_names_its_user_until_it_is_revoked(db: Db) {
    let store = db.open().await;
    let user = store.create_user("ada", "hash", Role::Developer).await.unwrap();
    let hash = [7_u8; 32];
    let id = store.token_create(user.id, "ci", &hash).await.unwrap();
    let found = store.token_person(&hash).await.unwrap();
    assert_eq!(found.as_ref().map(|person| &person.user), Some(&user));
    assert_eq!(found.as_ref().and_then(|person| person.grant.as_ref()).map(|grant| grant.token_id), Some(id));
    assert_eq!(store.token_person(&hash).await.unwrap(), found, "a noted use changes nothing");
    assert_eq!(store.token_person(&[8_u8; 32]).await.unwrap(), None);
    store.token_delete(id).await.unwrap();
    assert_eq!(store.token_person(&hash).await.unwrap(), None);
    assert!(matches!(store.token_delete(id).await, Err(StoreError::NotFound)));
    let gone = store.token_create(launchway_domain::UserId(999), "ci", &hash).await;
    assert!(matches!(gone, Err(StoreError::Missing { .. })));
}
