//! What people see: pages, components, and the server functions behind them.

#[cfg(feature = "ssr")]
pub mod ports;
