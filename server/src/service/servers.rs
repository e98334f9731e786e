//! Target hosts.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use launchway_app::ports::{Answer, Servers};
use launchway_domain::{
    Actor, Check, Credential, CredentialId, Fault, Form, IfVersion, ListQuery, Listed, Permission, ProjectId, Server,
    ServerForm, ServerId, Text,
};
use launchway_engine::ssh;
use launchway_engine::store::StoreError;

use super::fault::{no_such, noun, of_store, of_update};
use super::permission::{permit, permit_of};
use super::{Core, lists};

/// How long a check may take.
const CHECK: Duration = Duration::from_secs(20);

pub(super) struct ServerService(pub(super) Arc<Core>);

fn thing(id: ServerId) -> Text {
    noun("server", "服务器", id)
}

fn tidy(mut form: ServerForm) -> ServerForm {
    form.hostname = form.hostname.trim().to_owned();
    form.address = form.address.trim().to_owned();
    form
}

#[async_trait]
impl Servers for ServerService {
    async fn list(&self, actor: &Actor) -> Answer<Vec<Server>> {
        permit(actor, Permission::ViewServers)?;
        self.0.store.servers(&actor.visible()).await.map_err(|e| of_store(e, &Text::new("servers", "服务器")))
    }

    async fn search(&self, actor: &Actor, query: ListQuery) -> Answer<Listed<Server>> {
        permit(actor, Permission::ViewServers)?;
        let query = lists::checked(query, &["hostname", "address", "key", "added"], &["tag", "key"])?;
        self.0
            .store
            .servers_list(&query, &actor.visible())
            .await
            .map_err(|e| of_store(e, &Text::new("servers", "服务器")))
    }

    async fn tags(&self, actor: &Actor) -> Answer<Vec<String>> {
        permit(actor, Permission::ViewServers)?;
        self.0.store.server_tags(&actor.visible()).await.map_err(|e| of_store(e, &Text::new("servers", "服务器")))
    }

    async fn get(&self, actor: &Actor, id: ServerId) -> Answer<Server> {
        permit(actor, Permission::ViewServers)?;
        self.0.store.server_seen(id, &actor.visible()).await.map_err(|e| of_store(e, &thing(id)))
    }

    async fn create(&self, actor: &Actor, form: ServerForm) -> Answer<Server> {
        permit(actor, Permission::ManageServers)?;
        let form = tidy(form);
        form.check()?;
        permit_of(actor, Permission::ManageServers, form.project_id)?;
        self.check_credential(actor, form.credential_id, true).await?;
        self.0.store.by(actor).server_create(&form).await.map_err(|e| of_store(e, &Text::new("server", "服务器")))
    }

    async fn update(&self, actor: &Actor, id: ServerId, form: ServerForm, only: &IfVersion) -> Answer<Server> {
        let before = self.managed(actor, id).await?;
        let form = tidy(form);
        form.check()?;
        permit_of(actor, Permission::ManageServers, form.project_id)?;
        // Whoever says where a secret is sent to uses it.
        let place = |address: &str, port, credential| (address.to_owned(), port, credential);
        let is_use = place(&before.address, before.port, before.credential_id)
            != place(&form.address, form.port, form.credential_id);
        self.check_credential(actor, form.credential_id, is_use).await?;
        let changed = self.0.store.by(actor).only(only).server_update(id, &form).await;
        of_update(changed, &thing(id), &form, self.0.store.server(id)).await
    }

    async fn delete(&self, actor: &Actor, id: ServerId, only: &IfVersion) -> Answer<()> {
        self.managed(actor, id).await?;
        self.0.store.by(actor).only(only).server_delete(id).await.map_err(|e| of_store(e, &thing(id)))
    }

    async fn check(&self, actor: &Actor, id: ServerId) -> Answer<Check> {
        let server = self.managed(actor, id).await?;
        let endpoint = self.0.endpoint(&server).await?;
        self.0.outward(move || ssh::check(&endpoint, CHECK)).await
    }

    async fn pin_host_key(&self, actor: &Actor, id: ServerId, fingerprint: String) -> Answer<Server> {
        self.managed(actor, id).await?;
        let fingerprint = check_fingerprint(&fingerprint)?;
        self.0.store.by(actor).server_pin(id, Some(fingerprint)).await.map_err(|e| of_store(e, &thing(id)))
    }
}

impl ServerService {
    /// A server that the actor may change.
    async fn managed(&self, actor: &Actor, id: ServerId) -> Answer<Server> {
        permit(actor, Permission::ManageServers)?;
        let server = self.0.store.server_seen(id, &actor.visible()).await.map_err(|e| of_store(e, &thing(id)))?;
        permit_of(actor, Permission::ManageServers, server.project_id)?;
        Ok(server)
    }

    /// There must be such a credential, it must be one that opens servers, and the actor may use it where that is what
    /// they do.
    async fn check_credential(&self, actor: &Actor, id: CredentialId, is_use: bool) -> Answer<()> {
        let found = self.0.store.credential(id).await;
        if let (Ok(Credential { project_id, .. }), true) = (&found, is_use) {
            may_use(actor, *project_id)?;
        }
        match found {
            Ok(credential) if credential.kind.is_for_servers() => Ok(()),
            Ok(_) => Err(Fault::field(
                "credential_id",
                "wrong_kind",
                Text::new(
                    "This credential opens repositories. Choose an SSH key or SSH password for servers.",
                    "此凭据用于仓库，请选择用于服务器的 SSH 密钥或密码。",
                ),
            )),
            Err(StoreError::NotFound) => Err(no_such("credential_id")),
            Err(error) => Err(of_store(error, &noun("credential", "凭据", id))),
        }
    }
}

/// Whether the actor may have a credential's secret sent to an address that they name. One that they may not is, for
/// them, not there.
pub(super) fn may_use(actor: &Actor, credential_of: Option<ProjectId>) -> Result<(), Fault> {
    permit_of(actor, Permission::ManageCredentials, credential_of).map_err(|_| no_such("credential_id"))
}

/// OpenSSH's form: `SHA256:` and the digest's 43 characters of base64 without padding.
pub(super) fn check_fingerprint(fingerprint: &str) -> Result<&str, Fault> {
    let fingerprint = fingerprint.trim();
    let is_base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    match fingerprint.strip_prefix("SHA256:") {
        Some(digest) if digest.len() == 43 && digest.bytes().all(is_base64) => Ok(fingerprint),
        _ => Err(Fault::field(
            "fingerprint",
            "fingerprint",
            Text::new(
                "A fingerprint looks like SHA256: and 43 characters. Check the server to see its own.",
                "指纹的格式为 SHA256: 加 43 个字符，可通过检查服务器获得。",
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sha256_fingerprint_is_pinned() {
        let good = "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8";
        assert_eq!(check_fingerprint(&format!(" {good}\n")), Ok(good));
        for bad in ["", "SHA256:", "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48", &good[..49], &good[7..]] {
            assert_eq!(check_fingerprint(bad).unwrap_err().status(), 422, "{bad}");
        }
    }
}
