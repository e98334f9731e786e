//! Signing in, and the first administrator.

use garde::Validate;
use serde::{Deserialize, Serialize};

use super::{Form, errors_of, rules};
use crate::fault::FieldError;

/// The first administrator, on the first visit; also any later user's name and password.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
pub struct SetupForm {
    /// The sign-in name.
    #[garde(custom(rules::name))]
    pub name: String,
    /// The password.
    #[garde(custom(rules::new_password))]
    pub password: String,
}

impl Form for SetupForm {
    fn errors(&self) -> Vec<FieldError> {
        errors_of(self)
    }
}

impl std::fmt::Debug for SetupForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetupForm").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A try to sign in. Its only rule is that something was typed: anything more would tell what
/// passwords look like.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
pub struct SignInForm {
    /// The sign-in name.
    #[garde(custom(rules::name))]
    pub name: String,
    /// The password.
    #[garde(skip)]
    pub password: String,
}

impl Form for SignInForm {
    fn errors(&self) -> Vec<FieldError> {
        errors_of(self)
    }
}

impl std::fmt::Debug for SignInForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInForm").field("name", &self.name).finish_non_exhaustive()
    }
}
