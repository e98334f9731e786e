//! What tests stand on: real programs with folders of their own, ended with the test.
//!
//! Behind the cargo feature `testing`, for this crate's tests and those of the crates above it.

mod age;
pub mod postgres;
pub mod sshd;

pub use age::age;
pub use postgres::Postgres;
pub use sshd::{Builder as SshdBuilder, Sshd};
