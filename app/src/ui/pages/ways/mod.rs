//! Back to an earlier release, and on to another environment.

pub mod back;
pub mod forward;
