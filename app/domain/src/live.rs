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
        /// Of an environment, never of a server: its servers have different versions, or some have nothing.
        Mixed: "mixed", "mixed", "版本不一";
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

    /// How much it asks for a look: the greater, the sooner. Orders lists, and says which of several states stands for
    /// all.
    pub fn severity(self) -> u8 {
        match self {
            LiveState::Unreachable => 5,
            LiveState::Drift => 4,
            LiveState::Mixed => 3,
            LiveState::Never => 2,
            LiveState::Empty => 1,
            LiveState::Ok => 0,
        }
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

/// A version, and on how many servers it is live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveVersion {
    /// The release that put it live; none where nothing is live, or nothing that Launchway knows of.
    pub release: Option<LiveRelease>,
    /// What `current` names, where that is no known release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// On how many servers.
    pub servers: u32,
    /// Since when it has been live on the last of them, where that is known.
    pub since: Option<Timestamp>,
}

impl LiveVersion {
    /// What is live on some servers, the version of most servers first. What cannot be read now counts as what was last
    /// known there.
    pub fn of(servers: &[ServerLive]) -> Vec<LiveVersion> {
        let mut found: Vec<LiveVersion> = Vec::new();
        for server in servers {
            let lost = server.state == LiveState::Unreachable;
            let release = server.release.as_ref().or(server.expected.as_ref().filter(|_| lost));
            let link = if release.is_some() { None } else { server.link.as_ref() };
            let id = release.map(|release| release.id);
            let same = |known: &&mut LiveVersion| {
                known.release.as_ref().map(|release| release.id) == id && known.link.as_ref() == link
            };
            match found.iter_mut().find(same) {
                Some(known) => {
                    known.servers += 1;
                    known.since = known.since.max(server.live_since);
                }
                None => found.push(LiveVersion {
                    release: release.cloned(),
                    link: link.cloned(),
                    servers: 1,
                    since: server.live_since,
                }),
            }
        }
        let newest = |version: &LiveVersion| version.release.as_ref().map(|release| release.id.0);
        found.sort_by_key(|version| std::cmp::Reverse((version.servers, newest(version))));
        found
    }

    /// What it is called where there is no room for more.
    pub fn name(&self) -> Text {
        match (&self.release, &self.link) {
            (Some(release), _) => Text::verbatim(release.git_ref.name.clone()),
            (None, Some(link)) => Text::verbatim(link.clone()),
            (None, None) => Text::new("nothing", "无"),
        }
    }

    /// Several versions in one line: `v2.0 × 2, v1.1 × 1`.
    pub fn summary(versions: &[LiveVersion]) -> Text {
        let said = |get: fn(&Text) -> &str, and: &str| {
            let each = versions.iter().map(|version| format!("{} × {}", get(&version.name()), version.servers));
            each.collect::<Vec<_>>().join(and)
        };
        Text { en: said(|text| &text.en, ", ").into(), zh: said(|text| &text.zh, "、").into() }
    }
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
    /// The worst of its servers; `mixed` where nothing is worse and they do not all have the same.
    pub state: LiveState,
    /// What is live there, the version of most servers first; several while a release is under way, or where one ended
    /// before it was on every server.
    #[serde(default)]
    pub versions: Vec<LiveVersion>,
    /// The release that runs there now: what is live is about to change, and nobody looks meanwhile.
    pub running: Option<ReleaseId>,
    /// Its servers, in the environment's order.
    pub servers: Vec<ServerLive>,
}

impl EnvironmentLive {
    /// The state that stands for several servers with these versions: the worst.
    pub fn worst(states: impl IntoIterator<Item = LiveState>, versions: &[LiveVersion]) -> LiveState {
        let mixed = (versions.len() > 1).then_some(LiveState::Mixed);
        states.into_iter().chain(mixed).max_by_key(|state| state.severity()).unwrap_or(LiveState::Never)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(release: Option<i64>, state: LiveState) -> ServerLive {
        let named = |id: i64| LiveRelease {
            id: ReleaseId(id),
            kind: ReleaseKind::Release,
            git_ref: GitRef { name: format!("v{id}"), ..GitRef::default() },
            commit: String::new(),
            created_by_name: String::new(),
        };
        ServerLive {
            server_id: ServerId(1),
            hostname: "web".to_owned(),
            state,
            code: None,
            detail: None,
            link: None,
            release: release.map(named),
            live_since: release.map(Timestamp),
            expected: (state == LiveState::Unreachable).then(|| named(7)),
            since: None,
            checked_at: None,
            files_checked_at: None,
        }
    }

    fn seen(servers: &[ServerLive]) -> (LiveState, String) {
        let versions = LiveVersion::of(servers);
        let state = EnvironmentLive::worst(servers.iter().map(|server| server.state), &versions);
        (state, LiveVersion::summary(&versions).en.to_string())
    }

    #[test]
    fn the_worst_server_stands_for_its_environment() {
        let worst = |states: &[LiveState]| EnvironmentLive::worst(states.iter().copied(), &[]);
        assert_eq!(worst(&[LiveState::Ok, LiveState::Drift, LiveState::Unreachable]), LiveState::Unreachable);
        assert_eq!(worst(&[LiveState::Ok, LiveState::Drift]), LiveState::Drift);
        assert_eq!(worst(&[LiveState::Ok, LiveState::Never]), LiveState::Never);
        assert_eq!(worst(&[]), LiveState::Never);
    }

    #[test]
    fn servers_with_different_versions_are_no_released_environment() {
        let ok = |release| on(release, LiveState::Ok);
        assert_eq!(seen(&[ok(Some(7)), ok(Some(7))]), (LiveState::Ok, "v7 × 2".to_owned()));
        assert_eq!(seen(&[ok(Some(4)), ok(Some(7)), ok(Some(7))]), (LiveState::Mixed, "v7 × 2, v4 × 1".to_owned()));
        let empty = on(None, LiveState::Empty);
        assert_eq!(seen(&[empty, ok(Some(7))]), (LiveState::Mixed, "v7 × 1, nothing × 1".to_owned()));
        // What cannot be asked counts as what was last known, and is the worse news.
        assert_eq!(
            seen(&[on(None, LiveState::Unreachable), ok(Some(7))]),
            (LiveState::Unreachable, "v7 × 2".to_owned())
        );
        assert_eq!(seen(&[on(Some(7), LiveState::Drift), ok(Some(4))]).0, LiveState::Drift);
    }
}
