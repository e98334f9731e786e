//! Runs releases: Git, SSH, hooks, the store. Knows nothing of HTTP or pages.

pub mod alike;
pub mod artifact;
pub mod bundle;
pub mod calendar;
pub mod credential;
pub mod data;
pub mod disk;
pub mod git;
pub mod guard;
pub mod lineage;
pub mod local;
pub mod log;
pub mod once;
pub mod planner;
pub mod process;
pub mod redact;
pub mod runner;
pub mod secret;
pub mod shell;
pub mod ssh;
mod steps;
pub mod store;
pub mod target;
#[cfg(feature = "testing")]
pub mod testing;
pub mod variable;
mod wait;
