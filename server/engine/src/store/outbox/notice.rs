//! What messages tell, and who is told: written down with what happened.

use launchway_domain::{
    ChannelId, Environment, EnvironmentId, EnvironmentKind, EventData, Hooks, LiveState, NoticeEvent, ProjectId,
    Release, ReleaseId, Text, Timestamp,
};
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use crate::store::error::Result;
use crate::store::{channels, releases};

/// The most servers that one message names.
const MAX_NAMED: usize = 20;

/// What a message tells: a release as it was when it happened, or what was found on servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What happened; none for a test.
    pub event: Option<NoticeEvent>,
    /// When.
    pub at: Timestamp,
    /// To which release, without its hooks; none for a test, and where it is not about a release.
    pub release: Option<Release>,
    /// What was found to be live; none where it is not about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveNotice>,
}

/// What one look at an environment found that those who are told have to hear of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveNotice {
    /// Whose environment it is.
    pub project_id: ProjectId,
    /// That project's title.
    pub project_title: String,
    /// Which environment.
    pub environment_id: EnvironmentId,
    /// Its name.
    pub environment_name: String,
    /// How much care it needs.
    pub environment_kind: EnvironmentKind,
    /// On how many servers.
    pub count: usize,
    /// The first of them.
    pub servers: Vec<LiveOn>,
}

/// What was found on one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveOn {
    /// Its name.
    pub hostname: String,
    /// How it is.
    pub state: LiveState,
    /// A stable word for what is wrong.
    pub code: Option<String>,
    /// What is wrong.
    pub detail: Option<Text>,
}

/// Writes the messages that a transaction's events ask for. An event that is told again (a release that is taken up after
/// a crash) asks for nothing new. Whether there were any.
pub(in crate::store) async fn note(conn: &mut AnyConnection, events: &[(ProjectId, EventData)]) -> Result<bool> {
    let mut any = false;
    for (project, data) in events {
        let EventData::ReleaseStatus { release_id, environment_id, status, .. } = data else { continue };
        let Some(event) = NoticeEvent::of(*status) else { continue };
        let told = told(conn, *project, *environment_id, event).await?;
        if told.is_empty() {
            continue;
        }
        let mut release = releases::get(conn, *release_id).await?;
        release.hooks = Hooks::default();
        // Each turn of a release tells each of its events once.
        let turn = release.queued_at.map_or(0, |at| at.0);
        let about = format!("{release_id} {} {turn}", event.as_str());
        let notice = Notice { event: Some(event), at: Timestamp::now(), release: Some(release), live: None };
        any |= write(conn, &told, event, Some(*release_id), Some(&about), &notice).await?;
    }
    Ok(any)
}

/// Writes the messages about what a look at an environment's servers found: one of each kind, however many servers it is
/// about. Whether there were any.
pub(in crate::store) async fn note_live(
    conn: &mut AnyConnection,
    environment: &Environment,
    news: Vec<(NoticeEvent, LiveOn)>,
    at: Timestamp,
) -> Result<bool> {
    let mut any = false;
    for event in [NoticeEvent::Drifted, NoticeEvent::Settled] {
        let mut servers: Vec<LiveOn> =
            news.iter().filter(|(other, _)| *other == event).map(|(_, on)| on.clone()).collect();
        if servers.is_empty() {
            continue;
        }
        let told = told(conn, environment.project_id, environment.id, event).await?;
        if told.is_empty() {
            continue;
        }
        let project_title: String = sqlx::query_scalar("SELECT title FROM projects WHERE id = $1")
            .bind(environment.project_id.0)
            .fetch_one(&mut *conn)
            .await?;
        let count = servers.len();
        servers.truncate(MAX_NAMED);
        let live = LiveNotice {
            project_id: environment.project_id,
            project_title,
            environment_id: environment.id,
            environment_name: environment.name.clone(),
            environment_kind: environment.kind,
            count,
            servers,
        };
        let notice = Notice { event: Some(event), at, release: None, live: Some(live) };
        any |= write(conn, &told, event, None, None, &notice).await?;
    }
    Ok(any)
}

/// The channels that tell an event of an environment.
async fn told(
    conn: &mut AnyConnection,
    project: ProjectId,
    environment: EnvironmentId,
    event: NoticeEvent,
) -> Result<Vec<ChannelId>> {
    let channels = channels::of_project(conn, project).await?.into_iter();
    Ok(channels
        .filter(|channel| channel.enabled && channel.events.contains(&event))
        .filter(|channel| channel.environments.is_empty() || channel.environments.contains(&environment))
        .map(|channel| channel.id)
        .collect())
}

/// Writes a message for each channel, but for those that were told `about` this before, where that can be. Whether there were any.
async fn write(
    conn: &mut AnyConnection,
    told: &[ChannelId],
    event: NoticeEvent,
    release: Option<ReleaseId>,
    about: Option<&str>,
    notice: &Notice,
) -> Result<bool> {
    let text = serde_json::to_string(notice)?;
    let mut any = false;
    for channel in told {
        let written = sqlx::query(
            "INSERT INTO notifications (channel_id, event, release_id, about, notice, status, attempts, next_at, \
             created_at) VALUES ($1, $2, $3, $4, $5, 'waiting', 0, $6, $6) \
             ON CONFLICT (channel_id, about) DO NOTHING",
        )
        .bind(channel.0)
        .bind(event.as_str())
        .bind(release.map(|id| id.0))
        .bind(about)
        .bind(text.as_str())
        .bind(notice.at.0)
        .execute(&mut *conn)
        .await?;
        any |= written.rows_affected() > 0;
    }
    Ok(any)
}
