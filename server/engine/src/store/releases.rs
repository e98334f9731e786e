//! Releases as people see them: made, listed, read.

use launchway_domain::{
    EnvironmentId, EventData, GitRef, HookPoint, HookTemplateForm, Hooks, Page, ProjectId, Release, ReleaseFilter,
    ReleaseId, ReleaseKind, ReleaseSnapshot, Timestamp, UserId, Visible,
};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::audit::Draft;
use super::error::{Result, StoreError, in_terms_of};
use super::rows::select_release;
use super::tx::Write;
use super::{Start, Store, events, nodes, rows, templates, transitions};

/// Releases on a page, at most.
const MAX_PAGE: u32 = 200;

/// Releases on a page where nothing else is asked for.
const PAGE: u32 = 50;

/// A release before it is written down: the ref is resolved.
#[derive(Clone, Debug)]
pub struct NewRelease {
    /// Built, or a rollback.
    pub kind: ReleaseKind,
    /// Whose.
    pub project_id: ProjectId,
    /// Where to; an environment of that project.
    pub environment_id: EnvironmentId,
    /// What was asked for.
    pub git_ref: GitRef,
    /// What that resolved to.
    pub commit: String,
    /// Its scripts.
    pub hooks: Hooks,
    /// A word about it.
    pub note: Option<String>,
    /// Who makes it.
    pub created_by: Option<UserId>,
    /// Their name, kept where they go.
    pub created_by_name: String,
    /// Of a rollback: the release to return to.
    pub rollback_of: Option<ReleaseId>,
    /// The release of another environment whose tree it takes over.
    pub promoted_from: Option<ReleaseId>,
    /// Why a rule of the environment's policy was broken for it.
    pub exception: Option<String>,
}

/// The event that tells a release's status.
pub(super) fn status_event(release: &Release) -> EventData {
    EventData::ReleaseStatus {
        release_id: release.id,
        project_id: release.project_id,
        environment_id: release.environment_id,
        status: release.status,
        cancel_requested: release.cancel_requested,
        error: release.error.clone(),
        start_at: release.start_at,
        hold: release.hold.clone(),
        exception: release.exception.clone(),
    }
}

impl Store {
    /// Writes a release down, `pending`.
    ///
    /// # Errors
    /// [`StoreError::Missing`] for `environment_id` where it is not one of the project, for `project_id`
    /// where something else that is named is gone.
    pub async fn release_create(&self, new: &NewRelease) -> Result<Release> {
        self.release_create_with(new, &[], None).await
    }

    /// The same, keeps hooks of it as templates, and puts it into the queue where it is settled how it starts: all or
    /// nothing.
    ///
    /// # Errors
    /// Those of [`Store::release_create`]; [`StoreError::Taken`] for `save_as.<point>`.
    pub async fn release_create_with(
        &self,
        new: &NewRelease,
        templates: &[(HookPoint, HookTemplateForm)],
        settled: Option<&Start>,
    ) -> Result<Release> {
        let mut w = self.write().await?;
        for (point, form) in templates {
            let id = templates::insert(w.conn(), form).await.map_err(|error| match error {
                StoreError::Taken { .. } => StoreError::Taken { field: format!("save_as.{}", point.as_str()) },
                error => error,
            })?;
            let template = templates::get(w.conn(), id).await?;
            w.audit_made(&template)?;
        }
        let mut release = insert(&mut w, new).await?;
        if let Some(settled) = settled {
            release = transitions::start(&mut w, release.id, settled).await?;
        }
        w.commit().await?;
        Ok(release)
    }

    /// One release.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn release(&self, id: ReleaseId) -> Result<Release> {
        get(&mut *self.pool().acquire().await?, id).await
    }

    /// A release, its nodes, and the last event that both include: all as of one commit.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn release_snapshot(&self, id: ReleaseId) -> Result<ReleaseSnapshot> {
        let mut tx = self.read().await?;
        let release = get(&mut tx, id).await?;
        let nodes = nodes::all(&mut tx, id).await?;
        let seq = events::head(&mut tx).await?;
        Ok(ReleaseSnapshot { release, nodes, seq })
    }

    /// Of a rollback: the release to return to.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn release_rollback_of(&self, id: ReleaseId) -> Result<Option<ReleaseId>> {
        let of: Option<i64> = sqlx::query_scalar("SELECT rollback_of FROM releases WHERE id = $1")
            .bind(id.0)
            .fetch_one(self.pool())
            .await?;
        Ok(of.map(ReleaseId))
    }

    /// A page of the releases that somebody sees, newest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a cursor that no page gave out.
    pub async fn releases(&self, filter: &ReleaseFilter, visible: &Visible) -> Result<Page<Release>> {
        let before = match &filter.cursor {
            None => i64::MAX,
            Some(cursor) => cursor.parse().map_err(|_| StoreError::NotFound)?,
        };
        let limit = filter.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE) as usize;
        let seen = super::list::seen_by(visible, "r.project_id").map_or_else(String::new, |c| format!(" AND {c}"));
        let sql = format!(
            "{}{seen} ORDER BY r.id DESC LIMIT $5",
            select_release!(
                "WHERE r.id < $1 AND ($2 IS NULL OR r.project_id = $2) AND ($3 IS NULL OR r.environment_id = $3) \
                 AND ($4 IS NULL OR r.status = $4)"
            )
        );
        let found = sqlx::query(AssertSqlSafe(sql))
            .bind(before)
            .bind(filter.project_id.map(|id| id.0))
            .bind(filter.environment_id.map(|id| id.0))
            .bind(filter.status.map(|status| status.as_str().to_owned()))
            .bind(limit as i64 + 1)
            .fetch_all(self.pool())
            .await?;
        let mut items = found.iter().map(rows::release).collect::<Result<Vec<_>>>()?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| last.id.to_string());
        Ok(Page { items, next })
    }

    /// The release that was live in an environment last; with `before`, the one that was live when that
    /// one ended (or is now, where it has not ended). A release is never its own predecessor.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn latest_succeeded(
        &self,
        environment: EnvironmentId,
        before: Option<ReleaseId>,
    ) -> Result<Option<Release>> {
        let row = sqlx::query(select_release!(
            "WHERE r.environment_id = $1 AND r.status = 'succeeded' AND r.id <> $2 \
             AND (r.finished_at, r.id) < (COALESCE((SELECT b.finished_at FROM releases b WHERE b.id = $2), $3), $2) \
             ORDER BY r.finished_at DESC, r.id DESC LIMIT 1"
        ))
        .bind(environment.0)
        .bind(before.map_or(0, |id| id.0))
        .bind(i64::MAX)
        .fetch_optional(self.pool())
        .await?;
        row.as_ref().map(rows::release).transpose()
    }
}

/// Writes a release down within a transaction, with its event.
pub(super) async fn insert(w: &mut Write, new: &NewRelease) -> Result<Release> {
    let project: Option<i64> = sqlx::query_scalar("SELECT project_id FROM environments WHERE id = $1")
        .bind(new.environment_id.0)
        .fetch_optional(w.conn())
        .await?;
    if project != Some(new.project_id.0) {
        return Err(StoreError::Missing { field: "environment_id".to_owned() });
    }
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO releases (kind, project_id, environment_id, ref_kind, ref_name, commit_hash, hooks, note, \
         rollback_of, status, created_by, created_by_name, created_at, promoted_from, exception) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', $10, $11, $12, $13, $14) RETURNING id",
    )
    .bind(new.kind.as_str())
    .bind(new.project_id.0)
    .bind(new.environment_id.0)
    .bind(new.git_ref.kind.as_str())
    .bind(new.git_ref.name.as_str())
    .bind(new.commit.as_str())
    .bind(serde_json::to_string(&new.hooks)?)
    .bind(new.note.clone())
    .bind(new.rollback_of.map(|id| id.0))
    .bind(new.created_by.map(|id| id.0))
    .bind(new.created_by_name.as_str())
    .bind(Timestamp::now().0)
    .bind(new.promoted_from.map(|id| id.0))
    .bind(new.exception.clone())
    .fetch_one(w.conn())
    .await
    .map_err(in_terms_of("id", "project_id"))?;
    let release = get(w.conn(), ReleaseId(id)).await?;
    match release.kind {
        ReleaseKind::Release => w.audit_made(&release)?,
        ReleaseKind::Rollback => w.audit(Draft::of("rollback", &release).after(&release)?),
    }
    w.event(release.project_id, status_event(&release));
    Ok(release)
}

/// One release, through a connection that may be in a transaction.
pub(super) async fn get(conn: &mut AnyConnection, id: ReleaseId) -> Result<Release> {
    let row = sqlx::query(select_release!("WHERE r.id = $1")).bind(id.0).fetch_one(conn).await?;
    rows::release(&row)
}
