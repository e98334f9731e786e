//! What the audit keeps of a thing: its name, and its fields without secrets.

use launchway_domain::{
    Account, ApiToken, Channel, Credential, Environment, FieldChange, HookTemplate, Project, ProjectId, Release,
    Server, User, WallLink, Webhook,
};
use serde::Serialize;
use serde_json::Value;

use crate::store::error::Result;

/// The longest text that is kept whole, in bytes. Of a longer one the beginning and the digest are kept.
const MAX_TEXT: usize = 8 * 1024;

/// Something whose changes are written into the audit.
///
/// What it serialises to is kept for ever and shown to administrators: a secret, even sealed, must not be part of it.
pub(in crate::store) trait Audited: Serialize {
    /// The noun, which is also the first half of `noun.verb`.
    const KIND: &'static str;
    /// Its id.
    fn id(&self) -> i64;
    /// What it is called.
    fn name(&self) -> String;
    /// The project that it belongs to, where it does.
    fn project(&self) -> Option<ProjectId>;
}

/// Says of each thing its noun, what it is called, and the project that it belongs to.
macro_rules! audited {
    ($($thing:ty, $kind:literal, |$it:ident| $name:expr, $project:expr;)*) => {$(
        impl Audited for $thing {
            const KIND: &'static str = $kind;

            fn id(&self) -> i64 {
                self.id.0
            }

            fn name(&self) -> String {
                let $it = self;
                $name
            }

            fn project(&self) -> Option<ProjectId> {
                #[allow(unused_variables, reason = "not every thing is a project's")]
                let $it = self;
                $project
            }
        }
    )*};
}

audited! {
    Credential, "credential", |it| it.name.clone(), it.project_id;
    Server, "server", |it| it.hostname.clone(), it.project_id;
    Project, "project", |it| it.title.clone(), Some(it.id);
    Environment, "environment", |it| it.name.clone(), Some(it.project_id);
    HookTemplate, "hook_template", |it| it.name.clone(), None;
    Release, "release", |it| format!("#{} {} → {} / {}", it.id, it.git_ref.name, it.project_title, it.environment_name), Some(it.project_id);
    User, "user", |it| it.name.clone(), None;
    Account, "user", |it| it.name.clone(), None;
    ApiToken, "token", |it| it.name.clone(), it.project_id;
    WallLink, "wall_link", |it| it.label.clone(), None;
    Webhook, "webhook", |it| it.name.clone(), Some(it.project_id);
    Channel, "channel", |it| it.name.clone(), Some(it.project_id);
}

/// A thing as JSON text. Long texts are cut, and members that are named like a secret are left out, whatever a type
/// may come to hold one day.
pub(super) fn snapshot(thing: &impl Serialize) -> Result<String> {
    let mut value = serde_json::to_value(thing)?;
    tidy(&mut value);
    Ok(serde_json::to_string(&value)?)
}

fn tidy(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !is_secret(name));
            members.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::String(text) if text.len() > MAX_TEXT => *text = cut(text),
        _ => {}
    }
}

/// What differs between two snapshots, field by field; fields within fields by their path.
pub(super) fn changes(before: Option<&str>, after: Option<&str>) -> Vec<FieldChange> {
    // What somebody wrote over by hand is still shown.
    let read = |text: Option<&str>| text.map(|text| serde_json::from_str(text).unwrap_or_else(|_| text.into()));
    let (before, after): (Option<Value>, Option<Value>) = (read(before), read(after));
    let mut changes = Vec::new();
    compare("", before.as_ref(), after.as_ref(), &mut changes);
    if before.is_some() && after.is_some() {
        // It goes without saying; the entry has a time of its own.
        changes.retain(|change| change.field != "updated_at");
    }
    changes
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<FieldChange>) {
    let members = |value: Option<&Value>| value.and_then(Value::as_object).cloned();
    if let (Some(was), Some(is)) = (members(before).or(none(before)), members(after).or(none(after))) {
        let names: std::collections::BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        for name in names {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            compare(&path, was.get(name), is.get(name), changes);
        }
    } else if before != after {
        changes.push(FieldChange {
            field: path.to_owned(),
            before: before.and_then(shown),
            after: after.and_then(shown),
        });
    }
}

/// Where there is nothing, there are no members.
fn none(value: Option<&Value>) -> Option<serde_json::Map<String, Value>> {
    value.is_none_or(Value::is_null).then(serde_json::Map::new)
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => Some(items.iter().filter_map(shown).collect::<Vec<_>>().join(", ")),
        other => Some(other.to_string()),
    }
}

fn is_secret(name: &str) -> bool {
    matches!(name, "secret" | "passphrase" | "password" | "password_hash" | "sealed" | "key" | "private_key")
}

fn cut(text: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = hex::encode(Sha256::digest(text));
    format!("{}\n… ({} bytes, SHA-256 {digest})", &text[..text.floor_char_boundary(MAX_TEXT)], text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out_wherever_they_stand() {
        let thing =
            serde_json::json!({"name": "a", "secret": "hunter2", "inner": [{"password": "hunter2", "port": 1}]});
        assert_eq!(snapshot(&thing).unwrap(), r#"{"inner":[{"port":1}],"name":"a"}"#);
    }

    #[test]
    fn of_a_long_text_the_beginning_and_the_digest_are_kept() {
        let long = "钩".repeat(MAX_TEXT);
        let kept = snapshot(&long).unwrap();
        assert!(kept.len() < MAX_TEXT + 200 && kept.contains("24576 bytes, SHA-256 "), "{}", kept.len());
        assert_ne!(kept, snapshot(&format!("{long}x")).unwrap());
    }
}
