//! What the pages are made of.

pub mod badge;
pub mod changes;
pub mod check;
pub mod code;
pub mod confirm;
pub mod copy_field;
pub mod field;
pub mod form;
pub mod keys;
pub mod late;
pub mod layout;
pub mod list_body;
pub mod listing;
pub mod load;
pub mod prefs_bar;
pub mod project_filter;
pub mod ref_match;
pub mod ref_picker;
pub mod release_table;
pub mod shell_code;
pub mod strip;
pub mod time;
pub mod title;
pub mod toast;
pub mod typed;
pub mod watching;
