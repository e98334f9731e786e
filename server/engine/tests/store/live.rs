//! What is live where, and the commands that people ran.

use std::collections::HashMap;

use launchway_domain::{
    CommandForm, CommandStatus, LiveState, Node, NodeKey, NodeKind, NodeLive, NodeStatus, NoticeEvent, OutputGroup,
    ReleaseStatus, Text, Timestamp, Topic, Visible,
};
use launchway_domain::{LiveChange, ReleaseId};
use launchway_engine::store::{CommandResult, Found, Store};
use launchway_engine::target::{Files, Look};

use crate::post::{channel, events};
use crate::world::{Db, TTL, World, plan, run, with, world};

/// A release that goes live on the world's server; `taken_back` says that it was switched back there.
pub(crate) async fn live(shop: &World, store: &Store, taken_back: bool) -> ReleaseId {
    let status = if taken_back { ReleaseStatus::Failed } else { ReleaseStatus::Succeeded };
    live_and(shop, store, taken_back, status).await
}

/// The same for one that ends in any way.
pub(crate) async fn live_and(shop: &World, store: &Store, taken_back: bool, status: ReleaseStatus) -> ReleaseId {
    let release = shop.queued(store).await;
    let (lease, _) = store.claim("a", TTL).await.unwrap().unwrap();
    let mut nodes = plan(shop.server);
    let server = nodes[3].key.clone();
    let key = NodeKey::of(NodeKind::Deploy, Some(shop.server));
    nodes.push(Node { key, kind: NodeKind::Deploy, parent: Some(server), ..nodes[4].clone() });
    let frozen = serde_json::json!({
        "tree_of": release.id, "hooks": release.hooks, "targets": [{"server_id": shop.server, "path": "/srv/app"}]
    });
    store.plan(&lease, &frozen, &nodes).await.unwrap();
    run(store, &lease, &nodes[5], NodeStatus::Succeeded).await;
    if taken_back {
        let mut host = with(&nodes[3], NodeStatus::Running, 1);
        host.live = Some(NodeLive::of_link(None, LiveChange::SwitchedBack));
        store.set_nodes(&lease, &[host]).await.unwrap();
    }
    store.finish(&lease, status, None).await.unwrap();
    release.id
}

pub(crate) async fn what_is_found_is_held_against_the_history(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let now =
        |store: Store| async move { store.live(None, None, &Visible::All).await.unwrap().remove(0).servers.remove(0) };
    assert_eq!(now(store.clone()).await.state, LiveState::Never);
    let first = live(&shop, &store, false).await;
    let seen = now(store.clone()).await;
    assert_eq!((seen.state, seen.release.map(|release| release.id)), (LiveState::Never, Some(first)));

    // Due, and one of several gets the turn; nobody while that is held.
    let due = store.live_due(Timestamp::now().plus_millis(-60_000)).await.unwrap();
    assert_eq!(due.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [shop.environment]);
    assert!(store.live_claim(shop.environment, TTL, Some(due[0].1)).await.unwrap());
    let other = db.open().await;
    assert!(!other.live_claim(shop.environment, TTL, None).await.unwrap());
    store.live_release(shop.environment).await.unwrap();
    // A turn that has run out is anybody's, unless its holder asked for more.
    assert!(store.live_claim(shop.environment, 0, None).await.unwrap());
    assert!(store.live_claim(shop.environment, 0, None).await.unwrap());
    store.live_renew(shop.environment, TTL).await.unwrap();
    assert!(!other.live_claim(shop.environment, TTL, None).await.unwrap());
    store.live_release(shop.environment).await.unwrap();
    assert!(!other.live_claim(shop.environment, TTL, Some(due[0].1)).await.unwrap(), "somebody has looked since");

    let environment = store.environment(shop.environment).await.unwrap();
    let names = HashMap::from([(shop.server, "shop".to_owned())]);
    let (history, before) = store.live_before(&environment, &names).await.unwrap().remove(&shop.server).unwrap();
    assert!(before.is_none());
    let history = history.unwrap();
    assert_eq!((history.expected.release, history.expected.tree, history.expected.hooks), (first, first, true));
    let files = Files { mark: "1 2".to_owned(), detail: None };
    let look = |state, link: &str| Look {
        state,
        code: None,
        detail: None,
        link: Some(link.to_owned()),
        files: Some(files.clone()),
        compared: true,
    };
    let found = |look| Found { server: shop.server, hostname: "shop".to_owned(), history: Some(history.clone()), look };
    let link = format!("releases/{first}");
    let after = store.head().await.unwrap();
    // The clock of the release's end, to the millisecond: a look that began with it may have seen it half-way.
    let begun = Timestamp::now().plus_millis(1_000);
    store.live_found(&environment, &[found(Ok(look(LiveState::Ok, &link)))], begun).await.unwrap();
    let seen = now(store.clone()).await;
    assert_eq!((seen.state, seen.link.as_deref()), (LiveState::Ok, Some(link.as_str())));
    assert!(seen.files_checked_at.is_some() && seen.live_since.is_some());
    // The same again is no news; another state is.
    store.live_found(&environment, &[found(Ok(look(LiveState::Ok, &link)))], begun).await.unwrap();
    let lost = Err(("refused".to_owned(), launchway_domain::Text::new("gone", "不在")));
    store.live_found(&environment, &[found(lost)], begun).await.unwrap();
    let (told, _) = store.events_after(after, &[Topic::Project(shop.project)], &Visible::All, 10).await.unwrap();
    assert_eq!(told.iter().map(|event| event.data.kind()).collect::<Vec<_>>(), ["live.changed"; 2]);
    let seen = now(store.clone()).await;
    assert_eq!((seen.state, seen.code.as_deref()), (LiveState::Unreachable, Some("refused")));
    assert_eq!(seen.release.map(|release| release.id), Some(first), "the best that is known");

    // A release that was switched back leaves what was there before.
    live(&shop, &store, true).await;
    let (history, _) = store.live_before(&environment, &names).await.unwrap().remove(&shop.server).unwrap();
    assert_eq!(history.unwrap().expected.release, first);
}

pub(crate) async fn each_state_of_what_is_live_is_told_once_to_those_who_asked(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let environment = store.environment(shop.environment).await.unwrap();
    let both = channel(&store, &shop, "both", &[NoticeEvent::Drifted, NoticeEvent::Settled]).await;
    let other = channel(&store, &shop, "other", &[NoticeEvent::Failed]).await;
    let look = |state, detail: Option<&str>| {
        let detail = detail.map(|what| Text::verbatim(what.to_owned()));
        Ok(Look { state, code: None, detail, link: None, files: None, compared: true })
    };
    let gone = || Err(("refused".to_owned(), Text::new("gone", "不在")));
    let (drift, settled) = (NoticeEvent::Drifted, NoticeEvent::Settled);
    let mut told = Vec::new();
    for (look, news) in [
        (look(LiveState::Ok, None), None),
        (look(LiveState::Drift, Some("a was changed")), Some(drift)),
        // As often as it is looked at, and whatever else is found to be wrong.
        (look(LiveState::Drift, Some("a was changed")), None),
        (look(LiveState::Drift, Some("b was changed")), None),
        (gone(), Some(drift)),
        (gone(), None),
        (look(LiveState::Ok, None), Some(settled)),
        (look(LiveState::Ok, None), None),
        (look(LiveState::Drift, Some("c was changed")), Some(drift)),
    ] {
        let found = Found { server: shop.server, hostname: "web-1".to_owned(), history: None, look };
        store.live_found(&environment, &[found], Timestamp::now()).await.unwrap();
        told.extend(news);
        assert_eq!(events(&store, both).await, told);
    }
    assert_eq!(events(&store, other).await, []);
    let due = store.notification_claim(TTL).await.unwrap().unwrap();
    let live = due.notice.live.unwrap();
    assert_eq!((due.notice.event, live.count, live.environment_id), (Some(drift), 1, shop.environment));
    assert_eq!((live.servers[0].hostname.as_str(), live.servers[0].state), ("web-1", LiveState::Drift));
    assert_eq!(live.servers[0].detail.as_ref().unwrap().en, "a was changed");
}

pub(crate) async fn a_command_is_lost_with_whoever_looked_after_it(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let environment = store.environment(shop.environment).await.unwrap();
    let servers = [store.server(shop.server).await.unwrap()];
    let form = CommandForm { command: "uptime".to_owned(), ..Default::default() };
    let begin = |ttl| store.command_create(&environment, &form, &servers, (None, "ada"), (Some("here"), ttl));
    let lost = begin(0).await.unwrap();
    assert_eq!(store.command(lost.id).await.unwrap().status, CommandStatus::Lost);
    let held = begin(TTL).await.unwrap();
    assert!(!store.command_renew(held.id, TTL).await.unwrap());
    store.command_cancel(&environment, held.id).await.unwrap();
    assert!(store.command_renew(held.id, TTL).await.unwrap(), "asked to stop");
    let groups = OutputGroup::of([("shop".to_owned(), Some(0), "up\0\n".to_owned())]);
    let result = CommandResult { groups, unfinished: Vec::new() };
    store.command_finish(held.id, CommandStatus::Done, &result).await.unwrap();
    let ended = store.command(held.id).await.unwrap();
    assert_eq!((ended.status, ended.groups), (CommandStatus::Done, result.groups.clone()));
    assert!(store.command_cancel(&environment, held.id).await.is_err());
    let page = store.commands(shop.environment, None, 1).await.unwrap();
    assert_eq!(page.items.iter().map(|run| run.id).collect::<Vec<_>>(), [held.id]);
    let next = page.next.unwrap().parse().unwrap();
    assert_eq!(store.commands(shop.environment, Some(next), 1).await.unwrap().items[0].id, lost.id);

    // Whose lease ran out is settled by whoever looks; what an instance ran, as soon as it is there again.
    let running = begin(TTL).await.unwrap();
    assert_eq!(store.commands_lose(None).await.unwrap(), 1);
    let settled = store.command(lost.id).await.unwrap();
    assert_eq!((settled.status, settled.finished_at.is_some()), (CommandStatus::Lost, true));
    assert_eq!(
        settled.unfinished.iter().map(|it| it.host.as_str()).collect::<Vec<_>>(),
        [servers[0].hostname.as_str()]
    );
    assert_eq!(store.commands_lose(Some("elsewhere")).await.unwrap(), 0);
    assert_eq!(store.command(running.id).await.unwrap().status, CommandStatus::Running);
    assert_eq!(store.commands_lose(Some("here")).await.unwrap(), 1);
    assert_eq!(store.command(running.id).await.unwrap().unfinished.len(), 1);
    assert_eq!(store.commands_lose(Some("here")).await.unwrap(), 0);
    assert_eq!(store.command(held.id).await.unwrap().status, CommandStatus::Done);
    // Somebody who was only held up says what came of it after all.
    store.command_finish(running.id, CommandStatus::Done, &result).await.unwrap();
    let ended = store.command(running.id).await.unwrap();
    assert_eq!((ended.status, ended.unfinished.len()), (CommandStatus::Done, 0));
}
