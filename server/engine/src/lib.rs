//! Runs releases: Git, SSH, hooks, the store. Knows nothing of HTTP or pages.

pub mod artifact;
pub mod credential;
pub mod data;
pub mod git;
pub mod local;
pub mod planner;
pub mod process;
pub mod redact;
pub mod secret;
pub mod shell;
pub mod ssh;
pub mod store;
pub mod target;
#[cfg(feature = "testing")]
pub mod testing;
mod wait;
