//! What the pages are made of.

pub mod badge;
pub mod changes;
pub mod check;
pub mod code;
pub mod confirm;
pub mod field;
pub mod form;
pub mod layout;
pub mod load;
pub mod prefs_bar;
pub mod ref_picker;
pub mod shell_code;
pub mod time;
pub mod toast;
