//! Probe, stage, verify, switch and prune with real tools: GNU with dash, and BusyBox alone.
#![allow(clippy::unwrap_used, unreachable_pub)]

#[path = "../common/mod.rs"]
mod common;
mod disk;
mod host;
mod laying;
mod probing;
mod remote;
mod staging;
mod switching;
