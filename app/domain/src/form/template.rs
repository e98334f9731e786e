//! A hook template as somebody types it.

use garde::Validate;
use serde::{Deserialize, Serialize};

use super::release::hook_error;
use super::{Form, errors_of, message, rules};
use crate::fault::FieldError;
use crate::release::HookPoint;

/// A hook template as somebody types it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HookTemplateForm {
    /// What people call it; unique.
    #[garde(custom(rules::name))]
    pub name: String,
    /// What it does, in a sentence.
    #[serde(default)]
    #[garde(custom(rules::note))]
    pub description: Option<String>,
    /// The point that it is written for; any where absent.
    #[serde(default)]
    #[garde(skip)]
    pub point: Option<HookPoint>,
    /// The script, at most 64 KiB.
    #[garde(skip)]
    pub body: String,
}

impl HookTemplateForm {
    /// The form with what people and browsers leave around texts taken off: blanks around the name, a blank
    /// description, the line ends of a form that was sent without JavaScript.
    pub fn tidy(mut self) -> Self {
        self.name = self.name.trim().to_owned();
        self.description = self.description.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        self.body = self.body.replace("\r\n", "\n");
        self
    }
}

impl Form for HookTemplateForm {
    fn errors(&self) -> Vec<FieldError> {
        let mut errors = errors_of(self);
        let code = if self.body.trim().is_empty() { Some("required") } else { hook_error(&self.body) };
        errors.extend(code.map(|code| FieldError::new("body", code, message(code))));
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::MAX_HOOK_BYTES;

    fn codes(form: &HookTemplateForm) -> Vec<(String, String)> {
        let mut found: Vec<_> = form.errors().into_iter().map(|e| (e.field, e.code)).collect();
        found.sort();
        found
    }

    #[test]
    fn a_template_needs_a_name_and_a_body_that_says_something() {
        let form = HookTemplateForm { body: " \n".into(), ..Default::default() };
        let wanted = [("body", "required"), ("name", "required")].map(|(f, c)| (f.to_owned(), c.to_owned()));
        assert_eq!(codes(&form), wanted);
        for (body, code) in [("x".repeat(MAX_HOOK_BYTES + 1), "too_long"), ("a\0b".to_owned(), "nul")] {
            let form = HookTemplateForm { name: "build".into(), body, ..Default::default() };
            assert_eq!(codes(&form), [("body".to_owned(), code.to_owned())]);
        }
        let form = HookTemplateForm { name: "build".into(), body: "make".into(), ..Default::default() };
        assert!(codes(&form).is_empty());
    }

    #[test]
    fn line_ends_are_those_of_a_shell() {
        let form = HookTemplateForm {
            name: " build ".into(),
            description: Some("  ".into()),
            point: None,
            body: "make\r\nmake install\r\n".into(),
        };
        let tidy = form.tidy();
        assert_eq!((tidy.name.as_str(), tidy.description.as_deref()), ("build", None));
        assert_eq!(tidy.body, "make\nmake install\n");
    }
}
