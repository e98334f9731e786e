//! The pipeline as a picture: a tree of nodes from left to right, each with a colour and a sign.

pub mod diagram;
pub mod layout;
pub mod link;
pub mod node;
pub mod sign;
