//! Links that open the wall.

use launchway_domain::{NewWallLink, WallLink, WallLinkForm, WallLinkId};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use super::codec::Json;
#[cfg(feature = "ssr")]
use super::host::{actor, answer, ports};
use super::{ApiError, needs};
#[cfg(feature = "ssr")]
use crate::said::{Did, Said, Thing, tell};

/// All links, newest first; never their keys.
#[server(prefix = "/api/fn", input = GetUrl, output = Json)]
pub async fn list_wall_links() -> Result<Vec<WallLink>, ApiError> {
    answer(ports()?.walls.list(&actor()?).await)
}
needs!(ListWallLinks, ManageWallLinks);

/// Makes a link. Its key is in this answer and nowhere else.
#[server(prefix = "/api/fn", output = Json)]
pub async fn create_wall_link(form: WallLinkForm) -> Result<NewWallLink, ApiError> {
    let made = answer(ports()?.walls.create(&actor()?, form).await)?;
    tell(Said::new(Thing::WallLink, Did::Created, made.link.label.as_str()));
    Ok(made)
}
needs!(CreateWallLink, ManageWallLinks);

/// Revokes a link: its screens go blank within seconds.
#[server(prefix = "/api/fn", output = Json)]
pub async fn revoke_wall_link(id: WallLinkId, label: String) -> Result<(), ApiError> {
    answer(ports()?.walls.delete(&actor()?, id).await)?;
    tell(Said::new(Thing::WallLink, Did::Revoked, label));
    Ok(())
}
needs!(RevokeWallLink, ManageWallLinks);
