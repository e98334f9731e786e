//! From stored records to what opens a server or a repository. Secrets live only as long as the
//! connection that they are for.

use launchway_domain::{CredentialId, Fault, Project, Server};
use launchway_engine::credential::Opened;
use launchway_engine::git::Remote;
use launchway_engine::ssh::Endpoint;

use super::Core;
use super::fault::{noun, of_store};

impl Core {
    /// A credential with its secret part.
    pub(super) async fn open(&self, id: CredentialId) -> Result<Opened, Fault> {
        let thing = noun("credential", "凭据", id);
        let (credential, sealed) = self.store.credential_sealed(id).await.map_err(|e| of_store(e, &thing))?;
        Opened::new(&self.vault, credential, &sealed).map_err(Fault::conflict)
    }

    /// What is needed to connect to a server.
    pub(super) async fn endpoint(&self, server: &Server) -> Result<Endpoint, Fault> {
        let (username, auth) = self.open(server.credential_id).await?.for_server()?;
        Ok(Endpoint {
            hostname: server.hostname.clone(),
            address: server.address.clone(),
            port: server.port,
            username,
            auth,
            host_key: server.host_key.clone(),
        })
    }

    /// What is needed to talk to a project's repository.
    pub(super) async fn remote(&self, project: &Project) -> Result<Remote, Fault> {
        let auth = match project.credential_id {
            None => None,
            Some(id) => Some(self.open(id).await?.for_git()?),
        };
        Ok(Remote { url: project.repo_url.clone(), auth, host_key: project.host_key.clone() })
    }
}
