//! Git against real repositories: as folders, over HTTP and over SSH.

#![allow(clippy::unwrap_used, unreachable_pub)]

#[path = "git/http.rs"]
mod http;
#[path = "git/refs.rs"]
mod refs;
#[path = "git/repo.rs"]
mod repo;
