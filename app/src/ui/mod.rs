//! The pages and what they are made of.

pub mod app;
pub mod next;
pub mod prefs;
#[cfg(feature = "ssr")]
pub mod shell;
