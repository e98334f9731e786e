//! What it takes to use a command, said for each of them: one that is added does not compile until it says so.

use std::path::Path;

use launchway_domain::{Needs, Text, text};
use nix::unistd::{AccessFlags, access};

use super::Command;
use super::client::ClientCommand;
use super::say::Failure;

impl Command {
    /// What it takes. Commands of the host act as the program itself, so they are for whoever holds its data folder; the
    /// others go over the public API, which asks for the permission of each call.
    pub(super) fn needs(&self) -> Needs {
        match self {
            Command::Serve(_) | Command::User(_) | Command::Token(_) | Command::Audit(_) | Command::Demo(_) => {
                Needs::DataFolder
            }
            Command::Client(command) => command.needs(),
        }
    }
}

impl ClientCommand {
    /// What it takes on this side: a token, or nothing.
    fn needs(&self) -> Needs {
        match self {
            ClientCommand::Login(_) | ClientCommand::Logout(_) | ClientCommand::Completions(_) => Needs::Nothing,
            ClientCommand::Whoami(_)
            | ClientCommand::Projects(_)
            | ClientCommand::Servers(_)
            | ClientCommand::Environments(_)
            | ClientCommand::Credentials(_)
            | ClientCommand::Templates(_)
            | ClientCommand::Variables(_)
            | ClientCommand::Sessions(_)
            | ClientCommand::History(_)
            | ClientCommand::Refs(_)
            | ClientCommand::Release(_)
            | ClientCommand::Rollback(_)
            | ClientCommand::Promote(_)
            | ClientCommand::Lock(_)
            | ClientCommand::Unlock(_)
            | ClientCommand::Queue(_)
            | ClientCommand::Live(_)
            | ClientCommand::Run(_)
            | ClientCommand::Files { .. }
            | ClientCommand::Housekeeping(_) => Needs::SignIn,
        }
    }
}

/// Whether this user may use the data folder: it is theirs to read and to write, or yet to be made.
///
/// # Errors
/// [`Failure::Said`] that names the folder.
pub(super) fn data_folder(data: &Path) -> Result<(), Failure> {
    let all = AccessFlags::R_OK | AccessFlags::W_OK | AccessFlags::X_OK;
    let folder = data.display();
    if !data.exists() {
        return Ok(());
    }
    if !data.is_dir() {
        return Err(said(text!("The data folder {folder} is no folder.", "数据目录 {folder} 不是目录。")));
    }
    access(data, all).map_err(|_| {
        said(text!(
            "The data folder {folder} is not yours to read and write. Run this as the user that Launchway runs as.",
            "当前用户无权读写数据目录 {folder}，请以运行 Launchway 的用户执行。"
        ))
    })
}

fn said(text: Text) -> Failure {
    Failure::Said(text)
}
