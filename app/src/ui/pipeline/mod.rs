//! The pipeline as a picture: a tree of nodes from left to right, each with a colour and a sign. Of many servers most are
//! cells below it, grouped by state.

pub mod cells;
pub mod diagram;
pub mod drawn;
pub mod groups;
pub mod layout;
pub mod link;
pub mod minimap;
pub mod node;
pub mod sign;
pub mod slowest;
pub mod toolbar;
pub mod viewport;
pub mod walk;
