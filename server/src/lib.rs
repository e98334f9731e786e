//! The program: its router, its services, its command line.

pub mod config;
pub mod service;
