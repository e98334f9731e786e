//! What people do on the servers of an environment besides releasing.

use std::time::Duration;

use async_trait::async_trait;
use launchway_domain::{Actor, CommandForm, CommandId, CommandRun, EnvironmentId, FilesForm, FilesPreview, Page};

use super::Answer;

/// Files of several servers, packed.
#[derive(Debug)]
pub struct FilesArchive {
    /// A gzip-compressed tar file, at its beginning.
    pub file: std::fs::File,
    /// Its length in bytes.
    pub bytes: u64,
    /// What to call it.
    pub name: String,
    /// The servers that failed, wholly or in part; `_errors.txt` in it says why.
    pub failed: Vec<String>,
}

/// Commands and files.
#[async_trait]
pub trait Remote: Send + Sync {
    /// Runs a command, and waits for its end as long as `wait`; what is not over by then runs on.
    async fn run(&self, actor: &Actor, id: EnvironmentId, form: CommandForm, wait: Duration) -> Answer<CommandRun>;
    /// A page of an environment's commands, newest first; `cursor` is `next` of the page before.
    async fn commands(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Answer<Page<CommandRun>>;
    /// One command.
    async fn command(&self, actor: &Actor, id: CommandId) -> Answer<CommandRun>;
    /// Ends a running command, with everything it started.
    async fn cancel(&self, actor: &Actor, id: CommandId) -> Answer<CommandRun>;
    /// How much there is to fetch.
    async fn preview(&self, actor: &Actor, id: EnvironmentId, form: FilesForm) -> Answer<FilesPreview>;
    /// Fetches files as one archive, with a folder for each server.
    async fn fetch(&self, actor: &Actor, id: EnvironmentId, form: FilesForm) -> Answer<FilesArchive>;
}
