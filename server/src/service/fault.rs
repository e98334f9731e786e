//! From the engine's errors to what a person is told.

use std::fmt::Display;

use launchway_domain::{Fault, Text, text};
use launchway_engine::store::StoreError;
use serde::Serialize;
use serde_json::Value;

/// A defect or a broken database: the cause goes to the log, under a reference that the person can
/// quote.
pub(super) fn internal(doing: &str, cause: &dyn Display) -> Fault {
    let reference = format!("{:012x}", rand::random::<u64>() >> 16);
    tracing::error!(%reference, "{doing}: {cause}");
    Fault::Internal { reference }
}

/// A thing as the middle of a sentence: "There is no … ".
pub(super) fn noun(en: &str, zh: &str, id: impl Display) -> Text {
    text!("{en} {id}", "{zh} {id}")
}

/// There is no such thing.
pub(super) fn missing(thing: &Text) -> Fault {
    let Text { en, zh } = thing;
    Fault::not_found(text!("There is no {en}. It may have been deleted.", "没有{zh}，它可能已被删除。"))
}

/// What somebody may not see is told in the words for what is not there.
pub(super) fn unseen(fault: Fault, thing: &Text) -> Fault {
    if matches!(fault, Fault::NotFound { .. }) { missing(thing) } else { fault }
}

/// A field names something that is not there.
pub(super) fn no_such(field: &str) -> Fault {
    Fault::field(
        field,
        "not_found",
        Text::new("There is none with this id. Choose another one.", "没有这个编号的对象，请另选一个。"),
    )
}

/// What the store said about `thing`.
pub(super) fn of_store(error: StoreError, thing: &Text) -> Fault {
    match error {
        StoreError::NotFound => missing(thing),
        StoreError::Taken { field } => Fault::field(
            &field,
            "taken",
            Text::new("This is taken already. Choose another one.", "已被占用，请换一个。"),
        ),
        StoreError::Missing { field } => no_such(&field),
        StoreError::InUse(users) => in_use(thing, &users),
        StoreError::LastAdmin => Fault::conflict(Text::new(
            "This is the last administrator who can sign in. Make somebody else an administrator first.",
            "这是最后一位可登录的管理员，请先将其他用户设为管理员。",
        )),
        StoreError::Deactivated => Fault::conflict(Text::new(
            "This user is deactivated. Reactivate them first.",
            "该用户已停用，请先重新启用。",
        )),
        StoreError::Full => Fault::conflict(Text::new(
            "There are as many as there may be. Remove one first.",
            "数量已达上限，请先移除一个。",
        )),
        StoreError::State(status) => {
            let Text { en, zh } = status.label();
            let (thing_en, thing_zh) = (&thing.en, &thing.zh);
            Fault::conflict(text!(
                "The status of {thing_en} is “{en}”, which does not allow this.",
                "{thing_zh} 当前状态为“{zh}”，不允许此操作。"
            ))
        }
        StoreError::Cursor => no_such_page(),
        StoreError::Changed(version) => overtaken(thing, version, &[]),
        other => internal("the store", &other),
    }
}

/// A list is asked to go on where it has no page.
pub(super) fn no_such_page() -> Fault {
    let message = Text::new(
        "Take `next` of the page before as it is, with the same order; or leave this out to begin again.",
        "请原样使用上一页的 next，并保持相同的排序；或省略此参数从头开始。",
    );
    Fault::field("cursor", "invalid", message)
}

/// What came of a change of `thing` to what `form` says. Where somebody else changed it since, the fault says what is
/// there now (`now`) and differs from the form.
pub(super) async fn of_update<T: Serialize>(
    changed: Result<T, StoreError>,
    thing: &Text,
    form: &impl Serialize,
    now: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, Fault> {
    match changed {
        Err(StoreError::Changed(version)) => {
            let differing = now.await.map(|now| differing(&now, form)).unwrap_or_default();
            Err(overtaken(thing, version, &differing))
        }
        changed => changed.map_err(|e| of_store(e, thing)),
    }
}

/// Somebody changed it since it was read.
fn overtaken(thing: &Text, version: i64, differing: &[String]) -> Fault {
    let Text { en, zh } = thing;
    let detail = text!(
        "Somebody changed {en} since you read it: it is at version {version} now.",
        "{zh}在您读取之后已被他人修改，现为版本 {version}。"
    );
    let detail = if differing.is_empty() {
        detail
    } else {
        let (there, Text { en, zh }) = (differing.join("; "), detail);
        text!("{en} There now, other than yours: {there}.", "{zh}与您的内容不同的现有值：{there}。")
    };
    Fault::Changed { detail, version }
}

/// The fields of a form that are something else in a thing, with what they are there. What a thing does not have, such
/// as a secret, is not among them.
fn differing(now: &impl Serialize, form: &impl Serialize) -> Vec<String> {
    /// So many fields are named, with so many characters of each.
    const FIELDS: usize = 6;
    const CHARACTERS: usize = 60;
    let (Ok(Value::Object(now)), Ok(Value::Object(form))) = (serde_json::to_value(now), serde_json::to_value(form))
    else {
        return Vec::new();
    };
    let others =
        form.iter().filter_map(|(field, wanted)| Some((field, now.get(field)?)).filter(|(_, is)| *is != wanted));
    let shown = others.take(FIELDS).map(|(field, is)| {
        let text = is.to_string();
        let mut short: String = text.chars().take(CHARACTERS).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        format!("{field}: {short}")
    });
    shown.collect()
}

/// It cannot go while these use it.
pub(super) fn in_use(thing: &Text, users: &[String]) -> Fault {
    /// So many are named; the rest are counted.
    const NAMED: usize = 5;
    let mut names = users.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if users.len() > NAMED {
        names = format!("{names} (+{})", users.len() - NAMED);
    }
    let Text { en, zh } = thing;
    Fault::conflict(if names.is_empty() {
        text!("This {en} is still in use.", "{zh} 仍在使用中。")
    } else {
        text!(
            "This {en} is still used by: {names}. Remove it there first.",
            "{zh} 仍被以下对象使用：{names}。请先在那里移除。"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_of_a_thing_are_named_up_to_a_number() {
        let users: Vec<String> = (1..=7).map(|n| format!("web-{n}")).collect();
        let said = in_use(&noun("credential", "凭据", 3), &users).detail();
        assert!(said.en.contains("credential 3") && said.en.contains("web-5 (+2)"), "{said}");
        assert!(!said.en.contains("web-6"));
    }

    #[test]
    fn what_is_there_now_is_said_where_it_differs_and_no_secret_is() {
        let now = serde_json::json!({"name": "deploy", "username": "www", "tags": ["eu"], "version": 7});
        let form = serde_json::json!({"name": "deploy", "username": "root", "tags": [], "secret": "hunter2"});
        assert_eq!(differing(&now, &form), ["tags: [\"eu\"]", "username: \"www\""]);
        let long = serde_json::json!({"name": "字".repeat(100)});
        assert!(differing(&long, &form)[0].chars().count() < 70);
        let fault = overtaken(&noun("server", "服务器", 3), 7, &differing(&now, &form));
        assert_eq!(fault.status(), 412);
        assert!(fault.detail().zh.contains("版本 7") && fault.detail().en.contains("\"www\""), "{fault}");
    }

    #[test]
    fn an_internal_fault_keeps_its_cause_to_itself() {
        let fault = internal("the store", &"password=hunter2");
        assert!(!fault.detail().en.contains("hunter2"));
        assert!(matches!(fault, Fault::Internal { reference } if reference.len() == 12));
    }
}
