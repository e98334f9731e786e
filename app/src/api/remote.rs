//! Commands and files on the servers of an environment.

use launchway_domain::{CommandForm, CommandId, CommandRun, EnvironmentId, FilesForm, FilesPreview};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use super::codec::Json;
use super::{ApiError, needs};
#[cfg(feature = "ssr")]
use {
    super::host::{actor, answer, ports},
    crate::ui::components::server_picker::none_chosen,
    launchway_domain::{Fault, ServerId},
};

/// How long a page waits for a command, in seconds; what runs longer is asked after.
#[cfg(feature = "ssr")]
const WAIT: std::time::Duration = std::time::Duration::from_secs(5);

/// The servers that were ticked; none of them stands for all, which has to be said.
#[cfg(feature = "ssr")]
fn chosen(ticked: Vec<ServerId>, all: Option<String>) -> Result<Vec<ServerId>, ApiError> {
    let all = all.as_deref() == Some("true");
    match none_chosen(&ticked.iter().map(|id| id.0).collect::<Vec<_>>(), all) {
        Some(error) => Err(ApiError::Fault(Fault::Invalid { errors: vec![error] })),
        None => Ok(if all { Vec::new() } else { ticked }),
    }
}

/// Runs a command.
#[server(prefix = "/api/fn", output = Json)]
pub async fn run_command(id: EnvironmentId, form: CommandForm, all: Option<String>) -> Result<CommandRun, ApiError> {
    let form = CommandForm { server_ids: chosen(form.server_ids, all)?, ..form };
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
pub async fn preview_files(id: EnvironmentId, form: FilesForm, all: Option<String>) -> Result<FilesPreview, ApiError> {
    let form = FilesForm { server_ids: chosen(form.server_ids, all)?, ..form };
    answer(ports()?.remote.preview(&actor()?, id, form).await)
}
needs!(PreviewFiles, FetchFiles);
