//! The audit: complete, in one chain, and nothing done to it by hand goes unnoticed.

use std::collections::HashMap;

use launchway_domain::{
    AuditFilter, AuditRow, By, ListQuery, Outcome, ReleaseId, Role, ServerForm, ServerId, UserId, Via, Visible,
};
use launchway_engine::secret::Vault;
use launchway_engine::store::{Anchor, Finding, SignIn, Store, StoreError};
use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row};

use crate::world::{Db, World, world};

fn vault() -> Vault {
    Vault::open(std::path::Path::new("/nowhere"), Some("ab".repeat(32).into())).unwrap()
}

async fn sealed(db: &Db) -> Store {
    let store = db.open().await;
    store.seal_with(&vault());
    store
}

fn kim() -> By {
    By { user_id: Some(UserId(7)), token: Some("ci".into()), via: Via::Token, ..visitor() }
}

fn visitor() -> By {
    By::visitor("kim", [192, 0, 2, 7].into())
}

/// All entries, newest first.
async fn rows(store: &Store, filter: AuditFilter) -> Vec<AuditRow> {
    let all = ListQuery { limit: Some(200), ..Default::default() };
    store.audit_list(&filter, None, &all).await.unwrap().items
}

async fn last(store: &Store) -> AuditRow {
    rows(store, AuditFilter::default()).await.remove(0)
}

async fn finding(store: &Store) -> Option<Finding> {
    store.audit_verify(None).await.unwrap().finding
}

async fn server(store: &Store, world: &World) -> ServerForm {
    let server = store.server(world.server).await.unwrap();
    ServerForm {
        hostname: server.hostname,
        address: server.address,
        port: server.port,
        credential_id: server.credential_id,
        tags: server.tags,
        project_id: None,
    }
}

pub(crate) async fn a_change_and_its_entry_come_together(db: Db) {
    let store = sealed(&db).await;
    let shop = world(&store, "shop").await;
    world(&store, "blog").await;
    let before = rows(&store, AuditFilter::default()).await.len();
    assert_eq!(before, 8, "a credential, a server, a project and an environment, twice");

    let taken = ServerForm { hostname: "blog".into(), ..server(&store, &shop).await };
    assert!(matches!(store.server_update(shop.server, &taken).await, Err(StoreError::Taken { .. })));
    assert!(matches!(store.server_delete(shop.server).await, Err(StoreError::InUse(_))));
    assert!(matches!(store.server_delete(ServerId(99)).await, Err(StoreError::NotFound)));
    assert!(matches!(store.release_start(ReleaseId(99)).await, Err(StoreError::NotFound)));
    assert_eq!(rows(&store, AuditFilter::default()).await.len(), before, "what was not done left no entry");

    let changed = ServerForm { address: "192.0.2.1".into(), ..server(&store, &shop).await };
    store.server_update(shop.server, &changed).await.unwrap();
    assert_eq!(rows(&store, AuditFilter::default()).await.len(), before + 1);
}

pub(crate) async fn an_entry_says_who_what_and_from_where(db: Db) {
    let store = sealed(&db).await;
    let shop = world(&store, "shop").await;
    let by_kim = store.by(kim());
    let changed = ServerForm { address: "192.0.2.1".into(), port: 2222, ..server(&store, &shop).await };
    by_kim.server_update(shop.server, &changed).await.unwrap();
    let entry = last(&store).await;
    assert_eq!((entry.facts.what.as_str(), entry.facts.outcome), ("server.update", Outcome::Done));
    let who = &entry.facts.who;
    assert_eq!((who.user_id, who.name.as_str(), who.via), (Some(UserId(7)), "kim", Via::Token));
    assert_eq!((who.token.as_deref(), who.from.as_deref()), (Some("ci"), Some("192.0.2.7")));
    assert_eq!((entry.facts.thing.id, entry.facts.thing.name.as_str()), (Some(shop.server.0), "shop"));
    let change = |field: &str| {
        let found = entry.changes.iter().find(|change| change.field == field).unwrap();
        (found.before.as_deref().unwrap_or_default(), found.after.as_deref().unwrap_or_default())
    };
    assert_eq!(change("address"), ("127.0.0.1", "192.0.2.1"));
    assert_eq!(change("port"), ("22", "2222"));
    assert!(!entry.changes.iter().any(|change| change.field == "hostname"), "{:?}", entry.changes);

    // What a release is taken through.
    let release =
        by_kim.release_create(&crate::world::new_release(shop.project, shop.environment, "v1")).await.unwrap();
    by_kim.release_start(release.id).await.unwrap();
    by_kim.release_cancel(release.id).await.unwrap();
    by_kim.release_retry(release.id).await.unwrap();
    let of_release = AuditFilter { thing: Some(format!("release:{}", release.id)), ..Default::default() };
    let whats: Vec<_> = rows(&store, of_release).await.into_iter().map(|row| row.facts.what).collect();
    assert_eq!(whats, ["release.retry", "release.cancel", "release.start", "release.create"]);

    // Sign-ins; of a name that is nobody's, nothing is kept.
    let ada = store.create_user("ada", "hash", Role::Viewer).await.unwrap();
    let signing = store.by(visitor());
    signing.audit_sign_in(SignIn::Failed(None)).await.unwrap();
    assert_eq!((last(&store).await.facts.outcome, last(&store).await.facts.thing.id), (Outcome::Refused, None));
    signing.audit_sign_in(SignIn::Limited(Some(&ada))).await.unwrap();
    assert_eq!(last(&store).await.facts.outcome, Outcome::Limited);
    signing.audit_sign_in(SignIn::Succeeded(&ada)).await.unwrap();
    signing.audit_sign_in(SignIn::Left(&ada)).await.unwrap();
    let entry = last(&store).await;
    assert_eq!((entry.facts.what.as_str(), entry.facts.thing.id), ("user.sign_out", Some(ada.id.0)));
    assert_eq!(entry.facts.who.from.as_deref(), Some("192.0.2.7"));
}

/// A database with some entries, which can be tampered with and brought back.
struct Tampering {
    conn: AnyConnection,
    store: Store,
    count: i64,
}

impl Tampering {
    async fn new(db: &Db, count: i64) -> Self {
        let store = sealed(db).await;
        store.create_user("ada", "hash", Role::Admin).await.unwrap();
        store.by(kim()).create_user("lee", "hash", Role::Admin).await.unwrap();
        for i in 3..=count {
            store.by(kim()).audit_refused(&format!("POST /api/v1/servers/{i}")).await.unwrap();
        }
        let conn = AnyConnection::connect(&db.url).await.unwrap();
        let mut this = Self { conn, store, count };
        this.sql("CREATE TABLE kept AS SELECT * FROM audit").await;
        this.sql("CREATE TABLE kept_head AS SELECT * FROM audit_head").await;
        assert_eq!(finding(&this.store).await, None);
        this
    }

    async fn sql(&mut self, sql: &str) {
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut self.conn).await.unwrap();
    }

    /// What is found after this was done; then everything is as before.
    async fn after(&mut self, statements: &[&str]) -> Option<Finding> {
        for sql in statements {
            self.sql(sql).await;
        }
        let found = finding(&self.store).await;
        self.sql("DELETE FROM audit").await;
        self.sql("DELETE FROM audit_head").await;
        self.sql("INSERT INTO audit SELECT * FROM kept").await;
        self.sql("INSERT INTO audit_head SELECT * FROM kept_head").await;
        found
    }
}

pub(crate) async fn whatever_is_done_to_an_entry_is_found_and_named(db: Db) {
    let mut world = Tampering::new(&db, 7).await;
    let texts = [
        "who",
        "via",
        "token",
        "address",
        "what",
        "outcome",
        "kind",
        "name",
        "before_json",
        "after_json",
        "prev",
        "hash",
    ];
    let numbers = ["version", "at", "user_id", "thing_id", "project_id"];
    for seq in 1..=world.count {
        let changed = Some(Finding::Changed(seq));
        for column in texts {
            let sql = format!("UPDATE audit SET {column} = COALESCE({column}, '') || ' ' WHERE seq = {seq}");
            assert_eq!(world.after(&[&sql]).await, changed, "{column} of {seq}");
        }
        for column in numbers {
            let sql = format!("UPDATE audit SET {column} = COALESCE({column}, 0) + 1 WHERE seq = {seq}");
            assert_eq!(world.after(&[&sql]).await, changed, "{column} of {seq}");
        }
        let unsealed = format!("UPDATE audit SET seal = NULL WHERE seq = {seq}");
        assert_eq!(world.after(&[&unsealed]).await, Some(Finding::Forged(seq)));

        let removed = format!("DELETE FROM audit WHERE seq = {seq}");
        let gone = Some(Finding::Removed { from: seq, to: seq });
        assert_eq!(world.after(&[&removed]).await, gone, "{seq}");
        // And the others moved up, so that no number is missing.
        let away = format!("UPDATE audit SET seq = 1 - seq WHERE seq > {seq}");
        let back = "UPDATE audit SET seq = -seq WHERE seq <= 0";
        assert_eq!(world.after(&[&removed, &away, back]).await, gone, "{seq}");

        // An entry is put in before it: another one, and then a true one once more.
        let away = format!("UPDATE audit SET seq = -1 - seq WHERE seq >= {seq}");
        let columns = "version, at, user_id, who, via, token, address, what, outcome, kind, thing_id, name, project_id, \
                       before_json, after_json, prev, hash, seal";
        let copy = |from: i64, to: i64, name: &str| {
            let others = columns.replace(" name,", &format!(" {name},"));
            format!("INSERT INTO audit (seq, {columns}) SELECT {to}, {others} FROM kept WHERE seq = {from}")
        };
        let inserted = Some(Finding::Inserted(seq));
        assert_eq!(world.after(&[&away, back, &copy(seq, seq, "'other'")]).await, inserted, "{seq}");
        let last = world.count + 1;
        assert_eq!(world.after(&[&copy(seq, last, "name")]).await, Some(Finding::Inserted(last)), "{seq}");
        if seq > 1 {
            assert_eq!(world.after(&[&away, back, &copy(1, seq, "name")]).await, inserted, "{seq}");
        }

        for other in seq + 1..=world.count {
            let swap = format!("UPDATE audit SET seq = -({seq} + {other} - seq) WHERE seq IN ({seq}, {other})");
            let moved = Some(Finding::Moved { seq, was: other });
            assert_eq!(world.after(&[&swap, back]).await, moved, "{seq} and {other}");
        }
    }
    assert_eq!(world.after(&["UPDATE audit SET seq = 0 WHERE seq = 3"]).await, Some(Finding::Inserted(0)));
    // A value that the column should not have, where the database lets it in.
    if db.url.starts_with("sqlite") {
        let odd = "UPDATE audit SET at = 'yesterday' WHERE seq = 4";
        assert_eq!(world.after(&[odd]).await, Some(Finding::Changed(4)));
    }

    // A row that somebody adds does not stop the work, and is found afterwards.
    let columns = "version, at, user_id, who, via, token, address, what, outcome, kind, thing_id, name, project_id, \
                   before_json, after_json, prev, hash, seal";
    world.sql(&format!("INSERT INTO audit (seq, {columns}) SELECT 8, {columns} FROM kept WHERE seq = 7")).await;
    world.store.audit_refused("GET /").await.unwrap();
    assert_eq!(finding(&world.store).await, Some(Finding::Inserted(8)));
}

/// The hash of an entry, reckoned from what the documentation says of it.
fn hash(row: &sqlx::any::AnyRow, prev: &str) -> String {
    let mut sha = Sha256::new();
    sha.update(b"launchway audit 1\n");
    let text = |sha: &mut Sha256, text: &str| {
        sha.update([2]);
        sha.update((text.len() as u64).to_be_bytes());
        sha.update(text.as_bytes());
    };
    text(&mut sha, prev);
    for column in [
        "seq",
        "at",
        "user_id",
        "who",
        "via",
        "token",
        "address",
        "what",
        "outcome",
        "kind",
        "thing_id",
        "name",
        "project_id",
        "before_json",
        "after_json",
    ] {
        if matches!(column, "seq" | "at" | "user_id" | "thing_id" | "project_id") {
            match row.get::<Option<i64>, _>(column) {
                None => sha.update([0]),
                Some(number) => {
                    sha.update([1]);
                    sha.update(number.to_be_bytes());
                }
            }
        } else {
            match row.get::<Option<String>, _>(column) {
                None => sha.update([0]),
                Some(value) => text(&mut sha, &value),
            }
        }
    }
    hex::encode(sha.finalize())
}

pub(crate) async fn a_chain_that_was_written_anew_is_found(db: Db) {
    let mut world = Tampering::new(&db, 5).await;
    let good = world.store.audit_verify(None).await.unwrap();
    assert_eq!((good.entries, good.last.seq), (5, 5));
    // Somebody without the master key changes one entry and makes every hash behind it fit again.
    world.sql("UPDATE audit SET who = 'lee' WHERE seq = 3").await;
    let mut prev = "0".repeat(64);
    for seq in 1..=5 {
        let sql = format!("SELECT * FROM audit WHERE seq = {seq}");
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut world.conn).await.unwrap();
        let now = hash(&row, &prev);
        if seq < 3 {
            assert_eq!(now, row.get::<String, _>("hash"), "the documented form is the one that is hashed");
        }
        world.sql(&format!("UPDATE audit SET prev = '{prev}', hash = '{now}' WHERE seq = {seq}")).await;
        prev = now;
    }
    world.sql(&format!("UPDATE audit_head SET hash = '{prev}'")).await;
    assert_eq!(finding(&world.store).await, Some(Finding::Forged(3)));

    // Without the master key it is the hash that somebody wrote down which tells.
    let without = db.open().await;
    assert_eq!(finding(&without).await, None);
    let found = without.audit_verify(Some(&good.last)).await.unwrap();
    assert_eq!((found.finding, found.entries), (Some(Finding::Anchor(5)), 4));
}

pub(crate) async fn missing_newest_entries_are_found(db: Db) {
    let mut world = Tampering::new(&db, 6).await;
    let gone = Some(Finding::Removed { from: 5, to: 6 });
    assert_eq!(world.after(&["DELETE FROM audit WHERE seq > 4"]).await, gone);
    let head = "UPDATE audit_head SET seq = 4, hash = (SELECT hash FROM kept WHERE seq = 4)";
    assert_eq!(world.after(&["DELETE FROM audit WHERE seq > 4", head]).await, Some(Finding::Head));
    assert_eq!(world.after(&["DELETE FROM audit_head"]).await, Some(Finding::Head));
    assert_eq!(world.after(&["UPDATE audit_head SET seq = 7"]).await, Some(Finding::Removed { from: 7, to: 7 }));
    assert_eq!(world.after(&["DELETE FROM audit"]).await, Some(Finding::Removed { from: 1, to: 6 }));
    let emptied = ["DELETE FROM audit", "UPDATE audit_head SET seq = 0, seal = NULL"];
    assert_eq!(world.after(&emptied).await, Some(Finding::Emptied));

    // An old copy of everything fits in itself; what somebody wrote down later does not.
    let later = world.store.audit_verify(None).await.unwrap().last;
    world.store.audit_refused("GET /").await.unwrap();
    let newest = world.store.audit_verify(Some(&later)).await.unwrap();
    assert_eq!(newest.finding, None);
    assert_eq!(world.after(&[]).await, None);
    let found = world.store.audit_verify(Some(&newest.last)).await.unwrap();
    assert_eq!(found.finding, Some(Finding::Removed { from: 7, to: 7 }));
    assert_eq!(newest.last.to_string().parse::<Anchor>(), Ok(newest.last));
    assert!("7".parse::<Anchor>().is_err() && "7:xyz".parse::<Anchor>().is_err());
}

pub(crate) async fn many_writers_make_one_chain(db: Db) {
    let (a, b) = (sealed(&db).await, sealed(&db).await);
    let shop = world(&a, "shop").await;
    let blog = world(&a, "blog").await;
    let made = rows(&a, AuditFilter::default()).await.len() as u64;
    let mut tasks = Vec::new();
    for task in 0..8 {
        let store = if task % 2 == 0 { a.clone() } else { b.clone() }.by(kim());
        let (own, other) = if task % 4 < 2 { (&shop, &blog) } else { (&blog, &shop) };
        let (server_form, own, other) = (server(&store, own).await, own.server, (other.project, other.environment));
        tasks.push(tokio::spawn(async move {
            for i in 0..6 {
                let form = ServerForm { tags: vec![format!("{task}-{i}")], ..server_form.clone() };
                store.server_update(own, &form).await.unwrap();
                // These take a number of the feed as well.
                let new = crate::world::new_release(other.0, other.1, &format!("v{task}.{i}"));
                let release = store.release_create(&new).await.unwrap();
                store.release_cancel(release.id).await.unwrap();
            }
        }));
    }
    // Beside the writers nothing looks broken either.
    let mut looks = 0;
    while !tasks.iter().all(|task| task.is_finished()) || looks == 0 {
        assert_eq!(finding(&a).await, None);
        looks += 1;
    }
    for task in tasks {
        task.await.unwrap();
    }
    let verified = b.audit_verify(None).await.unwrap();
    assert_eq!((verified.finding, verified.entries), (None, made + 8 * 6 * 3));

    // Each change of a server begins with what the one before ended with.
    for server in [shop.server, blog.server] {
        let thing = Some(format!("server:{server}"));
        let filter = AuditFilter { thing, what: Some("server.update".into()), ..Default::default() };
        let tags: HashMap<_, _> = rows(&a, filter)
            .await
            .into_iter()
            .map(|row| {
                let change = row.changes.iter().find(|change| change.field == "tags").unwrap().clone();
                (change.before.unwrap_or_default(), change.after.unwrap_or_default())
            })
            .collect();
        let mut at = String::new();
        for _ in 0..24 {
            at = tags.get(&at).unwrap_or_else(|| panic!("nothing begins with {at:?}: {tags:?}")).clone();
        }
    }
}

pub(crate) async fn entries_are_looked_through(db: Db) {
    let store = sealed(&db).await;
    let shop = world(&store, "shop").await;
    let by_kim = store.by(kim());
    let form = ServerForm { address: "mars.example".into(), ..server(&store, &shop).await };
    by_kim.server_update(shop.server, &form).await.unwrap();
    by_kim.audit_refused("DELETE /api/v1/projects/1").await.unwrap();
    let count = async |filter: AuditFilter| rows(&store, filter).await.len();
    let all = count(AuditFilter::default()).await;
    assert_eq!(all, 6);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(count(AuditFilter { q: "MARS update".into(), ..Default::default() }).await, 1);
    assert_eq!(count(AuditFilter { q: "192.0.2.7".into(), ..Default::default() }).await, 2);
    assert_eq!(count(AuditFilter { who: some("Kim"), ..Default::default() }).await, 2);
    assert_eq!(count(AuditFilter { who: some("7"), ..Default::default() }).await, 2);
    assert_eq!(count(AuditFilter { what: some("server"), ..Default::default() }).await, 2);
    assert_eq!(count(AuditFilter { what: some("server.update"), ..Default::default() }).await, 1);
    assert_eq!(count(AuditFilter { thing: some("shop"), ..Default::default() }).await, 4);
    assert_eq!(count(AuditFilter { thing: some("server"), ..Default::default() }).await, 2);
    assert_eq!(count(AuditFilter { project: Some(shop.project), ..Default::default() }).await, 2);
    assert_eq!(count(AuditFilter { outcome: Some(Outcome::Refused), ..Default::default() }).await, 1);
    let at = last(&store).await.facts.at;
    assert_eq!(count(AuditFilter { since: Some(at.plus_millis(1)), ..Default::default() }).await, 0);
    assert_eq!(count(AuditFilter { until: Some(at.plus_millis(1)), ..Default::default() }).await, all);

    // Who sees one project only sees its entries, whatever they look for.
    let none = AuditFilter::default();
    let visible =
        store.audit_list(&none, Some(&Visible::Only(vec![shop.project])), &ListQuery::default()).await.unwrap();
    assert_eq!(visible.total, 2);
    assert_eq!(store.audit_list(&none, Some(&Visible::Only(vec![])), &ListQuery::default()).await.unwrap().total, 0);

    // From page to page, newest first; and in order, as an export has them.
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = store.audit_before(&none, None, before, 4).await.unwrap();
        seen.extend(page.items.iter().map(|entry| entry.facts.seq));
        let Some(next) = page.next else { break };
        before = Some(next.parse().unwrap());
    }
    assert_eq!(seen, [6, 5, 4, 3, 2, 1]);
    let rest = store.audit_after(&none, None, 4, 10).await.unwrap();
    assert_eq!(rest.iter().map(|entry| entry.facts.seq).collect::<Vec<_>>(), [5, 6]);
    assert_eq!(rest[0].prev, store.audit_before(&none, None, Some(5), 1).await.unwrap().items[0].hash);
    let json = serde_json::to_value(&rest[0]).unwrap();
    assert_eq!((&json["after"]["address"], &json["who"]["via"]), (&"mars.example".into(), &"token".into()));
}
