//! What the hooks of an environment are given.

use launchway_domain::variable::{MAX_VALUES, MAX_VARIABLES};
use launchway_domain::{EnvironmentId, ProjectId, Timestamp, Variable};
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::Store;
use super::audit::Draft;
use super::error::{Result, StoreError};

/// A value as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// For everybody to see.
    Plain(String),
    /// Sealed for its environment and name.
    Sealed {
        /// As the vault made it.
        sealed: Vec<u8>,
        /// The length of what is sealed, in bytes.
        bytes: usize,
    },
}

/// What the audit knows of a variable: never its value.
#[derive(Serialize)]
struct Known {
    environment_id: EnvironmentId,
    kind: &'static str,
}

impl Known {
    fn of(environment: EnvironmentId, variable: &Variable) -> Self {
        let kind = if variable.secret { "sealed" } else { "plain" };
        Self { environment_id: environment, kind }
    }
}

impl Store {
    /// An environment's variables, by name; secret ones without their values.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn variables(&self, environment: EnvironmentId) -> Result<Vec<Variable>> {
        let found = sqlx::query(
            "SELECT name, value, updated_at, updated_by_name FROM variables WHERE environment_id = $1 ORDER BY name",
        )
        .bind(environment.0)
        .fetch_all(self.pool())
        .await?;
        found.iter().map(variable).collect()
    }

    /// The same with every value as it is kept, for those who run hooks.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn variables_kept(&self, environment: EnvironmentId) -> Result<Vec<(String, Kept)>> {
        let found =
            sqlx::query("SELECT name, value, sealed, bytes FROM variables WHERE environment_id = $1 ORDER BY name")
                .bind(environment.0)
                .fetch_all(self.pool())
                .await?;
        found
            .iter()
            .map(|row| {
                let kept = match row.try_get::<Option<String>, _>("value")? {
                    Some(value) => Kept::Plain(value),
                    None => Kept::Sealed {
                        sealed: row.try_get("sealed")?,
                        bytes: usize::try_from(row.try_get::<i64, _>("bytes")?).unwrap_or_default(),
                    },
                };
                Ok((row.try_get("name")?, kept))
            })
            .collect()
    }

    /// Gives a variable a value, or another one where it had one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the environment, [`StoreError::Full`] where there are too many, or too much in them.
    pub async fn variable_set(&self, environment: EnvironmentId, name: &str, kept: &Kept) -> Result<Variable> {
        let mut w = self.write().await?;
        w.hold("environments", environment.0).await?;
        let project = project(w.conn(), environment).await?;
        let before = one(w.conn(), environment, name).await?;
        let others = sqlx::query(
            "SELECT COUNT(*) AS count, CAST(COALESCE(SUM(bytes), 0) AS BIGINT) AS bytes FROM variables \
             WHERE environment_id = $1 AND name <> $2",
        )
        .bind(environment.0)
        .bind(name)
        .fetch_one(w.conn())
        .await?;
        let (value, sealed, bytes) = match kept {
            Kept::Plain(value) => (Some(value.clone()), None, value.len()),
            Kept::Sealed { sealed, bytes } => (None, Some(sealed.clone()), *bytes),
        };
        let (count, held): (i64, i64) = (others.try_get("count")?, others.try_get("bytes")?);
        if count >= MAX_VARIABLES as i64 || held + bytes as i64 > MAX_VALUES as i64 {
            return Err(StoreError::Full);
        }
        let by = self.by.name.clone();
        sqlx::query(
            "INSERT INTO variables (environment_id, name, value, sealed, bytes, updated_at, updated_by_name) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (environment_id, name) DO UPDATE SET \
             value = excluded.value, sealed = excluded.sealed, bytes = excluded.bytes, \
             updated_at = excluded.updated_at, updated_by_name = excluded.updated_by_name",
        )
        .bind(environment.0)
        .bind(name)
        .bind(value)
        .bind(sealed)
        .bind(bytes as i64)
        .bind(Timestamp::now().0)
        .bind(by)
        .execute(w.conn())
        .await?;
        let after = one(w.conn(), environment, name).await?.ok_or(StoreError::NotFound)?;
        let what = if before.is_some() { "variable.update" } else { "variable.create" };
        let draft = Draft::new(what, "variable", None, name).of_project(project);
        let draft = draft.after(&Known::of(environment, &after))?;
        w.audit(match &before {
            Some(before) => draft.before(&Known::of(environment, before))?,
            None => draft,
        });
        w.commit().await?;
        Ok(after)
    }

    /// Takes a variable away.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none of that name.
    pub async fn variable_remove(&self, environment: EnvironmentId, name: &str) -> Result<()> {
        let mut w = self.write().await?;
        w.hold("environments", environment.0).await?;
        let project = project(w.conn(), environment).await?;
        let before = one(w.conn(), environment, name).await?.ok_or(StoreError::NotFound)?;
        sqlx::query("DELETE FROM variables WHERE environment_id = $1 AND name = $2")
            .bind(environment.0)
            .bind(name)
            .execute(w.conn())
            .await?;
        let draft = Draft::new("variable.delete", "variable", None, name).of_project(project);
        w.audit(draft.before(&Known::of(environment, &before))?);
        w.commit().await
    }
}

/// Whose an environment is.
async fn project(conn: &mut AnyConnection, environment: EnvironmentId) -> Result<ProjectId> {
    let found: Option<i64> = sqlx::query_scalar("SELECT project_id FROM environments WHERE id = $1")
        .bind(environment.0)
        .fetch_optional(conn)
        .await?;
    found.map(ProjectId).ok_or(StoreError::NotFound)
}

async fn one(conn: &mut AnyConnection, environment: EnvironmentId, name: &str) -> Result<Option<Variable>> {
    let row = sqlx::query(
        "SELECT name, value, updated_at, updated_by_name FROM variables WHERE environment_id = $1 AND name = $2",
    )
    .bind(environment.0)
    .bind(name)
    .fetch_optional(conn)
    .await?;
    row.as_ref().map(variable).transpose()
}

fn variable(row: &AnyRow) -> Result<Variable> {
    let value: Option<String> = row.try_get("value")?;
    Ok(Variable {
        name: row.try_get("name")?,
        secret: value.is_none(),
        value,
        updated_at: Timestamp(row.try_get("updated_at")?),
        updated_by_name: row.try_get("updated_by_name")?,
    })
}
