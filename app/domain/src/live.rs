//! What is live where, as the servers themselves say it: the link `current`, and the files of the release that it names.

use serde::{Deserialize, Serialize};

use crate::id::{EnvironmentId, ProjectId, ReleaseId, ServerId};
use crate::record::EnvironmentKind;
use crate::release::{GitRef, Release, ReleaseKind};
use crate::text::Text;
use crate::time::Timestamp;
use crate::word::words;

words! {
    /// How what is on a server compares with what Launchway brought there.
    LiveState {
        /// The server has what Launchway's history says.
        Ok: "ok", "as released", "与发布一致";
        /// It has something else: files were changed, or the link was.
        Drift: "drift", "drifted", "已偏离";
        /// It could not be asked.
        Unreachable: "unreachable", "out of reach", "无法访问";
        /// Nothing was released to it, and nothing is there.
        Empty: "empty", "nothing released", "尚未发布";
        /// Nobody has looked yet.
        Never: "never", "not looked at", "尚未检查";
    }
}

impl LiveState {
    /// Whether somebody has to look into it.
    pub fn is_trouble(self) -> bool {
        matches!(self, LiveState::Drift | LiveState::Unreachable)
    }
}

/// A release as this page names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveRelease {
    /// Its number.
    pub id: ReleaseId,
    /// Whether it is a rollback.
    pub kind: ReleaseKind,
    /// What was released.
    #[serde(rename = "ref")]
    pub git_ref: GitRef,
    /// The commit that it was.
    pub commit: String,
    /// Who made it.
    pub created_by_name: String,
}

impl From<&Release> for LiveRelease {
    fn from(release: &Release) -> Self {
        Self {
            id: release.id,
            kind: release.kind,
            git_ref: release.git_ref.clone(),
            commit: release.commit.clone(),
            created_by_name: release.created_by_name.clone(),
        }
    }
}

/// What is live on one server of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServerLive {
    /// Which server.
    pub server_id: ServerId,
    /// Its name.
    pub hostname: String,
    /// How what is there compares with the history.
    pub state: LiveState,
    /// A stable word for scripts where something is wrong: `files`, `link`, `missing`, `release`, `directory`, `extra`;
    /// where the server is out of reach the words of a check: `refused`, `timeout`, `key_changed`, `auth` and so on.
    pub code: Option<String>,
    /// What is wrong, and what to do about it.
    pub detail: Option<Text>,
    /// What `current` names, such as `releases/7`, as it was read last; none where there was no such link.
    pub link: Option<String>,
    /// The release that put live what is there; none where Launchway knows of none.
    pub release: Option<LiveRelease>,
    /// When that release went live there.
    pub live_since: Option<Timestamp>,
    /// The release that should be live by the history, where it is another one.
    pub expected: Option<LiveRelease>,
    /// Since when it has been in this state.
    pub since: Option<Timestamp>,
    /// When it was last looked at.
    pub checked_at: Option<Timestamp>,
    /// When every file was last compared with the manifest; the looks in between read only the link.
    pub files_checked_at: Option<Timestamp>,
}

/// What is live in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnvironmentLive {
    /// Which environment.
    pub environment_id: EnvironmentId,
    /// Its name.
    pub name: String,
    /// How much care it needs.
    pub kind: EnvironmentKind,
    /// Whose it is.
    pub project_id: ProjectId,
    /// That project's title.
    pub project_title: String,
    /// The worst of its servers.
    pub state: LiveState,
    /// The release that runs there now: what is live is about to change, and nobody looks meanwhile.
    pub running: Option<ReleaseId>,
    /// Its servers, in the environment's order.
    pub servers: Vec<ServerLive>,
}

impl EnvironmentLive {
    /// The state that stands for several servers: the worst.
    pub fn worst(states: impl IntoIterator<Item = LiveState>) -> LiveState {
        let rank = |state: &LiveState| match state {
            LiveState::Drift => 4,
            LiveState::Unreachable => 3,
            LiveState::Never => 2,
            LiveState::Ok => 1,
            LiveState::Empty => 0,
        };
        states.into_iter().max_by_key(rank).unwrap_or(LiveState::Never)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_drifted_server_makes_the_environment_drifted() {
        let worst = |states: &[LiveState]| EnvironmentLive::worst(states.iter().copied());
        assert_eq!(worst(&[LiveState::Ok, LiveState::Drift, LiveState::Unreachable]), LiveState::Drift);
        assert_eq!(worst(&[LiveState::Empty, LiveState::Ok]), LiveState::Ok);
        assert_eq!(worst(&[LiveState::Ok, LiveState::Never]), LiveState::Never);
        assert_eq!(worst(&[]), LiveState::Never);
    }
}
