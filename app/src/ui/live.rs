//! What moves a page: the feed.

pub mod backoff;
pub mod log;
pub mod state;
