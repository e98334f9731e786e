//! Git against real repositories: as folders, over HTTP and over SSH.

#![allow(clippy::unwrap_used, unreachable_pub)]

#[path = "git/compare.rs"]
mod compare;
#[path = "git/export.rs"]
mod export;
#[path = "git/failures.rs"]
mod failures;
#[path = "git/http.rs"]
mod http;
#[path = "git/refs.rs"]
mod refs;
#[path = "git/repo.rs"]
mod repo;
#[path = "git/ssh.rs"]
mod ssh;
