//! What webhooks bring: believed or not, written down, answered, and worked off afterwards.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use launchway_domain::{
    By, Delivery, DeliveryOutcome, Fault, GitRef, PushKind, RefKind, ReleaseKind, Text, Timestamp, Via, Webhook, text,
};
use launchway_engine::git::{Named, glob_matches, same_repository};
use launchway_engine::store::{NewDelivery, NewRelease, Push, Received, Store, StoreError};

use super::fault::{internal, of_store};
use super::start::{Coming, broken};
use super::tries::Tries;
use super::{Core, webhooks};
use crate::forge::{self, Proof, Reading, Unreadable};
use crate::sign;

/// How many calls a webhook takes at once, and after how long one more.
const CALLS: (u32, Duration) = (60, Duration::from_secs(1));
/// How many calls that do not prove themselves are listed at once, and after how long one more.
const DOUBTED: (u32, Duration) = (20, Duration::from_secs(10));
/// How many deliveries are worked off at once.
const WORKERS: usize = 4;
/// How long a delivery is in one worker's hands: longer than the remote is waited for.
const LEASE_MS: i64 = 60_000;
/// How often it is looked for deliveries that somebody else has written down, or did not end.
const LOOK: Duration = Duration::from_secs(2);

/// How often webhooks are called.
pub(super) struct Limits {
    calls: Tries<i64>,
    doubted: Tries<i64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { calls: Tries::new(CALLS.0, CALLS.1), doubted: Tries::new(DOUBTED.0, DOUBTED.1) }
    }
}

/// What a call is answered.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// There is no such webhook, or the call did not prove that it knows the secret: one answer for both.
    Unproven,
    /// Too many calls; after so many seconds one more.
    TooMany(u64),
    /// It came before.
    Repeated,
    /// It proved itself and cannot be read.
    Unreadable(Unreadable),
    /// It is written down and asks for nothing.
    Noted(Delivery),
    /// It is written down and will be worked off.
    Taken(Delivery),
}

/// Takes a call in.
///
/// # Errors
/// Where the database does not answer: the service will call again.
pub(super) async fn receive(core: &Core, public_id: &str, headers: &HeaderMap, body: &[u8]) -> Result<Arrival, Fault> {
    let thing = Text::new("webhook", "Webhook");
    let found = core.store.webhook_by_address(public_id).await.map_err(|e| of_store(e, &thing))?;
    let Some((webhook, sealed)) = found else {
        // As much work as for a webhook that is there.
        sign::verify(public_id.as_bytes(), &[body], &[0; 32]);
        return Ok(Arrival::Unproven);
    };
    let purpose = webhooks::purpose(&webhook);
    let secret = core.vault.unseal(&purpose, &sealed).map_err(|e| internal("opening a webhook's secret", &e))?;
    let proof = match forge::check(webhook.kind, &secret, headers, body, Timestamp::now()) {
        Ok(proof) => proof,
        Err(doubt) => {
            list_refused(core, &webhook, doubt.reason()).await?;
            return Ok(Arrival::Unproven);
        }
    };
    if let Err(wait) = core.inbox.calls.take(webhook.id.0, Instant::now()) {
        return Ok(Arrival::TooMany(wait.as_secs() + 1));
    }
    take_in(&core.store, &webhook, headers, body, proof).await.map_err(|e| of_store(e, &thing))
}

/// Lists a call whose body is longer than `max` bytes, and which nobody has read therefore.
///
/// # Errors
/// Where the database does not answer.
pub(super) async fn note_too_long(core: &Core, public_id: &str, max: usize) -> Result<(), Fault> {
    let found = core.store.webhook_by_address(public_id).await;
    let found = found.map_err(|e| of_store(e, &Text::new("webhook", "Webhook")))?;
    let Some((webhook, _)) = found else { return Ok(()) };
    let max = max >> 20;
    let reason = text!(
        "Its body is longer than {max} MiB, and was not read. Make the release by hand, and push less at once.",
        "请求体超过 {max} MiB，未读取。请手动新建发布，并减少单次推送的内容。"
    );
    list_refused(core, &webhook, reason).await
}

/// Lists a call that did not prove itself, without its body. Not every one: strangers must not fill the database.
async fn list_refused(core: &Core, webhook: &Webhook, reason: Text) -> Result<(), Fault> {
    if core.inbox.doubted.take(webhook.id.0, Instant::now()).is_err() {
        return Ok(());
    }
    let new = NewDelivery { reason: Some(reason), ..refused(webhook) };
    core.store.delivery_add(&new).await.map(drop).map_err(|e| of_store(e, &Text::new("webhook", "Webhook")))
}

fn refused(webhook: &Webhook) -> NewDelivery {
    NewDelivery {
        webhook: webhook.id,
        mark: None,
        digest: None,
        event: String::new(),
        push: None,
        outcome: DeliveryOutcome::Refused,
        reason: None,
        repeats: None,
    }
}

async fn take_in(
    store: &Store,
    webhook: &Webhook,
    headers: &HeaderMap,
    body: &[u8],
    proof: Proof,
) -> Result<Arrival, StoreError> {
    let event = forge::event(webhook.kind, headers);
    let reading = forge::read(webhook.kind, &event, headers, body);
    let (push, outcome, reason) = match &reading {
        Ok(Reading::Push(push)) => (Some(push.clone()), DeliveryOutcome::Received, None),
        Ok(Reading::Ping) => (None, DeliveryOutcome::Ignored, Some(answers())),
        Ok(Reading::Other) => (None, DeliveryOutcome::Ignored, Some(other_event(&event))),
        Err(unreadable) => (None, DeliveryOutcome::Failed, Some(unreadable.reason())),
    };
    let new = NewDelivery { mark: proof.mark, digest: proof.digest, event, push, outcome, reason, ..refused(webhook) };
    let delivery = match store.delivery_add(&new).await {
        Ok(delivery) => delivery,
        Err(StoreError::Taken { .. }) => {
            let again = NewDelivery {
                mark: None,
                digest: None,
                push: None,
                outcome: DeliveryOutcome::Refused,
                reason: Some(came_before()),
                ..new
            };
            store.delivery_add(&again).await?;
            return Ok(Arrival::Repeated);
        }
        Err(error) => return Err(error),
    };
    Ok(match reading {
        Ok(Reading::Push(_)) => Arrival::Taken(delivery),
        Ok(Reading::Ping | Reading::Other) => Arrival::Noted(delivery),
        Err(unreadable) => Arrival::Unreadable(unreadable),
    })
}

fn answers() -> Text {
    Text::new("The service tried the webhook: address and secret are right.", "平台的连通测试：地址和密钥均正确。")
}

fn other_event(event: &str) -> Text {
    text!(
        "Only pushes of branches and tags are used here, not “{event}”.",
        "此处只处理分支和标签的推送，不处理“{event}”。"
    )
}

fn came_before() -> Text {
    Text::new(
        "This delivery came before. To work one off again, repeat it here.",
        "此投递此前已收到。如需重新处理，请在此处重复投递。",
    )
}

/// Works deliveries off until the program stops.
pub(super) fn start(core: &Arc<Core>) {
    for _ in 0..WORKERS {
        let core = Arc::clone(core);
        core.background.clone().spawn(async move {
            let mut bell = core.store.post_bell();
            while !core.stopping.is_cancelled() {
                match core.store.delivery_claim(LEASE_MS).await {
                    Ok(Some(received)) => {
                        work_off(&core, received).await;
                        continue;
                    }
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%error, "looking for deliveries of webhooks"),
                }
                tokio::select! {
                    () = core.stopping.cancelled() => {}
                    _ = bell.changed() => {}
                    () = tokio::time::sleep(LOOK) => {}
                }
            }
        });
    }
}

async fn work_off(core: &Arc<Core>, received: Received) {
    let outcome = decide(core, &received).await;
    let written = match outcome {
        // Whatever it was, it was because the program stops: the next one begins again.
        Ok(Decision::Close(DeliveryOutcome::Failed, _)) | Err(_) if core.stopping.is_cancelled() => {
            core.store.delivery_give_back(received.id).await
        }
        Ok(Decision::Close(outcome, reason)) => core.store.delivery_close(received.id, outcome, &reason).await,
        Ok(Decision::Made) => Ok(()),
        Err(fault) => core.store.delivery_close(received.id, DeliveryOutcome::Failed, &fault.detail()).await,
    };
    if let Err(error) = written {
        tracing::warn!(%error, delivery = %received.id, "a webhook's delivery could not be closed");
    }
}

/// What becomes of a delivery.
enum Decision {
    /// It ends like this.
    Close(DeliveryOutcome, Text),
    /// The release is made, and that is written down.
    Made,
}

fn ignore(reason: Text) -> Result<Decision, Fault> {
    Ok(Decision::Close(DeliveryOutcome::Ignored, reason))
}

async fn decide(core: &Arc<Core>, received: &Received) -> Result<Decision, Fault> {
    let to_fault = |e: StoreError| of_store(e, &Text::new("webhook", "Webhook"));
    let webhook = core.store.webhook(received.webhook).await.map_err(to_fault)?;
    let project = core.store.project(webhook.project_id).await.map_err(to_fault)?;
    let push = &received.push;
    let known = webhook.repository.as_deref().unwrap_or(&project.repo_url);
    if !push.repositories.iter().any(|url| same_repository(url, known)) {
        let told = push.repositories.first().map_or("—", String::as_str);
        return Ok(Decision::Close(
            DeliveryOutcome::Refused,
            text!(
                "It is about another repository ({told}) than the project's ({known}). If they are one, enter the \
                 former as the webhook's repository.",
                "投递的仓库（{told}）与项目的仓库（{known}）不同。若两者相同，请在 Webhook 中填写前者。"
            ),
        ));
    }
    let git_ref = match wanted(&webhook, push) {
        Ok(git_ref) => git_ref,
        Err(reason) => return ignore(reason),
    };
    let Named { commit, object } = match core.named(&project, &git_ref).await {
        Ok(named) => named,
        Err(fault) => return Ok(Decision::Close(DeliveryOutcome::Failed, fault.detail())),
    };
    // Of an annotated tag some services tell the tag's own object alone.
    if !push.commits.contains(&commit) && !push.commits.contains(&object) {
        let (name, told) = (&git_ref.name, push.commits.first().map_or("—", |told| short(told)));
        let is = short(&commit);
        return ignore(text!(
            "{name} is at {is} by now and not at {told}: what moved it there has a delivery of its own.",
            "{name} 现在指向 {is} 而非 {told}：使其移动的推送会有自己的投递。"
        ));
    }
    let environment = core.store.environment(webhook.environment_id).await.map_err(to_fault)?;
    let mut waits = webhook.start.then(|| {
        text!(
            "The environment {} does not let webhooks start releases. Somebody has to start it.",
            "环境 {} 不允许 Webhook 开始发布，需人工开始。",
            environment.name
        )
    });
    if webhook.start && environment.auto_start {
        let coming = Coming { kind: ReleaseKind::Release, commit: &commit, again: false, at: None };
        waits = broken(&core.rules(&environment, &coming).await?);
    }
    let start = webhook.start && waits.is_none();
    let by = push.by.as_deref().unwrap_or("—");
    let service = webhooks::service_name(webhook.kind);
    let new = NewRelease {
        kind: ReleaseKind::Release,
        project_id: project.id,
        environment_id: environment.id,
        git_ref,
        commit: commit.clone(),
        hooks: project.hooks.clone().unwrap_or_default().tidy(),
        note: Some(format!("{service}: {by}")),
        created_by: None,
        created_by_name: format!("webhook {}", webhook.name),
        rollback_of: None,
        promoted_from: None,
        exception: None,
    };
    let who = By { name: new.created_by_name.clone(), via: Via::Webhook, ..By::system() };
    let made = core.store.by(who).delivery_release(received.id, &new, start, waits.as_ref()).await;
    let release = made.map_err(|e| of_store(e, &Text::new("release", "发布")))?;
    core.pin_later(project, commit, release.id);
    Ok(Decision::Made)
}

/// The ref that a release is to be made of.
///
/// # Errors
/// Why none is.
fn wanted(webhook: &Webhook, push: &Push) -> Result<GitRef, Text> {
    let Some(git_ref) = &push.git_ref else {
        return Err(Text::new("It is about neither a branch nor a tag.", "投递与分支和标签无关。"));
    };
    let name = &git_ref.name;
    if !webhook.enabled {
        return Err(Text::new("The webhook is switched off.", "Webhook 已停用。"));
    }
    if push.deleted {
        return Err(text!("{name} was deleted.", "{name} 已被删除。"));
    }
    let (kind, globs) = match git_ref.kind {
        RefKind::Tag => (PushKind::Tag, &webhook.tags),
        RefKind::Branch | RefKind::Commit => (PushKind::Push, &webhook.branches),
    };
    if !webhook.events.contains(&kind) {
        return Err(text!("The webhook makes no releases of {}.", "此 Webhook 不发布{}。"; kind.label()));
    }
    if !globs.is_empty() && !globs.iter().any(|glob| glob_matches(glob, name)) {
        let globs = globs.join(", ");
        return Err(text!("{name} is none of: {globs}.", "{name} 不匹配：{globs}。"));
    }
    Ok(git_ref.clone())
}

fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}
