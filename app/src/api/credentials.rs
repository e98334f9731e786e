//! Credentials.

use launchway_domain::{Credential, CredentialForm, CredentialId, ListQuery, Listed};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use super::codec::Json;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
use super::{ApiError, needs};
#[cfg(feature = "ssr")]
use crate::said::{Did, Said, Thing, tell};
#[cfg(feature = "ssr")]
use launchway_domain::IfVersion;

/// All credentials, without their secrets.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn list_credentials() -> Result<Vec<Credential>, ApiError> {
    answer(ports()?.credentials.list(&actor()?).await)
}
needs!(ListCredentials, ViewCredentials);

/// One credential, without its secret.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_credential(id: CredentialId) -> Result<Credential, ApiError> {
    answer(ports()?.credentials.get(&actor()?, id).await)
}
needs!(GetCredential, ViewCredentials);

/// Adds a credential, or changes the one with `id`, where it is still at `version`; a blank secret stays as it was.
#[server(prefix = "/api/fn", output = Json)]
pub async fn save_credential(
    id: Option<CredentialId>,
    version: Option<i64>,
    form: CredentialForm,
) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let (did, credential) = match id {
        Some(id) => (Did::Saved, answer(ports.credentials.update(&actor, id, form, &IfVersion::of(version)).await)?),
        None => (Did::Created, answer(ports.credentials.create(&actor, form).await)?),
    };
    let href = format!("/credentials/{}", credential.id);
    tell(Said::new(Thing::Credential, did, credential.name).at(href));
    leptos_axum::redirect("/credentials");
    Ok(())
}
needs!(SaveCredential, ManageCredentials);

/// Deletes a credential.
#[server(prefix = "/api/fn", output = Json)]
pub async fn delete_credential(id: CredentialId) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let credential = answer(ports.credentials.get(&actor, id).await)?;
    answer(ports.credentials.delete(&actor, id, &IfVersion::Any).await)?;
    tell(Said::new(Thing::Credential, Did::Deleted, credential.name));
    leptos_axum::redirect("/credentials");
    Ok(())
}
needs!(DeleteCredential, ManageCredentials);

/// A page of what is looked for. In JSON, since an empty query would leave nothing of a form.
#[server(prefix = "/api/fn", input = Json, output = Json)]
pub async fn search_credentials(query: ListQuery) -> Result<Listed<Credential>, ApiError> {
    answer(ports()?.credentials.search(&actor()?, query).await)
}
needs!(SearchCredentials, ViewCredentials);
