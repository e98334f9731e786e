//! What goes over the feed, and what listeners may ask for.

use axum::extract::ws::Utf8Bytes;
use launchway_domain::{Event, Lang, Text, Timestamp, Topic};
use serde::Deserialize;
use serde_json::json;

/// The most topics that one listener may name.
const MAX_TOPICS: usize = 100;

/// One message, written once for all who hear it.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Where a listener stands that has heard it.
    pub(crate) seq: i64,
    /// The JSON.
    pub(crate) json: Utf8Bytes,
}

impl Line {
    /// An event. None for one without a number, which the store has none of.
    pub(crate) fn of(event: &Event) -> Option<Self> {
        let json = serde_json::to_string(event).ok()?;
        Some(Self { seq: event.seq?, json: json.into() })
    }

    /// Tells a listener that events are missing between `after` and `seq`: it reads what it shows
    /// anew, and goes on from `seq`.
    pub(crate) fn reset(topics: &[Topic], after: i64, seq: i64) -> Self {
        let json = json!({
            "seq": seq,
            "topic": topics.first().map(Topic::to_string),
            "kind": "reset",
            "at": Timestamp::now(),
            "data": {"after": after},
        });
        Self { seq, json: json.to_string().into() }
    }
}

/// Tells a listener that it could not be understood, or that it has to go.
pub(crate) fn error(code: &str, detail: &Text, lang: Lang) -> Utf8Bytes {
    let json = json!({"kind": "error", "at": Timestamp::now(), "data": {"code": code, "detail": detail.get(lang)}});
    json.to_string().into()
}

/// What a WebSocket client says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Subscribe {
    subscribe: Vec<String>,
    #[serde(default)]
    after: Option<i64>,
}

/// Reads what a WebSocket client says: the topics, and after which event.
pub(crate) fn subscribe(text: &str) -> Result<(Vec<Topic>, Option<i64>), Text> {
    let message: Subscribe = serde_json::from_str(text).map_err(|_| {
        Text::new(
            r#"Not understood. Send {"subscribe":["release:7"],"after":1041}; "after" may be absent."#,
            r#"无法识别。请发送 {"subscribe":["release:7"],"after":1041}，其中 "after" 可省略。"#,
        )
    })?;
    if message.after.is_some_and(|after| after < 0) {
        return Err(Text::new("“after” is the number of an event, or 0.", "“after” 应为事件编号或 0。"));
    }
    Ok((topics(message.subscribe.iter().map(String::as_str))?, message.after))
}

/// Reads topics, each once, in their order.
///
/// # Errors
/// A sentence that names the first that is none.
pub(crate) fn topics<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<Topic>, Text> {
    let mut topics = Vec::new();
    for name in names.map(str::trim) {
        let topic: Topic = name.parse().map_err(|()| {
            let name: String = name.chars().take(50).collect();
            launchway_domain::text!(
                "“{name}” is no topic. There are release:N, project:N and wall.",
                "“{name}”不是有效的主题，可用的有 release:N、project:N 和 wall。"
            )
        })?;
        if !topics.contains(&topic) {
            topics.push(topic);
        }
        if topics.len() > MAX_TOPICS {
            return Err(launchway_domain::text!(
                "At most {MAX_TOPICS} topics at once.",
                "一次最多订阅 {MAX_TOPICS} 个主题。"
            ));
        }
    }
    Ok(topics)
}

#[cfg(test)]
mod tests {
    use launchway_domain::{ProjectId, ReleaseId};

    use super::*;

    #[test]
    fn a_subscription_is_read() {
        assert_eq!(
            subscribe(r#"{"subscribe":["release:7","wall","release:7"],"after":1041}"#),
            Ok((vec![Topic::Release(ReleaseId(7)), Topic::Wall], Some(1041)))
        );
        assert_eq!(subscribe(r#"{"subscribe":["project:3"]}"#), Ok((vec![Topic::Project(ProjectId(3))], None)));
        assert_eq!(subscribe(r#"{"subscribe":[],"after":null}"#), Ok((vec![], None)));
    }

    #[test]
    fn a_bad_one_is_refused() {
        for bad in
            ["", "x", "[]", "{}", r#"{"subscribe":"wall"}"#, r#"{"subscribe":["x"]}"#, r#"{"subscribe":[],"after":-1}"#]
        {
            assert!(subscribe(bad).is_err(), "{bad}");
        }
    }
}
