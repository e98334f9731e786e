//! The program: its router, its services, its command line.

#![recursion_limit = "512"]

pub mod cli;
pub mod config;
mod http;
pub mod service;
mod state;

pub use http::router;
pub use state::AppState;
