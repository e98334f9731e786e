//! The pipeline as a picture: a tree of nodes from left to right.

pub mod layout;
