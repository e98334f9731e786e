//! The pages and what they are made of.

pub mod app;
pub mod prefs;
#[cfg(feature = "ssr")]
pub mod shell;
