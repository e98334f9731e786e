//! What is live where, in a word for each environment.

use launchway_domain::{EnvironmentLive, LiveRelease, LiveState, LiveVersion, Place, Release};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::releases;
use crate::store::error::Result;
use crate::store::live;

/// How many environments an overview has at most.
const MAX_PLACES: i64 = 200;

/// Every environment for which the condition (its text is ours) holds, with what is live on its servers.
pub(super) async fn places(conn: &mut AnyConnection, condition: &str) -> Result<Vec<Place>> {
    // A release of which it is not known how it went over the servers, and that has succeeded, is on all of them.
    let sql = format!(
        "SELECT e.id, COALESCE((SELECT CASE WHEN r.frozen IS NULL OR NOT EXISTS (SELECT 1 FROM nodes n \
         WHERE n.release_id = r.id AND n.kind = 'deploy') THEN r.id ELSE 0 END FROM releases r \
         WHERE r.environment_id = e.id AND r.status = 'succeeded' ORDER BY r.finished_at DESC, r.id DESC LIMIT 1), 0) \
         AS whole FROM environments e JOIN projects p ON p.id = e.project_id{condition} \
         ORDER BY LOWER(p.title), p.id, e.name LIMIT $1"
    );
    let found = sqlx::query(AssertSqlSafe(sql)).bind(MAX_PLACES).fetch_all(&mut *conn).await?;
    let mut whole = Vec::with_capacity(found.len());
    for row in &found {
        whole.push((row.try_get::<i64, _>("id")?, row.try_get::<i64, _>("whole")?));
    }
    if whole.is_empty() {
        return Ok(Vec::new());
    }
    let list = |ids: &mut dyn Iterator<Item = i64>| ids.map(|id| id.to_string()).collect::<Vec<_>>().join(", ");
    let ids = list(&mut whole.iter().map(|(id, _)| *id));
    let live = live::places(conn, &format!(" WHERE e.id IN ({ids})")).await?;
    // What is live nowhere by the servers, and on all of them by the release alone.
    let fallback = |live: &EnvironmentLive| {
        let is_unknown = live.versions.iter().all(|version| version.release.is_none() && version.link.is_none());
        let known = whole.iter().find(|(id, _)| *id == live.environment_id.0).map_or(0, |(_, release)| *release);
        if is_unknown { known } else { 0 }
    };
    let one = |live: &EnvironmentLive| match live.versions.as_slice() {
        [LiveVersion { release: Some(release), .. }] => release.id.0,
        _ => fallback(live),
    };
    let mut wanted = live.iter().map(one).filter(|id| *id != 0).peekable();
    let known = match wanted.peek() {
        Some(_) => releases(conn, &format!("r.id IN ({})", list(&mut wanted)), "r.id", MAX_PLACES).await?,
        None => Vec::new(),
    };
    let places = live.into_iter().map(|live| {
        let release = known.iter().find(|release| release.id.0 == one(&live)).cloned();
        let whole = fallback(&live) != 0;
        place(live, release, whole)
    });
    Ok(places.collect())
}

fn place(live: EnvironmentLive, release: Option<Release>, whole: bool) -> Place {
    let servers = u32::try_from(live.servers.len()).unwrap_or(u32::MAX);
    let versions = match &release {
        Some(release) if whole => vec![LiveVersion {
            release: Some(LiveRelease::from(release)),
            link: None,
            servers,
            since: release.finished_at,
        }],
        _ => live.versions,
    };
    let drifted = live.servers.into_iter().filter(|server| server.state == LiveState::Drift);
    Place {
        project_id: live.project_id,
        project_title: live.project_title,
        environment_id: live.environment_id,
        environment_name: live.name,
        environment_kind: live.kind,
        servers,
        state: live.state,
        release,
        versions,
        drifted: drifted.map(|server| server.hostname).collect(),
        closed: Vec::new(),
    }
}
