//! Hooks that outlive their connection: on this host, over SSH, and on a host that has only BusyBox.
#![allow(clippy::unwrap_used, unreachable_pub)]

#[path = "../common/mod.rs"]
mod common;
mod end;
mod follow;
mod host;
mod run;
