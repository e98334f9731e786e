//! The services on a real store, with real repositories and real SSH servers.
#![allow(clippy::unwrap_used)]

mod accounts;
mod control;
mod credentials;
mod projects;
mod releases;
mod servers;
mod world;
