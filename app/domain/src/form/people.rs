//! Inviting people, giving them roles, and API tokens.

use garde::Validate;
use serde::{Deserialize, Serialize};

use super::{Form, errors_of, message, rules};
use crate::actor::{Membership, Role, TokenScope};
use crate::fault::FieldError;
use crate::id::ProjectId;
use crate::text::Text;
use crate::time::Timestamp;

/// The most memberships that somebody is invited with.
const MAX_MEMBERSHIPS: usize = 100;
/// The longest time after which a token ends that is to end, in days.
const MAX_DAYS: u32 = 3650;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Somebody to be invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct InviteForm {
    /// The sign-in name.
    #[garde(custom(rules::name))]
    pub name: String,
    /// What they are trusted with everywhere; `member`: with nothing but what memberships give.
    #[garde(skip)]
    pub role: Role,
    /// What they are trusted with in projects, beyond that.
    #[serde(default)]
    #[garde(skip)]
    pub memberships: Vec<Membership>,
}

impl Default for InviteForm {
    fn default() -> Self {
        Self { name: String::new(), role: Role::Member, memberships: Vec::new() }
    }
}

impl Form for InviteForm {
    fn errors(&self) -> Vec<FieldError> {
        let mut errors = errors_of(self);
        if self.memberships.len() > MAX_MEMBERSHIPS {
            errors.push(FieldError::new("memberships", "too_many", message("too_many")));
        }
        for (i, membership) in self.memberships.iter().enumerate() {
            if !Role::OF_PROJECT.contains(&membership.role) {
                errors.push(FieldError::new(format!("memberships.{i}.role"), "invalid", of_project()));
            }
            if self.memberships[..i].iter().any(|other| other.project_id == membership.project_id) {
                errors.push(FieldError::new(format!("memberships.{i}.project_id"), "duplicate", message("duplicate")));
            }
        }
        errors
    }
}

/// What somebody is to be trusted with everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RoleForm {
    /// `admin`, `manager`, `developer`, `viewer`, or `member`: nothing but what memberships give.
    pub role: Role,
}

impl Default for RoleForm {
    fn default() -> Self {
        Self { role: Role::Member }
    }
}

impl Form for RoleForm {
    fn errors(&self) -> Vec<FieldError> {
        Vec::new()
    }
}

/// What somebody is to be trusted with in one project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MemberForm {
    /// `manager`, `developer` or `viewer`.
    pub role: Role,
}

impl Default for MemberForm {
    fn default() -> Self {
        Self { role: Role::Viewer }
    }
}

impl Form for MemberForm {
    fn errors(&self) -> Vec<FieldError> {
        if Role::OF_PROJECT.contains(&self.role) {
            Vec::new()
        } else {
            vec![FieldError::new("role", "invalid", of_project())]
        }
    }
}

fn of_project() -> Text {
    Text::new("In a project: manager, developer or viewer.", "项目中的角色：发布经理、开发者或观察者。")
}

/// A token to be made. Its end is given as a time or as a number of days, or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenForm {
    /// What it is for.
    #[garde(custom(rules::name))]
    pub name: String,
    /// What it allows of what its owner may.
    #[garde(skip)]
    pub scope: TokenScope,
    /// The one project that it is for; none means all that its owner sees.
    #[serde(default)]
    #[garde(skip)]
    pub project_id: Option<ProjectId>,
    /// When it ends.
    #[serde(default)]
    #[garde(skip)]
    pub expires_at: Option<Timestamp>,
    /// The same, in days from now: 1 to 3650.
    #[serde(default)]
    #[garde(skip)]
    pub expires_in_days: Option<u32>,
}

impl TokenForm {
    /// When the token ends if it is made now; none: when it is revoked.
    pub fn end(&self, now: Timestamp) -> Option<Timestamp> {
        self.expires_at.or_else(|| self.expires_in_days.map(|days| now.plus_millis(i64::from(days) * DAY_MS)))
    }
}

impl Form for TokenForm {
    fn errors(&self) -> Vec<FieldError> {
        let mut errors = errors_of(self);
        if self.expires_in_days.is_some_and(|days| !(1..=MAX_DAYS).contains(&days)) {
            let text = Text::new("1 to 3650 days.", "应为 1 到 3650 天。");
            errors.push(FieldError::new("expires_in_days", "out_of_range", text));
        } else if self.expires_at.is_some() && self.expires_in_days.is_some() {
            let text = Text::new("Give a time or a number of days, not both.", "请只填写到期时间或天数之一。");
            errors.push(FieldError::new("expires_in_days", "contradiction", text));
        }
        errors
    }
}

/// A password that somebody chooses who was invited.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct JoinForm {
    /// The password.
    #[garde(custom(rules::new_password))]
    pub password: String,
}

impl Form for JoinForm {
    fn errors(&self) -> Vec<FieldError> {
        errors_of(self)
    }
}

impl std::fmt::Debug for JoinForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JoinForm").finish_non_exhaustive()
    }
}

/// A new password for oneself.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordForm {
    /// The one that holds until now.
    #[garde(skip)]
    pub current_password: String,
    /// The new one: 8 characters at least.
    #[garde(custom(rules::new_password))]
    pub password: String,
}

impl Form for PasswordForm {
    fn errors(&self) -> Vec<FieldError> {
        let mut errors = errors_of(self);
        if self.current_password.is_empty() {
            errors.push(FieldError::new("current_password", "required", message("required")));
        }
        errors
    }
}

impl std::fmt::Debug for PasswordForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordForm").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(form: &impl Form) -> Vec<(String, String)> {
        form.errors().into_iter().map(|error| (error.field, error.code)).collect()
    }

    #[test]
    fn a_role_in_a_project_is_none_of_those_that_are_only_everywhere() {
        let member = |id, role| Membership { project_id: ProjectId(id), role };
        let form = InviteForm {
            name: "kim".into(),
            memberships: vec![member(1, Role::Manager), member(2, Role::Admin), member(1, Role::Viewer)],
            ..Default::default()
        };
        let wrong = [("memberships.1.role", "invalid"), ("memberships.2.project_id", "duplicate")];
        assert_eq!(fields(&form), wrong.map(|(field, code)| (field.to_owned(), code.to_owned())));
        for role in Role::ALL {
            assert_eq!(MemberForm { role }.errors().is_empty(), Role::OF_PROJECT.contains(&role), "{role:?}");
        }
    }

    #[test]
    fn a_token_ends_at_one_time() {
        let now = Timestamp(1_000);
        let form = TokenForm { name: "ci".into(), ..Default::default() };
        assert_eq!(form.end(now), None);
        assert_eq!(TokenForm { expires_in_days: Some(2), ..form.clone() }.end(now), Some(Timestamp(172_801_000)));
        let both = TokenForm { expires_at: Some(now), expires_in_days: Some(2), ..form.clone() };
        assert_eq!(fields(&both), [("expires_in_days".to_owned(), "contradiction".to_owned())]);
        let long = TokenForm { expires_in_days: Some(0), ..form };
        assert_eq!(fields(&long), [("expires_in_days".to_owned(), "out_of_range".to_owned())]);
    }

    #[test]
    fn passwords_are_not_shown() {
        let form = PasswordForm { current_password: "hunter22".into(), password: "hunter23".into() };
        assert!(!format!("{form:?}{:?}", JoinForm { password: "hunter24".into() }).contains("hunter"));
        assert_eq!(fields(&PasswordForm { current_password: String::new(), ..form })[0].0, "current_password");
    }
}
