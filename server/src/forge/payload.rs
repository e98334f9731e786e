//! What a call tells: which ref of which repository, and which commit it names now.

use axum::http::{HeaderMap, header};
use launchway_domain::{Forge, GitRef, RefKind, Text};
use launchway_engine::store::Push;
use serde_json::Value;

/// The longest text that is taken out of a body, in bytes.
const MAX_TEXT: usize = 1024;
/// The longest name of a ref, in bytes.
const MAX_REF: usize = 255;

/// What a call is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The service tries whether the address answers.
    Ping,
    /// Something was pushed or deleted.
    Push(Push),
    /// Something else that happened at the service.
    Other,
}

/// Why a body cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is neither JSON nor a form with JSON in `payload`.
    MediaType,
    /// It is no JSON object, or one without what a push tells.
    Malformed,
}

impl Unreadable {
    /// What the list of deliveries, and whoever called, is told.
    pub(crate) fn reason(self) -> Text {
        match self {
            Unreadable::MediaType => Text::new(
                "Choose application/json as the content type at the service.",
                "请在代码托管平台将内容类型设为 application/json。",
            ),
            Unreadable::Malformed => {
                Text::new("The body is not one that this service sends of a push.", "请求体不是该平台的推送内容。")
            }
        }
    }
}

/// Reads a call.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn read(kind: Forge, event: &str, headers: &HeaderMap, body: &[u8]) -> Result<Reading, Unreadable> {
    let body = json(headers, body)?;
    if event == "ping" {
        return Ok(Reading::Ping);
    }
    let is_push = match kind {
        Forge::GitHub | Forge::Gitea => event == "push",
        Forge::GitLab | Forge::Gitee => matches!(event, "Push Hook" | "Tag Push Hook"),
    };
    if is_push { push(&body).map(Reading::Push).ok_or(Unreadable::Malformed) } else { Ok(Reading::Other) }
}

/// The JSON in a body: the body itself, or the field `payload` of a form.
fn json(headers: &HeaderMap, body: &[u8]) -> Result<Value, Unreadable> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let value: Option<Value> = match essence.as_str() {
        "application/json" => serde_json::from_slice(body).ok(),
        "application/x-www-form-urlencoded" => url::form_urlencoded::parse(body)
            .find(|(key, _)| key == "payload")
            .and_then(|(_, payload)| serde_json::from_str(&payload).ok()),
        _ => return Err(Unreadable::MediaType),
    };
    value.filter(Value::is_object).ok_or(Unreadable::Malformed)
}

fn push(body: &Value) -> Option<Push> {
    let full = text(body, "/ref")?;
    let (kind, name) = match (full.strip_prefix("refs/tags/"), full.strip_prefix("refs/heads/")) {
        (Some(name), _) => (RefKind::Tag, name),
        (_, Some(name)) => (RefKind::Branch, name),
        // Notes, pull requests and what else there is: nothing that is released.
        _ => return Some(Push { repositories: repositories(body), ..Push::default() }),
    };
    if name.is_empty() || name.len() > MAX_REF || name.contains(char::is_control) {
        return None;
    }
    let after = text(body, "/after");
    let deleted = body.pointer("/deleted").and_then(Value::as_bool).unwrap_or(false)
        || after.is_some_and(|hash| !hash.is_empty() && hash.bytes().all(|b| b == b'0'));
    // The commit comes before `after`, which of an annotated tag is the tag's own object.
    let mut commits: Vec<String> = Vec::new();
    for hash in [text(body, "/head_commit/id"), text(body, "/checkout_sha"), after].into_iter().flatten() {
        if is_commit(hash) && !commits.iter().any(|known| known == hash) {
            commits.push(hash.to_ascii_lowercase());
        }
    }
    if commits.is_empty() && !deleted {
        return None;
    }
    let by = ["/pusher/login", "/user_username", "/sender/login", "/pusher/username", "/pusher/name", "/user_name"];
    Some(Push {
        git_ref: Some(GitRef { kind, name: name.to_owned() }),
        commits: if deleted { Vec::new() } else { commits },
        deleted,
        repositories: repositories(body),
        by: by.iter().find_map(|at| text(body, at)).map(|name| name.chars().take(100).collect()),
    })
}

/// Every address that the body has for its repository. Only that is looked at: what else is in it, such as the address of
/// a fork, says nothing.
fn repositories(body: &Value) -> Vec<String> {
    const FIELDS: [&str; 9] =
        ["clone_url", "ssh_url", "git_url", "html_url", "git_http_url", "git_ssh_url", "web_url", "url", "http_url"];
    let mut found: Vec<String> = Vec::new();
    for object in ["/repository", "/project"] {
        for field in FIELDS {
            let Some(url) = text(body, &format!("{object}/{field}")) else { continue };
            if !url.trim().is_empty() && !found.iter().any(|known| known == url) {
                found.push(url.to_owned());
            }
        }
    }
    found
}

/// A text of ordinary length.
fn text<'a>(body: &'a Value, at: &str) -> Option<&'a str> {
    body.pointer(at)?.as_str().filter(|text| text.len() <= MAX_TEXT && !text.contains('\0'))
}

fn is_commit(hash: &str) -> bool {
    hash.len() == 40 && hash.bytes().all(|b| b.is_ascii_hexdigit()) && hash.bytes().any(|b| b != b'0')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";
    const NONE: &str = "0000000000000000000000000000000000000000";

    fn ask(kind: Forge, event: &str, media: &'static str, body: &str) -> Result<Reading, Unreadable> {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, header::HeaderValue::from_static(media))]);
        read(kind, event, &headers, body.as_bytes())
    }

    fn pushed(kind: Forge, event: &str, body: Value) -> Push {
        match ask(kind, event, "application/json; charset=utf-8", &body.to_string()) {
            Ok(Reading::Push(push)) => push,
            other => panic!("{other:?}"),
        }
    }

    fn tag(name: &str) -> Option<GitRef> {
        Some(GitRef { kind: RefKind::Tag, name: name.into() })
    }

    #[test]
    fn github_names_the_commit_of_an_annotated_tag() {
        let push = pushed(
            Forge::GitHub,
            "push",
            json!({
                "ref": "refs/tags/v1", "before": NONE, "after": TWO, "deleted": false, "head_commit": {"id": ONE},
                "repository": {"clone_url": "https://github.com/acme/shop.git", "ssh_url": "git@github.com:acme/shop.git"},
                "pusher": {"name": "ada"}, "sender": {"login": "ada"}
            }),
        );
        assert_eq!((push.git_ref, push.commits), (tag("v1"), vec![ONE.to_owned(), TWO.to_owned()]));
        assert_eq!((push.repositories.len(), push.by.as_deref()), (2, Some("ada")));
    }

    #[test]
    fn gitlab_and_gitee_tell_tags_from_branches_by_the_ref() {
        let body = json!({
            "object_kind": "tag_push", "ref": "refs/tags/v2", "before": NONE, "after": TWO, "checkout_sha": ONE,
            "user_username": "ada", "project": {"git_http_url": "https://gitlab.example.com/acme/shop.git"}
        });
        let push = pushed(Forge::GitLab, "Tag Push Hook", body.clone());
        assert_eq!((push.git_ref, push.commits[0].as_str()), (tag("v2"), ONE));
        let mut body = body;
        body["ref"] = json!("refs/heads/feature/x");
        let push = pushed(Forge::Gitee, "Push Hook", body);
        assert_eq!(push.git_ref, Some(GitRef { kind: RefKind::Branch, name: "feature/x".into() }));
    }

    #[test]
    fn what_was_deleted_has_no_commit() {
        let body = json!({"ref": "refs/heads/old", "before": ONE, "after": NONE, "repository": {}});
        let push = pushed(Forge::Gitea, "push", body);
        assert!(push.deleted && push.commits.is_empty());
    }

    #[test]
    fn a_form_of_github_is_read_as_well() {
        let inner = json!({"ref": "refs/tags/v1", "after": ONE, "repository": {"url": "https://x/y"}}).to_string();
        let body: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", &inner).finish();
        let read = ask(Forge::GitHub, "push", "application/x-www-form-urlencoded", &body);
        assert!(matches!(read, Ok(Reading::Push(push)) if push.git_ref == tag("v1")));
    }

    #[test]
    fn what_is_no_push_is_told_from_what_cannot_be_read() {
        assert_eq!(ask(Forge::GitHub, "ping", "application/json", "{\"zen\":\"x\"}"), Ok(Reading::Ping));
        assert_eq!(ask(Forge::GitHub, "issues", "application/json", "{}"), Ok(Reading::Other));
        assert_eq!(ask(Forge::GitLab, "Merge Request Hook", "application/json", "{}"), Ok(Reading::Other));
        let malformed = Err(Unreadable::Malformed);
        for body in ["", "[]", "{", "{}", "{\"ref\":7}", "{\"ref\":\"refs/tags/v1\"}", "{\"ref\":\"refs/tags/\"}"] {
            assert_eq!(ask(Forge::GitHub, "push", "application/json", body), malformed, "{body}");
        }
        assert_eq!(ask(Forge::GitHub, "push", "text/plain", "{}"), Err(Unreadable::MediaType));
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        assert_eq!(ask(Forge::GitHub, "push", "application/json", &deep), malformed);
    }
}
