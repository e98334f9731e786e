//! What is registered: credentials, servers, projects, environments.

use garde::Validate;
use serde::{Deserialize, Serialize};

use super::{Form, HookErrors, errors_of, message, rules};
use crate::fault::FieldError;
use crate::id::{CredentialId, ProjectId, ServerId};
use crate::policy::Policy;
use crate::record::{CredentialKind, Environment, EnvironmentKind};
use crate::release::Hooks;

/// How many releases stay on a server where the form says nothing.
pub const DEFAULT_KEEP: u32 = 5;

macro_rules! into_i64 {
    ($($id:ty),*) => {$(impl From<$id> for i64 { fn from(id: $id) -> i64 { id.0 } })*};
}
into_i64!(CredentialId, crate::id::ProjectId, crate::id::EnvironmentId);

/// A credential as somebody types it. `secret` and `passphrase` go in and never come back; absent or
/// blank on a change, they stay as they were.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CredentialForm {
    /// What people call it.
    #[garde(custom(rules::name))]
    pub name: String,
    /// What it is for.
    #[garde(skip)]
    pub kind: CredentialKind,
    /// Who it signs in as.
    #[garde(custom(rules::name))]
    pub username: String,
    /// The private key (OpenSSH or PEM text), password or access token.
    #[serde(default)]
    #[garde(custom(rules::secret))]
    pub secret: Option<String>,
    /// What opens the private key, where it is locked.
    #[serde(default)]
    #[garde(custom(rules::secret))]
    pub passphrase: Option<String>,
    /// The one project that it is for; none means everybody's.
    #[serde(default)]
    #[garde(skip)]
    pub project_id: Option<ProjectId>,
}

impl CredentialForm {
    /// The rules for a new credential: a secret is needed.
    pub fn errors_for_new(&self) -> Vec<FieldError> {
        let mut errors = errors_of(self);
        if self.secret.as_deref().unwrap_or_default().trim().is_empty() {
            errors.push(FieldError::new("secret", "required", message("required")));
        }
        errors
    }
}

impl Form for CredentialForm {
    fn errors(&self) -> Vec<FieldError> {
        errors_of(self)
    }
}

impl std::fmt::Debug for CredentialForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CredentialForm").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

fn ssh_port() -> u16 {
    22
}

/// A server as somebody types it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ServerForm {
    /// Its name in Launchway: `[A-Za-z0-9._-]`.
    #[garde(custom(rules::hostname))]
    pub hostname: String,
    /// A DNS name or an IP address.
    #[garde(custom(rules::address))]
    pub address: String,
    /// The SSH port.
    #[serde(default = "ssh_port")]
    #[garde(custom(rules::port))]
    pub port: u16,
    /// What opens it.
    #[garde(custom(rules::chosen))]
    pub credential_id: CredentialId,
    /// Words to find it by.
    #[serde(default)]
    #[garde(custom(|v: &Vec<String>, c: &()| rules::tags(v, c)))]
    pub tags: Vec<String>,
    /// The one project that it is for; none means everybody's.
    #[serde(default)]
    #[garde(skip)]
    pub project_id: Option<ProjectId>,
}

impl Default for ServerForm {
    fn default() -> Self {
        Self {
            hostname: String::new(),
            address: String::new(),
            port: ssh_port(),
            credential_id: CredentialId(0),
            tags: Vec::new(),
            project_id: None,
        }
    }
}

impl Form for ServerForm {
    fn errors(&self) -> Vec<FieldError> {
        errors_of(self)
    }
}

/// A project as somebody types it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProjectForm {
    /// What people call it.
    #[garde(custom(rules::name))]
    pub title: String,
    /// Where Git finds it.
    #[garde(custom(rules::repo_url))]
    pub repo_url: String,
    /// What opens it, where it is not public.
    #[serde(default)]
    #[garde(skip)]
    pub credential_id: Option<CredentialId>,
    /// The scripts that a new release's page starts with. A release that is made over REST has those that it names.
    #[serde(default)]
    #[garde(skip)]
    pub hooks: Hooks,
}

impl Form for ProjectForm {
    fn errors(&self) -> Vec<FieldError> {
        let mut errors = errors_of(self);
        errors.extend(HookErrors::errors(&self.hooks));
        errors
    }
}

/// An environment as somebody types it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EnvironmentForm {
    /// What people call it; unique in its project.
    #[garde(custom(rules::name))]
    pub name: String,
    /// How much care it needs.
    #[garde(skip)]
    pub kind: EnvironmentKind,
    /// The absolute folder on every server; may hold `{hostname}`.
    #[garde(custom(rules::target_path))]
    pub path: String,
    /// Its servers.
    #[serde(default)]
    #[garde(custom(each_once))]
    pub server_ids: Vec<ServerId>,
    /// The folder of the tree that is packed; the whole tree where absent or blank.
    #[serde(default)]
    #[garde(custom(rules::package_root))]
    pub package_root: Option<String>,
    /// How many releases stay on each server, 1 to 100; [`DEFAULT_KEEP`] where absent.
    #[serde(default)]
    #[garde(custom(rules::keep))]
    pub keep: Option<u32>,
    /// Whether webhooks may start releases here; where absent, in test yes and in production no.
    #[serde(default)]
    #[garde(skip)]
    pub auto_start: Option<bool>,
    /// How releases proceed here. Absent: as it was; for a new environment, all servers at once and at any time.
    #[serde(default)]
    #[garde(dive)]
    pub policy: Option<Policy>,
}

impl From<Environment> for EnvironmentForm {
    /// The form that changes nothing.
    fn from(was: Environment) -> Self {
        Self {
            name: was.name,
            kind: was.kind,
            path: was.path,
            server_ids: was.server_ids,
            package_root: was.package_root,
            keep: Some(was.keep),
            auto_start: Some(was.auto_start),
            policy: Some(was.policy),
        }
    }
}

fn each_once(value: &[ServerId], _: &()) -> garde::Result {
    if value.len() > 5_000 {
        return Err(garde::Error::new("too_many"));
    }
    let mut seen = std::collections::HashSet::new();
    if value.iter().all(|id| seen.insert(*id)) { Ok(()) } else { Err(garde::Error::new("duplicate")) }
}

impl Form for EnvironmentForm {
    fn errors(&self) -> Vec<FieldError> {
        errors_of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_stand_at_their_field() {
        let form = ServerForm { hostname: "a b".into(), address: "".into(), ..Default::default() };
        let mut found: Vec<_> = form.errors().into_iter().map(|e| (e.field, e.code)).collect();
        found.sort();
        assert_eq!(
            found,
            [("address", "required"), ("credential_id", "required"), ("hostname", "hostname")]
                .map(|(f, c)| (f.to_owned(), c.to_owned()))
        );
    }

    #[test]
    fn a_new_credential_needs_its_secret_and_a_changed_one_does_not() {
        let form = CredentialForm { name: "k".into(), username: "u".into(), ..Default::default() };
        assert!(form.errors().is_empty());
        assert_eq!(form.errors_for_new()[0].field, "secret");
    }

    #[test]
    fn a_secret_does_not_show_in_debug() {
        let form = CredentialForm { secret: Some("hunter2hunter2".into()), ..Default::default() };
        assert!(!format!("{form:?}").contains("hunter2"));
    }
}
