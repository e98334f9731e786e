//! Runs releases: Git, SSH, hooks, the store. Knows nothing of HTTP or pages.

pub mod data;
pub mod secret;
pub mod shell;
#[cfg(feature = "testing")]
pub mod testing;
