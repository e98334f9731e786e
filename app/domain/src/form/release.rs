//! A release as somebody asks for it.

use garde::Validate;
use serde::{Deserialize, Serialize};

use super::{Form, errors_of, message, rules};
use crate::fault::FieldError;
use crate::id::{EnvironmentId, ProjectId, ReleaseId};
use crate::release::{GitRef, HookPoint, Hooks};
use crate::time::Timestamp;

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
    /// Names under which hooks are also kept as templates, in the moment in which the release is created.
    #[serde(default)]
    #[garde(skip)]
    pub save_as: HookNames,
    /// A word about it.
    #[serde(default)]
    #[garde(custom(rules::note))]
    pub note: Option<String>,
    /// Starts it at once: it is created and started, or neither. Absent: it is written down, and somebody starts it later.
    #[serde(default)]
    #[garde(dive)]
    pub start: Option<StartForm>,
}

impl Default for ReleaseForm {
    fn default() -> Self {
        Self {
            project_id: ProjectId(0),
            environment_id: EnvironmentId(0),
            git_ref: GitRef::default(),
            hooks: Hooks::default(),
            save_as: HookNames::default(),
            note: None,
            start: None,
        }
    }
}

/// How a release starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct StartForm {
    /// Why it starts although a rule of the environment's policy says that it may not. An administrator's to say; kept
    /// with the release where it broke a rule.
    #[garde(custom(rules::note))]
    pub exception: Option<String>,
    /// When it starts, at most a year ahead: it stands in the queue until then. Absent: as soon as it can.
    #[garde(skip)]
    pub at: Option<Timestamp>,
}

impl Form for StartForm {
    fn errors(&self) -> Vec<FieldError> {
        errors_of(self)
    }
}

/// Where an environment goes back to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RollbackForm {
    /// The release to go back to: one that succeeded there. Absent: what was live before what is live now; where a release
    /// that did not succeed has left some servers with it, that is the last one that did.
    #[garde(skip)]
    pub release_id: Option<ReleaseId>,
    /// As at a start.
    #[garde(custom(rules::note))]
    pub exception: Option<String>,
}

impl Form for RollbackForm {
    fn errors(&self) -> Vec<FieldError> {
        errors_of(self)
    }
}

/// What is promoted to an environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct PromoteForm {
    /// The test environment that it comes from. Absent: the only one that has something live.
    #[garde(skip)]
    pub from: Option<EnvironmentId>,
    /// As at a start.
    #[garde(custom(rules::note))]
    pub exception: Option<String>,
}

impl Form for PromoteForm {
    fn errors(&self) -> Vec<FieldError> {
        errors_of(self)
    }
}

/// A name for the hook at each point; absent or blank means none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct HookNames {
    /// Of the hook before the download.
    pub before_download: Option<String>,
    /// Of the hook after the download.
    pub after_download: Option<String>,
    /// Of the hook before the switch.
    pub before_deploy: Option<String>,
    /// Of the hook after the switch.
    pub after_deploy: Option<String>,
}

impl HookNames {
    /// The name at a point without the blanks around it, where there is one.
    pub fn at(&self, point: HookPoint) -> Option<&str> {
        match point {
            HookPoint::BeforeDownload => &self.before_download,
            HookPoint::AfterDownload => &self.after_download,
            HookPoint::BeforeDeploy => &self.before_deploy,
            HookPoint::AfterDeploy => &self.after_deploy,
        }
        .as_deref()
        .map(str::trim)
        .filter(|name| !name.is_empty())
    }

    /// What is wrong with each, at `save_as.<point>`.
    fn errors(&self, hooks: &Hooks) -> Vec<FieldError> {
        let mut seen: Vec<&str> = Vec::new();
        let mut errors = Vec::new();
        for point in HookPoint::ALL {
            let Some(name) = self.at(point) else { continue };
            let code = match rules::name(name, &()) {
                Err(error) => Some(error.message().to_owned()),
                Ok(()) if hooks.at(point).is_none() => Some("no_hook".to_owned()),
                Ok(()) if seen.contains(&name) => Some("duplicate".to_owned()),
                Ok(()) => None,
            };
            seen.push(name);
            errors.extend(
                code.map(|code| FieldError::new(format!("save_as.{}", point.as_str()), &*code, message(&code))),
            );
        }
        errors
    }
}

/// What is wrong with a hook's text, as a code.
pub(super) fn hook_error(body: &str) -> Option<&'static str> {
    if body.len() > MAX_HOOK_BYTES {
        Some("too_long")
    } else if body.contains('\0') {
        Some("nul")
    } else {
        None
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
                let code = hook_error(body)?;
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
        errors.extend(self.save_as.errors(&self.hooks));
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
            ..Default::default()
        };
        let errors = form.errors();
        assert_eq!(errors.len(), 1);
        assert_eq!((errors[0].field.as_str(), errors[0].code.as_str()), ("hooks.before_deploy", "too_long"));
    }

    #[test]
    fn a_template_of_nothing_or_twice_under_one_name_is_refused() {
        let form = ReleaseForm {
            project_id: ProjectId(1),
            environment_id: EnvironmentId(1),
            git_ref: GitRef { name: "v1".into(), ..Default::default() },
            hooks: Hooks {
                before_deploy: Some("true".into()),
                after_deploy: Some("true".into()),
                ..Default::default()
            },
            save_as: HookNames {
                before_download: Some("fetch".into()),
                after_download: Some("  ".into()),
                before_deploy: Some("check".into()),
                after_deploy: Some(" check ".into()),
            },
            note: None,
            start: None,
        };
        let found: Vec<_> = form.errors().into_iter().map(|e| (e.field, e.code)).collect();
        let wanted = [("save_as.before_download", "no_hook"), ("save_as.after_deploy", "duplicate")];
        assert_eq!(found, wanted.map(|(f, c)| (f.to_owned(), c.to_owned())));
    }
}
