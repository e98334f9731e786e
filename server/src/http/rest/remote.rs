//! `/environments/{id}/commands`, `/commands` and `/environments/{id}/files`

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use launchway_app::ports::FilesArchive;
use launchway_domain::{
    CommandForm, CommandId, CommandRun, CommandStatus, EnvironmentId, FilesForm, FilesPreview, Permission, ServerId,
};
use tokio_util::io::ReaderStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::List;
use super::needs::permitted;
use crate::AppState;
use crate::http::auth::Who;
use crate::http::body::{Json, Nothing};
use crate::http::params::{Id, Query};
use crate::http::problem::{ProblemBody, Reply, Result};

/// How long a call waits for a command where it does not say, and at most, in seconds.
const WAIT: u64 = 30;
const MAX_WAIT: u64 = 60;
/// How much of an archive is read at a time, in bytes.
const CHUNK: usize = 64 * 1024;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(permitted(Permission::RunCommands, routes!(run, list)))
        .routes(permitted(Permission::RunCommands, routes!(one)))
        .routes(permitted(Permission::RunCommands, routes!(cancel)))
        .routes(permitted(Permission::FetchFiles, routes!(preview, fetch)))
        .routes(permitted(Permission::FetchFiles, routes!(archive)))
}

/// Runs a command on servers of an environment, by `sh`, in the environment's folder. Identical outcomes are said once, the
/// most frequent first; the others come with their difference from it. 202 where it runs longer than the call waits.
#[utoipa::path(
    post, path = "/environments/{id}/commands", tag = "commands",
    params(
        ("id" = i64, Path),
        ("wait" = Option<u64>, Query, description = "Seconds to wait for its end, 60 at most; 30 where absent")
    ),
    request_body = CommandForm,
    responses(
        (status = 200, body = CommandRun), (status = 202, body = CommandRun),
        (status = 422, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn run(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    mut query: Query,
    json: Json,
) -> Result<Response> {
    let wait = query.read("wait", |text| text.parse::<u64>().ok().filter(|wait| *wait <= MAX_WAIT)).unwrap_or(WAIT);
    query.done()?;
    let form = json.form::<CommandForm>()?;
    let run = state.ports.remote.run(&actor, id, form, Duration::from_secs(wait)).await?;
    let status = if run.status == CommandStatus::Running { StatusCode::ACCEPTED } else { StatusCode::OK };
    let mut response = Reply::ok(&run).into_response();
    *response.status_mut() = status;
    if let Ok(address) = HeaderValue::from_str(&format!("{}/commands/{}", super::BASE, run.id)) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    Ok(response)
}

/// The commands that were run on servers of an environment, newest first.
#[utoipa::path(
    get, path = "/environments/{id}/commands", tag = "commands", operation_id = "list_commands",
    params(
        ("id" = i64, Path),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 where absent")
    ),
    responses((status = 200, body = List<CommandRun>), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn list(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    mut query: Query,
) -> Result<Reply<List<CommandRun>>> {
    let (cursor, limit) = (query.text("cursor"), query.parse("limit"));
    query.done()?;
    Ok(List::page(state.ports.remote.commands(&actor, id, cursor, limit).await?))
}

/// One command and what came of it.
#[utoipa::path(
    get, path = "/commands/{id}", tag = "commands", params(("id" = i64, Path)),
    responses((status = 200, body = CommandRun), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn one(State(state): State<AppState>, Who(actor): Who, Id(id): Id<CommandId>) -> Result<Reply<CommandRun>> {
    Ok(Reply::ok(state.ports.remote.command(&actor, id).await?))
}

/// Ends a running command on all its servers, with everything it started there.
#[utoipa::path(
    post, path = "/commands/{id}/cancel", tag = "commands", params(("id" = i64, Path)),
    responses((status = 202, body = CommandRun), (status = 409, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn cancel(State(state): State<AppState>, Who(actor): Who, Id(id): Id<CommandId>, _: Nothing) -> Result<Response> {
    let run = state.ports.remote.cancel(&actor, id).await?;
    let mut response = Reply::ok(run).into_response();
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

fn wanted(query: &mut Query) -> FilesForm {
    let path = query.text("path");
    if path.is_none() {
        query.missing("path");
    }
    let ids = query.texts("server_id");
    let server_ids = ids.iter().filter_map(|id| id.parse().ok()).map(ServerId).collect::<Vec<_>>();
    if server_ids.len() != ids.len() {
        query.read("server_id", |_| None::<ServerId>);
    }
    FilesForm { path: path.unwrap_or_default(), server_ids, max_bytes: query.parse("max_bytes") }
}

/// How many files there are below a path, and how many bytes, on each server.
#[utoipa::path(
    get, path = "/environments/{id}/files", tag = "files",
    params(
        ("id" = i64, Path),
        ("path" = String, Query, description = "Below the environment's folder, such as current/logs"),
        ("server_id" = Option<Vec<i64>>, Query, description = "Of these servers alone; may be given more than once")
    ),
    responses((status = 200, body = FilesPreview), (status = 422, body = ProblemBody, content_type = "application/problem+json"))
)]
async fn preview(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    mut query: Query,
) -> Result<Reply<FilesPreview>> {
    let form = wanted(&mut query);
    query.done()?;
    Ok(Reply::ok(state.ports.remote.preview(&actor, id, form).await?))
}

/// A file or folder from one or all servers as one archive (tar, gzip), with a folder for each server. A server that failed
/// is named in `_errors.txt` in it, and in the header `Launchway-Failed-Servers`; 409 where all did.
#[utoipa::path(
    post, path = "/environments/{id}/files", tag = "files", params(("id" = i64, Path)),
    request_body = FilesForm,
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/gzip"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn fetch(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    json: Json,
) -> Result<Response> {
    let form = json.form::<FilesForm>()?;
    Ok(streamed(state.ports.remote.fetch(&actor, id, form).await?))
}

/// The same by an address, for a link or a form of a page.
#[utoipa::path(
    get, path = "/environments/{id}/files/archive", tag = "files",
    params(
        ("id" = i64, Path),
        ("path" = String, Query, description = "Below the environment's folder, such as current/logs"),
        ("server_id" = Option<Vec<i64>>, Query, description = "Of these servers alone; may be given more than once"),
        ("max_bytes" = Option<u64>, Query, description = "The most bytes from one server; 268435456 where absent")
    ),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/gzip"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json")
    )
)]
async fn archive(
    State(state): State<AppState>,
    Who(actor): Who,
    Id(id): Id<EnvironmentId>,
    mut query: Query,
) -> Result<Response> {
    let form = wanted(&mut query);
    query.done()?;
    Ok(streamed(state.ports.remote.fetch(&actor, id, form).await?))
}

fn streamed(archive: FilesArchive) -> Response {
    let FilesArchive { file, bytes, name, failed } = archive;
    let body = Body::from_stream(ReaderStream::with_capacity(tokio::fs::File::from_std(file), CHUNK));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/gzip"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The name has letters, digits and a few signs alone.
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    if let (false, Ok(value)) = (failed.is_empty(), HeaderValue::from_str(&failed.join(", "))) {
        headers.insert("launchway-failed-servers", value);
    }
    response
}
