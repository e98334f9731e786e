//! Sealed secrets: in, and never out.

use std::sync::Arc;

use async_trait::async_trait;
use launchway_app::ports::{Answer, Credentials};
use launchway_domain::form::message;
use launchway_domain::{
    Actor, Credential, CredentialForm, CredentialId, CredentialKind, Fault, Form, IfVersion, ListQuery, Listed,
    Permission, Text, Visible,
};
use launchway_engine::credential::Secret;
use secrecy::SecretString;

use super::fault::{in_use, internal, noun, of_store, of_update};
use super::permission::{permit, permit_of};
use super::{Core, lists};

pub(super) struct CredentialService(pub(super) Arc<Core>);

fn thing(id: CredentialId) -> Text {
    noun("credential", "凭据", id)
}

/// What was typed, where something was.
fn typed(value: &mut Option<String>) -> Option<SecretString> {
    value.take().filter(|text| !text.trim().is_empty()).map(SecretString::from)
}

/// The form with what people leave around names taken off. Secrets stay as they are typed.
fn tidy(mut form: CredentialForm) -> CredentialForm {
    form.name = form.name.trim().to_owned();
    form.username = form.username.trim().to_owned();
    form
}

#[async_trait]
impl Credentials for CredentialService {
    async fn list(&self, actor: &Actor) -> Answer<Vec<Credential>> {
        permit(actor, Permission::ViewCredentials)?;
        self.0.store.credentials(&actor.visible()).await.map_err(|e| of_store(e, &Text::new("credentials", "凭据")))
    }

    async fn search(&self, actor: &Actor, query: ListQuery) -> Answer<Listed<Credential>> {
        permit(actor, Permission::ViewCredentials)?;
        let query = lists::checked(query, &["name", "kind", "username", "added"], &["kind"])?;
        self.0
            .store
            .credentials_list(&query, &actor.visible())
            .await
            .map_err(|e| of_store(e, &Text::new("credentials", "凭据")))
    }

    async fn get(&self, actor: &Actor, id: CredentialId) -> Answer<Credential> {
        permit(actor, Permission::ViewCredentials)?;
        self.0.store.credential_seen(id, &actor.visible()).await.map_err(|e| of_store(e, &thing(id)))
    }

    async fn create(&self, actor: &Actor, form: CredentialForm) -> Answer<Credential> {
        permit(actor, Permission::ManageCredentials)?;
        let mut form = tidy(form);
        permit_of(actor, Permission::ManageCredentials, form.project_id)?;
        let errors = form.errors_for_new();
        if !errors.is_empty() {
            return Err(Fault::Invalid { errors });
        }
        let passphrase = typed(&mut form.passphrase).filter(|_| form.kind.is_key());
        let Some(secret) = typed(&mut form.secret) else { return Err(secret_needed("required")) };
        let has_passphrase = passphrase.is_some();
        let sealed = self.seal(Secret { secret, passphrase })?;
        self.0
            .store
            .by(actor)
            .credential_create(&form, &sealed, has_passphrase)
            .await
            .map_err(|e| of_store(e, &Text::new("credential", "凭据")))
    }

    async fn update(
        &self,
        actor: &Actor,
        id: CredentialId,
        form: CredentialForm,
        only: &IfVersion,
    ) -> Answer<Credential> {
        let before = self.managed(actor, id).await?;
        let mut form = tidy(form);
        form.check()?;
        permit_of(actor, Permission::ManageCredentials, form.project_id)?;
        let (secret, passphrase) = (typed(&mut form.secret), typed(&mut form.passphrase));
        if form.kind != before.kind {
            if secret.is_none() {
                return Err(secret_needed("secret_needed"));
            }
            self.refuse_other_use(&before, form.kind).await?;
        }
        let (sealed, has_passphrase) = if secret.is_none() && passphrase.is_none() {
            (None, before.has_passphrase)
        } else {
            // Either alone leaves the other as it was; another kind begins anew.
            let old = if form.kind != before.kind || (secret.is_some() && !before.has_passphrase) {
                // Nothing of it stays, so it need not open either: this is how a lost master key is got over.
                None
            } else {
                Some(self.0.open(id).await?.secret)
            };
            let Some(secret) = secret.or_else(|| old.as_ref().map(|old| old.secret.clone())) else {
                return Err(secret_needed("required"));
            };
            let passphrase = passphrase.or_else(|| old.as_ref().and_then(|old| old.passphrase.clone()));
            let passphrase = passphrase.filter(|_| form.kind.is_key());
            let has_passphrase = passphrase.is_some();
            (Some(self.seal(Secret { secret, passphrase })?), has_passphrase)
        };
        let store = self.0.store.by(actor).only(only);
        let changed = store.credential_update(id, &form, sealed.as_deref(), has_passphrase).await;
        of_update(changed, &thing(id), &form, store.credential(id)).await
    }

    async fn delete(&self, actor: &Actor, id: CredentialId, only: &IfVersion) -> Answer<()> {
        self.managed(actor, id).await?;
        self.0.store.by(actor).only(only).credential_delete(id).await.map_err(|e| of_store(e, &thing(id)))
    }
}

impl CredentialService {
    /// A credential that the actor may change.
    async fn managed(&self, actor: &Actor, id: CredentialId) -> Answer<Credential> {
        permit(actor, Permission::ManageCredentials)?;
        let seen = self.0.store.credential_seen(id, &actor.visible()).await;
        let credential = seen.map_err(|e| of_store(e, &thing(id)))?;
        permit_of(actor, Permission::ManageCredentials, credential.project_id)?;
        Ok(credential)
    }

    fn seal(&self, secret: Secret) -> Answer<Vec<u8>> {
        secret.seal(&self.0.vault).map_err(|e| internal("sealing a credential", &e))
    }

    /// A credential that opens servers cannot become one for repositories under those who use it, nor
    /// one Git transport's the other's.
    async fn refuse_other_use(&self, before: &Credential, kind: CredentialKind) -> Answer<()> {
        if before.kind.is_for_servers() && kind.is_for_servers() {
            return Ok(());
        }
        let to_fault = |e| of_store(e, &thing(before.id));
        let servers = self.0.store.servers(&Visible::All).await.map_err(to_fault)?;
        let projects = self.0.store.projects(&Visible::All).await.map_err(to_fault)?;
        let users: Vec<String> = servers
            .into_iter()
            .filter(|server| server.credential_id == before.id)
            .map(|server| server.hostname)
            .chain(projects.into_iter().filter(|p| p.credential_id == Some(before.id)).map(|p| p.title))
            .collect();
        if users.is_empty() { Ok(()) } else { Err(in_use(&thing(before.id), &users)) }
    }
}

fn secret_needed(code: &str) -> Fault {
    let text = match code {
        "secret_needed" => {
            Text::new("Another kind of credential needs its secret.", "更换类型后需要重新填写密钥内容。")
        }
        code => message(code),
    };
    Fault::field("secret", code, text)
}
