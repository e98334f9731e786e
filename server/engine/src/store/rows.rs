//! Rows to the domain's types.

use launchway_domain::{
    Credential, CredentialId, CredentialKind, Environment, EnvironmentId, EnvironmentKind, GitRef, HookPoint,
    HookTemplate, HookTemplateId, Node, NodeKey, NodeKind, NodeStatus, Page, Project, ProjectId, RefKind, Release,
    ReleaseId, ReleaseKind, ReleaseStatus, Role, Server, ServerId, Timestamp, User, UserId,
};
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::error::{Result, StoreError};

/// Every column of a release's answer; follows `FROM releases r JOIN projects p … JOIN environments e …`.
macro_rules! select_release {
    ($rest:literal) => {
        concat!(
            "SELECT r.id, r.kind, r.project_id, p.title AS project_title, r.environment_id, \
             e.name AS environment_name, e.kind AS environment_kind, r.ref_kind, r.ref_name, r.commit_hash, \
             r.hooks, r.note, r.rollback_of, r.promoted_from, r.exception, r.start_at, r.hold, r.status, r.error, r.cancel_requested, r.created_by, r.created_by_name, \
             r.created_at, r.queued_at, r.started_at, r.finished_at, r.log_removed_at, r.artifact_removed_at \
             FROM releases r JOIN projects p ON p.id = r.project_id JOIN environments e ON e.id = r.environment_id ",
            $rest
        )
    };
}
pub(super) use select_release;

/// Every column of [`server`].
macro_rules! select_server {
    ($rest:literal) => {
        concat!(
            "SELECT id, hostname, address, port, credential_id, tags, host_key, project_id, version, created_at, updated_at \
             FROM servers ",
            $rest
        )
    };
}
pub(super) use select_server;

/// Every column of [`credential`].
macro_rules! select_credential {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, kind, username, has_passphrase, project_id, version, created_at, updated_at, sealed \
             FROM credentials ",
            $rest
        )
    };
}
pub(super) use select_credential;

/// The columns of [`release`] without the hooks, which lists do without: they may be long.
pub(super) const RELEASE_BRIEF: &str = "r.id, r.kind, r.project_id, p.title AS project_title, r.environment_id, \
    e.name AS environment_name, e.kind AS environment_kind, r.ref_kind, r.ref_name, r.commit_hash, '{}' AS hooks, \
    r.note, r.rollback_of, r.promoted_from, r.exception, r.start_at, r.hold, r.status, r.error, r.cancel_requested, r.created_by, r.created_by_name, r.created_at, r.queued_at, \
    r.started_at, r.finished_at, r.log_removed_at, r.artifact_removed_at";

/// Where the columns of a release come from.
pub(super) const RELEASE_FROM: &str =
    "releases r JOIN projects p ON p.id = r.project_id JOIN environments e ON e.id = r.environment_id";

/// A column that holds one of the domain's words.
pub(super) fn word<T>(row: &AnyRow, column: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T> {
    let text: &str = row.try_get(column)?;
    parse(text).ok_or_else(|| StoreError::Corrupt(format!("{column} holds the unknown word {text:?}")))
}

pub(super) fn json<T: DeserializeOwned>(row: &AnyRow, column: &str) -> Result<T> {
    let text: &str = row.try_get(column)?;
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(format!("{column}: {error}")))
}

pub(super) fn json_option<T: DeserializeOwned>(row: &AnyRow, column: &str) -> Result<Option<T>> {
    match row.try_get::<Option<String>, _>(column)? {
        None => Ok(None),
        Some(text) => {
            serde_json::from_str(&text).map(Some).map_err(|error| StoreError::Corrupt(format!("{column}: {error}")))
        }
    }
}

pub(super) fn number<T: TryFrom<i64>>(row: &AnyRow, column: &str) -> Result<T> {
    let value: i64 = row.try_get(column)?;
    T::try_from(value).map_err(|_| StoreError::Corrupt(format!("{column} holds {value}")))
}

pub(super) fn flag(row: &AnyRow, column: &str) -> Result<bool> {
    Ok(row.try_get::<i64, _>(column)? != 0)
}

pub(super) fn time(row: &AnyRow, column: &str) -> Result<Timestamp> {
    Ok(Timestamp(row.try_get(column)?))
}

pub(super) fn time_option(row: &AnyRow, column: &str) -> Result<Option<Timestamp>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp))
}

/// One page of what was found, newest first; `limit` and one more were looked for.
pub(super) fn page<T>(mut items: Vec<T>, limit: u32, id: impl Fn(&T) -> i64) -> Page<T> {
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| more).map(|last| id(last).to_string());
    Page { items, next }
}

pub(super) fn user(row: &AnyRow) -> Result<User> {
    Ok(User {
        id: UserId(row.try_get("id")?),
        name: row.try_get("name")?,
        role: word(row, "role", Role::parse)?,
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn credential(row: &AnyRow) -> Result<Credential> {
    Ok(Credential {
        id: CredentialId(row.try_get("id")?),
        name: row.try_get("name")?,
        kind: word(row, "kind", CredentialKind::parse)?,
        username: row.try_get("username")?,
        has_passphrase: flag(row, "has_passphrase")?,
        project_id: row.try_get::<Option<i64>, _>("project_id")?.map(ProjectId),
        version: row.try_get("version")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

pub(super) fn server(row: &AnyRow) -> Result<Server> {
    Ok(Server {
        id: ServerId(row.try_get("id")?),
        hostname: row.try_get("hostname")?,
        address: row.try_get("address")?,
        port: number(row, "port")?,
        credential_id: CredentialId(row.try_get("credential_id")?),
        tags: json(row, "tags")?,
        host_key: row.try_get("host_key")?,
        project_id: row.try_get::<Option<i64>, _>("project_id")?.map(ProjectId),
        version: row.try_get("version")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

pub(super) fn project(row: &AnyRow) -> Result<Project> {
    Ok(Project {
        id: ProjectId(row.try_get("id")?),
        title: row.try_get("title")?,
        repo_url: row.try_get("repo_url")?,
        credential_id: row.try_get::<Option<i64>, _>("credential_id")?.map(CredentialId),
        host_key: row.try_get("host_key")?,
        hooks: Some(json(row, "hooks")?),
        version: row.try_get("version")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

pub(super) fn template(row: &AnyRow) -> Result<HookTemplate> {
    let point: Option<String> = row.try_get("point")?;
    let point =
        point.map(|word| HookPoint::parse(&word).ok_or_else(|| StoreError::Corrupt(format!("point holds {word:?}"))));
    Ok(HookTemplate {
        id: HookTemplateId(row.try_get("id")?),
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        point: point.transpose()?,
        body: row.try_get("body")?,
        version: row.try_get("version")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

/// Without its servers: those are rows of their own.
pub(super) fn environment(row: &AnyRow) -> Result<Environment> {
    Ok(Environment {
        id: EnvironmentId(row.try_get("id")?),
        project_id: ProjectId(row.try_get("project_id")?),
        name: row.try_get("name")?,
        kind: word(row, "kind", EnvironmentKind::parse)?,
        path: row.try_get("path")?,
        server_ids: Vec::new(),
        package_root: row.try_get("package_root")?,
        keep: number(row, "keep")?,
        auto_start: flag(row, "auto_start")?,
        policy: json(row, "policy")?,
        version: row.try_get("version")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

/// A row of [`select_release`].
pub(super) fn release(row: &AnyRow) -> Result<Release> {
    Ok(Release {
        id: ReleaseId(row.try_get("id")?),
        kind: word(row, "kind", ReleaseKind::parse)?,
        project_id: ProjectId(row.try_get("project_id")?),
        project_title: row.try_get("project_title")?,
        environment_id: EnvironmentId(row.try_get("environment_id")?),
        environment_name: row.try_get("environment_name")?,
        environment_kind: word(row, "environment_kind", EnvironmentKind::parse)?,
        git_ref: GitRef { kind: word(row, "ref_kind", RefKind::parse)?, name: row.try_get("ref_name")? },
        commit: row.try_get("commit_hash")?,
        status: status(row)?,
        hooks: json(row, "hooks")?,
        note: row.try_get("note")?,
        rollback_of: row.try_get::<Option<i64>, _>("rollback_of")?.map(ReleaseId),
        promoted_from: row.try_get::<Option<i64>, _>("promoted_from")?.map(ReleaseId),
        exception: row.try_get("exception")?,
        start_at: time_option(row, "start_at")?,
        hold: json_option(row, "hold")?,
        error: json_option(row, "error")?,
        cancel_requested: flag(row, "cancel_requested")?,
        created_by: row.try_get::<Option<i64>, _>("created_by")?.map(UserId),
        created_by_name: row.try_get("created_by_name")?,
        created_at: time(row, "created_at")?,
        queued_at: time_option(row, "queued_at")?,
        started_at: time_option(row, "started_at")?,
        finished_at: time_option(row, "finished_at")?,
        log_removed_at: time_option(row, "log_removed_at")?,
        artifact_removed_at: time_option(row, "artifact_removed_at")?,
    })
}

/// The `status` column of a release.
pub(super) fn status(row: &AnyRow) -> Result<ReleaseStatus> {
    word(row, "status", ReleaseStatus::parse)
}

/// The columns of [`node`], in the order of the plan where the statement says so.
macro_rules! select_node {
    ($rest:literal) => {
        concat!(
            "SELECT node_key, parent, kind, server_id, label, status, attempt, started_at, finished_at, \
             exit_status, message, batch, live FROM nodes ",
            $rest
        )
    };
}
pub(super) use select_node;

pub(super) fn node(row: &AnyRow) -> Result<Node> {
    let status = word(row, "status", NodeStatus::parse)?;
    Ok(Node {
        key: NodeKey(row.try_get("node_key")?),
        parent: row.try_get::<Option<String>, _>("parent")?.map(NodeKey),
        kind: word(row, "kind", NodeKind::parse)?,
        server_id: row.try_get::<Option<i64>, _>("server_id")?.map(ServerId),
        text: row.try_get("label")?,
        status,
        attempt: number(row, "attempt")?,
        color: status.color().to_owned(),
        started_at: time_option(row, "started_at")?,
        finished_at: time_option(row, "finished_at")?,
        exit_status: row
            .try_get::<Option<i64>, _>("exit_status")?
            .map(i32::try_from)
            .transpose()
            .map_err(|_| StoreError::Corrupt("exit_status out of range".to_owned()))?,
        message: json_option(row, "message")?,
        batch: row.try_get::<Option<i64>, _>("batch")?.and_then(|batch| u32::try_from(batch).ok()),
        live: json_option(row, "live")?,
    })
}
