//! Notifications out: where a project tells what happens to its releases and to what is live, and what became of each message.

use serde::{Deserialize, Serialize};

use crate::id::{ChannelId, EnvironmentId, NotificationId, ProjectId, ReleaseId};
use crate::live::LiveState;
use crate::status::ReleaseStatus;
use crate::text::{Lang, Text};
use crate::time::Timestamp;
use crate::word::words;

words! {
    /// How a channel is reached.
    ChannelKind {
        /// A signed request to any address.
        Webhook: "webhook", "Webhook", "Webhook";
        /// E-mail.
        Email: "email", "E-mail", "电子邮件";
        /// Slack.
        Slack: "slack", "Slack", "Slack";
        /// DingTalk.
        DingTalk: "dingtalk", "DingTalk", "钉钉";
        /// Feishu (Lark).
        Feishu: "feishu", "Feishu", "飞书";
        /// WeCom.
        WeCom: "wecom", "WeCom", "企业微信";
    }
}

words! {
    /// What a channel may tell.
    NoticeEvent {
        /// Somebody created a release.
        Created: "release.created", "release created", "发布已创建";
        /// A release waits for somebody's consent.
        AwaitingApproval: "release.awaiting_approval", "release awaits approval", "发布等待审批";
        /// A release began to run.
        Started: "release.started", "release started", "发布已开始";
        /// A release is live.
        Succeeded: "release.succeeded", "release succeeded", "发布成功";
        /// A release failed.
        Failed: "release.failed", "release failed", "发布失败";
        /// Somebody stopped a release.
        Canceled: "release.canceled", "release canceled", "发布已取消";
        /// On a server is something else than what was released there, or it is out of reach.
        Drifted: "live.drifted", "what is live has drifted", "线上内容已偏离";
        /// That is over: the server has again what was released.
        Settled: "live.settled", "what is live is right again", "线上内容已恢复一致";
    }
}

impl NoticeEvent {
    /// What a release's status means to those who are told; none for what is only a step on the way.
    pub fn of(status: ReleaseStatus) -> Option<Self> {
        match status {
            ReleaseStatus::Pending => Some(NoticeEvent::Created),
            ReleaseStatus::AwaitingApproval => Some(NoticeEvent::AwaitingApproval),
            ReleaseStatus::Queued => None,
            ReleaseStatus::Running => Some(NoticeEvent::Started),
            ReleaseStatus::Succeeded => Some(NoticeEvent::Succeeded),
            ReleaseStatus::Failed => Some(NoticeEvent::Failed),
            ReleaseStatus::Canceled => Some(NoticeEvent::Canceled),
        }
    }

    /// What those who are told hear when a server that was in the state `was` (none: nobody had looked) is found in the
    /// state `now`; none where that is no news to them.
    pub fn of_live(was: Option<LiveState>, now: LiveState) -> Option<Self> {
        let was_trouble = was.is_some_and(LiveState::is_trouble);
        match now {
            LiveState::Drift | LiveState::Unreachable if was != Some(now) => Some(NoticeEvent::Drifted),
            LiveState::Ok | LiveState::Empty if was_trouble => Some(NoticeEvent::Settled),
            _ => None,
        }
    }
}

words! {
    /// What became of a message.
    NotificationStatus {
        /// It waits for its turn, or for its next try.
        Waiting: "waiting", "waiting", "等待发送";
        /// It arrived.
        Sent: "sent", "sent", "已发送";
        /// It was given up.
        Dead: "dead", "given up", "已放弃";
    }
}

/// Where a project tells what happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Channel {
    /// The id.
    pub id: ChannelId,
    /// Whose releases it tells of.
    pub project_id: ProjectId,
    /// How it is reached.
    pub kind: ChannelKind,
    /// What people call it.
    pub name: String,
    /// Scheme and host of its address, whose rest is a secret; none for e-mail.
    pub host: Option<String>,
    /// Who gets the e-mails.
    pub to: Vec<String>,
    /// Whether messages are signed.
    pub has_secret: bool,
    /// What it tells.
    pub events: Vec<NoticeEvent>,
    /// Of which environments; of all where there are none.
    pub environments: Vec<EnvironmentId>,
    /// In which language.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "en"))]
    pub lang: Lang,
    /// Whether it is on.
    pub enabled: bool,
    /// How often it was written, from 1 on; its `ETag` says so.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// One message of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Notification {
    /// The id; also what receivers tell repetitions by.
    pub id: NotificationId,
    /// Of which channel.
    pub channel_id: ChannelId,
    /// What it tells; none for a test.
    pub event: Option<NoticeEvent>,
    /// Of which release.
    pub release_id: Option<ReleaseId>,
    /// What became of it.
    pub status: NotificationStatus,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, where it waits.
    pub next_at: Option<Timestamp>,
    /// Why the last try failed.
    pub error: Option<Text>,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When it arrived, or was given up.
    pub finished_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_but_the_queue_is_told() {
        let told: Vec<_> = ReleaseStatus::ALL.into_iter().filter_map(NoticeEvent::of).collect();
        let others = [NoticeEvent::Drifted, NoticeEvent::Settled];
        assert_eq!(told.len() + others.len(), NoticeEvent::ALL.len());
        assert!(NoticeEvent::ALL.iter().all(|event| told.contains(event) || others.contains(event)));
    }

    #[test]
    fn a_state_of_what_is_live_is_told_when_it_comes_and_when_it_is_over() {
        use LiveState::{Drift, Empty, Never, Ok, Unreachable};
        for (was, now, told) in [
            (None, Ok, None),
            (None, Drift, Some(NoticeEvent::Drifted)),
            (Some(Ok), Drift, Some(NoticeEvent::Drifted)),
            (Some(Drift), Drift, None),
            (Some(Drift), Unreachable, Some(NoticeEvent::Drifted)),
            (Some(Unreachable), Unreachable, None),
            (Some(Unreachable), Ok, Some(NoticeEvent::Settled)),
            (Some(Drift), Empty, Some(NoticeEvent::Settled)),
            (Some(Empty), Ok, None),
            (Some(Drift), Never, None),
        ] {
            assert_eq!(NoticeEvent::of_live(was, now), told, "{was:?} {now:?}");
        }
    }

    #[test]
    fn words_are_read_back() {
        for event in NoticeEvent::ALL {
            assert_eq!(NoticeEvent::parse(event.as_str()), Some(*event));
            assert_eq!(serde_json::to_value(event).unwrap(), event.as_str());
        }
    }
}
