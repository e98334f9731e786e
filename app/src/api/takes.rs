//! What a release takes along, and what hooks are given.

use launchway_domain::{EnvironmentId, Takes, Variable};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};

use super::codec::Json;
use super::{ApiError, needs};
#[cfg(feature = "ssr")]
use {
    super::host::{actor, answer, ports},
    super::policy::change,
    crate::said::{Did, Said, Thing, tell},
    launchway_domain::{Fault, VariableForm},
};

/// What a release takes along as its form sends it: lists line by line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakesFields {
    /// Patterns of what is left out.
    pub exclude: String,
    /// Folders of `shared/`.
    pub shared_folders: String,
    /// Files of `shared/`.
    pub shared_files: String,
    /// Whose the files are.
    pub owner: String,
    /// The permissions of files.
    pub file_mode: String,
    /// The permissions of folders.
    pub folder_mode: String,
    /// How large the build cache may be, in MiB.
    pub cache_mib: String,
}

impl TakesFields {
    /// What the form begins with.
    pub fn of(takes: &Takes) -> Self {
        Self {
            exclude: takes.exclude.join("\n"),
            shared_folders: takes.shared_folders.join("\n"),
            shared_files: takes.shared_files.join("\n"),
            owner: takes.owner.clone().unwrap_or_default(),
            file_mode: takes.file_mode.clone().unwrap_or_default(),
            folder_mode: takes.folder_mode.clone().unwrap_or_default(),
            cache_mib: takes.cache_mib.map(|mib| mib.to_string()).unwrap_or_default(),
        }
    }

    /// What the fields say.
    pub fn takes(self) -> Takes {
        let lines = |text: &str| text.lines().map(|line| line.trim_end_matches('\r').to_owned()).collect();
        let cache = self.cache_mib.trim();
        Takes {
            exclude: lines(&self.exclude),
            shared_folders: lines(&self.shared_folders),
            shared_files: lines(&self.shared_files),
            owner: Some(self.owner),
            file_mode: Some(self.file_mode),
            folder_mode: Some(self.folder_mode),
            // What is no number is out of every range.
            cache_mib: (!cache.is_empty()).then(|| cache.parse().unwrap_or(u32::MAX)),
        }
        .tidy()
    }
}

/// A variable as its form sends it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariableFields {
    /// What hooks call it.
    pub name: String,
    /// Its value.
    pub value: String,
    /// `true` where it is a secret.
    pub secret: String,
}

impl std::fmt::Debug for VariableFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VariableFields").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Changes what a release takes along.
#[server(prefix = "/api/fn", output = Json)]
pub async fn save_takes(id: EnvironmentId, version: Option<i64>, form: TakesFields) -> Result<i64, ApiError> {
    let changed = change(id, version, |policy| policy.takes = form.takes()).await;
    changed.map_err(|error| match error {
        // The fields of this form are those of this part.
        ApiError::Fault(Fault::Invalid { mut errors }) => {
            for error in &mut errors {
                error.field = error.field.trim_start_matches("policy.takes.").to_owned();
            }
            ApiError::Fault(Fault::Invalid { errors })
        }
        other => other,
    })
}
needs!(SaveTakes, ManageProjects);

/// What the hooks of an environment are given; secret variables without their values.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn list_variables(id: EnvironmentId) -> Result<Vec<Variable>, ApiError> {
    answer(ports()?.variables.list(&actor()?, id).await)
}
needs!(ListVariables, ViewProjects);

/// Gives a variable a value, or another one.
#[server(prefix = "/api/fn", output = Json)]
pub async fn set_variable(id: EnvironmentId, form: VariableFields) -> Result<(), ApiError> {
    // A form sends the ends of its lines as CRLF.
    let value = VariableForm { value: form.value.replace("\r\n", "\n"), secret: form.secret == "true" };
    let set = answer(ports()?.variables.set(&actor()?, id, form.name.trim().to_owned(), value).await)?;
    tell(Said::new(Thing::Variable, Did::Saved, set.name));
    Ok(())
}
needs!(SetVariable, ManageProjects);

/// Takes a variable away.
#[server(prefix = "/api/fn", output = Json)]
pub async fn remove_variable(id: EnvironmentId, name: String) -> Result<(), ApiError> {
    answer(ports()?.variables.remove(&actor()?, id, name.clone()).await)?;
    tell(Said::new(Thing::Variable, Did::Removed, name));
    Ok(())
}
needs!(RemoveVariable, ManageProjects);
