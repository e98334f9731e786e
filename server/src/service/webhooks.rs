//! Webhooks: set up by people, called by Git services. What comes in is `inbox`'s.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use launchway_app::ports::{Answer, Webhooks};
use launchway_domain::{
    Actor, Delivery, DeliveryId, DeliveryOutcome, Fault, Forge, Form, IfVersion, NewWebhook, Page, Permission,
    ProjectId, Text, Webhook, WebhookForm, WebhookId, text,
};
use launchway_engine::store::{NewDelivery, StoreError};
use rand::TryRngCore;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::fault::{internal, no_such, noun, of_store, of_update, unseen};
use super::permission::{permit, permit_in};
use super::{Core, lists, projects};

/// As many as a project can have.
const MAX_WEBHOOKS: usize = 50;

pub(super) struct WebhookService(pub(super) Arc<Core>);

fn thing(id: WebhookId) -> Text {
    noun("webhook", "Webhook", id)
}

fn delivery_thing(id: DeliveryId) -> Text {
    noun("delivery", "投递记录", id)
}

/// The purpose under which a webhook's secret is sealed: it opens in no other row.
pub(super) fn purpose(webhook: &Webhook) -> String {
    format!("webhook {}", webhook.address)
}

#[async_trait]
impl Webhooks for WebhookService {
    async fn list(&self, actor: &Actor, project: ProjectId) -> Answer<Vec<Webhook>> {
        self.0.permit_project(actor, Permission::ViewProjects, project).await?;
        self.0.store.webhooks(project).await.map_err(|e| of_store(e, &projects::thing(project)))
    }

    async fn get(&self, actor: &Actor, id: WebhookId) -> Answer<Webhook> {
        self.find(actor, Permission::ViewProjects, id).await
    }

    async fn create(&self, actor: &Actor, project: ProjectId, form: WebhookForm) -> Answer<NewWebhook> {
        self.0.permit_project(actor, Permission::ManageIntegrations, project).await?;
        let form = form.tidy();
        form.check()?;
        self.check_place(project, &form).await?;
        let to_fault = |e| of_store(e, &Text::new("webhook", "Webhook"));
        if self.0.store.webhooks(project).await.map_err(to_fault)?.len() >= MAX_WEBHOOKS {
            return Err(Fault::conflict(text!(
                "The project has {MAX_WEBHOOKS} webhooks already. Delete those that nobody uses first.",
                "项目的 Webhook 已达 {MAX_WEBHOOKS} 个上限，请先删除不再使用的。"
            )));
        }
        let public_id = hex::encode(random::<16>()?);
        let secret = match &form.secret {
            Some(secret) => Zeroizing::new(secret.clone()),
            None => new_secret()?,
        };
        let address = format!("webhook /hooks/{public_id}");
        let sealed = self.0.vault.seal(&address, secret.as_bytes()).map_err(|e| internal("sealing a secret", &e))?;
        let made = self.0.store.by(actor).webhook_create(project, &form, &public_id, &sealed).await;
        Ok(self.shown(made.map_err(to_fault)?, &secret))
    }

    async fn update(&self, actor: &Actor, id: WebhookId, form: WebhookForm, only: &IfVersion) -> Answer<Webhook> {
        let webhook = self.find(actor, Permission::ManageIntegrations, id).await?;
        let form = form.tidy();
        form.check()?;
        self.check_place(webhook.project_id, &form).await?;
        let sealed = form.secret.as_deref().map(|secret| self.seal(&webhook, secret)).transpose()?;
        let changed = self.0.store.by(actor).only(only).webhook_update(id, &form, sealed.as_deref()).await;
        of_update(changed, &thing(id), &form, self.0.store.webhook(id)).await
    }

    async fn rotate(&self, actor: &Actor, id: WebhookId) -> Answer<NewWebhook> {
        let webhook = self.find(actor, Permission::ManageIntegrations, id).await?;
        let secret = new_secret()?;
        let sealed = self.seal(&webhook, &secret)?;
        let form = form_of(&webhook);
        let only = IfVersion::of(Some(webhook.version));
        let changed = self.0.store.by(actor).only(&only).webhook_update(id, &form, Some(&sealed)).await;
        Ok(self.shown(changed.map_err(|e| of_store(e, &thing(id)))?, &secret))
    }

    async fn delete(&self, actor: &Actor, id: WebhookId, only: &IfVersion) -> Answer<()> {
        self.find(actor, Permission::ManageIntegrations, id).await?;
        self.0.store.by(actor).only(only).webhook_delete(id).await.map_err(|e| of_store(e, &thing(id)))
    }

    async fn deliveries(
        &self,
        actor: &Actor,
        id: WebhookId,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Answer<Page<Delivery>> {
        self.find(actor, Permission::ViewProjects, id).await?;
        let (before, limit) = lists::newest_first(cursor, limit)?;
        self.0.store.deliveries(id, before, limit).await.map_err(|e| of_store(e, &thing(id)))
    }

    async fn delivery(&self, actor: &Actor, id: DeliveryId) -> Answer<Delivery> {
        let found = self.0.store.delivery(id).await.map_err(|e| of_store(e, &delivery_thing(id)))?;
        self.find(actor, Permission::ViewProjects, found.webhook_id).await?;
        Ok(found)
    }

    async fn redeliver(&self, actor: &Actor, id: DeliveryId) -> Answer<Delivery> {
        let to_fault = |e: StoreError| of_store(e, &delivery_thing(id));
        let was = self.0.store.delivery(id).await.map_err(to_fault)?;
        self.find(actor, Permission::ManageIntegrations, was.webhook_id).await?;
        let push = self.0.store.delivery_push(id).await.map_err(to_fault)?;
        if push.is_none() || was.git_ref.is_none() {
            return Err(Fault::conflict(Text::new(
                "This delivery asks for nothing that could be repeated: it did not prove itself, or is about no push.",
                "此投递没有可重复的内容：未通过验证，或与推送无关。",
            )));
        }
        if was.outcome == DeliveryOutcome::Received {
            return Err(Fault::conflict(Text::new(
                "This delivery has not been worked off yet. Wait for its outcome.",
                "此投递尚未处理完，请等待结果。",
            )));
        }
        let new = NewDelivery {
            webhook: was.webhook_id,
            mark: None,
            digest: None,
            event: was.event,
            push,
            outcome: DeliveryOutcome::Received,
            reason: None,
            repeats: Some(id),
        };
        self.0.store.by(actor).delivery_add(&new).await.map_err(to_fault)
    }
}

impl WebhookService {
    /// A webhook that the actor may see or change. Who may not see its project is not told whether there is one.
    async fn find(&self, actor: &Actor, permission: Permission, id: WebhookId) -> Answer<Webhook> {
        permit(actor, permission)?;
        let found = self.0.store.webhook(id).await.map_err(|e| of_store(e, &thing(id)))?;
        permit_in(actor, permission, found.project_id).map_err(|fault| unseen(fault, &thing(id)))?;
        Ok(found)
    }

    fn seal(&self, webhook: &Webhook, secret: &str) -> Answer<Vec<u8>> {
        self.0.vault.seal(&purpose(webhook), secret.as_bytes()).map_err(|e| internal("sealing a secret", &e))
    }

    fn shown(&self, webhook: Webhook, secret: &str) -> NewWebhook {
        let public = self.0.sender.outward().public_url.as_ref();
        let url = public.and_then(|public| public.join(&webhook.address).ok()).map(String::from);
        NewWebhook { webhook, secret: secret.to_owned(), url }
    }

    /// The environment must be one of the project's.
    async fn check_place(&self, project: ProjectId, form: &WebhookForm) -> Answer<()> {
        match self.0.store.environment(form.environment_id).await {
            Ok(environment) if environment.project_id == project => Ok(()),
            Ok(_) | Err(StoreError::NotFound) => Err(no_such("environment_id")),
            Err(error) => Err(of_store(error, &Text::new("environment", "环境"))),
        }
    }
}

/// A webhook as the form that would leave it as it is.
pub(crate) fn form_of(webhook: &Webhook) -> WebhookForm {
    WebhookForm {
        kind: webhook.kind,
        name: webhook.name.clone(),
        environment_id: webhook.environment_id,
        events: webhook.events.clone(),
        branches: webhook.branches.clone(),
        tags: webhook.tags.clone(),
        repository: webhook.repository.clone(),
        start: webhook.start,
        enabled: webhook.enabled,
        secret: None,
    }
}

/// 256 random bits, in the form in which GitLab wants its signing tokens; the other services take any text.
fn new_secret() -> Answer<Zeroizing<String>> {
    let bytes = Zeroizing::new(random::<32>()?);
    Ok(Zeroizing::new(format!("whsec_{}", BASE64.encode(bytes.as_slice()))))
}

fn random<const N: usize>() -> Answer<[u8; N]> {
    let mut bytes = [0_u8; N];
    OsRng.try_fill_bytes(&mut bytes).map_err(|e| internal("getting random bytes", &e))?;
    Ok(bytes)
}

/// What people call a service.
pub(super) fn service_name(kind: Forge) -> &'static str {
    match kind {
        Forge::GitHub => "GitHub",
        Forge::GitLab => "GitLab",
        Forge::Gitea => "Gitea",
        Forge::Gitee => "Gitee",
    }
}
