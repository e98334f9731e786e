//! Channels: set up by people. What goes out by them is `outbox`'s.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use launchway_app::ports::{Answer, Channels};
use launchway_domain::form::message;
use launchway_domain::{
    Actor, Channel, ChannelForm, ChannelId, ChannelKind, Fault, Form, IfVersion, Notification, NotificationId, Page,
    Permission, ProjectId, Text, text,
};
use launchway_engine::store::{SealedAddress, StoreError};
use url::Url;
use zeroize::Zeroizing;

use super::fault::{internal, no_such, noun, of_store, of_update, unseen};
use super::permission::{permit, permit_in};
use super::{Core, lists, outbox, projects};
use crate::notify::Address;

/// As many as a project can have.
const MAX_CHANNELS: usize = 50;
/// The purpose under which addresses are sealed.
const PURPOSE: &str = "channel";

pub(super) struct ChannelService(pub(super) Arc<Core>);

fn thing(id: ChannelId) -> Text {
    noun("channel", "通知渠道", id)
}

#[async_trait]
impl Channels for ChannelService {
    async fn list(&self, actor: &Actor, project: ProjectId) -> Answer<Vec<Channel>> {
        self.0.permit_project(actor, Permission::ViewProjects, project).await?;
        self.0.store.channels(project).await.map_err(|e| of_store(e, &projects::thing(project)))
    }

    async fn get(&self, actor: &Actor, id: ChannelId) -> Answer<Channel> {
        self.find(actor, Permission::ViewProjects, id).await
    }

    async fn create(&self, actor: &Actor, project: ProjectId, form: ChannelForm) -> Answer<Channel> {
        self.0.permit_project(actor, Permission::ManageIntegrations, project).await?;
        let form = form.tidy();
        let errors = form.errors_for_new();
        if !errors.is_empty() {
            return Err(Fault::Invalid { errors });
        }
        self.check_environments(project, &form).await?;
        let to_fault = |e| of_store(e, &Text::new("channel", "通知渠道"));
        if self.0.store.channels(project).await.map_err(to_fault)?.len() >= MAX_CHANNELS {
            return Err(Fault::conflict(text!(
                "The project has {MAX_CHANNELS} channels already. Delete those that nobody uses first.",
                "项目的通知渠道已达 {MAX_CHANNELS} 个上限，请先删除不再使用的。"
            )));
        }
        let address = self.0.seal_address(&form, None)?;
        self.0.store.by(actor).channel_create(project, &form, &address).await.map_err(to_fault)
    }

    async fn update(&self, actor: &Actor, id: ChannelId, form: ChannelForm, only: &IfVersion) -> Answer<Channel> {
        let was = self.find(actor, Permission::ManageIntegrations, id).await?;
        let form = form.tidy();
        form.check()?;
        self.check_environments(was.project_id, &form).await?;
        let (_, before) = self.0.open_channel(id).await?;
        let address = self.0.seal_address(&form, before)?;
        let changed = self.0.store.by(actor).only(only).channel_update(id, &form, &address).await;
        of_update(changed, &thing(id), &form, self.0.store.channel(id)).await
    }

    async fn delete(&self, actor: &Actor, id: ChannelId, only: &IfVersion) -> Answer<()> {
        self.find(actor, Permission::ManageIntegrations, id).await?;
        self.0.store.by(actor).only(only).channel_delete(id).await.map_err(|e| of_store(e, &thing(id)))
    }

    async fn test(&self, actor: &Actor, id: ChannelId) -> Answer<Notification> {
        self.find(actor, Permission::ManageIntegrations, id).await?;
        if let Err(wait) = self.0.tests.take(id.0, Instant::now()) {
            return Err(Fault::TooMany { retry_after: wait.as_secs() + 1 });
        }
        let due = self.0.store.by(actor).notification_test(id).await.map_err(|e| of_store(e, &thing(id)))?;
        outbox::send(&self.0, &due).await
    }

    async fn notifications(
        &self,
        actor: &Actor,
        id: ChannelId,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Answer<Page<Notification>> {
        self.find(actor, Permission::ViewProjects, id).await?;
        let (before, limit) = lists::newest_first(cursor, limit)?;
        self.0.store.notifications(id, before, limit).await.map_err(|e| of_store(e, &thing(id)))
    }

    async fn retry(&self, actor: &Actor, id: NotificationId) -> Answer<Notification> {
        let missing = |e| of_store(e, &noun("notification", "通知", id));
        let found = self.0.store.notification(id).await.map_err(missing)?;
        self.find(actor, Permission::ManageIntegrations, found.channel_id).await?;
        self.0.store.by(actor).notification_retry(id).await.map_err(|error| match error {
            StoreError::NotFound => Fault::conflict(Text::new(
                "Only a notification that was given up is sent again. A test is sent by its button.",
                "只有已放弃的通知可以重新发送；测试消息请用测试按钮。",
            )),
            error => missing(error),
        })
    }
}

impl ChannelService {
    /// A channel that the actor may see or change. Who may not see its project is not told whether there is one.
    async fn find(&self, actor: &Actor, permission: Permission, id: ChannelId) -> Answer<Channel> {
        permit(actor, permission)?;
        let found = self.0.store.channel(id).await.map_err(|e| of_store(e, &thing(id)))?;
        permit_in(actor, permission, found.project_id).map_err(|fault| unseen(fault, &thing(id)))?;
        Ok(found)
    }

    /// Every environment must be one of the project's.
    async fn check_environments(&self, project: ProjectId, form: &ChannelForm) -> Answer<()> {
        if form.environments.is_empty() {
            return Ok(());
        }
        let known = self.0.store.environments(project).await.map_err(|e| of_store(e, &projects::thing(project)))?;
        let all = form.environments.iter().all(|id| known.iter().any(|environment| environment.id == *id));
        if all { Ok(()) } else { Err(no_such("environments")) }
    }
}

/// A channel as the form that would leave it as it is.
pub(crate) fn form_of(channel: &Channel) -> ChannelForm {
    ChannelForm {
        kind: channel.kind,
        name: channel.name.clone(),
        url: None,
        to: channel.to.clone(),
        secret: None,
        events: channel.events.clone(),
        environments: channel.environments.clone(),
        lang: channel.lang,
        enabled: channel.enabled,
    }
}

impl Core {
    /// A channel with its address and secret.
    pub(super) async fn open_channel(&self, id: ChannelId) -> Answer<(Channel, Option<Address>)> {
        let (channel, sealed) = self.store.channel_sealed(id).await.map_err(|e| of_store(e, &thing(id)))?;
        let Some(sealed) = sealed else { return Ok((channel, None)) };
        let closed = || {
            Fault::conflict(text!(
                "The channel {} does not open with this master key. Enter its address again.",
                "通知渠道 {} 无法用当前主密钥解开，请重新填写其地址。",
                channel.name
            ))
        };
        let plain = self.vault.unseal(PURPOSE, &sealed).map_err(|_| closed())?;
        let address = serde_json::from_slice(&plain).map_err(|_| closed())?;
        Ok((channel, Some(address)))
    }

    /// Seals address and secret of a form. What is blank in it stays as it was, except the secret of an address that is
    /// new: it belonged to the other one.
    fn seal_address(&self, form: &ChannelForm, before: Option<Address>) -> Answer<SealedAddress> {
        if form.kind == ChannelKind::Email {
            return Ok(SealedAddress { sealed: None, host: None, has_secret: false });
        }
        let moved = form.url.is_some();
        let (old_url, old_secret) = before.map_or((None, None), |before| (Some(before.url), before.secret));
        let url = match form.url.clone().map(Zeroizing::new).or(old_url) {
            Some(url) => url,
            None => return Err(Fault::field("url", "required", message("required"))),
        };
        let parsed = Url::parse(&url).ok().filter(Url::has_host);
        let parsed = parsed.ok_or_else(|| Fault::field("url", "url", message("url")))?;
        let secret = form.secret.clone().map(Zeroizing::new).or(if moved { None } else { old_secret });
        let has_secret = secret.is_some();
        let plain = serde_json::to_vec(&Address { url, secret }).map_err(|e| internal("writing an address", &e))?;
        let sealed =
            self.vault.seal(PURPOSE, &Zeroizing::new(plain)).map_err(|e| internal("sealing an address", &e))?;
        let host = parsed.origin().ascii_serialization();
        Ok(SealedAddress { sealed: Some(sealed), host: Some(host), has_secret })
    }
}
