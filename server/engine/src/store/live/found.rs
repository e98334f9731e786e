//! What a look found is written down, and told to whom it is news.

use std::collections::HashMap;

use launchway_domain::{Environment, EventData, LiveState, NoticeEvent, ReleaseId, ServerId, Text, Timestamp};
use sqlx::AnyConnection;

use super::{COLUMNS, History, Seen, fetch, read, spot};
use crate::store::Store;
use crate::store::error::Result;
use crate::store::outbox::{self, LiveOn};
use crate::target::{Look, other_release};

/// What a look found on one server.
#[derive(Clone, Debug)]
pub struct Found {
    /// Which server.
    pub server: ServerId,
    /// Its name.
    pub hostname: String,
    /// What the history said when it was looked at.
    pub history: Option<History>,
    /// What was there; a word and a reason where the server could not be asked.
    pub look: std::result::Result<Look, (String, Text)>,
}

impl Store {
    /// Writes down what a look that began at `begun` found, and tells of what is otherwise than before. A server that is
    /// no more the environment's, or an environment that is gone, is left out; and all of it where a release has run there
    /// meanwhile, since it may have been seen half-way.
    ///
    /// # Errors
    /// [`crate::store::StoreError::Db`].
    pub async fn live_found(&self, environment: &Environment, found: &[Found], begun: Timestamp) -> Result<()> {
        let now = Timestamp::now();
        let mut w = self.write().await?;
        let moved: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM releases WHERE environment_id = $1 AND (status = 'running' OR finished_at >= $2)",
        )
        .bind(environment.id.0)
        .bind(begun.0)
        .fetch_one(w.conn())
        .await?;
        if moved > 0 {
            return Ok(());
        }
        let sql = format!(
            "SELECT {COLUMNS} FROM live l JOIN environments e ON e.id = l.environment_id WHERE e.id = {}",
            environment.id
        );
        let mut before = HashMap::new();
        for row in &fetch(w.conn(), sql).await? {
            before.insert(spot(row)?.1, read(row)?);
        }
        let mut news = Vec::new();
        for found in found {
            let was = before.remove(&found.server.0);
            let new = row_of(w.conn(), environment, found, was.as_ref(), now).await?;
            let written = sqlx::query(
                "INSERT INTO live (environment_id, server_id, state, code, detail, link, release_id, expected_id, \
                 expected_at, since, checked_at, files_at, files_mark, files_detail) \
                 SELECT s.environment_id, s.server_id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14 \
                 FROM environment_servers s WHERE s.environment_id = $1 AND s.server_id = $2 \
                 ON CONFLICT (environment_id, server_id) DO UPDATE SET state = $3, code = $4, detail = $5, link = $6, \
                 release_id = $7, expected_id = $8, expected_at = $9, since = $10, checked_at = $11, files_at = $12, \
                 files_mark = $13, files_detail = $14",
            )
            .bind(environment.id.0)
            .bind(found.server.0)
            .bind(new.state.as_str())
            .bind(new.code.as_deref())
            .bind(new.detail.as_ref().map(serde_json::to_string).transpose()?)
            .bind(new.link.as_deref())
            .bind(new.release.map(|id| id.0))
            .bind(new.expected.map(|id| id.0))
            .bind(new.expected_at.map(|at| at.0))
            .bind(new.since.0)
            .bind(new.checked_at.0)
            .bind(new.files_at.map(|at| at.0))
            .bind(new.files_mark.as_deref())
            .bind(new.files_detail.as_ref().map(serde_json::to_string).transpose()?)
            .execute(w.conn())
            .await?;
            if written.rows_affected() == 0 {
                continue;
            }
            if let Some(event) = NoticeEvent::of_live(was.as_ref().map(|was| was.state), new.state) {
                let (hostname, detail) = (found.hostname.clone(), new.detail.clone());
                news.push((event, LiveOn { hostname, state: new.state, code: new.code.clone(), detail }));
            }
            if was.as_ref().is_none_or(|was| differs(was, &new)) {
                w.event(
                    environment.project_id,
                    EventData::LiveChanged {
                        project_id: environment.project_id,
                        environment_id: environment.id,
                        server_id: found.server,
                        hostname: found.hostname.clone(),
                        state: new.state,
                        detail: new.detail,
                    },
                );
            }
        }
        if outbox::note_live(w.conn(), environment, news, now).await? {
            w.ring_post();
        }
        w.commit().await
    }
}

/// Whether those who watch have to hear of it.
fn differs(was: &Seen, new: &Seen) -> bool {
    was.state != new.state
        || was.code != new.code
        || was.release != new.release
        || (new.state != LiveState::Unreachable && (was.link != new.link || was.detail != new.detail))
}

/// The row that says what was found.
async fn row_of(
    conn: &mut AnyConnection,
    environment: &Environment,
    found: &Found,
    was: Option<&Seen>,
    now: Timestamp,
) -> Result<Seen> {
    let expected = found.history.as_ref().map(|history| history.expected.release);
    let expected_at = found.history.as_ref().map(|history| history.at);
    // What was compared belongs to the release that it was compared with.
    let same = was.filter(|was| was.expected == expected);
    let mut new = match &found.look {
        Ok(look) => {
            let release = match look.link.as_deref().and_then(other_release) {
                Some(tree) if found.history.as_ref().is_some_and(|known| known.expected.tree == tree) => expected,
                Some(other) => of_environment(conn, environment, other).await?,
                None => None,
            };
            let kept = look.files.is_none().then_some(same).flatten();
            Seen {
                state: look.state,
                code: look.code.map(str::to_owned),
                detail: look.detail.clone(),
                link: look.link.clone(),
                release,
                expected,
                expected_at,
                since: now,
                checked_at: now,
                files_at: if look.compared { Some(now) } else { same.and_then(|was| was.files_at) },
                files_mark: match (&look.files, kept) {
                    (Some(files), _) => Some(files.mark.clone()),
                    (None, kept) => kept.and_then(|was| was.files_mark.clone()),
                },
                files_detail: match (&look.files, kept) {
                    (Some(files), _) => files.detail.clone(),
                    (None, kept) => kept.and_then(|was| was.files_detail.clone()),
                },
            }
        }
        // What was last read there is still the best that is known.
        Err((code, why)) => Seen {
            state: LiveState::Unreachable,
            code: Some(code.clone()),
            detail: Some(why.clone()),
            link: was.and_then(|was| was.link.clone()),
            release: same.and_then(|was| was.release),
            expected,
            expected_at,
            since: now,
            checked_at: now,
            files_at: same.and_then(|was| was.files_at),
            files_mark: same.and_then(|was| was.files_mark.clone()),
            files_detail: same.and_then(|was| was.files_detail.clone()),
        },
    };
    if let Some(was) = was.filter(|was| was.state == new.state && was.code == new.code && was.release == new.release) {
        new.since = was.since;
    }
    Ok(new)
}

/// A release that a link names, where it is one of the environment's.
async fn of_environment(
    conn: &mut AnyConnection,
    environment: &Environment,
    id: ReleaseId,
) -> Result<Option<ReleaseId>> {
    let found: Option<i64> = sqlx::query_scalar("SELECT id FROM releases WHERE id = $1 AND environment_id = $2")
        .bind(id.0)
        .bind(environment.id.0)
        .fetch_optional(conn)
        .await?;
    Ok(found.map(ReleaseId))
}
