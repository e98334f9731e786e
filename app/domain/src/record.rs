//! What is registered: credentials, servers, projects, environments.

use serde::{Deserialize, Serialize};

use crate::id::{CredentialId, EnvironmentId, ProjectId, ServerId};
use crate::policy::Policy;
use crate::release::Hooks;
use crate::text::Text;
use crate::time::Timestamp;

/// What a credential is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// A private key for servers.
    #[default]
    SshKey,
    /// A password for servers.
    SshPassword,
    /// A user name with a password or access token for Git over HTTPS.
    GitHttps,
    /// A private key for Git over SSH.
    GitSsh,
}

impl CredentialKind {
    /// Every kind.
    pub const ALL: [CredentialKind; 4] =
        [CredentialKind::SshKey, CredentialKind::SshPassword, CredentialKind::GitHttps, CredentialKind::GitSsh];

    /// The word in JSON and in the databases.
    pub fn as_str(self) -> &'static str {
        match self {
            CredentialKind::SshKey => "ssh_key",
            CredentialKind::SshPassword => "ssh_password",
            CredentialKind::GitHttps => "git_https",
            CredentialKind::GitSsh => "git_ssh",
        }
    }

    /// Reads [`CredentialKind::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether it opens servers (the others open repositories).
    pub fn is_for_servers(self) -> bool {
        matches!(self, CredentialKind::SshKey | CredentialKind::SshPassword)
    }

    /// Whether the secret is a private key.
    pub fn is_key(self) -> bool {
        matches!(self, CredentialKind::SshKey | CredentialKind::GitSsh)
    }

    /// What people read.
    pub fn label(self) -> Text {
        match self {
            CredentialKind::SshKey => Text::new("SSH key (servers)", "SSH 密钥（服务器）"),
            CredentialKind::SshPassword => Text::new("SSH password (servers)", "SSH 密码（服务器）"),
            CredentialKind::GitHttps => Text::new("Git over HTTPS", "Git（HTTPS）"),
            CredentialKind::GitSsh => Text::new("Git over SSH", "Git（SSH）"),
        }
    }
}

/// A sealed secret, without the secret: that never comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Credential {
    /// The id.
    pub id: CredentialId,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub kind: CredentialKind,
    /// Who it signs in as.
    pub username: String,
    /// Whether a passphrase is stored with the key.
    pub has_passphrase: bool,
    /// The one project that it is for; none means everybody's.
    #[serde(default)]
    pub project_id: Option<ProjectId>,
    /// How often it was written, from 1 on; its `ETag` says so.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A target host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Server {
    /// The id.
    pub id: ServerId,
    /// Its name in Launchway and in `{hostname}`: `[A-Za-z0-9._-]`.
    pub hostname: String,
    /// A DNS name or an IP address.
    pub address: String,
    /// The SSH port.
    pub port: u16,
    /// What opens it.
    pub credential_id: CredentialId,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// The pinned host key (`SHA256:…`). Without one, the server gets no release.
    pub host_key: Option<String>,
    /// The one project that it is for; none means everybody's.
    #[serde(default)]
    pub project_id: Option<ProjectId>,
    /// How often it was written, from 1 on; its `ETag` says so.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A repository and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Project {
    /// The id.
    pub id: ProjectId,
    /// What people call it.
    pub title: String,
    /// Where Git finds it.
    pub repo_url: String,
    /// What opens it, where it is not public.
    pub credential_id: Option<CredentialId>,
    /// The pinned host key (`SHA256:…`) of a repository over SSH.
    pub host_key: Option<String>,
    /// The scripts that a new release's page starts with; the lists of the pages leave them out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hooks: Option<Hooks>,
    /// How often it was written, from 1 on; its `ETag` says so.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// How much care an environment needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EnvironmentKind {
    /// For trying out.
    #[default]
    Test,
    /// For customers.
    Prod,
}

impl EnvironmentKind {
    /// Every kind.
    pub const ALL: [EnvironmentKind; 2] = [EnvironmentKind::Test, EnvironmentKind::Prod];

    /// The word in JSON and in the databases.
    pub fn as_str(self) -> &'static str {
        match self {
            EnvironmentKind::Test => "test",
            EnvironmentKind::Prod => "prod",
        }
    }

    /// Reads [`EnvironmentKind::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What people read.
    pub fn label(self) -> Text {
        match self {
            EnvironmentKind::Test => Text::new("test", "测试"),
            EnvironmentKind::Prod => Text::new("production", "生产"),
        }
    }
}

/// Where a project runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Environment {
    /// The id.
    pub id: EnvironmentId,
    /// Whose it is.
    pub project_id: ProjectId,
    /// What people call it; unique in its project.
    pub name: String,
    /// How much care it needs.
    pub kind: EnvironmentKind,
    /// The absolute folder on every server; may hold `{hostname}`.
    pub path: String,
    /// Its servers, in the order of the form.
    pub server_ids: Vec<ServerId>,
    /// The folder of the tree that is packed, relative to its root; the whole tree where absent.
    pub package_root: Option<String>,
    /// How many releases stay on each server.
    pub keep: u32,
    /// Whether webhooks may start releases here; without it they only create them.
    pub auto_start: bool,
    /// How releases proceed here.
    pub policy: Policy,
    /// How often it was written, from 1 on; its `ETag` says so.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Environment {
    /// The folder on one server: [`Environment::path`] with `{hostname}` filled in.
    pub fn path_on(path: &str, hostname: &str) -> String {
        path.replace("{hostname}", hostname)
    }
}

/// The outcome of trying to reach a server, a repository or an environment's path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Check {
    /// Whether a release could go there now.
    pub ok: bool,
    /// From the first byte to the answer, in milliseconds.
    pub latency_ms: u64,
    /// The host key that was shown (`SHA256:…`), where SSH was spoken.
    pub host_key: Option<String>,
    /// Whether that key is the pinned one.
    #[serde(default)]
    pub pinned: bool,
    /// What is wrong and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Text>,
    /// A stable word for scripts: `refused`, `timeout`, `unpinned`, `key_changed`, `auth`,
    /// `passphrase`, `path`, `tool`, `unreachable`, `empty`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// For an environment: one outcome per server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub servers: Vec<ServerCheck>,
}

/// One server's part of an environment's check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServerCheck {
    /// Which server.
    pub server_id: ServerId,
    /// Its name.
    pub hostname: String,
    /// Its outcome.
    #[serde(flatten)]
    pub check: Check,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// What the page holds.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A list that fits one page.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}
