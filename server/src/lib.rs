//! The program: its router, its services, its command line.

#![recursion_limit = "512"]

pub mod cli;
pub mod config;
mod forge;
mod http;
pub mod notify;
pub mod service;
mod sign;
mod state;

pub use http::router;
pub use http::tls::TlsListener;
pub use state::AppState;
