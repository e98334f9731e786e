//! Webhooks in and notifications out.

#[cfg(feature = "ssr")]
use launchway_domain::IfVersion;
use launchway_domain::{
    Channel, ChannelForm, ChannelId, ChannelKind, Delivery, DeliveryId, Environment, EnvironmentId, Forge, Lang,
    NewWebhook, NoticeEvent, Notification, NotificationId, Page, Project, ProjectId, PushKind, Webhook, WebhookForm,
    WebhookId,
};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};

use super::codec::Json;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
use super::servers::split_tags;
use super::{ApiError, needs};
#[cfg(feature = "ssr")]
use crate::said::{Did, Said, Thing, tell};

/// A project, its environments, and what the page is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InProject<T> {
    /// The project, without its hooks.
    pub project: Project,
    /// Its environments, by name.
    pub environments: Vec<Environment>,
    /// What the page is about.
    pub about: T,
}

#[cfg(feature = "ssr")]
async fn in_project<T>(id: ProjectId, about: T) -> Result<InProject<T>, ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let mut project = answer(ports.projects.get(&actor, id).await)?;
    project.hooks = None;
    let environments = answer(ports.projects.environments(&actor, id).await)?;
    Ok(InProject { project, environments, about })
}

/// A webhook as its form sends it: every field a text, and chosen events by their places in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookFields {
    /// The service's word.
    pub kind: String,
    /// What people call it.
    pub name: String,
    /// Where its releases go; blank where nothing is chosen.
    #[serde(default)]
    pub environment_id: String,
    /// What it makes releases of.
    #[serde(default)]
    pub events: Vec<i64>,
    /// Globs, separated by commas.
    pub branches: String,
    /// Globs, separated by commas.
    pub tags: String,
    /// Another address of the repository.
    pub repository: String,
    /// `true` where its releases start by themselves.
    pub start: String,
    /// `true` where it is on.
    pub enabled: String,
    /// A secret of one's own.
    pub secret: String,
}

impl WebhookFields {
    /// What a webhook's form begins with.
    pub fn of(webhook: &Webhook) -> Self {
        Self {
            kind: webhook.kind.as_str().to_owned(),
            name: webhook.name.clone(),
            environment_id: webhook.environment_id.to_string(),
            events: places(PushKind::ALL, &webhook.events),
            branches: webhook.branches.join(", "),
            tags: webhook.tags.join(", "),
            repository: webhook.repository.clone().unwrap_or_default(),
            start: webhook.start.to_string(),
            enabled: webhook.enabled.to_string(),
            secret: String::new(),
        }
    }

    /// The form that the fields make.
    pub fn form(self) -> WebhookForm {
        WebhookForm {
            kind: Forge::parse(&self.kind).unwrap_or(Forge::GitHub),
            name: self.name,
            environment_id: EnvironmentId(self.environment_id.parse().unwrap_or_default()),
            events: chosen(PushKind::ALL, &self.events),
            branches: split_tags(&self.branches),
            tags: split_tags(&self.tags),
            repository: Some(self.repository),
            start: self.start == "true",
            enabled: self.enabled == "true",
            secret: Some(self.secret),
        }
    }
}

/// A channel as its form sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelFields {
    /// The word of its kind.
    pub kind: String,
    /// What people call it.
    pub name: String,
    /// Where messages go.
    pub url: String,
    /// Who gets the e-mails, separated by commas.
    pub to: String,
    /// What messages are signed with.
    pub secret: String,
    /// What it tells.
    #[serde(default)]
    pub events: Vec<i64>,
    /// Of which environments.
    #[serde(default)]
    pub environments: Vec<i64>,
    /// In which language.
    pub lang: String,
    /// `true` where it is on.
    pub enabled: String,
}

impl ChannelFields {
    /// What a channel's form begins with.
    pub fn of(channel: &Channel) -> Self {
        Self {
            kind: channel.kind.as_str().to_owned(),
            name: channel.name.clone(),
            url: String::new(),
            to: channel.to.join(", "),
            secret: String::new(),
            events: places(NoticeEvent::ALL, &channel.events),
            environments: channel.environments.iter().map(|id| id.0).collect(),
            lang: channel.lang.code().to_owned(),
            enabled: channel.enabled.to_string(),
        }
    }

    /// The form that the fields make.
    pub fn form(self) -> ChannelForm {
        ChannelForm {
            kind: ChannelKind::parse(&self.kind).unwrap_or(ChannelKind::Webhook),
            name: self.name,
            url: Some(self.url),
            to: split_tags(&self.to),
            secret: Some(self.secret),
            events: chosen(NoticeEvent::ALL, &self.events),
            environments: self.environments.into_iter().map(EnvironmentId).collect(),
            lang: Lang::parse(&self.lang).unwrap_or_default(),
            enabled: self.enabled == "true",
        }
    }
}

/// The places of what is chosen in the list of all.
fn places<T: PartialEq>(all: &[T], chosen: &[T]) -> Vec<i64> {
    (0..).zip(all).filter(|(_, one)| chosen.contains(one)).map(|(place, _)| place).collect()
}

/// What stands at the chosen places.
fn chosen<T: Copy>(all: &[T], places: &[i64]) -> Vec<T> {
    (0..).zip(all).filter(|(place, _)| places.contains(place)).map(|(_, one)| *one).collect()
}

/// A project's webhooks.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn list_webhooks(project: ProjectId) -> Result<InProject<Vec<Webhook>>, ApiError> {
    let about = answer(ports()?.webhooks.list(&actor()?, project).await)?;
    in_project(project, about).await
}
needs!(ListWebhooks, ViewProjects);

/// A webhook and its latest deliveries.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_webhook(id: WebhookId) -> Result<InProject<(Webhook, Page<Delivery>)>, ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let webhook = answer(ports.webhooks.get(&actor, id).await)?;
    let deliveries = answer(ports.webhooks.deliveries(&actor, id, None, None).await)?;
    in_project(webhook.project_id, (webhook, deliveries)).await
}
needs!(GetWebhook, ViewProjects);

/// Adds a webhook to a project. Its secret is in this answer and nowhere else.
#[server(prefix = "/api/fn", output = Json)]
pub async fn create_webhook(project: ProjectId, form: WebhookFields) -> Result<NewWebhook, ApiError> {
    let made = answer(ports()?.webhooks.create(&actor()?, project, form.form()).await)?;
    let webhook = &made.webhook;
    let href = format!("/projects/{project}/webhooks/{}", webhook.id);
    tell(Said::new(Thing::Webhook, Did::Created, webhook.name.as_str()).at(href));
    Ok(made)
}
needs!(CreateWebhook, ManageIntegrations);

/// Changes a webhook, where it is still at `version`.
#[server(prefix = "/api/fn", output = Json)]
pub async fn update_webhook(id: WebhookId, version: Option<i64>, form: WebhookFields) -> Result<(), ApiError> {
    let only = IfVersion::of(version);
    let webhook = answer(ports()?.webhooks.update(&actor()?, id, form.form(), &only).await)?;
    tell(Said::new(Thing::Webhook, Did::Saved, webhook.name));
    Ok(())
}
needs!(UpdateWebhook, ManageIntegrations);

/// Makes a new secret. It is in this answer and nowhere else.
#[server(prefix = "/api/fn", output = Json)]
pub async fn rotate_webhook(id: WebhookId) -> Result<NewWebhook, ApiError> {
    answer(ports()?.webhooks.rotate(&actor()?, id).await)
}
needs!(RotateWebhook, ManageIntegrations);

/// Deletes a webhook.
#[server(prefix = "/api/fn", output = Json)]
pub async fn delete_webhook(id: WebhookId) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let webhook = answer(ports.webhooks.get(&actor, id).await)?;
    answer(ports.webhooks.delete(&actor, id, &IfVersion::Any).await)?;
    tell(Said::new(Thing::Webhook, Did::Deleted, webhook.name));
    leptos_axum::redirect(&format!("/projects/{}/webhooks", webhook.project_id));
    Ok(())
}
needs!(DeleteWebhook, ManageIntegrations);

/// Works a delivery off again.
#[server(prefix = "/api/fn", output = Json)]
pub async fn redeliver(id: DeliveryId) -> Result<(), ApiError> {
    answer(ports()?.webhooks.redeliver(&actor()?, id).await)?;
    tell(Said::new(Thing::Delivery, Did::Retried, format!("#{id}")));
    Ok(())
}
needs!(Redeliver, ManageIntegrations);

/// A project's channels.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn list_channels(project: ProjectId) -> Result<InProject<Vec<Channel>>, ApiError> {
    let about = answer(ports()?.channels.list(&actor()?, project).await)?;
    in_project(project, about).await
}
needs!(ListChannels, ViewProjects);

/// A channel and its latest messages.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_channel(id: ChannelId) -> Result<InProject<(Channel, Page<Notification>)>, ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let channel = answer(ports.channels.get(&actor, id).await)?;
    let messages = answer(ports.channels.notifications(&actor, id, None, None).await)?;
    in_project(channel.project_id, (channel, messages)).await
}
needs!(GetChannel, ViewProjects);

/// Adds a channel to a project, or changes the one with `id`, where it is still at `version`.
#[server(prefix = "/api/fn", output = Json)]
pub async fn save_channel(
    project: ProjectId,
    id: Option<ChannelId>,
    version: Option<i64>,
    form: ChannelFields,
) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let (did, channel) = match id {
        Some(id) => {
            let only = IfVersion::of(version);
            (Did::Saved, answer(ports.channels.update(&actor, id, form.form(), &only).await)?)
        }
        None => (Did::Created, answer(ports.channels.create(&actor, project, form.form()).await)?),
    };
    tell(Said::new(Thing::Channel, did, channel.name));
    leptos_axum::redirect(&format!("/projects/{}/notifications/{}", channel.project_id, channel.id));
    Ok(())
}
needs!(SaveChannel, ManageIntegrations);

/// Deletes a channel.
#[server(prefix = "/api/fn", output = Json)]
pub async fn delete_channel(id: ChannelId) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let channel = answer(ports.channels.get(&actor, id).await)?;
    answer(ports.channels.delete(&actor, id, &IfVersion::Any).await)?;
    tell(Said::new(Thing::Channel, Did::Deleted, channel.name));
    leptos_axum::redirect(&format!("/projects/{}/notifications", channel.project_id));
    Ok(())
}
needs!(DeleteChannel, ManageIntegrations);

/// Sends a test message and says what became of it.
#[server(prefix = "/api/fn", output = Json)]
pub async fn test_channel(id: ChannelId) -> Result<Notification, ApiError> {
    answer(ports()?.channels.test(&actor()?, id).await)
}
needs!(TestChannel, ManageIntegrations);

/// Has a message that was given up sent again.
#[server(prefix = "/api/fn", output = Json)]
pub async fn retry_notification(id: NotificationId) -> Result<(), ApiError> {
    answer(ports()?.channels.retry(&actor()?, id).await)?;
    tell(Said::new(Thing::Notification, Did::Retried, format!("#{id}")));
    Ok(())
}
needs!(RetryNotification, ManageIntegrations);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_travels_by_its_place() {
        let events = [NoticeEvent::Failed, NoticeEvent::Created];
        let sent = places(NoticeEvent::ALL, &events);
        assert_eq!(chosen(NoticeEvent::ALL, &sent), [NoticeEvent::Created, NoticeEvent::Failed]);
        assert!(chosen(NoticeEvent::ALL, &[-1, 99]).is_empty());
    }
}
