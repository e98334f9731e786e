//! Commands and files on the servers of an environment.

use launchway_domain::{CommandForm, CommandId, CommandRun, EnvironmentId, FilesForm, FilesPreview};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use super::codec::Json;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
use super::{ApiError, needs};

/// How long a page waits for a command, in seconds; what runs longer is asked after.
#[cfg(feature = "ssr")]
const WAIT: std::time::Duration = std::time::Duration::from_secs(5);

/// Runs a command.
#[server(prefix = "/api/fn", output = Json)]
pub async fn run_command(id: EnvironmentId, form: CommandForm) -> Result<CommandRun, ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let run = answer(ports.remote.run(&actor, id, form, WAIT).await)?;
    leptos_axum::redirect(&format!("/projects/{}/environments/{id}/run", run.project_id));
    Ok(run)
}
needs!(RunCommand, RunCommands);

/// The last commands of an environment, newest first.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn list_commands(id: EnvironmentId) -> Result<Vec<CommandRun>, ApiError> {
    Ok(answer(ports()?.remote.commands(&actor()?, id, None, Some(10)).await)?.items)
}
needs!(ListCommands, RunCommands);

/// Ends a running command.
#[server(prefix = "/api/fn", output = Json)]
pub async fn cancel_command(id: CommandId) -> Result<(), ApiError> {
    let run = answer(ports()?.remote.cancel(&actor()?, id).await)?;
    leptos_axum::redirect(&format!("/projects/{}/environments/{}/run", run.project_id, run.environment_id));
    Ok(())
}
needs!(CancelCommand, RunCommands);

/// How much there is to fetch.
#[server(prefix = "/api/fn", output = Json)]
pub async fn preview_files(id: EnvironmentId, form: FilesForm) -> Result<FilesPreview, ApiError> {
    answer(ports()?.remote.preview(&actor()?, id, form).await)
}
needs!(PreviewFiles, FetchFiles);
