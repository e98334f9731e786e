//! Single commands that people run on servers, and what else they do there besides releasing: each is audited when it
//! begins.

use launchway_domain::{
    CommandForm, CommandId, CommandRun, CommandStatus, Environment, EnvironmentId, OutputGroup, Page, ProjectId,
    Server, ServerId, Text, Timestamp, Unfinished, UserId, command,
};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::audit::Draft;
use super::error::{Result, StoreError};
use super::{Store, rows};

/// What came of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandResult {
    /// Exit status and output, grouped.
    pub groups: Vec<OutputGroup>,
    /// Where it did not come to its own end.
    pub unfinished: Vec<Unfinished>,
}

/// The columns of [`read`].
macro_rules! select_command {
    ($rest:literal) => {
        concat!(
            "SELECT id, project_id, environment_id, command, timeout_s, servers, status, result, created_by_name, \
             started_at, finished_at, lease_until FROM commands ",
            $rest
        )
    };
}

fn read(row: &AnyRow, now: i64) -> Result<CommandRun> {
    let status = rows::word(row, "status", CommandStatus::parse)?;
    let is_held = row.try_get::<i64, _>("lease_until")? > now;
    let result: Option<CommandResult> = rows::json_option(row, "result")?;
    let summary = result.as_ref().map(|result| command::summary(&result.groups, &result.unfinished));
    let CommandResult { groups, unfinished } = result.unwrap_or_default();
    Ok(CommandRun {
        id: CommandId(row.try_get("id")?),
        environment_id: EnvironmentId(row.try_get("environment_id")?),
        project_id: ProjectId(row.try_get("project_id")?),
        command: row.try_get("command")?,
        server_ids: rows::json(row, "servers")?,
        timeout_s: rows::number(row, "timeout_s")?,
        // Whoever looked after it has not been heard of for long.
        status: if status == CommandStatus::Running && !is_held { CommandStatus::Lost } else { status },
        created_by_name: row.try_get("created_by_name")?,
        started_at: rows::time(row, "started_at")?,
        finished_at: rows::time_option(row, "finished_at")?,
        summary,
        groups,
        unfinished,
    })
}

async fn get(conn: &mut AnyConnection, id: CommandId, now: i64) -> Result<CommandRun> {
    let row = sqlx::query(select_command!("WHERE id = $1")).bind(id.0).fetch_one(conn).await?;
    read(&row, now)
}

/// The commands that nobody looks after, and their servers.
async fn unattended(
    conn: &mut AnyConnection,
    now: i64,
    instance: Option<&str>,
) -> Result<Vec<(CommandId, Vec<ServerId>)>> {
    let found = sqlx::query(
        "SELECT id, servers FROM commands WHERE status = 'running' AND (lease_until <= $1 OR instance = $2) ORDER BY id",
    )
    .bind(now)
    .bind(instance)
    .fetch_all(conn)
    .await?;
    found.iter().map(|row| Ok((CommandId(row.try_get("id")?), rows::json(row, "servers")?))).collect()
}

fn not_known() -> Text {
    Text::new(
        "Launchway ended while the command ran: what came of it here is not known. Look at the server.",
        "命令运行期间 Launchway 已退出，此处的结果未知，请到服务器上查看。",
    )
}

/// What the audit keeps of it.
#[derive(Serialize)]
struct On<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    servers: Vec<&'a str>,
}

fn names(servers: &[Server]) -> Vec<&str> {
    servers.iter().map(|server| server.hostname.as_str()).collect()
}

impl Store {
    /// Writes down that somebody begins a command, `running` for as long as the lease is held: by which instance, and for how
    /// many milliseconds.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where the environment is gone.
    pub async fn command_create(
        &self,
        environment: &Environment,
        form: &CommandForm,
        servers: &[Server],
        who: (Option<UserId>, &str),
        (instance, ttl_ms): (Option<&str>, i64),
    ) -> Result<CommandRun> {
        let ids: Vec<ServerId> = servers.iter().map(|server| server.id).collect();
        let mut w = self.write().await?;
        let now = w.lease_clock().await?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO commands (project_id, environment_id, command, timeout_s, servers, status, created_by, \
             created_by_name, started_at, lease_until, instance) \
             VALUES ($1, $2, $3, $4, $5, 'running', $6, $7, $8, $9, $10) RETURNING id",
        )
        .bind(environment.project_id.0)
        .bind(environment.id.0)
        .bind(form.command.as_str())
        .bind(i64::from(form.seconds()))
        .bind(serde_json::to_string(&ids)?)
        .bind(who.0.map(|id| id.0))
        .bind(who.1)
        .bind(Timestamp::now().0)
        .bind(now.saturating_add(ttl_ms))
        .bind(instance)
        .fetch_one(w.conn())
        .await
        .map_err(super::error::in_terms_of("environment_id", "environment_id"))?;
        let on = On { command: Some(&form.command), path: None, servers: names(servers) };
        w.audit(Draft::of("run_command", environment).after(&on)?);
        let run = get(w.conn(), CommandId(id), now).await?;
        w.commit().await?;
        Ok(run)
    }

    /// Holds the lease of a running command; whether somebody asked it to stop.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it is gone, or has ended.
    pub async fn command_renew(&self, id: CommandId, ttl_ms: i64) -> Result<bool> {
        let mut w = self.write().await?;
        let now = w.lease_clock().await?;
        let row = sqlx::query(
            "UPDATE commands SET lease_until = $2 WHERE id = $1 AND status = 'running' RETURNING cancel_requested",
        )
        .bind(id.0)
        .bind(now.saturating_add(ttl_ms))
        .fetch_one(w.conn())
        .await?;
        let canceled = rows::flag(&row, "cancel_requested")?;
        w.commit().await?;
        Ok(canceled)
    }

    /// Settles the commands that nobody looks after any more: they are `lost`, and what came of them is not known on any of
    /// their servers. Those whose lease ran out, and all of `instance`, where it is known that none of them can run.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn commands_lose(&self, instance: Option<&str>) -> Result<usize> {
        {
            // Nearly always there is none: found out without keeping the writers waiting.
            let conn = &mut *self.pool().acquire().await?;
            let now = self.inner.dialect.lease_clock(conn).await?;
            if unattended(conn, now, instance).await?.is_empty() {
                return Ok(0);
            }
        }
        let mut w = self.write().await?;
        let now = w.lease_clock().await?;
        let mut lost = 0;
        for (id, servers) in unattended(w.conn(), now, instance).await? {
            let mut unfinished = Vec::with_capacity(servers.len());
            for server in servers {
                let name: Option<String> = sqlx::query_scalar("SELECT hostname FROM servers WHERE id = $1")
                    .bind(server.0)
                    .fetch_optional(w.conn())
                    .await?;
                unfinished.push(Unfinished { host: name.unwrap_or_else(|| format!("#{server}")), error: not_known() });
            }
            let result = CommandResult { groups: Vec::new(), unfinished };
            let changed = sqlx::query(
                "UPDATE commands SET status = 'lost', result = $2, finished_at = $3, lease_until = 0 \
                 WHERE id = $1 AND status = 'running' AND (lease_until <= $4 OR instance = $5)",
            )
            .bind(id.0)
            .bind(serde_json::to_string(&result)?)
            .bind(Timestamp::now().0)
            .bind(now)
            .bind(instance)
            .execute(w.conn())
            .await?;
            lost += usize::from(changed.rows_affected() > 0);
        }
        w.commit().await?;
        Ok(lost)
    }

    /// Writes down what came of it, also where it was believed to be lost.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn command_finish(&self, id: CommandId, status: CommandStatus, result: &CommandResult) -> Result<()> {
        let mut w = self.write().await?;
        sqlx::query(
            "UPDATE commands SET status = $2, result = $3, finished_at = $4, lease_until = 0 \
             WHERE id = $1 AND status IN ('running', 'lost')",
        )
        .bind(id.0)
        .bind(status.as_str())
        .bind(serde_json::to_string(result)?)
        .bind(Timestamp::now().0)
        .execute(w.conn())
        .await?;
        w.commit().await
    }

    /// Asks a running command to stop.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it does not run.
    pub async fn command_cancel(&self, environment: &Environment, id: CommandId) -> Result<()> {
        let mut w = self.write().await?;
        let asked = sqlx::query("UPDATE commands SET cancel_requested = 1 WHERE id = $1 AND status = 'running'")
            .bind(id.0)
            .execute(w.conn())
            .await?;
        if asked.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        w.audit(Draft::of("cancel_command", environment).after(&serde_json::json!({ "command_id": id }))?);
        w.commit().await
    }

    /// One command.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn command(&self, id: CommandId) -> Result<CommandRun> {
        let conn = &mut *self.pool().acquire().await?;
        let now = self.inner.dialect.lease_clock(conn).await?;
        get(conn, id, now).await
    }

    /// A page of an environment's commands, newest first; `before` is the last one of the page before.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn commands(
        &self,
        environment: EnvironmentId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Page<CommandRun>> {
        let conn = &mut *self.pool().acquire().await?;
        let now = self.inner.dialect.lease_clock(conn).await?;
        let found = sqlx::query(select_command!("WHERE environment_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"))
            .bind(environment.0)
            .bind(before.unwrap_or(i64::MAX))
            .bind(i64::from(limit) + 1)
            .fetch_all(conn)
            .await?;
        let items = found.iter().map(|row| read(row, now)).collect::<Result<Vec<_>>>()?;
        Ok(rows::page(items, limit, |run| run.id.0))
    }

    /// Writes into the audit that somebody fetches files.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub async fn files_fetched(&self, environment: &Environment, path: &str, servers: &[Server]) -> Result<()> {
        let mut w = self.write().await?;
        let on = On { command: None, path: Some(path), servers: names(servers) };
        w.audit(Draft::of("fetch_files", environment).after(&on)?);
        w.commit().await
    }
}
