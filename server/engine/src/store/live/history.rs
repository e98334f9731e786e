//! What should be live on the servers, by the history of releases.

use std::collections::{HashMap, HashSet};

use launchway_domain::{Environment, ReleaseId, ServerId, Timestamp};
use serde::Deserialize;
use sqlx::{AnyConnection, Row};

use super::{History, Spot, by_ids, fetch, spot};
use crate::store::error::Result;
use crate::store::rows;
use crate::target::Expected;

/// What a release ran with, as far as it matters here.
#[derive(Deserialize)]
struct Ran {
    tree_of: ReleaseId,
    hooks: launchway_domain::Hooks,
    #[serde(default)]
    policy: launchway_domain::Policy,
    targets: Vec<RanOn>,
}

#[derive(Deserialize)]
struct RanOn {
    server_id: ServerId,
    path: String,
}

/// What the history knows of one place: what should be there, since when, and in which folder.
pub(super) type Known = (Expected, Timestamp, String);

/// What should be live in the environments' own folder on a server; none where it went to another folder.
pub(super) fn as_here((expected, at, path): &Known, template: &str, hostname: &str) -> Option<History> {
    let here = Environment::path_on(template.trim_end_matches('/'), hostname);
    (*path == here).then(|| History { expected: expected.clone(), at: *at })
}

/// Whose trees servers have live: by the history, as they were last seen, and as somebody set a link by hand.
pub(in crate::store) async fn trees(conn: &mut AnyConnection) -> Result<HashSet<i64>> {
    let mut trees: HashSet<i64> = history(conn, "").await?.values().map(|(expected, ..)| expected.tree.0).collect();
    let seen = "SELECT l.link, COALESCE(r.tree_of, r.rollback_of, r.id) AS tree, \
        COALESCE(e.tree_of, e.rollback_of, e.id) AS expected FROM live l \
        LEFT JOIN releases r ON r.id = l.release_id LEFT JOIN releases e ON e.id = l.expected_id";
    for row in &fetch(conn, seen.to_owned()).await? {
        trees.extend(row.try_get::<Option<i64>, _>("tree")?);
        trees.extend(row.try_get::<Option<i64>, _>("expected")?);
        let link: Option<String> = row.try_get("link")?;
        trees.extend(link.and_then(|link| link.rsplit('/').find(|part| !part.is_empty())?.parse::<i64>().ok()));
    }
    Ok(trees)
}

/// What was switched to last on each server, and not switched back. Only what came after the last release that succeeded
/// (on all its servers) can say otherwise than that one, so nothing older is read.
pub(super) async fn history(conn: &mut AnyConnection, only: &str) -> Result<HashMap<Spot, Known>> {
    let found = fetch(
        conn,
        format!(
            "SELECT environment_id, server_id, release_id, finished_at FROM (\
             SELECT r.environment_id, n.server_id, n.release_id, \
             COALESCE(n.finished_at, r.finished_at, r.created_at) AS finished_at, ROW_NUMBER() OVER (\
             PARTITION BY r.environment_id, n.server_id \
             ORDER BY COALESCE(n.finished_at, r.finished_at, r.created_at) DESC, n.release_id DESC) AS place \
             FROM environments e JOIN releases r ON r.environment_id = e.id JOIN nodes n ON n.release_id = r.id \
             LEFT JOIN (SELECT environment_id, MAX(finished_at) AS at FROM releases WHERE status = 'succeeded' \
             GROUP BY environment_id) s ON s.environment_id = e.id{only}{} n.kind = 'deploy' \
             AND (n.status = 'succeeded' OR EXISTS (SELECT 1 FROM nodes b WHERE b.release_id = n.release_id \
             AND b.server_id = n.server_id AND b.kind = 'server' AND b.live LIKE '%\"switched\"%')) \
             AND NOT EXISTS (SELECT 1 FROM nodes b WHERE b.release_id = n.release_id \
             AND b.server_id = n.server_id AND b.kind = 'server' AND b.live LIKE '%\"switched_back\"%') \
             AND (r.finished_at IS NULL OR r.finished_at >= COALESCE(s.at, 0))) t \
             WHERE place = 1",
            if only.is_empty() { " WHERE" } else { " AND" }
        ),
    )
    .await?;
    let mut ids = HashSet::new();
    for row in &found {
        ids.insert(row.try_get::<i64, _>("release_id")?);
    }
    let mut ran: HashMap<i64, Ran> = HashMap::new();
    for row in &by_ids(conn, "SELECT id, frozen FROM releases WHERE frozen IS NOT NULL AND id IN", &ids).await? {
        // One that cannot be read is not known of; the others are all the same.
        if let Ok(known) = rows::json(row, "frozen") {
            ran.insert(row.try_get("id")?, known);
        }
    }
    let mut known = HashMap::new();
    for row in &found {
        let (at, release): (Spot, i64) = (spot(row)?, row.try_get("release_id")?);
        let Some(ran) = ran.get(&release) else { continue };
        let Some(on) = ran.targets.iter().find(|on| on.server_id.0 == at.1) else { continue };
        let hooks = ran.hooks.before_deploy.is_some() || ran.hooks.after_deploy.is_some();
        let expected =
            Expected { release: ReleaseId(release), tree: ran.tree_of, hooks, takes: ran.policy.takes.clone() };
        known.insert(at, (expected, rows::time(row, "finished_at")?, on.path.clone()));
    }
    Ok(known)
}
