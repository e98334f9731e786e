//! The audit: who changed or tried what, when, and from where.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::actor::Actor;
use crate::fault::FieldError;
use crate::id::{ProjectId, UserId};
use crate::list::MAX_SEARCH;
use crate::text::Text;
use crate::time::Timestamp;

/// By what means somebody acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A browser, signed in or about to be.
    Session,
    /// An API token.
    Token,
    /// A signed message of another program, such as a Git service.
    Webhook,
    /// The command line beside the data folder.
    CommandLine,
    /// The program itself.
    System,
}

impl Via {
    /// Every way.
    pub const ALL: [Via; 5] = [Via::Session, Via::Token, Via::Webhook, Via::CommandLine, Via::System];

    /// The word in JSON and in the databases.
    pub fn as_str(self) -> &'static str {
        match self {
            Via::Session => "session",
            Via::Token => "token",
            Via::Webhook => "webhook",
            Via::CommandLine => "command_line",
            Via::System => "system",
        }
    }

    /// Reads [`Via::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|via| via.as_str() == word)
    }
}

/// Who acts, as the audit writes it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// The person, where it is one who may sign in.
    pub user_id: Option<UserId>,
    /// Their name, kept where they go.
    pub name: String,
    /// By what.
    pub via: Via,
    /// The label of the token, where it was one.
    pub token: Option<String>,
    /// The client's address, where it came over the network.
    pub from: Option<IpAddr>,
}

impl By {
    /// The program itself.
    pub fn system() -> Self {
        Self { user_id: None, name: Actor::System.name().to_owned(), via: Via::System, token: None, from: None }
    }

    /// An account of the operating system, at the command line.
    pub fn command_line(account: impl Into<String>) -> Self {
        Self { name: account.into(), via: Via::CommandLine, ..Self::system() }
    }

    /// Somebody at a browser who is not signed in.
    pub fn visitor(name: impl Into<String>, from: IpAddr) -> Self {
        Self { user_id: None, name: name.into(), via: Via::Session, token: None, from: Some(from) }
    }
}

/// The one place where an actor becomes what the audit says of them.
impl From<&Actor> for By {
    fn from(actor: &Actor) -> Self {
        let person = match actor {
            Actor::User(person) => Some(person),
            Actor::Wall(_) | Actor::System => None,
        };
        let grant = person.and_then(|person| person.grant.as_ref());
        Self {
            user_id: actor.user_id(),
            name: actor.name().to_owned(),
            via: match actor {
                Actor::User(_) if grant.is_some() => Via::Token,
                Actor::User(_) | Actor::Wall(_) => Via::Session,
                Actor::System => Via::System,
            },
            token: grant.map(|grant| grant.label.clone()),
            from: person.and_then(|person| person.from),
        }
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    #[default]
    Done,
    /// It was refused: not allowed, or the password was wrong.
    Refused,
    /// It was not even looked at: too many tries.
    Limited,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Outcome; 3] = [Outcome::Done, Outcome::Refused, Outcome::Limited];

    /// The word in JSON and in the databases.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Refused => "refused",
            Outcome::Limited => "limited",
        }
    }

    /// Reads [`Outcome::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }
}

/// What an entry is about, as it was called then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Thing {
    /// The noun: `server`, `project`, `user` …
    pub kind: String,
    /// Its id, where it has one.
    pub id: Option<i64>,
    /// Its name.
    pub name: String,
    /// The project that it belongs to, where it does.
    pub project_id: Option<ProjectId>,
}

/// Who acted, as an entry has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditWho {
    /// The person, where it was one who may sign in.
    pub user_id: Option<UserId>,
    /// Their name at that time.
    pub name: String,
    /// By what.
    pub via: Via,
    /// The label of the API token, where it was one.
    pub token: Option<String>,
    /// The client's address, where it came over the network.
    pub from: Option<String>,
}

/// One entry, without what was before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditFacts {
    /// Its number: 1, 2, 3 …, in the order in which the changes were made.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who, by what, and from where.
    pub who: AuditWho,
    /// What, as `noun.verb`: `server.update`, `user.sign_in` …
    pub what: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What it is about.
    pub thing: Thing,
}

/// One entry, whole.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Who, what, when.
    #[serde(flatten)]
    pub facts: AuditFacts,
    /// The thing before, without secrets; null where there was none.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub before: Option<Box<RawValue>>,
    /// The thing after, without secrets; null where there is none.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub after: Option<Box<RawValue>>,
    /// The form in which it was hashed.
    pub version: i64,
    /// The hash of the entry before, in hexadecimal; 64 zeros for the first.
    pub prev: String,
    /// SHA-256 over the entry and `prev`, in hexadecimal.
    pub hash: String,
}

/// A field that an entry changed, as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Its name.
    pub field: String,
    /// What it was; none where it was not.
    pub before: Option<String>,
    /// What it is; none where it is no more.
    pub after: Option<String>,
}

/// One entry as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// Who, what, when.
    pub facts: AuditFacts,
    /// What it changed, field by field.
    pub changes: Vec<FieldChange>,
}

/// Which entries are looked for. What is blank leaves nothing out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Words that must all be found in an entry.
    pub q: String,
    /// A name, or a user's id.
    pub who: Option<String>,
    /// `noun.verb`, or a noun alone.
    pub what: Option<String>,
    /// `noun:id`, or a noun, or a name.
    pub thing: Option<String>,
    /// Of one project.
    pub project: Option<ProjectId>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// From this time on.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}

/// The names of the filters, in an address and in a request.
pub const FILTERS: [&str; 7] = ["who", "what", "thing", "project", "outcome", "since", "until"];

/// The longest value of a filter, in characters.
const MAX_VALUE: usize = 200;
/// A day, in milliseconds.
const DAY: i64 = 24 * 3600 * 1000;

impl AuditFilter {
    /// Reads the filters, each by its name; blank ones leave nothing out.
    ///
    /// # Errors
    /// What is wrong with which of them.
    pub fn read(q: String, get: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let text = |name: &str| get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        if q.chars().count() > MAX_SEARCH {
            let message = crate::text!("At most {MAX_SEARCH} characters.", "最多 {MAX_SEARCH} 个字符。");
            errors.push(FieldError::new("q", "too_long", message));
        }
        for name in ["who", "what", "thing"] {
            if text(name).is_some_and(|value| value.chars().count() > MAX_VALUE) {
                let message = crate::text!("At most {MAX_VALUE} characters.", "最多 {MAX_VALUE} 个字符。");
                errors.push(FieldError::new(name, "too_long", message));
            }
        }
        let mut parsed = Parsed { errors: &mut errors };
        let project = parsed.read("project", text("project"), |id| id.parse().ok().map(ProjectId), PROJECT);
        let outcome = parsed.read("outcome", text("outcome"), Outcome::parse, OUTCOME);
        let since = parsed.read("since", text("since"), |at| time(at, 0), TIME);
        // A day is meant to its end.
        let until = parsed.read("until", text("until"), |at| time(at, DAY), TIME);
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self { q, who: text("who"), what: text("what"), thing: text("thing"), project, outcome, since, until })
    }
}

const PROJECT: Text = Text::new("The id of a project.", "应为项目的编号。");
const OUTCOME: Text = Text::new("One of done, refused, limited.", "应为 done、refused 或 limited。");
const TIME: Text = Text::new(
    "A day such as 2026-05-01, or a time such as 2026-05-01T08:30:00Z.",
    "应为日期（如 2026-05-01）或时间（如 2026-05-01T08:30:00Z）。",
);

/// Collects what is wrong.
struct Parsed<'a> {
    errors: &'a mut Vec<FieldError>,
}

impl Parsed<'_> {
    fn read<T>(
        &mut self,
        name: &str,
        text: Option<String>,
        read: impl FnOnce(&str) -> Option<T>,
        message: Text,
    ) -> Option<T> {
        let text = text?;
        let value = read(&text);
        if value.is_none() {
            self.errors.push(FieldError::new(name, "invalid", message));
        }
        value
    }
}

/// A time, or a day in UTC, of which it is the beginning and `whole` milliseconds more.
fn time(text: &str, whole: i64) -> Option<Timestamp> {
    match text.len() {
        10 => Timestamp::parse(&[text, "T00:00:00Z"].concat()).map(|day| day.plus_millis(whole)),
        _ => Timestamp::parse(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<AuditFilter, Vec<FieldError>> {
        let find = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        AuditFilter::read(find("q").unwrap_or_default(), find)
    }

    #[test]
    fn a_day_is_meant_to_its_end() {
        let filter = read(&[("since", "2026-05-01"), ("until", "2026-05-01"), ("who", " kim "), ("what", "")]).unwrap();
        assert_eq!(filter.since.map(Timestamp::rfc3339).as_deref(), Some("2026-05-01T00:00:00.000Z"));
        assert_eq!(filter.until.map(Timestamp::rfc3339).as_deref(), Some("2026-05-02T00:00:00.000Z"));
        assert_eq!((filter.who.as_deref(), filter.what), (Some("kim"), None));
        let filter = read(&[("until", "2026-05-01T10:00:00+08:00")]).unwrap();
        assert_eq!(filter.until.map(Timestamp::rfc3339).as_deref(), Some("2026-05-01T02:00:00.000Z"));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let long = "x".repeat(201);
        let errors =
            read(&[("q", &long), ("who", &long), ("project", "shop"), ("outcome", "good"), ("since", "yesterday")]);
        let fields: Vec<_> = errors.unwrap_err().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["q", "who", "project", "outcome", "since"]);
    }
}
