//! Links that open the wall, for screens that cannot sign in.

use std::sync::Arc;

use async_trait::async_trait;
use launchway_app::ports::{Answer, Walls};
use launchway_domain::{Actor, Fault, Form, NewWallLink, Permission, Text, WallLink, WallLinkForm, WallLinkId};
use launchway_engine::store::Store;
use secrecy::{ExposeSecret, SecretString};

use super::fault::{noun, of_store};
use super::key::digest;
use super::permission::permit;
use super::{Core, key};

/// What every key begins with, so that scanners for leaked secrets find it.
const KEY_PREFIX: &str = "lww_";
/// The longest key that is looked up, in bytes.
const MAX_KEY: usize = 200;

pub(super) struct WallService(pub(super) Arc<Core>);

fn links() -> Text {
    Text::new("wall links", "看板链接")
}

#[async_trait]
impl Walls for WallService {
    async fn list(&self, actor: &Actor) -> Answer<Vec<WallLink>> {
        permit(actor, Permission::ManageWallLinks)?;
        self.0.store.wall_links().await.map_err(|e| of_store(e, &links()))
    }

    async fn create(&self, actor: &Actor, form: WallLinkForm) -> Answer<NewWallLink> {
        permit(actor, Permission::ManageWallLinks)?;
        form.check()?;
        let key = key::new(KEY_PREFIX)?;
        let (by, name) = (actor.user_id(), actor.name());
        let made = self.0.store.by(actor).wall_link_create(form.label.trim(), &digest(&key), by, name).await;
        let link = made.map_err(|e| of_store(e, &links()))?;
        Ok(NewWallLink { link, path: format!("/wall?key={key}"), key })
    }

    async fn delete(&self, actor: &Actor, id: WallLinkId) -> Answer<()> {
        permit(actor, Permission::ManageWallLinks)?;
        self.0.store.by(actor).wall_link_delete(id).await.map_err(|e| of_store(e, &noun("wall link", "看板链接", id)))
    }
}

/// The link that has a key.
pub(super) async fn by_key(store: &Store, key: &SecretString) -> Result<Option<WallLink>, Fault> {
    let key = key.expose_secret();
    if !key.starts_with(KEY_PREFIX) || key.len() > MAX_KEY {
        return Ok(None);
    }
    store.wall_link_by_hash(&digest(key)).await.map_err(|e| of_store(e, &links()))
}
