//! The inbox and the outbox.

use std::collections::HashSet;

use futures::future::join_all;
use launchway_domain::{
    ChannelForm, ChannelId, DeliveryOutcome, GitRef, NoticeEvent, NotificationStatus, ReleaseStatus, Text, Timestamp,
    WebhookForm, WebhookId,
};
use launchway_engine::store::{NewDelivery, Push, SealedAddress, Store, StoreError};

use crate::world::{Db, TTL, World, new_release, world};

pub(crate) async fn channel(store: &Store, shop: &World, name: &str, events: &[NoticeEvent]) -> ChannelId {
    let form = ChannelForm { name: name.to_owned(), events: events.to_vec(), ..Default::default() };
    let address = SealedAddress { sealed: Some(b"sealed".to_vec()), host: None, has_secret: false };
    store.channel_create(shop.project, &form, &address).await.unwrap().id
}

pub(crate) async fn events(store: &Store, channel: ChannelId) -> Vec<NoticeEvent> {
    let page = store.notifications(channel, None, 100).await.unwrap();
    page.items.into_iter().rev().filter_map(|message| message.event).collect()
}

pub(crate) async fn a_message_is_written_with_what_it_tells(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let all = channel(&store, &shop, "all", NoticeEvent::ALL).await;
    let ends = channel(&store, &shop, "ends", &[NoticeEvent::Failed]).await;
    let release = shop.queued(&store).await;
    // Taken up, lost, and taken up again: it started once.
    store.claim("a", 0).await.unwrap().unwrap();
    let (lease, _) = store.claim("b", TTL).await.unwrap().unwrap();
    store.finish(&lease, ReleaseStatus::Failed, Some(&Text::new("no", "不"))).await.unwrap();
    let told = [NoticeEvent::Created, NoticeEvent::Started, NoticeEvent::Failed];
    assert_eq!(events(&store, all).await, told);
    assert_eq!(events(&store, ends).await, [NoticeEvent::Failed]);
    // A retry is another turn.
    store.release_retry(release.id).await.unwrap();
    store.claim("b", TTL).await.unwrap().unwrap();
    assert_eq!(events(&store, all).await.len(), 4);
    let due = store.notification_claim(TTL).await.unwrap().unwrap();
    let told = due.notice.release.unwrap();
    assert_eq!((due.notice.event, told.status), (Some(NoticeEvent::Created), ReleaseStatus::Pending));
    assert_eq!(told.hooks, Default::default(), "scripts are nobody's outside");
}

pub(crate) async fn a_message_is_in_one_pair_of_hands(db: Db) {
    let (a, b) = (db.open().await, db.open().await);
    let shop = world(&a, "shop").await;
    for n in 0..6 {
        channel(&a, &shop, &format!("c{n}"), &[NoticeEvent::Created]).await;
    }
    shop.pending(&a).await;
    let claims = (0..12).map(|n| if n % 2 == 0 { a.notification_claim(TTL) } else { b.notification_claim(TTL) });
    let claimed: Vec<_> = join_all(claims).await.into_iter().filter_map(|claim| claim.unwrap()).collect();
    assert_eq!(claimed.len(), 6);
    assert_eq!(claimed.iter().map(|due| due.id).collect::<HashSet<_>>().len(), 6);

    let failed = Text::new("no", "不");
    let again = a.notification_tried(&claimed[0], Some(&failed), Some(Timestamp::now())).await.unwrap();
    assert_eq!((again.status, again.attempts), (NotificationStatus::Waiting, 1));
    let second = b.notification_claim(TTL).await.unwrap().unwrap();
    assert_eq!((second.id, second.attempt), (claimed[0].id, 2));
    // Whoever had it before and comes late changes nothing.
    a.notification_tried(&claimed[0], None, None).await.unwrap();
    assert_eq!(a.notification(second.id).await.unwrap().status, NotificationStatus::Waiting);
    let dead = b.notification_tried(&second, Some(&failed), None).await.unwrap();
    assert_eq!((dead.status, dead.error), (NotificationStatus::Dead, Some(failed)));
    assert_eq!(a.notification_retry(dead.id).await.unwrap().status, NotificationStatus::Waiting);
    assert!(matches!(a.notification_retry(claimed[1].id).await, Err(StoreError::NotFound)));
}

async fn webhook(store: &Store, shop: &World) -> WebhookId {
    let form = WebhookForm { name: "main".to_owned(), environment_id: shop.environment, ..Default::default() };
    store.webhook_create(shop.project, &form, "abc", b"sealed").await.unwrap().id
}

fn delivery(webhook: WebhookId, mark: &str) -> NewDelivery {
    NewDelivery {
        webhook,
        mark: Some(mark.to_owned()),
        digest: Some(format!("digest of {mark}")),
        event: "push".to_owned(),
        push: Some(Push { git_ref: Some(GitRef { name: "v1".to_owned(), ..Default::default() }), ..Push::default() }),
        outcome: DeliveryOutcome::Received,
        reason: None,
        repeats: None,
    }
}

pub(crate) async fn a_delivery_is_taken_once_and_makes_one_release(db: Db) {
    let (a, b) = (db.open().await, db.open().await);
    let shop = world(&a, "shop").await;
    let webhook = webhook(&a, &shop).await;
    let made = a.delivery_add(&delivery(webhook, "one")).await.unwrap();
    let mut again = delivery(webhook, "one");
    assert!(matches!(a.delivery_add(&again).await, Err(StoreError::Taken { .. })));
    again.mark = Some("other".to_owned());
    assert!(matches!(b.delivery_add(&again).await, Err(StoreError::Taken { .. })));
    b.delivery_add(&delivery(webhook, "two")).await.unwrap();

    // One at a time of each webhook, the oldest first.
    let (one, none) = tokio::join!(a.delivery_claim(TTL), b.delivery_claim(TTL));
    let claimed: Vec<_> = [one.unwrap(), none.unwrap()].into_iter().flatten().collect();
    assert_eq!(claimed.iter().map(|received| received.id).collect::<Vec<_>>(), [made.id]);
    assert_eq!(claimed[0].push.git_ref.as_ref().unwrap().name, "v1");
    let new = new_release(shop.project, shop.environment, "v1");
    let release = a.delivery_release(made.id, &new, true, None).await.unwrap();
    assert_eq!(release.status, ReleaseStatus::Queued);
    assert!(b.delivery_release(made.id, &new, true, None).await.is_err());
    assert_eq!(a.releases(&Default::default(), &launchway_domain::Visible::All).await.unwrap().items.len(), 1);
    let closed = a.delivery(made.id).await.unwrap();
    assert_eq!((closed.outcome, closed.release_id), (DeliveryOutcome::Started, Some(release.id)));
    assert_eq!(b.delivery_claim(TTL).await.unwrap().unwrap().event, "push");
}

pub(crate) async fn what_did_not_prove_itself_pushes_nothing_out(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let webhook = webhook(&store, &shop).await;
    let good = store.delivery_add(&delivery(webhook, "good")).await.unwrap();
    store.delivery_close(good.id, DeliveryOutcome::Ignored, &Text::new("no", "不")).await.unwrap();
    let refused = NewDelivery {
        mark: None,
        digest: None,
        push: None,
        outcome: DeliveryOutcome::Refused,
        ..delivery(webhook, "")
    };
    for _ in 0..210 {
        store.delivery_add(&refused).await.unwrap();
    }
    let first = store.deliveries(webhook, None, 150).await.unwrap();
    let next = first.next.unwrap().parse().unwrap();
    let rest = store.deliveries(webhook, Some(next), 200).await.unwrap();
    let listed: Vec<_> = first.items.into_iter().chain(rest.items).collect();
    assert_eq!(listed.len(), 201);
    assert_eq!(listed.last().unwrap().id, good.id);
}
