//! What people see: pages, components, and the server functions behind them.

// The types of nested views are deeper than the default limit of 128 allows.
#![recursion_limit = "512"]

pub mod api;
#[cfg(feature = "ssr")]
pub mod assets;
#[cfg(feature = "ssr")]
pub mod ports;
pub mod said;
pub mod text;
pub mod ui;

pub use ui::app::App;
#[cfg(feature = "ssr")]
pub use ui::shell::shell;
