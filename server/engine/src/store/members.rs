//! Who has a role in which project.

use launchway_domain::{Member, Membership, ProjectId, Role, Timestamp, UserId};
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::audit::Draft;
use super::error::{Result, StoreError, in_terms_of};
use super::people::{STATE, state};
use super::{Store, rows};

impl Store {
    /// What somebody is trusted with in projects.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn memberships(&self, id: UserId) -> Result<Vec<Membership>> {
        let found = sqlx::query("SELECT project_id, role FROM memberships WHERE user_id = $1 ORDER BY project_id")
            .bind(id.0)
            .fetch_all(self.pool())
            .await?;
        found.iter().map(membership).collect()
    }

    /// Who has a role in a project, by name.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn members(&self, project: ProjectId) -> Result<Vec<Member>> {
        let sql = member_sql("ORDER BY LOWER(u.name), u.id");
        let found = sqlx::query(AssertSqlSafe(sql)).bind(project.0).fetch_all(self.pool()).await?;
        found.iter().map(member).collect()
    }

    /// Gives somebody a role in a project, or another one where they had one.
    ///
    /// # Errors
    /// [`StoreError::Missing`] for `user_id` where the user or the project is gone.
    pub async fn member_set(&self, user: UserId, project: ProjectId, role: Role) -> Result<Member> {
        let mut w = self.write().await?;
        w.hold("users", user.0).await?;
        let before = one(w.conn(), user, project).await?;
        put(&mut w, user, Membership { project_id: project, role }).await?;
        let member = one(w.conn(), user, project).await?.ok_or(StoreError::NotFound)?;
        let draft = Draft::new(if before.is_some() { "member.update" } else { "member.create" }, "member", None, "");
        let draft = draft.about(user, &member.name, project).after(&Kept { role })?;
        w.audit(match before {
            Some(Member { role, .. }) => draft.before(&Kept { role })?,
            None => draft,
        });
        w.commit().await?;
        Ok(member)
    }

    /// Takes somebody's role in a project.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where they had none.
    pub async fn member_remove(&self, user: UserId, project: ProjectId) -> Result<()> {
        let mut w = self.write().await?;
        w.hold("users", user.0).await?;
        let member = one(w.conn(), user, project).await?.ok_or(StoreError::NotFound)?;
        sqlx::query("DELETE FROM memberships WHERE user_id = $1 AND project_id = $2")
            .bind(user.0)
            .bind(project.0)
            .execute(w.conn())
            .await?;
        let draft = Draft::new("member.delete", "member", None, "").about(user, &member.name, project);
        w.audit(draft.before(&Kept { role: member.role })?);
        w.commit().await
    }
}

/// A membership as the audit knows it.
#[derive(Serialize)]
struct Kept {
    role: Role,
}

/// Writes a membership, or another role into one that is there.
pub(super) async fn put(w: &mut super::tx::Write, user: UserId, membership: Membership) -> Result<()> {
    sqlx::query(
        "INSERT INTO memberships (user_id, project_id, role, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (user_id, project_id) DO UPDATE SET role = excluded.role",
    )
    .bind(user.0)
    .bind(membership.project_id.0)
    .bind(membership.role.as_str())
    .bind(Timestamp::now().0)
    .execute(w.conn())
    .await
    .map_err(in_terms_of("user_id", "user_id"))?;
    Ok(())
}

/// Members of the project `$1`.
fn member_sql(rest: &str) -> String {
    format!(
        "SELECT u.id, u.name, u.role AS role_everywhere, m.role, {STATE} AS state \
         FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.project_id = $1 {rest}"
    )
}

async fn one(conn: &mut AnyConnection, user: UserId, project: ProjectId) -> Result<Option<Member>> {
    let sql = member_sql("AND m.user_id = $2");
    let row = sqlx::query(AssertSqlSafe(sql)).bind(project.0).bind(user.0).fetch_optional(conn).await?;
    row.as_ref().map(member).transpose()
}

fn member(row: &AnyRow) -> Result<Member> {
    Ok(Member {
        user_id: UserId(row.try_get("id")?),
        name: row.try_get("name")?,
        role: rows::word(row, "role", Role::parse)?,
        role_everywhere: rows::word(row, "role_everywhere", Role::parse)?,
        state: state(row)?,
    })
}

pub(super) fn membership(row: &AnyRow) -> Result<Membership> {
    let role = rows::word(row, "role", Role::parse)?;
    Ok(Membership { project_id: ProjectId(row.try_get("project_id")?), role })
}
