//! Lists, the overview, finding things, and the links of the wall.

use launchway_domain::{
    EnvironmentForm, EnvironmentId, EnvironmentKind, HitKind, Hold, ListQuery, LiveState, LiveVersion, LockForm, Node,
    NodeKey, NodeKind, NodeStatus, Overview, Place, Release, ReleaseStatus, ServerForm, ServerId, Timestamp, Visible,
    WaitFor, WallLinkId,
};
use launchway_engine::store::{Lease, Store, StoreError};

use crate::world::{Db, TTL, new_release, plan, run, with, world};

async fn servers(store: &Store, many: usize) {
    let shop = world(store, "base").await;
    let credential = store.server(shop.server).await.unwrap().credential_id;
    for n in 1..=many {
        let form = ServerForm {
            hostname: format!("Web-{n:03}"),
            address: format!("10.0.{}.{}", n / 250, n % 250),
            credential_id: credential,
            tags: if n % 2 == 0 { vec!["eu".into(), "a_b".into()] } else { vec!["us".into()] },
            ..Default::default()
        };
        let made = store.server_create(&form).await.unwrap();
        if n % 10 == 0 {
            store.server_pin(made.id, Some("SHA256:x")).await.unwrap();
        }
    }
}

fn query(q: &str, sort: &str, filters: &[(&str, &str)]) -> ListQuery {
    let filters = filters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    ListQuery { q: q.into(), sort: sort.into(), filters, ..Default::default() }
}

pub(crate) async fn a_list_is_searched_sorted_and_paged(db: Db) {
    let store = db.open().await;
    servers(&store, 120).await;
    let names = |query: ListQuery| {
        let store = store.clone();
        async move {
            let found = store.servers_list(&query, &Visible::All).await.unwrap();
            (found.items.into_iter().map(|server| server.hostname).collect::<Vec<_>>(), found.total)
        }
    };
    let (first, total) = names(query("", "", &[])).await;
    assert_eq!((first.len(), total, first[0].as_str(), first[1].as_str()), (50, 121, "base", "Web-001"));
    let (last, _) = names(ListQuery { offset: 100, ..query("", "", &[]) }).await;
    assert_eq!((last.len(), last[20].as_str()), (21, "Web-120"));
    let down = ListQuery { descending: true, ..query("web 10.0.0", "address", &[("tag", "eu")]) };
    let (down, total) = names(down).await;
    assert_eq!((down[0].as_str(), total), ("Web-098", 60));
    assert_eq!(names(query("", "", &[("key", "pinned")])).await.1, 12);
    assert_eq!(names(query("", "", &[("key", "missing"), ("tag", "us")])).await.1, 60);
    // Wildcards and quotes are letters like any others.
    assert_eq!(names(query("a_b", "", &[])).await.1, 60);
    for nothing in ["web_0", "%", "\"", "' OR 1=1 --", "!"] {
        assert_eq!(names(query(nothing, "", &[("tag", "us")])).await.1, 60 * u64::from(nothing == "\""), "{nothing}");
    }
    assert_eq!(store.server_tags(&Visible::All).await.unwrap(), ["a_b", "eu", "us"]);
    assert_eq!(
        store.projects_list(&query("BASE", "repository", &[("has", "test")]), &Visible::All).await.unwrap().total,
        1
    );
    assert_eq!(store.projects_list(&query("", "", &[("has", "none")]), &Visible::All).await.unwrap().total, 0);
    assert_eq!(
        store.credentials_list(&query("deploy", "kind", &[("kind", "ssh_key")]), &Visible::All).await.unwrap().total,
        1
    );
}

pub(crate) async fn releases_are_listed_without_their_hooks(db: Db) {
    let store = db.open().await;
    let (shop, blog) = (world(&store, "shop").await, world(&store, "blog").await);
    let mut ids = Vec::new();
    for tag in ["v1.0", "v1.1", "v2.0"] {
        ids.push(store.release_create(&new_release(shop.project, shop.environment, tag)).await.unwrap().id);
    }
    let other = store.release_create(&new_release(blog.project, blog.environment, "v1.0")).await.unwrap().id;
    let found = store.releases_list(&query("V1", "", &[]), &Visible::All).await.unwrap();
    assert_eq!(found.items.iter().map(|release| release.id).collect::<Vec<_>>(), [other, ids[1], ids[0]]);
    assert!(found.items.iter().all(|release| release.hooks == Default::default()));
    let number = format!("#{}", ids[2]);
    assert_eq!(store.releases_list(&query(&number, "", &[]), &Visible::All).await.unwrap().items[0].id, ids[2]);
    let project = shop.project.to_string();
    let of_shop = store
        .releases_list(&query("", "when", &[("project", &project), ("status", "pending")]), &Visible::All)
        .await
        .unwrap();
    assert_eq!(of_shop.total, 3);
    assert_eq!(store.releases_list(&query("", "", &[("project", "x")]), &Visible::All).await.unwrap().total, 0);
    for sort in ["number", "status", "where", "who", "when"] {
        assert_eq!(store.releases_list(&query("ada 0123", sort, &[]), &Visible::All).await.unwrap().total, 4, "{sort}");
    }
}

pub(crate) async fn the_best_is_found_first(db: Db) {
    let store = db.open().await;
    servers(&store, 70).await;
    let shop = world(&store, "web").await;
    let release = shop.pending(&store).await;
    let all = [HitKind::Project, HitKind::Release, HitKind::Server];
    let found = store.find("web", &all, &Visible::All).await.unwrap();
    assert_eq!((found[0].kind, found[0].title.as_str()), (HitKind::Project, "web"));
    let servers: Vec<_> =
        found.iter().filter(|hit| hit.kind == HitKind::Server).map(|hit| hit.title.as_str()).collect();
    assert_eq!((servers.len(), servers[0]), (6, "web"));
    let numbered = store.find(&format!("#{}", release.id), &all, &Visible::All).await.unwrap();
    assert_eq!(numbered[0].id, release.id.0);
    assert!(
        store
            .find("web", &[HitKind::Release], &Visible::All)
            .await
            .unwrap()
            .iter()
            .all(|hit| hit.kind == HitKind::Release)
    );
    assert!(store.find("%", &all, &Visible::All).await.unwrap().is_empty());
}

pub(crate) async fn an_overview_is_of_one_moment(db: Db) {
    let store = db.open().await;
    let (shop, blog) = (world(&store, "shop").await, world(&store, "blog").await);
    let (lease, plan) = shop.running(&store).await;
    let waiting = shop.queued(&store).await;
    let pending = blog.pending(&store).await;
    run(&store, &lease, &plan[0], NodeStatus::Succeeded).await;
    store.set_nodes(&lease, &[with(&plan[1], NodeStatus::Running, 1)]).await.unwrap();

    let now = store.overview(&Visible::All).await.unwrap();
    assert_eq!(now.seq, store.head().await.unwrap());
    let running = &now.running[0];
    assert_eq!(running.release.id, lease.release);
    assert_eq!(
        running.host.iter().map(|step| step.kind).collect::<Vec<_>>(),
        [NodeKind::Start, NodeKind::Download, NodeKind::Package]
    );
    assert_eq!(running.now(), Some(NodeKind::Download));
    assert_eq!(
        running.phases.iter().map(|phase| (phase.kind, phase.all)).collect::<Vec<_>>(),
        [(NodeKind::Server, 1), (NodeKind::Upload, 1)]
    );
    assert_eq!(running.percent(), 20);
    assert_eq!(now.waiting.iter().map(|release| release.id).collect::<Vec<_>>(), [waiting.id, pending.id]);
    assert_eq!((now.waiting_total, now.live_total, now.live.len()), (2, 2, 2));
    assert!(now.live.iter().all(|place| place.release.is_none() && place.servers == 1));

    store.finish(&lease, ReleaseStatus::Failed, None).await.unwrap();
    let now = store.overview(&Visible::All).await.unwrap();
    assert_eq!(now.broken.iter().map(|release| release.id).collect::<Vec<_>>(), Vec::new(), "another is on its way");
    store.release_cancel(waiting.id).await.unwrap();
    let now = store.overview(&Visible::All).await.unwrap();
    assert_eq!(now.broken.iter().map(|release| release.id).collect::<Vec<_>>(), [lease.release]);

    // One that succeeds is live, and mends what failed before it.
    let (lease, plan) = shop.running(&store).await;
    for node in &plan {
        run(&store, &lease, node, NodeStatus::Succeeded).await;
    }
    store.finish(&lease, ReleaseStatus::Succeeded, None).await.unwrap();
    let now = store.overview(&Visible::All).await.unwrap();
    assert!(now.broken.is_empty() && now.running.is_empty());
    let live = |id: EnvironmentId| now.live.iter().find(|place| place.environment_id == id).unwrap().release.clone();
    assert_eq!(live(shop.environment).map(|release| release.id), Some(lease.release));
    assert_eq!(live(blog.environment), None);
    assert_eq!(now.recent[0].id, lease.release);
}

/// A release under way that has gone live on some servers of its environment, and on the others not yet.
async fn under_way(store: &Store, release: Release, all: &[ServerId], on: &[ServerId]) -> Lease {
    store.release_start(release.id).await.unwrap();
    let (lease, claimed) = store.claim("a", TTL).await.unwrap().unwrap();
    assert_eq!(claimed.id, release.id);
    let mut nodes = plan(all[0]);
    nodes.extend(all[1..].iter().flat_map(|server| plan(*server).split_off(3)));
    for server in all {
        let key = NodeKey::of(NodeKind::Deploy, Some(*server));
        let upload = nodes.iter().find(|node| node.key == NodeKey::of(NodeKind::Upload, Some(*server))).unwrap();
        let parent = Some(NodeKey::of(NodeKind::Server, Some(*server)));
        nodes.push(Node { key, kind: NodeKind::Deploy, parent, ..upload.clone() });
    }
    let targets: Vec<_> =
        all.iter().map(|server| serde_json::json!({"server_id": server, "path": "/srv/app"})).collect();
    let frozen = serde_json::json!({"tree_of": release.id, "hooks": release.hooks, "targets": targets});
    store.plan(&lease, &frozen, &nodes).await.unwrap();
    let is_there = |node: &&Node| node.kind == NodeKind::Deploy && node.server_id.is_some_and(|id| on.contains(&id));
    for node in nodes.iter().filter(is_there) {
        run(store, &lease, node, NodeStatus::Succeeded).await;
    }
    lease
}

pub(crate) async fn an_overview_says_what_the_servers_have_and_what_is_waited_for(db: Db) {
    let store = db.open().await;
    let (shop, blog) = (world(&store, "shop").await, world(&store, "blog").await);
    let servers = [shop.server, blog.server];
    let form = EnvironmentForm {
        name: "prod".to_owned(),
        kind: EnvironmentKind::Prod,
        path: "/srv/app".to_owned(),
        server_ids: servers.to_vec(),
        ..Default::default()
    };
    let prod = store.environment_create(shop.project, &form).await.unwrap().id;
    let make = |tag: &'static str| {
        let (store, release) = (store.clone(), new_release(shop.project, prod, tag));
        async move { store.release_create(&release).await.unwrap() }
    };
    let now = || async {
        let now = store.overview(&Visible::All).await.unwrap();
        let place = now.live.iter().find(|place| place.environment_id == prod).unwrap().clone();
        (now, place)
    };
    let said = |place: &Place| LiveVersion::summary(&place.versions).en.into_owned();

    // Nothing tested yet: a rule forbids it, until its commit has succeeded in the test environment.
    let first = make("v1").await;
    assert_eq!((now().await.0.forbidden, said(&now().await.1)), (vec![first.id], "nothing × 2".to_owned()));
    crate::live::live(&shop, &store, false).await;
    assert_eq!(now().await.0.forbidden, []);

    let lease = under_way(&store, first.clone(), &servers, &servers).await;
    store.finish(&lease, ReleaseStatus::Succeeded, None).await.unwrap();
    let (_, place) = now().await;
    assert_eq!((said(&place), place.release.map(|release| release.id)), ("v1 × 2".to_owned(), Some(first.id)));

    // A canary is live where it is live, while it waits and after it was canceled.
    let second = make("v2").await;
    let lease = under_way(&store, second.clone(), &servers, &servers[..1]).await;
    let hold = Hold { batch: 1, of: 2, since: Timestamp::now(), until: None };
    store.hold(&lease, &hold).await.unwrap();
    let third = make("v3").await;
    store.release_start(third.id).await.unwrap();
    let (overview, place) = now().await;
    assert_eq!((said(&place).as_str(), place.state, place.release), ("v2 × 1, v1 × 1", LiveState::Mixed, None));
    let running = overview.running.iter().find(|running| running.release.id == second.id).unwrap();
    assert_eq!((running.hold(), running.switched()), (Some(&hold), (1, 2)));
    assert_eq!(store.queue(prod).await.unwrap().hold, Some(hold));
    let waits = |overview: &Overview| overview.queue[0].waits.iter().map(|wait| wait.short().en).collect::<Vec<_>>();
    assert_eq!((overview.queue[0].release_id, overview.queued_total), (third.id, 1));
    assert_eq!(waits(&overview), [format!("behind #{}", second.id)]);
    store.finish(&lease, ReleaseStatus::Canceled, None).await.unwrap();
    assert_eq!(said(&now().await.1), "v2 × 1, v1 × 1");

    // A lock is told where it holds, and to who waits for its end.
    let lock = LockForm { reason: "stocktaking".to_owned(), ..LockForm::default() };
    store.lock_create(prod, &lock).await.unwrap();
    let (overview, place) = now().await;
    assert_eq!(place.closed.iter().map(|wait| wait.what).collect::<Vec<_>>(), [WaitFor::Lock]);
    assert!(waits(&overview)[0].contains("stocktaking"), "{:?}", overview.queue);
}

pub(crate) async fn a_wall_link_is_known_by_its_hash_until_it_is_revoked(db: Db) {
    let store = db.open().await;
    let hash = [7_u8; 32];
    let made = store.wall_link_create("Office", &hash, None, "ada").await.unwrap();
    assert_eq!(store.wall_links().await.unwrap(), std::slice::from_ref(&made));
    assert_eq!(store.wall_link_by_hash(&hash).await.unwrap(), Some(made.clone()));
    assert!(store.wall_links().await.unwrap()[0].last_used_at.is_some());
    assert_eq!(store.wall_link_by_hash(&[8; 32]).await.unwrap(), None);
    assert!(matches!(store.wall_link_create("Hall", &hash, None, "ada").await, Err(StoreError::Taken { .. })));
    store.wall_link_delete(made.id).await.unwrap();
    assert_eq!(store.wall_link_by_hash(&hash).await.unwrap(), None);
    assert!(matches!(store.wall_link_delete(WallLinkId(999)).await, Err(StoreError::NotFound)));
}
