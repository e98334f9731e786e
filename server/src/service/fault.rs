//! From the engine's errors to what a person is told.

use std::fmt::Display;

use launchway_domain::{Fault, Text, text};
use launchway_engine::store::StoreError;

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
        StoreError::State(status) => {
            let Text { en, zh } = status.label();
            let (thing_en, thing_zh) = (&thing.en, &thing.zh);
            Fault::conflict(text!(
                "The status of {thing_en} is “{en}”, which does not allow this.",
                "{thing_zh} 当前状态为“{zh}”，不允许此操作。"
            ))
        }
        other => internal("the store", &other),
    }
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
    fn an_internal_fault_keeps_its_cause_to_itself() {
        let fault = internal("the store", &"password=hunter2");
        assert!(!fault.detail().en.contains("hunter2"));
        assert!(matches!(fault, Fault::Internal { reference } if reference.len() == 12));
    }
}
