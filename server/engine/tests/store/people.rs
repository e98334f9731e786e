//! Users, sessions, tokens.

use futures::future::join_all;
use launchway_domain::{
    IfVersion, ListQuery, Membership, ProjectForm, ReleaseStatus, Role, Timestamp, TokenScope, UserId, UserState,
    Visible,
};
use launchway_engine::store::{NewLink, NewRelease, NewSession, NewToken, NewUser, Store, StoreError};

use crate::world::{Db, new_release, world};

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

async fn save(store: &Store, digest: &str, data: &[u8], user: Option<UserId>, expires: Timestamp) {
    let (address, agent) = (Some("192.0.2.7"), Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"));
    store.session_save(&NewSession { digest, data, user, address, agent, expires }).await.unwrap();
}

pub(crate) async fn a_session_is_kept_changed_and_ended(db: Db) {
    let store = db.open().await;
    let user = store.create_user("ada", "hash", Role::Admin).await.unwrap();
    let later = Timestamp(Timestamp::now().plus_millis(60_000).millis());
    save(&store, "s1", b"\x00\xffone", None, later).await;
    save(&store, "s1", b"\x00\xfftwo", Some(user.id), later).await;
    assert_eq!(store.session_load("s1").await.unwrap(), Some((b"\x00\xfftwo".to_vec(), later)));
    assert_eq!(store.session_load("s2").await.unwrap(), None);

    save(&store, "old", b"x", Some(user.id), Timestamp(1)).await;
    assert_eq!(store.session_load("old").await.unwrap(), None, "expired is gone");
    assert_eq!(store.sessions_delete_expired().await.unwrap(), 1);

    store.session_delete("s1").await.unwrap();
    store.session_delete("s1").await.unwrap();
    assert_eq!(store.session_load("s1").await.unwrap(), None);
}

pub(crate) async fn somebody_sees_and_ends_their_own_sessions(db: Db) {
    let store = db.open().await;
    let ada = store.create_user("ada", "hash", Role::Admin).await.unwrap();
    let kim = store.create_user("kim", "hash", Role::Viewer).await.unwrap();
    let later = Timestamp::now().plus_millis(600_000);
    for (digest, user) in [("a1", ada.id), ("k1", kim.id), ("k2", kim.id), ("k3", kim.id)] {
        save(&store, digest, b"x", Some(user), later).await;
    }
    save(&store, "gone", b"x", Some(kim.id), Timestamp(1)).await;
    let found = store.sessions(kim.id).await.unwrap();
    assert_eq!(found.len(), 3, "neither anybody else's nor one that ended");
    assert!(found.is_sorted_by_key(|session| -session.id.0));
    let words = (found[0].browser.as_deref(), found[0].system.as_deref(), found[0].address.as_deref());
    assert_eq!(words, (Some("Firefox"), Some("Linux"), Some("192.0.2.7")));
    assert!(found[0].last_used_at.is_some());

    let here = store.session_person("k1", Some("2001:db8::1".parse().unwrap())).await.unwrap().unwrap();
    assert_eq!((here.user.id, here.session), (kim.id, Some(found[2].id)));
    let of_ada = store.sessions(ada.id).await.unwrap()[0].id;
    assert!(matches!(store.session_end(kim.id, of_ada).await, Err(StoreError::NotFound)));
    store.session_end(kim.id, found[1].id).await.unwrap();
    assert!(store.session_person("k2", None).await.unwrap().is_none());
    store.sessions_end(kim.id, here.session).await.unwrap();
    let left: Vec<_> = store.sessions(kim.id).await.unwrap().iter().map(|session| session.id).collect();
    assert_eq!(left, [found[2].id]);
    assert_eq!(store.sessions(ada.id).await.unwrap().len(), 1);
    // Shut out, nobody is signed in.
    store.user_deactivate(kim.id).await.unwrap();
    assert!(store.session_person("k1", None).await.unwrap().is_none());
}

pub(crate) async fn a_token_names_its_user_until_it_is_revoked(db: Db) {
    let store = db.open().await;
    let user = store.create_user("ada", "hash", Role::Developer).await.unwrap();
    let hash = [7_u8; 32];
    let new = NewToken {
        user: user.id,
        name: "ci",
        scope: TokenScope::Release,
        project: None,
        expires_at: None,
        hash: &hash,
        most: 1,
    };
    let made = store.token_create(&new).await.unwrap();
    let id = made.id.0;
    assert!(matches!(store.token_create(&NewToken { hash: &[9; 32], ..new.clone() }).await, Err(StoreError::Full)));
    let found = store.token_person(&hash).await.unwrap();
    assert_eq!(found.as_ref().map(|person| &person.user), Some(&user));
    assert_eq!(found.as_ref().and_then(|person| person.grant.as_ref()).map(|grant| grant.token_id), Some(id));
    assert_eq!(store.token_person(&hash).await.unwrap(), found, "a noted use changes nothing");
    assert_eq!(store.token_person(&[8_u8; 32]).await.unwrap(), None);
    store.token_delete(id).await.unwrap();
    assert_eq!(store.token_person(&hash).await.unwrap(), None);
    assert!(matches!(store.token_delete(id).await, Err(StoreError::NotFound)));
    let gone = store.token_create(&NewToken { user: UserId(999), ..new.clone() }).await;
    assert!(matches!(gone, Err(StoreError::Missing { .. })));
}

pub(crate) async fn a_token_ends_at_its_time_and_belongs_to_its_project(db: Db) {
    let store = db.open().await;
    let user = store.create_user("ada", "hash", Role::Developer).await.unwrap();
    let project = project(&store, "shop").await;
    let new = NewToken {
        user: user.id,
        name: "ci",
        scope: TokenScope::Read,
        project: Some(project),
        expires_at: Some(Timestamp::now().plus_millis(600_000)),
        hash: &[1; 32],
        most: 9,
    };
    let made = store.token_create(&new).await.unwrap();
    let grant = store.token_person(&[1; 32]).await.unwrap().unwrap().grant.unwrap();
    assert_eq!((grant.scope, grant.project), (TokenScope::Read, Some(project)));
    let past = NewToken { expires_at: Some(Timestamp(1)), hash: &[2; 32], ..new.clone() };
    let past = store.token_create(&past).await.unwrap();
    assert_eq!(store.token_person(&[2; 32]).await.unwrap(), None, "it ended");
    let listed = store.tokens(user.id).await.unwrap();
    assert_eq!(listed.iter().map(|token| token.id).collect::<Vec<_>>(), [past.id, made.id]);
    assert!(listed[1].last_used_at.is_some() && listed[0].last_used_at.is_none());
}

pub(crate) async fn an_invitation_opens_once(db: Db) {
    let (a, b) = (db.open().await, db.open().await);
    let project = project(&a, "shop").await;
    let new = NewUser {
        name: "kim",
        role: Role::Member,
        memberships: &[Membership { project_id: project, role: Role::Developer }],
    };
    let later = Timestamp::now().plus_millis(600_000);
    let kim = a.user_invite(&new, NewLink { hash: &[1; 32], expires_at: later }).await.unwrap();
    assert_eq!((kim.state, kim.invited_until, kim.memberships.len()), (UserState::Invited, Some(later), 1));
    assert!(a.user_with_hash("kim").await.unwrap().is_none(), "no password fits an invited one");

    // A newer link voids the older; one that expired opens nothing.
    a.invitation_set(kim.id, NewLink { hash: &[2; 32], expires_at: later }).await.unwrap();
    assert_eq!(a.invitation_use(&[1; 32], "one").await.unwrap(), None);
    a.invitation_set(kim.id, NewLink { hash: &[3; 32], expires_at: Timestamp(1) }).await.unwrap();
    assert_eq!(a.invitation_use(&[3; 32], "one").await.unwrap(), None);

    a.invitation_set(kim.id, NewLink { hash: &[4; 32], expires_at: later }).await.unwrap();
    let tries = (0..6).map(|i| if i % 2 == 0 { &a } else { &b }).map(|store| store.invitation_use(&[4; 32], "hash"));
    let used = join_all(tries).await.into_iter().filter(|used| used.as_ref().unwrap().is_some()).count();
    assert_eq!(used, 1);
    let kim = b.account(kim.id, &Visible::All).await.unwrap();
    assert_eq!((kim.state, kim.invited_until), (UserState::Active, None));
    assert_eq!(
        b.account(kim.id, &Visible::Only(vec![])).await.unwrap().memberships,
        [],
        "others' projects are not told"
    );

    let nowhere = [Membership { project_id: launchway_domain::ProjectId(999), role: Role::Viewer }];
    let lee = NewUser { name: "lee", role: Role::Member, memberships: &nowhere };
    let refused = a.user_invite(&lee, NewLink { hash: &[5; 32], expires_at: later }).await;
    assert!(matches!(refused, Err(StoreError::Missing { field }) if field == "memberships"));
    assert!(matches!(a.account_named("lee").await, Err(StoreError::NotFound)), "nothing of it stays");
}

pub(crate) async fn the_last_administrator_stays_one(db: Db) {
    let (a, b) = (db.open().await, db.open().await);
    let ada = a.create_user("ada", "hash", Role::Admin).await.unwrap();
    assert!(matches!(a.user_deactivate(ada.id).await, Err(StoreError::LastAdmin)));
    let later = Timestamp::now().plus_millis(600_000);
    let invited = NewUser { name: "ida", role: Role::Admin, memberships: &[] };
    a.user_invite(&invited, NewLink { hash: &[1; 32], expires_at: later }).await.unwrap();
    assert!(
        matches!(a.user_set_role(ada.id, Role::Viewer).await, Err(StoreError::LastAdmin)),
        "an invited one is none"
    );

    // Two who demote each other: one is first.
    let eve = a.create_user("eve", "hash", Role::Admin).await.unwrap();
    let (one, two) = tokio::join!(a.user_set_role(ada.id, Role::Viewer), b.user_deactivate(eve.id));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "{one:?} {two:?}");
    let loser = one.err().or(two.err());
    assert!(matches!(loser, Some(StoreError::LastAdmin)));
}

pub(crate) async fn what_somebody_queued_does_not_begin_once_they_are_shut_out(db: Db) {
    let store = db.open().await;
    store.create_user("ada", "hash", Role::Admin).await.unwrap();
    let kim = store.create_user("kim", "hash", Role::Manager).await.unwrap();
    let shop = world(&store, "shop").await;
    let by =
        |user: Option<UserId>| NewRelease { created_by: user, ..new_release(shop.project, shop.environment, "v1") };
    let [theirs, others, pending] = [Some(kim.id), None, Some(kim.id)].map(by);
    let (theirs, others) =
        (store.release_create(&theirs).await.unwrap().id, store.release_create(&others).await.unwrap().id);
    let pending = store.release_create(&pending).await.unwrap().id;
    for id in [theirs, others] {
        store.release_start(id).await.unwrap();
    }
    store.user_deactivate(kim.id).await.unwrap();
    let ended = store.release(theirs).await.unwrap();
    assert_eq!(ended.status, ReleaseStatus::Canceled);
    assert!(ended.error.unwrap().en.contains("kim"));
    assert_eq!(store.release(others).await.unwrap().status, ReleaseStatus::Queued);
    assert_eq!(store.release(pending).await.unwrap().status, ReleaseStatus::Pending, "it waits for somebody anyway");
    let told = store.audit_verify(None).await.unwrap();
    assert!(told.finding.is_none());
}

pub(crate) async fn who_is_shut_out_holds_nothing(db: Db) {
    let store = db.open().await;
    store.create_user("ada", "hash", Role::Admin).await.unwrap();
    let kim = store.create_user("kim", "hash", Role::Viewer).await.unwrap();
    let later = Timestamp::now().plus_millis(600_000);
    save(&store, "s1", b"x", Some(kim.id), later).await;
    store.invitation_set(kim.id, NewLink { hash: &[1; 32], expires_at: later }).await.unwrap();
    let token = NewToken {
        user: kim.id,
        name: "ci",
        scope: TokenScope::Administer,
        project: None,
        expires_at: None,
        hash: &[7; 32],
        most: 9,
    };
    store.token_create(&token).await.unwrap();
    let stale = store.only(&IfVersion::In(vec![7]));
    assert!(matches!(stale.user_set_role(kim.id, Role::Developer).await, Err(StoreError::Changed(1))));

    let out = store.user_deactivate(kim.id).await.unwrap();
    assert_eq!((out.state, out.invited_until, out.version), (UserState::Deactivated, None, 2));
    assert_eq!(store.session_load("s1").await.unwrap(), None);
    assert_eq!(store.token_person(&[7; 32]).await.unwrap(), None);
    assert_eq!(store.tokens(kim.id).await.unwrap(), []);
    assert_eq!(store.invited(&[1; 32]).await.unwrap(), None);
    assert_eq!(store.person(kim.id).await.unwrap(), None);
    let link = NewLink { hash: &[2; 32], expires_at: later };
    assert!(matches!(store.invitation_set(kim.id, link).await, Err(StoreError::Deactivated)));

    assert_eq!(store.user_reactivate(kim.id).await.unwrap().state, UserState::Active);
    assert!(store.person(kim.id).await.unwrap().is_some());
    let narrow = ListQuery { q: "K".into(), filters: vec![("state".into(), "active".into())], ..Default::default() };
    let found = store.accounts(&narrow, &Visible::All).await.unwrap();
    assert_eq!((found.total, found.items[0].id), (1, kim.id));
    assert!(found.items[0].last_seen_at.is_some(), "they were looked up to act");
}

pub(crate) async fn a_new_password_ends_the_other_sessions(db: Db) {
    let store = db.open().await;
    let kim = store.create_user("kim", "old", Role::Viewer).await.unwrap();
    let later = Timestamp::now().plus_millis(600_000);
    for session in ["here", "there"] {
        save(&store, session, b"x", Some(kim.id), later).await;
    }
    store.password_set(kim.id, "new", Some("here")).await.unwrap();
    assert!(store.session_load("here").await.unwrap().is_some());
    assert_eq!(store.session_load("there").await.unwrap(), None);
    assert_eq!(store.user_with_hash("kim").await.unwrap().unwrap().1, "new");
}

pub(crate) async fn a_membership_is_given_changed_and_taken(db: Db) {
    let store = db.open().await;
    let kim = store.create_user("kim", "hash", Role::Member).await.unwrap();
    let project = project(&store, "shop").await;
    store.member_set(kim.id, project, Role::Viewer).await.unwrap();
    let member = store.member_set(kim.id, project, Role::Manager).await.unwrap();
    assert_eq!((member.role, member.role_everywhere), (Role::Manager, Role::Member));
    assert_eq!(store.members(project).await.unwrap(), [member]);
    assert_eq!(store.memberships(kim.id).await.unwrap(), [Membership { project_id: project, role: Role::Manager }]);
    store.member_remove(kim.id, project).await.unwrap();
    assert!(matches!(store.member_remove(kim.id, project).await, Err(StoreError::NotFound)));
    let gone = store.member_set(UserId(999), project, Role::Viewer).await;
    assert!(matches!(gone, Err(StoreError::Missing { .. })));
}

async fn project(store: &Store, title: &str) -> launchway_domain::ProjectId {
    let form = ProjectForm { title: title.into(), repo_url: "/srv/shop.git".into(), ..Default::default() };
    store.project_create(&form).await.unwrap().id
}
