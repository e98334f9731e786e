//! The events, as the feed's tail reads them.

use launchway_domain::{Event, ProjectId, ReleaseId, Timestamp, Topic, Visible};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::Store;
use super::error::{Result, StoreError};

/// The number of the last event.
pub(super) async fn head(conn: &mut AnyConnection) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT seq FROM feed_head WHERE id = 1").fetch_one(conn).await?)
}

impl Store {
    /// The number of the last event that was committed; 0 before the first.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn head(&self) -> Result<i64> {
        head(&mut *self.pool().acquire().await?).await
    }

    /// The number of the first event that is kept (or will be, where there is none yet). A client that
    /// has seen less than the one before it must start over.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn oldest(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT trimmed + 1 FROM feed_head WHERE id = 1").fetch_one(self.pool()).await?)
    }

    /// Up to `limit` events after `seq` that belong to any of the topics and to what somebody sees, in order, each with the first
    /// of the topics that fits; and the number up to which they were looked for: the next call begins
    /// there. It moves on even where nothing matched.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn events_after(
        &self,
        seq: i64,
        topics: &[Topic],
        visible: &Visible,
        limit: u32,
    ) -> Result<(Vec<Event>, i64)> {
        // Read first: whoever sees this number sees every event up to it.
        let head = self.head().await?;
        if seq >= head || topics.is_empty() || limit == 0 {
            return Ok((Vec::new(), if limit == 0 { seq } else { seq.max(head) }));
        }
        // Nothing but numbers of ours goes into the text.
        let seen = super::list::seen_by(visible, "project_id").map_or_else(String::new, |c| format!(" AND {c}"));
        let sql = format!(
            "SELECT seq, release_id, project_id, is_public, at, body FROM events \
             WHERE seq > $1 AND seq <= $2 AND ({}){seen} ORDER BY seq LIMIT $3",
            any_of(topics)
        );
        let found = sqlx::query(AssertSqlSafe(sql))
            .bind(seq)
            .bind(head)
            .bind(i64::from(limit))
            // A text per combination of topics: not worth a place among the prepared ones.
            .persistent(false)
            .fetch_all(self.pool())
            .await?;
        let mut events = Vec::with_capacity(found.len());
        for row in &found {
            let release = ReleaseId(row.try_get("release_id")?);
            let project = ProjectId(row.try_get("project_id")?);
            let public = super::rows::flag(row, "is_public")?;
            let body: &str = row.try_get("body")?;
            let number: i64 = row.try_get("seq")?;
            let topic = topics
                .iter()
                .find(|topic| match topic {
                    Topic::Release(id) => *id == release && release != ReleaseId(0),
                    Topic::Project(id) => public && *id == project,
                    Topic::Wall => public,
                })
                .ok_or_else(|| StoreError::Corrupt(format!("event {number} fits no topic")))?;
            events.push(Event {
                seq: Some(number),
                topic: topic.to_string(),
                at: Timestamp(row.try_get("at")?),
                data: serde_json::from_str(body)
                    .map_err(|error| StoreError::Corrupt(format!("event {number}: {error}")))?,
            });
        }
        let reached =
            if events.len() < limit as usize { head } else { events.last().and_then(|e| e.seq).unwrap_or(head) };
        Ok((events, reached))
    }

    /// Forgets the events from before `before`; how many there were. Clients that were away for longer
    /// start over from a snapshot.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn events_trim(&self, before: Timestamp) -> Result<u64> {
        let mut w = self.write().await?;
        let last: Option<i64> = sqlx::query_scalar("SELECT seq FROM events WHERE at < $1 ORDER BY seq DESC LIMIT 1")
            .bind(before.0)
            .fetch_optional(w.conn())
            .await?;
        let Some(last) = last else { return Ok(0) };
        // First the mark, then the rows: who reads the mark afterwards is never told of rows that go.
        sqlx::query("UPDATE feed_head SET trimmed = $1 WHERE id = 1 AND trimmed < $1")
            .bind(last)
            .execute(w.conn())
            .await?;
        let gone =
            sqlx::query("DELETE FROM events WHERE seq <= $1").bind(last).execute(w.conn()).await?.rows_affected();
        w.commit().await?;
        Ok(gone)
    }
}

/// The condition that an event belongs to any of the topics.
fn any_of(topics: &[Topic]) -> String {
    let list = |ids: Vec<i64>| ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    // What is about no release stands there under 0.
    let releases: Vec<i64> = topics
        .iter()
        .filter_map(|topic| if let Topic::Release(id) = topic { Some(id.0).filter(|id| *id != 0) } else { None })
        .collect();
    let projects: Vec<i64> =
        topics.iter().filter_map(|topic| if let Topic::Project(id) = topic { Some(id.0) } else { None }).collect();
    let mut any = Vec::new();
    if topics.contains(&Topic::Wall) {
        any.push("is_public = 1".to_owned());
    } else if !projects.is_empty() {
        any.push(format!("(is_public = 1 AND project_id IN ({}))", list(projects)));
    }
    if !releases.is_empty() {
        any.push(format!("release_id IN ({})", list(releases)));
    }
    if any.is_empty() { "1 = 0".to_owned() } else { any.join(" OR ") }
}
