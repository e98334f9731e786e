//! Repositories.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use launchway_app::ports::{Answer, Projects};
use launchway_domain::{
    Actor, Check, CredentialKind, Environment, EnvironmentForm, EnvironmentId, Fault, Form, IfVersion, ListQuery,
    Listed, Permission, Project, ProjectForm, ProjectId, RefChoices, RefItem, RefKind, Text,
};
use launchway_engine::git::{self, GitErrorKind};
use launchway_engine::store::StoreError;

use super::fault::{no_such, noun, of_store, of_update, unseen};
use super::permission::{permit, permit_in, permit_of};
use super::refs::short_bounds;
use super::servers::{check_fingerprint, may_use};
use super::{Core, lists};

pub(super) struct ProjectService(pub(super) Arc<Core>);

pub(super) fn thing(id: ProjectId) -> Text {
    noun("project", "项目", id)
}

fn tidy(mut form: ProjectForm) -> ProjectForm {
    form.title = form.title.trim().to_owned();
    form.repo_url = form.repo_url.trim().to_owned();
    form.hooks = form.hooks.tidy();
    form
}

#[async_trait]
impl Projects for ProjectService {
    async fn list(&self, actor: &Actor) -> Answer<Vec<Project>> {
        permit(actor, Permission::ViewProjects)?;
        self.0.store.projects(&actor.visible()).await.map_err(|e| of_store(e, &Text::new("projects", "项目")))
    }

    async fn search(&self, actor: &Actor, query: ListQuery) -> Answer<Listed<Project>> {
        permit(actor, Permission::ViewProjects)?;
        let query = lists::checked(query, &["title", "repository", "added"], &["has"])?;
        self.0
            .store
            .projects_list(&query, &actor.visible())
            .await
            .map_err(|e| of_store(e, &Text::new("projects", "项目")))
    }

    async fn get(&self, actor: &Actor, id: ProjectId) -> Answer<Project> {
        self.0.project_for(actor, Permission::ViewProjects, id).await
    }

    async fn create(&self, actor: &Actor, form: ProjectForm) -> Answer<Project> {
        permit(actor, Permission::CreateProjects)?;
        let form = tidy(form);
        form.check()?;
        self.check_credential(actor, &form, None).await?;
        self.0.store.by(actor).project_create(&form).await.map_err(|e| of_store(e, &Text::new("project", "项目")))
    }

    async fn update(&self, actor: &Actor, id: ProjectId, form: ProjectForm, only: &IfVersion) -> Answer<Project> {
        let before = self.0.project_for(actor, Permission::ManageProjects, id).await?;
        let form = tidy(form);
        form.check()?;
        check_address(actor, &form, &before)?;
        self.check_credential(actor, &form, Some(&before)).await?;
        let changed = self.0.store.by(actor).only(only).project_update(id, &form).await;
        of_update(changed, &thing(id), &form, self.0.store.project(id)).await
    }

    async fn delete(&self, actor: &Actor, id: ProjectId, only: &IfVersion) -> Answer<()> {
        self.0.project_for(actor, Permission::ManageProjects, id).await?;
        self.0.store.by(actor).only(only).project_delete(id).await.map_err(|e| of_store(e, &thing(id)))?;
        self.0.forget_mirror(id);
        Ok(())
    }

    async fn check(&self, actor: &Actor, id: ProjectId) -> Answer<Check> {
        let project = self.0.project_for(actor, Permission::ManageProjects, id).await?;
        let remote = self.0.remote(&project).await?;
        let bounds = short_bounds(&self.0.stopping);
        let started = Instant::now();
        let (host_key, outcome) = self.0.outward(move || git::check(&remote, &bounds)).await?;
        let latency_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let pinned = host_key.is_some() && host_key == project.host_key;
        let check = Check { latency_ms, host_key, pinned, ..Check::default() };
        Ok(match outcome {
            Ok(_) => Check { ok: true, ..check },
            Err(error) => {
                // A key that was seen only by an error is as good.
                let host_key = match &error.kind {
                    GitErrorKind::Unpinned { fingerprint } | GitErrorKind::KeyChanged { fingerprint } => {
                        Some(fingerprint.clone())
                    }
                    _ => check.host_key.clone(),
                };
                Check { host_key, code: Some(code(&error.kind).to_owned()), error: Some(error.text), ..check }
            }
        })
    }

    async fn pin_host_key(&self, actor: &Actor, id: ProjectId, fingerprint: String) -> Answer<Project> {
        self.0.project_for(actor, Permission::ManageProjects, id).await?;
        let fingerprint = check_fingerprint(&fingerprint)?;
        self.0.store.by(actor).project_pin(id, Some(fingerprint)).await.map_err(|e| of_store(e, &thing(id)))
    }

    async fn refs(&self, actor: &Actor, id: ProjectId, kind: RefKind, branch: Option<String>) -> Answer<Vec<RefItem>> {
        let project = self.0.project_for(actor, Permission::PickRefs, id).await?;
        self.0.refs(&project, kind, branch).await
    }

    async fn choices(&self, actor: &Actor, id: ProjectId, fetch: bool) -> Answer<RefChoices> {
        let project = self.0.project_for(actor, Permission::PickRefs, id).await?;
        self.0.choices(&project, fetch).await
    }

    async fn environments(&self, actor: &Actor, id: ProjectId) -> Answer<Vec<Environment>> {
        self.0.project_for(actor, Permission::ViewProjects, id).await?;
        self.0.environments(id).await
    }

    async fn environment(&self, actor: &Actor, id: EnvironmentId) -> Answer<Environment> {
        self.0.environment_for(actor, Permission::ViewProjects, id).await
    }

    async fn create_environment(&self, actor: &Actor, id: ProjectId, form: EnvironmentForm) -> Answer<Environment> {
        self.0.project_for(actor, Permission::ManageProjects, id).await?;
        self.0.create_environment(actor, id, form).await
    }

    async fn update_environment(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        form: EnvironmentForm,
        only: &IfVersion,
    ) -> Answer<Environment> {
        let before = self.0.environment_for(actor, Permission::ManageProjects, id).await?;
        self.0.update_environment(actor, before, form, only).await
    }

    async fn delete_environment(&self, actor: &Actor, id: EnvironmentId, only: &IfVersion) -> Answer<()> {
        self.0.environment_for(actor, Permission::ManageProjects, id).await?;
        self.0.delete_environment(actor, id, only).await
    }

    async fn check_environment(&self, actor: &Actor, id: EnvironmentId) -> Answer<Check> {
        let environment = self.0.environment_for(actor, Permission::ManageProjects, id).await?;
        self.0.check_environment(environment).await
    }
}

impl Core {
    /// A project in which the actor may do it.
    pub(super) async fn project_for(&self, actor: &Actor, permission: Permission, id: ProjectId) -> Answer<Project> {
        permit(actor, permission)?;
        let project = self.store.project(id).await.map_err(|e| of_store(e, &thing(id)))?;
        permit_in(actor, permission, id).map_err(|fault| unseen(fault, &thing(id)))?;
        Ok(project)
    }
}

impl ProjectService {
    /// There must be such a credential, it must be one that opens this kind of address, and the actor may use it where
    /// the address or the credential is new.
    async fn check_credential(&self, actor: &Actor, form: &ProjectForm, before: Option<&Project>) -> Answer<()> {
        let Some(id) = form.credential_id else { return Ok(()) };
        let is_use =
            before.is_none_or(|before| before.repo_url != form.repo_url || before.credential_id != form.credential_id);
        let kind = match self.0.store.credential(id).await {
            Ok(credential) => {
                if is_use {
                    may_use(actor, credential.project_id)?;
                }
                credential.kind
            }
            Err(StoreError::NotFound) => return Err(no_such("credential_id")),
            Err(error) => return Err(of_store(error, &noun("credential", "凭据", id))),
        };
        if fits(kind, &form.repo_url) { Ok(()) } else { Err(wrong_kind()) }
    }
}

/// A folder of Launchway's own host is named by those who manage projects everywhere: Launchway's user may read more
/// repositories there than the manager of one project. One that is named already stays.
fn check_address(actor: &Actor, form: &ProjectForm, before: &Project) -> Answer<()> {
    if form.repo_url == before.repo_url || !git::is_local(&form.repo_url) {
        return Ok(());
    }
    permit_of(actor, Permission::ManageProjects, None).map_err(|_| {
        Fault::field(
            "repo_url",
            "local",
            Text::new(
                "A folder of the Launchway host may be named only by those who manage projects everywhere. Use an address that others can reach, or ask an administrator.",
                "只有可管理所有项目的人员才能填写 Launchway 主机上的目录。请使用他人也能访问的地址，或联系管理员。",
            ),
        )
    })
}

/// Whether a credential of this kind can open that address. Files are opened without any: one that is
/// named there waits for the day when the address changes.
fn fits(kind: CredentialKind, repo_url: &str) -> bool {
    let is_http = repo_url.starts_with("https://") || repo_url.starts_with("http://");
    let is_file = repo_url.starts_with('/') || repo_url.starts_with("file://");
    match kind {
        CredentialKind::GitHttps => is_http || is_file,
        CredentialKind::GitSsh => !is_http,
        CredentialKind::SshKey | CredentialKind::SshPassword => false,
    }
}

fn wrong_kind() -> Fault {
    Fault::field(
        "credential_id",
        "wrong_kind",
        Text::new(
            "This credential does not fit the address. http and https need Git over HTTPS; ssh and host:path need Git over SSH.",
            "此凭据与仓库地址不匹配：http 和 https 地址需要 Git（HTTPS）凭据，ssh 和 host:path 地址需要 Git（SSH）凭据。",
        ),
    )
}

/// The stable word of a check's answer.
fn code(kind: &GitErrorKind) -> &'static str {
    match kind {
        GitErrorKind::Refused => "refused",
        GitErrorKind::Timeout => "timeout",
        GitErrorKind::Unpinned { .. } => "unpinned",
        GitErrorKind::KeyChanged { .. } => "key_changed",
        GitErrorKind::Auth => "auth",
        GitErrorKind::Passphrase => "passphrase",
        GitErrorKind::Empty => "empty",
        _ => "unreachable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_opens_the_addresses_of_its_kind() {
        for url in ["https://host/a.git", "http://host/a.git"] {
            assert!(fits(CredentialKind::GitHttps, url) && !fits(CredentialKind::GitSsh, url), "{url}");
        }
        for url in ["ssh://git@host/a.git", "git@host:a.git", "host:a.git"] {
            assert!(fits(CredentialKind::GitSsh, url) && !fits(CredentialKind::GitHttps, url), "{url}");
        }
        for url in ["/srv/a.git", "file:///srv/a.git", "https://host/a", "git@host:a"] {
            assert!(!fits(CredentialKind::SshKey, url) && !fits(CredentialKind::SshPassword, url), "{url}");
        }
    }
}
