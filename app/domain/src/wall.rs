//! Links that open the wall, and nothing else, for a screen that cannot sign in.

use serde::{Deserialize, Serialize};

use crate::fault::FieldError;
use crate::form::Form;
use crate::id::WallLinkId;
use crate::text::Text;
use crate::time::Timestamp;

/// The longest label, in characters.
const MAX_LABEL: usize = 60;

/// A link that opens the wall. Its key is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WallLink {
    /// The id.
    pub id: WallLinkId,
    /// Where the screen hangs, or whatever tells it from the others.
    pub label: String,
    /// Who made it.
    pub created_by_name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a screen last used it, to the minute; none where none has.
    pub last_used_at: Option<Timestamp>,
}

/// What one writes to make a link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct WallLinkForm {
    /// Where the screen hangs: 1 to 60 characters on one line.
    pub label: String,
}

impl Form for WallLinkForm {
    fn errors(&self) -> Vec<FieldError> {
        let label = self.label.trim();
        if label.is_empty() {
            return vec![FieldError::new("label", "required", Text::new("Fill this in.", "请填写此项。"))];
        }
        if label.chars().count() > MAX_LABEL || label.chars().any(char::is_control) {
            let message = Text::new("1 to 60 characters on one line.", "应为一行，1 到 60 个字符。");
            return vec![FieldError::new("label", "invalid", message)];
        }
        Vec::new()
    }
}

/// A link that was just made, with its key: shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewWallLink {
    /// The link.
    #[serde(flatten)]
    pub link: WallLink,
    /// Its key. Who has it sees the wall.
    pub key: String,
    /// The address to open on the screen, from the root of this site.
    pub path: String,
}

impl std::fmt::Debug for NewWallLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewWallLink").field("link", &self.link).finish_non_exhaustive()
    }
}
