//! Target hosts.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use launchway_app::ports::{Answer, Servers};
use launchway_domain::{
    Actor, Check, CredentialId, Fault, Form, ListQuery, Listed, Server, ServerForm, ServerId, Text,
};
use launchway_engine::ssh;
use launchway_engine::store::StoreError;

use super::fault::{no_such, noun, of_store};
use super::permission::{Permission, permit};
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
        self.0.store.servers().await.map_err(|e| of_store(e, &Text::new("servers", "服务器")))
    }

    async fn search(&self, actor: &Actor, query: ListQuery) -> Answer<Listed<Server>> {
        permit(actor, Permission::ViewServers)?;
        let query = lists::checked(query, &["hostname", "address", "key", "added"], &["tag", "key"])?;
        self.0.store.servers_list(&query).await.map_err(|e| of_store(e, &Text::new("servers", "服务器")))
    }

    async fn tags(&self, actor: &Actor) -> Answer<Vec<String>> {
        permit(actor, Permission::ViewServers)?;
        self.0.store.server_tags().await.map_err(|e| of_store(e, &Text::new("servers", "服务器")))
    }

    async fn get(&self, actor: &Actor, id: ServerId) -> Answer<Server> {
        permit(actor, Permission::ViewServers)?;
        self.0.store.server(id).await.map_err(|e| of_store(e, &thing(id)))
    }

    async fn create(&self, actor: &Actor, form: ServerForm) -> Answer<Server> {
        permit(actor, Permission::ManageServers)?;
        let form = tidy(form);
        form.check()?;
        self.check_credential(form.credential_id).await?;
        self.0.store.by(actor).server_create(&form).await.map_err(|e| of_store(e, &Text::new("server", "服务器")))
    }

    async fn update(&self, actor: &Actor, id: ServerId, form: ServerForm) -> Answer<Server> {
        permit(actor, Permission::ManageServers)?;
        let form = tidy(form);
        form.check()?;
        self.check_credential(form.credential_id).await?;
        self.0.store.by(actor).server_update(id, &form).await.map_err(|e| of_store(e, &thing(id)))
    }

    async fn delete(&self, actor: &Actor, id: ServerId) -> Answer<()> {
        permit(actor, Permission::ManageServers)?;
        self.0.store.by(actor).server_delete(id).await.map_err(|e| of_store(e, &thing(id)))
    }

    async fn check(&self, actor: &Actor, id: ServerId) -> Answer<Check> {
        permit(actor, Permission::ManageServers)?;
        let server = self.0.store.server(id).await.map_err(|e| of_store(e, &thing(id)))?;
        let endpoint = self.0.endpoint(&server).await?;
        self.0.outward(move || ssh::check(&endpoint, CHECK)).await
    }

    async fn pin_host_key(&self, actor: &Actor, id: ServerId, fingerprint: String) -> Answer<Server> {
        permit(actor, Permission::ManageServers)?;
        let fingerprint = check_fingerprint(&fingerprint)?;
        self.0.store.by(actor).server_pin(id, Some(fingerprint)).await.map_err(|e| of_store(e, &thing(id)))
    }
}

impl ServerService {
    /// There must be such a credential, and it must be one that opens servers.
    async fn check_credential(&self, id: CredentialId) -> Answer<()> {
        match self.0.store.credential(id).await {
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
