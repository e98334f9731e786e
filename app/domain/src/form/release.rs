//! A release as somebody asks for it.

use garde::Validate;
use serde::{Deserialize, Serialize};

use super::{Form, errors_of, message, rules};
use crate::fault::FieldError;
use crate::id::{EnvironmentId, ProjectId};
use crate::release::{GitRef, HookPoint, Hooks};

/// The longest hook, in bytes.
pub const MAX_HOOK_BYTES: usize = 64 * 1024;

/// What goes where, and with which hooks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReleaseForm {
    /// Whose.
    #[garde(custom(rules::chosen))]
    pub project_id: ProjectId,
    /// Where to.
    #[garde(custom(rules::chosen))]
    pub environment_id: EnvironmentId,
    /// Which ref.
    #[serde(rename = "ref")]
    #[garde(skip)]
    pub git_ref: GitRef,
    /// Its scripts.
    #[serde(default)]
    #[garde(skip)]
    pub hooks: Hooks,
    /// A word about it.
    #[serde(default)]
    #[garde(custom(rules::note))]
    pub note: Option<String>,
}

impl Default for ReleaseForm {
    fn default() -> Self {
        Self {
            project_id: ProjectId(0),
            environment_id: EnvironmentId(0),
            git_ref: GitRef::default(),
            hooks: Hooks::default(),
            note: None,
        }
    }
}

/// The rules of the hooks alone.
pub trait HookErrors {
    /// What is wrong with each, at `hooks.<point>`.
    fn errors(&self) -> Vec<FieldError>;
}

impl HookErrors for Hooks {
    fn errors(&self) -> Vec<FieldError> {
        HookPoint::ALL
            .into_iter()
            .filter_map(|point| {
                let body = self.at(point)?;
                let code = if body.len() > MAX_HOOK_BYTES {
                    "too_long"
                } else if body.contains('\0') {
                    "nul"
                } else {
                    return None;
                };
                Some(FieldError::new(format!("hooks.{}", point.as_str()), code, message(code)))
            })
            .collect()
    }
}

impl Form for ReleaseForm {
    fn errors(&self) -> Vec<FieldError> {
        let mut errors = errors_of(self);
        if let Err(error) = rules::ref_name(&self.git_ref.name, &()) {
            errors.push(FieldError::new("ref.name", error.message(), message(error.message())));
        }
        errors.extend(HookErrors::errors(&self.hooks));
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_that_is_too_long_is_named() {
        let form = ReleaseForm {
            project_id: ProjectId(1),
            environment_id: EnvironmentId(1),
            git_ref: GitRef { name: "v1".into(), ..Default::default() },
            hooks: Hooks { before_deploy: Some("x".repeat(MAX_HOOK_BYTES + 1)), ..Default::default() },
            note: None,
        };
        let errors = form.errors();
        assert_eq!(errors.len(), 1);
        assert_eq!((errors[0].field.as_str(), errors[0].code.as_str()), ("hooks.before_deploy", "too_long"));
    }
}
