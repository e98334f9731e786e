//! What people do to a release: start, retry, cancel. Each is one guarded UPDATE, so that of two at
//! once one wins and the other learns the status that it met.

use launchway_domain::{Release, ReleaseId, ReleaseStatus, Text, Timestamp, UserId, text};
use serde::Serialize;
use sqlx::{AnyConnection, Row};

use super::audit::Draft;
use super::error::{Result, StoreError};
use super::tx::Write;
use super::{NewRelease, Store, releases, rows};

/// What is settled about a release when it is put into the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// Why it starts although a rule of the policy says no. None leaves what was said before.
    pub exception: Option<String>,
    /// When it is to start; none as soon as it can.
    pub start_at: Option<Timestamp>,
}

impl Store {
    /// Puts a pending release into the queue of its environment.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::State`] where it is not pending.
    pub async fn release_start(&self, id: ReleaseId) -> Result<Release> {
        self.release_start_with(id, &Start::default()).await
    }

    /// The same, with what was settled about it.
    ///
    /// # Errors
    /// Those of [`Store::release_start`].
    pub async fn release_start_with(&self, id: ReleaseId, settled: &Start) -> Result<Release> {
        let mut w = self.write().await?;
        let release = start(&mut w, id, settled).await?;
        w.commit().await?;
        Ok(release)
    }

    /// Writes a release down and puts it into the queue: both or neither.
    ///
    /// # Errors
    /// Those of [`Store::release_create`].
    pub async fn release_create_started(&self, new: &NewRelease, settled: &Start) -> Result<Release> {
        self.release_create_with(new, &[], Some(settled)).await
    }

    /// Cancels a release that does not run yet, with its nodes; asks a running one to stop.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::State`] where it has ended, or was asked before.
    pub async fn release_cancel(&self, id: ReleaseId) -> Result<Release> {
        let mut w = self.write().await?;
        let before = status(&mut w, id).await?;
        if let Some(release) = end_early(&mut w, id, before, None).await? {
            w.commit().await?;
            return Ok(release);
        }
        let asked = sqlx::query(
            "UPDATE releases SET cancel_requested = 1 WHERE id = $1 AND status = 'running' AND cancel_requested = 0",
        )
        .bind(id.0)
        .execute(w.conn())
        .await?;
        if asked.rows_affected() == 0 {
            return Err(refused(w.conn(), id).await);
        }
        let release = releases::get(w.conn(), id).await?;
        moved(&mut w, "cancel", before, &release)?;
        let release = tell(&mut w, release);
        w.commit().await?;
        Ok(release)
    }
}

/// Ends a release that nothing has been done for yet, within a transaction; none where it is under way or has ended.
async fn end_early(w: &mut Write, id: ReleaseId, before: ReleaseStatus, why: Option<&Text>) -> Result<Option<Release>> {
    let now = Timestamp::now();
    let ended = sqlx::query(
        "UPDATE releases SET status = 'canceled', finished_at = $2, error = $3 \
         WHERE id = $1 AND status IN ('pending', 'awaiting_approval', 'queued')",
    )
    .bind(id.0)
    .bind(now.0)
    .bind(why.map(serde_json::to_string).transpose()?)
    .execute(w.conn())
    .await?;
    if ended.rows_affected() == 0 {
        return Ok(None);
    }
    let release = releases::get(w.conn(), id).await?;
    super::nodes::close(w, &release, now).await?;
    moved(w, "cancel", before, &release)?;
    let release = tell(w, release);
    super::locks::end_with(w, &release).await?;
    Ok(Some(release))
}

/// Takes what somebody made out of the queue, within the transaction that shuts them out: what waits for its time would
/// begin when nobody looks after it any more. Whoever wants it retries it.
pub(super) async fn end_queued_of(w: &mut Write, user: UserId, name: &str) -> Result<()> {
    let rows = sqlx::query("SELECT id FROM releases WHERE created_by = $1 AND status = 'queued' ORDER BY id")
        .bind(user.0)
        .fetch_all(w.conn())
        .await?;
    let why = text!(
        "{name}, who made it, was deactivated before it began. Retry it where it is still wanted.",
        "创建者 {name} 在其开始之前已被停用。如仍需发布，请重试。"
    );
    for row in rows {
        let id = ReleaseId(row.try_get("id")?);
        let before = status(w, id).await?;
        end_early(w, id, before, Some(&why)).await?;
    }
    Ok(())
}

/// The status that a release has before somebody changes it; nobody else does until the transaction ends.
pub(super) async fn status(w: &mut Write, id: ReleaseId) -> Result<ReleaseStatus> {
    w.hold("releases", id.0).await?;
    let row = sqlx::query("SELECT status FROM releases WHERE id = $1").bind(id.0).fetch_one(w.conn()).await?;
    rows::status(&row)
}

/// Writes into the audit what somebody did to a release.
pub(super) fn moved(w: &mut Write, verb: &str, before: ReleaseStatus, release: &Release) -> Result<()> {
    #[derive(Serialize)]
    struct State<'a> {
        status: ReleaseStatus,
        cancel_requested: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        exception: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        start_at: Option<Timestamp>,
    }
    let (exception, start_at) = (release.exception.as_deref(), release.start_at);
    let after = State { status: release.status, cancel_requested: release.cancel_requested, exception, start_at };
    let before = State { status: before, cancel_requested: false, exception: None, start_at: None };
    let draft = Draft::of(verb, release).before(&before)?.after(&after)?;
    w.audit(draft);
    Ok(())
}

/// Puts a pending release into the queue, within a transaction.
pub(super) async fn start(w: &mut Write, id: ReleaseId, settled: &Start) -> Result<Release> {
    let won = sqlx::query(
        "UPDATE releases SET status = 'queued', queued_at = $2, exception = COALESCE($3, exception), start_at = $4 \
         WHERE id = $1 AND status = 'pending'",
    )
    .bind(id.0)
    .bind(Timestamp::now().0)
    .bind(settled.exception.clone())
    .bind(settled.start_at.map(|at| at.0))
    .execute(w.conn())
    .await?;
    if won.rows_affected() == 0 {
        return Err(refused(w.conn(), id).await);
    }
    let release = releases::get(w.conn(), id).await?;
    moved(w, "start", ReleaseStatus::Pending, &release)?;
    Ok(tell(w, release))
}

/// Writes down that the time of a queued release was changed.
pub(super) fn scheduled(w: &mut Write, before: &Release, after: &Release) -> Result<()> {
    #[derive(Serialize)]
    struct State {
        start_at: Option<Timestamp>,
    }
    let state = |release: &Release| State { start_at: release.start_at };
    w.audit(Draft::of("schedule", after).before(&state(before))?.after(&state(after))?);
    Ok(())
}

/// Tells the release's new status; the release.
pub(super) fn tell(w: &mut Write, release: Release) -> Release {
    w.event(release.project_id, releases::status_event(&release));
    w.ring_queue();
    release
}

/// Why a guarded UPDATE met no row.
pub(super) async fn refused(conn: &mut AnyConnection, id: ReleaseId) -> StoreError {
    let row = sqlx::query("SELECT status FROM releases WHERE id = $1").bind(id.0).fetch_one(conn).await;
    match row.map_err(StoreError::from).and_then(|row| rows::status(&row)) {
        Ok(status) => StoreError::State(status),
        Err(error) => error,
    }
}
