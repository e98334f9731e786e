//! The pages and what they are made of.

pub mod app;
pub mod components;
pub mod live;
pub mod may;
pub mod next;
pub mod pages;
pub mod palette;
pub mod pipeline;
pub mod prefs;
mod routes;
#[cfg(feature = "ssr")]
pub mod shell;
