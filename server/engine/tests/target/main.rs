//! Probe, stage, verify, switch and prune with real tools: GNU with dash, and BusyBox alone.
#![allow(clippy::unwrap_used)]

mod host;
mod staging;
