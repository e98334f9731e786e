//! What administrators may know of the installation.

use std::sync::Arc;

use async_trait::async_trait;
use launchway_app::ports::{Answer, System};
use launchway_domain::{Actor, GuardKind, HookGuard, Installation, Permission, Text};

use super::Core;
use super::permission::permit;

pub(super) struct SystemService(pub(super) Arc<Core>);

#[async_trait]
impl System for SystemService {
    async fn installation(&self, actor: &Actor) -> Answer<Installation> {
        permit(actor, Permission::ManageSystem)?;
        let hooks = self.0.hooks.get().cloned().unwrap_or_else(|| HookGuard {
            kind: GuardKind::None,
            user: None,
            detail: Text::new("No hooks are run here.", "此处不运行钩子。"),
        });
        Ok(Installation {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            database: self.0.store.database().to_owned(),
            hooks,
        })
    }
}
