//! What people see: pages, components, and the server functions behind them.

pub mod api;
#[cfg(feature = "ssr")]
pub mod assets;
#[cfg(feature = "ssr")]
pub mod ports;
pub mod text;
pub mod ui;

pub use ui::app::App;
#[cfg(feature = "ssr")]
pub use ui::shell::shell;
