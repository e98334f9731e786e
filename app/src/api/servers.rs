//! Servers.

use launchway_domain::{Check, ListQuery, Listed, Server, ServerForm, ServerId};
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

/// All servers.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn list_servers() -> Result<Vec<Server>, ApiError> {
    answer(ports()?.servers.list(&actor()?).await)
}
needs!(ListServers, ViewServers);

/// One server.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn get_server(id: ServerId) -> Result<Server, ApiError> {
    answer(ports()?.servers.get(&actor()?, id).await)
}
needs!(GetServer, ViewServers);

/// Adds a server, or changes the one with `id`, where it is still at `version`. `tags` as typed: separated by commas.
#[server(prefix = "/api/fn", output = Json)]
pub async fn save_server(
    id: Option<ServerId>,
    version: Option<i64>,
    form: ServerForm,
    tags: String,
) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let form = ServerForm { tags: split_tags(&tags), ..form };
    let (did, server) = match id {
        Some(id) => (Did::Saved, answer(ports.servers.update(&actor, id, form, &IfVersion::of(version)).await)?),
        None => (Did::Created, answer(ports.servers.create(&actor, form).await)?),
    };
    tell(Said::new(Thing::Server, did, server.hostname));
    leptos_axum::redirect(&format!("/servers/{}", server.id));
    Ok(())
}
needs!(SaveServer, ManageServers);

/// Deletes a server.
#[server(prefix = "/api/fn", output = Json)]
pub async fn delete_server(id: ServerId) -> Result<(), ApiError> {
    let (ports, actor) = (ports()?, actor()?);
    let server = answer(ports.servers.get(&actor, id).await)?;
    answer(ports.servers.delete(&actor, id, &IfVersion::Any).await)?;
    tell(Said::new(Thing::Server, Did::Deleted, server.hostname));
    leptos_axum::redirect("/servers");
    Ok(())
}
needs!(DeleteServer, ManageServers);

/// Connects and says what a release would meet.
#[server(prefix = "/api/fn", output = Json)]
pub async fn check_server(id: ServerId) -> Result<Check, ApiError> {
    answer(ports()?.servers.check(&actor()?, id).await)
}
needs!(CheckServer, ManageServers);

/// Trusts a host key from now on.
#[server(prefix = "/api/fn", output = Json)]
pub async fn pin_server(id: ServerId, fingerprint: String) -> Result<Server, ApiError> {
    let server = answer(ports()?.servers.pin_host_key(&actor()?, id, fingerprint).await)?;
    tell(Said::new(Thing::HostKey, Did::Pinned, server.hostname.as_str()));
    Ok(server)
}
needs!(PinServer, ManageServers);

/// A page of what is looked for. In JSON, since an empty query would leave nothing of a form.
#[server(prefix = "/api/fn", input = Json, output = Json)]
pub async fn search_servers(query: ListQuery) -> Result<Listed<Server>, ApiError> {
    answer(ports()?.servers.search(&actor()?, query).await)
}
needs!(SearchServers, ViewServers);

/// The tags that servers have, to filter by.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn list_tags() -> Result<Vec<String>, ApiError> {
    answer(ports()?.servers.tags(&actor()?).await)
}
needs!(ListTags, ViewServers);

/// The tags in a text that a person typed: separated by commas of either language.
pub fn split_tags(typed: &str) -> Vec<String> {
    typed.split([',', '，', '、']).map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::split_tags;

    #[test]
    fn tags_are_separated_by_commas_of_either_language() {
        assert_eq!(split_tags("web, eu，db、 "), ["web", "eu", "db"]);
        assert!(split_tags(" , ").is_empty());
    }
}
