//! Placeholder.

#![recursion_limit = "512"]
fn main() {}
