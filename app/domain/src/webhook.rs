//! Webhooks in: what a Git service tells of pushes and tags, and what became of it.

use serde::{Deserialize, Serialize};

use crate::id::{DeliveryId, EnvironmentId, ProjectId, ReleaseId, WebhookId};
use crate::release::GitRef;
use crate::text::Text;
use crate::time::Timestamp;
use crate::word::words;

words! {
    /// The service that a webhook is called by; each proves itself in its own way.
    Forge {
        /// GitHub: HMAC-SHA256 of the body.
        GitHub: "github", "GitHub", "GitHub";
        /// GitLab: the secret token itself, or a signature by its signing token.
        GitLab: "gitlab", "GitLab", "GitLab";
        /// Gitea and Forgejo: HMAC-SHA256 of the body.
        Gitea: "gitea", "Gitea", "Gitea";
        /// Gitee: the password itself, or a signature of the time.
        Gitee: "gitee", "Gitee", "Gitee";
    }
}

words! {
    /// What a webhook makes a release of.
    PushKind {
        /// A tag that was pushed.
        Tag: "tag", "tags", "标签";
        /// A branch that was pushed.
        Push: "push", "branches", "分支";
    }
}

words! {
    /// What became of a delivery.
    DeliveryOutcome {
        /// Written down; its turn comes.
        Received: "received", "received", "已接收";
        /// A release was created.
        Created: "created", "release created", "已创建发布";
        /// A release was created and started.
        Started: "started", "release started", "已开始发布";
        /// It asks for nothing here.
        Ignored: "ignored", "ignored", "已忽略";
        /// It did not prove itself, or is not about this project.
        Refused: "refused", "refused", "已拒绝";
        /// It asked for a release that could not be made.
        Failed: "failed", "failed", "失败";
    }
}

/// An address at which a Git service tells of pushes and tags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Webhook {
    /// The id.
    pub id: WebhookId,
    /// Whose releases it makes.
    pub project_id: ProjectId,
    /// Which service calls it.
    pub kind: Forge,
    /// What people call it.
    pub name: String,
    /// Where its releases go.
    pub environment_id: EnvironmentId,
    /// What it makes releases of.
    pub events: Vec<PushKind>,
    /// Globs of branches; every branch where there are none. `*` stops at slashes, `**` crosses them.
    pub branches: Vec<String>,
    /// Globs of tags; every tag where there are none.
    pub tags: Vec<String>,
    /// The repository as the service calls it, where that is another address than the project's.
    pub repository: Option<String>,
    /// Whether its releases start by themselves, where the environment allows it too.
    pub start: bool,
    /// Whether it is on.
    pub enabled: bool,
    /// The address to enter at the service, from the root of this site.
    pub address: String,
    /// How often it was written, from 1 on; its `ETag` says so.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A webhook with its secret, shown this once: when it was made, or when its secret was.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewWebhook {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: Webhook,
    /// The secret to enter at the service.
    pub secret: String,
    /// The whole address, where Launchway was told its own (`--public-url`).
    pub url: Option<String>,
}

impl std::fmt::Debug for NewWebhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewWebhook").field("webhook", &self.webhook).finish_non_exhaustive()
    }
}

/// One call of a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delivery {
    /// The id.
    pub id: DeliveryId,
    /// Of which webhook.
    pub webhook_id: WebhookId,
    /// When it came.
    pub at: Timestamp,
    /// The event as the service calls it; blank where it did not prove itself.
    pub event: String,
    /// What was pushed, where it could be read.
    #[serde(rename = "ref")]
    pub git_ref: Option<GitRef>,
    /// The commit that it names.
    pub commit: Option<String>,
    /// Who pushed, by the service's account.
    pub pushed_by: Option<String>,
    /// What became of it.
    pub outcome: DeliveryOutcome,
    /// Why.
    pub reason: Option<Text>,
    /// The release that it made.
    pub release_id: Option<ReleaseId>,
    /// The delivery that it repeats, where somebody repeated one by hand.
    pub repeats: Option<DeliveryId>,
}
