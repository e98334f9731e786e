//! The states of releases and nodes, and which one may follow which.

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// Where a release stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReleaseStatus {
    /// Created; nobody has started it.
    #[default]
    Pending,
    /// Started where the policy asks for somebody's consent first.
    AwaitingApproval,
    /// Started; waits until its environment is free.
    Queued,
    /// A runner holds it.
    Running,
    /// Live on every server.
    Succeeded,
    /// Something went wrong; may be retried.
    Failed,
    /// Somebody stopped it; may be retried.
    Canceled,
}

impl ReleaseStatus {
    /// Every status.
    pub const ALL: [ReleaseStatus; 7] = [
        ReleaseStatus::Pending,
        ReleaseStatus::AwaitingApproval,
        ReleaseStatus::Queued,
        ReleaseStatus::Running,
        ReleaseStatus::Succeeded,
        ReleaseStatus::Failed,
        ReleaseStatus::Canceled,
    ];

    /// The word in JSON and in the databases.
    pub fn as_str(self) -> &'static str {
        match self {
            ReleaseStatus::Pending => "pending",
            ReleaseStatus::AwaitingApproval => "awaiting_approval",
            ReleaseStatus::Queued => "queued",
            ReleaseStatus::Running => "running",
            ReleaseStatus::Succeeded => "succeeded",
            ReleaseStatus::Failed => "failed",
            ReleaseStatus::Canceled => "canceled",
        }
    }

    /// Reads [`ReleaseStatus::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether a release may go from this status to `next`. The one place that says so.
    pub fn may_become(self, next: ReleaseStatus) -> bool {
        use ReleaseStatus::*;
        match self {
            Pending => matches!(next, AwaitingApproval | Queued | Canceled),
            AwaitingApproval => matches!(next, Queued | Canceled),
            Queued => matches!(next, Running | Canceled),
            Running => matches!(next, Succeeded | Failed | Canceled),
            Failed | Canceled => matches!(next, Queued),
            Succeeded => false,
        }
    }

    /// Whether nothing more happens unless a person acts.
    pub fn is_final(self) -> bool {
        matches!(self, ReleaseStatus::Succeeded | ReleaseStatus::Failed | ReleaseStatus::Canceled)
    }

    /// What people read.
    pub fn label(self) -> Text {
        match self {
            ReleaseStatus::Pending => Text::new("not started", "未开始"),
            ReleaseStatus::AwaitingApproval => Text::new("awaiting approval", "等待审批"),
            ReleaseStatus::Queued => Text::new("queued", "排队中"),
            ReleaseStatus::Running => Text::new("running", "进行中"),
            ReleaseStatus::Succeeded => Text::new("succeeded", "成功"),
            ReleaseStatus::Failed => Text::new("failed", "失败"),
            ReleaseStatus::Canceled => Text::new("canceled", "已取消"),
        }
    }
}

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NodeStatus {
    /// What comes before it is not done.
    Pending,
    /// Its own server is ready for it; it waits for the others, or for a free place.
    Waiting,
    /// At work.
    Running,
    /// Done.
    Succeeded,
    /// Ended badly.
    Failed,
    /// Never began, since something before it failed.
    Skipped,
    /// Stopped by somebody, never began since somebody stopped the release, or undone: its server was switched back.
    Canceled,
}

impl NodeStatus {
    /// Every status.
    pub const ALL: [NodeStatus; 7] = [
        NodeStatus::Pending,
        NodeStatus::Waiting,
        NodeStatus::Running,
        NodeStatus::Succeeded,
        NodeStatus::Failed,
        NodeStatus::Skipped,
        NodeStatus::Canceled,
    ];

    /// The word in JSON and in the databases.
    pub fn as_str(self) -> &'static str {
        match self {
            NodeStatus::Pending => "pending",
            NodeStatus::Waiting => "waiting",
            NodeStatus::Running => "running",
            NodeStatus::Succeeded => "succeeded",
            NodeStatus::Failed => "failed",
            NodeStatus::Skipped => "skipped",
            NodeStatus::Canceled => "canceled",
        }
    }

    /// Reads [`NodeStatus::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether a node may go from this status to `next`. `Running` may follow itself: a new attempt
    /// after a crash. Back to `Pending` is a retry's doing; what succeeded is canceled where it was undone.
    pub fn may_become(self, next: NodeStatus) -> bool {
        use NodeStatus::*;
        match self {
            Pending => matches!(next, Waiting | Running | Skipped | Canceled),
            Waiting => matches!(next, Running | Skipped | Canceled),
            Running => matches!(next, Running | Succeeded | Failed | Canceled),
            Failed | Skipped | Canceled => matches!(next, Pending),
            Succeeded => matches!(next, Canceled),
        }
    }

    /// Whether the node is over, for this attempt.
    pub fn is_final(self) -> bool {
        use NodeStatus::*;
        matches!(self, Succeeded | Failed | Skipped | Canceled)
    }

    /// A colour for tools that draw the tree themselves (`#rrggbb`); the pages use their style sheet.
    pub fn color(self) -> &'static str {
        match self {
            NodeStatus::Pending => "#9aa4b2",
            NodeStatus::Waiting => "#c9a227",
            NodeStatus::Running => "#2f6feb",
            NodeStatus::Succeeded => "#1f883d",
            NodeStatus::Failed => "#cf222e",
            NodeStatus::Skipped => "#c4cad3",
            NodeStatus::Canceled => "#6e7781",
        }
    }

    /// What people read.
    pub fn label(self) -> Text {
        match self {
            NodeStatus::Pending => Text::new("pending", "未开始"),
            NodeStatus::Waiting => Text::new("waiting", "等待中"),
            NodeStatus::Running => Text::new("running", "进行中"),
            NodeStatus::Succeeded => Text::new("succeeded", "成功"),
            NodeStatus::Failed => Text::new("failed", "失败"),
            NodeStatus::Skipped => Text::new("skipped", "已跳过"),
            NodeStatus::Canceled => Text::new("canceled", "已取消"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_succeeded_release_stays_so() {
        assert!(ReleaseStatus::ALL.iter().all(|next| !ReleaseStatus::Succeeded.may_become(*next)));
    }

    #[test]
    fn only_retry_leaves_a_failed_or_canceled_release() {
        for status in [ReleaseStatus::Failed, ReleaseStatus::Canceled] {
            for next in ReleaseStatus::ALL {
                assert_eq!(status.may_become(next), next == ReleaseStatus::Queued, "{status:?} -> {next:?}");
            }
        }
    }

    #[test]
    fn a_release_runs_only_from_the_queue() {
        for status in ReleaseStatus::ALL {
            assert_eq!(status.may_become(ReleaseStatus::Running), status == ReleaseStatus::Queued);
        }
    }

    #[test]
    fn a_node_that_succeeded_is_run_again_only_where_it_was_undone() {
        for next in NodeStatus::ALL {
            assert_eq!(NodeStatus::Succeeded.may_become(next), next == NodeStatus::Canceled, "{next:?}");
        }
    }

    #[test]
    fn every_word_is_read_back() {
        for status in ReleaseStatus::ALL {
            assert_eq!(ReleaseStatus::parse(status.as_str()), Some(status));
        }
        for status in NodeStatus::ALL {
            assert_eq!(NodeStatus::parse(status.as_str()), Some(status));
        }
    }
}
