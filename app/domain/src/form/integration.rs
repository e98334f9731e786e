//! Webhooks and channels as somebody types them.

use garde::Validate;
use serde::{Deserialize, Serialize};

use super::{Form, errors_of, message, rules};
use crate::channel::{ChannelKind, NoticeEvent};
use crate::fault::FieldError;
use crate::id::EnvironmentId;
use crate::text::{Lang, Text};
use crate::webhook::{Forge, PushKind};

/// The most globs of branches, or of tags.
const MAX_GLOBS: usize = 20;
/// The most people whom a channel writes to.
const MAX_RECIPIENTS: usize = 20;
/// The shortest secret that somebody may bring along, in characters.
const MIN_SECRET: usize = 8;

fn yes() -> bool {
    true
}

fn tags_only() -> Vec<PushKind> {
    vec![PushKind::Tag]
}

/// A webhook as somebody types it. `secret` goes in and never comes back: absent or blank, one is made for a new webhook,
/// and stays as it was on a change.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WebhookForm {
    /// Which service calls it.
    #[garde(skip)]
    pub kind: Forge,
    /// What people call it.
    #[garde(custom(rules::name))]
    pub name: String,
    /// Where its releases go.
    #[garde(custom(rules::chosen))]
    pub environment_id: EnvironmentId,
    /// What it makes releases of; tags where absent.
    #[serde(default = "tags_only")]
    #[garde(skip)]
    pub events: Vec<PushKind>,
    /// Globs of branches; every branch where there are none.
    #[serde(default)]
    #[garde(custom(globs))]
    pub branches: Vec<String>,
    /// Globs of tags; every tag where there are none.
    #[serde(default)]
    #[garde(custom(globs))]
    pub tags: Vec<String>,
    /// The repository as the service calls it, where that is another address than the project's.
    #[serde(default)]
    #[garde(custom(other_repository))]
    pub repository: Option<String>,
    /// Whether its releases start by themselves, where the environment allows it too.
    #[serde(default)]
    #[garde(skip)]
    pub start: bool,
    /// Whether it is on.
    #[serde(default = "yes")]
    #[garde(skip)]
    pub enabled: bool,
    /// The secret that is entered at the service, 8 characters at least.
    #[serde(default)]
    #[garde(custom(own_secret))]
    pub secret: Option<String>,
}

impl Default for WebhookForm {
    fn default() -> Self {
        Self {
            kind: Forge::GitHub,
            name: String::new(),
            environment_id: EnvironmentId(0),
            events: tags_only(),
            branches: Vec::new(),
            tags: Vec::new(),
            repository: None,
            start: false,
            enabled: true,
            secret: None,
        }
    }
}

impl WebhookForm {
    /// The form with blanks around texts, and blank texts, taken out.
    pub fn tidy(mut self) -> Self {
        self.name = self.name.trim().to_owned();
        self.branches = trimmed(self.branches);
        self.tags = trimmed(self.tags);
        self.repository = filled(self.repository);
        self.secret = filled(self.secret);
        self.events.sort_by_key(|kind| kind.as_str());
        self.events.dedup();
        self
    }
}

impl Form for WebhookForm {
    fn errors(&self) -> Vec<FieldError> {
        let mut errors = errors_of(self);
        if self.events.is_empty() {
            errors.push(FieldError::new("events", "required", choose_one()));
        }
        errors
    }
}

impl std::fmt::Debug for WebhookForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookForm").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A channel as somebody types it. `url` and `secret` go in and never come back: absent or blank on a change, they stay as
/// they were.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChannelForm {
    /// How it is reached.
    #[garde(skip)]
    pub kind: ChannelKind,
    /// What people call it.
    #[garde(custom(rules::name))]
    pub name: String,
    /// The address that messages are sent to; for e-mail none.
    #[serde(default)]
    #[garde(custom(http_url))]
    pub url: Option<String>,
    /// Who gets the e-mails.
    #[serde(default)]
    #[garde(custom(recipients))]
    pub to: Vec<String>,
    /// What messages are signed with: webhooks, DingTalk and Feishu.
    #[serde(default)]
    #[garde(custom(rules::secret))]
    pub secret: Option<String>,
    /// What it tells.
    #[garde(skip)]
    pub events: Vec<NoticeEvent>,
    /// Of which environments; of all where there are none.
    #[serde(default)]
    #[garde(custom(places))]
    pub environments: Vec<EnvironmentId>,
    /// In which language: `en` or `zh`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "en"))]
    #[garde(skip)]
    pub lang: Lang,
    /// Whether it is on.
    #[serde(default = "yes")]
    #[garde(skip)]
    pub enabled: bool,
}

impl Default for ChannelForm {
    fn default() -> Self {
        Self {
            kind: ChannelKind::Webhook,
            name: String::new(),
            url: None,
            to: Vec::new(),
            secret: None,
            events: Vec::new(),
            environments: Vec::new(),
            lang: Lang::default(),
            enabled: true,
        }
    }
}

impl ChannelForm {
    /// The form with blanks around texts, blank texts, and what is there twice taken out.
    pub fn tidy(mut self) -> Self {
        self.name = self.name.trim().to_owned();
        self.url = filled(self.url);
        self.to = trimmed(self.to);
        self.secret = filled(self.secret);
        self.events = NoticeEvent::ALL.iter().copied().filter(|event| self.events.contains(event)).collect();
        self.environments.sort();
        self.environments.dedup();
        self
    }

    /// The rules for a new channel: it needs its address.
    pub fn errors_for_new(&self) -> Vec<FieldError> {
        let mut errors = self.errors();
        let blank = self.url.as_deref().is_none_or(|url| url.trim().is_empty());
        if self.kind != ChannelKind::Email && blank {
            errors.push(FieldError::new("url", "required", message("required")));
        }
        errors
    }
}

impl Form for ChannelForm {
    fn errors(&self) -> Vec<FieldError> {
        let mut errors = errors_of(self);
        if self.events.is_empty() {
            errors.push(FieldError::new("events", "required", choose_one()));
        }
        let is_email = self.kind == ChannelKind::Email;
        if is_email && self.to.iter().all(|address| address.trim().is_empty()) {
            errors.push(FieldError::new("to", "required", message("required")));
        }
        errors
    }
}

impl std::fmt::Debug for ChannelForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelForm").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

fn choose_one() -> Text {
    Text::new("Choose at least one.", "请至少选择一项。")
}

fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn trimmed(list: Vec<String>) -> Vec<String> {
    list.into_iter().filter_map(|text| filled(Some(text))).collect()
}

fn fail(code: &str) -> garde::Result {
    Err(garde::Error::new(code))
}

/// At most 20 globs, each of which could be one of a ref's name.
fn globs(value: &[String], _: &()) -> garde::Result {
    if value.len() > MAX_GLOBS {
        return fail("too_many");
    }
    value.iter().filter(|glob| !glob.trim().is_empty()).try_for_each(|glob| rules::ref_name(glob, &()))
}

fn other_repository(value: &Option<String>, _: &()) -> garde::Result {
    match value.as_deref().map(str::trim) {
        None | Some("") => Ok(()),
        Some(url) => rules::repo_url(url, &()),
    }
}

fn own_secret(value: &Option<String>, _: &()) -> garde::Result {
    match value.as_deref().map(str::trim) {
        None | Some("") => Ok(()),
        Some(text) if text.chars().count() < MIN_SECRET => fail("too_short"),
        Some(text) if text.len() > 1024 => fail("too_long"),
        Some(text) if text.chars().any(char::is_control) => fail("control"),
        Some(_) => Ok(()),
    }
}

/// An address of HTTP or HTTPS with a host, without a user's name.
fn http_url(value: &Option<String>, _: &()) -> garde::Result {
    let Some(url) = value.as_deref().map(str::trim).filter(|url| !url.is_empty()) else { return Ok(()) };
    if url.len() > 2048 {
        return fail("too_long");
    }
    if url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return fail("url");
    }
    let rest = match url.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") => rest,
        _ => return fail("url"),
    };
    let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    if host.is_empty() || host.contains('@') { fail("url") } else { Ok(()) }
}

/// At most 20 addresses that look like ones of e-mail.
fn recipients(value: &[String], _: &()) -> garde::Result {
    if value.len() > MAX_RECIPIENTS {
        return fail("too_many");
    }
    for address in value.iter().map(|address| address.trim()).filter(|address| !address.is_empty()) {
        let good = address.len() <= 254
            && !address.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';'))
            && matches!(address.rsplit_once('@'), Some((name, host)) if !name.is_empty() && !host.is_empty());
        if !good {
            return fail("email");
        }
    }
    Ok(())
}

fn places(value: &[EnvironmentId], _: &()) -> garde::Result {
    if value.len() > 100 { fail("too_many") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(errors: Vec<FieldError>) -> Vec<(String, String)> {
        let mut found: Vec<_> = errors.into_iter().map(|e| (e.field, e.code)).collect();
        found.sort();
        found
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(f, c)| ((*f).to_owned(), (*c).to_owned())).collect()
    }

    #[test]
    fn a_webhook_needs_a_place_and_something_to_listen_for() {
        let form = WebhookForm {
            events: vec![],
            branches: vec!["release/*".into(), "-x".into()],
            secret: Some("short".into()),
            repository: Some("nonsense".into()),
            ..Default::default()
        };
        let wanted = [
            ("branches", "ref_name"),
            ("environment_id", "required"),
            ("events", "required"),
            ("name", "required"),
            ("repository", "repo_url"),
            ("secret", "too_short"),
        ];
        assert_eq!(codes(form.errors()), pairs(&wanted));
    }

    #[test]
    fn a_channel_needs_to_know_where_to_and_what() {
        let form = ChannelForm { name: "ops".into(), ..Default::default() };
        assert_eq!(codes(form.errors_for_new()), pairs(&[("events", "required"), ("url", "required")]));
        let email = ChannelForm { kind: ChannelKind::Email, events: vec![NoticeEvent::Failed], ..form.clone() };
        assert_eq!(codes(email.errors_for_new()), pairs(&[("to", "required")]));
        let email = ChannelForm { to: vec!["a@b.c".into(), "<x>@y".into()], ..email };
        assert_eq!(codes(email.errors_for_new()), pairs(&[("to", "email")]));
        for bad in ["ftp://a/b", "https://", "https://me:pw@a/b", "http://a b/", "//a"] {
            let form = ChannelForm { url: Some(bad.into()), events: vec![NoticeEvent::Failed], ..form.clone() };
            assert_eq!(codes(form.errors()), pairs(&[("url", "url")]), "{bad}");
        }
    }

    #[test]
    fn secrets_do_not_show_in_debug() {
        let hook = WebhookForm { secret: Some("hunter2hunter2".into()), ..Default::default() };
        let channel = ChannelForm { url: Some("https://x/hunter2".into()), ..Default::default() };
        assert!(!format!("{hook:?} {channel:?}").contains("hunter2"));
    }
}
