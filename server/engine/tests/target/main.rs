//! Probe, stage, verify, switch and prune with real tools: GNU with dash, and BusyBox alone.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod host;
mod probing;
mod staging;
mod switching;
